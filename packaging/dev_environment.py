"""The .venv at the project's root: made, mended and kept in step with the lock file."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "packaging" / "requirements.lock"
VENV = ROOT / ".venv"
_STAMP = VENV / "genstudio.stamp"
# Stands while something is being installed; left behind by a crash or a power cut.
_UNFINISHED = VENV / "genstudio.unfinished"
_CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
# Come with the CUDA build of torch on Linux and must not be asked of other machines.
_CUDA_ONLY = re.compile(r"^(nvidia-|cuda-|triton\b)")
_LOCK_HEADER = """\
# Exact versions that GenStudio is developed and tested with.
# Made by `python3 packaging/dev.py lock` from .venv (pip freeze); do not edit by hand.
# torch is written without its build (+cpu, +cu126): each machine takes the one it needs.
"""


class SetupError(Exception):
    """The environment cannot be made; the message says what to do."""


def python() -> Path:
    """The environment's interpreter."""
    return script("python")


def script(name: str) -> Path:
    """A program inside the environment."""
    return (
        VENV
        / ("Scripts" if os.name == "nt" else "bin")
        / (f"{name}.exe" if os.name == "nt" else name)
    )


def ensure() -> None:
    """Make the environment fit the lock file; at once when it already does.

    Raises:
        SetupError: It cannot be made; the message says why.
    """
    wanted = _fingerprint()
    if _STAMP.is_file() and _STAMP.read_text() == wanted and script("genstudio").exists():
        return
    if not _usable():
        _create()
    _UNFINISHED.touch()
    _STAMP.unlink(missing_ok=True)
    print("Installing the locked dependencies into .venv; the first time takes some minutes.")
    index = cpu_index()
    # torch comes first and alone: nothing after it may pull in another build.
    _pip("install", *index, f"torch=={locked_version('torch')}")
    _pip("install", *index, "--requirement", str(LOCK))
    _pip("install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    _STAMP.write_text(wanted)
    _UNFINISHED.unlink()


def write_lock() -> None:
    """Write the versions that .venv holds into the lock file.

    Raises:
        SetupError: There is no working environment to read.
    """
    if not _usable():
        raise SetupError("There is no working .venv to lock. Run: python3 packaging/dev.py setup")
    frozen = subprocess.run(
        [str(python()), "-m", "pip", "freeze", "--exclude-editable", "--exclude", "genstudio"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    pins = [re.sub(r"\+\S+$", "", line) for line in frozen.splitlines() if "==" in line]
    kept = sorted((pin for pin in pins if not _CUDA_ONLY.match(pin.lower())), key=str.lower)
    LOCK.write_text(_LOCK_HEADER + "\n".join(kept) + "\n", encoding="utf-8")


def _fingerprint() -> str:
    """Changes whenever something has to be installed anew."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    parts = [
        LOCK.read_text(encoding="utf-8"),
        repr(project["dependencies"]),
        repr(project["optional-dependencies"]),
        repr(project["scripts"]),
        repr(project.get("entry-points")),
        repr(sys.version_info[:2]),
        str(ROOT),  # An editable install points to where the sources were.
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _usable() -> bool:
    """Whether .venv can be installed into: whole, of this Python, and not left half-made."""
    if _UNFINISHED.exists() or not python().exists():
        return False
    probe = "import pip, sys; print('{}.{}'.format(*sys.version_info))"
    found = subprocess.run(
        [str(python()), "-c", probe], check=False, capture_output=True, text=True
    )
    return found.returncode == 0 and found.stdout.split() == [
        f"{sys.version_info.major}.{sys.version_info.minor}"
    ]


def _create() -> None:
    if VENV.exists():
        print("The environment in .venv is incomplete or of another Python; making it anew.")
        shutil.rmtree(VENV)
    print(f"Making .venv with Python {sys.version.split()[0]}.")
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False)
    if made.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetupError(
            "Python could not make an environment. On Debian and Ubuntu, run:\n"
            "  sudo apt-get install python3-venv\nand try again."
        )


def _pip(*arguments: str) -> None:
    # Progress bars are for people; a log wants only what goes wrong.
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    command = [str(python()), "-m", "pip", "--disable-pip-version-check", *arguments, *quiet]
    if subprocess.run(command, check=False).returncode != 0:
        # pip undoes what it could not finish, so the next attempt may build on this one.
        _UNFINISHED.unlink(missing_ok=True)
        raise SetupError(
            "Installing the dependencies failed; pip's message is above. Check the network "
            "connection and the free space on the disk, then run the same command again."
        )


def locked_version(name: str) -> str:
    """The version of a package that the lock file names.

    Raises:
        SetupError: It names none.
    """
    found = re.search(rf"^{re.escape(name)}==(\S+)$", LOCK.read_text(encoding="utf-8"), re.M)
    if found is None:
        raise SetupError(f"{LOCK} does not pin {name}.")
    return found.group(1)


def cpu_index() -> list[str]:
    """Offer torch's CPU build on a Linux without an NVIDIA card: it is gigabytes smaller.

    The address is asked first and shortly, since pip would try it for many minutes on a
    network that blocks it.
    """
    if sys.platform != "linux" or shutil.which("nvidia-smi"):
        return []
    try:
        with urllib.request.urlopen(f"{_CPU_WHEELS}/torch/", timeout=4):
            return ["--extra-index-url", _CPU_WHEELS]
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return []
