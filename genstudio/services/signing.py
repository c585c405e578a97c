"""Signs exports, so that others see where they come from and whether they were changed (C2PA).

A manifest inside the file says that a trained model made it, whose it is, and how it was made; its
signature covers both it and the file.
"""

import hashlib
import io
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import genstudio
from genstudio.artifacts.image import SOURCE_TYPE
from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.language import tr
from genstudio.services.content_credentials import (
    ACTIONS,
    MEDIA_TYPES,
    METADATA,
    NOBODY,
    ORIGIN,
    Authorship,
    c2pa_library,
    credentials_folder,
    offline_context,
)

if TYPE_CHECKING:
    from genstudio.services.credentials import Credentials


class Signer:
    """Signs files, many with one certificate.

    Args:
        credentials: That sign.

    Raises:
        SettingsError: The pack is not installed, or the certificate is not of a kind that may sign.
    """

    def __init__(self, credentials: "Credentials") -> None:
        c2pa = c2pa_library()
        self._c2pa = c2pa
        self._credentials = credentials
        algorithm = getattr(c2pa.C2paSigningAlg, credentials.algorithm)
        # An empty address of a time stamp is refused; none at all is meant.
        info = c2pa.C2paSignerInfo(algorithm, credentials.chain_pem, credentials.key_pem, None)
        try:
            self._signer = c2pa.Signer.from_info(info)
        except c2pa.C2paError as error:
            raise _useless_certificate(error) from error
        self._context = offline_context(c2pa, credentials.anchor_pem)

    def sign(
        self,
        content: bytes,
        suffix: str,
        *,
        title: str,
        recipe_json: str = "",
        is_synthetic: bool = True,
        authorship: Authorship = NOBODY,
    ) -> bytes:
        """The same file with a signed manifest; one that has a manifest stays as it is.

        Args:
            content: Of the file.
            suffix: Of its name, one of ``MEDIA_TYPES``.
            title: Its name.
            recipe_json: How it was made; empty where that does not go along.
            is_synthetic: Whether a trained model made it.
            authorship: Whose it is.

        Raises:
            SettingsError: The certificate is not of a kind that may sign.
            DatasetError: The file is damaged.
        """
        c2pa, media_type = self._c2pa, MEDIA_TYPES[suffix.lower()]
        try:
            if c2pa.Reader.try_create(media_type, io.BytesIO(content), context=self._context):
                return content  # Whoever signed it first said more than we know.
            signed = io.BytesIO()
            claim = _claim(content, media_type, title, recipe_json, is_synthetic, authorship)
            builder = c2pa.Builder(claim, self._context)
            builder.sign(self._signer, media_type, io.BytesIO(content), signed)
        except c2pa.C2paError.Signature as error:
            raise _useless_certificate(error) from error
        except c2pa.C2paError as error:
            raise DatasetError(
                tr("{title} cannot be signed", title=title), str(error), tr("Is it damaged?")
            ) from error
        return signed.getvalue()


def signer_for(certificate: str = "", key: str = "") -> Signer:
    """What signs with a person's own certificate, or else with that of this machine.

    Args:
        certificate: File; empty for this machine's.
        key: File with its key.

    Raises:
        SettingsError: Only one of both is named, they are of no use, or the pack is not installed.
        ProjectError: A file cannot be read, or this machine's certificate cannot be written.
    """
    c2pa_library()
    if bool(certificate.strip()) != bool(key.strip()):
        raise SettingsError(
            tr("A certificate needs its key, and a key its certificate"),
            "",
            tr("Choose both, or leave both empty for the certificate of this machine."),
        )
    credentials = import_module("genstudio.services.credentials")
    if not certificate.strip():
        return Signer(credentials.own_credentials(credentials_folder()))
    files = (Path(it.strip()).expanduser() for it in (certificate, key))
    return Signer(credentials.load_credentials(*files))


def words_about_certificate(place: str) -> str:
    """What lies at a place, for people; empty where nothing is named, or nothing can sign."""
    return _words_about("words_about_certificate", place)


def words_about_key(place: str) -> str:
    """The same for a private key."""
    return _words_about("words_about_key", place)


def _words_about(function: str, place: str) -> str:
    if not place.strip() or find_spec("c2pa") is None:
        return ""
    return getattr(import_module("genstudio.services.credentials"), function)(place)


def _claim(
    content: bytes,
    media_type: str,
    title: str,
    recipe_json: str,
    is_synthetic: bool,
    authorship: Authorship,
) -> dict[str, Any]:
    action: dict[str, Any] = {"action": "c2pa.created"}
    if is_synthetic:
        action["digitalSourceType"] = SOURCE_TYPE
    origin: dict[str, Any] = {"sha256": hashlib.sha256(content).hexdigest()}
    if recipe_json:
        # As text: the format's numbers end at 2⁶³, seeds do not.
        origin["recipe"] = recipe_json
    assertions: list[dict[str, Any]] = [
        {"label": ACTIONS, "data": {"actions": [action]}},
        {"label": ORIGIN, "data": origin},
    ]
    if authorship:
        about: dict[str, Any] = {"@context": {"dc": "http://purl.org/dc/elements/1.1/"}}
        if authorship.author:
            about["dc:creator"] = [authorship.author]
        if authorship.licence:
            about["dc:rights"] = authorship.licence
        if authorship.statement:
            about["dc:description"] = authorship.statement
        assertions.append({"label": METADATA, "data": about})
    return {
        "claim_generator_info": [{"name": "GenStudio", "version": genstudio.__version__}],
        "format": media_type,
        "title": title,
        "assertions": assertions,
    }


def _useless_certificate(error: Exception) -> SettingsError:
    return SettingsError(
        tr("The certificate may not sign pictures"),
        str(error),
        tr("Ask whoever issues it for one for C2PA, or leave the line empty."),
    )
