"""Runs that learn molecules as SELFIES, from their beginning to what is made with them."""

from pathlib import Path

import pytest

pytest.importorskip("rdkit", reason="molecules need the extra “molecules”")
pytest.importorskip("selfies", reason="molecules need the extra “molecules”")

from tiny_studio import molecules

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.data import chemistry
from genstudio.domain import events
from genstudio.domain.artifacts import Artifact
from genstudio.domain.errors import DatasetError
from genstudio.domain.progress import drain
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.engine.trainer import NoCommands
from genstudio.services.known_molecules import KnownMolecules
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import save_made
from genstudio.services.presets import resolve_settings
from genstudio.services.remaking import remake
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, resume_run, start_run

NOT_IN_SELFIES = "FI(F)(F)(F)F"


def settings(notation: str, steps: int = 2) -> TrainingSettings:
    return resolve_settings(
        preset="quick",
        model_key="smiles-vae",
        training={
            "seed": 0,
            "device": "cpu",
            "batch": 4,
            "notation": notation,
            "budget": {"unit": "steps", "amount": steps},
        },
        model={"width": 32, "depth": 1, "latent_size": 4},
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[events.Event]:
    place = tmp_path_factory.mktemp("selfies")
    folder = place / "data"
    folder.mkdir()
    (folder / "all.smi").write_text("\n".join([*molecules(60), NOT_IN_SELFIES]), "utf-8")
    request = NewRun(folder=folder, project=place / "project", settings=settings("SELFIES"))
    return list(start_run(request, NoCommands()))


@pytest.fixture(scope="module")
def run(told: list[events.Event]) -> Run:
    ending = told[-1]
    assert isinstance(ending, events.Finished)
    assert ending.run is not None
    return Run(ending.run)


def test_what_cannot_be_written_is_left_out_and_said(told: list[events.Event], run: Run) -> None:
    messages = [it.message for it in told if isinstance(it, events.Message)]
    assert any("SELFIES" in it for it in messages)
    known = KnownMolecules(run)
    assert len(known.smiles) > 40
    assert NOT_IN_SELFIES not in known.smiles
    value = known(Artifact(kind="molecule", data=NOT_IN_SELFIES))
    assert value["novelty"] == "new"


def test_a_run_goes_on_in_its_notation(run: Run) -> None:
    *_, ending = resume_run(run.path, NoCommands(), budget=Budget(unit="steps", amount=3))
    assert isinstance(ending, events.Finished)
    assert all(word.startswith("[") for word in Run(run.path).file.words)


def test_what_is_made_is_smiles_and_made_again_alike(run: Run, tmp_path: Path) -> None:
    kind = ARTIFACTS.get("molecule")
    made = [it for it in perform("generate", run=run.path, count=3, seed=3, checkpoint="last")
            if isinstance(it, Made)]  # fmt: skip
    paths = [save_made(it, tmp_path) for it in made]
    for path in paths:
        artifact = kind.read(path)
        assert chemistry.is_valid(str(artifact.data))
        assert "qed" in artifact.values
        assert drain(remake(path, projects=[run.project().path])).is_same
    blended = [it.artifact for it in perform("blend-molecules", run=run.path, count=3,
               checkpoint="last", inputs={"input": paths[:2]}) if isinstance(it, Made)]  # fmt: skip
    assert len(blended) == 3
    assert all(chemistry.is_valid(str(it.data)) for it in blended)
    better = [it.artifact for it in perform("optimise-molecules", run=run.path, count=2,
              checkpoint="last", settings={"rounds": 1}) if isinstance(it, Made)]  # fmt: skip
    assert len(better) == 2


def test_a_molecule_that_selfies_lack_is_refused_in_words(run: Run, tmp_path: Path) -> None:
    for name, text in (("a.smi", "CCO"), ("b.smi", NOT_IN_SELFIES)):
        (tmp_path / name).write_text(text, "utf-8")
    files = [tmp_path / "a.smi", tmp_path / "b.smi"]
    with pytest.raises(DatasetError, match="SELFIES"):
        list(perform("blend-molecules", run=run.path, count=3, checkpoint="last",
                     inputs={"input": files}))  # fmt: skip
