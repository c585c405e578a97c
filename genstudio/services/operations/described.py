"""Operations "blend-…" and "vary-…": what lies between sounds or phrases, and around them.

A model describes each in a latent, and plays what other latents stand for.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, Final

import torch
from torch import Tensor

from genstudio.data.modalities.catalog import MODALITIES
from genstudio.data.modalities.protocol import FileModality
from genstudio.domain.artifacts import NOTES, SOUND
from genstudio.domain.cards import BLEND
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.operations import GENERATE, InputSpec, OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.engine.checkpoint import Checkpoint
from genstudio.models.capabilities import Blends
from genstudio.models.catalog import model_class
from genstudio.models.protocol import TrainableModel
from genstudio.models.tasks import task_of
from genstudio.services.copy_meters import copy_meter, measured
from genstudio.services.generation import load_model
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_by_run
from genstudio.services.runs import Run

_FEWEST = 2
_MOST_FILES = 64


class VarySettings(Settings):
    """How far variations are from what is varied."""

    amount: float = setting(
        0.4,
        title="How different — amount",
        help="0 plays it again as the model understands it; 1 keeps hardly anything.",
        ge=0.0,
        le=1.0,
    )


class BlendFiles:
    """A row of results from each file to the next."""

    card: ClassVar[OperationCard]

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """Those of the model's first task."""
        assert model is not None
        return task_of(model, GENERATE).settings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Make them; ``count`` is from one to the next, both included."""
        run, files = _run_of(request), request.inputs["input"]
        count = max(_FEWEST, request.count)
        found = _describe(request, files)
        recipe = made_by_run(
            self.card.key, request, found.checkpoint, files=files, settings={"count": count}
        )
        on_the_way = list(_between(found.latents, count))
        meter = copy_meter(run)
        made = found.model.remake(torch.stack(on_the_way), request.settings)
        for number, artifact in enumerate(made):
            yield Made(
                artifact=measured(artifact, meter),
                recipe=recipe.model_copy(update={"position": number}),
                name=f"{number:04}",
                source=files[0] if len(files) == 1 else None,
            )
            yield Progress(tr("Blending"), number + 1, len(on_the_way))


class VaryFiles:
    """So many variations of each file."""

    card: ClassVar[OperationCard]

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """How different they are, and those of the model's first task."""
        if model is None:
            return VarySettings
        return type("VarySettings", (VarySettings, task_of(model, GENERATE).settings), {})

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Vary one after the other."""
        run, files = _run_of(request), request.inputs["input"]
        found = _describe(request, files)
        chosen = request.settings.model_dump()
        amount = float(chosen.pop("amount"))
        settings = task_of(model_class(run.settings.model_key), GENERATE).settings(**chosen)
        meter = copy_meter(run)
        total = len(files) * request.count
        for at, (path, latent) in enumerate(zip(files, found.latents, strict=True)):
            for number in range(request.count):
                seed = request.seed + number
                row = _moved(latent, amount, seed, found.model.num_labels)
                (artifact,) = found.model.remake(row[None], settings)
                yield Made(
                    artifact=measured(artifact, meter),
                    recipe=made_by_run(
                        self.card.key, request, found.checkpoint, files=[path], seed=seed
                    ),
                    name=f"{path.stem}-{seed}",
                    source=path,
                )
                yield Progress(tr("Varying"), at * request.count + number + 1, total)


def _run_of(request: OperationRequest) -> Run:
    assert request.run is not None
    return request.run


@dataclass(frozen=True, slots=True)
class _Described:
    """A model, the latents of some files (N, Z), and the checkpoint that it was loaded from."""

    model: Blends
    latents: Tensor
    checkpoint: Checkpoint


def _describe(request: OperationRequest, files: Sequence[Path]) -> _Described:
    run = _run_of(request)
    checkpoint = run.checkpoint(request.checkpoint)
    modality = MODALITIES.get(run.settings.modality)
    assert isinstance(modality, FileModality), "its card says so"
    model = load_model(run, checkpoint)
    assert isinstance(model, Blends), "its card says so"
    latents: list[Tensor] = []
    for path in files:
        # Each alone, so that company changes nothing.
        row = modality.read_one(path, run.settings.layout)
        fields = {name: torch.as_tensor(values)[None] for name, values in row.items()}
        latents.append(model.describe(fields).cpu())
    return _Described(model, torch.cat(latents), checkpoint)


def _between(latents: Tensor, count: int) -> Iterator[Tensor]:
    yield latents[0]
    for start, end in pairwise(latents):
        for step in range(1, count):
            yield torch.lerp(start, end, step / (count - 1))


def _moved(latent: Tensor, amount: float, seed: int, num_labels: int) -> Tensor:
    """A latent between another one and one that is drawn, as far from zero as both."""
    noise = torch.randn(len(latent), generator=torch.Generator().manual_seed(seed))
    moved = (1 - amount**2) ** 0.5 * latent + amount * noise
    cut = len(latent) - num_labels
    return torch.cat([moved[:cut], latent[cut:]])


def _given(kind: str, what: str) -> tuple[InputSpec, ...]:
    return (InputSpec(name="input", kind=kind, title=what, minimum=1, maximum=_MOST_FILES),)


class BlendSounds(BlendFiles):
    """Between sounds."""

    card: ClassVar[OperationCard] = OperationCard(
        key="blend-sounds",
        title="Blend sounds",
        summary="Makes what lies between your sounds; of one alone, what the model hears in it.",
        output=SOUND,
        inputs=_given(SOUND, tr_noop("Sounds to blend")),
        task=GENERATE,
        capability=BLEND,
        has_count=True,
        icon="blend",
    )


class VarySounds(VaryFiles):
    """Around sounds."""

    card: ClassVar[OperationCard] = OperationCard(
        key="vary-sounds",
        title="Vary sounds",
        summary="Makes further sounds like yours, as different as you like.",
        output=SOUND,
        inputs=_given(SOUND, tr_noop("Sounds to vary")),
        task=GENERATE,
        capability=BLEND,
        has_count=True,
        is_seeded=True,
        icon="wand-sparkles",
    )


class BlendMusic(BlendFiles):
    """Between phrases."""

    card: ClassVar[OperationCard] = OperationCard(
        key="blend-music",
        title="Blend phrases",
        summary="Plays what lies between the first phrases of your pieces.",
        output=NOTES,
        inputs=_given(NOTES, tr_noop("Pieces to blend")),
        task=GENERATE,
        capability=BLEND,
        has_count=True,
        icon="blend",
    )


class VaryMusic(VaryFiles):
    """Around phrases."""

    card: ClassVar[OperationCard] = OperationCard(
        key="vary-music",
        title="Vary a phrase",
        summary="Plays the first phrase of your piece otherwise, as different as you like.",
        output=NOTES,
        inputs=_given(NOTES, tr_noop("Pieces to vary")),
        task=GENERATE,
        capability=BLEND,
        has_count=True,
        is_seeded=True,
        icon="wand-sparkles",
    )


BLEND_SOUNDS: Final[Operation] = BlendSounds()
VARY_SOUNDS: Final[Operation] = VarySounds()
BLEND_MUSIC: Final[Operation] = BlendMusic()
VARY_MUSIC: Final[Operation] = VaryMusic()
