"""Table look-ups by received bytes, and the choice not to follow them: a second server whose port comes out of a table is
known by the first one's bytes with it, and is not without; one that is named plainly is known both ways.

    tables_test.py RUNNER
"""
import os
import shutil
import sys
import unittest

import score

RUNNER = ""


class Tables(unittest.TestCase):
    # specimen, options of the runner, parents
    ROWS = [("second-named-base64-table", [], {1: 0}),
            ("second-named-base64-table", ["--no-tables"], {}),
            ("second-named-plain", ["--no-tables"], {1: 0})]

    def test_rows(self):
        specimens = {s.name: s for s in score.specimens()}
        for architecture in ("x86_64", "arm", "mips"):
            if not shutil.which(score.ARCHITECTURES[architecture][0]) or not shutil.which(f"qemu-{architecture}"):
                print(f"skipped: no compiler or emulator for {architecture}", file=sys.stderr)
                continue
            for name, options, parents in self.ROWS:
                with self.subTest(architecture=architecture, specimen=name, options=options):
                    found = score.run(specimens[name], architecture, "gcc", 2, False, RUNNER, options)
                    self.assertEqual(found.get("parents"), parents, found)


if __name__ == "__main__":
    RUNNER = os.path.abspath(sys.argv.pop(1))
    unittest.main()
