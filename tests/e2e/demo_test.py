"""The whole loop as ./dev demo tells it, and visits as a user makes them."""
import json
import os
import sqlite3
import subprocess
import unittest

import harness

LANDING = "http://www.paper-lantern.example/"


class InTheRange(harness.ProgramTest):
    def skip_without_namespaces(self, done):
        if done.returncode == 1 and b"no namespaces" in done.stderr:
            raise unittest.SkipTest(done.stderr.decode(errors="replace"))

    def in_range(self, *arguments, status=0):
        """A shikake command inside the demo's Internet."""
        done = self.run_program("range", "run", harness.SOURCE / "demo/scenario.toml", "--", harness.SHIKAKE,
                                "--home", self.home, *arguments, status=None)
        self.skip_without_namespaces(done)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def visit(self, *arguments):
        [visit] = json.loads(self.in_range("--json", "inspect", *arguments).stdout)["visits"]
        return visit


class Demo(InTheRange):
    def test_the_tour_ends_well_and_says_who_is_infected(self):
        done = self.run_program("demo", status=None)
        self.skip_without_namespaces(done)
        self.assertEqual(done.returncode, 0, done.stderr)
        text = done.stdout.decode()
        for part in ("malicious", "[landing]", "[relay]", "[exploit]", "[distribution]", "10.20.3.44", "10.20.1.17",
                     "10.20.2.31", "infected", "fetched", "exposed", "acl shikake_domains dstdomain", "go on from here"):
            self.assertIn(part, text)
        for client, stage in (("10.20.3.44", "infected"), ("10.20.1.17", "fetched"), ("10.20.2.31", "exposed")):
            self.assertTrue(any(client in line and stage in line for line in text.splitlines()), (client, stage))
        listed = [line for line in text.splitlines() if line.startswith("acl ")]
        self.assertTrue(listed)
        self.assertEqual([line for line in listed if "paper-lantern" in line], [], "a compromised site is not blocked")

    def test_the_chain_as_a_graph(self):
        visit = self.visit(LANDING)
        self.assertEqual(visit["verdict"], "malicious")
        roles = [(node["role"], node["url"].split("/")[2]) for node in visit["nodes"] if node.get("role")]
        self.assertEqual(roles, [("landing", "www.paper-lantern.example"), ("relay", "go.clicks-bureau.example"),
                                 ("relay", "www.weather-widgets.example"), ("relay", "www.weather-widgets.example"),
                                 ("exploit", "update.player-patch.example"), ("distribution", "files.patch-mirror.example")])
        by_id = {node["id"]: node for node in visit["nodes"]}
        way = [edge for edge in visit["edges"] if by_id[edge["to"]].get("role")]
        self.assertEqual([edge["mechanism"] for edge in way],
                         ["iframe", "http_redirect", "location", "meta_refresh", "iframe"])
        self.assertEqual(way[0]["script"]["written_by"], "document.write")
        self.assertTrue(way[0]["script"]["ancestry"], "the iframe was written by an eval'd script")

    def test_the_record_is_what_its_schema_says(self):
        """Of a real visit: redirects, evals, writes, timers; and of one that finds nobody."""
        chain, lost = self.visit(LANDING), self.visit("http://nobody.example/")
        self.assertFalse(lost["nodes"][0]["fetched"])
        self.check_schema("visit", chain, lost)
        shown = json.loads(self.in_range("--json", "intel", "show", LANDING).stdout)
        self.check_schema("indicator", shown["indicator"])
        self.check_schema("observation", *shown["observations"])

    def test_the_same_seed_gives_the_same_visit(self):
        first, second = self.visit(LANDING, "--seed", "7", "--no-store"), self.visit(LANDING, "--seed", "7", "--no-store")
        # Which of several answers comes first is the network's affair; what came of them is not.
        def told(visit):
            urls = {node["id"]: node["url"] for node in visit["nodes"]}
            return (visit["verdict"], visit["reasons"],
                    sorted((n["url"], n.get("role") or "", n["status"], n.get("sha256") or "") for n in visit["nodes"]),
                    sorted((urls[e["from"]], urls[e["to"]], e["mechanism"], json.dumps(e.get("script"), sort_keys=True))
                           for e in visit["edges"]))
        self.assertEqual(told(first), told(second))

    def test_outside_the_range_its_names_convict_nobody(self):
        self.in_range("inspect", LANDING)
        blocked = lambda: [row["value"] for row in self.run_json_lines("intel", "list")
                           if any(use.startswith("block") for use in row["uses"])]
        self.assertTrue(blocked())
        self.run_program("intel", "rejudge")
        self.assertEqual(blocked(), [])

    def test_a_convicted_visit_is_visited_again_later(self):
        self.in_range("inspect", LANDING)
        done = json.loads(self.in_range("--json", "work", "--until-idle", "--kinds", "visit").stdout)
        self.assertEqual(done["done"], 0)
        self.assertIn("next_due", done)
        # A day later.
        connection = sqlite3.connect(self.home / "shikake.db")
        connection.execute("update jobs set earliest = 0 where kind = 'visit'")
        connection.commit()
        connection.close()
        before = self.run_json("intel", "stats")["observations"]
        done = json.loads(self.in_range("--json", "work", "--until-idle", "--kinds", "visit").stdout)
        self.assertEqual((done["done"], done["observations"]), (1, 1))
        self.assertEqual(self.run_json("intel", "stats")["observations"], before + 1)


class Inspect(harness.ProgramTest):
    def test_a_file_and_its_base(self):
        page = self.write("page.html", "<title>x</title><script>document.write('<img src=a.png>')</script>")
        [visit] = self.run_json("inspect", "--offline", "--base", "http://site.example.org/d/", page)["visits"]
        self.assertEqual(visit["url"], "http://site.example.org/d/page.html")
        self.assertIn("http://site.example.org/d/a.png", [node["url"] for node in visit["nodes"]])
        self.assertEqual(visit["verdict"], "benign")

    def test_private_addresses_are_refused_and_named(self):
        [visit] = self.run_json("inspect", "http://127.0.0.1/")["visits"]
        self.assertFalse(visit["nodes"][0]["fetched"])
        self.assertIn("loopback", visit["nodes"][0]["why_not"])

    def test_every_persona_visits(self):
        page = self.write("page.html", "<script>document.title = navigator.userAgent</script>")
        visits = self.run_json("inspect", "--offline", "--persona", "all", page)["visits"]
        self.assertGreaterEqual(len(visits), 3)
        self.assertEqual(len({visit["persona"] for visit in visits}), len(visits))

    def test_personas_that_see_something_else_are_told_apart(self):
        page = self.write("page.html", "<script>if (window.attachEvent) document.write('<iframe src=\"data:text/html,kit\">')</script>")
        found = self.run_json("inspect", "--offline", "--persona", "all", page)
        [diff] = found["persona_diff"]
        self.assertEqual(len(diff["groups"]), 2)
        old = next(group for group in diff["groups"] if group["reached"])
        self.assertIn("ie8-winxp", old["personas"])
        self.assertNotIn("ie11-win7", old["personas"])
        self.assertIn("trident version up to 10", old["told_apart_by"])
        self.assertIn("attachEvent: window.attachEvent is true, line 1", old["decided_by"])
        shown = self.run_program("inspect", "--offline", "--persona", "all", page).stdout.decode()
        self.assertIn("only they have: trident version up to 10", shown)

    def test_a_visit_is_written_down_and_replayed(self):
        page = self.write("page.html", "<title>x</title>")
        self.run_program("inspect", "--har", self.scratch / "a.har", "--persona", "all", page, status=2)
        self.run_program("inspect", "--replay", self.write("broken.har", "{\"log\":"), status=1)
        self.run_program("inspect", "--replay", self.scratch / "nothing.har", status=1)
        entry = {"startedDateTime": "2020-01-02T03:04:05Z",
                 "request": {"method": "GET", "url": "http://site.example.org/", "headers": []},
                 "response": {"status": 200, "statusText": "OK", "headers": [{"name": "Content-Type", "value": "text/html"}],
                              "content": {"text": "<script>document.write('<img src=' + new Date().getFullYear() + '>')</script>"}}}
        recording = self.write("a.har", json.dumps({"log": {"entries": [entry]}}))
        written = self.scratch / "b.warc.gz"
        [visit] = self.run_json("inspect", "--replay", recording, "--warc", written)["visits"]
        self.assertEqual(visit["url"], "http://site.example.org/")
        self.assertEqual([node["url"] for node in visit["nodes"]],
                         ["http://site.example.org/", "http://site.example.org/2020"])
        self.assertEqual(visit["nodes"][1]["why_not"], "not in the recording")
        [again] = self.run_json("inspect", "--replay", written)["visits"]
        self.assertEqual(again["nodes"], visit["nodes"])

    def test_a_list_is_done_side_by_side_and_resumed_after_a_kill(self):
        pages = [self.write(f"page{i}.html", f"<title>{i}</title><script>for (var i = 0; i < 3e6; i++);</script>") for i in range(24)]
        listed = self.write("pages.txt", "\n".join(map(str, pages)) + "\nno url at all\n")
        journal = self.scratch / "journal"
        arguments = [harness.SHIKAKE, "--home", self.home, "--json", "inspect", "--offline", "--list", listed, "--resume", journal]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SHIKAKE_")}
        with subprocess.Popen(list(map(str, arguments)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as running:
            for _ in range(4):  # a line with the opening, then a visit each
                running.stdout.readline()
            running.kill()
        with open(journal, "a") as cut:
            cut.write("benign\tchrome-win10\t" + str(pages[23])[:-4])  # what a kill amid a write leaves
        before = len(journal.read_text().split("\n")) - 1
        self.assertGreaterEqual(before, 2)
        rest = json.loads(self.run_program(*arguments[3:], status=1).stdout)["visits"]
        self.assertEqual(len(rest) + before, 24)
        self.assertEqual(json.loads(self.run_program(*arguments[3:], status=0).stdout)["visits"], [])

    def test_hostile_pages_end_bounded_and_labelled(self):
        later = "<script>document.write('<iframe src=http://after.example.org/></iframe>')</script>"
        after = ("recursion", "getter", "deep")
        pages = {
            "loop": "<script>for(;;);</script>",
            "spray": "<script>var s='AAAAAAAA';var a=[];for(;;)try{s+=s;a.push(s+a.length)}catch(e){s='B'+a.length}</script>",
            "objects": "<script>var a=[];for(;;)a.push({x:[1,2,3]})</script>",
            "recursion": "<script>function f(){f()}f()</script>" + later,
            "getter": "<script>Object.defineProperty(window,'x',{get:function(){throw 1}});x</script>" + later,
            "deep": "<div>" * 100_000 + later,
            "navigates_itself": "<script>location.reload(); location='?'+Math.random()</script>",
        }
        for name, content in pages.items():
            with self.subTest(name=name):
                [visit] = self.run_json("inspect", "--offline", "--timeout", "20", self.write(name + ".html", content))["visits"]
                self.assertEqual(visit["verdict"], "benign")
                limited = name in ("loop", "spray", "objects")
                self.assertEqual(bool(visit["limits_hit"]), limited, visit["limits_hit"])
                if name in ("loop", "spray", "objects"):
                    self.assertFalse(visit["complete"])
                if name in after:
                    self.assertIn("http://after.example.org/", [node["url"] for node in visit["nodes"]])

    def test_real_documentation_is_benign(self):
        pages = sorted(p for p in harness.pathlib.Path("/usr/share/doc").rglob("*.html") if p.stat().st_size < 500_000)[::7][:40]
        if not pages:
            raise unittest.SkipTest("no HTML documentation under /usr/share/doc")
        visits = self.run_json("inspect", "--offline", "--no-store", *pages)["visits"]
        self.assertEqual([v["url"] for v in visits if v["verdict"] != "benign"], [])
        self.assertEqual(len(visits), len(pages))

    def test_wrong_usage(self):
        self.run_program("inspect", status=2)
        self.run_program("inspect", "--persona", "netscape", "--offline", self.write("a.html", "x"), status=2)
        self.run_program("inspect", "--client", "high", "http://a.example/", status=2)
        self.assertFalse(self.home.exists(), "wrong usage must not make a store")
        self.run_program("inspect", "http://[oops/", status=1)


if __name__ == "__main__":
    harness.main()
