"""The Train page says whether a run fits, and one press makes it fit."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from studio_driver import StudioDriver

from genstudio.domain.forecasts import Forecast
from genstudio.domain.training import TrainingSettings
from genstudio.services import fit_check


@pytest.fixture(autouse=True)
def short_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit_check, "check_fit", partial(fit_check.check_fit, seconds=0.1))


@pytest.fixture
def ready(studio: StudioDriver, pictures: Path) -> StudioDriver:
    studio.open_pictures(pictures, 24)
    studio.set_up_small_run("Describe and redraw", steps=50)
    return studio


def test_what_a_run_needs_is_told_until_something_else_is_chosen(ready: StudioDriver) -> None:
    ready.click("train.fit")
    assert ready.window._states.fit.is_busy
    ready.wait(lambda: not ready.window._states.fit.is_busy)
    words = ready.find("train.forecast", QLabel)
    assert "Memory:" in words.text()
    assert "Done in about" in words.text()
    assert not ready.find("train.mend", QPushButton).isVisible()

    ready.choose("train.size", "64 ×")

    assert not words.isVisible()


def test_one_press_makes_it_fit_and_tries_again(
    ready: StudioDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    real = fit_check._forecast

    def short_of_memory(settings: TrainingSettings, *more: Any) -> Forecast:
        asked.append(settings.accumulate)
        found = real(settings, *more)
        needed = (200 if settings.accumulate == 1 else 60) * 2**20
        update = {"room_bytes": 100 * 2**20, "fixed_bytes": 0, "memory_bytes": needed}
        return found.model_copy(update=update)

    monkeypatch.setattr(fit_check, "_forecast", short_of_memory)
    ready.set_number("train.batch", 16)
    ready.click("train.fit")
    ready.wait(lambda: not ready.window._states.fit.is_busy)
    assert "too little" in ready.find("train.forecast", QLabel).text()
    assert "4 parts" in ready.find("train.forecast", QLabel).text()

    ready.click("train.mend")
    ready.wait(lambda: len(asked) > 1 and not ready.window._states.fit.is_busy)

    assert asked == [1, 4]
    assert ready.window._pages.train.controls.settings().accumulate == 4
    assert "too little" not in ready.find("train.forecast", QLabel).text()
    assert not ready.find("train.mend", QPushButton).isVisible()


def test_a_try_can_be_given_up(ready: StudioDriver) -> None:
    ready.click("train.fit")
    ready.wait(lambda: ready.window._states.fit.progress)
    ready.click("train.fit")
    ready.wait(lambda: not ready.window._states.fit.is_busy)
    assert ready.window._states.fit.forecast is None
