"""Runs of sounds, notes, molecules and texts stand side by side, by figures that hold for them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_studio import (
    save_molecules,
    save_pieces,
    save_sounds,
    save_texts,
    small_settings,
    steps,
)

from genstudio.domain import events
from genstudio.domain.artifacts import MOLECULE, NOTES, SOUND, TEXT
from genstudio.domain.errors import SettingsError
from genstudio.domain.material_reports import BOUND, COPIES, MATERIAL_FIGURES, VARIETY
from genstudio.domain.progress import drain
from genstudio.engine.trainer import NoCommands
from genstudio.models.capabilities import Bounds
from genstudio.services.compared_materials import MaterialComparison
from genstudio.services.comparison import compare, comparison_record, save_comparison
from genstudio.services.comparison_words import said_of, table_rows
from genstudio.services.copy_meters import dataset_of_run
from genstudio.services.generation import load_model
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run

SMALL: dict[str, tuple[Callable[[Path, int], Path], int, str, dict[str, Any]]] = {
    SOUND: (save_sounds, 60, "spectrogram-vae", {"width": 16, "latent_size": 8}),
    NOTES: (save_pieces, 60, "phrase-vae", {"width": 32, "latent_size": 8, "depth": 1}),
    MOLECULE: (save_molecules, 120, "smiles-vae", {"width": 32, "latent_size": 8, "depth": 1}),
    TEXT: (save_texts, 250, "text-transformer", {"width": 32, "depth": 1}),
}


@pytest.fixture(scope="module")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Trains a run of a kind in a few steps; the same arguments give the same run."""
    project = tmp_path_factory.mktemp("materials")
    made: dict[tuple[str, int, int, float], Path] = {}

    def train(kind: str, count: int = 2, seed: int = 7, held_out: float = 0.2) -> Path:
        key = (kind, count, seed, held_out)
        if key not in made:
            save, examples, model_key, model = SMALL[kind]
            folder = save(project / "examples" / kind, examples)
            settings = small_settings(
                model_key, budget=steps(count), seed=seed, model=model, held_out=held_out
            )
            request = NewRun(folder=folder, project=project / kind, settings=settings)
            told = list(start_run(request, NoCommands()))
            assert isinstance(told[-1], events.Finished), told[-1]
            made[key] = told[-1].run
        return made[key]

    return train


def compared(runs: list[Path], count: int = 16) -> MaterialComparison:
    found = drain(compare(runs, count=count))
    assert isinstance(found, MaterialComparison)
    return found


@pytest.mark.parametrize("kind", [SOUND, NOTES, MOLECULE, TEXT])
def test_runs_of_a_material_are_drawn_and_measured(
    kind: str, run_of: Callable[..., Path], tmp_path: Path
) -> None:
    runs = [run_of(kind), run_of(kind, 40)]

    found = compared(runs)

    assert (found.kind, len(found.runs)) == (kind, 2)
    assert found.is_alike
    keys = {card.key for card in MATERIAL_FIGURES[kind]}
    for run in found.runs:
        assert run.report.figures.keys() | run.report.missing.keys() == keys
        assert BOUND in run.report.figures
        assert all(np.isfinite([it.value, it.sd]).all() for it in run.report.figures.values())
        assert run.samples_NHWC.shape[1:] == (192, 192, 3)
        assert run.samples_NHWC.std() > 1
        assert bool(run.heard) == (kind in (SOUND, NOTES))
        assert run.cost.draw_s > 0
    # Twenty times as many steps are less surprised, and by more than chance on the same examples:
    # but phrases, of which so few steps know less than none, since latents say too much at first.
    short, long = (run.report.figures[BOUND] for run in found.runs)
    assert (long.value < short.value) == (kind != NOTES)
    assert found.best(MATERIAL_FIGURES[kind][0]) == (int(kind != NOTES),)
    assert any(it.key == "ahead" and "surprise" in it.text.lower() for it in said_of(found))
    rows = {row.title: row for row in table_rows(found)}
    assert all(card.title in rows for card in MATERIAL_FIGURES[kind])

    page = save_comparison(found, tmp_path / "report").read_text()
    record = json.loads((tmp_path / "report" / "comparison.json").read_text())
    assert page.count("<audio") == (2 if kind in (SOUND, NOTES) else 0)
    assert page.count("data:image/png") == 2
    assert record["material"] == kind
    assert record == json.loads(json.dumps(comparison_record(found)))
    assert record["runs"][1]["figures"][BOUND]["value"] == long.value


@pytest.mark.parametrize("kind", [SOUND, NOTES, MOLECULE])
def test_a_bound_is_the_same_however_many_are_asked_at_once(
    kind: str, run_of: Callable[..., Path]
) -> None:
    run = Run(run_of(kind))
    model = load_model(run, run.checkpoint("last"))
    dataset = dataset_of_run(run)
    index = dataset.held_out_of()
    fields = {name: torch.as_tensor(it.take(index)) for name, it in dataset.fields.items()}
    assert isinstance(model, Bounds)
    state = torch.random.get_rng_state()

    whole = model.bounds(fields)

    assert whole.shape == (len(index),)
    assert torch.equal(whole, model.bounds(fields))
    # A training beside it draws what it would have drawn.
    assert torch.equal(state, torch.random.get_rng_state())
    if kind != SOUND:  # Whose noise is that of all sounds asked.
        first = model.bounds({name: it[:5] for name, it in fields.items()})
        torch.testing.assert_close(first, whole[:5], rtol=1e-4, atol=1e-4)


def test_a_run_beside_itself_is_level_in_all(run_of: Callable[..., Path]) -> None:
    run = run_of(NOTES)

    found = compared([run, run])

    for card in found.cards:
        assert found.runs[0].figure(card) == found.runs[1].figure(card)
        if found.runs[0].figure(card) is not None:
            assert set(found.best(card)) == {0, 1}


def test_different_materials_are_refused(run_of: Callable[..., Path], trained_run: Path) -> None:
    with pytest.raises(SettingsError, match="different things") as caught:
        compared([run_of(NOTES), run_of(SOUND)])
    assert "phrases" in str(caught.value) or "notes" in str(caught.value)
    with pytest.raises(SettingsError, match="different things"):
        compared([run_of(NOTES), trained_run])


def test_what_was_held_out_otherwise_is_not_ranked(run_of: Callable[..., Path]) -> None:
    found = compared([run_of(MOLECULE), run_of(MOLECULE, held_out=0.0)])

    assert not found.is_alike
    assert all(found.best(card) == () for card in found.cards)
    (said,) = [it for it in said_of(found) if it.key == "not-comparable"]
    assert "held out different examples" in said.text
    assert not [it for it in said_of(found) if it.key == "ahead"]


def test_where_nothing_is_held_out_it_says_so(run_of: Callable[..., Path]) -> None:
    found = compared([run_of(SOUND, held_out=0.0)])

    assert {BOUND, COPIES, VARIETY} <= found.runs[0].report.missing.keys()
    said = [it.text for it in said_of(found) if it.key == "cannot-be-said"]
    assert len(said) == 3
    assert all("held out" in text for text in said)
