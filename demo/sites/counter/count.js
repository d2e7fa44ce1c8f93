// Counts page views: address and title, nothing that names the visitor.
(function () {
  var beacon = new Image(1, 1);
  beacon.src = 'http://stats.tally-mark.example/hit.gif?p=' + encodeURIComponent(location.pathname) +
      '&t=' + encodeURIComponent(document.title);
})();
