"""Runs in a guest that was built for real: Debian's packages, brought by mmdebstrap.

A built profile is used where $SHIKAKE_GUESTS names a home folder that has one. Elsewhere SHIKAKE_PROVE=1 (./dev prove)
builds one first, which takes minutes and a source of packages.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import harness

SPECIMENS = harness.SHIKAKE.parent / "specimens"
EXPECTED = {row["name"]: row for row in
            json.loads((harness.SOURCE / "tests/specimens/expected.json").read_text())["specimens"]}
PROFILE = "office"
# What needs nothing of the machine: static and dynamic programs, scripts of what every profile has, the network.
NAMES = ("dropper", "downloader", "plain_static", "plain_dynamic", "shell_stages", "script_python", "script_perl",
         "persistence_cron", "persistence_profile", "credential_reader", "environment_probe", "beacon_https",
         "leave_setuid", "leave_mounts")
BUILD_S = 1200


class InABuiltGuest(harness.ProgramTest):
    @classmethod
    def setUpClass(cls):
        named = os.environ.get("SHIKAKE_GUESTS")
        if named:
            cls.guests = pathlib.Path(named)
            return
        if not os.environ.get("SHIKAKE_PROVE"):
            raise unittest.SkipTest("no built guest is named by SHIKAKE_GUESTS; ./dev prove builds one")
        if not shutil.which("mmdebstrap"):
            raise unittest.SkipTest("mmdebstrap is not installed")
        cls.guests = pathlib.Path(tempfile.mkdtemp(prefix="shikake-guests-"))
        cls.addClassCleanup(shutil.rmtree, cls.guests, ignore_errors=True)
        done = subprocess.run([harness.SHIKAKE, "--home", cls.guests, "guest", "build", PROFILE], capture_output=True,
                              text=True, timeout=BUILD_S)
        if done.returncode != 0:
            raise unittest.SkipTest("no guest can be built here: " + done.stderr[-500:])

    def setUp(self):
        super().setUp()
        self.home = self.guests
        self.skip_without_runs()

    def analyze(self, *arguments):
        return self.run_json("analyze", "--no-store", "--time", "60s", "--profile", PROFILE, *arguments)["runs"]

    def test_the_profile_is_listed_with_what_it_holds(self):
        [row] = [row for row in self.run_json("guest", "list")["guests"] if row["name"] == PROFILE]
        self.assertTrue(row["built"])
        self.assertGreater(row["files"], 1000)
        self.assertIn("python3-minimal", row["packages"])

    def test_specimens_show_their_traits(self):
        if not SPECIMENS.is_dir():
            self.skipTest("the specimens are not built")
        for name in NAMES:
            row = EXPECTED[name]
            with self.subTest(name):
                run = self.analyze("--env", "SHIKAKE_SPECIMEN=in-a-cell", "--user", row["user"], SPECIMENS / row["file"])[0]
                self.assertIn(run["outcome"], row["outcome"], run["outcome_detail"])
                self.assertIn(PROFILE, run["profile"])
                self.assertFalse([remark for remark in run["remarks"] if "no guest profile" in remark])
                shown = {b["kind"] for b in run["behaviours"]}
                wanted = {b["kind"] for b in row["behaviours"]}
                self.assertLessEqual(wanted, shown)
                self.assertLessEqual(shown, wanted | set(row["also"]))
                self.assertEqual((run["network"]["leaks"], run["network"]["packets_out"]), ([], 0))

    def test_programs_of_other_instruction_sets(self):
        """Static ones, and dynamic ones, whose C library is laid into the guest that has none for them; with and
        without taint."""
        for target in ("arm", "aarch64", "mips", "mipsel"):
            for name in ("plain_static", "plain_dynamic"):
                file = SPECIMENS / target / name
                if not file.exists() or not shutil.which(f"qemu-{target}"):
                    continue  # no cross compiler or emulator: foreign_test.py says so
                for more in ([], ["--taint"]):
                    with self.subTest(target=target, name=name, more=more):
                        run = self.analyze("--env", "SHIKAKE_SPECIMEN=in-a-cell", *more, file)[0]
                        self.assertIn(run["outcome"], EXPECTED[name]["outcome"], run["outcome_detail"])
                        self.assertEqual(run["emulator"], f"qemu-{target}")
                        self.assertIn(PROFILE, run["profile"])
                        self.assertEqual({b["kind"] for b in run["behaviours"]},
                                         {b["kind"] for b in EXPECTED[name]["behaviours"]})

    def test_the_guest_is_its_own_machine(self):
        """Its files are root's, its packages Debian's, and nothing of this machine's is in it."""
        folder = self.scratch / "out"
        script = self.write("look.sh", "#!/bin/sh\n"
                            "stat -c '%U %n' / /usr/bin/sh /etc/passwd\n. /etc/os-release; echo $ID\n"
                            "hostname 2>/dev/null || cat /etc/hostname\nls -A /usr/local/bin | wc -l\n"
                            "dpkg-query -f '${Package}\\n' -W procps\n")
        [run] = self.analyze("--out", folder, script)
        [said] = [path for path in folder.glob("*/bodies/*") if path.name.startswith(run["output"])]
        self.assertEqual(said.read_text().split(), ["root", "/", "root", "/usr/bin/sh", "root", "/etc/passwd", "debian",
                                                    "kontor-pc3", "0", "procps"])


if __name__ == "__main__":
    harness.main()
