"""The specimens of score.py through the product's own way: `shikake analyze --taint` in a cell, the simulated Internet
answering, and the roles as the record has them. score.py's runs are on loopback with no cell around them.

    product.py --program build/dev/shikake [--architectures x86_64,mips] [--every N] [--markdown]

Those whose servers scripted replies can stand for: TCP, answers that do not hang on what the client says.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

import score

SERVER = "203.0.113.7"  # of the documentation range
FIRST_PORT = 4444
# They act on files that lie in the folder they are started in; the guest's home has none of theirs.
NEED_FILES = ("command-words-removes", "argument-file", "command-after-files")
# Their own addresses are the loopback's.
NEED_LOOPBACK = ("http_client.c", "datagrams.c", "generator.c")


def fits(specimen):
    scripted = all(isinstance(answer, bytes) or (isinstance(answer, tuple) and answer[0] != "redirect") for answer in specimen.servers)
    return (scripted and not specimen.datagrams and not specimen.dynamic and not specimen.silent
            and specimen.name not in NEED_FILES and specimen.source not in NEED_LOOPBACK)


def run(specimen, architecture, level, program):
    with tempfile.TemporaryDirectory() as folder:
        address = "0x" + "".join(f"{int(part):02x}" for part in SERVER.split("."))
        defines = specimen.defines
        specimen.defines = {**defines, "SERVER": address}
        try:
            # The guest may lack other architectures' libraries.
            sample = score.build(specimen, architecture, "gcc", level, architecture != "x86_64", folder)
        finally:
            specimen.defines = defines
        ports = [FIRST_PORT + i for i in range(len(specimen.servers))]
        with open(os.path.join(folder, "replies.toml"), "w") as replies:
            for i, answer in enumerate(specimen.servers):
                with open(os.path.join(folder, f"answer{i}"), "wb") as out:
                    out.write(score.wanted(answer, ports, architecture, folder))
                # It speaks first, which suits clients that ask and clients that listen.
                replies.write(f'[[tcp]]\nport = {ports[i]}\nsteps = [{{ send_file = "answer{i}", close = true }}]\n')
        words = {"SECRET": "Documents/notes.txt", **{f"PORT{i}": str(port) for i, port in enumerate(ports)}}
        arguments = " ".join([str(ports[0])] + [words.get(a, a) for a in specimen.arguments])
        done = subprocess.run([program, "--home", os.path.join(folder, "home"), "--json", "analyze", "--no-store", "--taint",
                               "--depth", "0", "--time", "60s", "--replies", os.path.join(folder, "replies.toml"),
                               "--args", arguments, sample], capture_output=True, timeout=300)
        if done.returncode != 0:
            return {"failed": done.stderr.decode(errors="replace")[-500:]}
        record = json.loads(done.stdout)["runs"][0]
    return found_in(record, specimen, ports)


def found_in(record, specimen, ports):
    """The record's flows in score.py's words."""
    if not record.get("emulator"):
        return {"failed": f"it was not followed: {record['remarks']}"}
    servers = {f"{SERVER}:{port}": i for i, port in enumerate(ports)}
    result = {"roles": [set() for _ in ports], "parents": {}, "gates": set(), "strangers": [],
              "unsupported": record.get("unsupported_instructions", [])}
    called = {flow["id"]: servers[flow["remote"]] for flow in record["flows"] if flow["remote"] in servers}
    for flow in record["flows"]:
        roles = {sentence.split(":")[0] for sentence in flow["evidence"]} if flow.get("role") else set()
        if flow["id"] not in called:
            result["strangers"] += [f"{flow['remote']}:{role}" for role in sorted(roles)]
            continue
        i = called[flow["id"]]
        result["roles"][i] |= roles
        if flow.get("gate") and not roles:
            result["gates"].add(i)
        if "parent_flow" in flow:
            result["parents"][i] = called.get(flow["parent_flow"])
    if len(set(called.values()) | specimen.silent) < len(ports):
        return {"failed": f"only servers {sorted(set(called.values()))} were called"}
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--architectures", default="x86_64,mips")
    parser.add_argument("--every", type=int, default=1, help="only each so many-th specimen")
    parser.add_argument("--only", default="")
    parser.add_argument("--least-precision", type=float, default=0)
    parser.add_argument("--least-recall", type=float, default=0)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    program = os.path.abspath(options.program)
    counts, rows, turn = {}, [], 0
    whole = score.Count()
    for architecture in options.architectures.split(","):
        if not shutil.which(score.ARCHITECTURES[architecture][0]) or not shutil.which(f"qemu-{architecture}"):
            print(f"skipped: no compiler or emulator for {architecture}", file=sys.stderr)
            continue
        counts[architecture] = score.Count()
        chosen = [s for s in score.specimens() if fits(s) and options.only in s.name
                  and (s.architectures is None or architecture in s.architectures)]
        for specimen in chosen[::options.every]:
            turn += 1
            level = max(turn % 4, specimen.least_level)
            row = {"specimen": specimen.name, "architecture": architecture, "level": level}
            score.judge(specimen, run(specimen, architecture, level, program), row)
            for one in (whole, counts[architecture]):
                one.add(row)
            del row["confusion"]
            if row["wrong"] or row["missed"] or "failed" in row:
                rows.append(row)
                print(json.dumps(row), file=sys.stderr, flush=True)
    print(json.dumps({**whole.said(), "rows": rows}))
    if options.markdown:
        score.markdown(counts)
    if not counts:
        return 77
    return 0 if whole.is_good(options.least_precision, options.least_recall) else 1


if __name__ == "__main__":
    sys.exit(main())
