#!/usr/bin/env python3
"""Dependencies point down only: every include and every USES is checked against the table of docs/architecture.md.

usage: check_layers.py SOURCE_DIR | --self-test
"""
import pathlib
import re
import sys
import tempfile

SENSORS = {"honeyclient", "honeypot", "sandbox", "honeytoken", "neighbourhood", "audit"}
LAYER_1 = {"url", "html", "net", "cell", "taint"}
LAYER_2 = {"intel", "match", "triage", "gateway", "range"}

MAY_USE = {
    "base": set(),
    "url": {"base"},
    "html": {"base"},
    "net": {"base", "url", "cell"},  # the fetcher confines itself
    "cell": {"base"},
    "taint": {"base"},
    "intel": {"base", "url"},
    "match": {"base", "url"},
    "triage": {"base", "url", "cell"},
    "gateway": {"base", "url", "net", "cell"},
    "range": {"base", "url", "net", "cell"},
    "store": {"base", "url", "intel"},
    "jobs": {"base", "intel", "store"},
    "publish": {"base", "url", "net", "cell", "intel", "store", "match"},
    "console": {"base"} | LAYER_1 | {"intel", "store", "match", "jobs"},
}
for sensor in SENSORS:
    MAY_USE[sensor] = {"base"} | LAYER_1 | LAYER_2

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"/]+)/', re.M)
USES = re.compile(r"\bUSES\b([^A-Z)]*)")


def violations(root):
    found = []
    for folder in sorted(p for p in (root / "src").iterdir() if p.is_dir()):
        allowed = MAY_USE.get(folder.name)
        if allowed is None:
            found.append(f"src/{folder.name}: no row in MAY_USE: add the module to docs/architecture.md and here")
            continue
        modules = set(MAY_USE)
        for path in sorted(folder.rglob("*")):
            if path.suffix not in {".cpp", ".h"}:
                continue
            for used in INCLUDE.findall(path.read_text(encoding="utf-8")):
                if used in modules and used != folder.name and used not in allowed:
                    found.append(f"{path.relative_to(root)}: includes {used}/, which {folder.name} may not use")
        lists = folder / "CMakeLists.txt"
        if lists.exists():
            for clause in USES.findall(lists.read_text(encoding="utf-8")):
                for used in clause.split():
                    if used in modules and used != folder.name and used not in allowed:
                        found.append(f"{lists.relative_to(root)}: USES {used}, which {folder.name} may not use")
    return found


def self_test():
    """The check must catch an include and a USES that point up."""
    with tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch)
        for module in ("base", "url"):
            (root / "src" / module).mkdir(parents=True)
        (root / "src/base/a.h").write_text('#include "url/url.h"\n')
        (root / "src/url/a.h").write_text('#include "base/a.h"\n')
        (root / "src/url/CMakeLists.txt").write_text("shikake_module(url USES base store LINK x)\n")
        (root / "src/extra").mkdir()
        found = violations(root)
        assert len(found) == 3, found
        assert "includes url/" in found[0] and "no row" in found[1] and "USES store" in found[2], found
    print("3 planted violations caught")


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        self_test()
    else:
        problems = violations(pathlib.Path(sys.argv[1]))
        print("\n".join(problems) or "every include points down")
        sys.exit(1 if problems else 0)
