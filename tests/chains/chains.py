"""Generates chains, visits them with the honeyclient, and compares what it saw with the truth.

  chains.py --program build/dev/shikake [--count 150] [--seed 1] [--browser 0] [--faults 20]

Exit status 1 where the score is below what is asked for; the numbers are on stdout as JSON.
"""
import argparse
import json
import pathlib
import resource
import subprocess
import sys
import tempfile

import compare
import generator
from server import Sites

SITES = 40  # enough that a chain's sites are strangers to each other
LEAST = {"f1": 0.99, "roles": 0.98, "verdicts": 0.99, "places": 0.99}


def visit_all(program, persona, urls, scratch):
    """{URL: record} as the program tells."""
    listed = pathlib.Path(scratch) / f"{persona}.txt"
    listed.write_text("".join(url + "\n" for url in urls))
    done = subprocess.run(
        [program, "--home", str(pathlib.Path(scratch) / "home"), "--json", "inspect", "--list", str(listed),
         "--persona", persona, "--no-store", "--allow-private", "--site-spacing", "0", "--side-by-side", "2"],
        capture_output=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"inspect: {done.returncode}: {done.stderr.decode()[-2000:]}")
    return {visit["url"]: visit for visit in json.loads(done.stdout)["visits"]}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--program", required=True)
    options.add_argument("--count", type=int, default=150)
    options.add_argument("--seed", default="1")
    options.add_argument("--only", type=int, help="this chain alone, shown")
    options.add_argument("--browser", type=int, default=0, help="visit so many of them with Chromium too")
    options.add_argument("--faults", type=int, default=20, help="how many faults to show")
    given = options.parse_args()

    sites = Sites(SITES)
    numbers = [given.only] if given.only is not None else range(given.count)
    chains = [generator.generate(sites, given.seed, number) for number in numbers]
    if given.only is not None:
        for url, answer in sites.answers.items():
            print(f"--- {url} {answer.status} {answer.headers}\n{answer.body.decode(errors='replace')[:3000]}",
                  file=sys.stderr)
    score, all_visits = compare.Score(), {}
    with tempfile.TemporaryDirectory(prefix="shikake-chains-") as scratch:
        for persona in generator.PERSONAS:
            mine = [chain for chain in chains if chain.persona == persona]
            visits = visit_all(given.program, persona, [chain.url for chain in mine], scratch) if mine else {}
            all_visits |= visits
            for chain in mine:
                score.add(chain, visits[chain.url])
    for fault in score.faults[:given.faults]:
        print(fault, file=sys.stderr)
    result = score.numbers()
    ways = {name for chain in chains for name in chain.used}
    result["ways"] = len(ways)
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    result["cpu_seconds"] = round(sum(u.ru_utime + u.ru_stime for u in usage), 1)
    if given.browser:
        import chromium
        result["browser"] = chromium.agreement(chains, all_visits, given.browser, given.faults,
                                               lambda text: print(text, file=sys.stderr))
    print(json.dumps(result))
    failed = [name for name, least in LEAST.items() if result[name] < least]
    if result.get("browser", {}).get("f1_with_honeyclient", 1) < LEAST["f1"]:
        failed.append("browser")
    if failed:
        print(f"below what is asked for: {failed}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
