"""Operation "augment" on a small run: what is made, what is refused, what is said."""

import csv
import io
from pathlib import Path
from typing import TypeGuard

import numpy as np
import pytest
from PIL import Image
from tiny_studio import save_pictures, small_settings, steps

from genstudio.domain import events
from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.operations import AUGMENT, Report
from genstudio.domain.progress import drain
from genstudio.domain.settings import as_before, setting_fields
from genstudio.engine.trainer import NoCommands
from genstudio.metrics import copying, helpfulness
from genstudio.models.catalog import model_class
from genstudio.services.augmenting import wanted_of
from genstudio.services.operations.catalog import OPERATIONS
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import ResultFolder
from genstudio.services.remaking import remake
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run

INVENTED = {"source": "nothing"}


def grain(count: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (count, 32, 32, 3), np.uint8)


def trained(folder: Path, project: Path, **changes: object) -> Path:
    settings = small_settings(kinds=True, mirror=False, budget=steps(1), **changes)
    *_, ending = start_run(NewRun(folder=folder, project=project, settings=settings), NoCommands())
    assert isinstance(ending, events.Finished), ending
    assert ending.run is not None
    return ending.run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("augment")
    save_pictures(place / "set" / "rare", grain(24, 0))
    save_pictures(place / "set" / "usual", grain(96, 1))
    return trained(place / "set", place / "P")


def test_the_rare_class_is_made_as_large_as_the_usual_one(run: Path, tmp_path: Path) -> None:
    folder = ResultFolder(tmp_path / "out")
    reports: list[Report] = []
    for step in perform(AUGMENT, run=run, seed=7, settings={**INVENTED, "check": False}):
        if isinstance(step, Made):
            folder.save(step)
        elif isinstance(step.item, Report):
            reports.append(step.item)
            folder.write(step.item)
    made = sorted((tmp_path / "out" / "rare").glob("*.png"))
    held_out = Run(run).held_out
    learned = {kind: sum(name.startswith(kind) for name in held_out) for kind in ("rare", "usual")}
    assert len(made) == (96 - learned["usual"]) - (24 - learned["rare"])
    assert not (tmp_path / "out" / "usual").exists()
    text = (tmp_path / "out" / "manifest.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    synthetic = {row["file"] for row in rows if row["synthetic"] == "yes"}
    assert synthetic == {f"rare/{path.name}" for path in made}
    own = {row["file"] for row in rows if row["synthetic"] == "no"}
    assert len(own) == 120 - len(held_out)
    assert not own & set(held_out)
    assert f"{len(made)} new pictures" in reports[0].words


def test_whether_they_help_is_tested_on_what_was_held_out(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helpfulness, "_STEPS", 2)
    asked: list[int] = []
    plain = helpfulness._learn_and_ask

    def learn(*args: object) -> object:
        asked.append(len(args[4]))  # type: ignore[arg-type]
        return plain(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(helpfulness, "_learn_and_ask", learn)
    settings = {**INVENTED, "goal": "number", "number": 3}
    *_, last = perform(AUGMENT, run=run, settings=settings)
    assert not isinstance(last, Made)
    report = last.item
    assert isinstance(report, Report)
    assert "cannot be told" in report.words
    assert set(asked) == {len(Run(run).held_out)}
    assert len(asked) == 50
    page = report.files({})["does-it-help.html"].decode()
    assert "duplicates" in page
    assert "shifted, turned, mirrored" in page


def test_pictures_are_varied_as_two_others_differ_and_made_again_from_their_recipe(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing is too near, however little a model of one step changes.
    monkeypatch.setattr(copying.CopyFinder, "_alarms", lambda _self, found: found.distances - 1)
    settings = {"goal": "number", "number": 3, "kind": "rare", "check": False}
    made = [it for it in perform(AUGMENT, run=run, seed=5, settings=settings) if is_made(it)]
    assert len({it.artifact.data.tobytes() for it in made}) == 3
    assert made[1].recipe.sampling["source"] == "pictures"
    folder = ResultFolder(tmp_path / "out")
    path = folder.save(made[1])
    assert drain(remake(path, projects=[run.parent.parent])).is_same


def is_made(item: object) -> TypeGuard[Made]:
    return isinstance(item, Made)


def test_recipes_from_before_pictures_were_varied_invent_them() -> None:
    settings = OPERATIONS.get(AUGMENT).settings(model_class("residual-vae"))
    assert as_before(settings, {"goal": "number"})["source"] == "nothing"
    shown = {it.name: it.hints.only_with for it in setting_fields(settings)}
    assert shown["temperature"] == ("source", "nothing")
    assert shown["variation"] == ("source", "pictures")
    assert shown["factor"] == ("goal", "multiply")
    assert shown["kind"] is None
    assert "source" not in OPERATIONS.get(AUGMENT).settings(model_class("token-flow")).model_fields


def test_copies_are_left_out_and_a_model_of_copies_is_refused(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {"goal": "number", "number": 2, "check": False}
    monkeypatch.setattr(copying.CopyFinder, "_alarms", lambda _self, found: found.distances + 1)
    with pytest.raises(DatasetError, match="copies what it learned"):
        list(perform(AUGMENT, run=run, settings=INVENTED | wanted))
    with pytest.raises(DatasetError, match="hardly change"):
        list(perform(AUGMENT, run=run, settings=wanted))


def test_a_run_without_classes_is_refused(trained_run: Path) -> None:
    with pytest.raises(SettingsError, match="does not tell classes apart"):
        next(perform(AUGMENT, run=trained_run))


def test_groups_in_both_halves_are_refused_and_can_be_kept_together(tmp_path: Path) -> None:
    for kind in ("rare", "usual"):
        for patient in range(10):
            pictures = grain(6, seed=patient + 100 * (kind == "rare"))
            save_pictures(tmp_path / "set" / kind / f"p{patient}", pictures)
    leaking = trained(tmp_path / "set", tmp_path / "P")
    with pytest.raises(DatasetError, match="Groups are in both halves"):
        next(perform(AUGMENT, run=leaking))

    kept = trained(tmp_path / "set", tmp_path / "Q", groups="folder")
    held_out = {Path(name).parent.name for name in Run(kept).held_out}
    assert 0 < len(held_out) < 10
    settings = {**INVENTED, "goal": "number", "number": 1, "check": False}
    assert sum(isinstance(it, Made) for it in perform(AUGMENT, run=kept, settings=settings)) == 2


def test_tests_of_a_person_must_lie_in_folders_of_classes(run: Path, tmp_path: Path) -> None:
    stray = tmp_path / "elsewhere" / "a.png"
    stray.parent.mkdir()
    Image.fromarray(grain(1, 5)[0]).save(stray)
    with pytest.raises(DatasetError, match="has no class"):
        next(perform(AUGMENT, run=run, inputs={"tests": [stray]}))


def test_goals() -> None:
    counts = {"a": 10, "b": 4}
    assert wanted_of(counts, "balance", number=3, factor=2) == {"a": 0, "b": 6}
    assert wanted_of(counts, "multiply", number=3, factor=1.5) == {"a": 5, "b": 2}
    assert wanted_of(counts, "number", number=3, factor=2, only="b") == {"b": 3}
