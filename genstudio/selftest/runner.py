"""Runs all checks, one line each, and says at the end whether the program is whole."""

import os
import sys
import time
import traceback
from collections.abc import Callable

import genstudio
from genstudio.domain.errors import GenStudioError
from genstudio.selftest.catalog import CHECKS, Check
from genstudio.selftest.network import watch_network
from genstudio.selftest.place import Place, SelfTestError, temporary_place

Say = Callable[[str], object]


def run_selftest() -> int:
    """Try everything on pictures of the program's own and leave nothing behind.

    Returns:
        0 if all of it worked, 1 otherwise: an exit code.
    """
    # Before Qt is imported: there may be no display, and a window would only be in the way.
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    attempts = watch_network()
    _say(f"GenStudio {genstudio.__version__} tries itself, offscreen and without a network.")
    try:
        checks = CHECKS.keys()
        with temporary_place() as place:
            failed = run_checks({key: _loaded(key) for key in checks}, place, _say)
    except SelfTestError as error:
        _say(str(error))
        return 1
    failed += _network_failures(attempts())
    _say(f"{failed} FAILED" if failed else "All is well.")
    return 1 if failed else 0


def run_checks(checks: dict[str, Check], place: Place, say: Say) -> int:
    """Do checks in their order; each that fails is told, and the next is done.

    Returns:
        How many failed.
    """
    failed = 0
    for name, check in checks.items():
        began_s = time.monotonic()
        try:
            did = check(place)
        except GenStudioError as error:
            failed += 1
            say(f"FAILED  {name}: {error}")
        except Exception:  # noqa: BLE001  # what is broken here may raise anything
            failed += 1
            say(f"FAILED  {name}:\n{traceback.format_exc()}")
        else:
            say(f"ok      {name}: {did} ({time.monotonic() - began_s:.1f} s)")
    return failed


def _loaded(key: str) -> Check:
    """A check that is imported when its turn comes, for that may fail as well."""

    def check(place: Place) -> str:
        return CHECKS.get(key)(place)

    return check


def _network_failures(attempts: list[str]) -> int:
    if attempts:
        _say(f"FAILED  offline: the network was asked for: {'; '.join(attempts)}")
        return 1
    _say("ok      offline: nothing tried to reach a network")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
