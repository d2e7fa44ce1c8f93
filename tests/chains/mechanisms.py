"""Every way from one page to the next: markup, headers, and script in the words that pages use.

In a script's row «…» is the act whose place the record must name and {u} an expression that gives the URL.
"""
import html as html_escapes
from dataclasses import dataclass

# For whom: of today's standards; of those since Internet Explorer 9; of this decade; Internet Explorer, and its older ones.
ALL, MODERN, STANDARD, NEW, TRIDENT, OLD = "all", "modern", "standard", "new", "trident", "old"


@dataclass(frozen=True)
class Act:
    """One statement of script that leads on."""
    mechanism: str
    text: str
    markup: str = ""         # stands before the script
    written_by: str = ""     # how the element came into the page
    where: str = ALL
    parsing_only: bool = False  # would replace the page once it is loaded
    browser: bool = True     # a real browser does it alike without a person
    top_only: bool = False
    post: bool = False
    wait: float = 0          # seconds that it lets pass first


LOCATIONS = [
    "«location = {u}»;",
    "«window.location = {u}»;",
    "«document.location = {u}»;",
    "«location.href = {u}»;",
    "«window.location.href = {u}»;",
    "«self.location.assign({u})»;",
    "«location.replace({u})»;",
    "«window['loc' + 'ation'] = {u}»;",
    "«document['location']['href'] = {u}»;",
    "with (window) { «location = {u}» }",
    "var l = window.location;\n«l.href = {u}»;",
    "«window.location['rep' + 'lace']({u})»;",
]

ACTS = [Act("location", text) for text in LOCATIONS] + [
    Act("location", "«top.location = {u}»;", top_only=True),
    Act("location", "«window.navigate({u})»;", where=OLD),
    Act("window_open", "«window.open({u}, '_self')»;"),
    Act("window_open", "«window.open({u})»;", top_only=True),
    Act("window_open", "var w = «window.open({u}, 'w', 'width=1,height=1')»;", top_only=True),
    Act("location", "var w = window.open('');\n«w.location = {u}»;", top_only=True, browser=False),
    Act("location", "var w = window.open('about:blank', 'n');\n«w.location.replace({u})»;", top_only=True, browser=False),
    Act("iframe", "var w = window.open('', 'q');\n«w.document.write('<iframe src=\"' + {u} + '\"></iframe>')»;\n"
        "w.document.close();", written_by="document.write", top_only=True, browser=False),
    Act("iframe", "«document.write('<iframe src=\"' + {u} + '\" width=1 height=1></iframe>')»;",
        written_by="document.write", parsing_only=True),
    Act("iframe", "«document.writeln('<iframe src=' + {u} + ' style=\"visibility:hidden\"></iframe>')»;",
        written_by="document.write", parsing_only=True),
    Act("iframe", "«document.write('<ifr');\ndocument.write('ame src=\"' + {u} + '\"></iframe>')»;",
        written_by="document.write", parsing_only=True),
    Act("meta_refresh", "«document.write('<meta http-equiv=\"refresh\" content=\"1;url=' + {u} + '\">')»;",
        written_by="document.write", parsing_only=True),
    Act("iframe", "var f = document.createElement('iframe');\nf.src = {u};\n«document.body.appendChild(f)»;",
        "<p>x</p>"),
    Act("iframe", "var f = document.createElement('iframe');\nf.setAttribute('src', {u});\n"
        "var p = document.getElementById('p');\n«p.parentNode.insertBefore(f, p)»;", "<p id=p>x</p>"),
    Act("iframe", "var f = document.createElement('iframe'), d = document.createElement('div');\nf.src = {u};\n"
        "d.appendChild(f);\n«document.body.appendChild(d)»;", "<p>x</p>"),
    Act("iframe", "var f = document.createElement('iframe'), g = document.createDocumentFragment();\nf.src = {u};\n"
        "g.appendChild(f);\n«document.body.appendChild(g)»;", "<p>x</p>"),
    Act("iframe", "«document.getElementById('d').innerHTML = '<iframe src=\"' + {u} + '\"></iframe>'»;",
        "<div id=d></div>", "innerHTML"),
    Act("iframe", "«document.getElementById('d').insertAdjacentHTML('beforeend', '<iframe src=' + {u} + '></iframe>')»;",
        "<div id=d></div>", "insertAdjacentHTML"),
    Act("iframe", "«document.getElementById('d').outerHTML = '<b><iframe src=' + {u} + '></iframe></b>'»;",
        "<div id=d></div>", "outerHTML"),
    Act("iframe", "var f = document.getElementById('f');\n«f.src = {u}»;", "<iframe id=f></iframe>"),
    Act("iframe", "«document.getElementById('f').setAttribute('src', {u})»;", "<iframe id=f></iframe>"),
    Act("location", "«frames[0].location = {u}»;", "<iframe></iframe>"),
    Act("location", "«document.getElementById('f').contentWindow.location.replace({u})»;", "<iframe id=f></iframe>"),
    Act("iframe", "var d = document.getElementById('f').contentWindow.document;\nd.open();\n"
        "«d.write('<iframe src=\"' + {u} + '\"></iframe>')»;\nd.close();", "<iframe id=f></iframe>", "document.write"),
    Act("form_submit", "var f = document.forms[0];\nf.action = {u};\n«f.submit()»;",
        "<form method=post><input name=a value=1></form>", post=True),
    Act("form_submit", "var f = document.createElement('form');\nf.method = 'POST';\nf.action = {u};\n"
        "document.body.appendChild(f);\n«f.submit()»;", "<p>x</p>", post=True),
    Act("form_submit", "document.getElementById('g').action = {u};\n«document.getElementById('b').click()»;",
        "<form id=g method=post><input type=submit id=b></form>", post=True),
    Act("anchor", "var a = document.createElement('a');\na.href = {u};\ndocument.body.appendChild(a);\n«a.click()»;",
        "<p>x</p>"),
    Act("anchor", "var a = document.getElementById('a');\na.href = {u};\n"
        "«a.dispatchEvent(new MouseEvent('click'))»;", "<a id=a>x</a>", where=MODERN),
    Act("location", "setTimeout(function () { «location.href = {u}» }, 700);", wait=0.7),
    Act("location", "var n = 0, t = setInterval(function () {\n if (++n < 3) return;\n clearInterval(t);\n"
        " «location = {u}»;\n}, 50);", wait=0.15),
    Act("location", "window.onload = function () { «location.replace({u})» };", parsing_only=True),
    Act("location", "window.addEventListener('load', function () { «location = {u}» }, false);", where=STANDARD,
        parsing_only=True),
    Act("location", "document.addEventListener('DOMContentLoaded', function () { «location = {u}» });", where=STANDARD,
        parsing_only=True),
    Act("location", "window.attachEvent('onload', function () { «location = {u}» });", where=OLD, parsing_only=True),
    Act("location", "var i = new Image();\ni.onerror = function () { «location = {u}» };\ni.src = 'http://';"),
    Act("location", "var s = document.createElement('script');\ns.onreadystatechange = function () {\n"
        " if (!/loaded|complete/.test(s.readyState)) return;\n s.onreadystatechange = null;\n «location = {u}»;\n};\n"
        "s.src = '//:';\ndocument.body.appendChild(s);", "<p>x</p>", where=OLD),
    Act("location", "(function wait() {\n try { document.documentElement.doScroll('left') } catch (e) {\n"
        "  return setTimeout(wait, 10);\n }\n «location = {u}»;\n})();", where=OLD),
    Act("location", "Promise.resolve({u}).then(function (u) { «location = u» });", where=MODERN),
    Act("location", "new MutationObserver(function () { «location = {u}» }).observe(document.body, {childList: true});\n"
        "document.body.appendChild(document.createElement('p'));", "<p>x</p>", where=STANDARD),
    Act("location", "var e = document.createEvent('Event');\ne.initEvent('go', true, true);\n"
        "document.addEventListener('go', function () { «location = {u}» });\ndocument.dispatchEvent(e);",
        where=STANDARD),
    Act("location", "requestAnimationFrame(function () { «location = {u}» });", where=STANDARD),
    Act("location", "window.onmessage = function (e) { «location = e.data» };\nwindow.postMessage({u}, '*');",
        where=STANDARD),
    Act("location", "window.onhashchange = function () { «location = {u}» };\nlocation.hash = 'x';", where=MODERN,
        browser=False),
    Act("location", "try { null.x } catch (e) { «location = {u}» }"),
    Act("location", "switch (typeof window.none_) { case 'undefined': «location = {u}» }"),
    Act("location", "(function go(n) { if (n) return go(n - 1); «location = {u}» })(9);"),
    Act("iframe", "window.onload = function () {\n var u = {u};\n document.open();\n"
        " «document.write('<p>x</p><iframe src=\"' + u + '\"></iframe>')»;\n document.close();\n};",
        written_by="document.write", parsing_only=True),
    Act("iframe", "document.open();\n«document.write('<iframe src=\"' + {u} + '\"></iframe>')»;",
        written_by="document.write", parsing_only=True),
    Act("location", "document.getElementById('f').src = 'javascript:void 0';\n«location.href = {u}»;",
        "<iframe id=f></iframe>"),
    Act("iframe", "var f = document.createElement('iframe');\nf.srcdoc = '<iframe src=\"' + {u} + '\"></iframe>';\n"
        "«document.body.appendChild(f)»;", "<p>x</p>", where=MODERN, written_by="?"),

] + [
    # With what browsers of this century's tens and twenties have.
    Act("location", "var d = document.getElementById('d');\nnew MutationObserver(function (l) {\n «location = l[0].target.title»;\n"
        "}).observe(d, {attributes: true, subtree: true});\nd.title = {u};", "<div id=d></div>", where=STANDARD),
    Act("location", "var t = document.createTextNode('x');\nnew MutationObserver(function () { «location = t.data» })"
        ".observe(t, {characterData: true});\nt.data = {u};", where=STANDARD),
    Act("iframe", "var r = document.createRange();\nr.selectNode(document.body);\n"
        "«document.body.appendChild(r.createContextualFragment('<iframe src=\"' + {u} + '\"></iframe>'))»;", "<p>x</p>",
        where=STANDARD, written_by="?"),
    Act("iframe", "var d = new DOMParser().parseFromString('<p>x</p><iframe src=\"' + {u} + '\"></iframe>', 'text/html');\n"
        "«document.body.appendChild(d.body.lastChild)»;", "<p>x</p>", where=STANDARD, written_by="?"),
    Act("location", "Object.defineProperty(window, 'g_', {get: function () { «location = {u}» }, configurable: true});\n"
        "g_;", where=STANDARD),
    Act("location", "['x'].forEach(function () { «location = {u}» });", where=STANDARD),
    Act("location", "JSON.parse('[1]', function (k) { if (k) «location = {u}» });"),
    Act("location", "window.onerror = function () { «location = {u}»; return true };\nsetTimeout(function () { none_() }, 1);",
        wait=0.1),
    Act("location", "document.addEventListener('go', function (e) { «location = e.detail» });\n"
        "document.dispatchEvent(new CustomEvent('go', {detail: {u}}));", where=MODERN),
    Act("location", "(async function () { var u = await {u}; «location = u» })();", where=MODERN),
    Act("location", "var g = (function* () { yield 1; «location = {u}»; yield 2 })();\ng.next();\ng.next();", where=MODERN),
    Act("location", "new Proxy({}, {get: function () { «location = {u}» }}).x;", where=MODERN),
    Act("location", "«Reflect.set(location, 'href', {u})»;", where=MODERN),
    Act("location", "var c = new MessageChannel();\nc.port1.onmessage = function (e) { «location = e.data» };\n"
        "c.port2.postMessage({u});", where=STANDARD),
    Act("location", "var u = {u};\nqueueMicrotask(() => { «location = u» });", where=NEW),
    Act("location", "requestIdleCallback(function () { «location.href = {u}» });", where=NEW),
    Act("location", "window.addEventListener('unhandledrejection', function (e) { «location = e.reason» });\n"
        "Promise.reject({u});", where=NEW, wait=0.1),
    Act("location", "var u = {u};\ncustomElements.define('x-made', class extends HTMLElement {\n"
        " connectedCallback() { «location = u» }\n});\ndocument.body.appendChild(document.createElement('x-made'));",
        "<p>x</p>", where=NEW),
    Act("location", "var u = {u};\ncustomElements.define('x-there', class extends HTMLElement {\n"
        " constructor() { super(); «location.href = u» }\n});", "<x-there></x-there>", where=NEW),
    Act("iframe", "var s = document.getElementById('d').attachShadow({mode: 'closed'});\n"
        "«s.innerHTML = '<p>x</p><iframe src=\"' + {u} + '\"></iframe>'»;", "<div id=d></div>", "innerHTML", NEW),
    Act("iframe", "var f = document.createElement('iframe'), s = document.getElementById('d').attachShadow({mode: 'open'});\n"
        "f.src = {u};\n«s.appendChild(f)»;", "<div id=d></div>", where=NEW),
    Act("iframe", "var t = document.createElement('template');\n«t.innerHTML = '<iframe src=\"' + {u} + '\"></iframe>'»;\n"
        "document.body.append(t.content.cloneNode(true));", "<p>x</p>", "innerHTML", NEW),
    Act("iframe", "«document.body.append(Object.assign(document.createElement('iframe'), {src: {u}}))»;", "<p>x</p>",
        where=NEW),
    Act("iframe", "var f = document.createElement('iframe');\nf.src = {u};\n«document.getElementById('d').replaceWith(f)»;",
        "<div id=d></div>", where=NEW),
    # With what Internet Explorer alone has.
    Act("location", "var d = document.getElementById('d');\nd.onclick = function () { «location = {u}» };\n"
        "d.fireEvent('onclick');", "<div id=d></div>", where=OLD),
    Act("iframe", "«document.body.appendChild(document.createElement('<iframe src=\"' + {u} + '\">'))»;", "<p>x</p>",
        "createElement", OLD),
    Act("location", "«document.frames[0].location = {u}»;", "<iframe></iframe>", where=OLD),
    Act("location", "document.onreadystatechange = function () {\n if (document.readyState != 'complete') return;\n"
        " document.onreadystatechange = null;\n «location = {u}»;\n};", where=TRIDENT, parsing_only=True),
]

# VBScript, for who speaks it. {u} is a VBScript expression.
VB_ACTS = [
    Act("location", "«window.location = {u}»"),
    Act("location", "«window.location.href = {u}»"),
    Act("location", "Sub Go(u)\n  «window.location.replace u»\nEnd Sub\nGo {u}"),
    Act("location", "Dim q\nq = {u}\nIf Len(q) > 3 Then\n  «location.href = q»\nEnd If"),
    Act("iframe", "«document.write \"<iframe src='\" & {u} & \"'></iframe>\"»", written_by="document.write",
        parsing_only=True),
    Act("iframe", "Set f = document.createElement(\"iframe\")\nf.src = {u}\n«document.body.appendChild f»", "<p>x</p>"),
    Act("window_open", "«window.open {u}»", top_only=True),
]

def attribute(text):
    return html_escapes.escape(text, quote=True)


# --- without script: each leads from page to target and notes its own edges -------------------------------


def meta_refresh(b, page, target):
    page.head += b.rng.choice([f'<meta http-equiv="refresh" content="0; url={target}">',
                               f"<META HTTP-EQUIV=Refresh CONTENT=\"2;URL='{target}'\">"])
    page.wait += 2
    b.edge("meta_refresh", page.url, target)


def refresh_header(b, page, target):
    seconds = b.rng.randint(0, 5)
    page.wait += seconds
    page.headers.append(("Refresh", f"{seconds}; url={target}"))
    b.edge("http_refresh", page.url, target)


def iframe(b, page, target):
    page.body += b.rng.choice([f'<iframe src="{target}" width="0" height="0"></iframe>',
                               f"<IFRAME style='display:none' SRC={target}></IFRAME>",
                               f'<div style="position:absolute;left:-900px"><iframe src="{target}"></iframe></div>'])
    b.edge("iframe", page.url, target)


def conditional_comment(b, page, target):
    """Markup for Internet Explorer alone."""
    page.body += b.rng.choice([f'<!--[if IE]><iframe src="{target}"></iframe><![endif]-->',
                               f'<!--[if lt IE 9]><p>a</p><!-- b --><iframe src="{target}"></iframe><![endif]-->',
                               f'<![if (IE 7)|(IE 8)]><iframe src="{target}"></iframe><![endif]>',
                               f'<!--[if lt IE 7]><p>a</p><![endif]--><!--[if gte IE 7]><!--><iframe src="{target}">'
                               '</iframe><!--<![endif]-->'])
    b.edge("iframe", page.url, target)


def base_and_iframe(b, page, target):
    folder, leaf = target.rsplit("/", 1)
    page.head = f'<base href="{folder}/">' + page.head
    page.body += f'<iframe src="{leaf}"></iframe>'
    b.edge("iframe", page.url, target)


def frameset(b, page, target):
    page.frameset = f'<frameset rows="100%,*"><frame src="{target}"></frameset>'
    b.edge("frame", page.url, target)


def object_data(b, page, target):
    page.body += f'<object data="{target}" type="text/html" width="1" height="1"></object>'
    b.edge("object", page.url, target)


def embed(b, page, target):
    page.body += f'<embed src="{target}" type="text/html" width="1" height="1">'
    b.edge("embed", page.url, target)


def srcdoc(b, page, target):
    page.body += f'<iframe srcdoc="{attribute(f"<p>a</p><iframe src={target}></iframe>")}"></iframe>'
    b.edge("iframe", page.url, target)


def data_frame(b, page, target):
    url = f"data:text/html,%3Ciframe%20src={target}%3E%3C/iframe%3E"
    page.body += f'<iframe src="{url}"></iframe>'
    b.edge("iframe", page.url, url)
    b.edge("iframe", url, target)
    return [url]


def blob_frame(b, page, target):
    """A frame that shows a document which a script made."""
    text, marks = b.marker.fill("var d = new Blob(['<iframe src=\"' + {u} + '\"></iframe>'], {type: 'text/html'});\n"
                                "var f = document.createElement('iframe');\nf.src = URL.createObjectURL(d);\n"
                                "«document.body.appendChild(f)»;"
                                .replace("{u}", b.expression(target)))
    url = "blob:" + page.url.split("/", 3)[0] + "//" + page.url.split("/")[2]
    page.scripts += b.inline_script(page, text, "iframe", url, marks[0])
    b.edge("iframe", url, target)
    return [url]


MARKUP = [(meta_refresh, ALL), (refresh_header, ALL), (iframe, ALL), (iframe, ALL), (base_and_iframe, ALL),
          (conditional_comment, OLD),
          (frameset, ALL), (object_data, ALL), (embed, MODERN), (srcdoc, MODERN), (data_frame, MODERN), (blob_frame, MODERN)]
REDIRECTS = [301, 302, 303, 307, 308]
