"""Nothing that a hostile program tries leads out of its cell: each road is tried, with something planted at its end."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import unittest

import harness

SPECIMENS = harness.SHIKAKE.parent / "specimens"
MARK = ["--env", "SHIKAKE_SPECIMEN=in-a-cell"]
DONE = ": done"


def own_address():
    """An address of this machine that is not loopback; None where it has none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            address = probe.getsockname()[0]
        except OSError:
            return None
    return None if address.startswith("127.") else address


class ContainmentTest(harness.ProgramTest):
    def setUp(self):
        super().setUp()
        if not SPECIMENS.is_dir():
            self.skipTest("the specimens are not built")
        self.skip_without_runs()

    def run_specimen(self, name, user, *options, may_be_silent=False):
        """The record, and what the specimen printed: what says nothing tried nothing."""
        folder = self.scratch / f"out-{name}-{user}"
        shutil.rmtree(folder, ignore_errors=True)
        done = self.run_program("--json", "analyze", "--no-store", "--time", "60s", *MARK, "--user", user, "--out", folder,
                                *options, SPECIMENS / name)
        run = json.loads(done.stdout)["runs"][0]
        if "output" not in run:
            self.assertTrue(may_be_silent, f"{name} said nothing: {run['outcome']}, {run['outcome_detail']}")
            return run, ""
        text = self.body(folder, run["output"]).decode("utf-8", "replace")
        self.assertTrue(text, "its output was not kept")
        return run, text

    @staticmethod
    def body(folder, digest):
        found = [path for path in folder.glob("*/bodies/*") if path.name.startswith(digest)]
        return found[0].read_bytes() if found else b""

    def tries(self, text):
        lines = [line for line in text.splitlines() if line.startswith("try ")]
        self.assertTrue(lines, text)
        return lines

    def assert_all_refused(self, name, but=()):
        for user in ("root", "user"):
            with self.subTest(name, user=user):
                run, text = self.run_specimen(name, user)
                self.assertEqual(run["outcome"], "exited", run["outcome_detail"])
                done = [line for line in self.tries(text) if line.endswith(DONE)]
                self.assertEqual([line for line in done if not any(part in line for part in but)], [])

    def test_mounts(self):
        before = pathlib.Path("/proc/self/mountinfo").read_text()
        self.assert_all_refused("leave_mounts", but=("chroot",))
        self.assertEqual(pathlib.Path("/proc/self/mountinfo").read_text(), before)

    def test_other_processes_roots(self):
        canary = self.write("canary", "of the host\n")
        for user in ("root", "user"):
            _, text = self.run_specimen("leave_proc_root", user, "--env", f"SHIKAKE_CANARY={canary}")
            lines = self.tries(text)
            self.assertEqual(len([line for line in lines if line.startswith("try canary")]), 4)
            reached = [line for line in lines if line.endswith(DONE)]
            for forbidden in ("canary", "kcore", "kmsg", "sysrq"):
                self.assertFalse([line for line in reached if forbidden in line], reached)

    def test_tracing_whoever_watches(self):
        # A guest's root may trace processes of its own cell, as far as that is emulated: nobody outside.
        self.assert_all_refused("leave_ptrace", but=("ptrace attach", "ptrace seize"))

    def test_user_ids(self):
        run, text = self.run_specimen("leave_setuid", "user")
        self.assertEqual(run["outcome"], "exited")
        tried = self.tries(text)
        for call in ("setuid", "setresuid", "setgid", "chown"):
            self.assertTrue(any(line.startswith(f"try {call}") for line in tried), tried)
        for line in tried:
            if line.startswith(("try setuid", "try setresuid", "try setgid", "try chown")):
                self.assertFalse(line.endswith(DONE), line)
        self.assertNotIn("copy runs as 0", text)

    def test_devices(self):
        self.assert_all_refused("leave_devices")

    def test_keyrings(self):
        self.assert_all_refused("leave_keyrings")

    def test_namespaces(self):
        self.assert_all_refused("leave_user_namespace", but=("open /proc/1/ns/mnt",))

    def test_abstract_sockets(self):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("\0shikake-outside")
            listener.listen()
            self.assert_all_refused("leave_abstract_socket")
            listener.setblocking(False)
            self.assertRaises(BlockingIOError, listener.accept)

    def test_netlink_shows_the_cell_alone(self):
        for user in ("root", "user"):
            _, text = self.run_specimen("leave_netlink", user)
            devices = {line.split()[1] for line in text.splitlines() if line.startswith("device ")}
            self.assertEqual(devices, {"lo", "eth0"}, text)

    def test_the_host_and_its_neighbours(self):
        address = own_address()
        with socket.socket() as listener:
            listener.bind(("0.0.0.0", 0))
            listener.listen()
            port = listener.getsockname()[1]
            options = ["--env", f"SHIKAKE_PORT={port}"]
            if address:
                options += ["--env", f"SHIKAKE_ADDRESS={address}"]
            run, text = self.run_specimen("leave_loopback", "user", *options)
            listener.setblocking(False)
            self.assertRaises(BlockingIOError, listener.accept)
        self.assertIn(f"try 127.0.0.1:{port}: refused", text)
        self.assertEqual(run["network"]["packets_out"], 0)

    def test_killing(self):
        with subprocess.Popen(["/bin/sleep", "100"]) as bystander:
            for user in ("root", "user"):
                run, text = self.run_specimen("kill_everything", user)
                self.assertEqual((run["outcome"], run["outcome_detail"]), ("exited", "exited 0"))
                self.assertRegex(text, r"^signalled \d+\n$")
                self.assertIn("killing_spree", {b["kind"] for b in run["behaviours"]})
            self.assertIsNone(bystander.poll())
            bystander.kill()

    SHOWS = {"disk_filler": "disk_filling", "memory_hog": "memory_exhaustion", "fork_bomb": "fork_bomb",
             "log_flooder": "log_flood"}

    def test_disk_memory_processes_and_output_are_bounded(self):
        free = shutil.disk_usage(self.scratch).free
        for name in ("disk_filler", "memory_hog", "fork_bomb", "log_flooder"):
            with self.subTest(name):
                # One that is ended in the middle may have had no time for a word.
                run, text = self.run_specimen(name, "user", may_be_silent=True)
                self.assertIn(run["outcome"], ("exited", "killed", "limits", "timed_out"), run["outcome_detail"])
                self.assertIn(self.SHOWS[name], {b["kind"] for b in run["behaviours"]})
                self.assertNotIn("took 4 GiB", text)
                self.assertNotIn("wrote 8 GiB", text)
                if name == "fork_bomb" and text.startswith("started "):
                    self.assertLess(int(text.split()[1]), 2000)
                folder = self.scratch / f"out-{name}-user"
                kept = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
                self.assertLess(kept, 600 << 20)
                shutil.rmtree(folder)
        # Others write to this disk too; eight gigabytes would show.
        self.assertLess(free - shutil.disk_usage(self.scratch).free, 4 << 30)


if __name__ == "__main__":
    harness.main()
