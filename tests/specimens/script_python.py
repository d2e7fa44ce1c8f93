#!/usr/bin/env python3
# Trait: a Python script that writes a file and asks a host for orders.
# Reported: http_request of script.example; the file /tmp/from-python.
# Harmless: one request to a name that only tests answer.
import os
import socket
import sys

if os.environ.get("SHIKAKE_SPECIMEN") != "in-a-cell" or os.uname().nodename not in ("kontor-pc3", "web2"):
    sys.exit("This is a specimen: it shows its trait only in a test's cell.")
with open("/tmp/from-python", "w", encoding="ascii") as file:
    file.write("written by a script\n")
with socket.create_connection(("script.example", 80), 5) as server:
    server.sendall(b"GET /orders HTTP/1.0\r\nHost: script.example\r\n\r\n")
    server.recv(4096)
