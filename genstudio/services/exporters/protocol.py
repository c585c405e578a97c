"""The interface of an exporter: what it makes of results of the gallery."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

from genstudio.artifacts.protocol import Metadata
from genstudio.domain.language import Spoken
from genstudio.domain.progress import Working
from genstudio.domain.settings import Settings, setting
from genstudio.services.gallery_items import GalleryItem


class ExporterCard(Spoken, BaseModel):
    """A way of exporting.

    Attributes:
        key: Name used in commands; never changes once released.
        title: As it stands in a menu: "As a web page".
        summary: What comes of it, in a sentence.
        icon: Name of its icon.
        suffixes: Of the one file that it makes, with the dot, the usual one first; empty where it
            fills a folder.
    """

    spoken: ClassVar[frozenset[str]] = frozenset({"title", "summary"})

    model_config = ConfigDict(frozen=True)

    key: str
    title: str
    summary: str
    icon: str = "share"
    suffixes: tuple[str, ...] = ()


class ExportOptions(Settings):
    """What every export can be told."""

    metadata: Metadata = setting(
        "everything",
        title="What goes along — metadata",
        help="Everything: how each was made, so that it can be made again. Mark: only that a "
        "trained model made it. Nothing: the bare pictures.",
    )
    leave_out_copies: bool = setting(
        False,
        title="Leave out what is nearly a copy",
        help="Pictures that “Did it copy?” found to be nearly the same as one that was learned "
        "from. Else they are exported and told.",
    )
    author: str = setting(
        "",
        title="Your name",
        help="Goes along with what is exported, unless nothing shall; may stay empty.",
        advanced=True,
    )
    licence: str = setting(
        "",
        title="Licence",
        help="What others may do with it, such as CC BY 4.0.",
        advanced=True,
    )
    statement: str = setting(
        "", title="What you say of it", help="A sentence that goes along.", advanced=True
    )
    signed: bool = setting(
        False,
        title="Sign it — C2PA",
        help="Others can see that it comes from you and was not changed since. Needs the pack "
        "“provenance”.",
        advanced=True,
    )
    certificate: str = setting(
        "",
        title="Certificate to sign with",
        help="Empty for one of this machine, which names nobody.",
        opens="certificate",
        advanced=True,
    )
    private_key: str = setting(
        "",
        title="Key of that certificate",
        help="A file without a password; it is only read.",
        opens="key",
        advanced=True,
    )


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A result that could not be exported, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ExportDone:
    """What came of an export.

    Attributes:
        path: What to open.
        count: How many results it has.
        left_out: Those that are missing from it.
        unsigned: How many could not be signed, where they should have been.
        copies: Names of those that are nearly copies of what was learned from.
    """

    path: Path
    count: int
    left_out: tuple[LeftOut, ...] = ()
    unsigned: int = 0
    copies: tuple[str, ...] = ()


class Exporter(Protocol):
    """A way of exporting; has no state."""

    card: ClassVar[ExporterCard]
    Options: ClassVar[type[ExportOptions]]

    def export(
        self, items: Sequence[GalleryItem], to: Path, title: str, options: ExportOptions
    ) -> Working[ExportDone]:
        """Export results.

        Args:
            items: In the order to be shown; at least one.
            to: A folder, or where the card names suffixes, a file that is not there yet. Neither
                needs its parents. Nothing of a person's is overwritten.
            title: Heading of what is made.
            options: Of the class that the exporter names.

        Raises:
            ProjectError: No result can be read, or ``to`` cannot be written.
        """
        ...
