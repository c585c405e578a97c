"""The command ``dev.py package``: which packages there are, and what makes each.

Standard library only.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from dev_environment import ROOT, SetupError

from installers import (
    chroot,
    debian,
    environment,
    macos,
    packs,
    payload,
    self_extracting,
    sums,
    windows,
)

HELP = """\
  wheel      sdist and wheel; --verify installs the wheel and has it try itself
  folder     the program as a folder, which has tried itself
  deb        a package for Debian and Ubuntu; --verify installs it in a fresh system
  packs      what not everyone needs, for both Linux installers; names choose some
  verify-deb installs the .deb that is in dist/ in a fresh system, and packs beside it
  run        an installer for other Linux systems, in one file
  windows    an installer for Windows; elsewhere one with a stand-in, which --verify
             installs under wine
  macos      a disk image for macOS
  sums       checksums of what is in dist/, and lists of what is inside each (SBOM)
All go to dist/. --quick compresses in seconds instead of minutes."""


def package(arguments: list[str]) -> int:
    """Make one package; gives the exit status.

    Raises:
        SetupError: It cannot be made, and why.
    """
    parser = argparse.ArgumentParser(
        prog="dev.py package", epilog=HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=list(_KINDS), metavar="kind")
    parser.add_argument("names", nargs="*", help="of packs: " + ", ".join(packs.PACKAGES))
    parser.add_argument("--verify", action="store_true", help="install it somewhere and try it")
    parser.add_argument("--quick", action="store_true", help="compress quickly, for a try")
    parser.add_argument(
        "--packed", action="store_true", help="use the folder that was packed before"
    )
    options = parser.parse_args(arguments)
    if options.names and (options.kind != "packs" or not set(options.names) <= set(packs.PACKAGES)):
        parser.error(f"There are no such names for {options.kind}: {' '.join(options.names)}")
    return _KINDS[options.kind](options)


def _packed(options: argparse.Namespace) -> Path:
    folder = payload.WORK / "onedir" / "genstudio"
    if not (options.packed and folder.is_dir()):
        folder = payload.build()
        payload.selftest(folder)
    return folder


def _wheel(options: argparse.Namespace) -> int:
    environment.ensure_tools()
    wheel = environment.build_wheel()
    print(f"{wheel.relative_to(ROOT)}: {wheel.stat().st_size / 1e6:.1f} MB")
    if options.verify:
        program = environment.install_into(payload.WORK / "fresh", wheel)
        environment.call([str(program), "--selftest"])
    return 0


def _folder(options: argparse.Namespace) -> int:
    print(_packed(options))
    return 0


def _deb(options: argparse.Namespace) -> int:
    built = debian.build(_packed(options), compression="quick" if options.quick else "small")
    if options.verify:
        chroot.verify(built, packs.to_verify(built))
    return 0


def _packs(options: argparse.Namespace) -> int:
    keys = options.names or list(packs.PACKAGES)
    packs.build(_packed(options), keys, compression="quick" if options.quick else "small")
    return 0


def _run(options: argparse.Namespace) -> int:
    built = self_extracting.build(_packed(options), quick=options.quick)
    if options.verify:
        self_extracting.verify(built)
    return 0


def _windows(options: argparse.Namespace) -> int:
    if windows.is_here():
        windows.build(_packed(options))
        return 0
    environment.ensure_tools()
    payload.make_icons()
    built = windows.build(windows.stand_in(), is_stand_in=True)
    print("This one holds no program: torch and Qt for Windows can only be packed on Windows.")
    if options.verify:
        windows.verify(built)
    return 0


def _macos(options: argparse.Namespace) -> int:
    _packed(options)
    macos.build()
    return 0


def _sums(_options: argparse.Namespace) -> int:
    environment.ensure_tools()
    sums.write_bill()
    sums.write_bills_of_packs(packs.gathered())
    sums.write_sums()
    return 0


def _verify_deb(_options: argparse.Namespace) -> int:
    built = sorted(environment.DIST.glob("genstudio_*.deb"))
    if not built:
        raise SetupError("There is no .deb in dist/ yet: run package deb first.")
    chroot.verify(built[-1], packs.to_verify(built[-1]))
    return 0


_KINDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "wheel": _wheel,
    "folder": _folder,
    "deb": _deb,
    "verify-deb": _verify_deb,
    "packs": _packs,
    "run": _run,
    "windows": _windows,
    "macos": _macos,
    "sums": _sums,
}
