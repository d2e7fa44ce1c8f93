"""shikake audit as a user meets it: findings with their why, and logs as bad as they come."""
import gzip
import json
import unittest

import harness

FEED = """value,type,role,family,confidence,description
c2.attacker-owned.com,domain,c2,lantern,90,command server
http://kit.attacker-owned.net/drop/a.exe,url,distribution,lantern,90,the program
"""


def squid(time, client, url, code="TCP_MISS/200", size=1000):
    return f"{time}.000    120 {client} {code} {size} GET {url} - HIER_DIRECT/45.33.32.156 text/html\n"


class Audit(harness.ProgramTest):
    def setUp(self):
        super().setUp()
        self.run_program("intel", "import", "--source", "partner", self.write("feed.csv", FEED))

    def audit(self, *logs, status=0, stdin=b"", arguments=()):
        done = self.run_program("--json", "audit", *arguments, *logs, status=status, stdin=stdin)
        findings = [json.loads(line) for line in done.stdout.splitlines()]
        if findings:
            self.check_schema("finding", *findings)
        return {row["client"]: row for row in findings}, done.stderr

    def test_stages_and_evidence(self):
        log = self.write("access.log", "".join([
            squid(1773101046, "10.0.0.1", "http://ordinary.example.org/"),
            squid(1773101047, "10.0.0.2", "http://kit.attacker-owned.net/drop/a.exe"),
            squid(1773101048, "10.0.0.3", "http://beacon.c2.attacker-owned.com/ping"),
            squid(1773101049, "10.0.0.4", "http://c2.attacker-owned.com/ping", code="TCP_DENIED/403"),
        ]))
        findings, _ = self.audit(log)
        self.assertEqual({c: f["stage"] for c, f in findings.items() if c != "10.0.0.4"},
                         {"10.0.0.2": "fetched", "10.0.0.3": "infected"})
        self.assertNotEqual(findings["10.0.0.4"]["stage"], "infected")
        event = findings["10.0.0.3"]["events"][0]
        self.assertEqual((event["line"], event["indicator"]), (3, "c2.attacker-owned.com"))
        self.assertIn("command server", event["evidence"])
        for finding in findings.values():
            self.assertEqual(finding["score"], sum(int(r.split(" ", 1)[0]) for r in finding["reasons"]), finding)

    def test_standard_input_packed_or_not(self):
        line = squid(1773101048, "10.0.0.3", "http://c2.attacker-owned.com/ping").encode()
        for name, content in (("plain", line), ("gzip", gzip.compress(line))):
            with self.subTest(name=name):
                findings, _ = self.audit("-", stdin=content)
                self.assertEqual(list(findings), ["10.0.0.3"])

    def test_nothing_hides_a_line(self):
        bad = squid(1773101048, "10.0.0.9", "http://c2.attacker-owned.com/x").encode()
        rows = {
            "raw_ff": bad.replace(b"/x", b"/\xff\xfe"),
            "nul": bad.replace(b"/x", b"/\0x"),
            "cut_off": bad[: bad.index(b"/x")],
            "ten_megabytes": bad.replace(b"/x", b"/" + b"A" * 10_000_000),
            "lone_surrogate": b'{"ts":1.5,"uid":"C\\ud800","id.orig_h":"10.0.0.9","id.orig_p":1,"id.resp_h":"8.8.8.8",'
                              b'"id.resp_p":53,"proto":"udp","query":"c2.attacker-owned.com","qtype_name":"A","rcode_name":"NOERROR"}\n',
            "among_other_formats": b'127.0.0.1 - - [10/Oct/2025:13:55:36 -0700] "GET / HTTP/1.0" 200 5\n' + bad + b"gibberish\n",
        }
        for name, content in rows.items():
            with self.subTest(name=name):
                findings, _ = self.audit(self.write(name + ".log", content))
                self.assertIn("10.0.0.9", findings)

    def test_damaged_files_keep_what_was_found(self):
        lines = squid(1773101048, "10.0.0.3", "http://c2.attacker-owned.com/ping") + "".join(
            squid(1773101050 + i, "10.0.0.1", f"http://ordinary.example.org/{i * 7919}") for i in range(20000))
        packed = gzip.compress(lines.encode())
        findings, stderr = self.audit(self.write("cut.log.gz", packed[: len(packed) // 2]), status=1)
        self.assertEqual(list(findings), ["10.0.0.3"])
        self.assertIn(b"cut.log.gz", stderr)

    def test_a_bomb_costs_no_memory_and_stops_where_told(self):
        bomb = gzip.compress(b"\0" * 50_000_000)
        _, stderr = self.audit(self.write("bomb.gz", bomb), status=1, arguments=("--max-unpacked", "1MB"))
        self.assertIn(b"bomb.gz", stderr)

    def test_logs_that_are_none(self):
        self.run_program("audit", self.scratch / "nowhere.log", status=1)
        self.run_program("audit", self.scratch, status=1)
        findings, _ = self.audit(self.write("empty.log", b""))
        self.assertEqual(findings, {})
        findings, _ = self.audit(self.write("binary.log", bytes(range(256)) * 1000), status=None)
        self.assertEqual(findings, {})
        self.run_program("audit", "--format", "clay-tablet", self.write("x.log", "x\n"), status=2)
        self.run_program("audit", status=2)

    def test_escapes_in_a_log_never_reach_the_terminal(self):
        log = self.write("access.log", squid(1, "10.0.0.3\x1b[2J", "http://c2.attacker-owned.com/\x1b]0;x\x07"))
        done = self.run_program("audit", log)
        self.assertNotIn(b"\x1b", done.stdout + done.stderr)
        self.assertIn(b"c2[.]attacker-owned[.]com", done.stdout)

    def test_real_zeek_logs_say_the_same_in_both_forms(self):
        tsv, packed = harness.shared_data("zeek/zeek-default"), harness.shared_data("zeek/zeek-json")
        with gzip.open(packed / "dns.json.gz") as dns:
            names = sorted({row["query"] for row in map(json.loads, dns)
                            if row.get("rcode_name") == "NOERROR" and row.get("query", "").count(".") == 2})
        self.run_program("intel", "import", "--role", "c2", self.write("more.txt", "\n".join(names[:5]) + "\n"))
        findings = []
        for folder in (tsv, packed):
            found, _ = self.audit(*sorted(folder.glob("*.gz")))
            findings.append({c: (f["stage"], f["score"], f["event_count"]) for c, f in found.items()})
        self.assertTrue(findings[0])
        self.assertEqual(findings[0], findings[1])


if __name__ == "__main__":
    harness.main()
