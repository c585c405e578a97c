"""The selftest tells what failed, does the rest all the same, and leaves nothing behind."""

import os
import tempfile
from pathlib import Path

import pytest

from genstudio.selftest import network, runner
from genstudio.selftest.place import Place, SelfTestError, temporary_place


def test_what_fails_is_told_and_the_next_check_is_done(tmp_path: Path) -> None:
    def fails(_place: Place) -> str:
        raise SelfTestError("It is broken", "Quite so.")

    def breaks(_place: Place) -> str:
        raise ZeroDivisionError

    told: list[str] = []
    checks = {"one": fails, "two": breaks, "three": lambda _: "did it"}

    assert runner.run_checks(checks, Place(tmp_path), told.append) == 2
    assert told[0] == "FAILED  one: It is broken. Quite so."
    assert told[1].startswith("FAILED  two:")
    assert "ZeroDivisionError" in told[1]
    assert told[2].startswith("ok      three: did it (")


def test_the_place_is_gone_afterwards_and_the_home_is_back() -> None:
    before = os.environ["HOME"]
    with temporary_place() as place:
        assert Path(os.environ["HOME"]).is_relative_to(place.folder)
    assert not place.folder.exists()
    assert os.environ["HOME"] == before


def test_without_a_trained_model_it_says_why() -> None:
    with pytest.raises(SelfTestError, match="There is no trained model"):
        Place(Path("nowhere")).run()


def test_no_room_for_temporary_files_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(SelfTestError, match="no room") as caught, temporary_place():
        pass
    assert "TMPDIR" in caught.value.hint


def test_attempts_to_reach_a_network_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    hooks: list = []
    monkeypatch.setattr(network.sys, "addaudithook", hooks.append)
    attempts = network.watch_network()

    hooks[0]("socket.getaddrinfo", ("host", "somewhere", 80))
    hooks[0]("socket.gethostname", ())
    hooks[0]("open", ("file", "r", 0))
    # Open to this machine only, and open to all.
    hooks[0]("socket.bind", ("self", ("::1", 0)))
    hooks[0]("socket.bind", ("self", ("0.0.0.0", 80)))  # noqa: S104  # only a word here

    assert attempts() == ["socket.getaddrinfo('somewhere', 80)", "socket.bind(('0.0.0.0', 80),)"]
