"""An independent cross-check of taint's verdicts: each specimen runs as an ordinary program, with no tracking at all,
against servers whose replies are changed, and the calls by which it acts are compared. The same specimen then runs
under taint, and its roles must be those that the changes show:

    c2     replies choose among actions: three courses at least, or an action's words change with the reply
    gate   replies decide: two courses at least
    none   whatever the reply, the program does the same

    perturb.py --runner build/dev/shikake-taint-run [--every N]

Prints one JSON document: how often both agree, and a row for each that does not. Needs strace.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import score

# Calls that do something; of open, those that make or change a file.
ACTING = "execve,execveat,open,openat,creat,unlink,unlinkat,rename,renameat,renameat2,mkdir,connect,sendto,kill"
CHANGES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT")


def course(program, specimen, reply, folder):
    """What the program does when it gets this reply: its acting calls in order."""
    work = tempfile.mkdtemp(dir=folder)
    for name in ("commanded", "victim"):
        with open(os.path.join(work, name), "w") as out:
            out.write("here\n")
    server = score.Server()
    server.answer = reply
    log = os.path.join(work, ".calls")
    child = subprocess.Popen(["strace", "-f", "-q", "-s", "64", "-o", log, "-e", f"trace={ACTING}", program, str(server.port)], cwd=work,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        child.wait(timeout=60)
    except subprocess.TimeoutExpired:
        return ("hangs",)
    finally:
        score.end_group(child)
        server.socket.close()
    calls = []
    with open(log, errors="replace") as lines:
        for line in lines:
            call = line.split(None, 1)[1].strip()
            if not re.match(r"\w+\(", call) or call.startswith("open") and not CHANGES.search(call):
                continue
            if call.startswith("sendto"):  # that something was said, not what
                call = "sendto"
            calls.append(call.replace(str(server.port), "PORT").rsplit(" = ", 1)[0].strip())
    return tuple(calls[1:])  # the first is the program's own start


def changed(specimen):
    """The reply with one byte after another replaced, and what other servers of its kind say. Never nothing at all:
    who tests whether an answer came has no byte of it that could be followed."""
    reply = specimen.servers[0]
    spread = range(len(reply)) if len(reply) <= 24 else range(0, len(reply), len(reply) // 24)
    for at in spread:
        yield reply[:at] + bytes([reply[at] ^ 0x15]) + reply[at + 1:]
    encode = score.ENCODE[int(specimen.defines.get("ENCODING", 0))]
    for word in (b"EXEC", b"FILE", b"REMOVE", b"EXIT", b"F", b"R", b"GO", b"STOP", b"5", b"900000000") + tuple(
            b"SHIK" + bytes([0, opcode, 0, 0]) for opcode in (1, 2, 3)):
        yield encode(word)


def shown_by_changes(specimen, folder):
    program = score.build(specimen, "x86_64", "gcc", 1, False, folder)
    own = course(program, specimen, specimen.servers[0], folder)
    courses = {own} | {course(program, specimen, reply, folder) for reply in changed(specimen)}
    shut = any(other[:len(own)] == own for other in courses - {own})
    return min(len(courses), 3), shut


def agree(courses, shut, result):
    """Whether what taint says fits the number of courses that were seen. Behind a gate that stays shut nothing is
    done (`shut`: other courses go on where its own ends), so nothing shows that it is one."""
    if "failed" in result:
        return False
    if "c2" in result["roles"][0]:
        return courses >= 3
    return courses >= 2 if result["gates"] else courses == 1 or shut


def chosen(every):
    """One server with a reply of fixed bytes, that commands or does not; some of each kind."""
    kinds = {"c2": [], "gate": [], "none": []}
    for s in score.specimens():
        if len(s.servers) == 1 and isinstance(s.servers[0], bytes) and s.roles[0] <= {"c2"} and not s.libraries:
            kinds["c2" if s.roles[0] else "gate" if s.gates.get(0) else "none"].append(s)
    return [s for all_of_kind in kinds.values() for s in all_of_kind[::every]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runner", required=True)
    parser.add_argument("--every", type=int, default=1, help="only each so many-th specimen of its kind")
    options = parser.parse_args()
    for program in ("strace", "qemu-x86_64"):
        if not shutil.which(program):
            print(f"skipped: no {program}", file=sys.stderr)
            return 77
    rows = []
    for specimen in chosen(options.every):
        with tempfile.TemporaryDirectory() as folder:
            courses, shut = shown_by_changes(specimen, folder)
        result = score.run(specimen, "x86_64", "gcc", 1, False, os.path.abspath(options.runner))
        said = result.get("failed") or sorted(result["roles"][0] | ({"gate"} if result["gates"] else set())) or ["none"]
        rows.append({"specimen": specimen.name, "courses": courses, "taint": said, "agree": agree(courses, shut, result)})
    apart = [row for row in rows if not row["agree"]]
    counts = {str(n): sum(row["courses"] == n for row in rows) for n in (1, 2, 3)}
    print(json.dumps({"specimens": len(rows), "by_courses": counts, "agree": len(rows) - len(apart), "apart": apart}))
    # All three kinds must be among them, or an answer that is always the same would pass.
    return 0 if not apart and all(counts.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
