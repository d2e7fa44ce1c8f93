"""What every end-to-end test needs: the built program, a home of its own, and skips that say why."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SHIKAKE = pathlib.Path(os.environ["SHIKAKE_PROGRAM"])
TIMEOUT_S = 120  # for one command; none of the tests' takes a tenth of it


def shared_data(relative):
    """A path below ../shared/data (or $SHIKAKE_SHARED/data); skips the test where it is absent."""
    root = pathlib.Path(os.environ.get("SHIKAKE_SHARED", SOURCE / ".." / "shared"))
    path = root / "data" / relative
    if not path.exists():
        raise unittest.SkipTest(f"optional test data: no {relative} in ../shared/data")
    return path


# What a machine says that lets nobody run anything in a cell; any other failure of a run is one.
FORBIDS_RUNS = ("namespace", "nft_tproxy", "not permitted", "Permission denied", "kernel")


class ProgramTest(unittest.TestCase):
    """A test with a home folder that is gone afterwards."""

    def setUp(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="shikake-test-"))
        self.home = self.scratch / "home"
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)

    def run_program(self, *arguments, stdin=b"", status=0, env=None, **options):
        """Runs shikake with this test's home; demands the exit status (None: any)."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SHIKAKE_")}
        environment.update(env or {})
        done = subprocess.run(
            [str(SHIKAKE), "--home", str(self.home), *map(str, arguments)],
            input=stdin, capture_output=True, timeout=TIMEOUT_S, env=environment, **options)
        if status is not None:
            self.assertEqual(
                done.returncode, status,
                f"shikake {' '.join(map(str, arguments))}\n"
                f"stdout: {done.stdout[-2000:]!r}\nstderr: {done.stderr[-2000:]!r}")
        return done

    def skip_without_runs(self):
        """Skips where this machine forbids what every run needs."""
        done = self.run_program("--json", "analyze", "--no-store", "--time", "10s", "/bin/true", status=None)
        said = done.stderr.decode(errors="replace")[-300:]
        if done.returncode != 0:
            self.assertTrue(any(word in said for word in FORBIDS_RUNS), "a run failed: " + said)
            self.skipTest("no run here: " + said)

    def run_json(self, *arguments, **options):
        """The one JSON document on stdout."""
        return json.loads(self.run_program("--json", *arguments, **options).stdout)

    def run_json_lines(self, *arguments, **options):
        done = self.run_program("--json", *arguments, **options)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def check_schema(self, name, *documents):
        """Each is what docs/schemas/NAME.json says; skips where python3-jsonschema is missing."""
        self.assertTrue(documents)
        files = [self.write(f"{name}-{i}.json", json.dumps(document)) for i, document in enumerate(documents)]
        done = subprocess.run([sys.executable, SOURCE / "tests/schemas/validate.py", SOURCE / "docs/schemas",
                               *(f"{name}={file}" for file in files)], capture_output=True, text=True, timeout=TIMEOUT_S)
        if done.returncode == 77:
            raise unittest.SkipTest("python3-jsonschema is not installed")
        self.assertEqual(done.returncode, 0, done.stdout[-4000:] + done.stderr[-2000:])

    def write(self, name, content):
        path = self.scratch / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path


def main():
    unittest.main(verbosity=2, argv=[sys.argv[0], *sys.argv[1:]])
