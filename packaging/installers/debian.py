"""The Debian package: laid out, described, compressed, examined by dpkg's own tools.

Standard library only.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from dev_environment import ROOT, SetupError

from installers import desktop, environment, payload

_PLACE = "usr/lib/genstudio"
# What the window loads while it runs, which no library list tells of: a display's drivers, and
# the portal through which light or dark and file choosers come.
_RECOMMENDED = ["xdg-desktop-portal", "fonts-dejavu-core | fonts-noto-core", "xdg-utils"]
_MAINTAINER = "GenStudio developers <genstudio@localhost>"
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
    architecture = _said(["dpkg", "--print-architecture"]).strip()
    root = payload.WORK / "deb"
    shutil.rmtree(root, ignore_errors=True)
    _lay_out(packed, root, version)
    text = control(
        version=version,
        architecture=architecture,
        installed_kib=round(payload.megabytes(root) * 1e6 / 1024),
        depends=_depends(root),
        summary=environment.project()["description"],
    )
    _write(root / "DEBIAN" / "control", text)
    _write(root / "DEBIAN" / "postrm", _POSTRM, mode=0o755)
    to = environment.DIST / f"genstudio_{version}_{architecture}.deb"
    to.parent.mkdir(exist_ok=True)
    command = ["dpkg-deb", *COMPRESSIONS[compression], "--root-owner-group", "--build"]
    environment.call([*command, str(root), str(to)])
    shutil.rmtree(root)
    print(f"{to.relative_to(ROOT)}: {to.stat().st_size / 1e6:.1f} MB")
    return to


def control(
    *, version: str, architecture: str, installed_kib: int, depends: Iterable[str], summary: str
) -> str:
    """The text of the package's control file."""
    return f"""\
Package: genstudio
Version: {version}
Architecture: {architecture}
Maintainer: {_MAINTAINER}
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


def alternatives(depends: str) -> list[str]:
    """Dependencies as dpkg-shlibdeps names them, also under the names that later releases use.

    Libraries whose clocks went to 64 bits are called NAMEt64 there, and are the same to us.
    """
    found = []
    for entry in filter(None, (part.strip() for part in depends.split(","))):
        name, _, condition = entry.partition(" ")
        later = f" | {name}t64" if name in {"libglib2.0-0", "libgtk-3-0", "libssl3"} else ""
        found.append(f"{name}{' ' + condition if condition else ''}{later}")
    return found


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
    for path in (root / "usr").rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _depends(root: Path) -> list[str]:
    """Debian's packages that hold the libraries which the payload wants and does not have."""
    binaries = [
        path
        for path in (root / _PLACE).rglob("*")
        if path.is_file() and not path.is_symlink() and path.read_bytes()[:4] == b"\x7fELF"
    ]
    own = {path.parent for path in binaries if ".so" in path.name}
    with tempfile.TemporaryDirectory() as folder:
        # dpkg-shlibdeps wants to be called in the source of a package.
        _write(
            Path(folder) / "debian" / "control",
            "Source: genstudio\n\nPackage: genstudio\nArchitecture: any\n",
        )
        command = ["dpkg-shlibdeps", "-O", "--ignore-missing-info", "--warnings=0"]
        command += [f"-l{path}" for path in sorted(own)]
        # A theme for desktops that have GTK, and nothing that others should install.
        wanted = [str(path) for path in binaries if path.name != "libqgtk3.so"]
        told = subprocess.run(
            [*command, *wanted], check=False, capture_output=True, text=True, cwd=folder
        )
    prefix = "shlibs:Depends="
    for line in told.stdout.splitlines():
        if line.startswith(prefix):
            return alternatives(line.removeprefix(prefix))
    raise SetupError(f"dpkg-shlibdeps (package dpkg-dev) is needed:\n{told.stderr[-2000:]}")


def _said(command: list[str]) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError as error:
        raise SetupError(f"{command[0]} is needed: a .deb is built on Debian or Ubuntu.") from error


def _write(path: Path, text: str, *, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
