"""The innocent pages that pages.py visits. The texts are the tests' own; the ways are those of real sites."""
from dataclasses import dataclass, field

HTML, SCRIPT, JSON_TEXT, PROGRAM_TYPE = "text/html", "text/javascript", "application/json", "application/octet-stream"
PROGRAM = (b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + bytes(44) + b"\x40\x00\x00\x00PE\x00\x00" +
           bytes(400))
NEW, ALL = ("chrome-win10", "firefox-win10"), ("chrome-win10", "ie11-win7", "ie8-winxp")
TRIDENT = ("ie6-winxp", "ie8-winxp", "ie11-win7")


@dataclass
class Page:
    name: str
    files: dict                  # path: (type or status of a redirect, content or where to); "b:…" is the other site's
    personas: tuple = NEW
    at_most: str = "benign"
    why: str = ""                # where it may be suspicious
    reaches: tuple = ()          # paths that a visitor must have asked for
    forced_reaches: tuple = ()   # and one that runs by force
    headers: dict = field(default_factory=dict)


def html(body, head=""):
    return HTML, f"<!DOCTYPE html>\n<html><head><title>Kitchen garden</title>{head}</head>\n<body>\n{body}\n</body></html>\n"


PAGES = [
    Page("tag_manager", {
        "/": html("<h1>Seeds</h1><p>Tomatoes, beans and peas.</p>", """<script>
(function (w, d, list, id) {
  w[list] = w[list] || [];
  w[list].push({start: new Date().getTime(), event: 'load'});
  var first = d.getElementsByTagName('script')[0], tag = d.createElement('script');
  tag.async = true;
  tag.src = '{b}/tags.js?id=' + id;
  first.parentNode.insertBefore(tag, first);
})(window, document, 'layer', 'K-1042');
</script>"""),
        "b:/tags.js?id=K-1042": (SCRIPT, """(function () {
  var rules = JSON.parse('[{"on":"load","tag":"{b}/pixel.gif?e="},{"on":"load","script":"{b}/heat.js"}]');
  for (var i = 0; i < rules.length; i++) {
    if (rules[i].tag) new Image().src = rules[i].tag + encodeURIComponent(location.pathname) + '&r=' + Math.random();
    if (rules[i].script) {
      var s = document.createElement('script');
      s.src = rules[i].script;
      document.head.appendChild(s);
    }
  }
  var own = new Function('layer', 'return layer.length');
  window.tagCount = own(window.layer);
})();"""),
        "b:/heat.js": (SCRIPT, """document.addEventListener('mousemove', function (e) {
  (window.points = window.points || []).push([e.clientX, e.clientY]);
  if (window.points.length == 20) navigator.sendBeacon('{b}/points', JSON.stringify(window.points.splice(0)));
});"""),
    }, reaches=("tags.js?id=K-1042", "heat.js")),
    Page("advertisement_in_nested_frames", {
        "/": html("""<p>News of the village.</p>
<script>var ad_slot = 'top', ad_width = 728, ad_height = 90;</script>
<script src="{b}/show.js"></script>
<script>document.write('<scr' + 'ipt src="{b}/second.js?r=' + Math.floor(Math.random() * 1e9) % 1 + '"></scr' + 'ipt>');</script>"""),
        "b:/show.js": (SCRIPT, """document.write('<iframe src="{b}/frame?slot=' + ad_slot + '" width="' + ad_width +
  '" height="' + ad_height + '" frameborder="0" scrolling="no"></iframe>');"""),
        "b:/second.js?r=0": (SCRIPT, """document.write(unescape('%3Ciframe src="{b}/pixel" width="1" height="1" style="display:none"%3E%3C/iframe%3E'));"""),
        "b:/frame?slot=top": html("<iframe src='{b}/creative' width=728 height=90></iframe>"),
        "b:/creative": html("<a href='{b}/click?to=shop'><img src='{b}/banner.gif'></a><script>parent.parent != top || "
                            "setTimeout(function () { new Image().src = '{b}/seen.gif' }, 1000)</script>"),
        "b:/pixel": html("<img src='{b}/sync.gif'>"),
        "b:/click?to=shop": ("302", "{b}/shop"), "b:/shop": html("<h1>Wheelbarrows</h1>"),
    }, ALL, reaches=("creative", "pixel")),
    Page("consent", {
        "/": html("""<div id=consent style="position:fixed;bottom:0"><p>We use cookies to count our visitors.</p>
<button id=yes>Accept all</button> <button id=no>Only what is needed</button> <a href="/privacy">More</a></div><p>Recipes.</p>
<script>
var box = document.getElementById('consent');
function decide(all) {
  document.cookie = 'consent=' + (all ? 'all' : 'few') + '; max-age=31536000; path=/';
  box.style.display = 'none';
  if (!all) return;
  var s = document.createElement('script');
  s.src = '{b}/count.js';
  document.head.appendChild(s);
}
if (/consent=/.test(document.cookie)) box.style.display = 'none';
document.getElementById('yes').onclick = function () { decide(true) };
document.getElementById('no').onclick = function () { decide(false) };
</script>"""),
        "b:/count.js": (SCRIPT, "new Image().src = '{b}/count.gif?u=' + encodeURIComponent(document.referrer);"),
    }, forced_reaches=("count.js",)),
    Page("analytics", {
        "/": html("<p>Opening hours</p><a href='/map'>Map</a>", """<script>
(function () {
  function hash(t) { for (var h = 0, i = 0; i < t.length; i++) h = (h << 5) - h + t.charCodeAt(i) | 0; return h.toString(36) }
  var seen = [navigator.userAgent, navigator.language, screen.width + 'x' + screen.height, new Date().getTimezoneOffset(),
              navigator.plugins ? navigator.plugins.length : 0].join('|');
  var id = localStorage.getItem('visitor') || hash(seen) + '.' + Math.random().toString(36).slice(2);
  localStorage.setItem('visitor', id);
  var data = {id: id, page: location.href, title: document.title, ref: document.referrer, t: performance.now()};
  fetch('{b}/collect', {method: 'POST', body: JSON.stringify(data), keepalive: true, mode: 'no-cors'});
  addEventListener('pagehide', function () { navigator.sendBeacon('{b}/left', new URLSearchParams(data)) });
  document.addEventListener('visibilitychange', function () {
    if (document.visibilityState == 'hidden') navigator.sendBeacon('{b}/left', 'hidden');
  });
})();
</script>"""),
    }, reaches=("collect",)),
    Page("download_that_begins_by_itself", {
        "/": html("""<h1>Thank you for downloading Plotter 4.2</h1><p>Your download of <b>plotter-4.2-setup.exe</b> begins in a few
seconds. If it does not, <a id=direct href="{a}/files/plotter-4.2-setup.exe">use this link</a>.</p>
<script>setTimeout(function () { location.href = document.getElementById('direct').href }, 3000);</script>"""),
        "/files/plotter-4.2-setup.exe": (PROGRAM_TYPE, PROGRAM),
    }, ALL, reaches=("files/plotter-4.2-setup.exe",)),
    Page("download_from_a_mirror", {
        "/": html("""<h1>Plotter 4.2</h1><p>The file plotter-4.2-setup.exe comes from a mirror near you.</p>
<meta http-equiv="refresh" content="2; url={a}/get?file=plotter-4.2-setup.exe">"""),
        "/get?file=plotter-4.2-setup.exe": ("302", "{b}/pub/plotter/plotter-4.2-setup.exe"),
        "b:/pub/plotter/plotter-4.2-setup.exe": (PROGRAM_TYPE, PROGRAM),
    }, at_most="suspicious", why="a program of another site comes without a click",
         reaches=("pub/plotter/plotter-4.2-setup.exe",)),
    Page("newsletter", {
        "/": html("""<p>This is the letter of May. <a href="{b}/c/8f3a?u={a}/article">Read on</a></p>
<img src="{b}/open/8f3a.gif" width=1 height=1><p><a href="{b}/unsubscribe?m=garden%40mail.example&t=8f3a">Unsubscribe</a></p>"""),
        "b:/unsubscribe?m=garden%40mail.example&t=8f3a": ("303", "{b}/gone"),
        "b:/gone": html("<p>You are no longer on the list.</p><script>setTimeout(function () { location.replace('{a}/home') }, "
                        "4000)</script>"),
        "b:/c/8f3a?u={a}/article": ("302", "{a}/article"),
        "/article": html("<p>Beans</p>"), "/home": html("<p>Home</p>"),
    }),
    Page("unsubscribed", {
        "/": ("303", "{b}/gone?back={a}/home"),
        "b:/gone?back={a}/home": html("<p>You are no longer on the list. One moment, we lead you back.</p><script>"
                                      "var back = /back=([^&]+)/.exec(location.search);\n"
                                      "setTimeout(function () { location.replace(decodeURIComponent(back[1])) }, 4000)</script>"),
        "/home": html("<p>Home</p>"),
    }, ALL),
    Page("features_of_old_internet_explorer", {
        "/": html("""<div id=player></div><script>
var x = request();
x.open('GET', '{a}/songs.xml', true);
x.onreadystatechange = function () {
  if (x.readyState != 4 || x.status != 200) return;
  var songs = parsed(x.responseText).getElementsByTagName('song');
  document.getElementById('player').innerHTML = found.wmp
    ? '<object classid="clsid:6BF52A52-394A-11D3-B153-00C04F79FAA6" width=300 height=45><param name="URL" value="{a}/a.mp3"></object>'
    : '<embed src="{a}/a.mp3" type="audio/mpeg">' + songs.length;
};
x.send(null);
</script>""", r"""<script>
function request() {
  var names = ['Msxml2.XMLHTTP.6.0', 'Msxml2.XMLHTTP.3.0', 'Msxml2.XMLHTTP', 'Microsoft.XMLHTTP'];
  if (window.XMLHttpRequest) return new XMLHttpRequest();
  for (var i = 0; i < names.length; i++) try { return new ActiveXObject(names[i]) } catch (e) {}
  return null;
}
function parsed(text) {
  if (window.DOMParser) return new DOMParser().parseFromString(text, 'text/xml');
  var d = new ActiveXObject('Msxml2.DOMDocument.3.0');
  d.async = false;
  d.loadXML(text);
  return d;
}
function flash() {
  if (navigator.plugins && navigator.plugins['Shockwave Flash'])
    return /\d+/.exec(navigator.plugins['Shockwave Flash'].description)[0];
  for (var v = 11; v > 5; v--)
    try { return new ActiveXObject('ShockwaveFlash.ShockwaveFlash.' + v).GetVariable('$version') } catch (e) {}
  return 0;
}
function has(name) { try { return !!new ActiveXObject(name) } catch (e) { return false } }
var found = {flash: flash(), wmp: has('WMPlayer.OCX') || has('MediaPlayer.MediaPlayer.1'),
             quicktime: has('QuickTimeCheckObject.QuickTimeCheck.1'), real: has('rmocx.RealPlayer G2 Control'),
             silverlight: has('AgControl.AgControl'), acrobat: has('AcroPDF.PDF') || has('PDF.PdfCtrl'),
             java: navigator.javaEnabled && navigator.javaEnabled()};
</script>"""),
        "/songs.xml": ("text/xml", "<songs><song name='one'/><song name='two'/></songs>"),
    }, TRIDENT, reaches=("songs.xml",)),
    Page("login", {
        "/": html("""<form action="{a}/session" method=post id=login><input name=user autocomplete=username>
<input type=password name=pass id=pass autocomplete=current-password><meter id=strength max=4></meter>
<button type=button id=show>Show</button><button type=button id=make>Suggest one</button>
<code id=made></code><button type=button id=copy>Copy</button><button>Sign in</button></form><script>
var pass = document.getElementById('pass');
pass.addEventListener('input', function () {
  document.getElementById('strength').value = [/.{8}/, /[A-Z]/, /\\d/, /\\W/].filter(function (r) { return r.test(pass.value) }).length;
});
document.getElementById('show').onclick = function () { pass.type = pass.type == 'password' ? 'text' : 'password' };
document.getElementById('make').onclick = function () {
  var bytes = crypto.getRandomValues(new Uint8Array(12));
  document.getElementById('made').textContent = btoa(String.fromCharCode.apply(null, bytes));
};
document.getElementById('copy').onclick = function () {
  navigator.clipboard.writeText(document.getElementById('made').textContent);
};
document.getElementById('login').addEventListener('submit', function (e) {
  e.preventDefault();
  fetch('{a}/session', {method: 'POST', body: new FormData(this)}).then(function (r) { return r.json() }).then(function (j) {
    if (j.ok) location.href = j.next;
  });
});
</script>"""),
        "/session": (JSON_TEXT, '{"ok": true, "next": "{a}/home"}'), "/home": html("<p>Welcome back</p>"),
    }, reaches=("session",)),
    Page("code_samples_to_copy", {
        "/": html("""<h1>Getting started</h1><p>Install the package and start it:</p>
<div class=sample><pre>sudo apt-get install planter
planter init my-garden
cd my-garden &amp;&amp; planter serve</pre><button class=copy>Copy</button></div>
<p>On Windows, in PowerShell:</p>
<div class=sample><pre>winget install Planter.Planter
planter init my-garden</pre><button class=copy title="Copy to clipboard">Copy</button></div>
<p>Or from source:</p>
<div class=sample><pre>git clone https://git.example/planter.git
pip install -r requirements.txt
curl -fsSL https://planter.example/check.json</pre><button class=copy>Copy</button></div>
<script>
document.querySelectorAll('.copy').forEach(function (button) {
  button.addEventListener('click', function () {
    var text = button.parentNode.querySelector('pre').innerText;
    if (navigator.clipboard) return navigator.clipboard.writeText(text).then(function () { button.textContent = 'Copied!' });
    var area = document.createElement('textarea');
    area.value = text;
    document.body.appendChild(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  });
});
</script>"""),
    }),
    Page("real_update_notice", {
        "/": html("""<h1>Your browser is out of date</h1><p>This site works best with a newer version. See
<a href="{b}/choose">what browsers there are</a>, or <a href="#" id=later>remind me later</a>.</p><script>
document.getElementById('later').onclick = function () { document.cookie = 'later=1'; this.parentNode.remove(); return false };
</script><p>Sowing calendar</p>"""),
        "b:/choose": html("<h1>Browsers</h1><ul><li>One<li>Another</ul>"),
    }),
    Page("application_that_has_a_new_version", {
        "/": html("""<div id=bar hidden>A new version of this page is there. <button id=again>Update now</button></div><p>Planner</p><script>
fetch('{a}/version.json').then(function (r) { return r.json() }).then(function (v) {
  if (v.number > 41) document.getElementById('bar').hidden = false;
});
document.getElementById('again').onclick = function () { location.reload() };
</script>"""),
        "/version.json": (JSON_TEXT, '{"number": 42}'),
    }, reaches=("version.json",)),
    Page("captcha", {
        "/": html("""<form method=post action="{a}/send"><textarea name=text></textarea>
<div id=check></div><button id=send disabled>Send</button></form><script src="{b}/captcha.js" async defer></script>
<script>function solved(token) { document.getElementById('send').disabled = false }</script>"""),
        "b:/captcha.js": (SCRIPT, """(function () {
  var f = document.createElement('iframe');
  f.src = '{b}/box';
  f.width = 300;
  f.height = 75;
  document.getElementById('check').appendChild(f);
  addEventListener('message', function (e) { if (e.data && e.data.token) window.solved(e.data.token) });
})();"""),
        "b:/box": html("""<label><input type=checkbox id=human> I am not a robot</label><script>
document.getElementById('human').onchange = function () {
  fetch('{b}/verify', {method: 'POST', body: navigator.userAgent}).then(function (r) { return r.text() }).then(function (t) {
    parent.postMessage({token: t}, '*');
  });
};
</script>"""),
        "b:/verify": ("text/plain", "03AFcWeA"), "/send": html("<p>Thank you.</p>"),
    }, reaches=("box",)),
    Page("application_of_one_page", {
        "/": html("""<nav><a href="/" data-to=list>List</a> <a href="/about" data-to=about>About</a></nav><main id=view></main>
<button id=tell>Tell me when it rains</button><script type=module src="{a}/app.js"></script>"""),
        "/app.js": (SCRIPT, """import {views} from './views.js';
const show = name => { document.getElementById('view').innerHTML = views[name]() };
document.querySelectorAll('[data-to]').forEach(link => link.addEventListener('click', event => {
  event.preventDefault();
  history.pushState({name: link.dataset.to}, '', link.getAttribute('href') == '/' ? location.pathname : link.dataset.to);
  show(link.dataset.to);
}));
addEventListener('popstate', event => show(event.state ? event.state.name : 'list'));
show('list');
if ('serviceWorker' in navigator) navigator.serviceWorker.register('{a}/sw.js');
document.getElementById('tell').onclick = async () => {
  if (await Notification.requestPermission() != 'granted') return;
  const registration = await navigator.serviceWorker.ready;
  const subscription = await registration.pushManager.subscribe({userVisibleOnly: true, applicationServerKey: 'BPx'});
  await fetch('{a}/subscriptions', {method: 'POST', body: JSON.stringify(subscription)});
};
"""),
        "/views.js": (SCRIPT, "export const views = {list: () => '<ul><li>Peas</ul>', about: () => '<p>About us</p>'};"),
        "/sw.js": (SCRIPT, """const kept = ['{a}/', '{a}/app.js', '{a}/views.js'];
self.addEventListener('install', event => event.waitUntil(caches.open('v3').then(cache => cache.addAll(kept))));
self.addEventListener('fetch', event => event.respondWith(caches.match(event.request).then(hit => hit || fetch(event.request))));
self.addEventListener('push', event => event.waitUntil(self.registration.showNotification('Rain at noon')));
self.addEventListener('notificationclick', event => event.waitUntil(clients.openWindow('{a}/')));
"""),
    }, ("chrome-win10",), reaches=("sw.js", "views.js")),
    Page("mail_with_an_attachment", {
        "/": html("""<h1>Inbox</h1><p>From: Ann. The plan of the beds is attached.</p><button id=save>Save plan.pdf</button>
<button id=table>Export the list</button><script>
function save(blob, name) {
  var a = document.createElement('a');
  a.href = URL.createObjectURL(blob);
  a.download = name;
  document.body.appendChild(a);
  a.click();
  a.remove();
  setTimeout(function () { URL.revokeObjectURL(a.href) }, 1000);
}
document.getElementById('save').onclick = function () {
  fetch('{a}/parts/2').then(function (r) { return r.blob() }).then(function (b) { save(b, 'plan.pdf') });
};
document.getElementById('table').onclick = function () { save(new Blob(['bed;seeds\\n1;peas\\n'], {type: 'text/csv'}), 'beds.csv') };
</script>"""),
        "/parts/2": ("application/pdf", "%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"),
    }, forced_reaches=("parts/2",)),
    Page("viewer_of_documents", {
        "/": html("""<canvas id=page></canvas><script>
var work = new Worker('{a}/viewer.worker.js');
work.onmessage = function (e) { document.getElementById('page').title = e.data.pages + ' pages' };
var x = new XMLHttpRequest();
x.open('GET', '{a}/guide.pdf');
x.responseType = 'arraybuffer';
x.onload = function () { work.postMessage({data: x.response}, [x.response]) };
x.send();
</script><object data="{a}/guide.pdf" type="application/pdf"><a href="{a}/guide.pdf">The guide</a></object>"""),
        "/viewer.worker.js": (SCRIPT, """onmessage = function (e) {
  var bytes = new Uint8Array(e.data.data), text = '';
  for (var i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]);
  var pages = (text.match(/\\/Type \\/Page\\b/g) || []).length;
  postMessage({pages: pages});
};"""),
        "/guide.pdf": ("application/pdf", "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS "
                       "(this.zoom = 100; if \\(app.viewerVersion < 9\\) app.alert\\('Please take a newer reader.'\\);) >> >>\nendobj\n"
                       "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n3 0 obj\n<< /Type /Page /Parent 2 0 R >>\nendobj\n"
                       "trailer << /Root 1 0 R /Size 4 >>\n%%EOF\n"),
    }, ("chrome-win10", "ie11-win7"), reaches=("guide.pdf",)),
    Page("checkout", {
        "/": html("""<h1>Your basket: 3 bags of seeds</h1>
<form id=pay action="{b}/charge" method=post><input name=name autocomplete=cc-name>
<input name=number autocomplete=cc-number inputmode=numeric maxlength=19><input name=exp autocomplete=cc-exp size=5>
<input name=cvc autocomplete=cc-csc size=4><input type=hidden name=order value=7731><button>Pay 12.40</button></form><script>
var number = document.forms[0].number;
number.addEventListener('input', function () {
  number.value = number.value.replace(/\\D/g, '').replace(/(.{4})(?=.)/g, '$1 ');
  number.className = /^4/.test(number.value) ? 'visa' : /^5/.test(number.value) ? 'master' : '';
});
</script>"""),
        "b:/charge": html("<p>Paid. <a href='{a}/thanks'>Back to the shop</a></p>"), "/thanks": html("<p>Thanks</p>"),
    }),
    Page("checkout_with_fields_of_the_provider", {
        "/": html("""<h1>Pay</h1><form id=pay action="{a}/order" method=post><div id=card></div><input type=hidden name=token id=token>
<button>Pay</button></form><script src="{b}/elements.js"></script><script>
var card = Provider('pk_17').mount('#card');
document.getElementById('pay').addEventListener('submit', function (e) {
  e.preventDefault();
  card.token().then(function (t) { document.getElementById('token').value = t; e.target.submit() });
});
</script>"""),
        "b:/elements.js": (SCRIPT, """function Provider(key) {
  return {mount: function (where) {
    var f = document.createElement('iframe');
    f.src = '{b}/card?key=' + key;
    document.querySelector(where).appendChild(f);
    return {token: function () {
      return new Promise(function (done) {
        addEventListener('message', function (e) { if (e.source == f.contentWindow) done(e.data.token) });
        f.contentWindow.postMessage('token', '*');
      });
    }};
  }};
}"""),
        "b:/card?key=pk_17": html("""<input name=cardnumber autocomplete=cc-number><input name=cvc><script>
onmessage = function (e) {
  var fields = [].map.call(document.querySelectorAll('input'), function (i) { return i.value });
  fetch('{b}/tokens', {method: 'POST', body: JSON.stringify(fields)}).then(function (r) { return r.json() })
    .then(function (j) { e.source.postMessage(j, '*') });
};
</script>"""),
        "b:/tokens": (JSON_TEXT, '{"token": "tok_9"}'), "/order": html("<p>Ordered.</p>"),
    }, reaches=("card?key=pk_17",)),
    Page("packed_library", {
        "/": html("<div class=slides><img src='{a}/1.jpg'><img src='{a}/2.jpg'></div><script src='{a}/slides.js'></script>"),
        "/slides.js": (SCRIPT, """eval(function (p, k) { return p.replace(/\\b\\w+\\b/g, function (w) { return k[parseInt(w, 36)] || w }) }(
  "0 1 = 2.3('.4 5'), 6 = 0x; 7(8 () { 1[6].9.a = 'b'; 6 = (6 + 1) % 1.c; 1[6].9.a = '' }, d)",
  'var|slides|document|querySelectorAll|slides|img|at|setInterval|function|style|display|none|length|4000'.split('|')));"""),
    }, ALL[:2]),
    Page("mail_address_that_is_hidden_from_collectors", {
        "/": html("""<p>Write to <span id=mail></span></p><script>
var c = [103, 97, 114, 100, 101, 110, 64, 109, 97, 105, 108, 46, 101, 120, 97, 109, 112, 108, 101];
var t = String.fromCharCode.apply(String, c);
document.getElementById('mail').innerHTML = unescape('%3Ca%20href%3D%22mailto%3A') + t + '">' + t + '</a>';
</script>"""),
    }, ALL),
    Page("page_that_breaks_out_of_frames", {
        "/": html("<p>Guestbook</p><script>if (top != self) top.location = self.location;</script>"),
    }, ALL),
]
