"""The program tries itself where there is no network, and where a socket is an error."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_NO_SOCKETS = """
import sys
def refuse(event, arguments):
    if event.startswith("socket.") and event != "socket.gethostname":
        raise PermissionError(f"sockets are forbidden here: {event}")
sys.addaudithook(refuse)
sys.argv = ["genstudio", "--selftest"]
from genstudio.__main__ import main
main()
"""
_HANGS_S = 500
_SET_BY_BUILDERS = {"CI", "TF_BUILD", "GITHUB_ACTIONS", "ORT_DISABLE_TELEMETRY"}


def _without_network() -> list[str]:
    """A new network namespace, where this system allows one: there is no interface in it."""
    unshare = shutil.which("unshare")
    for options in (["--net"], ["--user", "--map-root-user", "--net"]):
        command = [unshare or "unshare", *options]
        try:
            subprocess.run([*command, "true"], check=True, capture_output=True, timeout=_HANGS_S)
        except (OSError, subprocess.CalledProcessError):
            continue
        return command
    return []


def test_everything_works_without_sockets_and_without_a_network(tmp_path: Path) -> None:
    command = [*_without_network(), sys.executable, "-c", _NO_SOCKETS]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    told = subprocess.run(
        command, check=False, capture_output=True, text=True, env=environment, timeout=_HANGS_S
    )

    assert told.returncode == 0, told.stdout + told.stderr
    lines = told.stdout.splitlines()
    assert lines[-1] == "All is well."
    did = {line.split(":")[0].split()[-1] for line in lines if line.startswith("ok ")}
    assert {"scan", "train", "resume", "generate", "translate", "export", "window"} <= did
    assert list(tmp_path.iterdir()) == [], "something was left behind"


def test_libraries_leave_nothing_at_home(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    home = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    # Where this is set, libraries are quieter than at a person's desk.
    surroundings = {name: it for name, it in os.environ.items() if name not in _SET_BY_BUILDERS}
    script = "import genstudio, onnxruntime; onnxruntime.get_available_providers()"
    subprocess.run([sys.executable, "-c", script], check=True, env={**surroundings, **home})
    assert list(tmp_path.iterdir()) == []


def test_a_socket_is_an_error_there(tmp_path: Path) -> None:
    script = _NO_SOCKETS.replace(
        "from genstudio.__main__ import main\nmain()", "import socket\nsocket.socket()"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )

    assert "sockets are forbidden here" in told.stderr
