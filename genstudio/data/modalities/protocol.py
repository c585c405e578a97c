"""The interface of a modality: how a folder becomes examples."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from genstudio.data.cache import PictureCache
from genstudio.data.dataset import Dataset
from genstudio.data.row_cache import RowCache
from genstudio.domain.datasets import Advice, Manifest, PictureInfo, ScanReport
from genstudio.domain.fields import DataSpec
from genstudio.domain.modalities import ModalityCard
from genstudio.domain.progress import Working
from genstudio.domain.training import DataOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """How a modality sees a scanned folder.

    Attributes:
        likelihood: How sure it is that this is its material, from 0 to 1.
        num_examples: Examples that there are, of the smaller set where there are two.
        layout: How examples lie in the folder, kept in the manifest.
        used: Names of the files that belong to an example.
        captions: Name of a file => what is said of it in words; only where that is learned.
        remarks: What is worth knowing, such as files without a partner.
        turned: The first remark, should the other way round be learned; None where there is none.
        fault: Why nothing can be learned from it; empty if something can.
        hint: What to do about that.
    """

    likelihood: float
    num_examples: int = 0
    layout: str = ""
    used: frozenset[str] = frozenset()
    captions: Mapping[str, str] = field(default_factory=dict[str, str])
    remarks: tuple[Advice, ...] = ()
    turned: Advice | None = None
    fault: str = ""
    hint: str = ""


class Modality(Protocol):
    """A kind of material; has no state."""

    card: ClassVar[ModalityCard]

    def arrange(self, report: ScanReport) -> Arrangement:
        """Say what examples a scanned folder holds."""
        ...

    def review(self, report: ScanReport) -> ScanReport:
        """The report with the remarks and the advice that matter to its examples."""
        ...

    def held_out_from(self, manifest: Manifest) -> Manifest:
        """The files among which held-out examples are chosen: one of each example."""
        ...

    def spec(
        self,
        size: int,
        channels: int,
        classes: Mapping[str, int],
        words: Mapping[str, int] | None = None,
        *,
        layout: str = "",
    ) -> DataSpec:
        """What a model is built from, for pictures of such a size, or examples of such a layout."""
        ...


@runtime_checkable
class PictureModality(Modality, Protocol):
    """A material that is made of pictures, in whatever arrangement."""

    def dataset(
        self,
        manifest: Manifest,
        cache: PictureCache,
        held_out: Collection[str],
        classes: Mapping[str, int],
        *,
        is_reversed: bool = False,
        words: Mapping[str, int] | None = None,
    ) -> Dataset:
        """Make examples of decoded files.

        Args:
            manifest: What was decoded.
            cache: Its pictures.
            held_out: Names that are not learned from.
            classes: Name of each class that is told apart => examples of it; may be none.
            is_reversed: Learn the way from what comes out to what goes in.
            words: The vocabulary of captions; may be none.
        """
        ...


@runtime_checkable
class FileModality(Modality, Protocol):
    """A material with files of its own, which its card names by their suffixes."""

    def scan(self, folder: Path, names: Sequence[str]) -> Working[ScanReport]:
        """Look at files of a folder; nothing in it is changed.

        Args:
            folder: An absolute path.
            names: Paths inside it, as the card's suffixes choose them.

        Returns:
            What was found, with the card's key as its material.
        """
        ...

    def laid_out(self, layout: str, options: DataOptions) -> str:
        """The layout of an arrangement, as a person's choices change it."""
        ...

    def decode(self, manifest: Manifest, cache_dir: Path) -> Working[RowCache]:
        """Bring the manifest's files to its layout, or find that done already.

        Raises:
            DatasetError: Too few can be read, or one is not what the manifest says.
            ProjectError: The disk is full or the folder cannot be written to.
        """
        ...

    def examples(
        self,
        manifest: Manifest,
        cache: RowCache,
        held_out: Collection[str],
        classes: Mapping[str, int],
    ) -> Dataset:
        """Make examples of decoded files.

        Args:
            manifest: What was decoded.
            cache: Its examples.
            held_out: Names of files that are not learned from.
            classes: Name of each class that is told apart => files of it; may be none.
        """
        ...

    def read_one(self, path: Path, layout: str) -> Mapping[str, np.ndarray]:
        """A file of a person's own as the examples of a run: field => values of one example.

        Raises:
            DatasetError: It cannot be read, or holds nothing of this material.
        """
        ...


@runtime_checkable
class HasColumns(Protocol):
    """A material that may stand in a column of a table."""

    def scan_column(self, folder: Path, names: Sequence[str], column: str) -> Working[ScanReport]:
        """As ``scan``, with the column that a person chose; by default the likeliest."""
        ...


@runtime_checkable
class JoinsMaterials(Protocol):
    """A material of pictures and of files that other materials are made of, two by two."""

    def joined(self, by_material: Mapping[str, Sequence[str]]) -> Sequence[str]:
        """Names of all files that it would look at; none where too few belong together.

        Args:
            by_material: Key of a material, empty for pictures => names of its files.
        """
        ...


@runtime_checkable
class HasVocabulary(Protocol):
    """A material whose examples are texts with an alphabet of their own."""

    def vocabulary(self, manifest: Manifest) -> dict[str, int]:
        """Each token => examples that have it, in the order of the tokens' ids."""
        ...


@runtime_checkable
class LeavesOut(Protocol):
    """A material of which not everything can be learned in every layout."""

    def left_out(self, manifest: Manifest) -> tuple[frozenset[str], str]:
        """Names of examples that cannot be laid out as the manifest says, and why not."""
        ...


@runtime_checkable
class DrawsExamples(Protocol):
    """A material whose examples are no files that could be looked at one by one.

    They are named ``FILE#NUMBER``.
    """

    def draw(self, example: PictureInfo, side: int) -> np.ndarray:
        """Draw an example of a report: uint8 (side, side, 3)."""
        ...
