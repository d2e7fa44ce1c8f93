"""Innocent pages of our own writing: what real sites do that resembles what attacks do. None may be convicted.

  pages.py --program build/dev/shikake [--only NAME]

Each row is a small site, visited as its personas, plainly and with --forced. A page is benign; where a visitor
cannot know better it may be suspicious, and the row says why. {a} and {b} are its own origin and another's.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "chains"))
from innocent import PAGES  # noqa: E402
from server import Answer, Sites  # noqa: E402

RANK = ["benign", "suspicious", "malicious"]


def serve(sites, number, page):
    """The row's site, in a folder of its own; its first page's address."""
    own, other = (f"{origin}/{number}" for origin in sites.origins)

    def filled(content):
        return content if isinstance(content, bytes) else content.replace("{a}", own).replace("{b}", other).encode()

    for path, (kind, content) in page.files.items():
        where = (other + path.removeprefix("b:")) if path.startswith("b:") else own + path
        if kind.isdigit():
            answer = Answer(b"", int(kind), [("Location", filled(content).decode())])
        else:
            answer = Answer(filled(content), 200, [("Content-Type", kind), ("Access-Control-Allow-Origin", "*"),
                                                   *page.headers.get(path, [])])
        sites.answers[where] = answer
    return own + "/"


def visit(program, persona, urls, forced, scratch):
    listed = pathlib.Path(scratch, "list.txt")
    listed.write_text("".join(url + "\n" for url in urls))
    done = subprocess.run([program, "--home", scratch + "/home", "--json", "inspect", "--list", str(listed), "--persona",
                           persona, "--no-store", "--allow-private", "--site-spacing", "0", "--side-by-side", "2",
                           *["--forced"] * forced], capture_output=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"inspect: {done.returncode}: {done.stderr.decode()[-2000:]}")
    return {one["url"]: one for one in json.loads(done.stdout)["visits"]}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--program", required=True)
    options.add_argument("--only")
    given = options.parse_args()
    rows = [page for page in PAGES if given.only in (None, page.name)]
    sites = Sites(2, "127.0.3")
    url_of = {page.name: serve(sites, number, page) for number, page in enumerate(rows)}
    visits = faults = 0
    for persona in sorted({persona for page in rows for persona in page.personas}):
        mine = [page for page in rows if persona in page.personas]
        for forced in (False, True):
            with tempfile.TemporaryDirectory(prefix="shikake-innocent-") as scratch:
                found = visit(given.program, persona, [url_of[page.name] for page in mine], forced, scratch)
            for page in mine:
                record = found[url_of[page.name]]
                visits += 1
                wrong = []
                if RANK.index(record["verdict"]) > RANK.index(page.at_most):
                    wrong.append(f"{record['verdict']}: {record['reasons']}")
                seen = {node["url"].split("/", 4)[-1] for node in record["nodes"]}
                # What a visitor must have come to see, or the row says nothing.
                wrong += [f"did not come to {path}" for path in page.reaches + page.forced_reaches * forced
                          if path not in seen]
                if given.only:
                    print(json.dumps(record, indent=1))
                for one in wrong:
                    faults += 1
                    print(f"{page.name} ({persona}{', forced' if forced else ''}): {one}", file=sys.stderr)
    print(json.dumps({"pages": len(rows), "visits": visits, "faults": faults}))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
