"""shikake corpus and shikake neighbours: as a user meets them."""
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import time
import unittest
import xml.etree.ElementTree

import harness

KIT = "rms/nid/rakutenlogini.php?session=1"


class Corpus(harness.ProgramTest):
    def test_add_and_stats(self):
        urls = self.write("urls.txt", "hxxp://a[.]example/x/1.php\nhttp://[oops\nhttp://b.weebly.com/\nhttp://b.weebly.com/\n")
        added = self.run_json("corpus", "add", urls)
        self.assertEqual(added["added"], 3)
        self.assertEqual([(row["count"], row["line"]) for row in added["skipped"]], [(1, 2)])
        self.assertEqual(added["sources"][0]["format"], "list")
        stats = self.run_json("corpus", "stats", "--verify")
        self.assertGreaterEqual(stats["urls"], 2)
        self.assertEqual(stats["root_paths"], 1)
        self.assertEqual(stats["on_shared_hosts"], 1)
        self.assertIn({"what": "weebly.com", "count": 1}, stats["largest_platforms"])

    def test_every_source_format(self):
        warc = (b"WARC/1.0\r\nWARC-Target-URI: http://w.example/x\r\nWARC-Date: 2020-01-02T00:00:00Z\r\n"
                b"Content-Length: 3\r\n\r\nabc\r\n\r\n")
        files = [
            self.write("a.csv", "date,url\n2020-01-01,http://c.example/\n"),
            self.write("b.cdxj", 'com,d)/ 20200101120000 {"url": "http://d.example/q"}\n'),
            self.write("c.warc.gz", gzip.compress(warc)),
            self.write("d.pdns", '{"rrname": "e.example.", "time_first": 1577836800, "time_last": 1577836800}\n'),
        ]
        added = self.run_json("corpus", "add", *files)
        self.assertEqual([row["format"] for row in added["sources"]], ["csv", "cdx", "warc", "hosts"])
        self.assertEqual(added["added"], 4)
        log = self.write("access.log", "1577836800.123 10 192.0.2.9 TCP_MISS/200 512 GET http://s.example/a/b.html - DIRECT/- text/html\n")
        self.assertEqual(self.run_json("corpus", "add", "--format", "log", log)["added"], 1)
        self.assertEqual(self.run_json("corpus", "stats")["urls"], 5)

    def test_a_damaged_file_is_named_and_the_others_are_read(self):
        bad = self.write("bad.gz", gzip.compress(b"http://a.example/\n" * 1000)[:-9])
        good = self.write("good.txt", "http://b.example/\n")
        done = self.run_program("--json", "corpus", "add", bad, good, status=1)
        self.assertIn(b"cut short", done.stdout)
        self.assertGreaterEqual(self.run_json("corpus", "stats")["urls"], 1)

    def test_bad_input_is_counted_named_and_passed_over(self):
        long = "http://a.example/" + "x" * (2 << 20)
        rows = [  # name, content, options; then the reason, how many, and the line of the first
            ("no_url", b"http://[oops/\nhttp://good.example/1\nhttps://:80/\n", (), ("not a URL", 2, 1)),
            ("no_web_url", b"ftp://a.example/x\nhttp://good.example/2\n", (), ("not a web URL", 1, 1)),
            ("two_megabytes", f"http://good.example/3\n{long}\n".encode(), (), ("too long a line", 1, 2)),
            ("too_long", b"http://good.example/4\nhttp://a.example/" + b"x" * 5000 + b"\n", (), ("too long a URL", 1, 2)),
            ("two_megabytes_in_a_table", f"date,url\n2020-01-01,http://good.example/5\n2020-01-01,{long}\n".encode(), (),
             ("too long a line", 1, 3)),
            ("future", b"date,url\n2020-01-01,http://good.example/6\n2099-01-01,http://late.example/\n", (), ("a time in the future", 1, 3)),
            ("future_of_a_crawl", b'com,a)/ 20200101120000 {"url": "http://good.example/7"}\ncom,b)/ 20990101120000 {"url": "http://late.example/"}\n',
             (), ("a time in the future", 1, 2)),
            ("no_date", b"date,url\nyesterday,http://undated.example/\n2020-01-01,http://good.example/8\n", (), ("a date that is none", 1, 2)),
            ("nul_bytes", b"http://good.example/9\n\0\0\0\0\n", (), ("not a URL", 1, 2)),
        ]
        for number, (name, content, options, skipped) in enumerate(rows, 1):
            with self.subTest(name):
                file = self.write(name, content)
                added = self.run_json("corpus", "add", *options, file)
                self.assertEqual(added["added"], 1, added)
                self.assertEqual([(row["reason"], row["count"], row["line"]) for row in added["skipped"]], [skipped])
                self.assertEqual(added["skipped"][0]["first"], str(file))
                self.assertEqual(self.run_json("corpus", "stats", "--verify")["urls"], number)
        # Bytes of several encodings in one list: each URL is kept, what is no UTF-8 percent-encoded.
        mixed = self.write("mixed", b"http://m.example/\xc3\xa9\nhttp://m.example/caf\xe9\nhttp://m.example/\x83\x65\n")
        self.assertEqual(self.run_json("corpus", "add", mixed)["added"], 3)
        wide = self.write("wide.txt", "http://w.example/\n".encode("utf-16"))
        self.assertIn(b"UTF-16", self.run_program("--json", "corpus", "add", wide, status=1).stdout)
        self.assertEqual(self.run_json("corpus", "stats", "--verify")["urls"], len(rows) + 3)

    def test_a_corpus_of_another_version_or_cut_short_is_named_and_left_alone(self):
        self.run_program("corpus", "add", self.write("a.txt", "".join(f"http://a.example/{i}\n" for i in range(1000))))
        segment = next((self.home / "corpus").glob("*.seg"))
        whole = segment.read_bytes()
        more = self.write("b.txt", "http://b.example/\n")
        for name, bytes_, says in [("later", whole[:8] + b"\x09" + whole[9:], b"of version 9"), ("cut", whole[:-100], b"cut short"),
                                   ("empty", b"", b"cut short"), ("other", b"PK\x03\x04" + whole[4:], b"no corpus segment")]:
            with self.subTest(name):
                segment.write_bytes(bytes_)
                for command in (("corpus", "stats"), ("corpus", "add", more), ("neighbours", "http://a.example/1")):
                    done = self.run_program(*command, status=1)
                    self.assertIn(says, done.stderr)
                    self.assertIn(segment.name.encode(), done.stderr)
                self.assertEqual(segment.read_bytes(), bytes_)
        segment.write_bytes(whole)
        self.run_program("corpus", "add", more)
        self.assertEqual(self.run_json("corpus", "stats", "--verify")["urls"], 1001)

    def test_links_of_visited_pages_are_added(self):
        page = self.write("page.html", "<!DOCTYPE html><title>x</title><a href=/next.html?a=1#top>n</a><form action=//other.example/go></form>")
        self.run_program("inspect", "--offline", "--base", "http://site.example/d/page.html", page)
        added = self.run_json("corpus", "add", "--from-store")
        self.assertEqual(added["skipped"], [])
        found = self.run_json("neighbours", "--seeds", self.write("s.txt", "http://other.example/\nhttp://site.example/x.html?a=2\n"), "--as-of", "2100-01-01")
        self.assertIn("http://site.example/next.html?a=1", [row["url"] for row in found["candidates"]])

    def test_wrong_use(self):
        self.assertIn(b"no corpus here", self.run_program("corpus", "stats", status=1).stderr)
        self.assertIn(b"there are: list", self.run_program("corpus", "add", "--format", "pcap", self.write("x", "y"), status=2).stderr)
        self.run_program("corpus", "add", status=2)

    def test_survives_a_kill_in_the_middle(self):
        first = self.write("first.txt", "http://first.example/\n")
        self.run_program("corpus", "add", first)
        many = self.write("many.txt", "".join(f"http://h{i % 5000}.example/p{i}.html\n" for i in range(400_000)))
        for delay in (0.05, 0.3, 0.8):
            child = subprocess.Popen([str(harness.SHIKAKE), "--home", str(self.home), "corpus", "add", str(many)],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(delay)
            child.send_signal(signal.SIGKILL)
            child.wait()
            stats = self.run_json("corpus", "stats", "--verify")
            self.assertGreaterEqual(stats["urls"], 1)
        self.run_program("corpus", "add", many)
        self.assertEqual(self.run_json("corpus", "stats", "--verify")["urls"], 400_001)


class Neighbours(harness.ProgramTest):
    def setUp(self):
        super().setUp()
        self.seeds = self.write("seeds.csv", "date,url\n2021-07-01,http://k1.test/" + KIT + "\n2021-07-02,http://k2.test/" + KIT +
                                "\n2021-07-02,http://victim.test/img/s.php?id=1\n")
        candidates = ["http://k3.test/" + KIT, "http://k4.weebly.com/" + KIT, "http://victim.test/img/t.php?id=7",
                      "http://victim.test/other/page.html", "http://innocent.test/img/s.php?id=1", "http://innocent.test/"]
        self.list = self.write("pool.csv", "date,url\n" + "".join(f"2021-07-20,{url}\n" for url in candidates))

    def test_lists_candidates_with_why(self):
        self.run_program("corpus", "add", self.list)
        found = self.run_json("neighbours", "--seeds", self.seeds, "--as-of", "2021-07-31")
        rows = {row["url"]: row for row in found["candidates"]}
        self.assertEqual(set(rows), {"http://k3.test/" + KIT, "http://k4.weebly.com/" + KIT, "http://victim.test/img/t.php?id=7"})
        kit = rows["http://k3.test/" + KIT]
        self.assertEqual((kit["rule"], kit["s2"], kit["inspected"]), ("s2", "/rms/nid/rakutenlogini.php?session", False))
        self.assertEqual(kit["seed_last_seen"][:10], "2021-07-02")
        self.assertIn("http://k1.test/" + KIT, kit["seeds"])
        self.assertEqual(rows["http://victim.test/img/t.php?id=7"]["rule"], "tk+s1")
        self.assertEqual([row["rank"] for row in found["candidates"]], [1, 2, 3])
        self.assertEqual(found["totals"]["seeds"], 3)
        self.check_schema("neighbour", found)
        person = self.run_program("neighbours", "--seeds", self.seeds, "--as-of", "2021-07-31").stdout
        self.assertIn(b"hxxp://k3[.]test/", person)

    def test_same_answer_bit_for_bit(self):
        self.run_program("corpus", "add", self.list)
        answers = {self.run_program("--json", "neighbours", "--seeds", self.seeds, "--as-of", "2021-07-31", "--seed", "4").stdout for _ in range(2)}
        self.assertEqual(len(answers), 1)

    def test_candidates_from_a_list(self):
        found = self.run_json("neighbours", "--seeds", self.seeds, "--candidates", self.list, "--as-of", "2021-07-31")
        self.assertEqual(found["totals"]["candidates"], 3)

    def test_seeds_of_later_days_are_none(self):
        found = self.run_program("neighbours", "--seeds", self.seeds, "--candidates", self.list, "--as-of", "2021-06-30", status=2)
        self.assertIn(b"no malicious URL", found.stderr)

    def test_inspections_of_what_does_not_answer_count_as_neither(self):
        plot = self.scratch / "yield.svg"
        found = self.run_json("neighbours", "--seeds", self.seeds, "--candidates", self.list, "--as-of", "2021-07-31",
                              "--inspect", "2", "--plot", plot)
        self.assertEqual(found["totals"]["inspected"], 2)
        self.assertEqual(found["totals"]["without_answer"], 2)
        self.assertEqual(found["totals"]["malicious"], 0)
        self.assertEqual(xml.etree.ElementTree.parse(plot).getroot().tag, "{http://www.w3.org/2000/svg}svg")

    def test_wrong_use(self):
        self.run_program("neighbours", "http://a.test/", status=1)  # no corpus
        self.run_program("neighbours", "--as-of", "yesterday", "http://a.test/", status=2)


class SuricataRule:
    """A rule taken apart as Suricata's documentation says (rules/intro, http-keywords, pcre), and what it would do on a
    request: Debian 12 has no Suricata to ask. Anything that the documentation doesn't have is an error."""

    BUFFERS = {"http.host", "http.uri.raw"}
    KNOWN = BUFFERS | {"msg", "flow", "content", "pcre", "metadata", "sid", "rev"}

    def __init__(self, text):
        head = re.fullmatch(r'alert http any any -> any any \(((?:[a-z.]+(?::(?:"(?:[^"\\;]|\\.)*"|[^";]*))?; ?)+)\)', text)
        assert head, text
        self.options, self.checks, buffer = {}, [], None
        for name, value in re.findall(r'([a-z.]+)(?::("(?:[^"\\;]|\\.)*"|[^";]*))?; ?', head[1]):
            assert name in self.KNOWN, name
            assert name in ("pcre", "content") or name not in self.options, f"{name} twice"
            self.options[name] = value
            if name in self.BUFFERS:
                buffer = name
            elif name == "content":
                assert buffer and re.fullmatch(r'"[A-Za-z0-9/._-]+"', value), value
                self.checks.append((buffer, re.compile(re.escape(value[1:-1]))))
            elif name == "pcre":
                expression = re.fullmatch(r'"/((?:[^/\\]|\\.)*)/"', value)  # the delimiter stands in it escaped alone
                assert buffer and expression, value
                self.checks.append((buffer, re.compile(expression[1].replace("\\/", "/"))))
        assert {"msg", "sid", "rev"} <= set(self.options), text
        assert 1_000_000 <= int(self.options["sid"]) < 2**32

    def alerts(self, url):
        host, slash, path = url.split("://", 1)[1].partition("/")
        buffers = {"http.host": host.split(":")[0].lower(), "http.uri.raw": slash + path or "/"}
        return all(check.search(buffers[buffer]) for buffer, check in self.checks)


class OnTheRange(harness.ProgramTest):
    """Real visits: a kit on many domains and on shared hosting, a broken-into shop, innocent neighbours."""

    KITS = 8
    LAIR = "/images/upd/"

    def setUp(self):
        super().setUp()
        # A scenario serves files of its own folder alone.
        exploit, program = "view.html", "player_update.exe"
        self.write(exploit, (harness.SOURCE / "demo/sites/exploit" / exploit).read_bytes())
        self.write(program, (harness.SOURCE / "demo/sites/distribution" / program).read_bytes())
        toml = ['name = "neighbourhood"', 'description = "a kit, a broken-into shop and innocent sites"']
        self.malicious, self.innocent = [], []

        def host(name, address, replies):
            toml.append(f'[[host]]\nnames = ["{name}"]\naddresses = ["{address}"]')
            for path, body in replies:
                toml.append(f'  [[host.reply]]\n  path = "{path}"\n  {body}')

        plain = 'body = "<!DOCTYPE html><title>A page</title><p>Nothing to see.</p>"'
        # Leads to an exploit page, as the kit's pages do and those put into the broken-into shop.
        self.write("landing.html", "<!DOCTYPE html><title>Sign in</title><script>document.write('<iframe width=1 height=1 "
                   "src=\"http://update.player-patch.example/view.html\"></iframe>')</script>")
        bad = 'file = "landing.html"'
        kit = "/rms/nid/rakutenlogini.html"
        names = [f"k{i}.example" for i in range(self.KITS)] + ["tenant7.weebly.com"]
        for i, name in enumerate(names):
            host(name, f"192.0.2.{10 + i}", [(kit, bad), ("/about.html", plain)])
            self.malicious.append(f"http://{name}{kit}")
            self.innocent.append(f"http://{name}/about.html")
        shop_pages = [(f"/lamps/new/p{i}.html", plain) for i in range(30)]
        lair = [(f"{self.LAIR}v{i}.html", bad) for i in range(5)]
        host("shop.example", "203.0.113.5", shop_pages + lair)
        self.malicious += [f"http://shop.example{path}" for path, _ in lair]
        self.innocent += [f"http://shop.example{path}" for path, _ in shop_pages]
        for i in range(12):
            site = f"site{i}.weebly.com" if i % 2 else f"site{i}.example"
            host(site, f"198.51.100.{10 + i}", [("/index.html", plain), ("/rms/other.html", plain)])
            self.innocent += [f"http://{site}/index.html", f"http://{site}/rms/other.html"]
        host("update.player-patch.example", "192.0.2.201", [("/view.html", f'file = "{exploit}"')])
        toml.append(f'[[host]]\nnames = ["files.patch-mirror.example"]\naddresses = ["192.0.2.200"]\n'
                    f'  [[host.reply]]\n  path = "/*"\n  file = "{program}"')
        self.scenario = self.write("scenario.toml", "\n".join(toml) + "\n")
        self.seeds = [self.malicious[0], self.malicious[1], f"http://shop.example{self.LAIR}v0.html"]

    def in_range(self, *arguments):
        done = self.run_program("range", "run", self.scenario, "--", harness.SHIKAKE, "--home", self.home,
                                *arguments, status=None)
        if done.returncode != 0 and (b"namespace" in done.stderr or b"not permitted" in done.stderr):
            self.skipTest("no network namespaces here: " + done.stderr.decode(errors="replace").strip()[-200:])
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        return done

    def test_finds_what_is_of_the_same_make_and_blocks_no_innocent(self):
        self.run_program("corpus", "add", self.write("pool.txt", "\n".join(self.malicious + self.innocent) + "\n"))
        budget = 12
        plot = self.scratch / "yield.svg"
        found = json.loads(self.in_range("--json", "neighbours", *self.seeds, "--inspect", str(budget), "--host-interval", "0", "--plot", plot).stdout)
        self.check_schema("neighbour", found)
        self.assertTrue(found["patterns"])
        self.check_schema("neighbour", found)
        inspected = [row for row in found["candidates"] if row["inspected"]]
        hits = {row["url"] for row in inspected if row["verdict"] == "malicious"}
        self.assertEqual(len(inspected), budget)
        self.assertTrue(hits <= set(self.malicious), hits - set(self.malicious))
        self.assertGreaterEqual(len(hits), 9, [(row["url"], row["verdict"]) for row in inspected])
        # Evidence leads from the seed over the structure to the visit.
        shown = json.loads(self.in_range("--json", "intel", "show", sorted(hits)[0]).stdout)
        why = json.dumps(shown)
        self.assertIn("neighbour of http", why)
        self.assertIn("convicted by visit", why)
        squid = self.in_range("export", "squid").stdout.decode()
        for line in squid.splitlines():
            self.assertNotIn("weebly.com", line.split("dstdomain")[-1] if "dstdomain" in line else "")
            for url in self.innocent:
                self.assertNotIn(url.replace(".", "\\."), line)
        self.check_patterns(found)

    def check_patterns(self, found):
        """Each as the programs that they are for take them, and none meets an innocent URL."""
        self.assertTrue(found["patterns"])
        rate = re.compile(r"# .* of \d+ other URLs meet it, false-positive rate at most [0-9.e+-]+$")
        squid = [line for use in ("alert", "audit")  # by how often they are wrong
                 for line in self.run_program("export", "squid", "--use", use).stdout.decode().splitlines()]
        lines = [line for line in squid if line.startswith("acl shikake_patterns url_regex ")]
        self.assertEqual(len(set(lines)), len({row["pattern"] for row in found["patterns"]}), squid)
        for line in lines:
            self.assertRegex(squid[squid.index(line) - 1], rate)
        expressions = [line.split(" ", 3)[3] for line in lines + [row["squid"] for row in found["patterns"]]]
        for expression in expressions:
            for url in self.innocent:
                self.assertIsNone(re.search(expression, url), expression)
        for row in found["patterns"]:
            rule = SuricataRule(row["suricata"])
            self.assertTrue(any(rule.alerts(url) for url in self.malicious), row["suricata"])
            self.assertFalse([url for url in self.innocent if rule.alerts(url)], row["suricata"])
            self.assertIn(f'false_positive_rate {row["false_positive_rate"]:.6f}', rule.options["metadata"])
        program = shutil.which("squid", path=os.environ["PATH"] + ":/usr/sbin")
        if program:
            text = "\n".join(["http_port 127.0.0.1:3128", "visible_hostname test", *squid,
                              *(row["squid"] for row in found["patterns"]), "http_access deny all", ""])
            done = subprocess.run([program, "-k", "parse", "-f", self.write("squid.conf", text)], capture_output=True, timeout=60)
            for complaint in (b"WARNING", b"ERROR", b"FATAL", b"Bungled"):
                self.assertNotIn(complaint, done.stderr)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_conviction_asks_for_a_search_and_that_for_visits(self):
        self.run_program("corpus", "add", self.write("pool.txt", "\n".join(self.malicious + self.innocent) + "\n"))
        self.in_range("inspect", *self.seeds[:2])
        done = json.loads(self.in_range("--json", "work", "--until-idle").stdout)
        self.assertGreaterEqual(done["done"], 2 + self.KITS - 1)
        for url in self.malicious[2:self.KITS]:
            shown = self.in_range("--json", "intel", "show", url).stdout
            self.assertIn(b"exploit", shown)


if __name__ == "__main__":
    harness.main()
