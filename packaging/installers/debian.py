"""The Debian package: laid out, described, compressed, examined by dpkg's own tools.

Standard library only.
"""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from dev_environment import ROOT, SetupError

from installers import desktop, environment, payload

_PLACE = "usr/lib/genstudio"
# What the window loads while it runs, which no library list tells of: a display's drivers, and
# the portal through which light or dark and file choosers come.
_RECOMMENDED = ["xdg-desktop-portal", "fonts-dejavu-core | fonts-noto-core", "xdg-utils"]
MAINTAINER = "GenStudio developers <genstudio@localhost>"
# How dpkg-deb compresses: smallest, in minutes; or in seconds, for a try.
COMPRESSIONS = {"small": ["-Zxz", "-z6"], "quick": ["-Zzstd", "-z3"]}

_POSTRM = """\
#!/bin/sh
set -e
if [ "$1" = remove ] || [ "$1" = purge ]; then
    echo "GenStudio is gone. Your projects stay where they are, usually in Documents/GenStudio."
    echo "Preferences stay in ~/.config/genstudio, logs in ~/.local/state/genstudio."
fi
"""


def build(packed: Path, *, compression: str = "small") -> Path:
    """Make the package of a packed program; gives the file in ``dist``.

    Args:
        packed: The folder that ``payload.build`` gives.
        compression: A key of :data:`COMPRESSIONS`.

    Raises:
        SetupError: A tool is missing or fails.
    """
    version = environment.project()["version"]
    root = payload.WORK / "deb"
    shutil.rmtree(root, ignore_errors=True)
    _lay_out(packed, root, version)
    text = control(
        version=version,
        architecture=architecture(),
        installed_kib=round(payload.megabytes(root) * 1e6 / 1024),
        depends=depends(root / _PLACE),
        summary=environment.project()["description"],
    )
    _write(root / "DEBIAN" / "postrm", _POSTRM, mode=0o755)
    to = pack(root, text, "genstudio", compression)
    print(f"{to.relative_to(ROOT)}: {to.stat().st_size / 1e6:.1f} MB")
    return to


def pack(root: Path, control_text: str, name: str, compression: str) -> Path:
    """Make a package of a folder that is laid out, which goes; gives the file in ``dist``.

    Raises:
        SetupError: dpkg finds fault.
    """
    _write(root / "DEBIAN" / "control", control_text)
    version = environment.project()["version"]
    to = environment.DIST / f"{name}_{version}_{architecture()}.deb"
    to.parent.mkdir(exist_ok=True)
    command = ["dpkg-deb", *COMPRESSIONS[compression], "--root-owner-group", "--build"]
    environment.call([*command, str(root), str(to)])
    shutil.rmtree(root)
    return to


def architecture() -> str:
    """This machine's kind, as Debian calls it.

    Raises:
        SetupError: This is no Debian.
    """
    return _said(["dpkg", "--print-architecture"]).strip()


def control(
    *, version: str, architecture: str, installed_kib: int, depends: Iterable[str], summary: str
) -> str:
    """The text of the package's control file."""
    return f"""\
Package: genstudio
Version: {version}
Architecture: {architecture}
Maintainer: {MAINTAINER}
Installed-Size: {installed_kib}
Depends: {", ".join(sorted(depends))}
Recommends: {", ".join(_RECOMMENDED)}
Section: graphics
Priority: optional
Description: {summary}
 Choose a folder of pictures, choose a model, watch it learn, keep what you
 like. Everything happens on this computer, without a network, and nothing in
 your folder is ever changed.
 .
 This package holds all that the program needs, with torch for the processor.
"""


def alternative(depends: str) -> str:
    """A dependency, also under the name that later releases use.

    Libraries whose clocks went to 64 bits are called NAMEt64 there, and are the same to us.
    """
    name = depends.split(" ", maxsplit=1)[0]
    return f"{depends} | {name}t64" if name in {"libglib2.0-0", "libgtk-3-0"} else depends


def _lay_out(packed: Path, root: Path, version: str) -> None:
    place = root / _PLACE
    place.parent.mkdir(parents=True)
    # Links to the files: a copy would take a gigabyte.
    shutil.copytree(packed, place, symlinks=True, copy_function=os.link)
    (root / "usr" / "bin").mkdir()
    (root / "usr" / "bin" / "genstudio").symlink_to(f"../lib/{place.name}/genstudio")
    desktop.lay_out(root / "usr" / "share", version)
    notes = root / "usr" / "share" / "doc" / "genstudio"
    _write(notes / "copyright", (ROOT / "LICENSE").read_text() + "\nSee NOTICES.txt as well.\n")
    (notes / "NOTICES.txt").symlink_to(f"../../../lib/{place.name}/NOTICES.txt")
    shutil.copy(ROOT / "CHANGELOG.md", notes / "CHANGELOG.md")
    set_modes(root / "usr")


def set_modes(folder: Path) -> None:
    """Have everybody read what is packed, and nobody but root write it."""
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def depends(place: Path, beside: Path | None = None) -> list[str]:
    """Debian's packages that hold the libraries which the payload wants and does not have.

    Args:
        place: Folder of the payload.
        beside: The program's folder, where the payload is a pack that is loaded into it.

    Raises:
        SetupError: A tool is missing, or a library is in no package.
    """
    binaries = [
        path
        for path in place.rglob("*")
        # A theme for desktops that have GTK is nothing that others should install GTK for.
        if path.name != "libqgtk3.so" and not path.is_symlink() and payload.is_elf(path)
    ]
    if not binaries:
        return []
    told = _said(["objdump", "--private-headers", *(str(path) for path in binaries)])
    places_of_own = [place] if beside is None else [place, beside]
    own = {path.name for folder in places_of_own for path in folder.rglob("*")}
    libraries, glibc = wanted_libraries(told)
    places = library_places(_said(["/sbin/ldconfig", "--print-cache"]))
    found = {f"libc6 (>= {glibc})"}
    for name in libraries - own:
        if name in places:
            found.add(_package_of(places[name]))
    return sorted(alternative(package) for package in found - {"libc6"})


def wanted_libraries(told: str) -> tuple[set[str], str]:
    """Read what ``objdump --private-headers`` told of some binaries.

    Returns:
        Names of the libraries that they want, and the newest version of glibc among their symbols.
    """
    libraries = set(re.findall(r"^\s+NEEDED\s+(\S+)", told, re.MULTILINE))
    versions = re.findall(r"\bGLIBC_(\d+(?:\.\d+)+)", told)
    newest = max(versions, key=lambda it: [int(part) for part in it.split(".")], default="2.28")
    return libraries, newest


def library_places(told: str) -> dict[str, str]:
    """Library => file, of this machine's kind, as ``ldconfig --print-cache`` tells it."""
    pattern = r"^\s+(\S+) \([^)]*x86-64[^)]*\) => (\S+)"
    if platform.machine() != "x86_64":
        pattern = r"^\s+(\S+) \([^)]*\) => (\S+)"
    return dict(re.findall(pattern, told, re.MULTILINE))


def _package_of(file: str) -> str:
    # dpkg may know a file by its place before /lib became a link to /usr/lib.
    real = os.path.realpath(file)
    for name in (real, real.removeprefix("/usr"), file):
        told = subprocess.run(
            ["dpkg-query", "-S", name], check=False, capture_output=True, text=True
        ).stdout
        if told:
            return told.split(":")[0]
    raise SetupError(f"No package is known to hold {file}.")


def _said(command: list[str]) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError as error:
        raise SetupError(f"{command[0]} is needed: a .deb is built on Debian or Ubuntu.") from error


def _write(path: Path, text: str, *, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
