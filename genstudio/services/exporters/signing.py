"""What goes along with everything that is exported: whose it is, and a signature."""

from pathlib import Path

from genstudio.artifacts.image import with_authorship
from genstudio.artifacts.protocol import Metadata
from genstudio.domain.errors import GenStudioError, SettingsError
from genstudio.domain.language import tr
from genstudio.services.content_credentials import Authorship, can_sign
from genstudio.services.exporters.files import UnusableItemError, content_of
from genstudio.services.exporters.protocol import ExportOptions
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.outputs import has_content
from genstudio.services.provenance import is_signed_alike
from genstudio.services.signing import signer_for


class Finisher:
    """The last thing that is done to each file of one export.

    Attributes:
        unsigned: How many files could not be signed, since their format holds no signature.

    Args:
        options: Of the export.

    Raises:
        SettingsError: A signature is wanted where nothing shall go along, or cannot be made.
        ProjectError: The certificate or its key cannot be read.
    """

    def __init__(self, options: ExportOptions) -> None:
        self.unsigned = 0
        self._metadata: Metadata = options.metadata
        self._authorship = Authorship(
            author=options.author.strip(),
            licence=options.licence.strip(),
            statement=options.statement.strip(),
        )
        if options.signed and options.metadata == "nothing":
            raise SettingsError(
                tr("What is signed says where it comes from"),
                tr("A signature is wanted, and that nothing is said of the pictures."),
                tr("Choose “mark” or “everything”, or leave the signature out."),
            )
        self._signer = (
            signer_for(options.certificate, options.private_key) if options.signed else None
        )

    def content_of(self, item: GalleryItem) -> bytes:
        """The bytes of an item's file as they are exported.

        Raises:
            UnusableItemError: It cannot be read.
            ProjectError: It is a link out of the gallery.
        """
        content = content_of(item, self._metadata)
        try:
            return self.finished(
                content,
                item.path,
                recipe_json=item.recipe_json if self._metadata == "everything" else "",
                is_synthetic=self._signer is None or item.recipe.synthetic,
            )
        except SettingsError:
            raise
        except GenStudioError as error:
            raise UnusableItemError(error.title) from error

    def finished(
        self, content: bytes, path: Path, *, recipe_json: str = "", is_synthetic: bool = True
    ) -> bytes:
        """The same file with what goes along.

        Args:
            content: Of the file.
            path: Its name counts.
            recipe_json: How it was made; empty where that does not go along.
            is_synthetic: Whether a trained model made it.

        Raises:
            SettingsError: The certificate may not sign.
            DatasetError: The file is damaged.
        """
        if self._metadata == "nothing":
            return content
        if self._authorship and path.suffix.lower() == ".png":
            content = with_authorship(
                content,
                author=self._authorship.author,
                licence=self._authorship.licence,
                statement=self._authorship.statement,
            )
        if self._signer is None:
            return content
        if not can_sign(path.suffix):
            self.unsigned += 1
            return content
        return self._signer.sign(
            content,
            path.suffix,
            title=path.name,
            recipe_json=recipe_json,
            is_synthetic=is_synthetic,
            authorship=self._authorship,
        )

    def is_there(self, place: Path, content: bytes) -> bool:
        """Whether a file holds this already; two signatures of one thing are never the same."""
        return has_content(place, content) or (
            self._signer is not None and is_signed_alike(place, content)
        )
