"""Builds the specimens of client logic, runs each under the taint plugin against scripted servers on
loopback, and scores the roles that its flows were given.

    score.py --runner build/dev/shikake-taint-run [--architectures x86_64,arm] [--only WORD] [--markdown]
             [--levels 0,1,2,3 | --rotate] [--go] [--compilers gcc,clang] [--least-precision P --least-recall R]

Prints one JSON document: a row for each run that was not as expected, and the totals. What counts is a role of a
flow, a parent of a flow, and whether a flow without a role is a gate; each is right, wrong (found and not there) or
missed. A run that fails, or never calls a server that it is to call, is right in nothing: it fails the whole.
"""
import argparse
import base64
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
SPECIMENS = os.path.join(HERE, "specimens")
# Compiler and the root that holds the architecture's libraries.
ARCHITECTURES = {
    "x86_64": ("gcc", ""),
    "i386": ("i686-linux-gnu-gcc", "/usr/i686-linux-gnu"),
    "arm": ("arm-linux-gnueabihf-gcc", "/usr/arm-linux-gnueabihf"),
    "aarch64": ("aarch64-linux-gnu-gcc", "/usr/aarch64-linux-gnu"),
    "mips": ("mips-linux-gnu-gcc", "/usr/mips-linux-gnu"),
    "mipsel": ("mipsel-linux-gnu-gcc", "/usr/mipsel-linux-gnu"),
}
SECRET = b"user=alice password=correct-horse-battery-staple\n"


def rc4(data, key=b"shikake"):
    s = list(range(256))
    j = 0
    for i in range(256):
        j = (j + s[i] + key[i % len(key)]) & 255
        s[i], s[j] = s[j], s[i]
    out = bytearray()
    i = j = 0
    for byte in data:
        i = (i + 1) & 255
        j = (j + s[i]) & 255
        s[i], s[j] = s[j], s[i]
        out.append(byte ^ s[(s[i] + s[j]) & 255])
    return bytes(out)


def running_xor(data):
    key, out = 0x21, bytearray()
    for byte in data:
        out.append(byte ^ key)
        key = (key * 5 + 17) & 255
    return bytes(out)


def aes_block(block, key):
    box, p, q = [0x63] + [0] * 255, 1, 1
    while True:
        p = (p ^ p << 1 ^ (0x1B if p & 0x80 else 0)) & 255
        q = (q ^ q << 1) & 255
        q = (q ^ q << 2) & 255
        q = (q ^ q << 4) & 255
        q ^= 9 if q & 0x80 else 0
        twice = q << 8 | q
        box[p] = (q ^ twice >> 7 ^ twice >> 6 ^ twice >> 5 ^ twice >> 4 ^ 0x63) & 255
        if p == 1:
            break
    keys, constant = list(key), 1
    for i in range(16, 176, 4):
        w = keys[i - 4:i]
        if i % 16 == 0:
            w = [box[w[1]] ^ constant, box[w[2]], box[w[3]], box[w[0]]]
            constant = constant << 1 ^ (0x11B if constant & 0x80 else 0)
        keys += [keys[i - 16 + k] ^ w[k] for k in range(4)]
    s = [a ^ b for a, b in zip(block, keys)]
    for number in range(1, 11):
        t = [box[s[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        for c in range(0, 16, 4):
            everything = t[c] ^ t[c + 1] ^ t[c + 2] ^ t[c + 3]
            for k in range(4):
                pair = t[c + k] ^ t[c + (k + 1) % 4]
                mixed = (t[c + k] ^ everything ^ pair << 1 ^ (0x1B if pair & 0x80 else 0)) & 255
                s[c + k] = (mixed if number < 10 else t[c + k]) ^ keys[16 * number + c + k]
    return bytes(s)


# The example of FIPS 197, appendix B.
assert aes_block(bytes.fromhex("3243f6a8885a308d313198a2e0370734"),
                 bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")).hex() == "3925841d02dc09fbdc118597196a0b32"


def aes(data):
    before, out = bytes(16), b""
    for at in range(0, len(data) + 16, 16):
        part = (b"nothing to say.." + data)[at:at + 16]
        part = bytes(a ^ b for a, b in zip(part, aes_block(before, b"shikake-shikake!")))
        before, out = part, out + part
    return out


def deflated(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


ENCODE = [lambda d: d, lambda d: bytes(b ^ 0x5A for b in d), rc4, base64.b64encode, running_xor, None, aes, deflated, zlib.compress,
          base64.b64encode]
ENCODING_NAMES = ["plain", "xor", "rc4", "base64", "running-xor", "", "aes", "inflate", "zlib", "base64-table"]


def frame(key, *body):
    """Of session.c: a length, and bytes under the key."""
    return bytes([len(body)]) + bytes(byte ^ key for byte in body)


def http(body, header):
    return f"HTTP/1.1 200 OK\r\nServer: small\r\nContent-Type: text/plain\r\n{header}\r\n\r\n".encode() + body


SCRIPT = b"#!/bin/sh\necho staged > staged\n"


class Specimen:
    """servers: what each answers; roles: what each one's flow is; parents: server number -> server number; gates:
    server number -> whether its answer is a go or no-go that something came of (those left out are not asked); silent:
    servers that nothing is asked of; datagrams: the servers take those; dynamic: it can't be linked statically."""

    def __init__(self, name, source, defines, servers, roles, parents=None, arguments=(), libraries=(), gates=None,
                 architectures=None, silent=(), datagrams=False, dynamic=False):
        self.name, self.source, self.defines = name, source, defines
        self.servers, self.roles, self.parents, self.gates = servers, roles, parents or {}, gates or {}
        self.arguments, self.libraries = arguments, libraries
        self.architectures = architectures  # None: all
        self.silent, self.datagrams, self.dynamic = set(silent), datagrams, dynamic
        self.held_out = False
        self.least_level = 0  # of optimisation


def specimens():
    rows = []
    dispatches = {1: ("words", b"FILE"), 2: ("opcode", b"F"), 3: ("functions", b"B"), 4: ("states", b"FI"),
                  5: ("searched", b"FILE"), 6: ("binary", struct.pack(">IHH", 0x5348494B, 2, 0)), 7: ("hashed", b"FILE")}
    for dispatch, (word, command) in dispatches.items():
        for encoding in range(5):
            if (dispatch + encoding) % 2 and encoding > 1:
                continue
            rows.append(Specimen(f"command-{word}-{ENCODING_NAMES[encoding]}", "command.c",
                                 {"DISPATCH": dispatch, "ENCODING": encoding}, [ENCODE[encoding](command)], [{"c2"}]))
    rows.append(Specimen("command-words-first", "command.c", {"DISPATCH": 1, "ENCODING": 1},
                         [ENCODE[1](b"EXEC")], [{"c2"}]))
    rows.append(Specimen("command-words-removes", "command.c", {"DISPATCH": 1, "ENCODING": 0}, [b"REMOVE"], [{"c2"}]))
    rows.append(Specimen("command-opcode-first", "command.c", {"DISPATCH": 2, "ENCODING": 0}, [b"E"], [{"c2"}]))
    for encoding in (0, 1, 2, 3):
        rows.append(Specimen(f"argument-line-{ENCODING_NAMES[encoding]}", "argument.c",
                             {"ARGUMENT": 1, "ENCODING": encoding}, [ENCODE[encoding](b"from afar")], [{"c2"}]))
    rows.append(Specimen("argument-file", "argument.c", {"ARGUMENT": 2, "ENCODING": 1}, [ENCODE[1](b"victim")], [{"c2"}]))
    for encoding in (0, 3, 9):
        rows.append(Specimen(f"second-named-{ENCODING_NAMES[encoding]}", "second.c", {"AFTER": 0, "ENCODING": encoding},
                             [("port", encoding), b"fine"], [set(), set()], {1: 0}))
    rows.append(Specimen("second-commands", "second.c", {"AFTER": 1, "ENCODING": 1}, [("port", 1), b"FILE"],
                         [set(), {"c2"}], {1: 0}))
    rows.append(Specimen("second-distributes", "second.c", {"AFTER": 2, "ENCODING": 0}, [("port", 0), SCRIPT],
                         [set(), {"distribution"}], {1: 0}))
    for encoding in (0, 2):
        rows.append(Specimen(f"threads-{ENCODING_NAMES[encoding]}", "threads.c", {"ENCODING": encoding},
                             [ENCODE[encoding](b"FILE")], [{"c2"}], libraries=["-pthread"]))
    rows.append(Specimen("pipe", "pipes.c", {"OVER": 1, "ENCODING": 1}, [ENCODE[1](b"FILE")], [{"c2"}]))
    rows.append(Specimen("spool-file", "pipes.c", {"OVER": 2, "ENCODING": 0}, [b"FILE"], [{"c2"}]))
    for into, word in ((1, "file"), (2, "memory"), (3, "script")):
        for encoding in (0, 1, 3):
            rows.append(Specimen(f"download-{word}-{ENCODING_NAMES[encoding]}", "download.c",
                                 {"INTO": into, "ENCODING": encoding},
                                 [("program", encoding) if into < 3 else ENCODE[encoding](SCRIPT)], [{"distribution"}]))
    rows.append(Specimen("download-never-run", "download.c", {"INTO": 4, "ENCODING": 0}, [("program", 0)], [set()]))
    rows.append(Specimen("download-never-run-xor", "download.c", {"INTO": 4, "ENCODING": 1}, [("program", 1)], [set()]))
    for encoding, word in ((0, "plain"), (1, "xor"), (2, "rc4"), (5, "base64")):
        rows.append(Specimen(f"steal-{word}", "steal.c", {"ENCODING": encoding}, [b"ok"], [{"drop"}],
                             arguments=["SECRET"]))
    for kind, word, answers in (
            (1, "frames", [frame(0x21, 1), frame(0x21, 3, 2), frame(0x21, 2, 0x77), frame(0x77, 7), frame(0x77, 4), frame(0x77, 9)]),
            (1, "frames-late", [frame(0x21, 1)] * 9 + [frame(0x21, 6), frame(0x21, 9)]),
            (2, "chat", [b":s 001 me :hello\r\n", b"PING :1\r\n", b":a PRIVMSG #here :hello\r\n:a PRIVMSG #here :!file\r\n",
                         b":a PRIVMSG #here :!quit\r\n"])):
        rows.append(Specimen(f"session-{word}", "session.c", {"KIND": kind, "ENCODING": 0}, [answers], [{"c2"}]))
    rows.append(Specimen("command-vectors", "vectors.c", {"ENCODING": 0}, [bytes((b - 300) & 255 for b in b"FILE".ljust(16, b"\0"))],
                         [{"c2"}]))
    # The address comes out of an answer of the name server; the name out of the first server's bytes.
    rows.append(Specimen("generator-seeded", "generator.c", {"ENCODING": 0}, [b"2026-11-23 rates: 1.2 3.4", "names", b"fine"],
                         [set(), set(), set()], {2: 0}, arguments=["PORT1", "PORT2"]))
    rows += carried() + held_out() + through_calls() + innocent_clients()
    innocent = {1: ("kill-switch", b"GO"), 2: ("captive-portal", b"HTTP/1.1 204 No Content\r\n\r\n"),
                3: ("time-gate", b"1700000000"), 4: ("connectivity", b"hello"), 5: ("telemetry", b"thanks"),
                6: ("version", b"3.4"), 7: ("advert", b"buy this"), 8: ("text-saved", b"some text\n" * 50),
                9: ("greeting", b"220 mail"), 10: ("checksum", bytes(range(256))),
                11: ("captive-portal-told", b"HTTP/1.1 204 No Content\r\n\r\n")}
    gates = {"kill-switch", "captive-portal", "captive-portal-told", "time-gate", "greeting"}  # of "version" nothing comes but a word
    for kind, (word, answer) in innocent.items():
        rows.append(Specimen(f"innocent-{word}", "innocent.c", {"KIND": kind, "ENCODING": 0}, [answer], [set()],
                             gates={0: word in gates}))
    rows.append(Specimen("innocent-kill-switch-thrown", "innocent.c", {"KIND": 1, "ENCODING": 0}, [b"STOP"], [set()]))
    rows.append(Specimen("innocent-time-gate-shut", "innocent.c", {"KIND": 3, "ENCODING": 0}, [b"5"], [set()]))
    rows.append(Specimen("innocent-version-old", "innocent.c", {"KIND": 6, "ENCODING": 0}, [b"3.0"], [set()]))
    return rows


def carried():
    """Bytes that go a long way before they decide: inflated, through memory that is shared, files that are mapped,
    signals, generated code, and into programs that are executed."""
    rows = []
    for encoding in (7, 8):
        word = ENCODING_NAMES[encoding]
        libraries, only = (["-lz"], ["x86_64"]) if encoding == 8 else ([], None)  # Debian has no zlib for the others
        for dispatch, kind, command in ((1, "words", b"FILE"), (2, "opcode", b"F"), (6, "binary", struct.pack(">IHH", 0x5348494B, 2, 0))):
            rows.append(Specimen(f"command-{kind}-{word}", "command.c", {"DISPATCH": dispatch, "ENCODING": encoding},
                                 [ENCODE[encoding](command)], [{"c2"}], libraries=libraries, architectures=only))
        rows.append(Specimen(f"argument-line-{word}", "argument.c", {"ARGUMENT": 1, "ENCODING": encoding},
                             [ENCODE[encoding](b"from afar")], [{"c2"}], libraries=libraries, architectures=only))
        rows.append(Specimen(f"download-file-{word}", "download.c", {"INTO": 1, "ENCODING": encoding}, [("program", encoding)],
                             [{"distribution"}], libraries=libraries, architectures=only))
        rows.append(Specimen(f"download-never-run-{word}", "download.c", {"INTO": 4, "ENCODING": encoding}, [("program", encoding)],
                             [set()], libraries=libraries, architectures=only))
    for kind, (word, encoding) in {1: ("fork", 0), 2: ("memory-file", 1), 3: ("named", 0), 4: ("segment", 1)}.items():
        rows.append(Specimen(f"shared-{word}", "shared.c", {"KIND": kind, "ENCODING": encoding}, [ENCODE[encoding](b"FILE")], [{"c2"}]))
    rows.append(Specimen("mapped-program", "shared.c", {"KIND": 5, "ENCODING": 0}, [("program", 0)], [{"distribution"}]))
    rows.append(Specimen("mapped-command", "shared.c", {"KIND": 6, "ENCODING": 0}, [b"FILE"], [{"c2"}]))
    rows.append(Specimen("mapped-secret", "shared.c", {"KIND": 7, "ENCODING": 0}, [b"ok"], [{"drop"}], arguments=["SECRET"]))
    rows.append(Specimen("mapped-program-grows", "shared.c", {"KIND": 8, "ENCODING": 0}, [("program", 0)], [{"distribution"}]))
    rows.append(Specimen("download-copy-range", "transfer.c", {"KIND": 5, "ENCODING": 0}, [("program", 0)], [{"distribution"}]))
    for kind, word in ((6, "tee"), (7, "places"), (8, "vmsplice")):
        rows.append(Specimen(f"command-{word}", "transfer.c", {"KIND": kind, "ENCODING": 0}, [b"FILE"], [{"c2"}]))
    for kind, word in ((1, "interrupted"), (2, "restored")):
        rows.append(Specimen(f"signal-{word}", "signals.c", {"KIND": kind, "ENCODING": 0}, [b"FILE"], [{"c2"}]))
        rows[-1].least_level = 1  # below, clang keeps no word in a register
    for kind, word, encoding, command in ((1, "copied", 1, b"FILE"), (2, "rewritten", 1, b"FILE"), (3, "choosing", 0, b"F")):
        rows.append(Specimen(f"code-{word}", "generated.c", {"KIND": kind, "ENCODING": 0}, [ENCODE[encoding](command)], [{"c2"}]))
    for kind, word in ((1, "once"), (2, "in-a-loop")):
        rows.append(Specimen(f"innocent-jumps-{word}", "jumps.c", {"KIND": kind, "ENCODING": 0}, [b"READY"], [set()]))
    rows.append(Specimen("code-changing", "generated.c", {"KIND": 4, "ENCODING": 0}, [ENCODE[1](b"FILE")], [{"c2"}],
                         architectures=["x86_64", "i386"]))
    for over, word, encoding in ((1, "pipe", 1), (2, "environment", 0), (3, "open-file", 0), (4, "socket-pair", 1)):
        rows.append(Specimen(f"passed-{word}", "passed.c", {"OVER": over, "ENCODING": encoding}, [ENCODE[encoding](b"FILE")], [{"c2"}]))
    return rows


def innocent_clients():
    rows = [Specimen(f"innocent-http-{word}", "http_client.c", {"ENCODING": 0}, answers, [set() for _ in answers], parents,
                     gates={len(answers) - 1: word != "not-http"})  # then nothing is done at all
            for word, answers, parents in (
                ("length", [http(b"some text\n" * 60, "Content-Length: 600")], {}),
                ("chunked", [http(b"40\r\n" + b"0123456789abcdef" * 4 + b"\r\n5\r\nthere\r\n0\r\n\r\n",
                                  "Transfer-Encoding: chunked")], {}),
                ("closed", [http(b"until the end", "X-Cache: HIT")], {}),
                ("redirected", [("redirect", 1), http(b"there", "Content-Length: 5")], {1: 0}),
                ("missing", [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"], {}),
                ("short", [http(b"cut", "Content-Length: 600")], {}),
                ("busy", [b"HTTP/1.1 503 Later\r\nRetry-After: 9\r\n\r\n"], {}),
                ("not-http", [b"* OK IMAP4 ready\r\n"], {}))]
    mail = [b"220-one\r\n220 two\r\n", b"250-SIZE\r\n250 OK\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 go on\r\n",
            b"250 queued\r\n", b"221 bye\r\n"]
    rows += [Specimen(f"innocent-mail-{word}", "session.c", {"KIND": 3, "ENCODING": 0}, [answers], [set()], gates={0: True})
             for word, answers in (("sent", mail), ("refused", mail[:2] + [b"550 no\r\n"]), ("later", mail[:3] + [b"451 later\r\n"]))]
    rows.append(Specimen("innocent-known-name", "generator.c", {"KNOWN": 1, "ENCODING": 0}, ["names", b"fine"], [set(), set()],
                         arguments=["PORT0", "PORT1"]))
    return rows


def held_out():
    """Written after the rules were frozen."""
    rows = [Specimen(f"command-{word}-aes", "command.c", {"DISPATCH": dispatch, "ENCODING": 6}, [aes(command)], [{"c2"}])
            for dispatch, word, command in ((1, "words", b"FILE"), (2, "opcode", b"F"), (3, "functions", b"B"))]
    rows.append(Specimen("download-file-aes", "download.c", {"INTO": 1, "ENCODING": 6}, [("program", 6)], [{"distribution"}]))
    rows.append(Specimen("steal-sendfile", "transfer.c", {"KIND": 1, "ENCODING": 0}, [b"ok"], [{"drop"}], arguments=["SECRET"]))
    rows.append(Specimen("download-splice", "transfer.c", {"KIND": 2, "ENCODING": 0}, [("program", 0)], [{"distribution"}]))
    rows.append(Specimen("download-copied", "transfer.c", {"KIND": 3, "ENCODING": 0}, [("program", 0)], [{"distribution"}]))
    rows.append(Specimen("command-recvmmsg", "transfer.c", {"KIND": 4, "ENCODING": 0}, [b"FILE"], [{"c2"}]))
    for row in rows:
        row.held_out = True
    return rows


def through_calls():
    """Bytes that system calls move, turn or hide."""
    rows = [Specimen("command-realloc", "memory.c", {"KIND": 1}, [b"FILE"], [{"c2"}])]
    for over, word in ((1, "socket-pair"), (2, "unix-socket"), (3, "loopback"), (4, "loopback-datagrams"),
                       (5, "pair-of-datagrams"), (6, "message-queue")):
        rows.append(Specimen(f"relay-{word}", "relay.c", {"OVER": over}, [b"FILE"], [{"c2"}]))
    for kind, word in ((1, "recvfrom"), (2, "recv"), (3, "connected"), (4, "mapped-address")):
        rows.append(Specimen(f"datagrams-{word}", "datagrams.c", {"KIND": kind}, [b"192.0.2.7", b"FILE"], [set(), {"c2"}],
                             arguments=["PORT1"], datagrams=True))
    rows.append(Specimen("datagrams-second-named", "datagrams.c", {"KIND": 5}, [("port", 0), b"FILE"], [set(), {"c2"}],
                         {1: 0}, arguments=["PORT1"], datagrams=True))
    for kind, word in ((1, "peeked"), (2, "peeked-in-pair"), (3, "truncated"), (4, "pread"), (5, "preadv"),
                       (6, "environment"), (7, "mapped"), (10, "after-files"), (11, "after-pipes"),
                       (14, "sendfile-waits"), (15, "sendmmsg-waits"), (16, "without-end")):
        rows.append(Specimen(f"command-{word}", "calls.c", {"KIND": kind}, [b"FILE"], [{"c2"}]))
    rows.append(Specimen("innocent-heap-anew", "calls.c", {"KIND": 8}, [b"old words"], [set()]))
    rows.append(Specimen("download-far-behind", "calls.c", {"KIND": 17}, [b"payload"], [{"distribution"}]))
    rows.append(Specimen("innocent-written-over", "calls.c", {"KIND": 13}, [b"FILE"], [set()]))
    rows.append(Specimen("command-after-connections", "calls.c", {"KIND": 9}, [b"FILE", b""], [{"c2"}, set()],
                         arguments=["PORT1"], silent={1}))
    rows.append(Specimen("command-after-threads", "ladder.c", {}, [b"FILE"], [{"c2"}], libraries=["-pthread"]))
    rows.append(Specimen("download-library", "calls.c", {"KIND": 12}, [("library", 0)], [{"distribution"}],
                         libraries=["-ldl"], dynamic=True))
    return rows


def in_go(everywhere):
    """Where Debian's golang-go is at hand; its libraries are compiled for each architecture, which takes a while."""
    if not shutil.which("go"):
        return []
    return [Specimen("command-words-go", "command.go", {}, [ENCODE[1](b"FILE")], [{"c2"}],
                     architectures=None if everywhere else ["x86_64"])]


class Server:
    """Answers every connection with the same bytes after the first request; of a list of answers, with one after each."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(1024)
        self.port = self.socket.getsockname()[1]
        self.answer = b""
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            connection.settimeout(0.2)  # a client may wait for the server's first word
            for answer in self.answer if isinstance(self.answer, list) else [self.answer]:
                try:
                    connection.recv(65536)
                except socket.timeout:
                    pass
                connection.sendall(answer)
                connection.settimeout(10)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
        except OSError:
            pass
        connection.close()


class NameServer:
    """Answers every question with the loopback's address."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                question, client = self.socket.recvfrom(512)
                head = question[:2] + bytes([0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0])
                record = bytes([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1])
                self.socket.sendto(head + question[12:] + record, client)
            except OSError:
                return


class DatagramServer:
    """Answers every datagram with the same bytes."""

    def __init__(self):
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.answer = b""
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                _, peer = self.socket.recvfrom(65536)
                self.socket.sendto(self.answer, peer)
            except OSError:
                return


def wanted(answer, ports, architecture, folder):
    """What a server sends, of a specimen's word for it; `ports`: of all servers."""
    if not isinstance(answer, tuple):
        return answer
    kind, encoding = answer
    if kind == "port":
        return ENCODE[encoding](f"server=second;port={ports[1]};".encode())
    if kind == "redirect":
        return (f"HTTP/1.1 302 Found\r\nServer: small\r\nLocation: http://127.0.0.1:{ports[encoding]}/there\r\n"
                "Content-Length: 0\r\n\r\n").encode()
    stage = os.path.join(folder, "stage")
    options = ["-Dname=run", "-shared", "-fPIC", "-s"] if kind == "library" else ["-Dname=main"]
    with open(os.path.join(folder, "stage.c"), "w") as out:
        out.write("int name(void) { return 0; }\n")
    subprocess.run([ARCHITECTURES[architecture][0], "-O1", *options, os.path.join(folder, "stage.c"), "-o", stage], check=True)
    with open(stage, "rb") as file:
        return ENCODE[encoding](file.read())


GO_ARCHITECTURES = {"x86_64": "amd64", "i386": "386", "arm": "arm", "aarch64": "arm64", "mips": "mips", "mipsel": "mipsle"}


def build(specimen, architecture, compiler, level, static, folder):
    if specimen.source.endswith(".go"):
        program = os.path.join(folder, "specimen")
        environment = {**os.environ, "GOARCH": GO_ARCHITECTURES[architecture], "CGO_ENABLED": "0", "GO111MODULE": "off",
                       "GOCACHE": os.path.join(folder, "cache"), "GOFLAGS": ""}
        subprocess.run(["go", "build", "-o", program, os.path.join(SPECIMENS, specimen.source)], check=True,
                       env=environment)
        return program
    command = ARCHITECTURES[architecture][0] if compiler == "gcc" else compiler
    program = os.path.join(folder, "specimen")
    defines = [f"-D{key}={value}" for key, value in specimen.defines.items()]
    line = [command, f"-O{level}", "-w", *defines, *(["-static"] if static else []),
            os.path.join(SPECIMENS, specimen.source), "-o", program, *specimen.libraries]
    subprocess.run(line, check=True)
    return program


def end_group(child):
    """Ends a process and all that it started; `child` began a session of its own."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()


def run(specimen, architecture, compiler, level, static, runner, options=()):
    with tempfile.TemporaryDirectory() as folder:
        program = build(specimen, architecture, compiler, level, static, folder)
        work = os.path.join(folder, "work")
        os.mkdir(work)
        for name in ("commanded", "victim"):  # what some remove: a call that fails is no deed
            with open(os.path.join(work, name), "w") as out:
                out.write("here\n")
        secrets = os.path.join(folder, "secrets")
        os.mkdir(secrets)
        with open(os.path.join(secrets, "passwords"), "wb") as out:
            out.write(SECRET)
        servers = [NameServer() if answer == "names" else (DatagramServer if specimen.datagrams else Server)()
                   for answer in specimen.servers]
        ports = [server.port for server in servers]
        for server, answer in zip(servers, specimen.servers):
            server.answer = wanted(answer, ports, architecture, folder)
        words = {"SECRET": os.path.join(secrets, "passwords"), **{f"PORT{i}": str(port) for i, port in enumerate(ports)}}
        arguments = [str(ports[0])] + [words.get(a, a) for a in specimen.arguments]
        root = ARCHITECTURES[architecture][1]
        line = [runner, *(["--root", root] if root else []), "--label", secrets, *options, program, *arguments]
        # In a group of its own: a run that takes too long ends with all its children.
        child = subprocess.Popen(line, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 start_new_session=True)
        try:
            output, _ = child.communicate(timeout=120)
            report = json.loads(output)
        except (subprocess.TimeoutExpired, json.JSONDecodeError) as error:
            return {"failed": str(error)}
        finally:
            end_group(child)
            for server in servers:
                server.socket.close()
        found, called, gates = [set() for _ in servers], set(), set()
        numbers = {}
        for flow in report["flows"]:
            for i, server in enumerate(servers):
                if flow["remote"].endswith(f":{server.port}"):
                    numbers[flow["id"]] = i
        parents, strangers = {}, []
        for flow in report["flows"]:
            i = numbers.get(flow["id"])
            if i is None:
                strangers += [f"{flow['remote']}:{role}" for role in flow["roles"]]
                continue
            called.add(i)
            found[i] |= set(flow["roles"])
            if flow["gate"] and not flow["roles"]:
                gates.add(i)
            if "parent_flow" in flow:
                parents[i] = numbers.get(flow["parent_flow"])
        if len(called | specimen.silent) < len(servers):
            return {"failed": f"only servers {sorted(called)} were called"}
        return {"roles": found, "parents": parents, "gates": gates, "strangers": strangers,
                "unsupported": report["unsupported_instructions"]}


class Count:
    """Of one kind of runs."""

    def __init__(self):
        self.runs = self.runs_right = self.right = self.wrong = self.missed = self.failed = 0
        self.confusion = {}  # (is, is called): flows

    def add(self, row):
        self.runs += 1
        self.runs_right += not (row["wrong"] or row["missed"] or "failed" in row)
        self.failed += "failed" in row
        self.right += row["right"]
        self.wrong += len(row["wrong"])
        self.missed += len(row["missed"])
        for pair in row["confusion"]:
            self.confusion[pair] = self.confusion.get(pair, 0) + 1

    def precision(self):
        return self.right / max(1, self.right + self.wrong)

    def recall(self):
        return self.right / max(1, self.right + self.missed)

    def is_good(self, least_precision, least_recall):
        return self.runs > 0 and not self.failed and self.precision() >= least_precision and self.recall() >= least_recall

    def said(self):
        return {"runs": self.runs, "runs_right": self.runs_right, "right": self.right, "wrong": self.wrong,
                "missed": self.missed, "failed": self.failed, "precision": round(self.precision(), 4),
                "recall": round(self.recall(), 4)}


KINDS = ["c2", "distribution", "drop", "parent", "gate", "none"]


def judge(specimen, result, row):
    """Fills a row: what was right, wrong and missed of a run, and each flow's kind beside what it was called."""
    row |= {"right": 0, "wrong": [], "missed": [], "confusion": []}
    for i, roles in enumerate(specimen.roles):
        expected = set(roles) | ({"gate"} if specimen.gates.get(i) else set())
        if i in specimen.parents:
            expected.add(f"parent {specimen.parents[i]}")
        found = set()
        if "failed" not in result:
            found = set(result["roles"][i]) | ({"gate"} if i in result["gates"] and i in specimen.gates else set())
            if i in result["parents"]:
                found.add(f"parent {result['parents'][i]}")
        row["right"] += len(expected & found)
        row["wrong"] += sorted(f"{i}:{one}" for one in found - expected)
        row["missed"] += sorted(f"{i}:{one}" for one in expected - found)
        if "failed" in result:
            continue
        kinds = [{one.split()[0] for one in side} for side in (expected, found)]
        same = expected & found
        row["confusion"] += [(one.split()[0],) * 2 for one in same]
        only = [[kind for kind in KINDS if any(one.split()[0] == kind for one in side - same)] for side in (expected, found)]
        for n in range(max(len(only[0]), len(only[1]), 0 if kinds[0] or kinds[1] else 1)):
            row["confusion"].append(tuple(side[n] if n < len(side) else "none" for side in only))
    # Of flows that are no server's: none should have a role.
    row["wrong"] += sorted(result.get("strangers", []))
    if "failed" in result:
        row["failed"] = result["failed"]
    else:
        row["unsupported"] = [u["bytes"] for u in result["unsupported"]]


def markdown(counts):
    for architecture, count in counts.items():
        print(f"| {architecture} | {count.runs} | {count.runs_right} | {count.right} | {count.wrong} | {count.missed} |")
    confusion = {}
    for count in counts.values():
        for pair, flows in count.confusion.items():
            confusion[pair] = confusion.get(pair, 0) + flows
    print("\n| is \\ is called | " + " | ".join(KINDS) + " |\n" + "|---" * (len(KINDS) + 1) + "|")
    for kind in KINDS:
        print(f"| {kind} | " + " | ".join(str(confusion.get((kind, called), 0)) for called in KINDS) + " |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runner", required=True)
    parser.add_argument("--architectures", default="x86_64")
    parser.add_argument("--levels", default="2")
    parser.add_argument("--rotate", action="store_true", help="one level, compiler and linking a run, in turn")
    parser.add_argument("--turn", type=int, default=0, help="with which of them --rotate begins")
    parser.add_argument("--compilers", default="gcc")
    parser.add_argument("--only", default="")
    parser.add_argument("--first", type=int, default=0, help="with which specimen --every begins")
    parser.add_argument("--every", type=int, default=1, help="only each so many-th specimen")
    parser.add_argument("--go", action="store_true", help="the specimen in Go on all architectures, not on x86-64 alone")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--least-precision", type=float, default=0)
    parser.add_argument("--least-recall", type=float, default=0)
    options = parser.parse_args()
    if not shutil.which("qemu-x86_64"):
        print("skipped: no qemu-x86_64 (Debian's package qemu-user)", file=sys.stderr)
        return 77
    chosen = [s for s in specimens() + in_go(options.go) if options.only in s.name][options.first::options.every]
    architectures = [a for a in options.architectures.split(",")]
    skipped = [a for a in architectures if not shutil.which(ARCHITECTURES[a][0])]
    rows, turn = [], options.turn
    whole, apart = Count(), Count()  # apart: those that were held out
    counts = {a: Count() for a in architectures if a not in skipped}
    for architecture, count in counts.items():
        for specimen in chosen:
            if specimen.architectures and architecture not in specimen.architectures:
                continue
            levels = [int(level) for level in options.levels.split(",")]
            compilers = options.compilers.split(",")
            static = False
            if options.rotate:
                turn += 1
                levels = [(0, 1, 2, 3)[turn % 4]]
                compilers = [compilers[turn // 4 % len(compilers)]] if architecture == "x86_64" else ["gcc"]
                static = turn % 5 == 4 and not specimen.dynamic
            for level in sorted({max(level, specimen.least_level) for level in levels}):
                for compiler in compilers:
                    row = {"specimen": specimen.name, "architecture": architecture, "level": level,
                           "compiler": compiler, "static": static}
                    judge(specimen, run(specimen, architecture, compiler, level, static, os.path.abspath(options.runner)), row)
                    for one in [whole, count] + ([apart] if specimen.held_out else []):
                        one.add(row)
                    del row["confusion"]
                    rows.append(row)
                    if row["wrong"] or row["missed"] or "failed" in row:
                        print(json.dumps(row), file=sys.stderr)
    print(json.dumps({"specimens": len(chosen), "skipped": skipped, **whole.said(), "held_out": apart.said(),
                      "rows": [r for r in rows if r["wrong"] or r["missed"] or "failed" in r or r["unsupported"]]}))
    if options.markdown:
        markdown(counts)
    if not counts:
        return 77
    return 0 if whole.is_good(options.least_precision, options.least_recall) else 1


if __name__ == "__main__":
    sys.exit(main())
