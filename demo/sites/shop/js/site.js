// The shop's own script: a basket that remembers.
var basket = [];

function addToBasket(name, price) {
  basket.push({ name: name, price: price });
  document.cookie = 'basket=' + basket.length + '; path=/';
  var counter = document.getElementById('basket');
  if (counter) counter.innerHTML = 'Basket (' + basket.length + ')';
}

function total() {
  var sum = 0;
  for (var i = 0; i < basket.length; i++) sum += basket[i].price;
  return sum.toFixed(2);
}
