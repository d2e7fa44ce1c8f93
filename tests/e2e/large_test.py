"""Much of everything: memory stays bounded, a full disk is said and costs nothing that was there.

SHIKAKE_PROVE=1 (./dev prove) takes the sizes that the promises name: a million indicators, a list of 1 GB.
"""
import os
import shutil
import subprocess
import unittest

import harness

PROVE = bool(os.environ.get("SHIKAKE_PROVE"))
FORMATS = ["csv", "json", "stix", "rpz", "squid"]
if PROVE:
    harness.TIMEOUT_S = 1800
MANY = 1_000_000 if PROVE else 60_000
# What an export may hold beyond what one of an eighth needs: the store's pages, as far as its cache goes
# (src/store/database.cpp); of those that remember what they have listed (squid names and addresses, stix addresses)
# so much for each indicator; and a little.
PAGE_CACHE = 64 << 20
REMEMBERED = {"squid": 60, "stix": 60}
LITTLE = 8 << 20
LIST_BYTES = 1_000_000_000 if PROVE else 40_000_000
IMPORT_PEAK_KIB = 600 * 1024  # a batch of the store with its indexes; whatever the list's size


def lines(count):
    """Domains, URLs and addresses that no two share."""
    for i in range(count):
        yield (f"host-{i:07}.attacker-owned.com\n", f"http://kit-{i:07}.attacker-owned.net/gate.php?id={i}\n",
               f"45.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}\n")[i % 3]


class Large(harness.ProgramTest):
    def setUp(self):
        super().setUp()
        if os.environ.get("SHIKAKE_SANITIZED"):
            self.skipTest("built with a sanitizer, whose memory it would measure")

    def peak_kib(self, *arguments, stdout=subprocess.DEVNULL):
        """Runs shikake; the largest resident size of it or of a child of it, in KiB."""
        command = [str(harness.SHIKAKE), "--home", str(self.home), *map(str, arguments)]
        child = subprocess.Popen(command, stdout=stdout, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(child.returncode, 0, arguments)
        return usage.ru_maxrss

    def filled(self, count):
        self.home = self.scratch / f"home-{count}"
        file = self.scratch / f"{count}.txt"
        with open(file, "w") as out:
            out.writelines(lines(count))
        self.run_program("intel", "import", file)

    def test_an_exports_memory_does_not_grow_with_it(self):
        few = MANY // 8
        peaks, pages = {}, {}
        for count in (few, MANY):
            self.filled(count)
            peaks[count] = {format: self.peak_kib("export", format) for format in FORMATS}
            pages[count] = (self.home / "shikake.db").stat().st_size
        cached = min(PAGE_CACHE, pages[MANY] - pages[few])
        for format in FORMATS:
            room = cached + REMEMBERED.get(format, 0) * MANY + LITTLE
            with self.subTest(format=format):
                self.assertLess(peaks[MANY][format], peaks[few][format] + room // 1024, (peaks, pages))

    def test_a_long_list_is_read_in_bounded_memory(self):
        # Few values and long: it is reading that is looked at, not how much the store holds.
        file = self.scratch / "long.txt"
        remark = "# " + "x" * 4000 + "\n"
        with open(file, "w") as out:
            written = 0
            for line in lines(LIST_BYTES // 4000):
                out.write(line)
                out.write(remark)
                written += len(line) + len(remark)
                if written > LIST_BYTES:
                    break
        self.assertLess(self.peak_kib("intel", "import", file), IMPORT_PEAK_KIB)
        self.assertGreater(self.run_json("intel", "stats")["indicators"], LIST_BYTES // 5000)


class FullDisk(harness.ProgramTest):
    def setUp(self):
        super().setUp()
        file = self.scratch / "feed.txt"
        with open(file, "w") as out:
            out.writelines(lines(20_000))
        self.run_program("intel", "import", file)

    def test_standard_output(self):
        for format in FORMATS:
            with self.subTest(format=format), open("/dev/full", "wb") as full:
                done = subprocess.run([str(harness.SHIKAKE), "--home", str(self.home), "export", format],
                                      stdout=full, stderr=subprocess.PIPE, timeout=harness.TIMEOUT_S)
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"No space left", done.stderr)
                self.assertNotIn(b" entries", done.stderr, "it goes on writing into nowhere")

    def test_a_reader_that_has_seen_enough_is_no_error_worth_a_word(self):
        done = subprocess.run(f"{harness.SHIKAKE} --home {self.home} export csv | head -n 1", shell=True,
                              capture_output=True, timeout=harness.TIMEOUT_S)
        self.assertEqual((len(done.stdout.splitlines()), done.stderr), (1, b""))

    def test_a_file(self):
        """On a disk of 256 KiB: the list that was there stays, nothing half is left, and it is said."""
        if not shutil.which("unshare") or subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
            raise unittest.SkipTest("no mount namespace for a small disk here")
        folder = self.scratch / "small"
        folder.mkdir()
        # Where the lists go, and, for those that count before they write, where temporary files go.
        for place, environment in (("out", "TMPDIR=/tmp"), ("temporary", f"TMPDIR={folder}")):
            for format in FORMATS if place == "out" else ["squid"]:
                out = folder / "list" if place == "out" else self.scratch / "list"
                script = f"""
mount -t tmpfs -o size=256k none {folder} || exit 9
echo before > {out}
{environment} {harness.SHIKAKE} --home {self.home} export {format} --out {out}
[ $? = 1 ] || exit 8
[ "$(cat {out})" = before ] || exit 7
[ "$(ls -A {out.parent} | grep -c list)" = 1 ] || exit 6
"""
                with self.subTest(format=format, place=place):
                    done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True,
                                          timeout=harness.TIMEOUT_S)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertIn(b"No space left", done.stderr)


if __name__ == "__main__":
    harness.main()
