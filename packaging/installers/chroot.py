"""Installs a Debian package in a fresh system, uses it there, removes it, looks for leftovers.

Standard library only; needs root and debootstrap. Everything that is said goes to a transcript.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dev_environment import ROOT, SetupError

from installers import packs, payload

_SUITE = "bookworm"
# For the window: a screen, and something that takes pictures of it.
_SCREEN = ["xvfb", "xauth", "xdotool", "imagemagick"]
_TRANSCRIPT = ROOT / "dist" / "chroot.txt"
_PERSON = "painter"
# In the window: it comes up, stays, and is closed as a person closes it.
_WINDOW = """\
set -e
export HOME=/home/painter DISPLAY=:77
Xvfb :77 -screen 0 1600x1000x24 -nolisten tcp >/dev/null 2>&1 &
screen=$!
trap 'kill $screen' EXIT
sleep 2
genstudio "$HOME/Meadow" &
program=$!
for second in $(seq 120); do
  xdotool search --onlyvisible --name 'Meadow — GenStudio' >/dev/null 2>&1 && break
  sleep 1
done
window=$(xdotool search --onlyvisible --name 'Meadow — GenStudio' | head -1)
echo "The window $window is on the screen."
sleep 8
import -window root "$HOME/window.png"
kill -TERM $program
wait $program
echo "It was closed and ended with $?."
"""


def verify(package: Path, of_packs: Mapping[str, Path]) -> Path:
    """Install, use and remove a package in a fresh Debian; gives the transcript.

    Args:
        package: The program's.
        of_packs: Those of packs, which are installed beside it and removed again.

    Raises:
        SetupError: Something did not work, or was left behind.
    """
    if os.geteuid() != 0:
        raise SetupError("A fresh system can only be made by root: sudo … package deb --verify")
    root = payload.WORK / "chroot"
    shutil.rmtree(root, ignore_errors=True)
    _TRANSCRIPT.unlink(missing_ok=True)
    _fresh_system(root)
    with _mounted(root):
        before = _files(root)
        shutil.copy(package, root / "srv" / package.name)
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
        _do(root, [*install, f"/srv/{package.name}"])
        installed = _files(root)
        _tell_selftest(root, {})
        if of_packs:
            _try_packs(root, of_packs, install)
        training = ["genstudio", "demo", "--project", f"/home/{_PERSON}/Meadow", "--minutes", "0.2"]
        _do(root, training, person=_PERSON)
        _do(root, [*install, *_SCREEN])
        _do(root, ["bash", "-c", _WINDOW], person=_PERSON)
        shutil.copy(root / "home" / _PERSON / "window.png", ROOT / "dist" / "chroot-window.png")
        _do(root, ["apt-get", "purge", "-y", "-qq", "genstudio"])
        left = leftovers(before, installed, _files(root))
        home = sorted(path.name for path in (root / "home" / _PERSON / "Meadow").iterdir())
    _tell(f"The project is still there: {', '.join(home)}")
    if left:
        raise SetupError(f"{len(left)} files were left behind: {', '.join(left[:20])}")
    _tell("Nothing of the program was left behind.")
    shutil.rmtree(root)
    return _TRANSCRIPT


def _try_packs(root: Path, of_packs: Mapping[str, Path], install: list[str]) -> None:
    """Install packs beside the program, try them, and remove them.

    Raises:
        SetupError: One is not found by the program, or leaves something behind.
    """
    before = _files(root)
    for path in of_packs.values():
        shutil.copy(path, root / "srv" / path.name)
    _do(root, [*install, *(f"/srv/{path.name}" for path in of_packs.values())])
    installed = _files(root)
    _tell_selftest(root, of_packs)
    names = [f"genstudio-pack-{key}" for key in of_packs]
    _do(root, ["apt-get", "purge", "-y", "-qq", *names])
    left = leftovers(before, installed, _files(root))
    if left:
        raise SetupError(f"{len(left)} files of packs were left behind: {', '.join(left[:20])}")
    _tell("Nothing of the packs was left behind.")
    _do(root, ["genstudio", "doctor"], person=_PERSON)


def _tell_selftest(root: Path, of_packs: Mapping[str, Path]) -> None:
    told = _do(root, ["genstudio", "--selftest"], person=_PERSON)
    fault = misfound(told, set(of_packs))
    if fault:
        raise SetupError(f"The selftest does not tell of the packs that are there: {fault}")


def misfound(told: str, installed: set[str]) -> str:
    """Lines of a selftest that leave out an installed pack, or do what only a missing one could.

    Args:
        told: What the selftest said.
        installed: Packs that are there.
    """
    lines = {line.split()[1].rstrip(":"): line for line in told.splitlines() if line[:2] == "ok"}
    wrong = [
        lines.get(check, f"nothing of {check}")
        for key, check in packs.TRIED_BY.items()
        if ("left out" in lines.get(check, "left out")) == (key in installed)
    ]
    return "; ".join(wrong)


def leftovers(before: set[str], installed: set[str], after: set[str]) -> list[str]:
    """Files that came with the program and are still there.

    Args:
        before: Files of the system before the program was installed.
        installed: Files when it was.
        after: Files when it had been removed.
    """
    return sorted(path for path in (installed - before) & after if "genstudio" in path.lower())


def _fresh_system(root: Path) -> None:
    if shutil.which("debootstrap") is None:
        raise SetupError("debootstrap is needed for this: apt-get install debootstrap")
    kept = payload.WORK / "debootstrap.tar"
    if not kept.is_file():
        root.mkdir(parents=True)
        command = ["debootstrap", "--variant=minbase", "--include=ca-certificates", _SUITE]
        _said([*command, str(root)], quiet=True)
        _said(["tar", "-C", str(root), "-cf", str(kept), "."])
    else:
        root.mkdir(parents=True)
        _said(["tar", "-C", str(root), "-xf", str(kept)])
    shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
    _do(root, ["useradd", "--create-home", _PERSON])
    _do(root, ["apt-get", "update", "-qq"])


@contextmanager
def _mounted(root: Path) -> Iterator[None]:
    """What programs expect of a running system."""
    mounts = [("proc", "proc"), ("sysfs", "sys"), ("tmpfs", "dev/shm")]
    devices = ["null", "zero", "random", "urandom", "full", "tty"]
    for kind, place in mounts:
        (root / place).mkdir(parents=True, exist_ok=True)
        _said(["mount", "-t", kind, kind, str(root / place)])
    for device in devices:
        target = root / "dev" / device
        if not target.exists():
            shutil.copystat("/dev/null", root / "dev")
            _said(["cp", "-a", f"/dev/{device}", str(target)])
    (root / "tmp").chmod(0o1777)
    try:
        yield
    finally:
        for _, place in reversed(mounts):
            subprocess.run(["umount", "--lazy", str(root / place)], check=False)


def _do(root: Path, command: list[str], *, person: str = "root") -> str:
    """Do something in the system, as a person whose surroundings are the system's own.

    Returns:
        What it said.
    """
    home = "/root" if person == "root" else f"/home/{person}"
    surroundings = [
        "env",
        "-i",
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        f"HOME={home}",
        "LANG=C.UTF-8",
        "DEBIAN_FRONTEND=noninteractive",
    ]
    shown = "window.sh" if command[:2] == ["bash", "-c"] else " ".join(command)
    _tell(f"\n{person}# {shown}")
    return _said(["chroot", f"--userspec={person}", str(root), *surroundings, *command])


def _said(command: list[str], *, quiet: bool = False) -> str:
    began_s = time.monotonic()
    told = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines = [line for line in told.stdout.splitlines() if "propagateSizeHints" not in line]
    if lines and not (quiet and told.returncode == 0):
        _tell("\n".join(lines[-60:]))
    if told.returncode != 0:
        raise SetupError(
            f"This failed after {time.monotonic() - began_s:.0f} s: {' '.join(command[-3:])}"
        )
    return told.stdout


def _files(root: Path) -> set[str]:
    """Files of the system without what the kernel shows, and without homes and scratch."""
    found = set[str]()
    for folder, folders, names in os.walk(root):
        here = Path(folder).relative_to(root)
        if here == Path():
            folders[:] = [
                it for it in folders if it not in {"proc", "sys", "dev", "home", "tmp", "srv"}
            ]
        found.update((here / name).as_posix() for name in [*names, *folders])
    return found


def _tell(text: str) -> None:
    print(text, flush=True)
    _TRANSCRIPT.parent.mkdir(exist_ok=True)
    with _TRANSCRIPT.open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")
