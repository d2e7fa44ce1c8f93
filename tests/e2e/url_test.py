"""shikake url: the command as a user meets it."""
import unittest

import harness


class UrlCommand(harness.ProgramTest):
    def test_one_url_as_json(self):
        [row] = self.run_json_lines("url", "HTTP://www.Example.co.uk:80/a/../b%7e?q=1#f")
        self.assertEqual(row["href"], "http://www.example.co.uk/b%7e?q=1#f")
        self.assertEqual(row["registrable_domain"], "example.co.uk")

    def test_defanged_input_is_understood(self):
        [row] = self.run_json_lines("url", "hxxps://evil[.]example/x")
        self.assertEqual(row["href"], "https://evil.example/x")

    def test_lines_from_stdin_answer_one_for_one(self):
        rows = self.run_json_lines("url", "-", stdin=b"http://a.example/\nhttp://[oops\n\nhttp://b.example/\n")
        self.assertEqual(len(rows), 4)
        self.assertEqual(rows[0]["href"], "http://a.example/")
        self.assertIn("error", rows[1])
        self.assertIn("error", rows[2])
        self.assertEqual(rows[3]["href"], "http://b.example/")

    def test_binary_stdin_is_answered_in_valid_json(self):
        rows = self.run_json_lines("url", "-", stdin=b"\xff\xfe\x00http://x\nhttp://\xe4\xba.example/\x1b[31m\n")
        self.assertEqual(len(rows), 2)

    def test_escapes_never_reach_the_terminal(self):
        done = self.run_program("url", "x:\x1b]0;owned\x07", "http://[\x1b[31m/", status=None)
        self.assertNotIn(b"\x1b", done.stdout + done.stderr)

    def test_no_argument_is_wrong_usage(self):
        self.run_program("url", status=2)

    def test_a_full_disk_is_not_success(self):
        with open("/dev/full", "wb") as full:
            done = harness.subprocess.run([str(harness.SHIKAKE), "url", "http://a.example/"], stdout=full,
                                          stderr=harness.subprocess.PIPE, timeout=harness.TIMEOUT_S)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"No space left", done.stderr)


if __name__ == "__main__":
    harness.main()
