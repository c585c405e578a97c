"""What the window asks about a scanned folder: what it can be learned as.

Importing this module does not import torch; the jobs do, in their own threads.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from genstudio.domain.datasets import ScanReport
from genstudio.domain.language import tr
from genstudio.domain.modalities import ModalityCard
from genstudio.services.jobs import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """One thing that a folder can be learned as.

    Attributes:
        card: Of the modality.
        num_examples: Examples that there are.
        summary: What was found, in a line.
        turned: The same, should the other way round be learned; empty where there is none.
        remarks: What is worth knowing besides, such as files without a partner; a sentence each.
        report: Of all pictures of the folder, with what matters to such examples.
        layout: How its examples are laid out; empty where there is nothing to say.
    """

    card: ModalityCard
    num_examples: int
    summary: str
    turned: str = ""
    remarks: tuple[str, ...] = ()
    report: ScanReport
    layout: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials:
    """All that a folder can be learned as.

    Attributes:
        fitting: The likeliest first; never none.
        titles: Of all modalities, by key.
        scanned: The folder that was looked at.
    """

    fitting: tuple[Material, ...]
    titles: Mapping[str, str]
    scanned: ScanReport


def recognise(
    report: ScanReport, excluded: Collection[str], captioned: ScanReport | None = None
) -> Job[Materials]:
    """Find out what a folder can be learned as, without what a person took out.

    Args:
        report: Of the folder.
        excluded: Names of the pictures that were taken out.
        captioned: The report with the captions that a person wrote; by default as it is.
    """
    seen = captioned or report

    def items() -> Iterator[Materials]:
        catalog = import_module("genstudio.data.modalities.catalog")
        materials = import_module("genstudio.services.materials")
        known = {modality.card.key: modality for modality in catalog.MODALITIES.usable()}
        found = catalog.recognise(materials.without(seen, excluded))
        yield Materials(
            fitting=tuple(
                _material(known[key].card, arrangement, known[key].review(seen))
                for key, arrangement in found.items()
            ),
            titles={key: modality.card.title for key, modality in known.items()},
            scanned=report,
        )

    return Job("materials", items)


def _material(card: ModalityCard, arrangement: Any, report: ScanReport) -> Material:
    """Put into words what a modality sees in a folder."""
    count = arrangement.num_examples
    first, *others = arrangement.remarks or (None,)
    turned = arrangement.turned
    way = (first.reason,) if first is not None and turned is not None else ()
    return Material(
        card=card,
        num_examples=count,
        summary=first.title
        if first is not None
        else tr("{count:,} {noun}", count=count, noun=card.noun[0 if count == 1 else 1]),
        turned=turned.title if turned is not None else "",
        remarks=(*way, *(f"{it.title}. {it.reason}" for it in others)),
        report=report,
        layout=arrangement.layout,
    )
