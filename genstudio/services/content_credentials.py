"""What signing and reading provenance have in common (C2PA 2, spec.c2pa.org).

Nothing is fetched and nothing is sent: no time stamp is asked for, no manifest elsewhere is
followed, no certificate is looked up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import platformdirs

from genstudio.domain.errors import SettingsError
from genstudio.domain.files import read_file
from genstudio.domain.language import tr

# What the format can hold a manifest in, of what the studio writes.
MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".pdf": "application/pdf",
}
# Labels of assertions.
ORIGIN: Final = "io.genstudio.origin"
METADATA: Final = "cawg.metadata"
ACTIONS: Final = "c2pa.actions.v2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorship:
    """Whose something is; all of it may be empty.

    Attributes:
        author: A name.
        licence: What others may do with it.
        statement: What the artist says of it.
    """

    author: str = ""
    licence: str = ""
    statement: str = ""

    def __bool__(self) -> bool:
        return bool(self.author or self.licence or self.statement)


NOBODY: Final = Authorship()


def can_sign(suffix: str) -> bool:
    """Whether files with such a suffix can hold a manifest."""
    return suffix.lower() in MEDIA_TYPES


def credentials_folder() -> Path:
    """Where the certificate of this machine and its key lie."""
    return platformdirs.user_data_path("genstudio", appauthor=False) / "signing"


def offline_context(c2pa: Any, anchor_pem: str) -> Any:
    """Settings under which nothing is fetched."""
    settings: dict[str, Any] = {
        "builder": {"thumbnail": {"enabled": False}},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    }
    if anchor_pem:
        settings["trust"] = {"user_anchors": anchor_pem}
    try:
        return c2pa.Context(c2pa.Settings.from_dict(settings))
    except c2pa.C2paError:
        # The certificate of this machine is damaged; then nothing counts as signed by it.
        settings.pop("trust", None)
        return c2pa.Context(c2pa.Settings.from_dict(settings))


def c2pa_library() -> Any:
    """The library that signs and reads.

    Raises:
        SettingsError: The pack is not installed.
    """
    if find_spec("c2pa") is None:
        raise SettingsError(
            tr("Signing needs the pack “provenance”"),
            tr("It brings signatures by C2PA, and is not installed."),
            tr("pip install 'genstudio[provenance]', or export without a signature."),
        )
    return import_module("c2pa")


def own_anchor() -> str:
    """The certificate that vouches for this machine; empty where none was made yet."""
    try:
        content = read_file(credentials_folder() / "certificate.pem", largest_bytes=2**18)
    except OSError:
        return ""
    begin = b"-----BEGIN CERTIFICATE-----"
    return (begin + content.rpartition(begin)[2]).decode("ascii", "replace")
