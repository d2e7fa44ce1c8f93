"""An independent cross-check of the roles: each specimen runs as an ordinary program, without any tracking, against
servers whose replies are changed, and what it does is compared. Where a changed reply changes which actions are
taken, the reply decides; taint calls it c2, or a gate when the only change is whether the program goes on.

    perturb.py [--every N]

Prints one JSON document: how often both agree, and a row for each that does not.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import score


def behaviour(program, specimen, reply, folder):
    """Names that the program made or removed, and which servers it called."""
    work = tempfile.mkdtemp(dir=folder)
    with open(os.path.join(work, "victim"), "w") as out:
        out.write("here\n")
    server = score.Server()
    server.answer = reply
    child = subprocess.Popen([program, str(server.port)], cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             start_new_session=True)
    try:
        status = child.wait(timeout=60)
    except subprocess.TimeoutExpired:
        status = "hangs"
    finally:
        score.end_group(child)
        server.socket.close()
    return sorted(os.listdir(work)), status


def changed(reply):
    """The reply with one byte after another replaced, and none at all."""
    spread = range(len(reply)) if len(reply) <= 24 else range(0, len(reply), max(1, len(reply) // 24))
    for at in spread:
        yield reply[:at] + bytes([reply[at] ^ 0x15]) + reply[at + 1:]
    yield b""


def decides(specimen, folder):
    program = score.build(specimen, "x86_64", "gcc", 1, False, folder)
    reply = specimen.servers[0]
    usual = behaviour(program, specimen, reply, folder)
    return any(behaviour(program, specimen, other, folder) != usual for other in changed(reply))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    # One server, a reply of fixed bytes, and a role that says whether the reply chooses.
    chosen = [s for s in score.specimens() if len(s.servers) == 1 and isinstance(s.servers[0], bytes)
              and (s.roles[0] == {"c2"} or s.name in NEVER_DECIDED) and s.source != "argument.c"]
    rows = []
    for specimen in chosen[::options.every]:
        with tempfile.TemporaryDirectory() as folder:
            row = {"specimen": specimen.name, "c2": specimen.roles[0] == {"c2"}, "reply_decides": decides(specimen, folder)}
        rows.append(row)
    apart = [row for row in rows if row["c2"] != row["reply_decides"]]
    print(json.dumps({"specimens": len(rows), "agree": len(rows) - len(apart), "apart": apart}))
    return 0 if not apart else 1


# Innocent, and not even a gate: whatever the server says, they do the same.
NEVER_DECIDED = {"innocent-connectivity", "innocent-telemetry", "innocent-checksum", "innocent-version"}

if __name__ == "__main__":
    sys.exit(main())
