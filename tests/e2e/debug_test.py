"""The debugger as a user meets it: a script's lines, dumps and stops in the record of a run."""
import unittest

import harness

SPECIMENS = harness.SHIKAKE.parent / "specimens"
MARK = ["--env", "SHIKAKE_SPECIMEN=in-a-cell"]


class DebugTest(harness.ProgramTest):
    def setUp(self):
        super().setUp()
        if not SPECIMENS.is_dir():
            self.skipTest("the specimens are not built")
        self.skip_without_runs()

    def analyze(self, specimen, script, *options, status=0):
        file = self.write("script.toml", script)
        done = self.run_program("--json", "analyze", "--no-store", "--time", "60s", "--debug", file, *MARK, *options,
                                SPECIMENS / specimen, status=status)
        return done

    def record(self, *arguments):
        return harness.json.loads(self.analyze(*arguments).stdout)["runs"][0]

    def test_lines_of_a_script_are_in_the_record(self):
        run = self.record("packed", '[[trace]]\nfunctions = ["getenv", "mprotect"]\n'
                                    '[[break]]\nat = "main"\nlog = ["value arg1"]\n')
        lines = [note["text"] for note in run["notes"]]
        self.assertEqual(run["outcome"], "exited")
        self.assertIn("program!main: arg1 = 0x1", lines)
        self.assertTrue(any(line.startswith('getenv("SHIKAKE_SPECIMEN") = "in-a-cell" from program!main') for line in lines))
        self.assertTrue(any(line.startswith("mprotect(") and " = 0 from program!main" in line for line in lines), lines)

    def test_the_debugger_is_not_seen(self):
        """The specimen looks at the first bytes of its own function."""
        run = self.record("debugger_detector", '[[break]]\nat = "watched"\nlog = ["value arg1"]\n')
        self.assertIn("program!watched: arg1 = 0x1", [note["text"] for note in run["notes"]])
        self.assertFalse([remark for remark in run["remarks"] if "where it can see them" in remark])

    def test_what_is_dumped_is_kept(self):
        folder = self.scratch / "out"
        run = self.record("packed", '[[call]]\nname = "mprotect"\nwhen = "after"\ndump = ["arg1 0x80"]\n', "--out", folder)
        kept = b"".join(path.read_bytes() for path in folder.glob("*/bodies/*"))
        self.assertIn(b"http://unpacked.example/second-stage", kept)
        whys = [dump["why"] for dump in run["dumps"]]
        self.assertTrue(any(why.startswith("dump arg1 0x80: after mprotect") for why in whys), whys)

    def test_results_are_what_the_script_says(self):
        run = self.record("plain_dynamic", '[[break]]\nat = "getenv"\nresult = 0\n')
        self.assertEqual(run["outcome_detail"], "exited 77")  # it believes that it is in no cell

    def test_a_stop_ends_the_run(self):
        run = self.record("plain_dynamic", '[[break]]\nat = "main"\nstop = true\n')
        self.assertEqual(run["outcome"], "stopped")
        self.assertIn("script", run["outcome_detail"])
        self.assertEqual(run["files"], [])

    def test_a_wrong_script_is_refused_before_anything_runs(self):
        done = self.analyze("plain_dynamic", '[[break]]\nat = "main"\nlgo = []\n', status=1)
        self.assertIn("line 3", done.stderr.decode())
        self.assertIn('"lgo" is no key', done.stderr.decode())


if __name__ == "__main__":
    harness.main()
