"""Which flow commands, which one feeds, which one is fed: decided by the movement of bytes, in a cell."""
import json
import os
import shutil
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

    def test_without_emulator_the_run_is_done_without(self):
        program = self.build("connectivity")
        self.can_run()
        replies = self.write("replies.toml", f'[[tcp]]\nport = {PORT}\nsteps = [{{ send = "x", close = true }}]\n')
        run = self.analyze(program, "--taint", "--replies", replies, "--args", str(PORT), env={"PATH": "/nonexistent"})[0]
        self.assertEqual(run["outcome"], "exited")
        self.assertTrue(any("package qemu-user" in remark for remark in run["remarks"]), run["remarks"])
        self.assertNotIn("emulator", run)


if __name__ == "__main__":
    unittest.main()
