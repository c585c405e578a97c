"""What the tests of several parts share: small pictures, small settings, a model of two layers."""

import itertools
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from genstudio.data.dataset import Dataset, Field
from genstudio.data.modalities.catalog import MODALITIES
from genstudio.data.modalities.texts import rows_of
from genstudio.data.phrases import FIRST_NOTE, HOLD
from genstudio.data.samples import paint_flower
from genstudio.data.scores import TICKS_PER_BEAT, Part, Score, score_bytes
from genstudio.data.sounds import Sound, from_int16, to_int16, write_sound
from genstudio.domain import events, modalities, registry
from genstudio.domain.byte_pairs import Tokeniser
from genstudio.domain.byte_pairs import token_counts as byte_pairs_of
from genstudio.domain.cards import ModelCard
from genstudio.domain.commands import Command
from genstudio.domain.errors import UnknownModelError
from genstudio.domain.fields import IMAGE, LABEL, NOTES, SMILES, SOUND, TEXT, TOKENS, FieldSpec
from genstudio.domain.modalities import CAPTIONS
from genstudio.domain.operations import GENERATE, TaskCard, generation
from genstudio.domain.settings import Settings, setting
from genstudio.domain.smiles import token_counts
from genstudio.domain.smiles import token_ids as smiles_ids
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.domain.words import MOST_TOKENS, token_ids, vocabulary
from genstudio.engine.checkpoint import CheckpointStore
from genstudio.engine.job import TrainingJob
from genstudio.engine.state import TrainState
from genstudio.engine.stepper import Stepper
from genstudio.engine.trainer import CommandSource, NoCommands, train
from genstudio.models import catalog
from genstudio.models.protocol import (
    Artifact,
    Batch,
    DataSpec,
    Losses,
    OptimizerSpec,
    Phase,
    Request,
)
from genstudio.services.training import NewRun, start_run

# Threads that wait for each other on a busy machine take ten times as long, and several test
# processes run side by side. Programs that tests start inherit it: the number of threads decides
# the last bits of a result.
os.environ.setdefault("OMP_NUM_THREADS", "1")
torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))

NUM_PICTURES = 16
CAPTIONS_OF_FLOWERS = ("a red flower", "a blue flower", "flower, round and red", "a round flower")
SIZE = 32
# A program that takes longer hangs: far more than any takes beside busy loops.
HANGS_S = 500
# Longer than any test: nothing is saved or drawn but at the end of a run.
NEVER_S = 1e6


def flowers_NHWC(count: int = NUM_PICTURES, size: int = SIZE) -> np.ndarray:
    """Painted flowers, uint8 (count, size, size, 3)."""
    return np.stack([paint_flower(size, seed=0, index=index) for index in range(count)])


def save_pictures(folder: Path, pictures_NHWC: np.ndarray) -> Path:
    """Write pictures to a folder, called 00.png, 01.png and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures_NHWC):
        Image.fromarray(picture).save(folder / f"{number:02}.png")
    return folder


def save_film(path: Path, count: int = 9, *, side: int = 64, fps: int = 10) -> Path:
    """Write a film in which a flower wanders to the right; skips the test without PyAV."""
    av = pytest.importorskip("av", reason="films need the extra “video”")
    flower = paint_flower(side, seed=0, index=0)
    with av.open(str(path), "w", format="mp4") as film:
        stream = film.add_stream("libx264", rate=fps, options={"bf": "0", "threads": "1"})
        stream.width = stream.height = side
        stream.pix_fmt = "yuv420p"
        for number in range(count):
            shown = np.roll(flower, 2 * number, axis=1)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(shown), format="rgb24")
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return path


def steps(amount: float) -> Budget:
    return Budget(unit="steps", amount=amount)


def small_settings(model_key: str = "residual-vae", **changes: Any) -> TrainingSettings:
    """Settings of a run that takes about a second, and is the same on every machine."""
    # Its critic is heard from the third step on.
    small_vae = {"width": 32, "latent_size": 8, "warmup_kimg": 0.004}
    small_model = small_vae if model_key.startswith("residual") else {}
    values: dict[str, Any] = {
        "model_key": model_key,
        "model": small_model,
        "size": SIZE,
        "modality": _modality_of(model_key),
        "batch": 4,
        "budget": steps(4),
        "seed": 7,
        "device": "cpu",
        "precision": "fp32",
        "preview_every_s": NEVER_S,
        "save_every_s": NEVER_S,
    }
    return TrainingSettings(**{**values, **changes})


def base_for(fields: Mapping[str, Any]) -> dict[str, str]:
    """Tiny frozen weights for settings that name some; skips the test without the pack."""
    if "language_model" in fields:
        from tiny_language import shared_folder as shared_language_folder

        return {"language_model": str(shared_language_folder())}
    if "base" not in fields:
        return {}
    from tiny_diffusion import shared_folder

    return {"base": str(shared_folder())}


def _modality_of(model_key: str) -> str:
    try:
        return catalog.model_class(model_key).card.modalities[0]
    except UnknownModelError:
        return "images"


class Script:
    """A person who says the next word each time the engine listens; None is silence."""

    is_stop_wanted = False

    def __init__(self, *words: Command | None) -> None:
        self._words = list(words)

    def poll(self, timeout_s: float) -> Command | None:
        return self._words.pop(0) if self._words else None


def dataset_for(model_key: str, images_NHWC: np.ndarray) -> Dataset:
    """Pictures as examples of what an architecture learns from, for any fields of pictures.

    Fields of a group hold the same pictures, each turned in another way; groups differ in length.
    """
    modality = MODALITIES.get(_modality_of(model_key))
    size, channels = images_NHWC.shape[1], images_NHWC.shape[-1]
    spec = modality.spec(size, channels, {}, words_for(model_key))
    groups = list(dict.fromkeys(field.group for field in spec.fields.values()))
    fields = {}
    for number, (name, own) in enumerate(spec.fields.items()):
        if own.type != IMAGE:
            fields[name] = Field(spec=own, values=rows_for(own, len(images_NHWC)))
            continue
        values = np.rot90(images_NHWC, number, axes=(1, 2))[groups.index(own.group) :]
        fields[name] = Field(spec=own, values=np.ascontiguousarray(values))
    return Dataset(modality=modality.card.key, fields=fields, words=spec.words, layout=spec.layout)


def rows_for(own: FieldSpec, count: int) -> np.ndarray:
    """So many examples of a field that holds no pictures, as files of it are decoded."""
    if own.type == TOKENS:
        return tokens_for(count)
    if own.type == SMILES:
        ids = [smiles_ids(text, token_counts(molecules(NUM_PICTURES))) for text in molecules(count)]
        rows = np.array(ids, np.int16)
        # Spellings that differ are enough here; those of the same molecule need RDKit.
        return np.stack([np.roll(rows, at, axis=0) for at in range(own.shape[0])], axis=1)
    if own.type == TEXT:
        pages = tales(count)
        tokeniser = Tokeniser(list(byte_pairs_of(tales(NUM_PICTURES))))
        return np.stack([rows_of(tokeniser, page, is_end=True)[0] for page in pages])
    if own.type == NOTES:
        random = np.random.default_rng(0)
        tokens = np.where(np.arange(own.shape[0]) % 4, HOLD, FIRST_NOTE)
        return np.where(tokens == HOLD, HOLD, FIRST_NOTE + random.integers(30, 50, (count, 1)))
    if own.type == LABEL:
        return np.arange(count) % 3
    assert own.type == SOUND, "other materials need samples of their own here"
    seconds = np.arange(own.shape[0]) / 8000
    tones = [np.sin(2 * np.pi * (200 + 150 * at) * seconds) for at in range(count)]
    return to_int16(0.5 * np.array(tones))


def save_sounds(folder: Path, count: int = NUM_PICTURES) -> Path:
    """Write short tones to a folder; skips the test without the library."""
    pytest.importorskip("soundfile", reason="sounds need the extra “sound”")
    folder.mkdir(parents=True, exist_ok=True)
    field = FieldSpec(name="sounds", type=SOUND, shape=(1600,))
    for number, samples in enumerate(rows_for(field, count)):
        sound = Sound(from_int16(samples), 8000)
        write_sound(sound, folder / f"{number:02}.wav", "WAV")
    return folder


def molecules(count: int) -> list[str]:
    """So many different molecules: chains and rings with a group at their end."""
    beginnings = (
        "C" * length + ring for length in range(1, 40) for ring in ("", "c1ccccc1", "C1CC1")
    )
    made = (start + end for start in beginnings for end in ("O", "N", "Cl", "C(=O)O"))
    return list(itertools.islice(made, count))


def save_molecules(folder: Path, count: int = NUM_PICTURES) -> Path:
    """Write a list of molecules; skips the test without RDKit."""
    pytest.importorskip("rdkit", reason="molecules need the extra “molecules”")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "all.smi").write_text("\n".join(molecules(count)) + "\n", encoding="utf-8")
    return folder


def tales(count: int) -> list[str]:
    """So many different short tales of a fox, a crow or a hare."""
    beasts, places = ("fox", "crow", "hare"), ("wood", "field", "river", "hill", "snow")
    return [
        f"The {beasts[at % 3]} went to the {places[at % 5]} on day {at}. It was a long way, and "
        f"the {beasts[(at + 1) % 3]} was there before it. “Is this your {places[at % 5]}?” asked "
        "the one. “It is,” said the other; “but the wind is everyone's.” Then both were silent.\n"
        for at in range(count)
    ]


def save_texts(folder: Path, count: int = NUM_PICTURES) -> Path:
    """Write tales into two files of one folder."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = tales(count)
    (folder / "one.txt").write_text("\n".join(pages[: count // 2]), encoding="utf-8")
    (folder / "other.md").write_text("\n".join(pages[count // 2 :]), encoding="utf-8")
    return folder


def words_for(model_key: str) -> dict[str, int]:
    """The vocabulary of what :func:`folder_for` writes, where it has one."""
    if _modality_of(model_key) == modalities.MOLECULES:
        return token_counts(molecules(NUM_PICTURES))
    if _modality_of(model_key) == modalities.TEXTS:
        return byte_pairs_of(tales(NUM_PICTURES))
    return vocabulary(CAPTIONS_OF_FLOWERS) if _modality_of(model_key) == CAPTIONS else {}


def tokens_for(count: int) -> np.ndarray:
    """Ids of so many captions."""
    words = vocabulary(CAPTIONS_OF_FLOWERS)
    ids = [token_ids(text, words) for text in CAPTIONS_OF_FLOWERS]
    return np.resize(np.array(ids, np.int64), (count, MOST_TOKENS))


def scale_score(number: int = 0, bars: int = 4) -> Score:
    """A scale up and down from one of the keys, with a drum on each beat."""
    steps = (0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 5, 4, 2, 0, 0)
    beat = TICKS_PER_BEAT
    count = bars * 8
    notes = [
        (at * beat // 2, beat // 2, 50 + number + steps[(at + number) % len(steps)], 90)
        for at in range(count)
    ]
    drums = [(at * beat, beat // 4, 36, 100) for at in range(count // 2)]
    parts = (
        Part(number % 100, is_drums=False, notes=np.array(notes, np.int64)),
        Part(0, is_drums=True, notes=np.array(drums, np.int64)),
    )
    return Score(parts=parts, tempi=((0, 100.0), (8 * beat, 140.0)))


def save_pieces(folder: Path, count: int = 12) -> Path:
    """Write scales as MIDI files; skips the test without the library."""
    pytest.importorskip("mido", reason="notes need the extra “sound”")
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"{number:02}.mid").write_bytes(score_bytes(scale_score(number)))
    return folder


def save_partners(partner: str, flowers: Path, place: Path) -> Path:
    """Copies of the flowers, each with a caption, a piece or a sound of the same name beside it."""
    if partner == CAPTIONS:
        shutil.copytree(flowers, place)
        for number, picture in enumerate(sorted(place.glob("*.png"))):
            text = CAPTIONS_OF_FLOWERS[number % len(CAPTIONS_OF_FLOWERS)]
            picture.with_suffix(".txt").write_text(text, encoding="utf-8")
        return place
    pictures = sorted(flowers.glob("*.png"))
    if partner == modalities.NOTES:
        save_pieces(place, len(pictures))
    else:
        save_sounds(place, len(pictures))
    for picture in pictures:
        shutil.copy(picture, place)
    return place


def folder_for(model_key: str, flowers: Path, place: Path) -> Path:
    """The folder of flowers itself, or one beside it whose layout the architecture learns from."""
    if _modality_of(model_key) == modalities.SOUND:
        return save_sounds(place)
    if _modality_of(model_key) == modalities.MOLECULES:
        return save_molecules(place)
    if _modality_of(model_key) == modalities.TEXTS:
        return save_texts(place)
    if _modality_of(model_key) == modalities.NOTES:
        return save_pieces(place)
    if _modality_of(model_key) == modalities.PAIRED_MATERIALS:
        return save_partners(modalities.SOUND, flowers, place)
    roles = MODALITIES.get(catalog.model_class(model_key).card.modalities[0]).card.roles
    if _modality_of(model_key) == CAPTIONS:
        return save_partners(CAPTIONS, flowers, place)
    if len(roles) == 1:
        return flowers
    for letter, _ in zip("AB", roles, strict=True):
        shutil.copytree(flowers, place / letter)
    return place


def train_to_end(
    folder: Path,
    settings: TrainingSettings,
    images_NHWC: np.ndarray,
    source: CommandSource | None = None,
    *,
    resume_from: int | None = None,
) -> list[events.Event]:
    """Train with the engine alone; checkpoints go to ``folder``."""
    job = TrainingJob(
        settings=settings,
        dataset=dataset_for(settings.model_key, images_NHWC),
        run=folder,
        checkpoints=folder,
        resume_from=None if resume_from is None else CheckpointStore(folder).load(resume_from),
    )
    return list(train(job, source or NoCommands()))


def stepper_for(job: TrainingJob) -> Stepper:
    """What takes the steps of a run, with the state that they change."""
    return Stepper(TrainState(job), job.settings)


def of_kind(kind: type, told: Sequence[events.Event]) -> list[Any]:
    return [event for event in told if isinstance(event, kind)]


class ToyConfig(Settings):
    speed: float = setting(0.01, title="Speed", help="How far a step goes.", ge=0.0, le=1.0)
    tint_every: int = setting(1, title="Tint every", help="Steps.", ge=1, le=9)
    no_number_from: int = setting(-1, title="No number from", help="Step.", ge=-1)
    error_at: int = setting(-1, title="Error at", help="Step.", ge=-1)


class ToySampling(Settings):
    brightness: float = setting(1.0, title="Brightness", help="Of all pixels.", ge=0.0, le=1.0)


class ToyModel:
    """Two layers that learn to halve the contrast, each in a phase of its own."""

    card: ClassVar[ModelCard] = ModelCard(
        key="toy",
        title="Toy",
        summary="Halves the contrast.",
        family="Toy",
        cost="None",
        needs="Any pictures",
        paper="None",
    )
    Config: ClassVar[type[Settings]] = ToyConfig
    Sampling: ClassVar[type[Settings]] = ToySampling
    tasks: ClassVar[Sequence[TaskCard]] = (generation(ToySampling),)

    def __init__(self, config: Settings, data: DataSpec) -> None:
        assert isinstance(config, ToyConfig)
        self.config = config
        self.data = data
        self.network = nn.ModuleDict(
            {name: nn.Conv2d(data.channels, data.channels, 1) for name in ("mix", "tint")}
        )

    def phases(self) -> Sequence[Phase]:
        adam = OptimizerSpec(learning_rate=self.config.speed)
        return [
            Phase(name="mix", parameters=list(self.network["mix"].parameters()), optimizer=adam),
            Phase(
                name="tint",
                parameters=list(self.network["tint"].parameters()),
                optimizer=adam,
                every=self.config.tint_every,
            ),
        ]

    def losses(self, phase: str, batch: Batch, step: int) -> Losses:
        if step == self.config.error_at:
            raise ValueError("the toy is broken")
        images = batch.images_NCHW
        total = (self.network[phase](images) - images / 2).square().mean()
        if 0 <= self.config.no_number_from <= step:
            total = total * torch.nan
        return Losses(total, {f"{phase} distance": total.detach()})

    def run(self, task: str, request: Request) -> Iterator[Artifact]:
        assert task == GENERATE
        return self.sample(request)

    def sample(self, request: Request) -> Iterator[Artifact]:
        assert isinstance(request.settings, ToySampling)
        shade = self.network["mix"].bias.detach().sum().sigmoid().item()
        for seed in request.seeds:
            value = int(255 * shade * request.settings.brightness) ^ (seed % 256)
            shape = (self.data.size, self.data.size, self.data.channels)
            yield Artifact(kind="image", seed=seed, data=np.full(shape, value, np.uint8))


def install_models(monkeypatch: pytest.MonkeyPatch, **locations: str) -> None:
    """Make the catalogue find architectures as if packages had brought them."""
    entries = [
        EntryPoint(name=name, value=location, group=catalog.ENTRY_POINT_GROUP)
        for name, location in locations.items()
    ]
    monkeypatch.setattr(
        registry,
        "entry_points",
        lambda group: entries if group == catalog.ENTRY_POINT_GROUP else [],
    )
    forget_models()


def forget_models() -> None:
    """Have the catalogue look for architectures again."""
    catalog.MODELS._found = None


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The catalogue knows the toy model."""
    install_models(monkeypatch, toy="tiny_studio:ToyModel")
    yield
    monkeypatch.undo()
    forget_models()


@pytest.fixture
def small_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Previews of two pictures instead of a hundred: most of the time of a short run."""
    monkeypatch.setattr("genstudio.engine.preview.sheet_layout", lambda _: (1, 2))


@pytest.fixture(scope="session")
def pictures_NHWC() -> np.ndarray:
    """Sixteen decoded pictures; not to be written to."""
    pictures = flowers_NHWC()
    pictures.flags.writeable = False
    return pictures


@pytest.fixture(scope="session")
def flowers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sixteen pictures; not to be written to."""
    return save_pictures(tmp_path_factory.mktemp("pictures") / "flowers", flowers_NHWC(size=48))


@pytest.fixture(scope="session")
def trained_run(flowers: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of four steps in a project of its own; not to be changed."""
    project = tmp_path_factory.mktemp("trained") / "Meadow"
    request = NewRun(folder=flowers, project=project, settings=small_settings())
    told = list(start_run(request, NoCommands()))
    assert isinstance(told[-1], events.Finished), told[-1]
    return told[-1].run
