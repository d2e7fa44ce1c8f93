#!/usr/bin/env python3
"""Writes demo/proxy.log.gz: a Squid native access log of forty clients over one working day.

Thirty-seven of them browse ordinary sites. Three went down the chain of scenario.toml:
  10.20.2.31  only exposed: the proxy denied the exploit page
  10.20.1.17  fetched the program; nothing came of it
  10.20.3.44  infected: beacons to sync.telemetry-hub.example, which feed.csv knows
The same seed gives the same bytes.  Usage: demo/make_proxy_log.py [FILE]
"""

import gzip
import random
import sys
from pathlib import Path

SEED = 20260310
DAY = 1773100800  # 2026-03-10T00:00:00Z, a Tuesday

# Name, address, weight, pages, what a page brings along.
SITES = [
    ("www.morning-post.example", "198.51.100.101", 14, "/{s}/{n}.html", "img"),
    ("intranet.harbour-works.example", "198.51.100.102", 12, "/wiki/{s}", "app"),
    ("search.wayfinder.example", "198.51.100.103", 16, "/search?q={s}", "app"),
    ("www.city-weather.example", "198.51.100.104", 5, "/forecast/{s}", "img"),
    ("video.stream-pond.example", "198.51.100.105", 4, "/watch?v={s}{n}", "video"),
    ("shop.kettle-and-cup.example", "198.51.100.106", 4, "/p/{s}-{n}", "img"),
    ("www.rail-times.example", "198.51.100.107", 5, "/from/{s}?to={n}", "app"),
    ("forum.old-bicycles.example", "198.51.100.108", 3, "/t/{n}-{s}", "img"),
    ("www.garden-club.example", "203.0.113.10", 2, "/", "img"),
    ("recipes.slow-kitchen.example", "198.51.100.110", 4, "/{s}/", "img"),
]
TUNNELS = [
    ("mail.harbour-works.example", "198.51.100.120", 20),
    ("www.saving-bank.example", "198.51.100.121", 4),
    ("chat.small-talk.example", "198.51.100.122", 16),
    ("static.quick-cdn.example", "198.51.100.20", 14),
    ("accounts.wayfinder.example", "198.51.100.123", 6),
    ("update.desk-system.example", "198.51.100.124", 3),
]
WORDS = ("harbour lantern river paper mill garden timber copper orchard linen walnut ferry "
         "market bridge winter cellar kettle violin marble saddle").split()
SHOP = "http://www.paper-lantern.example"


class Log:
    def __init__(self, chance):
        self.chance = chance
        self.rows = []

    def add(self, time, client, action, status, size, method, url, peer, kind="text/html", ms=None):
        took = ms if ms is not None else int(self.chance.lognormvariate(4.2, 0.9))
        hierarchy = f"HIER_DIRECT/{peer}" if peer else "HIER_NONE/-"
        line = (f"{time:.3f} {took:6d} {client} {action}/{status:03d} {size} {method} {url} - "
                f"{hierarchy} {kind}")
        self.rows.append((time, len(self.rows), line))


def pick(chance, table):
    return chance.choices(table, weights=[row[2] for row in table])[0]


def image(chance, log, time, client, name, address):
    url = f"http://{name}/img/{chance.choice(WORDS)}-{chance.randrange(40)}.jpg"
    cached = chance.random()
    size = chance.randrange(2000, 90000)
    if cached < 0.35:
        log.add(time, client, "TCP_MEM_HIT", 200, size, "GET", url, None, "image/jpeg", chance.randrange(3))
    elif cached < 0.45:
        log.add(time, client, "TCP_REFRESH_UNMODIFIED", 304, 310, "GET", url, address, "-")
    else:
        log.add(time, client, "TCP_MISS", 200, size, "GET", url, address, "image/jpeg")


def page(chance, log, time, client):
    name, address, _, path, kind = pick(chance, SITES)
    url = f"http://{name}" + path.format(s=chance.choice(WORDS), n=chance.randrange(1, 4000))
    status = 200 if chance.random() < 0.96 else chance.choice([301, 302, 404, 404, 503])
    log.add(time, client, "TCP_MISS", status, chance.randrange(4000, 60000), "GET", url, address)
    if status != 200:
        return
    for i in range(chance.randrange(2, 12) if kind == "img" else chance.randrange(1, 4)):
        image(chance, log, time + 0.2 + i * 0.07, client, name, address)
    if kind == "app":
        log.add(time + 0.5, client, "TCP_MISS", 200, chance.randrange(300, 4000), "POST",
                f"http://{name}/api/session", address, "application/json")
    if kind == "video":
        for i in range(chance.randrange(3, 15)):
            log.add(time + 1 + i * 9, client, "TCP_MISS", 206, chance.randrange(400000, 2000000), "GET",
                    f"http://{name}/segment/{chance.randrange(10**8)}.m4s", address, "video/mp4")
    if chance.random() < 0.3:
        log.add(time + 0.6, client, "TCP_MISS", 200, 1203, "GET",
                "http://ads.banner-works.example/frame?slot=side", "198.51.100.30")
    if chance.random() < 0.4:
        log.add(time + 0.7, client, "TCP_MISS", 200, 353, "GET",
                "http://stats.tally-mark.example/hit.gif?p=%2F", "198.51.100.40", "image/gif")


def tunnel(chance, log, time, client):
    name, address, _ = pick(chance, TUNNELS)
    log.add(time, client, "TCP_TUNNEL", 200, int(chance.lognormvariate(9, 1.5)), "CONNECT", f"{name}:443", address,
            "-", int(chance.lognormvariate(9, 1.2)))


def working_day(chance, log, client):
    start = DAY + chance.gauss(8.7, 0.5) * 3600
    end = DAY + chance.gauss(17.4, 0.7) * 3600
    time = start
    while time < end:
        for _ in range(chance.randrange(1, 6)):  # a few pages, then something else
            (page if chance.random() < 0.6 else tunnel)(chance, log, time, client)
            time += chance.lognormvariate(2.8, 0.8)
        time += chance.lognormvariate(5.6, 0.8)
    for hour in range(0, 24, 2):  # machines are left on
        log.add(DAY + hour * 3600 + chance.randrange(7200), client, "TCP_TUNNEL", 200, 4312, "CONNECT",
                "update.desk-system.example:443", "198.51.100.124", "-")


def lamp_lover(chance, log, client, time):
    """Looks at the shop's other pages, which nobody tampered with."""
    for path, kind in (("/lamps/", "text/html"), ("/css/site.css", "text/css"), ("/js/site.js", "text/javascript"),
                       ("/img/moon.svg", "image/svg+xml"), ("/about.html", "text/html")):
        time += chance.random() * 3
        log.add(time, client, "TCP_MISS", 200, chance.randrange(700, 3000), "GET", SHOP + path, "203.0.113.10", kind)


def chain(chance, log, client, time, denied=False):
    """The landing page and what it leads to. Gives the time of the program's arrival."""
    add = log.add
    add(time, client, "TCP_MISS", 200, 5220, "GET", SHOP + "/", "203.0.113.10")
    add(time + .2, client, "TCP_TUNNEL", 200, 3120, "CONNECT", "static.quick-cdn.example:443", "198.51.100.20", "-")
    for i, (path, kind) in enumerate((("/css/site.css", "text/css"), ("/js/site.js", "text/javascript"),
                                      ("/img/lantern.svg", "image/svg+xml"), ("/img/moon.svg", "image/svg+xml"))):
        add(time + .25 + i / 20, client, "TCP_MISS", 200, 640 + 90 * i, "GET", SHOP + path, "203.0.113.10", kind)
    add(time + .5, client, "TCP_MISS", 200, 920, "GET", "http://ads.banner-works.example/frame?slot=shop-top",
        "198.51.100.30")
    add(time + .6, client, "TCP_MISS", 200, 720, "GET", "http://stats.tally-mark.example/count.js", "198.51.100.40",
        "text/javascript")
    add(time + .7, client, "TCP_MISS", 302, 344, "GET", "http://go.clicks-bureau.example/in?f=11", "192.0.2.66")
    relay = "http://www.weather-widgets.example/w/check.php"
    add(time + .9, client, "TCP_MISS", 200, 560, "GET", relay + "?id=11", "192.0.2.77")
    add(time + 1.1, client, "TCP_MISS", 200, 430, "GET", relay + "?s=1", "192.0.2.77")
    exploit = "http://update.player-patch.example/view.php?id=11"
    if denied:
        add(time + 1.3, client, "TCP_DENIED", 403, 3900, "GET", exploit, None, ms=0)
        return time
    add(time + 1.3, client, "TCP_MISS", 200, 2110, "GET", exploit, "192.0.2.88")
    add(time + 2.4, client, "TCP_MISS", 200, 930, "GET", "http://files.patch-mirror.example/get/player_update.exe?id=11",
        "192.0.2.99", "application/octet-stream")
    return time + 2.4


def beacons(chance, log, client, time):
    while (time := time + chance.gauss(600, 25)) < DAY + 86400:
        log.add(time, client, "TCP_MISS", 200, chance.choice([312, 312, 312, 348]), "POST",
                "http://sync.telemetry-hub.example/v2/ping", "203.0.113.200", "text/plain")


def make():
    chance = random.Random(SEED)
    log = Log(chance)
    clients = [f"10.20.{1 + i // 14}.{host}" for i, host in enumerate(chance.sample(range(10, 250), 37))]
    victims = ["10.20.2.31", "10.20.1.17", "10.20.3.44"]
    clients = [client if client not in victims else "10.20.4.9" for client in clients] + victims
    for client in clients:
        working_day(chance, log, client)
    for client in clients[:4]:
        lamp_lover(chance, log, client, DAY + chance.gauss(12.5, 0.6) * 3600)
    chain(chance, log, victims[0], DAY + 10.41 * 3600, denied=True)
    chain(chance, log, victims[1], DAY + 11.86 * 3600)
    arrived = chain(chance, log, victims[2], DAY + 9.73 * 3600)
    beacons(chance, log, victims[2], arrived + 40)
    return "".join(line + "\n" for _, _, line in sorted(log.rows))


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("proxy.log.gz"))
    target.write_bytes(gzip.compress(make().encode(), 9, mtime=0))
