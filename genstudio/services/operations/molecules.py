"""Operations "blend-molecules" and "optimise-molecules"."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final, Literal

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.data import chemistry
from genstudio.domain.artifacts import MOLECULE, Artifact
from genstudio.domain.cards import BLEND
from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.language import tr
from genstudio.domain.operations import (
    BLEND_MOLECULES,
    GENERATE,
    OPTIMISE_MOLECULES,
    InputSpec,
    OperationCard,
)
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.engine.checkpoint import Checkpoint
from genstudio.models.protocol import TrainableModel
from genstudio.services.generation import load_model
from genstudio.services.known_molecules import KnownMolecules
from genstudio.services.molecule_search import Goal, between, search
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_by_run

_FEWEST = 3
_UNBOUNDED = 1e6


class BlendMoleculesSettings(Settings):
    """Nothing to choose."""


class BlendMolecules:
    """A row of molecules from each one to the next."""

    card: ClassVar[OperationCard] = OperationCard(
        key=BLEND_MOLECULES,
        title="Blend molecules",
        summary="Finds molecules that lie between yours.",
        inputs=(
            InputSpec(
                name="input", kind=MOLECULE, title="Molecules to blend", minimum=2, maximum=16
            ),
        ),
        output=MOLECULE,
        task=GENERATE,
        capability=BLEND,
        has_count=True,
        icon="blend",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """Nothing."""
        del model
        return BlendMoleculesSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Find them; ``count`` is from one to the next, both included."""
        assert request.run is not None
        files = request.inputs["input"]
        count = max(_FEWEST, request.count)
        checkpoint = request.run.checkpoint(request.checkpoint)
        model = load_model(request.run, checkpoint)
        total = 1 + (len(files) - 1) * (count - 1)
        finding = between(model, _smiles_of(files), count)
        results = _Results(self.card.key, request, checkpoint, files, {"count": count})
        for number, artifact in enumerate(finding):
            yield results.made(artifact)
            yield Progress(tr("Blending"), number + 1, total)


class OptimiseMoleculesSettings(Settings):
    """What is better, and what is still allowed."""

    property: Literal["qed", "logp", "weight", "sa"] = setting(
        "qed",
        title="What shall be better — property",
        help="qed: how like a drug. logp: how much it prefers oil to water. weight: in g/mol. "
        "sa: how hard to make, from 1 to 10.",
    )
    direction: Literal["higher", "lower"] = setting(
        "higher", title="Which way — direction", help="Whether higher or lower is better."
    )
    rounds: int = setting(
        8,
        title="How long — rounds of selection",
        help="More find better ones and take longer.",
        ge=1,
        le=200,
    )
    heaviest: float = setting(
        500.0,
        title="Heaviest allowed",
        help="Heavier molecules are passed over.",
        ge=0.0,
        le=5000.0,
        unit="g/mol",
    )
    lowest_logp: float = setting(
        -2.0, title="Lowest logP allowed", help="Below it is too watery.", ge=-20.0, le=20.0
    )
    highest_logp: float = setting(
        5.0, title="Highest logP allowed", help="Above it is too oily.", ge=-20.0, le=20.0
    )
    hardest: float = setting(
        6.0,
        title="Hardest to make",
        help="Synthetic accessibility, from 1 (easy) to 10.",
        ge=1.0,
        le=10.0,
    )


class OptimiseMolecules:
    """The best of many, and of what lies near them, round by round."""

    card: ClassVar[OperationCard] = OperationCard(
        key=OPTIMISE_MOLECULES,
        title="Look for better molecules",
        summary="Searches for molecules of which one property is better, within limits; near "
        "yours if you give some.",
        inputs=(
            InputSpec(
                name="input", kind=MOLECULE, title="Molecules to begin with", minimum=0, maximum=64
            ),
        ),
        output=MOLECULE,
        task=GENERATE,
        capability=BLEND,
        has_count=True,
        is_seeded=True,
        icon="sparkles",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """The goal and its limits."""
        del model
        return OptimiseMoleculesSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Search."""
        assert request.run is not None
        chosen = request.settings
        assert isinstance(chosen, OptimiseMoleculesSettings)
        if chosen.lowest_logp >= chosen.highest_logp:
            raise SettingsError(
                tr("No molecule lies between these limits of logP"),
                tr(
                    "{lowest_logp:g} is not below {highest_logp:g}.",
                    lowest_logp=chosen.lowest_logp,
                    highest_logp=chosen.highest_logp,
                ),
                tr("Give a lower and a higher one."),
            )
        goal = Goal(
            name=chosen.property,
            is_higher_better=chosen.direction == "higher",
            limits={
                "weight": (0.0, chosen.heaviest),
                "logp": (chosen.lowest_logp, chosen.highest_logp),
                "sa": (0.0, chosen.hardest),
            },
        )
        files = request.inputs.get("input", ())
        checkpoint = request.run.checkpoint(request.checkpoint)
        model = load_model(request.run, checkpoint)
        results = _Results(
            self.card.key, request, checkpoint, files, {"count": request.count}, request.seed
        )
        is_any = False
        for found in search(
            model,
            goal,
            count=request.count,
            rounds=chosen.rounds,
            seed=request.seed,
            start=_smiles_of(files),
            known=results.known.smiles,
        ):
            if isinstance(found, Progress):
                yield found
            else:
                is_any = True
                yield results.made(found)
        if not is_any:
            raise SettingsError(
                tr("No molecule within these limits was found"),
                tr("Nothing that the model makes keeps to all of them."),
                tr("Widen the limits, give it more rounds, or train it longer."),
            )
        yield Progress(tr("Looking for better ones"), chosen.rounds, chosen.rounds)


class _Results:
    """Recipes and values of what is found, one after the other."""

    def __init__(
        self,
        key: str,
        request: OperationRequest,
        checkpoint: Checkpoint,
        files: Sequence[Path],
        settings: dict[str, int],
        seed: int | None = None,
    ) -> None:
        assert request.run is not None
        self._recipe = made_by_run(
            key, request, checkpoint, files=files, settings=settings, seed=seed
        )
        self.known = KnownMolecules(request.run)
        self._number = 0

    def made(self, artifact: Artifact) -> Made:
        """The next one."""
        number = self._number
        self._number += 1
        values = {**artifact.values, **self.known(artifact)}
        return Made(
            artifact=replace(artifact, values=values),
            recipe=self._recipe.model_copy(update={"position": number}),
            name=f"{number:04}",
        )


def _smiles_of(files: Sequence[Path]) -> list[str]:
    kind = ARTIFACTS.get(MOLECULE)
    smiles = [str(kind.read(path).data) for path in files]
    for path, text in zip(files, smiles, strict=True):
        if not chemistry.is_valid(text):
            raise DatasetError(
                tr("{name} holds no molecule", name=path.name), "", tr("Choose another one.")
            )
    return smiles


BLEND_OPERATION: Final[Operation] = BlendMolecules()
OPTIMISE_OPERATION: Final[Operation] = OptimiseMolecules()
