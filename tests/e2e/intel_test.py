"""The store as a user meets it: feeds in, what is known, a person's word, lists out, and things going wrong."""
import csv
import io
import json
import shutil
import sqlite3
import subprocess
import time
import unittest

import harness

FEED = """value,type,role,family,confidence,description,reference
bad.attacker-owned.com,domain,c2,lantern,90,beacon,https://reports.example.org/1
http://kit.attacker-owned.net/gate.php?id=1,url,exploit,lantern,80,exploit page,https://reports.example.org/1
45.33.32.156,ip,c2,lantern,70,its address,https://reports.example.org/1
"""


class Intelligence(harness.ProgramTest):
    def import_feed(self, text=FEED, name="feed.csv"):
        return self.run_json_lines("intel", "import", "--source", "partner", self.write(name, text))

    def values(self, *arguments):
        return {row["value"]: row for row in self.run_json_lines("intel", "list", *arguments)}

    def test_a_feed_becomes_indicators_with_evidence(self):
        [report] = self.import_feed()
        self.assertEqual((report["format"], report["entries"], report["refused"]), ("csv", 3, 0))
        known = self.values()
        self.assertEqual(len(known), 3)
        row = known["bad.attacker-owned.com"]
        self.assertEqual(row["roles"], ["c2"])
        self.assertIn("https://reports.example.org/1", row["evidence"][0]["why"])

    def test_what_is_printed_is_what_its_schema_says(self):
        self.import_feed()
        self.run_program("intel", "judge", "45.33.32.156", "confirmed", "--why", "seen by us", "--analyst", "aki")
        self.check_schema("indicator", *self.values().values())
        shown = self.run_json("intel", "show", "45.33.32.156")
        self.check_schema("observation", *shown["observations"])
        for observation in shown["observations"]:
            self.check_schema(observation["kind"], observation["record"])

    def test_expire_takes_out_what_has_decayed(self):
        bundle = {"type": "bundle", "id": "bundle--1b6c2a3e-0b5f-4f55-9b7c-0d6a7f2f9e11", "objects": [
            {"type": "indicator", "spec_version": "2.1", "id": f"indicator--1b6c2a3e-0b5f-4f55-9b7c-0d6a7f2f9e1{i}",
             "created": since, "modified": since, "valid_from": since, "valid_until": "2090-01-01T00:00:00Z",
             "indicator_types": ["malicious-activity"], "pattern_type": "stix",
             "pattern": f"[domain-name:value = '{name}.attacker-owned.com']"}
            for i, (name, since) in enumerate([
                ("over", "2020-01-01T00:00:00Z"), ("still", time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime()))])]}
        self.run_program("intel", "import", self.write("bundle.json", json.dumps(bundle)))
        self.import_feed()
        before = self.run_json("intel", "stats")
        self.assertEqual((before["indicators"], before["observations"]), (5, 2))
        gone = self.run_json("intel", "expire", "--blobs", "30d")
        self.assertEqual(gone, {"indicators": 1, "evidence": 1, "blobs": 0})
        after = self.run_json("intel", "stats")
        self.assertEqual((after["indicators"], after["evidence"]), (4, before["evidence"] - 1))
        self.assertEqual(after["observations"], 2, "what was seen stays")
        self.assertNotIn("over.attacker-owned.com", self.values())
        self.assertIn(b"expired: 0 indicators", self.run_program("intel", "expire").stdout)
        self.assertIn(b"such as 30d", self.run_program("intel", "expire", "--blobs", "soon", status=2).stderr)
        self.assertIn(b"4  indicators", self.run_program("intel", "stats").stdout)

    def test_lookup_finds_what_concerns_a_url(self):
        self.import_feed()
        [answer] = self.run_json_lines("intel", "lookup", "hxxp://x.y.bad[.]attacker-owned[.]com/z")
        self.assertEqual([i["value"] for i in answer["indicators"]], ["bad.attacker-owned.com"])

    def test_show_names_the_place_in_the_evidence(self):
        self.import_feed()
        details = self.run_json("intel", "show", "bad.attacker-owned.com")
        [evidence] = details["indicator"]["evidence"]
        [observation] = details["observations"]
        entry = observation["record"]
        for part in evidence["place"].strip("/").split("/"):
            entry = entry[int(part)] if isinstance(entry, list) else entry[part]
        self.assertEqual(entry["value"], "bad.attacker-owned.com")

    def test_show_of_the_unknown_fails_and_says_so(self):
        self.import_feed()
        done = self.run_program("intel", "show", "unheard-of.org", status=1)
        self.assertIn(b"unheard-of.org", done.stderr)

    def test_a_persons_word_outlives_import_and_rejudge(self):
        self.import_feed()
        self.run_program("intel", "judge", "bad.attacker-owned.com", "false-positive", "--why", "our own sinkhole",
                         "--analyst", "aki")
        self.import_feed(FEED.replace("beacon", "beacon again"))
        self.run_program("intel", "rejudge")
        row = self.values()["bad.attacker-owned.com"]
        self.assertEqual(row["judgement"]["verdict"], "false_positive")
        self.assertEqual([u for u in row["uses"] if not u.startswith("audit")], [])
        squid = self.run_program("export", "squid").stdout
        self.assertNotIn(b"bad.attacker-owned.com", squid)

    def test_rejudge_changes_nothing_under_the_same_policy(self):
        self.import_feed()
        before = self.values()
        done = self.run_json("intel", "rejudge")
        self.assertEqual(done["evidence_before"], done["evidence_after"])
        self.assertEqual({k: v["uses"] for k, v in before.items()}, {k: v["uses"] for k, v in self.values().items()})

    def test_the_guard_has_the_last_word(self):
        guard = {"name": "Top sites", "version": 1, "description": "d", "type": "hostname",
                 "list": ["attacker-owned.com"], "matching_attributes": ["domain", "hostname", "url"]}
        self.run_program("intel", "import", self.write("list.json", json.dumps(guard)))
        self.import_feed()
        row = self.values()["bad.attacker-owned.com"]
        self.assertEqual(row["guarded_by"], "Top sites")
        self.assertFalse([u for u in row["uses"] if u.startswith("block")], row["uses"])

    def test_a_bundle_can_be_checked_without_us(self):
        self.import_feed()
        folder = self.scratch / "bundle"
        self.run_program("intel", "bundle", "bad.attacker-owned.com", folder)
        checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, timeout=60)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertGreaterEqual(len(checked.stdout.splitlines()), 3)

    def test_stix_out_and_in_and_out_is_the_same(self):
        self.import_feed()
        self.run_program("intel", "judge", "45.33.32.156", "confirmed", "--why", "seen by us", "--analyst", "aki")
        first = self.run_program("export", "stix").stdout
        bundle = self.write("bundle.json", first)
        self.home = self.scratch / "second"
        self.run_program("intel", "import", bundle)
        self.assertEqual(self.run_program("export", "stix").stdout, first)
        self.assertEqual(len(self.values()), 3)

    def test_csv_out_defuses_formulas(self):
        self.import_feed(FEED.replace("its address", "=cmd|' /C calc'!A0"))
        rows = list(csv.DictReader(io.StringIO(self.run_program("export", "csv").stdout.decode())))
        cells = [cell for row in rows for cell in row.values() if cell]
        self.assertTrue(any("cmd|" in cell for cell in cells))
        self.assertFalse([cell for cell in cells if cell[:1] in "=+@-"], cells)

    def test_escapes_in_a_feed_never_reach_the_terminal(self):
        self.import_feed(FEED.replace("beacon", "beacon \x1b[2J\x1b]0;owned\x07").replace("lantern", "\x1b[31mred"))
        for arguments in (["list"], ["show", "bad.attacker-owned.com"], ["lookup", "bad.attacker-owned.com"]):
            done = self.run_program("intel", *arguments)
            self.assertNotIn(b"\x1b", done.stdout + done.stderr)


class WrongInput(harness.ProgramTest):
    def test_commands_that_make_no_sense(self):
        self.write("x", "")
        for arguments in (["intel"], ["intel", "show"], ["intel", "import"], ["export"], ["export", "excel"],
                          ["intel", "judge", "a.com", "maybe", "--why", "x"], ["nonsense"], ["--nonsense"],
                          ["intel", "list", "--role", "king"], ["intel", "list", "--since", "soon"]):
            with self.subTest(arguments=arguments):
                if arguments[:2] == ["intel", "list"] or arguments[0] == "export":
                    self.run_program("intel", "import", self.write("one.txt", "evil.attacker-owned.com\n"))
                done = self.run_program(*arguments, status=2)
                self.assertTrue(done.stderr.strip())

    def test_files_that_are_not_feeds(self):
        rows = {"binary": bytes(range(256)) * 64, "truncated.json": b'{"type": "bundle", "objects": [{"type": "indic'}
        for name, content in rows.items():
            with self.subTest(name=name):
                done = self.run_program("intel", "import", self.write(name, content), status=1)
                self.assertIn(name.encode(), done.stderr)

    def test_no_such_file_and_no_such_store(self):
        done = self.run_program("intel", "list", status=1)
        self.assertIn(str(self.home).encode(), done.stderr)
        self.assertFalse(self.home.exists(), "a command that reads must not make a store")
        self.assertIn(b"No such file", self.run_program("intel", "import", self.scratch / "nowhere", status=1).stderr)

    def test_one_bad_line_does_not_cost_the_others(self):
        text = "good.attacker-owned.com\nnot a host at all !!\nhttp://[oops\nother.attacker-owned.com\n"
        [report] = self.run_json_lines("intel", "import", self.write("list.txt", text))
        self.assertEqual((report["entries"], report["refused"]), (2, 2))
        self.assertEqual([r["line"] for r in report["refusals"]], [2, 3])


class DamagedStore(harness.ProgramTest):
    def setUp(self):
        super().setUp()
        self.run_program("intel", "import", self.write("list.txt", "evil.attacker-owned.com\n"))
        self.database = self.home / "shikake.db"

    def test_a_newer_store_is_refused_untouched(self):
        connection = sqlite3.connect(self.database)
        connection.execute("pragma user_version = 9999")
        connection.commit()
        connection.close()
        done = self.run_program("intel", "list", status=1)
        self.assertIn(b"shikake.db", done.stderr)
        self.assertRegex(done.stderr, b"(?i)newer|later")

    def test_a_corrupted_store_is_named(self):
        for suffix in ("-wal", "-shm"):
            self.database.with_name(self.database.name + suffix).unlink(missing_ok=True)
        content = bytearray(self.database.read_bytes())
        content[0:4096] = b"\xa5" * 4096
        self.database.write_bytes(bytes(content))
        done = self.run_program("intel", "list", status=1)
        self.assertIn(b"shikake.db", done.stderr)

    def test_a_full_disk_loses_nothing_that_was_stored(self):
        """On a tmpfs of 6 MiB that a large import does not fit into."""
        if not shutil.which("unshare") or subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
            raise unittest.SkipTest("no mount namespace for a small disk here")
        many = self.write("many.txt", "".join(f"host-{i:06}.attacker-owned.com\n" for i in range(200_000)))
        script = f"""
set -e
mount -t tmpfs -o size=6m none {self.home}
{harness.SHIKAKE} --home {self.home} intel import {self.scratch}/list.txt >&2
if {harness.SHIKAKE} --home {self.home} intel import {many} >&2; then echo "it fitted"; exit 9; fi
{harness.SHIKAKE} --home {self.home} --json intel list
"""
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, timeout=harness.TIMEOUT_S)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([json.loads(line)["value"] for line in done.stdout.splitlines()], ["evil.attacker-owned.com"])
        self.assertRegex(done.stderr, rb"(?i)(disk|space).*(full|left)|full")


if __name__ == "__main__":
    harness.main()
