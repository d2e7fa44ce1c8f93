"""Visits of real pages, by the honeyclient and by headless Chromium, on one processor: how much each costs.

  visit_pages.py --program build/release/shikake FOLDER… [--pages 200] [--browser-pages 40]

The pages are the HTML files below the folders (documentation packages), with their scripts, sheets and pictures,
served on loopback in a network namespace of its own. Processor time is what counts: the machine may be busy with
other things. Chromium is let end each visit by itself; only its processor time is compared, with the honeyclient's
on the same pages. JSON on stdout.
"""
import argparse
import json
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("chains", "benign"):
    sys.path.insert(0, str(HERE.parent / "tests" / folder))
import benign  # noqa: E402
import chromium  # noqa: E402

LEAST_BYTES = 20_000  # of a page's own HTML: the median page of the web has about 30 KB


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def part(values, share):
    return round(sorted(values)[int(share * (len(values) - 1))], 2)


def visit_with_honeyclient(program, urls, scratch):
    listed = pathlib.Path(scratch, "list")
    listed.write_text("".join(url + "\n" for url in urls))
    before, times, last = children_cpu(), [], None
    process = subprocess.Popen(
        ["taskset", "-c", "0", program, "--home", scratch + "/home", "--json", "inspect", "--list", str(listed),
         "--no-store", "--allow-private", "--site-spacing", "0", "--side-by-side", "1"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    resources = 0
    for line in process.stdout:
        if not line.startswith(b'{"url"'):
            continue
        now = time.monotonic()
        if last is not None:
            times.append((now - last) * 1000)
        last = now
        resources += sum(node["fetched"] for node in json.loads(line.strip().rstrip(b","))["nodes"])
    process.wait()
    cpu = children_cpu() - before
    return {"visits": len(urls), "cpu_ms_a_visit": round(1000 * cpu / len(urls), 2),
            "visits_a_second_of_processor": round(len(urls) / cpu, 1), "wall_ms_median": part(times, 0.5),
            "wall_ms_p99": part(times, 0.99), "resources_a_visit": round(resources / len(urls), 1)}


def visit_with_chromium(urls):
    before = children_cpu()
    os.sched_setaffinity(0, {0})
    browser = chromium.Browser()
    for url in urls:
        browser.visit(url)
    browser.close()
    cpu = children_cpu() - before
    return {"visits": len(urls), "cpu_ms_a_visit": round(1000 * cpu / len(urls), 2)}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--program", required=True)
    options.add_argument("--pages", type=int, default=200)
    options.add_argument("--browser-pages", type=int, default=40)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("folders", nargs="+")
    given = options.parse_args()
    benign.in_a_namespace_of_its_own()
    roots = [pathlib.Path(folder).resolve() for folder in given.folders]
    sites = benign.Folders(roots)
    paths = [path for path in benign.pages_of(roots, 1 << 30, 400, random.Random(given.seed))
             if not path.startswith("~script/") and len(sites.answer("", "/" + path).body) >= LEAST_BYTES][:given.pages]
    urls = [f"{sites.origins[i % benign.SITES]}/{path}" for i, path in enumerate(paths)]
    with tempfile.TemporaryDirectory(prefix="shikake-bench-") as scratch:
        result = {"bench": "visit_pages", "honeyclient": visit_with_honeyclient(given.program, urls, scratch)}
        if compared := urls[:given.browser_pages]:
            ours, theirs = visit_with_honeyclient(given.program, compared, scratch), visit_with_chromium(compared)
            result |= {"compared": {"honeyclient": ours, "chromium": theirs}, "times_cheaper_than_chromium": round(
                theirs["cpu_ms_a_visit"] / ours["cpu_ms_a_visit"], 1)}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
