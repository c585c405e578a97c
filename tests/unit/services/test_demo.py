"""The demonstration: from nothing to a gallery, on any machine."""

import functools
from pathlib import Path

import pytest
from tiny_studio import of_kind

from genstudio.data.samples import make_sample_folder
from genstudio.domain import events
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.engine.trainer import NoCommands
from genstudio.services import demo
from genstudio.services.demo import demonstration, demonstration_folder
from genstudio.services.presets import resolve_settings


@pytest.fixture
def short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_sheets: None) -> list[Budget]:
    """A demonstration of two steps on six small flowers; gives the budgets that were asked for."""
    asked: list[Budget] = []

    def two_steps(**wanted: object) -> TrainingSettings:
        settings = resolve_settings(**wanted)  # type: ignore[arg-type]
        asked.append(settings.budget)
        two = {"batch": 4, "budget": Budget(unit="steps", amount=2), "device": "cpu"}
        return settings.model_copy(update=two)

    few_flowers = functools.partial(make_sample_folder, count=6, size=32)
    monkeypatch.setattr(demo, "resolve_settings", two_steps)
    monkeypatch.setattr(demo, "make_sample_folder", few_flowers)
    monkeypatch.setattr(demo, "sample_folder", lambda: tmp_path / "flowers")
    return asked


def test_it_draws_flowers_trains_and_leaves_a_gallery(tmp_path: Path, short: list[Budget]) -> None:
    told = list(demonstration(tmp_path / "Demo", 0.5, NoCommands()))

    assert isinstance(told[-1], events.Finished), told[-1]
    assert short == [Budget(unit="minutes", amount=0.5)]
    drawn = [event for event in of_kind(events.Preparing, told) if event.what == "Drawing flowers"]
    assert (drawn[-1].done, drawn[-1].total) == (6, 6)
    assert len(list((tmp_path / "flowers").glob("*.png"))) == 6
    assert of_kind(events.RunStarted, told)[0].num_images == 6


def test_where_nothing_can_be_drawn_it_fails_with_a_hint(
    tmp_path: Path, short: list[Budget]
) -> None:
    (tmp_path / "flowers").write_text("a file")
    (failed,) = demonstration(tmp_path / "Demo", 0.5, NoCommands())

    assert isinstance(failed, events.Failed)
    assert failed.hint
    assert "error in the program" not in failed.title


def test_every_demonstration_has_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    stamps = iter(["20260131-154500", "20260131-154501"])
    monkeypatch.setattr(demo.time, "strftime", lambda _: next(stamps))

    assert [demonstration_folder().name for _ in range(2)] == [
        "demonstration-20260131-154500", "demonstration-20260131-154501",
    ]  # fmt: skip
