"""Runs and folders are judged, and what is missing for that is said."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from planted_pictures import drawn_NHWC, noisy
from tiny_studio import save_pictures, small_settings
from typer.testing import CliRunner

from genstudio.cli import app
from genstudio.domain.errors import DatasetError, GenStudioError, SettingsError
from genstudio.domain.progress import Progress, Working, with_result
from genstudio.engine.trainer import NoCommands
from genstudio.metrics.features import random_features
from genstudio.services.compared import Comparison
from genstudio.services.comparison import compare, comparison_record, save_comparison
from genstudio.services.conclusions import run_moment
from genstudio.services.evaluation import Evaluation, evaluate
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run

FIGURES = {"swd", "kid", "density", "coverage", "diversity", "copying"}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_pictures(tmp_path_factory.mktemp("pictures") / "real", drawn_NHWC(120, seed=0))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two of them are copies of real pictures."""
    images = drawn_NHWC(40, seed=1)
    images[:2] = noisy(drawn_NHWC(120, seed=0)[5:7], 0.01)
    folder = save_pictures(tmp_path_factory.mktemp("pictures") / "made", images)
    (folder / "torn.png").write_bytes((folder / "00.png").read_bytes()[:90])
    Image.fromarray(images[0]).resize((48, 40)).save(folder / "larger.png")
    return folder


@pytest.fixture(scope="module")
def runs(real: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    project = tmp_path_factory.mktemp("trained") / "Meadow"
    folders: list[Path] = []
    for seed in (1, 2):
        request = NewRun(folder=real, project=project, settings=small_settings(seed=seed))
        *_, finished = start_run(request, NoCommands())
        folders.append(finished.run)
    return folders


def last(work: Working[Any]) -> Any:
    *progress, result = with_result(work)
    assert progress
    assert all(isinstance(item, Progress) for item in progress)
    return result


def test_a_folder_is_judged_against_another(real: Path, made: Path) -> None:
    found = last(evaluate(made, against=real, training=real))
    record = json.loads(json.dumps(found.record()))

    assert record.keys() >= FIGURES
    for name in FIGURES:
        assert {"value", "sd", "floor", "floor_sd"} <= record[name].keys()
    assert record["count"] == 41
    assert record["size"] == 32
    assert record["features"] == random_features().digest
    assert [level["side"] for level in record["swd_levels"]] == [32, 16]
    assert record["unreadable"] == ["torn.png"]
    pairs = record["copying"]["pairs"]
    assert {(pair["made"], pair["training"]) for pair in pairs[:3]} == {
        ("00.png", "05.png"), ("01.png", "06.png"), ("larger.png", "05.png"),
    }  # fmt: skip
    assert len(pairs) == 16


def test_without_training_pictures_copies_are_not_looked_for(real: Path, made: Path) -> None:
    assert last(evaluate(made, against=real)).record()["copying"] is None


def test_a_folder_needs_something_to_be_compared_with(made: Path) -> None:
    with pytest.raises(SettingsError, match="nothing to compare") as refused:
        list(evaluate(made))
    assert "--against" in refused.value.hint


@pytest.mark.parametrize("what", ["missing", "empty", "torn", "few"])
def test_folders_that_cannot_be_judged_are_told_in_words(
    tmp_path: Path, made: Path, what: str
) -> None:
    folder = tmp_path / what
    if what != "missing":
        folder.mkdir()
    if what == "torn":
        (folder / "1.png").write_bytes(b"torn")
    if what == "few":
        save_pictures(folder, drawn_NHWC(3, seed=0))

    with pytest.raises(DatasetError) as refused:
        list(evaluate(made, against=folder))
    assert refused.value.hint


def test_a_run_is_judged_against_its_own_pictures(runs: list[Path]) -> None:
    found = last(evaluate(runs[0], count=24))

    assert isinstance(found, Evaluation)
    assert found.step == 4
    assert found.report.count == 24
    assert len(found.training_names) == 96
    assert not set(found.training_names) & set(Run(runs[0]).held_out)
    assert found.report.copying is not None
    # Four steps teach nothing.
    assert found.report.coverage.value < 0.5
    again = last(evaluate(runs[0], count=24, checkpoint="4"))
    assert again.record() == found.record()


def test_a_run_can_be_judged_against_other_pictures(runs: list[Path], made: Path) -> None:
    found = last(evaluate(runs[0], against=made, training=made, count=24))

    assert found.report.count == 20
    assert set(found.training_names) == {path.name for path in made.iterdir()} - {"torn.png"}


def test_a_checkpoint_that_is_not_there_is_told_in_words(runs: list[Path]) -> None:
    with pytest.raises(GenStudioError) as refused:
        list(evaluate(runs[0], checkpoint="3"))
    assert "Saved steps: 4." in refused.value.hint


def test_runs_are_compared_on_one_page(runs: list[Path], tmp_path: Path) -> None:
    done = last(compare(runs, count=24))

    assert isinstance(done, Comparison)
    saved = save_comparison(done, tmp_path / "report")
    record = json.loads((tmp_path / "report" / "comparison.json").read_text())
    assert record == comparison_record(done)
    assert "same pictures" in record["note"]
    first, second = record["runs"]
    assert first["parameters"] == second["parameters"] > 1000
    assert first["kid"]["floor"] == second["kid"]["floor"]
    page = saved.read_text()
    # Of each run: the first pictures, ways between seeds, what it redraws.
    assert page.count("data:image/png;base64,") == 6
    for run in runs:
        assert run_moment(run.name) in page
    assert "http://" not in page
    assert "https://" not in page


@pytest.mark.usefixtures("quiet")
def test_the_commands_speak_json_or_to_people(
    runs: list[Path], real: Path, made: Path, tmp_path: Path
) -> None:
    judged = CliRunner().invoke(app, ["evaluate", str(made), "--against", str(real), "--json"])
    assert judged.exit_code == 0
    (line,) = judged.stdout.splitlines()
    assert json.loads(line)["copying"] is None

    told = CliRunner().invoke(app, ["evaluate", str(runs[0]), "--count", "20"])
    assert told.exit_code == 0
    assert "coverage" in told.stdout
    assert "20 pictures on each side" in told.stdout

    options = ["--out", str(tmp_path / "report"), "--count", "20", "--json"]
    compared = CliRunner().invoke(app, ["compare", *map(str, runs), *options])
    assert compared.exit_code == 0
    assert Path(json.loads(compared.stdout)["report"]).is_file()

    refused = CliRunner().invoke(app, ["evaluate", str(made), "--json"])
    assert refused.exit_code == 1
    assert "nothing to compare" in json.loads(refused.stdout)["error"]


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genstudio.cli.start_logging", lambda _: None)


def test_pictures_are_brought_to_one_size(tmp_path: Path, real: Path) -> None:
    images = drawn_NHWC(20, seed=3)
    for number, image in enumerate(images):
        side = (32, 100, 140)[number % 3]
        (tmp_path / "mixed").mkdir(exist_ok=True)
        Image.fromarray(image).resize((side, side)).save(tmp_path / "mixed" / f"{number}.png")
    found = last(evaluate(tmp_path / "mixed", against=real))

    assert found.size == 32
    assert found.samples_NHWC.shape == (20, 32, 32, 3)
    assert found.samples_NHWC.dtype == np.uint8
