"""Modality "images": pictures; folders inside the folder can be told apart as classes."""

from collections.abc import Collection, Mapping
from typing import ClassVar, Final

from genstudio.data.cache import PictureCache
from genstudio.data.dataset import Dataset, image_dataset
from genstudio.data.kinds import kind_index
from genstudio.data.modalities.protocol import Arrangement, Modality
from genstudio.data.split import held_out_index
from genstudio.domain.datasets import Manifest, ScanReport
from genstudio.domain.fields import DataSpec
from genstudio.domain.modalities import IMAGES, ModalityCard

_LIKELIHOOD = 0.5  # Whatever holds pictures; others must be surer.


class Images:
    """Pictures, each an example."""

    card: ClassVar[ModalityCard] = ModalityCard(
        key=IMAGES,
        title="Pictures",
        folder="Pictures; folders inside it can be told apart as classes.",
        has_classes=True,
    )

    def arrange(self, report: ScanReport) -> Arrangement:
        """Take every picture for an example."""
        names = frozenset(picture.name for picture in report.pictures)
        return Arrangement(likelihood=_LIKELIHOOD, num_examples=len(names), used=names)

    def review(self, report: ScanReport) -> ScanReport:
        """All that the scan remarks."""
        return report

    def held_out_from(self, manifest: Manifest) -> Manifest:
        """All of them."""
        return manifest

    def spec(
        self,
        size: int,
        channels: int,
        classes: Mapping[str, int],
        words: Mapping[str, int] | None = None,
        *,
        layout: str = "",
    ) -> DataSpec:
        """Field "images"."""
        del words, layout
        return DataSpec(size=size, channels=channels, classes=classes)

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
        """Pictures, with a label each where classes are told apart."""
        del manifest, is_reversed, words
        return image_dataset(
            cache.images_NHWC,
            held_out=held_out_index(cache.names, held_out),
            classes=classes,
            labels_N=kind_index(cache.names, classes) if classes else None,
            names=cache.names,
            shapes=cache.shapes,
        )


MODALITY: Final[Modality] = Images()
