"""Looks through a folder of any material: what it holds most of decides what it is scanned for."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from genstudio.data.formats import may_be_picture
from genstudio.data.listing import Listing, list_files
from genstudio.data.modalities.catalog import MODALITIES
from genstudio.data.modalities.protocol import FileModality, HasColumns, JoinsMaterials
from genstudio.data.scan import scan_folder
from genstudio.data.scans import holds_scans
from genstudio.domain.datasets import Advice, ScanReport
from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr
from genstudio.domain.progress import Working

# What has the name of a picture says what is on it, and is no material of its own.
_CAPTION = ".txt"


def scan_material(
    folder: Path,
    wanted: str | None = None,
    column: str = "",
    within: Sequence[str] = (),
    *,
    joins: bool = True,
) -> Working[ScanReport]:
    """Look at every file in a folder of the material that it holds most of.

    Args:
        folder: The user's folder; nothing in it is changed.
        wanted: Key of the modality that a person asks for; by default the folder decides.
        column: Of tables, where a person chose one; by default the likeliest.
        within: Folders inside it that are one set; of such, only pictures are looked at.
        joins: Whether pictures and files that belong to them may be taken together.

    Yields:
        Progress; its items are the files that can be used, as they are looked at.

    Returns:
        What was found.

    Raises:
        DatasetError: The folder is missing, cannot be read, or holds nothing to learn from.
        UnknownEntryError: There is no such modality.
    """
    folder = folder.absolute()
    if wanted is None and not within and holds_scans(folder):
        raise DatasetError(
            tr("{folder} holds scans", folder=folder),
            tr("DICOM and NIfTI become pictures before they are learned."),
            tr("Open the folder on the Dataset page, or: genstudio import-scans FOLDER --out NEW"),
        )
    if within:
        return (yield from scan_folder(folder, within=within))
    if wanted is not None and not isinstance(MODALITIES.get(wanted), FileModality):
        return (yield from scan_folder(folder))
    known = {it.card.key: it for it in MODALITIES.usable() if isinstance(it, FileModality)}
    joining = {key: it for key, it in known.items() if isinstance(it, JoinsMaterials)}
    suffixes = {
        suffix: key
        for key, it in known.items()
        for suffix in it.card.suffixes
        if key not in joining
    }
    listing = list_files(folder, suffixes)
    by_material = _sorted_out(listing, suffixes)
    together: dict[str, Sequence[str]] = {}
    if joins and (wanted is None or wanted in joining):
        together = {key: it.joined(by_material) for key, it in joining.items()}
    if key := next((key for key, names in together.items() if names or key == wanted), ""):
        names = together[key] or [name for own in by_material.values() for name in own]
        report = yield from known[key].scan(folder, names)
        unreadable = dict.fromkeys((*listing.unreadable, *report.unreadable))
        return report.model_copy(update={"unreadable": tuple(unreadable)})
    pictures = by_material.pop("", [])
    ranked = Counter({key: len(names) for key, names in by_material.items()}).most_common(1)
    chosen = wanted or next((key for key, count in ranked if count > len(pictures)), "")
    if not chosen:
        return (yield from scan_folder(folder))
    modality, names = known[chosen], by_material.get(chosen, [])
    if isinstance(modality, HasColumns):
        report = yield from modality.scan_column(folder, names, column)
    else:
        report = yield from modality.scan(folder, names)
    # Tables stand beside many things; what they hold is not known before they are read.
    beside = {
        key: len(own)
        for key, names in by_material.items()
        if key != chosen and (own := [it for it in names if not it.lower().endswith(".csv")])
    }
    # One and several, for what is said of each.
    nouns = {known[key].card.noun: count for key, count in beside.items()}
    nouns |= {(tr("picture"), tr("pictures")): len(pictures)} if pictures else {}
    others = {several: count for (_, several), count in nouns.items()}
    passed_over = dict(listing.passed_over.most_common()) | others
    advice = report.advice
    if others:
        told = ", ".join(
            tr("{count:,} {noun}", count=count, noun=one if count == 1 else several)
            for (one, several), count in nouns.items()
        )
        title = tr("The folder also holds {told}", told=told)
        noun = known[chosen].card.noun[1]
        advice = (
            *advice,
            Advice(title=title, reason=tr("The {noun} are more, and are learned.", noun=noun)),
        )
    return report.model_copy(
        update={
            "passed_over": passed_over,
            "advice": advice,
            "unreadable": (*listing.unreadable, *report.unreadable),
        }
    )


def _stem(name: str) -> str:
    return name.rpartition(".")[0]


def _sorted_out(listing: Listing, suffixes: dict[str, str]) -> dict[str, list[str]]:
    """Key of a material, empty for pictures => names of its files."""
    found: dict[str, list[str]] = {}
    pictures = {_stem(name) for name in listing.names if may_be_picture(name)}
    for name in listing.names:
        low = name.lower()
        if low.endswith(_CAPTION) and _stem(name) in pictures:
            continue
        own = next((key for suffix, key in suffixes.items() if low.endswith(suffix)), "")
        found.setdefault("" if may_be_picture(name) else own, []).append(name)
    return found
