"""Operation "detect-anomalies" on a small run, from its figures to the folder that grows."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_studio import save_pictures, small_settings, steps
from typer.testing import CliRunner

from genstudio.cli import app
from genstudio.domain import events
from genstudio.domain.errors import DatasetError
from genstudio.domain.operations import DETECT, Report
from genstudio.domain.progress import Progress
from genstudio.engine.trainer import NoCommands
from genstudio.services.operations import detect
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import ResultFolder
from genstudio.services.score_tables import read_scores
from genstudio.services.training import NewRun, start_run

SIDE = 64


def stripes(count: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    across = np.arange(SIDE)[None, None, :, None] + random.uniform(0, 6, (count, 1, 1, 1))
    waves = 128 + 60 * np.sin(across * np.pi / 3)
    grain = random.normal(0, 6, (count, SIDE, SIDE, 3))
    return (waves + grain).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("stripes")
    pictures = save_pictures(place / "normal", stripes(60))
    settings = small_settings(
        "repair-autoencoder", model={"width": 16}, budget=steps(12), mirror=False, size=64, batch=8
    )
    request = NewRun(folder=pictures, project=place / "P", settings=settings)
    *_, ending = start_run(request, NoCommands())
    assert isinstance(ending, events.Finished)
    assert ending.run is not None
    return ending.run


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    pictures = stripes(8, seed=9)
    pictures[4:, 10:18, 10:18] = 250
    save_pictures(tmp_path / "tests" / "good", pictures[:4])
    save_pictures(tmp_path / "tests" / "blot", pictures[4:])
    return tmp_path / "tests"


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.png"))


def test_blots_are_found_and_marked_where_they_are(run: Path, tests: Path, tmp_path: Path) -> None:
    folder = ResultFolder(tmp_path / "out")
    reports: list[Report] = []
    for step in perform(DETECT, run=run, inputs={"input": files(tests)}):
        if isinstance(step, Made):
            folder.save(step)
        elif isinstance(step.item, Report):
            reports.append(step.item)
            folder.write(step.item)

    (report,) = reports
    assert report.num_found >= 4
    table = read_scores(tmp_path / "out")
    assert [row.label for row in table.rows[:4]] == ["blot"] * 4
    assert all(row.is_strange for row in table.rows[:4])
    assert not any(row.is_strange for row in table.rows[6:])
    best = tmp_path / "out" / "mask" / table.rows[0].result
    mask_HW = np.asarray(Image.open(best)) > 0
    assert mask_HW[11:17, 11:17].mean() > 0.8
    assert mask_HW[46:, 46:].mean() < 0.1
    heat_HW = np.asarray(Image.open(tmp_path / "out" / "heat" / table.rows[0].result))
    assert heat_HW[11:17, 11:17].mean() > 2 * heat_HW[46:, 46:].mean()
    assert (tmp_path / "out" / "report.html").read_text().count("<tr") == 9


def test_one_that_cannot_be_read_stops_no_others(run: Path, tests: Path) -> None:
    broken = tests / "good" / "aa.png"
    broken.write_bytes(b"no picture")
    steps_ = list(perform(DETECT, run=run, inputs={"input": [broken, *files(tests / "blot")]}))
    assert sum(isinstance(it, Made) for it in steps_) == 4
    last = steps_[-1]
    assert isinstance(last, Progress)
    assert isinstance(last.item, Report)
    assert "4 of 5" in last.item.words
    assert b"aa.png" in last.item.files({})["scores.csv"]


def test_of_a_model_that_was_made_for_something_else_doubts_are_told(
    tmp_path: Path, tests: Path
) -> None:
    pictures = save_pictures(tmp_path / "normal", stripes(20))
    settings = small_settings(budget=steps(1), model={"width": 32, "sharpen": 0.0})
    request = NewRun(folder=pictures, project=tmp_path / "P", settings=settings)
    *_, ending = start_run(request, NoCommands())
    assert isinstance(ending, events.Finished)
    *_, last = perform(DETECT, run=ending.run, inputs={"input": files(tests)[:2]})
    assert isinstance(last, Progress)
    assert isinstance(last.item, Report)
    assert "misses much" in last.item.words


def test_a_small_picture_is_scored_with_a_word_of_doubt(run: Path, tmp_path: Path) -> None:
    Image.fromarray(stripes(1)[0]).resize((20, 20)).save(tmp_path / "small.png")
    made = next(
        it
        for it in perform(DETECT, run=run, inputs={"input": [tmp_path / "small.png"]})
        if isinstance(it, Made)
    )
    assert "only 20 px" in str(made.artifact.values["note"])


def test_fewer_than_twenty_whole_pictures_are_refused(flowers: Path, tmp_path: Path) -> None:
    settings = small_settings("repair-autoencoder", model={"width": 16}, budget=steps(1))
    request = NewRun(folder=flowers, project=tmp_path / "P", settings=settings)
    told = list(start_run(request, NoCommands()))
    messages = [it for it in told if isinstance(it, events.Message)]
    assert any("too few" in it.title for it in messages)
    ending = told[-1]
    assert isinstance(ending, events.Finished)
    with pytest.raises(DatasetError, match="Too few whole pictures"):
        list(perform(DETECT, run=ending.run, inputs={"input": files(flowers)}))


def test_a_folder_is_watched_for_what_comes_later(
    run: Path, tests: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detect, "_POLL_S", 0.0)
    work: Iterator[Made | Progress] = perform(
        DETECT, run=run, inputs={"input": files(tests)}, watch=True
    )
    seen = [next(work)]
    while not (isinstance(seen[-1], Progress) and seen[-1].what == "Watching for more"):
        seen.append(next(work))
    late = tests / "good" / "late.png"
    shutil.copy(files(tests / "blot")[0], late)
    fresh = tests / "good" / "still written.png"
    shutil.copy(late, fresh)
    past = time.time() - 60
    os.utime(late, (past, past))

    later: list[Made] = []
    while not later:
        step = next(work)
        later += [step] if isinstance(step, Made) else []
    assert later[0].source == late
    assert later[0].artifact.values["verdict"] == "strange"
    reports = [next(work) for _ in range(4)]
    items = [it.item for it in reports if isinstance(it, Progress)]
    words = [it.words for it in items if isinstance(it, Report)]
    assert words
    assert "of 9" in words[0]


@pytest.mark.parametrize(("name", "code"), [("blot", 3), ("good", 0)])
def test_a_script_learns_by_the_exit_code_whether_something_was_found(
    name: str, code: int, run: Path, tests: Path, tmp_path: Path
) -> None:
    arguments = ["apply", DETECT, str(tests / name), "--run", str(run), "--out"]
    arguments += [str(tmp_path / "out"), "--json", "--set", "false_alarms=0.1"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == code, done.output
    lines = done.stdout.splitlines()
    assert '"score"' in lines[0]
    assert '"found": ' in lines[-1]
