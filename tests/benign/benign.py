"""Visits innocent pages: none may be called malicious, at most one in two hundred suspicious, none may crash.

  benign.py --program build/dev/shikake FOLDER… [--most 12000] [--persona chrome-win10] [--a-folder 800] [--forced]
            [--done FILE]

Pages are the HTML files below the folders, and for every script file a page made that loads it; both are served
on loopback, in a network namespace of its own, so that nothing else is reached. At most --a-folder pages are
taken from each folder directly below those given (a package), spread over it. Numbers are on stdout as JSON.
What is noted in --done is not visited again, and counts: a line a page, written as visits end.
"""
import argparse
import collections
import json
import mimetypes
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "chains"))
from server import Answer, Sites  # noqa: E402

SITES = 8                # visited side by side: one visit at a time to each
LARGEST = 8 << 20        # of a page or script, bytes
SUSPICIOUS_PART = 0.005  # at most
DIED = {"worker-died", "worker-hostile", "silence"}


def in_a_namespace_of_its_own():
    """Starts this program again where there is loopback and nothing else."""
    if os.environ.get("SHIKAKE_BENIGN_INSIDE"):
        import fcntl
        import socket
        import struct
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:  # lo up: SIOCSIFFLAGS, IFF_UP
            fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 1))
        return
    os.environ["SHIKAKE_BENIGN_INSIDE"] = "1"
    command = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    os.execvp(command[0], [*command, sys.executable, "-B", *sys.argv])


class Folders(Sites):
    """Every site serves every folder; /~script/PATH is a page that loads that script."""

    def __init__(self, roots):
        self.roots = roots
        super().__init__(SITES, "127.0.2")

    def answer(self, origin, target):
        path = urllib.parse.unquote(target.split("?")[0].split("#")[0]).lstrip("/")
        if path.startswith("~script/"):
            source = urllib.parse.quote("/" + path.removeprefix("~script/"))
            page = (f"<!DOCTYPE html><html><head><title>A script</title></head><body><div id=app class=container>"
                    f"<p>Text</p><a href=#>link</a></div><script src=\"{source}\"></script></body></html>")
            return Answer(page.encode(), 200, [("Content-Type", "text/html")])
        index, _, rest = path.partition("/")
        if not index.isdigit() or int(index) >= len(self.roots):
            return None
        file = pathlib.Path(self.roots[int(index)], rest)
        if not file.is_file() or not file.resolve().is_relative_to(self.roots[int(index)]):
            return None
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return Answer(file.read_bytes()[:LARGEST], 200, [("Content-Type", kind)])


def pages_of(roots, most, a_folder, dice):
    """Paths as Folders serves them."""
    taken = []
    for number, root in enumerate(roots):
        packages = collections.defaultdict(list)
        for file in root.rglob("*"):
            suffix = file.suffix.lower()
            if suffix not in (".html", ".htm", ".xhtml", ".js", ".mjs") or not file.is_file() or file.is_symlink():
                continue
            if file.stat().st_size > LARGEST:
                continue
            inside = file.relative_to(root)
            path = f"{number}/" + urllib.parse.quote(str(inside))
            packages[inside.parts[0]].append("~script/" + path if suffix in (".js", ".mjs") else path)
        for package in sorted(packages):
            paths = sorted(packages[package])
            dice.shuffle(paths)
            # Pages before scripts: they bring scripts along.
            paths.sort(key=lambda path: path.startswith("~script/"))
            taken += paths[:a_folder]
    dice.shuffle(taken)
    return taken[:most]


def outcome_of(visit, path):
    """What counts of a visit, as it is noted."""
    died = sorted(DIED & set(visit["limits_hit"]))
    errors = [e["detail"] for e in visit["events"] if e["kind"] == "error"][-1:] if died else []
    return {"path": path, "verdict": visit["verdict"], "limits": visit["limits_hit"],
            "reasons": visit["reasons"][:2], "died": died, "errors": errors}


def visit_all(given, sites, paths, noted):
    """Outcomes of the paths, in the order in which visits end, each noted; then the program's exit status."""
    with tempfile.TemporaryDirectory(prefix="shikake-benign-") as scratch:
        listed, log = pathlib.Path(scratch, "list"), pathlib.Path(scratch, "log")
        path_of = {f"{sites.origins[i % SITES]}/{path}": path for i, path in enumerate(paths)}
        listed.write_text("".join(url + "\n" for url in path_of))
        command = [given.program, "--home", scratch + "/home", "--json", "inspect", "--list", str(listed), "--persona",
                   given.persona, "--no-store", "--allow-private", "--site-spacing", "0", "--side-by-side", "2"]
        with open(log, "wb") as errors:
            program = subprocess.Popen(command + ["--forced"] * given.forced, stdout=subprocess.PIPE, stderr=errors)
        outcomes = []
        for line in program.stdout:
            line = line.strip().rstrip(b",")
            if not line.startswith(b'{"url"'):
                continue
            visit = json.loads(line)
            outcomes.append(outcome_of(visit, path_of[visit["url"]]))
            if noted:
                print(json.dumps(outcomes[-1]), file=noted, flush=True)
        if (status := program.wait()) != 0:
            print(log.read_text(errors="replace")[-2000:], file=sys.stderr)
    return outcomes, status


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--program", required=True)
    options.add_argument("--most", type=int, default=12000)
    options.add_argument("--a-folder", type=int, default=800)
    options.add_argument("--persona", default="chrome-win10")
    options.add_argument("--forced", action="store_true", help="with the forced run of each")
    options.add_argument("--done", type=pathlib.Path, help="goes on where this file ends")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("folders", nargs="+")
    given = options.parse_args()
    in_a_namespace_of_its_own()

    roots = [pathlib.Path(folder).resolve() for folder in given.folders]
    sites = Folders(roots)
    paths = pages_of(roots, given.most, given.a_folder, random.Random(given.seed))
    outcomes, noted = [], None
    if given.done:
        noted = open(given.done, "a+")
        noted.seek(0)
        outcomes = [json.loads(line) for line in noted]
    before = {outcome["path"] for outcome in outcomes}
    fresh, status = visit_all(given, sites, [path for path in paths if path not in before], noted)
    outcomes += fresh

    for outcome in outcomes:
        if outcome["verdict"] != "benign" or outcome["died"]:
            print(json.dumps(outcome), file=sys.stderr)
    verdicts = collections.Counter(outcome["verdict"] for outcome in outcomes)
    limits = collections.Counter(limit for outcome in outcomes for limit in outcome["limits"])
    died = sum(bool(outcome["died"]) for outcome in outcomes)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({"pages": len(outcomes), "asked": len(paths), "verdicts": verdicts, "died": died,
                      "limits": limits, "persona": given.persona, "forced": given.forced, "status": status,
                      "fresh": len(fresh), "cpu_seconds_of_fresh": round(usage.ru_utime + usage.ru_stime, 1)}))
    good = (len(outcomes) == len(paths) and status == 0 and not died and not verdicts["malicious"] and
            verdicts["suspicious"] <= SUSPICIOUS_PART * len(outcomes))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
