#!/bin/sh
# urllib3 2.8.0 (which diffusers and huggingface_hub import): being imported alone opens a socket and
# binds it to this machine's IPv6 address, to see whether there is IPv6.
#
# Guess before running: importing a library for HTTP opens no socket; only a request does. A program
# that counts sockets as attempts to reach a network would then see none before a request.
# Seen: importing urllib3.util.connection raises the audit events socket.__new__ and
# socket.bind(("::1", 0)); nothing is connected, looked up or sent. So "the program tried to reach a
# network" was told of one that had only imported diffusers, once it was packed with that.
# What we do: the selftest's watch lets binds to this machine alone pass (selftest/network.py).
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet urllib3==2.8.0
"$place/env/bin/python" - <<'PYTHON'
import sys

seen = []


def on_event(event, arguments):
    if event.startswith("socket."):
        seen.append((event, arguments[1] if event == "socket.bind" else None))


sys.addaudithook(on_event)
import urllib3  # noqa: E402
import urllib3.util.connection  # noqa: E402

print("urllib3", urllib3.__version__, seen)
assert ("socket.bind", ("::1", 0)) in seen, seen
assert {event for event, _ in seen} == {"socket.__new__", "socket.bind"}, seen
PYTHON
echo "as described"
