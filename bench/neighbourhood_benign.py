#!/usr/bin/env python3
"""Gathers benign URLs out of Debian and npm packages, for bench/neighbourhood_split_bench: one a line, sorted.

    bench/neighbourhood_benign.py SCRATCH_FOLDER > benign.txt

Three kinds, so that the set holds more than documentation:
  links    every http(s) URL that a package's files mention: home pages, shops, blogs, shared hosts, feeds
  paths    each file of a content-management, shop or forum package as a site's URL, set up at the root or in
           a folder of a host that `links` names
  calls    the query strings that those packages' own code and pages build ("index.php?page=…&id=…"), likewise
Packages are downloaded with the ordinary clients (apt-get download, npm pack) into the scratch folder once.
"""
import gzip
import lzma
import pathlib
import random
import re
import subprocess
import sys

SEED = 6  # which host a path is set up on
LINK_PACKAGES = [  # Debian packages full of other people's URLs
    "webext-ublock-origin-firefox", "rss2email", "privoxy", "liferea-data", "newsboat", "akregator", "calibre",
    "bibletime-data", "texlive-bibtex-extra", "python3-feedparser", "linkchecker", "awstats", "webalizer",
    "publicsuffix", "dict-freedict-eng-jpn", "r-cran-httr", "gnome-user-docs", "debian-faq", "kiwix", "wims",
    "youtube-dl", "yt-dlp", "gallery-dl", "quvi", "streamlink", "get-iplayer", "surfraw", "duckduckgo",
    "surfraw-extra", "ddgr", "googler", "xul-ext-zotero", "zotero-standalone", "jabref", "tellico-data",
]
SITE_PACKAGES = [  # what web sites are made of
    "wordpress", "wordpress-l10n", "wordpress-theme-twentytwentythree", "dokuwiki", "mediawiki",
    "roundcube-core", "phpmyadmin", "cacti", "tt-rss", "icingaweb2-common", "redmine", "zabbix-frontend-php",
    "simplesamlphp", "request-tracker5", "shaarli", "phpldapadmin", "postfixadmin", "ikiwiki", "mailman3-web",
]
NPM_PACKAGES = [
    "top-sites", "tippy-top-sites", "simple-icons", "oembed-providers", "wappalyzer-core", "@postlight/parser",
    "@cliqz/adblocker", "@ghostery/adblocker", "linkify-it", "video-url-link", "get-video-id", "metascraper",
    "opencart", "prestashop", "@shopify/polaris", "magento2-rest-client", "woocommerce-api", "reaction-core",
    "spree", "ghost", "hexo-theme-next", "@docusaurus/theme-classic", "isbot", "ua-parser-js", "url-regex",
    "twitter-text", "autolinker", "html-metadata", "page-metadata-parser", "feedparser", "opml-to-json",
]
TEXT = {".html", ".htm", ".php", ".js", ".json", ".xml", ".txt", ".md", ".rst", ".py", ".pl", ".css", ".yml", ".yaml",
        ".toml", ".ini", ".conf", ".opml", ".csv", ".bib", ".mjs", ".ts", ".tpl", ".inc", ".rb", ".erb", ".svg", ""}
URL = re.compile(rb"https?://[A-Za-z0-9][A-Za-z0-9.-]*\.[A-Za-z]{2,}(?::\d+)?(?:[/?][^\s\"'<>\\\\^`{|}\x00-\x20\x7f-\xff]*)?")
CALL = re.compile(rb"[\"'(/]([A-Za-z0-9_/.-]+\.(?:php|html?|pl|cgi|do|jsp|aspx?))\?([A-Za-z0-9_=&;%.-]{3,200})[\"')&<]")
LARGEST_FILE = 32 << 20
NOT_BENIGN = re.compile(rb"(badware|phish|malware|malicious|resource-abuse|urlhaus|scam)", re.I)


def fetch(scratch):
    """Yields (kind, package, folder)."""
    for kind, packages in (("site", SITE_PACKAGES), ("links", LINK_PACKAGES)):
        for package in packages:
            folder = scratch / "debian" / package
            if not folder.exists():
                (scratch / "deb").mkdir(parents=True, exist_ok=True)
                done = subprocess.run(["apt-get", "download", "-q", package], cwd=scratch / "deb", capture_output=True)
                found = sorted((scratch / "deb").glob(f"{package}_*.deb"))
                if done.returncode or not found:
                    print(f"not to be had: {package}", file=sys.stderr)
                    continue
                folder.mkdir(parents=True)
                subprocess.run(["dpkg-deb", "-x", found[0], folder], check=True)
            yield kind, package, folder
    for package in NPM_PACKAGES:
        folder = scratch / "npm" / package.replace("/", "+")
        if not folder.exists():
            done = subprocess.run(["npm", "pack", "--silent", package], cwd=scratch, capture_output=True, text=True)
            if done.returncode:
                print(f"not to be had: {package}", file=sys.stderr)
                continue
            folder.mkdir(parents=True)
            subprocess.run(["tar", "xzf", scratch / done.stdout.split()[-1], "-C", folder], check=True)
        yield "links", package, folder


def contents(path):
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    return path.read_bytes()


def main():
    scratch = pathlib.Path(sys.argv[1])
    scratch.mkdir(parents=True, exist_ok=True)
    links, paths, calls = set(), set(), set()
    for kind, package, folder in fetch(scratch):
        for path in folder.rglob("*"):
            name = path.relative_to(folder).as_posix()
            if not path.is_file() or path.is_symlink() or path.stat().st_size > LARGEST_FILE:
                continue
            if NOT_BENIGN.search(name.encode()):  # lists of bad URLs that a blocker carries
                continue
            if kind == "site" and "/share/" in name and "/doc/" not in name:
                inside = name.split("/share/", 1)[1].split("/", 1)
                if len(inside) == 2:
                    paths.add(inside[1])
            if path.suffix.lower() in TEXT | {".gz", ".xz"}:
                try:
                    text = contents(path)
                except (OSError, EOFError, lzma.LZMAError):
                    continue
                links.update(m.rstrip(b".,;:)]*").decode("ascii") for m in URL.findall(text))
                if kind == "site":
                    calls.update(f"{a.decode()}?{q.decode()}" for a, q in CALL.findall(text))
    hosts = sorted({link.split("/")[2].lower() for link in links})
    draw = random.Random(SEED)
    out = set(links)
    for made in sorted(paths) + sorted(calls):
        folder = draw.choice(["", "", "", "blog/", "wp/", "cms/", "shop/", "forum/", "wiki/", "support/", "jp/"])
        out.add(f"https://{draw.choice(hosts)}/{folder}{made.lstrip('./')}")
    sys.stdout.write("\n".join(sorted(out)) + "\n")
    print(f"{len(links)} links, {len(paths)} paths, {len(calls)} calls: {len(out)} URLs", file=sys.stderr)


if __name__ == "__main__":
    main()
