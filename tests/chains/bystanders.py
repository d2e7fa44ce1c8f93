"""Innocent things that stand in a page beside the way that leads on, with their own edges."""
import obfuscation
from mechanisms import ALL, MODERN, NEW, OLD, STANDARD, TRIDENT
from source import Code

OFTEN = 0.25
SELDOM = 0.06

# Mechanism, markup, whether it goes into the head, suffix, kind and text.
USUAL = [
    ("image", '<img src="{u}">', False, ".gif", "image/gif", "GIF89a"),
    ("stylesheet", '<link rel="stylesheet" href="{u}">', True, ".css", "text/css", "p { color: red }"),
    ("script", '<script src="{u}"></script>', True, ".js", "text/javascript", "var lib = {v: 1};\n"),
    ("stylesheet", "<style>@import url({u});</style>", True, ".css", "text/css", "b { top: 0 }"),
]

# Mechanism, suffix, for whom, and how: markup, or a script with its act marked.
RARE = [
    ("link", ".ico", ALL, '<link rel="shortcut icon" href="{u}">'),
    ("link", ".js", MODERN, '<link rel="prefetch" href="{u}">'),
    ("media", ".mp4", MODERN, '<video src="{u}"></video>'),
    ("media", ".wav", OLD, '<bgsound src="{u}">'),
    ("image", ".gif", ALL, '<form><input type="image" src="{u}"></form>'),
    ("image", ".gif", ALL, '<table><tr><td background="{u}">x</td></tr></table>'),
    ("image", ".gif", ALL, "var i = new Image();\n«i.src = {u}»;"),
    ("beacon", "", MODERN, "«navigator.sendBeacon({u}, 'a=1')»;"),
    ("beacon", "", NEW, "document.addEventListener('visibilitychange', function () {});\n"
                        "«navigator.sendBeacon({u}, new Blob(['{}'], {type: 'text/plain'}))»;"),
    ("fetch", ".json", NEW, "«fetch({u}, {method: 'POST', body: 'a=1', keepalive: true})»;"),
    ("xhr", ".json", STANDARD, "var x = new XMLHttpRequest();\nx.open('POST', {u}, true);\n«x.send('a=1')»;"),
    ("worker", ".js", "chrome-win10", "«navigator.serviceWorker.register({u})»;"),
    ("component", ".doc", OLD, "var d = new ActiveXObject('Ultra.OfficeControl');\n«d.Open({u})»;"),
    ("applet", ".jar", TRIDENT, '<applet archive="{u}" code="Clock.class" width="1" height="1"></applet>'),
    ("applet", ".jar", TRIDENT, '<object type="application/x-java-applet"><param name="archive" value="{u}">'
                                '<param name="code" value="Clock"></object>'),
    ("applet", ".jar", TRIDENT, "«document.write('<applet code=Clock archive=\"' + {u} + '\"></applet>')»;"),
    ("applet", ".jnlp", TRIDENT, '<applet code="Clock"><param name="jnlp_href" value="{u}"></applet>'),
    ("object", ".xap", ALL, '<object data="data:application/x-silverlight-2," type="application/x-silverlight-2">'
                            '<param name="source" value="{u}"></object>'),
    ("object", ".swf", ALL, '<object type="application/x-shockwave-flash" data="{u}"></object>'),
    ("embed", ".swf", ALL, '<embed type="application/x-shockwave-flash" src="{u}">'),
]


def stand(b, page, attacks=False):
    """Where the page attacks, an archive that it has run is no bystander."""
    own = page.url.rsplit("/", 2)[0]
    for mechanism, markup, in_head, suffix, kind, text in USUAL:
        if b.rng.random() > OFTEN or (not in_head and page.frameset):
            continue  # (a page with a picture takes no frameset)
        url = b.new_url(own, suffix)
        b.serve(url, text, [("Content-Type", kind)])
        if in_head:
            page.head += markup.replace("{u}", url)
        else:
            page.body += markup.replace("{u}", url)
        b.edge(mechanism, page.url, url)
    if page.frameset:
        return
    for mechanism, suffix, where, marked in RARE:
        if where in b.words and b.rng.random() < SELDOM and not (attacks and mechanism == "applet"):
            _rare(b, page, own, mechanism, suffix, marked)


def _rare(b, page, own, mechanism, suffix, marked):
    url = b.new_url(own, suffix)
    b.used["beside: " + marked] += 1
    if mechanism == "worker":
        _service_worker(b, page, url, b.new_url(own, suffix))
    elif suffix == ".jnlp":
        archive = b.new_url(own, ".jar")
        b.serve(archive, "none", [("Content-Type", "application/java-archive")])
        b.serve(url, f'<jnlp spec="1.0+"><resources><jar href="{archive}" main="true"/></resources></jnlp>',
                [("Content-Type", "application/x-java-jnlp-file")])
        b.edge("applet", page.url, archive)
    else:
        b.serve(url, "none", [("Content-Type", "application/octet-stream")])
    if "«" not in marked:
        page.body += marked.replace("{u}", url)
        b.edge(mechanism, page.url, url)
        return
    text, marks = b.marker.fill(marked.replace("{u}", obfuscation.literal(url)))
    code = Code(text)
    b.edge(mechanism, page.url, url, code, marks[0], "document.write" if "document.write" in text else "")
    page.scripts = b.inline(page, code) + page.scripts


def _service_worker(b, page, url, follows):
    text, marks = b.marker.fill(f"«importScripts('{follows}')»;\n")
    imports = Code(text)
    imports.url, imports.whole = url, lambda: b.chain.served[url]
    b.serve(url, text, [("Content-Type", "text/javascript")])
    b.serve(follows, "self.lib = 1;\n", [("Content-Type", "text/javascript")])
    b.edge("worker", page.url, follows, imports, marks[0])
