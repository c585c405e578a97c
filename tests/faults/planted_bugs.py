"""Readers with a bug each, to see that fuzzing finds them; takes the options of fuzzing.py."""

import os
import socket
import sys
from collections.abc import Callable, Collection
from pathlib import Path

from fuzz_cases import MOST_MEMORY_BYTES, Target
from fuzzing import main
from mutations import change_bytes

from genstudio.domain.errors import ProjectError

_VALID = "all is well" * 9


def _make_valid(folder: Path, parts: Collection[str]) -> None:
    for part in parts:
        (folder / part).mkdir()
        (folder / part / "notes.txt").write_text(_VALID)


def _raise_what_is_not_ours(case: Path) -> None:
    raise KeyError(case.name)


def _hang(case: Path) -> None:
    while True:
        pass


def _die(case: Path) -> None:
    os.abort()


def _write_outside(case: Path) -> None:
    (case.parent / "outside.txt").touch()


def _write_where_a_link_leads(case: Path) -> None:
    (case / "link").symlink_to(case.parent)
    (case / "link" / "outside.txt").write_text("through a link")


def _write_unheard(case: Path) -> None:
    os.mkfifo(case.parent / "canary" / "pipe")  # Python tells nobody of this.


def _remove_outside_by_a_relative_path(case: Path) -> None:
    folder = os.open(case.parent / "canary", os.O_RDONLY)
    os.remove("keep.txt", dir_fd=folder)


def _take_memory(case: Path) -> None:
    bytearray(b"x" * (MOST_MEMORY_BYTES // 2 + 2**25))


def _run_text(case: Path) -> None:
    exec("1 + 1")  # noqa: S102  # it is the bug


def _call_home(case: Path) -> None:
    socket.socket()


def _run_a_program_and_keep_silent(case: Path) -> None:
    try:
        os.system("true")  # noqa: S605
    except BaseException:  # noqa: BLE001  # it is the bug
        return


def _say_too_much(case: Path) -> None:
    error = ProjectError("Damaged")
    error.message = "x" * 10**6
    raise error


def _run_out_of_memory_politely(case: Path) -> None:
    raise ProjectError("It is too large") from MemoryError()


def _accept(case: Path) -> None:
    return


def _accept_what_is_damaged(case: Path) -> None:
    return


def _refuse(case: Path) -> None:
    raise ProjectError("Damaged")


def _planted(reader: Callable[[Path], None], *, must_refuse: bool = False) -> Target:
    def read(case: Path) -> None:
        if (case / "part" / "notes.txt").read_bytes() != _VALID.encode():
            reader(case)

    return Target(
        name=reader.__name__.strip("_").replace("_", "-"),
        parts=["part"],
        read=read,
        changes=[("part/*", change_bytes)],
        must_refuse=must_refuse,
    )


# The first two are as they should be.
TARGETS = (
    _planted(_refuse, must_refuse=True),
    _planted(_accept),
    _planted(_accept_what_is_damaged, must_refuse=True),
    *map(
        _planted,
        (
            _raise_what_is_not_ours,
            _hang,
            _die,
            _write_outside,
            _write_where_a_link_leads,
            _write_unheard,
            _remove_outside_by_a_relative_path,
            _take_memory,
            _run_text,
            _call_home,
            _run_a_program_and_keep_silent,
            _say_too_much,
            _run_out_of_memory_politely,
        ),
    ),
)

if __name__ == "__main__":
    sys.exit(main(TARGETS, _make_valid))
