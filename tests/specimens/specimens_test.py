#!/usr/bin/env python3
"""Specimens are harmless by themselves, say what they are, and stand in expected.json.

usage: specimens_test.py SOURCE_DIR SPECIMENS_DIR
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(sys.argv[1])
BUILT = pathlib.Path(sys.argv[2]).resolve()
FOLDER = SOURCE / "tests/specimens"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))["specimens"]
REFUSED = 77
TOUCH_NOTHING = {"packed.c"}  # but its own memory and output
PROGRAM_OF = {".sh": "sh", ".py": "python3", ".pl": "perl"}


def behaviour_techniques():
    table = (SOURCE / "src/intel/behaviour.cpp").read_text(encoding="utf-8")
    return dict(re.findall(r'\{K::\w+,\s*"(\w+)",\s*"(T[\d.]+)"', table))


class Specimens(unittest.TestCase):
    def test_there_are_at_least_thirty(self):
        self.assertGreaterEqual(len(EXPECTED), 30)
        self.assertEqual(len({row["name"] for row in EXPECTED}), len(EXPECTED))

    def test_each_source_says_trait_report_and_why_it_is_harmless(self):
        for path in sorted(FOLDER.iterdir()):
            if path.suffix not in {".c", ".sh", ".py", ".pl"} or path.name == "specimens_test.py":
                continue
            head = path.read_text(encoding="utf-8")[:1500]
            for word in ("Trait: ", "Reported: ", "Harmless: "):
                self.assertIn(word, head, path.name)

    def test_expected_kinds_and_techniques_are_those_of_the_table(self):
        techniques = behaviour_techniques()
        self.assertGreater(len(techniques), 70)
        for row in EXPECTED:
            for behaviour in row["behaviours"]:
                self.assertEqual(techniques.get(behaviour["kind"]), behaviour["technique"], row["name"])
            for kind in row["also"]:
                self.assertIn(kind, techniques, row["name"])

    def test_everything_that_is_built_is_expected(self):
        built = {path.name for path in BUILT.iterdir() if path.is_file()}
        rows = {row["file"] for row in EXPECTED if "needs" not in row or row["file"] in built}
        self.assertEqual(built, rows)

    def test_outside_a_cell_each_does_nothing(self):
        for row in EXPECTED:
            path = BUILT / row["file"]
            if not path.exists():
                self.assertIn("needs", row)
                print(f"skipped: {row['name']} needs {row['needs']}", file=sys.stderr)
                continue
            with self.subTest(row["name"]), tempfile.TemporaryDirectory() as folder:
                environment = {"PATH": os.environ["PATH"], "HOME": folder}
                before = path.stat()
                run = subprocess.run([path], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                     capture_output=True, timeout=20, check=False)
                self.assertIn(run.returncode, (REFUSED, 1) if path.suffix in {".py"} else (REFUSED,))
                self.assertIn(b"specimen", run.stderr)
                self.assertEqual(list(pathlib.Path(folder).iterdir()), [])
                self.assertEqual(path.stat().st_mtime_ns, before.st_mtime_ns)

    def test_all_but_those_that_touch_nothing_look_whether_they_are_in_a_cell(self):
        for path in sorted(FOLDER.glob("*.c")):
            gate = "specimen_wanted();" if path.name in TOUCH_NOTHING else "specimen_in_cell();"
            main = path.read_text(encoding="utf-8").split("int main(", 1)[1].split("\n", 2)[1]
            self.assertEqual(main.strip(), gate, path.name)

    def test_the_word_alone_does_not_start_them(self):
        """Told to, on a machine that is no cell; those that attack theirs are not even tried."""
        for row in EXPECTED:
            path = BUILT / row["file"]
            if row["hostile"] or not path.exists() or row["name"] == "packed":
                continue
            with self.subTest(row["name"]), tempfile.TemporaryDirectory() as folder:
                run = subprocess.run([path], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False,
                                     env={"PATH": os.environ["PATH"], "HOME": folder, "SHIKAKE_SPECIMEN": "in-a-cell"})
                self.assertNotEqual(run.returncode, 0)
                self.assertIn(b"specimen", run.stderr)
                self.assertEqual(list(pathlib.Path(folder).iterdir()), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
