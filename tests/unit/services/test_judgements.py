"""A checkpoint is judged once; what was kept of it is used only where it still holds."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planted_pictures import drawn_NHWC
from tiny_studio import save_pictures, small_settings

from genstudio.domain.errors import DatasetError, ProjectError
from genstudio.domain.progress import drain
from genstudio.engine.trainer import NoCommands
from genstudio.services import evaluation, judged_pictures, judgements
from genstudio.services.evaluation import Evaluation, evaluate
from genstudio.services.training import NewRun, start_run


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a run of four steps; not to be changed."""
    return _trained(tmp_path_factory.mktemp("judged"), num_pictures=80)


def _trained(folder: Path, *, num_pictures: int) -> Path:
    pictures = save_pictures(folder / "pictures", drawn_NHWC(num_pictures, seed=0))
    project = folder / "Meadow"
    request = NewRun(folder=pictures, project=project, settings=small_settings())
    for _ in start_run(request, NoCommands()):
        pass
    return project


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    project = Path(shutil.copytree(trained, tmp_path / "Meadow"))
    (path,) = (project / "runs").iterdir()
    return path


def judged(run: Path) -> Evaluation:
    found = drain(evaluate(run, count=20))
    assert isinstance(found, Evaluation)
    return found


@pytest.fixture
def times_judged(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    calls = 0
    real = evaluation.judging

    def counting(*arguments: Any, **more: Any) -> Iterator[Any]:
        nonlocal calls
        calls += 1
        return real(*arguments, **more)

    monkeypatch.setattr(evaluation, "judging", counting)
    return lambda: calls


def kept(run: Path) -> Path:
    (path,) = (run / "evaluations").iterdir()
    return path


def test_a_checkpoint_is_judged_once(run: Path, times_judged: Callable[[], int]) -> None:
    first, second = judged(run), judged(run)

    assert times_judged() == 1
    assert kept(run).name == "4-20.json"
    assert second.record() == first.record()
    assert np.array_equal(second.samples_NHWC, first.samples_NHWC)
    assert len(second.pairs) == len(first.pairs) == 16
    for one, other in zip(first.pairs, second.pairs, strict=True):
        assert (one.made_name, one.training_name) == (other.made_name, other.training_name)
        assert np.array_equal(one.made_HWC, other.made_HWC)
        assert np.array_equal(one.training_HWC, other.training_HWC)


def test_only_what_is_shown_is_made_again(run: Path) -> None:
    judged(run)
    told = list(evaluate(run, count=20))

    assert "Comparing pictures" not in {item.what for item in told}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"basis": 1}', b"\xff" * 99, b"9" * 2**19])
def test_damage_is_ignored(run: Path, times_judged: Callable[[], int], content: bytes) -> None:
    first = judged(run)
    kept(run).write_bytes(content)

    assert judged(run).record() == first.record()
    assert times_judged() == 2
    assert json.loads(kept(run).read_bytes())["report"]["count"] == 20


@pytest.mark.parametrize(("name", "value"), [("made", 20), ("training", -1), ("training", 10**9)])
def test_pairs_that_lead_to_no_picture_are_ignored(
    run: Path, times_judged: Callable[[], int], name: str, value: int
) -> None:
    judged(run)
    content = json.loads(kept(run).read_bytes())
    content["report"]["copying"]["pairs"][3][name] = value
    kept(run).write_text(json.dumps(content))

    judged(run)
    assert times_judged() == 2


@pytest.mark.parametrize("what", ["weights", "pictures", "held_out", "features"])
def test_what_rests_upon_something_else_is_judged_again(
    run: Path, times_judged: Callable[[], int], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(run)
    real = evaluation.basis_of
    other = {
        "weights": {"weights_sha256": "0"},
        "pictures": {"pictures": "others"},
        "held_out": {"held_out": ("1.png",)},
        "features": {"features": "others"},
    }[what]

    def changed(*arguments: Any) -> judgements.Basis:
        basis = real(*arguments)
        fields = {name: getattr(basis, name) for name in basis.__slots__}
        return judgements.Basis(**{**fields, **other})

    monkeypatch.setattr(evaluation, "basis_of", changed)
    judged(run)
    assert times_judged() == 2


def test_a_project_that_cannot_be_written_to_is_judged_all_the_same(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ProjectError("The folder cannot be written to")

    monkeypatch.setattr(judgements, "write_text", refuse)
    assert judged(run).report.count == 20
    assert not (run / "evaluations").exists()


def test_other_pictures_to_judge_by_leave_nothing_behind(run: Path, tmp_path: Path) -> None:
    others = save_pictures(tmp_path / "others", drawn_NHWC(40, seed=7))
    for _ in evaluate(run, against=others, count=20):
        pass
    assert not (run / "evaluations").exists()


def test_too_few_pictures_are_told_before_anything_is_made(tmp_path: Path) -> None:
    project = _trained(tmp_path, num_pictures=31)
    (run,) = (project / "runs").iterdir()
    told: list[str] = []
    with pytest.raises(DatasetError) as refused:
        told += [item.what for item in evaluate(run)]
    assert "31" in refused.value.message
    assert "32 are needed" in refused.value.message
    assert refused.value.hint
    assert "Making pictures" not in told


def test_large_pictures_are_brought_down(monkeypatch: pytest.MonkeyPatch) -> None:
    images_NHWC = drawn_NHWC(3, seed=2).repeat(2, axis=1).repeat(2, axis=2)
    monkeypatch.setattr(judged_pictures, "_LARGEST_SIDE", images_NHWC.shape[1] // 2)

    brought_down = judged_pictures.brought_down(images_NHWC)
    assert brought_down.dtype == np.uint8
    assert np.array_equal(brought_down, drawn_NHWC(3, seed=2))
