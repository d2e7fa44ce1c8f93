"""The developer script, run in a folder of its own: what it asks of the system is seen by stand-ins for the
system's tools (package manager, compiler), so that nothing is installed or built."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
# What a minimal Debian has and the script may use. Nothing else is on its PATH, sudo included.
REAL_TOOLS = ["sh", "cat", "comm", "dirname", "env", "mkdir", "mktemp", "nproc", "rm", "sed", "sort", "tr"]
PACKAGES = """# a comment
[build]
one
two   # why

[test]
three

[fuzz]
four
"""


def packages_of(text):
    """Section to packages, read another way than the script does."""
    sections, current = {}, None
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), [])
        elif line:
            current.append(line)
    return sections


class DevTest(unittest.TestCase):
    def setUp(self):
        if not pathlib.Path("/etc/debian_version").exists():
            self.skipTest("not a Debian: the script refuses to install")
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="shikake-dev-"))
        self.addCleanup(shutil.rmtree, self.root)
        self.tree, self.bin, self.log = self.root / "tree", self.root / "bin", self.root / "log"
        for folder in (self.tree, self.bin):
            folder.mkdir()
        shutil.copy(SOURCE / "dev", self.tree / "dev")
        self.use_packages(PACKAGES)
        for tool in REAL_TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool, path="/usr/bin:/bin"))
        self.installed("one", "two", "three", "four")
        self.user(0)
        self.stand_in("apt-get")
        self.stand_in("cmake", 'mkdir -p "build/$2" && : > "build/$2/build.ninja"')
        self.stand_in("ninja")
        self.stand_in("ctest")

    def use_packages(self, text):
        (self.tree / "packages.txt").write_text(text)

    def stand_in(self, name, does=":"):
        """A tool that notes how it was called, then does this."""
        path = self.bin / name
        path.write_text(f'#!/bin/sh\nprintf "%s\\n" "{name} $*" >> "{self.log}"\n{does}\n')
        path.chmod(0o755)

    def installed(self, *names):
        rows = "".join(f"installed {name}\\n" for name in names)
        # As the real one: rows of what it knows, and status 1 where it doesn't know all.
        self.stand_in("dpkg-query", f"printf '{rows}not-installed gone\\n'; exit 1")

    def user(self, number):
        (self.bin / "id").write_text(f"#!/bin/sh\necho {number}\n")
        (self.bin / "id").chmod(0o755)

    def dev(self, *arguments, status=0):
        self.log.write_text("")
        done = subprocess.run(["./dev", *arguments], cwd=self.tree, capture_output=True, text=True,
                              env={"PATH": str(self.bin)}, timeout=60)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def calls(self, *tools):
        lines = self.log.read_text().splitlines()
        return [line for line in lines if not tools or line.split()[0] in tools]

    def test_installs_what_is_missing_and_only_that(self):
        self.installed("one", "three")
        self.dev("setup")
        self.assertEqual(self.calls("apt-get"),
                         ["apt-get update -q", "apt-get install -q -y --no-install-recommends two"])

    def test_sections(self):
        for sections, expected in (([], "one three two"), (["build"], "one two"), (["fuzz"], "four"),
                                   (["test", "fuzz"], "four three")):
            with self.subTest(sections=sections):
                self.installed()
                self.dev("setup", *sections)
                self.assertEqual(self.calls("apt-get")[1].split("recommends ")[1], expected)

    def test_another_user_without_sudo_is_told_the_one_line_to_run(self):
        self.installed("one")
        self.user(1000)
        done = self.dev("test", status=1)
        self.assertEqual(self.calls("apt-get", "cmake", "ninja", "ctest"), [])
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.splitlines()[-1].strip(),
                         "apt-get update && apt-get install -y --no-install-recommends three two")

    def test_another_user_with_sudo_uses_it(self):
        self.installed("two", "three")
        self.user(1000)
        self.stand_in("sudo", 'exec "$@"')
        self.dev("setup")
        self.assertEqual(self.calls("sudo")[0], "sudo apt-get update -q")
        self.assertIn("apt-get install -q -y --no-install-recommends one", self.calls("apt-get"))

    def test_a_run_in_which_nothing_changed_installs_and_configures_nothing(self):
        self.dev("build")
        self.assertEqual([line.split()[0] for line in self.calls()], ["dpkg-query", "cmake", "ninja"])
        self.dev("build")
        self.assertEqual([line.split()[0] for line in self.calls()], ["dpkg-query", "ninja"])

    def test_test_builds_first_and_passes_a_pattern_on(self):
        self.dev("test", "url")
        self.assertEqual([line.split()[0] for line in self.calls()], ["dpkg-query", "cmake", "ninja", "ctest"])
        self.assertTrue(self.calls("ctest")[0].endswith("-R url"))

    def test_a_failure_ends_it(self):
        for tool, command, said in (("apt-get", "setup", "apt-get update failed"), ("ninja", "test", ""),
                                    ("ctest", "test", "")):
            with self.subTest(tool=tool):
                self.installed(*(["one"] if tool == "apt-get" else ["one", "two", "three"]))
                self.stand_in(tool, "exit 3")
                done = self.dev(command, status=1 if tool == "apt-get" else 3)
                self.assertIn(said, done.stderr)
                self.assertEqual(len(self.calls(tool)), 1)
                self.stand_in(tool)

    def test_a_failed_configure_is_done_again(self):
        self.stand_in("cmake", "mkdir -p build/dev && : > build/dev/CMakeCache.txt; exit 1")
        self.dev("build", status=1)
        self.stand_in("cmake", ": > build/dev/build.ninja")
        self.dev("build")
        self.assertEqual(len(self.calls("cmake")), 1)

    def test_usage(self):
        self.assertIn("usage: ./dev COMMAND", self.dev().stdout)
        self.assertIn("usage: ./dev COMMAND", self.dev("frobnicate", status=2).stderr)
        self.assertEqual(self.calls(), [])


class TheScriptItself(unittest.TestCase):
    def test_is_posix_shell(self):
        shell = shutil.which("dash")
        if not shell:
            self.skipTest("no dash here to read it as POSIX shell")
        text = (SOURCE / "dev").read_text()
        self.assertTrue(text.startswith("#!/bin/sh\n"))
        subprocess.run([shell, "-n", str(SOURCE / "dev")], check=True)

    def test_help_names_every_command(self):
        text = (SOURCE / "dev").read_text()
        commands = set(re.findall(r"^  ([a-z]+)\) ", text.split("case $command in")[1], re.M))
        told = set(re.findall(r"^  ([a-z]+) ", text.split("TEXT'")[1].split("TEXT")[0], re.M))
        self.assertEqual(commands, told)

    def test_packages_are_each_named_once_in_a_known_section(self):
        sections = packages_of((SOURCE / "packages.txt").read_text())
        self.assertEqual(set(sections), {"build", "test", "fuzz", "lint"})
        names = [name for some in sections.values() for name in some]
        self.assertEqual(len(names), len(set(names)))
        for name in names:
            self.assertRegex(name, r"^[a-z0-9][a-z0-9+.-]+$")


if __name__ == "__main__":
    unittest.main(verbosity=2)
