"""The libraries that Qt needs from the system, installed where we may, named where we may not."""

import importlib.util
import os
import shutil
import subprocess
import sys

RUN_PACKAGES = [
    "libdbus-1-3",
    "libegl1",
    "libfontconfig1",
    "libgl1",
    "libglib2.0-0",
    "libxkbcommon0",
]
TEST_PACKAGES = [
    "fonts-dejavu-core",
    "imagemagick",
    "libx11-xcb1",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-image0",
    "libxcb-keysyms1",
    "libxcb-randr0",
    "libxcb-render-util0",
    "libxcb-shape0",
    "libxkbcommon-x11-0",
    "openbox",
    "xauth",
    "xdotool",
    "xvfb",
]


def has_display() -> bool:
    """Whether a window can be shown here."""
    if sys.platform != "linux":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def install_packages(wanted: list[str]) -> None:
    """Install what is missing on Debian and Ubuntu as root; tell anyone else the command.

    Never fails: a missing library may not matter, and Qt names it when it does.
    """
    if not (shutil.which("dpkg-query") and shutil.which("apt-get")):
        return
    if importlib.util.find_spec("ensurepip") is None:
        wanted = [*wanted, "python3-venv"]
    missing = _missing(wanted)
    if not missing:
        return
    if os.geteuid() != 0:
        print(
            "Some system libraries are missing. If the window does not open, run:\n"
            f"  sudo apt-get install {' '.join(missing)}",
            file=sys.stderr,
        )
        return
    print(f"Installing system libraries: {' '.join(missing)}")
    surroundings = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    for command in (["apt-get", "update", "-qq"], install):
        if subprocess.run(command, env=surroundings, check=False).returncode != 0:
            print(f"This did not work: {' '.join(command)}\nGoing on without.", file=sys.stderr)
            return


def _missing(wanted: list[str]) -> list[str]:
    # Newer releases renamed some libraries to NAMEt64 when their clocks went to 64 bits.
    names = [name for base in wanted for name in (base, f"{base}t64")]
    listing = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names],
        check=False,
        capture_output=True,
        text=True,
    ).stdout
    installed = {line.split()[0] for line in listing.splitlines() if line.endswith(" installed")}
    return [name for name in wanted if not {name, f"{name}t64"} & installed]
