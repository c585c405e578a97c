"""Taking results out of the gallery, in any of the ways that there are."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from genstudio.domain.errors import ProjectError
from genstudio.domain.files import explained
from genstudio.domain.language import tr
from genstudio.domain.progress import Working
from genstudio.domain.settings import parse_settings
from genstudio.services.exporters.catalog import EXPORTERS
from genstudio.services.exporters.copies import is_marked_copy
from genstudio.services.exporters.files import gallery_folder
from genstudio.services.exporters.protocol import ExportDone, ExporterCard
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.outputs import free_place, refuse_pictures_folders
from genstudio.services.projects import Project, slug


def export_gallery(
    items: Sequence[GalleryItem],
    *,
    to: Path,
    kind: str,
    title: str,
    options: Mapping[str, Any] | None = None,
) -> Working[ExportDone]:
    """Export results; the work is done as the generator is advanced.

    Args:
        items: In the order to be shown.
        to: A folder, made if missing, or the file to be made; nothing of a person's is
            overwritten.
        kind: Key of an exporter.
        title: Heading of what is made.
        options: Of the exporter; what is not named has its default.

    Raises:
        UnknownEntryError: There is no such kind.
        SettingsError: An option is not right.
        ProjectError: There is nothing to export, no result can be read, or ``to``
            cannot be written, is the gallery itself, or a folder that a run learned from.
    """
    exporter = EXPORTERS.get(kind)
    if not items:
        raise ProjectError(
            tr("There is nothing to export"),
            tr("No picture was chosen."),
            tr("Make some pictures first, or search for others."),
        )
    chosen = parse_settings(exporter.Options, options or {})
    to = to.expanduser().absolute()
    _refuse_target(to, items, exporter.card)
    copies = frozenset(it.name for it in items if is_marked_copy(it))
    kept = [it for it in items if it.name not in copies or not chosen.leave_out_copies]
    if not kept:
        raise ProjectError(
            tr("There is nothing to export"),
            tr("All of these pictures are nearly copies of what was learned from."),
            tr("Choose others, or export copies as well."),
        )
    return _told(exporter.export(kept, _place(to, title, exporter.card), title, chosen), copies)


def _told(work: Working[ExportDone], copies: frozenset[str]) -> Working[ExportDone]:
    done = yield from work
    return replace(done, copies=tuple(sorted(copies)))


def _place(to: Path, title: str, card: ExporterCard) -> Path:
    """Where an export goes: a folder, or a new file, in it or under the name that was given."""
    if not card.suffixes:
        return to
    is_named = to.suffix.lower() in card.suffixes and not to.is_dir()
    return free_place(to if is_named else to / f"{slug(title)}{card.suffixes[0]}")


def _refuse_target(to: Path, items: Sequence[GalleryItem], card: ExporterCard) -> None:
    galleries = {gallery_folder(item).resolve() for item in items}
    if any(to.resolve().is_relative_to(gallery) for gallery in galleries):
        raise ProjectError(
            tr("The export cannot go into the gallery itself"),
            tr("{to} belongs to the project.", to=to),
            tr("Choose another folder."),
        )
    for gallery in galleries:
        refuse_pictures_folders(to, Project(gallery.parent, "").pictures_folders())
    with explained(to / "export"):
        nearest = next(path for path in (to, *to.parents) if path.exists())
    is_wanted_file = nearest == to and to.suffix.lower() in card.suffixes
    if not nearest.is_dir() and not is_wanted_file:
        raise ProjectError(
            tr("{nearest} is a file", nearest=nearest),
            tr("An export needs a folder."),
            tr("Choose a folder."),
        )
