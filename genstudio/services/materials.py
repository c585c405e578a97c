"""What a scanned folder is learned as: the modality, and the files that belong to its examples."""

from collections.abc import Collection, Mapping

from genstudio.data.groups import GroupBy, groups_of, together
from genstudio.data.modalities.catalog import MODALITIES, recognise, takes
from genstudio.data.modalities.paired_layout import is_by_class
from genstudio.data.modalities.protocol import (
    Arrangement,
    FileModality,
    HasVocabulary,
    LeavesOut,
)
from genstudio.data.scan import duplicates, usable_manifest
from genstudio.data.split import choose_held_out
from genstudio.domain.cards import ModelCard
from genstudio.domain.datasets import Advice, Crop, Manifest, ScanReport
from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.language import inside, tr
from genstudio.domain.modalities import CAPTIONS, IMAGES, TWO_SETS
from genstudio.domain.training import DataOptions
from genstudio.domain.words import vocabulary

# Those of which a picture is an example, so that a square of it is one as well.
_CROPPED = frozenset({IMAGES, CAPTIONS})


def without(report: ScanReport, excluded: Collection[str]) -> ScanReport:
    """A report as if the pictures that a person took out were not there."""
    if not excluded:
        return report
    kept = tuple(picture for picture in report.pictures if picture.name not in excluded)
    return report.model_copy(update={"pictures": kept})


def choose_modality(report: ScanReport, card: ModelCard, wanted: str | None = None) -> str:
    """The modality that a model learns a folder as.

    Args:
        report: The folder, without what was taken out.
        card: Of the model.
        wanted: What a person asked for; by default the likeliest that the model knows.

    Raises:
        SettingsError: The model does not learn from that.
        UnknownEntryError: There is no such modality.
        DatasetError: The folder does not hold it; the message says why.
    """
    if wanted is not None and wanted not in card.modalities:
        MODALITIES.get(wanted)
        raise SettingsError(
            tr("“{title}” does not learn from “{wanted}”", title=card.title, wanted=wanted),
            tr("It learns from: {modalities}.", modalities=", ".join(card.modalities)),
            tr("Choose another architecture; “genstudio models” lists them."),
        )
    if wanted is None:
        fitting = [key for key in recognise(report) if key in card.modalities]
        wanted = fitting[0] if fitting else card.modalities[0]
    modality = MODALITIES.get(wanted)
    if not takes(modality, report):
        held = MODALITIES.get(report.material).card.title if report.material else tr("Pictures")
        raise DatasetError(
            tr(
                "“{title}” learns from {title2}",
                title=card.title,
                title2=inside(modality.card.title),
            ),
            tr("This folder holds {held}.", held=inside(held)),
            modality.card.folder,
        )
    arrangement = modality.arrange(report)
    if arrangement.fault:
        raise DatasetError(
            tr(
                "“{title}” learns from {title2}, and this folder holds none",
                title=card.title,
                title2=inside(modality.card.title),
            ),
            arrangement.fault,
            arrangement.hint or modality.card.folder,
        )
    return wanted


def freeze(report: ScanReport, excluded: Collection[str], key: str) -> tuple[Manifest, Arrangement]:
    """Freeze which files a run learns from, as a modality sees them.

    Raises:
        DatasetError: Too few are left.
    """
    arrangement = MODALITIES.get(key).arrange(without(report, excluded))
    manifest = usable_manifest(report, excluded)
    used = tuple(row for row in manifest.pictures if row[0] in arrangement.used)
    captions = tuple((name, arrangement.captions[name]) for name, _ in used if arrangement.captions)
    crops: tuple[tuple[int, int, int, int], ...] = ()
    if report.crops and key in _CROPPED:
        used, crops = _cropped(used, report.crops)
    update = {
        "pictures": used,
        "crops": crops,
        "within": report.within,
        "modality": key,
        "layout": arrangement.layout,
        "captions": captions,
    }
    return manifest.model_copy(update=update), arrangement


def laid_out(manifest: Manifest, options: DataOptions) -> Manifest:
    """The manifest as a person's choices lay its examples out, where its files have a layout.

    Examples that cannot be laid out so are not in it any more.

    Raises:
        SettingsError: A choice needs a package that is not installed.
    """
    modality = MODALITIES.get(manifest.modality)
    if not isinstance(modality, FileModality):
        return manifest
    laid = manifest.model_copy(update={"layout": modality.laid_out(manifest.layout, options)})
    if not isinstance(modality, LeavesOut):
        return laid
    gone, _ = modality.left_out(laid)
    if not gone:
        return laid
    kept = {
        "pictures": tuple(row for row in laid.pictures if row[0] not in gone),
        "captions": tuple(row for row in laid.captions if row[0] not in gone),
    }
    return laid.model_copy(update=kept)


def advice_on_left_out(manifest: Manifest, options: DataOptions) -> list[Advice]:
    """What :func:`laid_out` leaves out, in words."""
    modality = MODALITIES.get(manifest.modality)
    if not isinstance(modality, FileModality) or not isinstance(modality, LeavesOut):
        return []
    layout = modality.laid_out(manifest.layout, options)
    gone, why = modality.left_out(manifest.model_copy(update={"layout": layout}))
    if not gone:
        return []
    title = tr("{count:,} are left out", count=len(gone))
    return [Advice(title=title if len(gone) > 1 else tr("One is left out"), reason=why)]


def with_sizes(manifest: Manifest, report: ScanReport) -> Manifest:
    """The manifest with how large its pictures are, for a model that learns them in their shapes.

    Of materials of which a picture is no example by itself it stays as it is.
    """
    if manifest.modality not in _CROPPED:
        return manifest
    found = {picture.name: (picture.width, picture.height) for picture in report.pictures}
    sizes = tuple(found[name] for name, _ in manifest.pictures)
    return manifest.model_copy(update={"sizes": sizes})


def _cropped(
    rows: tuple[tuple[str, str], ...], crops: Mapping[str, tuple[Crop, ...]]
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[int, int, int, int], ...]]:
    """A row for each square that is learned, and where squares are that are not the middle one."""
    cropped: list[tuple[str, str]] = []
    places: list[tuple[int, int, int, int]] = []
    for row in rows:
        own = crops.get(row[0], ())
        places += [(len(cropped) + number, *crop) for number, crop in enumerate(own)]
        cropped += [row] * max(1, len(own))
    return tuple(cropped), tuple(places)


def held_out_names(
    manifest: Manifest,
    report: ScanReport,
    share: float,
    *,
    by_kind: bool,
    groups: GroupBy = "picture",
) -> tuple[str, ...]:
    """Names of the files whose examples are not learned from.

    Raises:
        DatasetError: Groups should come from a table that cannot be read.
    """
    names = [name for name, _ in manifest.pictures]
    own = groups_of(manifest.folder, names, groups)
    modality = MODALITIES.get(manifest.modality)
    return choose_held_out(
        modality.held_out_from(manifest),
        share,
        together(own, duplicates(report)),
        # Each of two sets gives its share.
        by_kind=by_kind or manifest.modality == TWO_SETS or is_by_class(manifest),
        fewest=modality.card.fewest_split,
    )


def vocabulary_of(manifest: Manifest, held_out: Collection[str]) -> dict[str, int]:
    """Words of the captions that are learned from, with how many have each; may be none."""
    modality = MODALITIES.get(manifest.modality)
    if isinstance(modality, HasVocabulary):
        return modality.vocabulary(manifest)
    out = frozenset(held_out)
    return vocabulary(text for name, text in manifest.captions if name not in out)


def described(arrangements: Mapping[str, Arrangement]) -> dict[str, dict[str, object]]:
    """What a folder can be learned as, as plain JSON values."""
    return {
        key: {
            "examples": arrangement.num_examples,
            "remarks": [f"{it.title}. {it.reason}" for it in arrangement.remarks],
        }
        for key, arrangement in arrangements.items()
    }
