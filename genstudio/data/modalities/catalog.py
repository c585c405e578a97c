"""The catalogue of modalities: a line each."""

from typing import Final

from genstudio.data.modalities.protocol import Arrangement, Modality
from genstudio.domain.datasets import ScanReport
from genstudio.domain.modalities import IMAGES
from genstudio.domain.registry import Registry

MODALITIES: Final[Registry[Modality]] = Registry(
    "modality",
    "genstudio.modalities",
    {
        "images": "genstudio.data.modalities.images:MODALITY",
        "pairs": "genstudio.data.modalities.pairs:MODALITY",
        "two-sets": "genstudio.data.modalities.two_sets:MODALITY",
        "captions": "genstudio.data.modalities.captions:MODALITY",
        "notes": "genstudio.data.modalities.notes:MODALITY",
        "sound": "genstudio.data.modalities.sound:MODALITY",
        "molecules": "genstudio.data.modalities.molecules:MODALITY",
        "texts": "genstudio.data.modalities.texts:MODALITY",
        "paired-materials": "genstudio.data.modalities.paired_materials:MODALITY",
    },
)


def recognise(report: ScanReport) -> dict[str, Arrangement]:
    """Modalities that a scanned folder can be learned as, the likeliest first."""
    found = {m.card.key: m.arrange(report) for m in MODALITIES.usable() if takes(m, report)}
    fitting = {key: arrangement for key, arrangement in found.items() if not arrangement.fault}
    ranked = sorted(fitting, key=lambda key: -fitting[key].likelihood)
    first = report.material or IMAGES
    return {key: fitting[key] for key in ranked} or {first: found[first]}


def takes(modality: Modality, report: ScanReport) -> bool:
    """Whether a modality is made of the files that a report is about."""
    return report.material == (modality.card.key if modality.card.suffixes else "")
