"""Programs of other instruction sets: the same specimens, cross-built, show the same behaviours in an emulator."""
import json
import os
import struct
import unittest

import analyze_test
from analyze_test import EXPECTED, MARK, SPECIMENS

TARGETS = ("arm", "aarch64", "mips", "mipsel")
NAMES = ("dropper", "downloader", "self_delete", "memfd_exec", "daemon", "threads", "sleeper", "debugger_detector",
         "beacon_http", "masquerade", "credential_reader", "exec_chain", "persistence_cron", "plain_static",
         "plain_dynamic")
# ELF machine numbers (https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html).
ARM, ITANIUM = 40, 50


def elf(machine, bits=1):
    """An ELF header of an executable with one segment that holds it."""
    header = struct.pack("<16sHHIIIIIHHHHHH", b"\x7fELF" + bytes([bits, 1, 1]), 2, machine, 1, 0x10054, 52, 0, 0, 52, 32,
                         1, 0, 0, 0)
    return header + struct.pack("<IIIIIIII", 1, 0, 0x10000, 0x10000, 128, 128, 5, 0x1000) + bytes(44)


class ForeignTest(analyze_test.AnalyzeTest):
    check = analyze_test.Specimens.check
    check_more = analyze_test.Specimens.check_more

    def specimen(self, target, name):
        if not (SPECIMENS / target / name).exists():
            self.skipTest(f"no cross compiler for {target}")
        if not any(os.access(f"{folder}/qemu-{target}", os.X_OK) for folder in os.environ["PATH"].split(":")):
            self.skipTest("qemu-user is not installed")
        return f"{target}/{name}"


class Specimens(ForeignTest):
    """Each shows all that expected.json says of the machine's own build, and nothing besides."""


def add_specimens():
    rows = {row["name"]: row for row in EXPECTED}
    for target in TARGETS:
        for name in NAMES:
            def test(self, target=target, name=name):
                self.can_run()
                row = dict(rows[name], file=self.specimen(target, name))
                row.pop("needs", None)
                if name == "debugger_detector":
                    row.pop("stdout")  # the emulator has no ptrace, and the program can tell
                self.check(row)
            test.__doc__ = f"{name} for {target}: {rows[name]['trait']}"
            setattr(Specimens, f"test_{target}_{name}", test)


add_specimens()


class Emulated(ForeignTest):
    def test_programs_are_named_as_they_are(self):
        """Nothing in the record is the emulator's: processes, arguments, files and proofs are the guest's."""
        self.can_run()
        run = self.analyze(SPECIMENS / self.specimen("mips", "exec_chain"), *MARK)[0]
        self.assertEqual(run["emulator"], "qemu-mips")
        self.check_schema("run", run)
        processes = [(p["exe"], p["argv"]) for p in run["processes"]]
        self.assertTrue(processes[-1][0].endswith("/dash") or processes[-1][0].endswith("/sh"), processes)
        self.assertEqual(processes[-1][1], ["sh", "-c", "echo chained > /tmp/chain"])
        rest = {key: value for key, value in run.items() if key not in ("emulator", "profile", "remarks", "sample")}
        self.assertNotIn("qemu", json.dumps(rest))
        self.assertNotIn("binfmt", json.dumps(rest))

    def test_what_the_emulator_answers_is_seen(self):
        """ptrace never reaches the kernel from a guest: the plugin tells of it."""
        self.can_run()
        run = self.analyze(SPECIMENS / self.specimen("mips", "debugger_detector"), *MARK)[0]
        proofs = [b["proof"] for b in run["behaviours"] if b["object"] == "PTRACE_TRACEME"]
        self.assertEqual(len(proofs), 1, run["behaviours"])
        self.assertIn("ENOSYS", proofs[0])
        self.assertTrue(any(remark.startswith("ptrace was answered by the emulator") for remark in run["remarks"]))

    def test_faults_are_said_to_be_doubtful(self):
        self.can_run()
        self.specimen("arm", "plain_static")
        run = self.analyze(self.write("fault", elf(ARM)))[0]  # its first word is no instruction of a program
        self.assertEqual(run["outcome"], "killed", run["outcome_detail"])
        self.assertTrue(any("in an emulator alone" in remark for remark in run["remarks"]), run["remarks"])

    def test_an_instruction_set_without_emulator_is_refused(self):
        run = self.analyze(self.write("itanium", elf(ITANIUM)))[0]
        self.assertEqual(run["outcome"], "refused")
        self.assertIn("an ELF file for", run["outcome_detail"])

    def test_a_missing_emulator_names_its_package(self):
        run = self.analyze(self.write("arm", elf(ARM)), env={"PATH": "/nonexistent"})[0]
        self.assertEqual(run["outcome"], "refused")
        self.assertIn("package qemu-user", run["outcome_detail"])


if __name__ == "__main__":
    unittest.main()
