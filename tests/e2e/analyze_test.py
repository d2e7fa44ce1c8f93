"""The sandbox as a user meets it: every specimen's behaviours, hostile ones survived, bad input, nothing left behind."""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import time
import unittest

import harness

SPECIMENS = harness.SHIKAKE.parent / "specimens"
EXPECTED = json.loads((harness.SOURCE / "tests/specimens/expected.json").read_text())["specimens"]
MARK = ["--env", "SHIKAKE_SPECIMEN=in-a-cell"]
# What the run is given; the clock skips what a specimen sleeps.
TIME = "60s"


def processes_of_runs():
    """Supervisors, gateways, and whatever lives in a process, mount or network namespace that is not ours."""
    kinds = ("pid", "mnt", "net")
    own = [os.readlink(f"/proc/self/ns/{kind}") for kind in kinds]
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            name = (entry / "comm").read_text().strip()
            inside = [os.readlink(entry / "ns" / kind) for kind in kinds] != own
        except OSError:
            continue
        if inside or name.startswith(("shikake-superv", "shikake-gateway", "shikake-triage")):
            found[int(entry.name)] = name
    return found


def children_of(parent, name):
    """The processes of that name (as the kernel cuts it) that `parent` started."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status = (entry / "status").read_text()
            except OSError:
                continue
            if f"\nPPid:\t{parent}\n" in status and status.startswith(f"Name:\t{name}"):
                found.append(int(entry.name))
    return found


def ended(pid, patience=30):
    """Whether it is gone or waits to be reaped."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state in "ZX":
            return True
        time.sleep(0.02)
    return False


def cgroups():
    found = set()
    for root in pathlib.Path("/sys/fs/cgroup").glob("*"):
        found.update(str(path) for path in root.rglob("*shikake*") if path.is_dir())
    return found


def traces():
    """What a run may leave on the machine: processes, mounts, named network namespaces, control groups."""
    # A mount namespace goes with its last process, which would be among those; unless it is pinned by a mount here.
    mounts = {line.split()[4] for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()}
    netns = set(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else set()
    return processes_of_runs(), mounts, netns, cgroups()


class AnalyzeTest(harness.ProgramTest):
    def setUp(self):
        super().setUp()
        self.before = traces()
        self.token = f"SHIKAKE_TEST_RUN={self.scratch.name}"  # in the environment of all that our runs start

    def analyze(self, file, *options, status=0, lasting=TIME, **more):
        done = self.run_program("--json", "analyze", "--no-store", "--time", lasting, "--env", self.token, *options, file,
                                status=status, **more)
        if status != 0:
            return done
        return json.loads(done.stdout)["runs"]

    def can_run(self):
        self.skip_without_runs()

    def assert_nothing_left(self, patience=10):
        """Ends of processes take a moment to be seen; others' runs may go on meanwhile."""
        end = time.monotonic() + patience
        while True:
            processes, mounts, netns, groups = traces()
            new = {pid: name for pid, name in processes.items() if pid not in self.before[0] and self.is_ours(pid)}
            left = (new, mounts - self.before[1], netns - self.before[2], {g for g in groups - self.before[3] if self.own_group(g)})
            if not any(left):
                return
            if time.monotonic() > end:
                self.fail(f"left behind: {left}")
            time.sleep(0.1)

    def is_ours(self, pid):
        """Processes of this test's program alone: other tests may run beside us."""
        try:
            executable = os.readlink(f"/proc/{pid}/exe")
            environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            return False
        return executable.startswith(str(harness.SHIKAKE.parent)) or self.token.encode() in environment

    @staticmethod
    def own_group(group):
        """One that nobody is in: others' runs have theirs, and take them away at any moment."""
        try:
            return not (pathlib.Path(group) / "cgroup.procs").read_text()
        except OSError:
            return False


class Specimens(AnalyzeTest):
    """Each good one shows all that expected.json says and nothing besides; each hostile one is survived."""

    @classmethod
    def setUpClass(cls):
        if not SPECIMENS.is_dir():
            raise unittest.SkipTest("the specimens are not built")

    def check(self, row):
        file = SPECIMENS / row["file"]
        if row.get("needs") and not file.exists():
            self.skipTest(f"{row['needs']} is not installed")
        options = [*MARK, "--user", row["user"]]
        runs = self.analyze(file, *options)
        run = runs[0]
        if run["outcome"] == "refused" and row.get("interpreter"):
            self.skipTest(f"the guest has no {row['interpreter']}: {run['outcome_detail']}")
        self.maxDiff = None
        self.assertIn(run["outcome"], row["outcome"], run["outcome_detail"])
        self.assertEqual(run["network"]["leaks"], [])
        self.assertEqual(run["network"]["packets_out"], 0)
        shown = {(b["kind"], b["technique"]) for b in run["behaviours"]}
        for behaviour in row["behaviours"]:
            self.assertIn((behaviour["kind"], behaviour["technique"]), shown)
            wanted = behaviour.get("object")
            if wanted:
                objects = [b["object"] for b in run["behaviours"] if b["kind"] == behaviour["kind"]]
                self.assertTrue(any(wanted in one for one in objects), f"{wanted} not in {objects}")
        allowed = {b["kind"] for b in row["behaviours"]} | set(row["also"])
        others = {b["kind"]: (b["object"], b["proof"]) for b in run["behaviours"] if b["kind"] not in allowed}
        self.assertEqual(others, {})
        for flow in row["flows"]:
            found = [f for f in run["flows"] if f["protocol"] == flow["protocol"] and f.get("host") == flow["host"]
                     and f["remote"].endswith(f":{flow['port']}")]
            self.assertGreaterEqual(len(found), flow["count"], run["flows"])
            self.assertTrue(all("process" in f for f in found), found)
        for wanted in row["files"]:
            self.assertTrue(any(f["path"].endswith(wanted["path"]) and f["action"] == wanted["action"]
                                for f in run["files"]), (wanted, run["files"]))
        self.check_more(row, runs)
        self.assert_nothing_left()

    def check_more(self, row, runs):
        run = runs[0]
        if "threads" in row:
            self.assertGreaterEqual(run["processes"][0]["threads"], row["threads"])
        if "skipped_seconds" in row:
            self.assertGreaterEqual(run["skipped_us"], row["skipped_seconds"] * 1_000_000)
        for path in row.get("children", []):
            found = [child for child in run["children"] if child["name"].endswith(path)]
            self.assertTrue(found, run["children"])
            # A copy of the sample is named, and not run twice.
            self.assertTrue({child["sha256"] for child in found} <= {one["sample"]["sha256"] for one in runs})
        if "dns_suffix" in row:
            self.assertTrue(any(q["name"].endswith(row["dns_suffix"]) for q in run["dns"]), run["dns"][:5])
        if "stdout" in row or "dumps" in row:
            folder = self.scratch / "out"
            self.analyze(SPECIMENS / row["file"], *MARK, "--user", row["user"], "--out", folder)
            bodies = b"".join(path.read_bytes() for path in folder.glob("*/bodies/*"))
            for text in [row["stdout"]] if "stdout" in row else row["dumps"]:
                self.assertIn(text.encode(), bodies)


def add_specimens():
    for row in EXPECTED:
        def test(self, row=row):
            self.can_run()
            self.check(row)
        test.__doc__ = f"{row['name']}: {row['trait']}"
        setattr(Specimens, f"test_{row['name']}", test)


add_specimens()


class Output(AnalyzeTest):
    def test_everything_at_once(self):
        self.can_run()
        specimen = SPECIMENS / "shell_stages.sh"
        if not specimen.exists():
            self.skipTest("the specimens are not built")
        folder = self.scratch / "out"
        done = self.run_program("analyze", *MARK, "--out", folder, specimen)
        text = done.stdout.decode()
        self.assertIn("runs a program that it wrote: /tmp/stage2.sh", text)
        self.assertLess(text.index("grave"), text.index("processes"))
        # Two files were analysed: the specimen and what it dropped.
        runs = sorted(folder.glob("*/run.json"))
        self.assertEqual(len(runs), 2)
        self.check_schema("run", *(json.loads(path.read_text()) for path in runs))
        for path in runs:
            page = path.with_name("report.html").read_text()
            self.assertNotIn("<script", page)
            self.assertIn("Content-Security-Policy", page)
        self.validate_stix([path.with_name("stix.json") for path in runs])
        # What the store knows: observations and the files' indicators.
        kinds = [json.loads(line)["type"] for line in
                 self.run_program("--json", "intel", "list").stdout.splitlines()]
        self.assertIn("sha256", kinds)
        captures = list(folder.glob("*/capture.pcapng"))
        self.assertEqual(len(captures), 2)
        if shutil.which("tshark"):
            subprocess.run(["tshark", "-r", captures[0]], check=True, capture_output=True, timeout=60)

    def validate_stix(self, bundles):
        schemas = harness.shared_data("stix/schemas")
        for bundle in bundles:
            done = subprocess.run([sys.executable, "-W", "ignore", harness.SOURCE / "tests/schemas/validate_stix.py", schemas,
                                   bundle], capture_output=True, text=True, timeout=60)
            if done.returncode == 77:
                self.skipTest("python3-jsonschema is not installed")
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_arguments_and_environment_reach_the_program(self):
        self.can_run()
        script = self.write("say.sh", "#!/bin/sh\necho \"$1|$2|$COLOUR\"\n")
        folder = self.scratch / "out"
        self.analyze(script, "--args", "one 'two three'", "--env", "COLOUR=red", "--out", folder)
        said = b"".join(path.read_bytes() for path in folder.glob("*/bodies/*"))
        self.assertIn(b"one|two three|red\n", said)

    def test_replies_are_what_the_internet_answers(self):
        self.can_run()
        specimen = SPECIMENS / "downloader"
        if not specimen.exists():
            self.skipTest("the specimens are not built")
        replies = self.write("replies.toml", '[[http]]\nhost = "files.example"\nbody = "a scripted body of some length\\n"\n')
        [run, *_] = self.analyze(specimen, *MARK, "--replies", replies)
        self.assertTrue(any(f.get("decision", "").startswith("scripted") for f in run["flows"]), run["flows"])

    def test_no_network_at_all(self):
        self.can_run()
        [run] = self.analyze("/bin/true", "--network", "none")
        self.assertEqual((run["network"]["mode"], run["outcome"]), ("none", "exited"))
        self.assertNotIn("capture", run["network"])

    def test_members_of_an_archive_are_analysed(self):
        self.can_run()
        folder = self.scratch / "pack"
        folder.mkdir()
        (folder / "run.sh").write_text("#!/bin/sh\necho packed > /tmp/packed\n")
        archive = self.scratch / "pack.tar.gz"
        subprocess.run(["tar", "-C", folder, "-czf", archive, "run.sh"], check=True)
        runs = self.analyze(archive)
        self.assertEqual([run["outcome"] for run in runs], ["not_run", "exited"])
        self.assertEqual(runs[0]["children"][0]["why"], "member")
        self.assertEqual(runs[1]["parent"], runs[0]["sample"]["sha256"])
        self.assertTrue(any(f["path"] == "/tmp/packed" for f in runs[1]["files"]))

    def test_a_rule_that_names_malware_convicts(self):
        self.can_run()
        rules = self.scratch / "rules"
        rules.mkdir()
        (rules / "r.yar").write_text('rule MAL_Marker { strings: $a = "specimen of a bad one" condition: $a }')
        script = self.write("x.sh", "#!/bin/sh\n# specimen of a bad one\n")
        self.run_program("analyze", "--rules", rules, script)
        [row] = [r for r in self.run_json_lines("intel", "list") if r["type"] == "sha256"]
        self.assertIn("block:proxy", row["uses"])


class OrdinaryPrograms(AnalyzeTest):
    """Programs that mean well, at what they are for: nothing of theirs is worth a second look."""

    ROWS = {
        "ls": ("/bin/ls", "-laR /home /etc/ssl"),
        "tar": ("/bin/tar", "-cf /tmp/all.tar /usr/share/doc/tar /etc/default"),
        "find": ("/usr/bin/find", "/usr/share /etc -name '*.conf' -size +0"),
        "git": ("/usr/bin/git", "init --template= /tmp/repository"),
        "python": ("/usr/bin/python3", "-c 'import json, random, socket, time; time.sleep(3); print(time.time())'"),
        "grep": ("/bin/grep", "-r tape /usr/share/doc/tar"),
        "sort": ("/usr/bin/sort", "-R /etc/passwd"),
        "curl": ("/usr/bin/curl", "-sS http://www.example/"),
    }
    # What a program shows that is for just that.
    ITS_PURPOSE = {"curl": {"http_request"}}

    def test_nothing_notable(self):
        self.can_run()
        table = (harness.SOURCE / "src/intel/behaviour.cpp").read_text()
        ordinary = set(re.findall(r'\{K::\w+,\s*"(\w+)",\s*"T[\d.]+",\s*ordinary', table))
        self.assertGreater(len(ordinary), 5)
        for name, (program, arguments) in self.ROWS.items():
            with self.subTest(name):
                if not os.path.exists(program):
                    self.skipTest(f"{program} is not installed")
                run = self.analyze(program, "--args", arguments)[0]
                self.assertEqual(run["outcome"], "exited", run["outcome_detail"])
                self.assertTrue(run["processes"])
                shown = {b["kind"]: (b["object"], b["proof"]) for b in run["behaviours"]
                         if b["kind"] not in ordinary | self.ITS_PURPOSE.get(name, set())}
                self.assertEqual(shown, {})


class Leaks(AnalyzeTest):
    """A way out of the cell that should not be there: found, named in the record, and the command fails."""

    def with_supervisor(self, leak):
        """A folder of our programs in which the supervisor is one that opens a way out."""
        build = harness.SHIKAKE.parent
        leaky = build / "src/sandbox" / f"leaky_supervisor_{leak}"
        if not leaky.exists():
            self.skipTest("the leaky supervisors are not built")
        folder = self.scratch / "programs"
        folder.mkdir()
        for program in build.glob("shikake*"):
            if program.is_file() and os.access(program, os.X_OK) and program.name != "shikake-supervisor":
                shutil.copy(program, folder)
        shutil.copy(leaky, folder / "shikake-supervisor")
        return folder / "shikake"

    def find(self, leak):
        self.can_run()
        program = self.with_supervisor(leak)
        script = self.write("never.sh", "#!/bin/sh\necho > /tmp/it-ran\n")
        done = subprocess.run([program, "--home", self.home, "--json", "analyze", "--no-store", script],
                              capture_output=True, text=True, timeout=harness.TIMEOUT_S)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("the network is not shut", done.stderr)
        [run] = json.loads(done.stdout)["runs"]
        self.assertEqual((run["outcome"], run["complete"]), ("refused", False))
        self.assertIn("the program was not run", run["outcome_detail"])
        self.assertEqual(run["files"], [])
        self.check_schema("run", run)
        return run["network"]

    def test_an_inherited_socket(self):
        network = self.find("socket")
        self.assertTrue(network["leaks"])
        for leak in network["leaks"]:
            self.assertRegex(leak, r"^the cell holds socket:\[\d+\] of another network as descriptor \d+$")
        self.assertTrue(any("socket:[" in row for row in network["descriptors"] if row.startswith("cell: ")))

    def test_a_device(self):
        network = self.find("device")
        self.assertEqual(sorted(network["leaks"]), ["the cell has a network device way-in", "the cell has a network device way-out"])
        self.assertIn("way-out", {row["name"] for row in network["interfaces"] if row["where"] == "cell"})

    def test_a_device_that_is_laid_while_the_program_runs(self):
        if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("nsenter"):
            self.skipTest("laying a cable in a cell takes root, ip and nsenter")
        child = BadInput.start(self)
        inside = next(pid for pid, name in processes_of_runs().items() if name == "sh" and self.is_ours(pid))
        laid = subprocess.run(["nsenter", "-t", str(inside), "-n", "sh", "-c",
                               "ip link add way-out type veth peer name way-in && ip link set way-in up && "
                               "ip link set way-out up && ip address add 203.0.113.1/24 dev way-out && "
                               "(echo | nc -u -w 1 203.0.113.2 9; true)"], capture_output=True, text=True, timeout=60)
        self.assertEqual(laid.returncode, 0, laid.stderr)
        os.killpg(child.pid, signal.SIGINT)
        out, err = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 1, err)
        [run] = json.loads(out)["runs"]
        self.assertEqual((run["outcome"], run["complete"]), ("stopped", False))
        self.assertIn("leak", run["limits_hit"])
        self.assertEqual(sorted(run["network"]["leaks"]),
                         ["the cell has a network device way-in", "the cell has a network device way-out"])
        self.assertGreater(run["network"]["packets_out"], 0)
        self.assert_nothing_left()


class InTheRange(AnalyzeTest):
    def in_range(self, *arguments):
        done = self.run_program("range", "run", harness.SOURCE / "demo/scenario.toml", "--", harness.SHIKAKE,
                                "--home", self.home, "--json", *arguments, status=None)
        if done.returncode == 1 and b"no namespaces" in done.stderr:
            self.skipTest(done.stderr.decode(errors="replace"))
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)


class Open(InTheRange):
    """The real network under a policy: here the range's."""

    def test_what_the_policy_lets_through_and_what_not(self):
        script = self.write("fetch.sh", """#!/bin/sh
python3 - <<'PY'
import socket, urllib.request
print(len(urllib.request.urlopen("http://www.paper-lantern.example/", timeout=10).read()), "bytes")
for host, port in (("192.168.77.1", 80), ("www.paper-lantern.example", 445), ("www.paper-lantern.example", 25)):
    try:
        socket.create_connection((host, port), 5).close()
    except OSError as error:
        print(host, port, error)
PY
""")
        [run, *_] = self.in_range("analyze", "--network", "open", "--time", "60s", script)["runs"]
        self.assertEqual((run["network"]["mode"], run["outcome"]), ("open", "exited"))
        fetched = [f for f in run["flows"] if f.get("host") == "www.paper-lantern.example" and f["protocol"] == "http"]
        self.assertTrue(fetched, run["flows"])
        self.assertTrue(fetched[0]["decision"].startswith("allowed"), fetched)
        self.assertGreater(fetched[0]["bytes_in"], 1000)
        self.assertGreater(run["network"]["packets_out"], 0)
        self.assertGreater(run["network"]["bytes_out"], 0)
        decisions = {f["remote"].rsplit(":", 1)[1]: f.get("decision", "") for f in run["flows"]
                     if f not in fetched and f["protocol"] != "dns"}
        self.assertTrue(decisions["445"].startswith("refused"), run["flows"])
        self.assertTrue(decisions["25"].startswith("sunk"), run["flows"])
        private = [f for f in run["flows"] if f["remote"] == "192.168.77.1:80"]
        self.assertTrue(private and private[0]["decision"].startswith("refused"), run["flows"])
        self.assert_nothing_left()


class Found(InTheRange):
    """Files that visits find: run at once, or by the queue."""

    def test_a_visit_asks_for_a_run_and_the_worker_does_it(self):
        self.in_range("inspect", "http://www.paper-lantern.example/")
        done = self.run_json("work", "--until-idle", "--kinds", "run")
        self.assertGreaterEqual((done["done"], done["observations"]), (1, 1))
        # It is a program of another system: its static facts are known, and that it was not run.
        self.assertEqual(self.run_json("work", "--until-idle", "--kinds", "run")["done"], 0)

    def test_inspect_runs_what_it_found_at_once(self):
        document = self.in_range("inspect", "--analyze", "http://www.paper-lantern.example/")
        self.assertTrue(document["visits"])
        [run] = document["runs"]
        self.check_schema("run", run)
        self.assertEqual(run["outcome"], "not_run")
        self.assertIn("another system", run["outcome_detail"])
        # The queue had been asked for the same: it sees that it is done.
        self.assertEqual(self.run_json("work", "--until-idle", "--kinds", "run")["observations"], 0)

    def test_analyze_needs_what_the_store_keeps(self):
        self.run_program("inspect", "--analyze", "--no-store", "http://a.example/", status=2)


class BadInput(AnalyzeTest):
    """A clear error, or a record that says what happened; and nothing left behind."""

    def tearDown(self):
        self.assert_nothing_left()
        super().tearDown()

    def outcome(self, name, content, *options):
        [run, *_] = self.analyze(self.write(name, content), *options)
        return run["outcome"], run["outcome_detail"]

    def test_an_empty_file(self):
        self.assertEqual(self.outcome("empty", b""), ("not_run", "an empty file"))

    def test_text_is_not_run(self):
        outcome, why = self.outcome("note.txt", b"hello, this is a note\n")
        self.assertEqual(outcome, "not_run")
        self.assertIn("not a kind of file that runs", why)

    def test_cut_elf_files(self):
        self.can_run()
        whole = pathlib.Path("/bin/true").read_bytes()
        for size in (4, 17, 52, 64, 200, 1000, len(whole) // 2):
            with self.subTest(size=size):
                outcome, why = self.outcome(f"cut{size}", whole[:size])
                # What has its program headers whole starts, and dies of what is missing.
                if size <= 200:
                    self.assertEqual(outcome, "refused", why)
                    self.assertIn("damaged", why)
                else:
                    self.assertEqual((outcome, why), ("killed", "killed by " + why.rsplit(" ", 1)[-1]))

    def test_malformed_elf_files(self):
        self.can_run()
        whole = pathlib.Path("/bin/true").read_bytes()
        rows = {
            "entry outside": whole[:24] + struct.pack("<Q", 0x7fffffff0000) + whole[32:],
            "segments at the end of the world": whole[:32] + struct.pack("<Q", 2**63) + whole[40:],
            "many segments": whole[:56] + struct.pack("<H", 0xffff) + whole[58:],
            "no type": whole[:16] + b"\0\0" + whole[18:],
        }
        for name, content in rows.items():
            with self.subTest(name):
                outcome, why = self.outcome("bad", content)
                self.assertIn(outcome, ("refused", "killed"), why)
                self.assertTrue(why)

    def test_an_elf_file_of_another_machine(self):
        whole = pathlib.Path("/bin/true").read_bytes()
        foreign = whole[:18] + struct.pack("<H", 22) + whole[20:]
        outcome, why = self.outcome("foreign", foreign)
        self.assertEqual(outcome, "refused")
        self.assertIn("an ELF file for s390", why)

    def test_a_folder_a_pipe_and_nothing(self):
        pipe = self.scratch / "pipe"
        os.mkfifo(pipe)
        for path, words in ((self.scratch, "folder"), (pipe, "pipe"), (self.scratch / "nothing", "No such file")):
            with self.subTest(str(path)):
                done = self.analyze(path, status=1)
                self.assertIn(words, done.stderr.decode())

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_no_permission(self):
        file = self.write("secret", "#!/bin/sh\n")
        file.chmod(0)
        self.assertIn("Permission denied", self.analyze(file, status=1).stderr.decode())

    def test_two_gigabytes(self):
        file = self.scratch / "large"
        with open(file, "wb") as out:
            out.write(pathlib.Path("/bin/true").read_bytes())
            out.truncate(2 << 30)
        [run] = self.analyze(file)
        self.assertEqual(run["outcome"], "refused")
        self.assertIn("more than can be run", run["outcome_detail"])
        self.assertEqual(run["sample"]["size"], 2 << 30)

    def test_one_that_outlives_its_time(self):
        self.can_run()
        script = self.write("loop.sh", "#!/bin/sh\nwhile :; do :; done\n")
        [run] = self.run_json("analyze", "--no-store", "--time", "1s", script)["runs"]
        self.assertEqual(run["outcome"], "timed_out")
        self.assertIn("still running after 1 s", run["outcome_detail"])

    def test_a_missing_interpreter(self):
        self.can_run()
        [run] = self.analyze(self.write("x.sh", "#!/opt/nowhere/bin/interpreter\necho\n"))
        self.assertEqual(run["outcome"], "refused", run["outcome_detail"])
        self.assertIn("/opt/nowhere/bin/interpreter", run["outcome_detail"])
        self.assertIn("No such file", run["outcome_detail"])

    def test_php(self):
        """A script of PHP runs where the guest has an interpreter, and is refused with the reason elsewhere."""
        self.can_run()
        [run] = self.analyze(self.write("shell.php", "#!/usr/bin/php\n<?php file_put_contents('/tmp/from-php', 'x'); ?>\n"))
        if not os.path.exists("/usr/bin/php"):
            self.assertEqual(run["outcome"], "refused")
            self.assertIn("/usr/bin/php cannot be started", run["outcome_detail"])
            self.skipTest("php-cli is not installed: refused, as it should be")
        self.assertEqual(run["outcome"], "exited", run["outcome_detail"])
        self.assertTrue(any(f["path"] == "/tmp/from-php" for f in run["files"]), run["files"])
        self.assertIn("script_interpreter", {b["kind"] for b in run["behaviours"]})

    def test_ports_of_the_gateway_that_are_taken(self):
        """Whatever this machine listens on: the gateway's ports are of a network of its own."""
        self.can_run()
        taken = []
        for port in (53, 80, 443, 5353, 8080):
            try:
                listener = socket.create_server(("", port))
            except OSError:
                continue  # taken already, or not ours to take: as good
            taken.append(listener)
            self.addCleanup(listener.close)
        script = self.write("fetch.sh", "#!/bin/sh\nexec python3 -c 'import urllib.request as r; r.urlopen(\"http://a.example/\").read()'\n")
        [run] = self.analyze(script)
        self.assertEqual((run["outcome"], run["outcome_detail"]), ("exited", "exited 0"))
        self.assertTrue(any(f["protocol"] == "http" and f.get("host") == "a.example" for f in run["flows"]), run["flows"])

    def test_wrong_usage(self):
        for options in (["--time", "soon"], ["--env", "NOVALUE"], ["--args", "'open"], ["--network", "wide"],
                        ["--network", "open", "--replies", "/dev/null"], ["--policy", "/dev/null"]):
            with self.subTest(options):
                self.assertTrue(self.analyze("/bin/true", *options, status=2).stderr)

    def start(self, *options):
        script = self.write("long.sh", "#!/bin/sh\n(while :; do :; done) &\necho here > /tmp/here\nwhile :; do :; done\n")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SHIKAKE_")}
        child = subprocess.Popen([str(harness.SHIKAKE), "--home", str(self.home), "--json", "analyze", "--no-store",
                                  "--time", "60s", "--env", self.token, *options, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 env=environment, start_new_session=True)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.stderr.close)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if any(name == "sh" and self.is_ours(pid) for pid, name in processes_of_runs().items()):
                time.sleep(0.3)  # it writes its file
                return child
            if child.poll() is not None:
                raise unittest.SkipTest("no run here: " + child.stderr.read().decode()[-300:])
            time.sleep(0.05)
        child.kill()
        self.fail("the run did not start")

    def test_ctrl_c_shows_what_was_seen(self):
        child = self.start()
        os.killpg(child.pid, signal.SIGINT)
        out, err = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 0, err)
        [run] = json.loads(out)["runs"]
        self.assertEqual(run["outcome"], "stopped")
        self.assertTrue(any(f["path"] == "/tmp/here" for f in run["files"]), run["files"])

    def test_kill_9_leaves_nothing(self):
        child = self.start()
        os.kill(child.pid, signal.SIGKILL)
        child.wait(timeout=30)

    def test_a_supervisor_that_dies_leaves_a_labelled_record(self):
        child = self.start()
        [supervisor] = children_of(child.pid, "shikake-superv")
        os.kill(supervisor, signal.SIGKILL)
        out, err = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 0, err)
        [run] = json.loads(out)["runs"]
        self.assertEqual((run["outcome"], run["complete"]), ("partial", False))
        self.assertIn("killed by signal 9", run["outcome_detail"])
        self.assertTrue(run["processes"])

    def test_a_gateway_that_dies_is_told(self):
        child = self.start()
        [supervisor] = children_of(child.pid, "shikake-superv")
        [gateway] = children_of(supervisor, "shikake-gateway")
        os.kill(gateway, signal.SIGKILL)
        self.assertTrue(ended(gateway))
        os.killpg(child.pid, signal.SIGINT)
        out, _ = child.communicate(timeout=60)
        [run] = json.loads(out)["runs"]
        self.assertTrue(any("gateway" in remark for remark in run["remarks"]), run["remarks"])

    def test_a_machine_without_namespaces(self):
        """An administrator allows none: a clear error that says what to do."""
        if os.geteuid() != 0:
            self.skipTest("taking namespaces away takes root")
        done = subprocess.run(
            ["unshare", "--user", "--map-root-user", "sh", "-c",
             "for kind in user net pid mnt; do echo 0 > /proc/sys/user/max_${kind}_namespaces; done && "
             f"exec {harness.SHIKAKE} --home {self.home} analyze --no-store /bin/true"],
            capture_output=True, text=True, timeout=120)
        if "Permission denied" in done.stderr and "max_" in done.stderr:
            self.skipTest("this machine does not let a namespace be bounded")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("namespace", done.stderr)

    def test_a_full_disk(self):
        """The report's folder lies on a file system that is full: a clear error, exit status 1."""
        if os.geteuid() != 0:
            self.skipTest("mounting takes root")
        small = self.scratch / "small"
        small.mkdir()
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c",
             f"mount -t tmpfs -o size=16k none {small} && exec {harness.SHIKAKE} --home {self.home} analyze --no-store "
             f"--out {small}/out /bin/true"], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("No space left", done.stderr)


class OrdinaryUser(AnalyzeTest):
    """The same for somebody without any rights: user namespaces make them root of their own."""

    def setUp(self):
        super().setUp()
        if os.geteuid() == 0 and not shutil.which("setpriv"):
            self.skipTest("setpriv is not here")
        self.scratch.chmod(0o755)

    def as_user(self, *arguments):
        nobody = 65534
        home = self.scratch / "users-home"
        home.mkdir(exist_ok=True)
        command = [str(harness.SHIKAKE), "--home", str(home), "--json", "analyze", "--no-store", "--time", "30s",
                   "--env", self.token, *map(str, arguments)]
        if os.geteuid() == 0:
            os.chown(home, nobody, nobody)
            command = ["setpriv", f"--reuid={nobody}", f"--regid={nobody}", "--clear-groups", *command]
        done = subprocess.run(command, capture_output=True, timeout=120, cwd="/",
                              env={"PATH": os.environ["PATH"], "HOME": str(home)})
        if done.returncode != 0 and b"namespace" in done.stderr:
            self.skipTest("this machine forbids it: " + done.stderr.decode()[-300:])
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        return json.loads(done.stdout)["runs"]

    def test_a_program_runs(self):
        [run] = self.as_user("/bin/true")
        self.assertEqual(run["outcome"], "exited")
        self.assertEqual(run["network"]["packets_out"], 0)
        self.assert_nothing_left()

    def test_specimens_show_their_traits(self):
        if not SPECIMENS.is_dir():
            self.skipTest("the specimens are not built")
        rows = [row for row in EXPECTED if (SPECIMENS / row["file"]).exists()]
        self.assertGreater(len(rows), 40)
        with concurrent.futures.ThreadPoolExecutor(2) as two:
            runs = list(two.map(lambda row: self.as_user(*MARK, "--user", row["user"], SPECIMENS / row["file"])[0], rows))
        for row, run in zip(rows, runs):
            with self.subTest(row["name"]):
                if run["outcome"] == "refused" and row.get("interpreter"):
                    self.skipTest(f"the guest has no {row['interpreter']}: {run['outcome_detail']}")
                self.assertIn(run["outcome"], row["outcome"], run["outcome_detail"])
                kinds = {b["kind"] for b in run["behaviours"]}
                # A limit on each process' memory ends what asks for more, and nobody is told.
                wanted = {b["kind"] for b in row["behaviours"]} - {"memory_exhaustion"}
                self.assertLessEqual(wanted, kinds)
                self.assertLessEqual(kinds, wanted | set(row["also"]) | {"memory_exhaustion"})
                self.assertEqual((run["network"]["leaks"], run["network"]["packets_out"]), ([], 0))
                self.assertTrue(run["bounds"])
        self.assert_nothing_left()


if __name__ == "__main__":
    harness.main()
