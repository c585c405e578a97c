"""How an example of pictures with another material is laid out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from genstudio.data.modalities import notes, sound
from genstudio.data.modalities.partners import CLASS, NAME, By
from genstudio.data.modalities.protocol import FileModality
from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import SettingsError
from genstudio.domain.fields import DataSpec
from genstudio.domain.language import tr
from genstudio.domain.modalities import PAIRED_MATERIALS
from genstudio.domain.training import SIZES

# What pictures may belong together with; the first is taken where nothing else is said.
PARTNERS: Final[Mapping[str, FileModality]] = {
    it.card.key: it for it in (sound.MODALITY, notes.MODALITY)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedLayout:
    """How an example is laid out.

    Attributes:
        by: How partners are found.
        size: Side of the pictures in pixels.
        partner: Key of the other material.
        inside: The other material's own layout.
    """

    by: By = NAME
    size: int = 64
    partner: str = next(iter(PARTNERS))
    inside: str = ""

    def __str__(self) -> str:
        return f"{self.by}; {self.size} px; {self.partner}: {self.inside}"

    @classmethod
    def parse(cls, text: str, *, size: int = 64) -> "PairedLayout":
        """Read what a run noted.

        Args:
            text: The note; empty for pictures with the first other material.
            size: Of the pictures then.

        Raises:
            SettingsError: It is damaged.
        """
        if not text:
            return cls(size=size)
        by, _, rest = text.partition("; ")
        pixels, _, rest = rest.partition(" px; ")
        partner, _, inside = rest.partition(": ")
        if by not in (NAME, CLASS) or partner not in PARTNERS or pixels not in map(str, SIZES):
            raise SettingsError(
                tr("“{words}” is no layout of pairs", words=text[:60]),
                "",
                tr("Put the original run.toml back."),
            )
        return cls(
            by=CLASS if by == CLASS else NAME, size=int(pixels), partner=partner, inside=inside
        )

    @property
    def spec(self) -> DataSpec:
        """What the other material says of its examples."""
        return PARTNERS[self.partner].spec(0, 3, {}, layout=self.inside)


def is_by_class(manifest: Manifest) -> bool:
    """Whether its pairs are drawn among all files of a class."""
    layout = manifest.layout
    return manifest.modality == PAIRED_MATERIALS and PairedLayout.parse(layout).by == CLASS


def inner_layout(modality: str, layout: str) -> str:
    """The layout of sounds or notes, whether they are learned alone or with pictures."""
    return PairedLayout.parse(layout).inside if modality == PAIRED_MATERIALS else layout
