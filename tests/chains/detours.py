"""Ways that pass by something else before they lead on: workers, streams, modules, frames, documents.

Each is a function that puts what it needs into a page, serves the rest and notes its edges; it answers with the
documents in between. In a script «…» are the acts, in the order of the edges that belong to them; {u} is an
expression for the target, {a} for what is passed by.
"""
import contextlib

import mechanisms
import obfuscation
from mechanisms import ALL, MODERN, NEW, OLD, STANDARD, TRIDENT, attribute
from source import Code, plain

SCRIPT = ("Content-Type", "text/javascript")
TEXT = ("Content-Type", "text/plain")
ANY_ORIGIN = ("Access-Control-Allow-Origin", "*")


def own(page):
    return page.url.rsplit("/", 2)[0]


def filled(b, template, target, passed=""):
    return template.replace("{u}", b.expression(target)).replace("{a}", b.expression(passed) if passed else "")


@contextlib.contextmanager
def outside(b, strict=False):
    """Texts that are hidden in no page; where strict, without octal escapes."""
    b.may_hide_in_page, b.strict = False, strict
    yield
    b.may_hide_in_page, b.strict = True, False


def by_script(b, page, template, *edges):
    """A script of the page's; `edges` are (mechanism, target) of its acts."""
    text, marks = b.marker.fill(template)
    code = Code(text)
    for mark, (mechanism, target) in zip(marks, edges, strict=True):
        b.edge(mechanism, page.url, target, code, mark)
    b.while_parsing = False
    b.hide_and_place(page, code)


def script_file(b, page, url, template, *edges, layers=(0, 1), strict=False):
    """A script that the page's frame or worker has from `url`; what it asks for is the page's."""
    with outside(b, strict):
        text, marks = b.marker.fill(template() if callable(template) else template)
        code = Code(text)
        for mark, (mechanism, target) in zip(marks, edges, strict=True):
            b.edge(mechanism, page.url, target, code, mark)
        for _ in range(b.rng.choice(layers)):
            code = obfuscation.evaluated(b, code)
    code.url, code.whole, code.hashed = url, lambda: b.chain.served[url], False
    b.serve(url, code.text, [SCRIPT, ANY_ORIGIN])


# --- workers ---------------------------------------------------------------------------------------------


HEARS = ["var w = «new Worker({a})»;\nw.onmessage = function (e) { «location = e.data» };",
         "var w = «new Worker({a})»;\nw.addEventListener('message', function (e) {\n  «location.replace(e.data)»;\n});"]


def worker_says(b, page, target):
    worker = b.new_url(own(page), ".js")
    by_script(b, page, filled(b, b.rng.choice(HEARS), target, worker), ("worker", worker), ("location", target))
    script_file(b, page, worker, lambda: filled(b, b.rng.choice(
        ["postMessage({u});", "setTimeout(function () { self.postMessage({u}) }, 300);"]), target))
    page.wait += 0.3


def worker_is_asked(b, page, target):
    """The page gives the worker what it sends back."""
    worker = b.new_url(own(page), ".js")
    by_script(b, page, filled(b, b.rng.choice(HEARS) + "\nw.postMessage([1, {u}]);", target, worker),
              ("worker", worker), ("location", target))
    script_file(b, page, worker, "onmessage = function (e) { postMessage(e.data[1]) };")


def worker_imports(b, page, target):
    worker, library = b.new_url(own(page), ".js"), b.new_url(b.rng.choice(b.sites.origins), ".js")
    by_script(b, page, filled(b, b.rng.choice(HEARS), target, worker), ("worker", worker), ("location", target))
    script_file(b, page, worker, lambda: filled(b, "«importScripts({a})»;\npostMessage(self.next_());", target, library),
                ("worker", library))
    script_file(b, page, library, lambda: filled(b, "self.next_ = function () { return {u} };", target))


def worker_asks(b, page, target):
    worker, data = b.new_url(own(page), ".js"), b.new_url(own(page), ".txt")
    asks = [("xhr", "var x = new XMLHttpRequest();\nx.open('GET', {a}, false);\n«x.send()»;\n"
                    "postMessage(x.responseText);"),
            ("xhr", "var x = new XMLHttpRequest();\nx.open('GET', {a});\n"
                    "x.onload = function () { postMessage(x.responseText) };\n«x.send()»;")]
    if MODERN in b.words:
        asks.append(("fetch", "«fetch({a})».then(function (r) { return r.text() }).then(function (t) {\n"
                              "  postMessage(t);\n});"))
    mechanism, template = b.rng.choice(asks)
    by_script(b, page, filled(b, b.rng.choice(HEARS), target, worker), ("worker", worker), ("location", target))
    script_file(b, page, worker, lambda: filled(b, template, target, data), (mechanism, data))
    b.serve(data, target, [TEXT])


def worker_of_a_blob(b, page, target):
    by_script(b, page, filled(b, "var s = 'postMessage(\"' + {u} + '\")';\n"
                                 "var w = «new Worker(window.URL.createObjectURL(new Blob([s])))»;\n"
                                 "w.onmessage = function (e) { «location = e.data» };", target),
              ("worker", "blob:" + page.url.split("/", 3)[0] + "//" + page.url.split("/")[2]), ("location", target))


def shared_worker(b, page, target):
    worker = b.new_url(own(page), ".js")
    by_script(b, page, filled(b, "var w = «new SharedWorker({a})»;\nw.port.onmessage = function (e) {\n"
                                 "  «location = e.data»;\n};\nw.port.postMessage('next');", target, worker),
              ("worker", worker), ("location", target))
    script_file(b, page, worker, lambda: filled(b, b.rng.choice(
        ["onconnect = function (e) { e.ports[0].postMessage({u}) };",
         "self.addEventListener('connect', function (e) {\n  var p = e.ports[0];\n"
         "  p.onmessage = function () { p.postMessage({u}) };\n});"]), target))


def module_worker(b, page, target):
    worker, module = b.new_url(own(page), ".js"), b.new_url(own(page), ".js")
    by_script(b, page, filled(b, "var w = «new Worker({a}, {type: 'module'})»;\n"
                                 "w.onmessage = function (e) { «location = e.data» };", target, worker),
              ("worker", worker), ("location", target))
    script_file(b, page, worker, f"«import next from '{module}'»;\npostMessage(next);", ("script", module), layers=[0])
    script_file(b, page, module, lambda: filled(b, "export default {u};", target), layers=[0], strict=True)


# --- modules ---------------------------------------------------------------------------------------------


def inline_module(b, page, target):
    """A script of the page's that imports the next address."""
    module = b.new_url(b.rng.choice(b.sites.origins), ".js")
    name = module
    if b.rng.random() < 0.4:
        name = "lib" if b.rng.random() < 0.5 else "at/" + module.rsplit("/", 1)[1]
        known = "at/" if "/" in name else name
        leads = module.rsplit("/", 1)[0] + "/" if "/" in name else module
        page.head += f'<script type="importmap">{{"imports": {{"{known}": "{leads}"}}}}</script>'
        b.used["import map"] += 1
    text, marks = b.marker.fill(b.rng.choice([
        f"«import next from '{name}'»;\n«location = next»;", f"«import * as m from '{name}'»;\n«location.href = m.default»;",
        f"const m = «await import('{name}')»;\n«location.replace(m.default)»;"]))
    code = Code(text)
    b.edge("script", page.url, module, code, marks[0])
    b.edge("location", page.url, target, code, marks[1])
    code.url, code.whole, code.hashed = page.url, lambda: b.chain.served[page.url], False
    page.scripts += f'<script type="module">\n{text}</script>\n'
    script_file(b, page, module, lambda: filled(b, "export default {u};", target), layers=[0], strict=True)


def module_file(b, page, target):
    """A module of a file's, which imports another, and acts."""
    module, inner = b.new_url(own(page), ".js"), b.new_url(own(page), ".js")
    page.scripts += f'<script type="module" src="{module}"></script>\n'
    b.edge("script", page.url, module)
    script_file(b, page, module, f"«import {{next}} from './{inner.rsplit('/', 1)[1]}'»;\nconst go = () => {{\n"
                                 " «location = next()» };\ngo();",
                ("script", inner), ("location", target), layers=[0])
    script_file(b, page, inner, lambda: filled(b, "export function next() { return {u} }", target), layers=[0],
                strict=True)


def import_by_call(b, page, target):
    module = b.new_url(b.rng.choice(b.sites.origins), ".js")
    by_script(b, page, filled(b, "«import({a})».then(function (m) { «location = m.next» });", target, module),
              ("script", module), ("location", target))
    script_file(b, page, module, lambda: filled(b, "export const next = {u};", target), layers=[0], strict=True)


# --- data ------------------------------------------------------------------------------------------------


def event_stream(b, page, target):
    stream = b.new_url(own(page))
    named = b.rng.random() < 0.5
    hears = "s.addEventListener('go', function (e) {" if named else "s.onmessage = (function (e) {"
    by_script(b, page, filled(b, "var s = «new EventSource({a})»;\n" + hears + " s.close(); «location = e.data» });",
                              target, stream), ("fetch", stream), ("location", target))
    b.serve(stream, ("event: go\n" if named else "") + f"data: {target}\n\n", [("Content-Type", "text/event-stream")])


def web_socket(b, page, target):
    """Nobody answers; where the page goes then."""
    address = b.new_url(b.rng.choice(b.sites.origins)).replace("http://", "ws://")
    by_script(b, page, filled(b, b.rng.choice([
        "var s = «new WebSocket({a})»;\ns.onerror = function () { «location = {u}» };",
        "var s = «new WebSocket({a})»;\ns.addEventListener('close', function () { «location = {u}» });"]),
        target, address), ("websocket", address), ("location", target))


def text_of_another_origin(b, page, target):
    data = b.new_url(b.rng.choice(b.sites.origins), ".txt")
    asks = []
    if STANDARD in b.words:
        asks += [("location xhr", "var x = new XMLHttpRequest();\nx.open('GET', {a});\nx.onload = function () {\n"
                                  "  «location = x.responseText»;\n};\n«x.send()»;"),
                 ("location xhr", "var x = new XMLHttpRequest();\nx.open('GET', {a});\n"
                                  "x.setRequestHeader('X-Key', '1');\nx.onreadystatechange = function () {\n"
                                  "  if (x.readyState == 4) «location = x.responseText»;\n};\n«x.send()»;")]
    if MODERN in b.words:
        asks += [("fetch location", "«fetch({a}, {mode: 'cors', credentials: 'omit'})»"
                                    ".then(function (r) { return r.text() }).then(function (t) {\n  «location = t»;\n});"),
                 ("fetch location", "«fetch(new Request({a}, {headers: {'X-Key': '1'}}))»"
                                    ".then(function (r) { return r.text() }).then(function (t) {\n  «location = t»;\n});")]
    if OLD in b.words:
        asks += [("location xhr", "var x = new XDomainRequest();\n"
                                  "x.onload = function () { «location = x.responseText» };\nx.open('GET', {a});\n«x.send()»;")]
    order, template = b.rng.choice(asks)
    by_script(b, page, filled(b, template, target, data),
              *((word, target if word == "location" else data) for word in order.split()))
    b.serve(data, target, [TEXT, ANY_ORIGIN, ("Access-Control-Allow-Headers", "X-Key")])


def text_that_is_run(b, page, target):
    """Script comes as data and is evaluated."""
    data = b.new_url(own(page), ".txt")
    outer, marks = b.marker.fill("var x = new XMLHttpRequest();\n" + filled(b, "x.open('GET', {a}, false);\n", target, data)
                                 + "«x.send()»;\n" + b.rng.choice(["«eval(x.responseText)»;",
                                                                   "var t = x.responseText;\n«window.eval(t)»;"]))
    holder = Code(outer)
    b.edge("xhr", page.url, data, holder, marks[0])
    inner, act = b.marker.fill(filled(b, "«location = {u}»;", target))
    code = Code(inner, (holder, marks[1]))
    b.edge("location", page.url, target, code, act[0])
    b.serve(data, inner, [TEXT])
    b.while_parsing = False
    b.hide_and_place(page, holder)


def callback_of_a_script(b, page, target):
    """A script of another site calls a function of the page's with the address."""
    data = b.new_url(b.rng.choice(b.sites.origins), ".js")
    text, marks = b.marker.fill("function told_(o) {\n  «location.href = o.to»;\n}")
    code = Code(text)
    b.edge("location", page.url, target, code, marks[0])
    page.head += b.inline(page, code) + f'<script src="{data}"></script>'
    b.edge("script", page.url, data)
    script_file(b, page, data, lambda: filled(b, "told_({to: {u}});", target), layers=[0])


def storage(b, page, target):
    """The page leaves the address in the storage of its origin, where its next page finds it."""
    following = b.new_url(own(page))
    where = b.rng.choice(["localStorage", "sessionStorage"])
    by_script(b, page, filled(b, where + ".setItem('k', {u});\n«location = {a}»;", target, following),
              ("location", following))
    text, marks = b.marker.fill(f"«location.replace({where}.getItem('k'))»;")
    b.edge("location", following, target, Code(text), marks[0])
    shown = b.page_like(page, following)
    shown.scripts = b.inline(shown, b.chain.edges[-1].code)
    b.serve_page(shown, False)
    return [following]


def window_name(b, page, target):
    """The page leaves the address in its window's name, which the next one there reads."""
    following = b.new_url(own(page))
    by_script(b, page, filled(b, b.rng.choice(["window.name = {u};\n«location = {a}»;",
                                               "name = 'next|' + {u};\n«location.href = {a}»;"]), target, following),
              ("location", following))
    text, marks = b.marker.fill("var n = window.name.split('|').pop();\n«location.replace(n)»;")
    b.edge("location", following, target, Code(text), marks[0])
    shown = b.page_like(page, following)
    shown.scripts = b.inline(shown, b.chain.edges[-1].code)
    b.serve_page(shown, False)
    return [following]


# --- frames ----------------------------------------------------------------------------------------------


def refresh_in_a_frame(b, page, target):
    frame = b.page_like(page, b.new_url(own(page)))
    mechanisms.iframe(b, page, frame.url)
    mechanisms.meta_refresh(b, frame, target)
    b.serve_page(frame, False)
    page.wait += frame.wait
    b.in_frame = True
    return [frame.url]


def frame_that_moves_its_parent(b, page, target):
    frame = b.page_like(page, b.new_url(own(page)))
    mechanisms.iframe(b, page, frame.url)
    with outside(b):
        text, marks = b.marker.fill(filled(b, b.rng.choice(
            ["«parent.location = {u}»;", "«window.parent.location.href = {u}»;",
             "setTimeout(function () { «parent.location.replace({u})» }, 100);"]), target))
    code = Code(text)
    b.edge("location", frame.url, target, code, marks[0])
    frame.scripts = b.inline(frame, code)
    b.serve_page(frame, False)
    b.chain.browser = False  # it names the document that went, the truth the one that made it go
    return [frame.url]


def frame_that_says(b, page, target):
    """A frame of another site tells the page where to go."""
    frame = b.page_like(page, b.new_url(b.rng.choice(b.sites.origins)))
    hears = ("window.attachEvent('onmessage', function (e) { «location = e.data» });" if OLD in b.words else
             "addEventListener('message', function (e) { «location = e.data» });")
    text, marks = b.marker.fill(hears)
    code = Code(text)
    b.edge("location", page.url, target, code, marks[0])
    page.head += b.inline(page, code)
    mechanisms.iframe(b, page, frame.url)
    with outside(b):
        frame.scripts = "<script>" + filled(b, "parent.postMessage({u}, '*');", target) + "</script>"
    b.serve_page(frame, False)


def script_in_srcdoc(b, page, target):
    with outside(b):
        text, marks = b.marker.fill(filled(b, "«parent.location = {u}»;", target))
    code = Code(text)
    code.hashed = False
    b.edge("location", page.url, target, code, marks[0])
    document = f"<p>a</p><script>{text}</script>"
    code.url, code.whole = "about:srcdoc", lambda: document
    page.body += f'<iframe srcdoc="{attribute(plain(document))}"></iframe>'


def base_of_a_script(b, page, target):
    """The script says the end of the address, `base` the rest."""
    folder, leaf = target.rsplit("/", 1)
    page.head = f'<base href="{folder}/">' + page.head
    by_script(b, page, filled(b, b.rng.choice(["«location = {u}»;", "«location.assign({u})»;"]), leaf),
              ("location", target))


def document_mode(b, page, target):
    """Internet Explorer is asked to be an older one, and the page looks whether it is."""
    older = 8 if b.chain.persona == "ie11-win7" else 7
    content = b.rng.choice([f"IE={older}", f"IE=EmulateIE{older}"])
    if b.rng.random() < 0.5:
        page.headers.append(("X-UA-Compatible", content))
    else:
        page.head = f'<meta http-equiv="X-UA-Compatible" content="{content}">' + page.head
    if b.in_frame:  # a frame has the mode of the window's document
        mechanisms.iframe(b, page, target)
        return
    # What both modes know: frames of other sites keep the browser's.
    whole, b.words, b.checks = (b.words, b.checks), {ALL, TRIDENT}, ["!!document.documentMode", "/Trident/.test(navigator.userAgent)"]
    if b.rng.random() < 0.4:
        page.body += f"<!--[if IE {older}]><iframe src=\"{target}\"></iframe><![endif]-->"
        b.edge("iframe", page.url, target)
        return
    by_script(b, page, filled(b, b.rng.choice([
        f"if (document.documentMode == {older}) «location = {{u}}»;",
        "if (!document.addEventListener) {\n  «location.href = {u}»;\n}",
        "var d = document.createElement('p');\nd.attachEvent('onclick', function () { «location = {u}» });\nd.click();"]),
        target), ("location", target))
    b.words, b.checks = whole


# --- documents -------------------------------------------------------------------------------------------


def pdf(b, page, target):
    """Acrobat's script asks for the program."""
    url = b.new_url(own(page), ".pdf")
    kind, markup = b.rng.choice([("iframe", f'<iframe src="{url}"></iframe>'),
                                 ("embed", f'<embed src="{url}" type="application/pdf">'),
                                 ("object", f'<object data="{url}" type="application/pdf"></object>')])
    page.body += markup
    b.edge(kind, page.url, url)
    with outside(b, strict=True):
        text, marks = b.marker.fill(filled(b, b.rng.choice([
            "«app.launchURL({u}, true)»;", "«this.getURL({u}, false)»;", "«this.submitForm({u})»;",
            "var f = {u};\n«this.submitForm({cURL: f, cSubmitAs: 'HTML'})»;"]), target))
        code = Code(text)
        b.edge("component", url, target, code, marks[0])
        code = obfuscation.evaluated(b, code) if b.rng.random() < 0.5 else code
    script = plain(code.text).encode().hex()
    code.url = url
    objects = [f"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS <{script}> >> >>",
               "<< /Type /Pages /Kids [3 0 R] /Count 1 >>", "<< /Type /Page /Parent 2 0 R >>"]
    text = "%PDF-1.7\n" + "".join(f"{i} 0 obj\n{o}\nendobj\n" for i, o in enumerate(objects, 1))
    b.serve(url, text + f"trailer << /Root 1 0 R /Size {len(objects) + 1} >>\n%%EOF\n", [("Content-Type", "application/pdf")])
    b.chain.browser = False
    return [url]


WAYS = [(worker_says, STANDARD), (worker_is_asked, STANDARD), (worker_imports, STANDARD), (worker_asks, STANDARD),
        (worker_of_a_blob, MODERN), (shared_worker, MODERN), (module_worker, NEW), (inline_module, NEW),
        (module_file, NEW), (import_by_call, NEW), (event_stream, MODERN), (web_socket, STANDARD),
        (text_of_another_origin, STANDARD), (text_of_another_origin, OLD), (text_that_is_run, ALL), (callback_of_a_script, ALL), (storage, ALL), (window_name, ALL),
        (refresh_in_a_frame, ALL), (frame_that_moves_its_parent, ALL), (frame_that_says, STANDARD), (frame_that_says, OLD), (script_in_srcdoc, MODERN),
        (base_of_a_script, ALL), (document_mode, TRIDENT)]
TO_FILES = [(pdf, ALL)]  # what brings a file to the disk, and shows no page
