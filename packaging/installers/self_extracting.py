"""One file for every other Linux: a shell script with the packed program behind it.

It needs no rights: the program goes into a person's home, with its menu entry. Standard library
only.
"""

import hashlib
import os
import platform
import shutil
import tempfile
from pathlib import Path

from dev_environment import ROOT, SetupError

from installers import desktop, environment, payload

_HEADER = ROOT / "packaging" / "installers" / "run_header.sh"
_ROOM_FACTOR = 1.1
_SPARE_KIB = 1024


def build(packed: Path, *, quick: bool = False) -> Path:
    """Make the installer of a packed program; gives the file in ``dist``.

    Args:
        packed: The folder that ``payload.build`` gives.
        quick: Compress in seconds instead of minutes.

    Raises:
        SetupError: A tool is missing or fails.
    """
    version = environment.project()["version"]
    share = packed / "share"
    desktop.lay_out(share, version)
    archive = payload.WORK / "payload.tar.xz"
    try:
        compress = f"xz -T0 -{0 if quick else 6}"
        environment.call(
            ["tar", "-C", str(packed), "-I", compress, "--owner=0", "--group=0",
             "--sort=name", "-cf", str(archive), "."]
        )  # fmt: skip
    finally:
        shutil.rmtree(share)
    header = header_for(
        _HEADER.read_text(encoding="utf-8"),
        version=version,
        machine=platform.machine(),
        needed_kib=round(payload.megabytes(packed) * 1e6 / 1024 * _ROOM_FACTOR) + _SPARE_KIB,
        sha256=_sha256(archive),
    )
    environment.DIST.mkdir(exist_ok=True)
    to = environment.DIST / f"genstudio-{version}-linux-{platform.machine()}.run"
    with to.open("wb") as file:
        file.write(header.encode())
        with archive.open("rb") as content:
            shutil.copyfileobj(content, file, 2**20)
    archive.unlink()
    to.chmod(0o755)
    print(f"{to.relative_to(ROOT)}: {to.stat().st_size / 1e6:.1f} MB")
    return to


def header_for(text: str, *, version: str, machine: str, needed_kib: int, sha256: str) -> str:
    """The script that stands before the packed program."""
    values = {
        "VERSION": version,
        "MACHINE": machine,
        "NEEDED_KIB": str(needed_kib),
        "SHA256": sha256,
        # The archive begins on the line after the script's last one.
        "LINES": str(text.count("\n") + 1),
    }
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def verify(installer: Path) -> None:
    """Install it into a home of its own, have it try itself, remove it, look for leftovers.

    Raises:
        SetupError: It does not work, or leaves something behind.
    """
    with tempfile.TemporaryDirectory(prefix="genstudio-home-") as name:
        home = Path(name)
        surroundings = {"HOME": name, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        environment.call(["sh", str(installer)], surroundings)
        desktop.examine(
            home / ".local/share/applications/genstudio.desktop",
            home / ".local/share/metainfo/org.genstudio.GenStudio.metainfo.xml",
        )
        environment.call([str(home / ".local/bin/genstudio"), "--selftest"], surroundings)
        environment.call(["sh", str(installer), "--remove"], surroundings)
        left = [str(path) for path in home.rglob("*genstudio*") if path.is_file()]
        if left:
            raise SetupError(f"These files were left behind: {', '.join(left)}")
    print("Installed, tried and removed; nothing was left behind.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
