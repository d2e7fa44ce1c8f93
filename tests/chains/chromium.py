"""Headless Chromium over the DevTools protocol: a second graph of the same pages, from somebody else's browser.

It names no mechanism as a page's author would, so edges are compared by kind: a document, a redirect, a script,
a picture, a sheet, data. https://chromedevtools.github.io/devtools-protocol/

Several pages are visited side by side, each in a browser context of its own. Every window, frame of another
process and worker waits for us before it begins, so that its first request is seen. A visit is over when nothing
is under way and for as long as its pages may wait (the generator knows) nothing has happened.
"""
import collections
import contextlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

from compare import steady

PROGRAM = "chromium"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-popup-blocking",
         "--disable-extensions", "--mute-audio", "--disable-features=IsolateOrigins,site-per-process",
         "--disable-site-isolation-trials", "--remote-debugging-pipe",
         # Windows behind others keep their timers.
         "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
         "--disable-renderer-backgrounding",
         # Nothing but loopback has an address.
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.*"]
SIDE_BY_SIDE = 4
MARGIN_S = 2.5   # beyond what a page waits: the machine may be busy
LONGEST_S = 60.0


class Visit:
    """One page and what it leads to."""

    def __init__(self, url, wait, context, first):
        self.url, self.wait, self.context, self.first = url, wait, context, first
        self.graph = Graph(url, first)
        self.under_way = set()
        self.begun = self.quiet_since = time.monotonic()

    def over(self):
        now = time.monotonic()
        return now - self.begun > LONGEST_S or (not self.under_way and now - self.quiet_since > self.wait + MARGIN_S)


class Browser:
    """One process."""

    def __init__(self):
        self._folder = tempfile.mkdtemp(prefix="shikake-chromium-")
        to_browser, ours_out = os.pipe()
        ours_in, from_browser = os.pipe()

        def descriptors():
            os.dup2(to_browser, 30)
            os.dup2(from_browser, 31)
            os.dup2(30, 3)
            os.dup2(31, 4)

        self.process = subprocess.Popen([PROGRAM, *FLAGS, f"--user-data-dir={self._folder}", "about:blank"],
                                        preexec_fn=descriptors, close_fds=False, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self._out, self._in, self._rest, self._next = ours_out, ours_in, b"", 0
        self._events = collections.deque()
        self._visits = {}    # by browser context
        self._sessions = {}  # visit by session
        self._auto_attach()

    def close(self):
        with contextlib.suppress(OSError, RuntimeError):
            self.call("Browser.close")
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self._out)
        os.close(self._in)
        shutil.rmtree(self._folder, ignore_errors=True)

    # --- the protocol

    def send(self, method, session=None, **parameters):
        self._next += 1
        message = {"id": self._next, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        return self._next

    def receive(self, timeout):
        """The next message, or None."""
        while b"\0" not in self._rest:
            if not select.select([self._in], [], [], timeout)[0]:
                return None
            data = os.read(self._in, 1 << 16)
            if not data:
                raise RuntimeError("the browser is gone")
            self._rest += data
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def call(self, method, session=None, **parameters):
        number = self.send(method, session, **parameters)
        while True:
            message = self.receive(30)
            if message is None:
                raise RuntimeError(f"{method}: no answer")
            if message.get("id") == number:
                return message.get("result", {})
            if "method" in message:
                self._events.append(message)

    def _auto_attach(self, session=None):
        self.send("Target.setAutoAttach", session, autoAttach=True, waitForDebuggerOnStart=True, flatten=True)

    # --- visits

    def visit(self, url, wait=1.0):
        """Edges as {(kind, from, to)}."""
        return self.visit_all([(url, wait)])[0]

    def visit_all(self, wanted):
        """`wanted` holds (URL, how many seconds its pages may do nothing); edges of each, in its order."""
        waiting, done = collections.deque(enumerate(wanted)), {}
        numbers = {}
        while waiting or self._visits:
            while waiting and len(self._visits) < SIDE_BY_SIDE:
                number, (url, wait) = waiting.popleft()
                numbers[self._begin(url, wait)] = number
            message = self._events.popleft() if self._events else self.receive(0.1)
            if message is not None and "method" in message:
                self._take(message["method"], message["params"], message.get("sessionId"))
            for visit in [v for v in self._visits.values() if v.over()]:
                done[numbers[visit.context]] = visit.graph.edges
                del self._visits[visit.context]
                self.send("Target.disposeBrowserContext", browserContextId=visit.context)
        return [done[number] for number in range(len(wanted))]

    def _begin(self, url, wait):
        context = self.call("Target.createBrowserContext")["browserContextId"]
        first = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        self._visits[context] = Visit(url, wait, context, first)
        return context

    def _take(self, method, what, session):
        if method == "Target.attachedToTarget":
            return self._attached(what["sessionId"], what["targetInfo"])
        visit = self._sessions.get(session)
        if visit is None:
            return None
        if method == "Network.requestWillBeSent":
            visit.graph.request(what)
            visit.under_way.add(what["requestId"])
        elif method in ("Network.loadingFinished", "Network.loadingFailed"):
            visit.under_way.discard(what["requestId"])
        elif method == "Page.frameAttached":
            visit.graph.parents[what["frameId"]] = what["parentFrameId"]
        elif method == "Page.frameNavigated":
            visit.graph.navigated(what["frame"])
        else:
            return None
        visit.quiet_since = time.monotonic()
        return None

    def _attached(self, session, target):
        visit = self._visits.get(target.get("browserContextId"))
        if target["url"].startswith("chrome:"):
            visit = None  # its own furniture
        if visit is not None:
            self._sessions[session] = visit
            visit.graph.opened(target)
            if target["type"] in ("page", "iframe"):
                self.send("Page.enable", session)
            self.send("Network.enable", session)
            self._auto_attach(session)
            visit.quiet_since = time.monotonic()
        self.send("Runtime.runIfWaitingForDebugger", session)
        if visit is not None and target["targetId"] == visit.first:
            self.call("Network.enable", session)  # heard by the page itself before it goes anywhere
            self.send("Page.navigate", session, url=visit.url)


KINDS = {"Document": "document", "Script": "script", "Image": "image", "Stylesheet": "stylesheet", "XHR": "data",
         "Fetch": "data", "EventSource": "data"}
# Which requests Chromium makes for these, and how it calls them, is another matter.
NOT_COMPARED = {"link", "media", "beacon", "worker", "websocket", "applet", "component"}
PLUGINS = (".swf", ".xap")  # whose files it asks for no more
OURS = {"http_redirect": "redirect", "script": "script", "image": "image", "stylesheet": "stylesheet", "xhr": "data",
        "fetch": "data"}


class Graph:
    def __init__(self, url, frame):
        self.edges, self.parents, self.shown = set(), {}, {frame: url}
        self.last_of_request = {}
        self.openers = {}

    def opened(self, target):
        self.openers[target["targetId"]] = target.get("openerId")

    def document_of(self, frame):
        """What the frame shows, or what stands around it while that is nothing of its own."""
        for _ in range(20):
            url = steady(self.shown.get(frame, ""))
            if url.startswith(("http", "data:", "blob:")):
                return url
            frame = self.parents.get(frame) or self.openers.get(frame)
            if frame is None:
                return None
        return None

    def request(self, what):
        url, number = steady(what["request"]["url"]), what["requestId"]
        if url.endswith("/favicon.ico"):
            return
        if "redirectResponse" in what:
            self.edges.add(("redirect", self.last_of_request.get(number, what["redirectResponse"]["url"]), url))
            self.last_of_request[number] = url
            return
        self.last_of_request[number] = url
        kind = KINDS.get(what.get("type"))
        source = self.document_of(what.get("frameId")) if kind == "document" else steady(what.get("documentURL", ""))
        if kind and source and url != source:
            self.edges.add((kind, source, url))

    def navigated(self, frame):
        # A new window's first request may go out before anybody can listen: what it shows then tells.
        opener = self.openers.get(frame["id"])
        if opener and frame["id"] not in self.shown and frame["url"].startswith("http"):
            source = self.document_of(opener)
            if source and not any(kind != "data" and to == frame["url"] for kind, _, to in self.edges):
                self.edges.add(("document", source, frame["url"]))
        if frame["url"] != "about:blank":
            self.shown[frame["id"]] = frame["url"]
        if frame.get("parentId"):
            self.parents[frame["id"]] = frame["parentId"]


def seen_by_us(visit):
    urls = [steady(node["url"]) for node in visit["nodes"]]
    return {(OURS.get(e["mechanism"], "document"), urls[e["from"]], urls[e["to"]]) for e in visit["edges"]
            if e["mechanism"] not in NOT_COMPARED and not urls[e["to"]].endswith(PLUGINS)}


def agreement(chains, visits, count, faults, say):
    """How the browser's edges compare with the visits' and with the truth, over chains that it can follow."""
    chosen = [c for c in chains if c.browser and c.persona == "chrome-win10"][:count]
    if not chosen or not shutil.which(PROGRAM):
        return {"skipped": f"no {PROGRAM} here" if chosen else "no chain for it"}
    browser, both, theirs, ours, truth_both, truth = Browser(), 0, 0, 0, 0, 0
    try:
        seen_by_it = browser.visit_all([(chain.url, chain.wait) for chain in chosen])
    finally:
        browser.close()
    for chain, seen in zip(chosen, seen_by_it):
        mine = seen_by_us(visits[chain.url])
        true = {(OURS.get(e.mechanism, "document"), e.source, e.target) for e in chain.edges
                if e.mechanism not in NOT_COMPARED and not e.target.endswith(PLUGINS)}
        both, theirs, ours = both + len(seen & mine), theirs + len(seen), ours + len(mine)
        truth_both, truth = truth_both + len(seen & true), truth + len(true)
        for edge in sorted(seen ^ mine)[:faults]:
            say(f"chain {chain.number}: {'browser alone' if edge in seen else 'not the browser'}: {edge}")
    return {"chains": len(chosen), "f1_with_honeyclient": round(2 * both / max(1, theirs + ours), 5),
            "f1_with_truth": round(2 * truth_both / max(1, theirs + truth), 5)}
