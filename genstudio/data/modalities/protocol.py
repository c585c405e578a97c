"""The interface of a modality: how a folder becomes examples."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from genstudio.data.cache import PictureCache
from genstudio.data.dataset import Dataset
from genstudio.domain.datasets import Advice, Manifest, ScanReport
from genstudio.domain.fields import DataSpec
from genstudio.domain.modalities import ModalityCard


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
        fault: Why nothing can be learned from it; empty if something can.
        hint: What to do about that.
    """

    likelihood: float
    num_examples: int = 0
    layout: str = ""
    used: frozenset[str] = frozenset()
    captions: Mapping[str, str] = field(default_factory=dict[str, str])
    remarks: tuple[Advice, ...] = ()
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
    ) -> DataSpec:
        """What a model is built from, for pictures of such a size."""
        ...

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
