"""The environment that packages are built from: what is shipped, and the tools that pack it.

It is another one than ``.venv``, whose tests and tools would be packed as well. Standard library
only.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

import dev_environment
from dev_environment import LOCK, ROOT, SetupError

_VENV = ROOT / "build" / "package" / "venv"
_STAMP = _VENV / "genstudio.stamp"
DIST = ROOT / "dist"
# What everyone needs: sounds, signed exports, performances that are steered; they are small. On
# Linux, each other pack is a package of its own (packs.py). The installers of the other systems can
# not be added to and bring two more, but no films (encoders under the GPL) and molecules.
_FOR_EVERYONE = ("sound", "provenance", "live")
SHIPPED_PACKS = (
    _FOR_EVERYONE if sys.platform == "linux" else (*_FOR_EVERYONE, "medical", "diffusion")
)
_TOOLS = ["build>=1.3", "hatchling>=1.27", "pyinstaller>=6.22,<7", "cyclonedx-bom>=7"]


def project() -> dict[str, str]:
    """Name, version, description and the like from pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def python() -> Path:
    """The environment's interpreter."""
    return script("python")


def script(name: str) -> Path:
    """A program inside the environment."""
    return (
        _VENV
        / ("Scripts" if os.name == "nt" else "bin")
        / (f"{name}.exe" if os.name == "nt" else name)
    )


def ensure() -> None:
    """Make the environment fit the lock file and put the program of today into it.

    Raises:
        SetupError: Something cannot be installed.
    """
    ensure_tools()
    wheel = build_wheel()
    pip("install", "--no-deps", "--force-reinstall", str(wheel))


def ensure_tools() -> None:
    """Make the environment fit the lock file.

    Raises:
        SetupError: Something cannot be installed.
    """
    wanted = _fingerprint()
    if not (_STAMP.is_file() and _STAMP.read_text() == wanted):
        _make()
        _STAMP.write_text(wanted)


def build_wheel() -> Path:
    """Build the sdist, and the wheel from it, into ``dist``; gives the wheel.

    Raises:
        SetupError: The build fails.
    """
    DIST.mkdir(exist_ok=True)
    call([str(script("pyproject-build")), "--no-isolation", "--outdir", str(DIST), str(ROOT)])
    version = project()["version"]
    return DIST / f"genstudio-{version}-py3-none-any.whl"


def install_into(venv: Path, wheel: Path) -> Path:
    """Make a new environment with the program as people would install it; gives its ``genstudio``.

    Raises:
        SetupError: Something cannot be installed.
    """
    shutil.rmtree(venv, ignore_errors=True)
    call([sys.executable, "-m", "venv", str(venv)])
    folder = venv / ("Scripts" if os.name == "nt" else "bin")
    torch = f"torch=={dev_environment.locked_version('torch')}"
    index = dev_environment.cpu_index()
    for wanted in ([torch], ["--constraint", str(constraints()), str(wheel)]):
        call([str(folder / "python"), "-m", "pip", "install", "--quiet", *index, *wanted])
    return folder / ("genstudio.exe" if os.name == "nt" else "genstudio")


def call(command: list[str], surroundings: Mapping[str, str] | None = None) -> None:
    """Run a program to its end.

    Raises:
        SetupError: It is missing or fails.
    """
    try:
        status = subprocess.run(command, check=False, env=surroundings, cwd=ROOT).returncode
    except FileNotFoundError as error:
        raise SetupError(f"{command[0]} is needed for this, and is not installed.") from error
    if status != 0:
        raise SetupError(f"This failed, and says why above:\n  {' '.join(command)}")


def _make() -> None:
    print("Making the environment that packages are built from; this takes some minutes.")
    if not python().exists():
        call([sys.executable, "-m", "venv", str(_VENV)])
    index = dev_environment.cpu_index()
    # torch first and alone: nothing after it may choose another build.
    pip("install", *index, f"torch=={dev_environment.locked_version('torch')}")
    dependencies = [*project()["dependencies"], *of_packs(SHIPPED_PACKS)]
    pip("install", *index, "--constraint", str(constraints()), *dependencies, *_TOOLS)


def of_packs(keys: Iterable[str]) -> list[str]:
    """What packs need, as pyproject.toml names it."""
    packs = cast("dict[str, list[str]]", project()["optional-dependencies"])
    return [needed for key in keys for needed in packs[key]]


def constraints() -> Path:
    """The lock file's versions: what is shipped is what was tested."""
    path = ROOT / "build" / "package" / "constraints.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    pins = [line for line in LOCK.read_text(encoding="utf-8").splitlines() if "==" in line]
    path.write_text("\n".join(pins) + "\n", encoding="utf-8")
    return path


def _fingerprint() -> str:
    parts = [
        LOCK.read_text(encoding="utf-8"),
        repr(project()["dependencies"]),
        repr(of_packs(SHIPPED_PACKS)),
        repr(_TOOLS),
        re.sub(r"\+$", "", sys.version.split()[0]),
        str(ROOT),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def pip(*arguments: str) -> None:
    """Run the environment's pip.

    Raises:
        SetupError: It fails.
    """
    call([str(python()), "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments])
