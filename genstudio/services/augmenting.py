"""More pictures of each class from a model that tells classes apart; copies are left out."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genstudio.data.cache import PictureCache, build_cache
from genstudio.data.decode import UnreadablePictureError
from genstudio.data.groups import apparent_groups, groups_of, in_both
from genstudio.data.kinds import kind_of
from genstudio.data.squares import decode_picture
from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.language import tr
from genstudio.domain.operations import GENERATE
from genstudio.domain.progress import Working
from genstudio.domain.settings import Settings
from genstudio.engine.checkpoint import Checkpoint
from genstudio.metrics.copying import CopyFinder
from genstudio.metrics.helpfulness import Labelled
from genstudio.models.capabilities import Varies
from genstudio.models.protocol import Request
from genstudio.models.sampling import over_white
from genstudio.services.generation import load_model
from genstudio.services.picture_variations import PictureVariations
from genstudio.services.runs import Run

_AT_A_TIME = 16
# Who must draw so many times as many as are wanted, copies almost all.
_MOST_TRIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPicture:
    """A picture that is no copy.

    Attributes:
        artifact: It, with its seed.
        kind: Name of its class.
        distance: To the nearest picture that was learned from, as a share of all brightness.
        nearest: Name of that picture.
    """

    artifact: Artifact
    kind: str
    distance: float
    nearest: str


@dataclass(slots=True, kw_only=True)
class Tally:
    """How many were drawn, and how many of them were left out as copies."""

    drawn: int = 0
    copies: int = 0


class Augmenter:
    """A run that tells classes apart, with what it learned from and what it never saw.

    Args:
        run: Whose model has the capability KINDS.
        checkpoint: Its weights.

    Raises:
        SettingsError: The run does not tell classes apart.
        DatasetError: A group of pictures is in both halves, so that nothing can be proved.
    """

    def __init__(self, run: Run, checkpoint: Checkpoint) -> None:
        if not run.file.kinds:
            raise SettingsError(
                tr("This run does not tell classes apart"),
                tr("More pictures of each class are asked for, and it learned all as one."),
                tr(
                    "Put each class into a folder of its own, and train with "
                    "“Tell the folders apart”."
                ),
            )
        self._run = run
        self.kinds = run.file.kinds
        self.tally = Tally()
        self._project = run.project()
        self._manifest = self._project.load_manifest(run.file.dataset)
        self._held_out = run.held_out_of(self._manifest)
        names = [name for name, _ in self._manifest.pictures]
        asked = groups_of(self._manifest.folder, names, run.settings.groups)
        self._groups = asked or apparent_groups(self._manifest.folder, names)
        leaked = in_both(self._groups, self._held_out, names)
        if leaked:
            raise DatasetError(
                tr("Groups are in both halves"),
                tr(
                    "Pictures of {leaked}{value} were learned from, and others "
                    "of the same are held "
                    "out: what is tested on them is not what it seems.",
                    leaked=", ".join(leaked[:3]),
                    value=" …" if len(leaked) > 3 else "",
                ),
                tr(
                    "Train again with “What stays together” set to folder, or to table with a file "
                    "groups.csv."
                ),
            )
        self._model = load_model(run, checkpoint)
        self._cache: PictureCache | None = None
        self._finder: CopyFinder | None = None
        self._variations: PictureVariations | None = None

    @property
    def learned(self) -> list[str]:
        """Names of the pictures that were learned from."""
        out = frozenset(self._held_out)
        return [name for name, _ in self._manifest.pictures if name not in out]

    @property
    def num_held_out(self) -> int:
        """How many were not."""
        return len(self._held_out)

    def get_ready(self) -> Working[None]:
        """Read the pictures that copies are told by."""
        settings = self._run.settings
        cache = yield from build_cache(
            self._manifest,
            size=settings.size,
            cache_dir=self._project.dataset_folder(self._run.file.dataset),
            channels=settings.channels,
        )
        self._cache = cache
        out = frozenset(self._held_out)
        is_out = np.array([name in out for name in cache.names])
        self._names = [name for name in cache.names if name not in out]
        images_NHWC = np.asarray(cache.images_NHWC)[..., :3]
        self._finder = CopyFinder(images_NHWC[~is_out], images_NHWC[is_out])

    def get_ready_to_vary(self) -> Working[None]:
        """Describe the pictures that are varied; comes after :meth:`get_ready`."""
        real = self.real()
        assert isinstance(self._model, Varies), "its settings say so"
        self._variations = PictureVariations(self._model, real.images_NHWC, real.labels_N)
        yield from self._variations.get_ready()

    def make(
        self,
        wanted: Mapping[str, int],
        settings: Settings,
        first_seed: int,
        *,
        variation: float | None = None,
    ) -> Generator[NewPicture]:
        """Draw until there are as many of each class as are wanted, and none is a copy.

        Args:
            wanted: Name of a class => how many.
            settings: Of the task "generate".
            first_seed: Of each class.
            variation: How much pictures that were learned from are varied, as a share of what two
                others differ by; None draws from nothing.

        Raises:
            DatasetError: Almost all that the model draws are copies.
        """
        assert self._finder is not None, "get_ready comes before"
        for kind, number in wanted.items():
            own = settings.model_copy(update={"kind": kind})
            found = tried = 0
            while found < number:
                if tried >= _MOST_TRIES * number + _AT_A_TIME:
                    raise _all_are_copies(kind, tried, found, is_varied=variation is not None)
                count = min(_AT_A_TIME, number - found)
                seeds = range(first_seed + tried, first_seed + tried + count)
                tried += count
                drawn = (
                    self._drawn(seeds, own)
                    if variation is None
                    else self._varied(seeds, kind, variation)
                )
                for picture in self._without_copies(drawn, kind):
                    found += 1
                    yield picture

    def _drawn(self, seeds: Sequence[int], settings: Settings) -> list[Artifact]:
        return list(self._model.run(GENERATE, Request(seeds=seeds, settings=settings)))

    def _varied(self, seeds: Sequence[int], kind: str, amount: float) -> list[Artifact]:
        assert self._variations is not None, "get_ready_to_vary comes before"
        (label,) = self.labels(iter([kind]))
        images = self._variations.draw(int(label), seeds, amount)
        pairs = zip(seeds, images, strict=True)
        return [Artifact(kind=IMAGE, seed=seed, data=image) for seed, image in pairs]

    def _without_copies(self, drawn: Sequence[Artifact], kind: str) -> Iterator[NewPicture]:
        assert self._finder is not None
        copies = self._finder(np.stack([over_white(it.data) for it in drawn]))
        self.tally.drawn += len(drawn)
        for artifact, distance, alarm, nearest in zip(
            drawn, copies.distances, copies.alarms, copies.nearest, strict=True
        ):
            if distance < alarm:
                self.tally.copies += 1
                continue
            name = self._names[int(nearest)]
            yield NewPicture(artifact=artifact, kind=kind, distance=float(distance), nearest=name)

    def real(self) -> Labelled:
        """What was learned from, with classes."""
        out = frozenset(self._held_out)
        return self._labelled([name not in out for name in self._cached.names])

    def tests(self) -> Labelled:
        """What was held out, with classes and groups."""
        out = frozenset(self._held_out)
        return self._labelled([name in out for name in self._cached.names])

    @property
    def _cached(self) -> PictureCache:
        assert self._cache is not None, "get_ready comes before"
        return self._cache

    def _labelled(self, chosen: Sequence[bool]) -> Labelled:
        rows = np.flatnonzero(chosen)
        names = [self._cached.names[row] for row in rows]
        return Labelled(
            images_NHWC=np.asarray(self._cached.images_NHWC[rows]),
            labels_N=self.labels(kind_of(name) for name in names),
            groups=[self._groups.get(name, name) for name in names],
        )

    def labels(self, kinds: Iterator[str]) -> np.ndarray:
        """Names of classes => their numbers, int64."""
        numbers = {kind: number for number, kind in enumerate(self.kinds)}
        return np.array([numbers[kind] for kind in kinds], np.int64)

    def read_tests(self, files: Sequence[Path]) -> Labelled:
        """A person's own labelled pictures; the folder right around each names its class.

        Raises:
            DatasetError: One cannot be read, or lies in a folder that is no class.
        """
        settings = self._run.settings
        channels = min(settings.channels, 3)
        images: list[np.ndarray] = []
        for path in files:
            if path.parent.name not in self.kinds:
                raise DatasetError(
                    tr("{name} has no class", name=path.name),
                    tr("It lies in a folder called “{name}”.", name=path.parent.name),
                    tr(
                        "Folders of test pictures are called like classes: {kinds}.",
                        kinds=", ".join(self.kinds),
                    ),
                )
            try:
                images.append(decode_picture(path, size=settings.size, channels=channels))
            except UnreadablePictureError as error:
                raise DatasetError(
                    tr("{name} cannot be read", name=path.name), str(error), tr("Leave it out.")
                ) from error
        labels_N = self.labels(path.parent.name for path in files)
        return Labelled(images_NHWC=np.stack(images), labels_N=labels_N)


def _all_are_copies(kind: str, tried: int, found: int, *, is_varied: bool) -> DatasetError:
    told = tr(
        "Of {tried} pictures, {tried2} were too near to one of yours.",
        tried=tried,
        tried2=tried - found,
    )
    if is_varied:
        return DatasetError(
            tr("The pictures of “{kind}” hardly change when they are varied", kind=kind),
            told,
            tr("Vary them more, or train the model longer; or make fewer."),
        )
    return DatasetError(
        tr("The model copies what it learned of “{kind}”", kind=kind),
        told,
        tr("Train it for a shorter time, or with more pictures; or make fewer."),
    )


def wanted_of(
    counts: Mapping[str, int], goal: str, *, number: int, factor: float, only: str = ""
) -> dict[str, int]:
    """How many new pictures of each class.

    Args:
        counts: Name of a class => pictures that were learned from.
        goal: "balance", "multiply" or "number".
        number: Of each class, for "number".
        factor: All together as a multiple, for "multiply".
        only: One class; empty for all.
    """
    most = max(counts.values())

    def more(count: int) -> int:
        if goal == "balance":
            return most - count
        return number if goal == "number" else max(0, round(count * (factor - 1)))

    return {kind: more(count) for kind, count in counts.items() if not only or kind == only}
