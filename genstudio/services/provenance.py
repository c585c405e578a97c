"""What a file claims of where it comes from, and whether that holds (C2PA)."""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final, cast

from genstudio.domain.errors import ProjectError
from genstudio.domain.files import is_file
from genstudio.domain.language import quoted, tr
from genstudio.domain.recipes import Recipe
from genstudio.services.content_credentials import (
    ACTIONS,
    MEDIA_TYPES,
    METADATA,
    NOBODY,
    ORIGIN,
    Authorship,
    c2pa_library,
    can_sign,
    offline_context,
    own_anchor,
)

_LARGEST_BYTES = 2**32
_CHANGED = "dataHash.mismatch", "bmffHash.mismatch", "boxesHash.mismatch", "hashedURI.mismatch"
_EXPIRED = "expired", "outsideValidity"


class State(Enum):
    """What became of a signed file."""

    # It carries no manifest.
    UNSIGNED = "unsigned"
    # It is as it was signed.
    INTACT = "intact"
    # It, or what it claims, was changed afterwards.
    CHANGED = "changed"
    # The certificate has expired, so that nothing can be said any more.
    EXPIRED = "expired"
    # It is signed, and the signature does not hold for another reason.
    INVALID = "invalid"
    # The manifest cannot be read.
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a file claims of itself, and whether that holds.

    Attributes:
        state: See there.
        signer: Name in the certificate.
        is_own: This machine signed it.
        software: Program that wrote the claim.
        is_synthetic: It claims that a trained model made it.
        authorship: Whose it is.
        recipe: How it was made, where that went along.
        unsigned_sha256: Checksum of the file before it was signed, where our program signed it.
        reason: What does not hold, as the library has it.
    """

    state: State
    signer: str = ""
    is_own: bool = False
    software: str = ""
    is_synthetic: bool = False
    authorship: Authorship = NOBODY
    recipe: Recipe | None = None
    unsigned_sha256: str = ""
    reason: str = ""

    def words(self) -> str:
        """All of it, for people."""
        said = [_STATE_WORDS[self.state]()]
        if self.state is State.INTACT:
            said.append(
                tr("It was signed on this machine.")
                if self.is_own
                else tr(
                    "It was signed by “{signer}”; whether that is who you think it is, the "
                    "program cannot know.",
                    signer=self.signer,
                )
            )
        if self.is_synthetic:
            said.append(
                tr("It says that a trained model made it ({software}).", software=self.software)
            )
        if self.authorship.author:
            said.append(tr("Author: {author}.", author=self.authorship.author))
        if self.authorship.licence:
            said.append(tr("Licence: {licence}.", licence=self.authorship.licence))
        if self.authorship.statement:
            said.append(quoted(self.authorship.statement))
        return " ".join(said)

    def record(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return {
            "state": self.state.value,
            "signer": self.signer,
            "own": self.is_own,
            "software": self.software,
            "synthetic": self.is_synthetic,
            "author": self.authorship.author,
            "licence": self.authorship.licence,
            "statement": self.authorship.statement,
            "recipe": None if self.recipe is None else self.recipe.model_dump(mode="json"),
            "reason": self.reason,
        }


_STATE_WORDS: Final = {
    State.UNSIGNED: lambda: tr("It is not signed: nothing can be said of where it comes from."),
    State.INTACT: lambda: tr("It is as it was when it was signed."),
    State.CHANGED: lambda: tr("It was changed after it was signed."),
    State.EXPIRED: lambda: tr(
        "The certificate that it was signed with has expired, so that its signature proves "
        "nothing any more."
    ),
    State.INVALID: lambda: tr("It is signed, but the signature is not valid."),
    State.UNREADABLE: lambda: tr("What it says of where it comes from is damaged."),
}


def origin_of(path: Path) -> Origin:
    """What a file claims of itself, and whether that holds; it is only read.

    Raises:
        ProjectError: It cannot be read, or its format can hold no manifest.
        SettingsError: The pack is not installed.
    """
    media_type = MEDIA_TYPES.get(path.suffix.lower())
    if media_type is None:
        raise ProjectError(
            tr("{name} cannot be signed", name=path.name),
            tr("Files of this kind hold no manifest."),
            tr("These do: {suffixes}.", suffixes=", ".join(MEDIA_TYPES)),
        )
    if not is_file(path) or path.stat().st_size > _LARGEST_BYTES:
        raise ProjectError(
            tr("{name} cannot be read", name=path.name),
            tr("{path} is no file.", path=path),
            tr("Choose another one."),
        )
    try:
        with path.open("rb") as file:
            return _read(c2pa_library(), media_type, file)
    except OSError as error:
        raise ProjectError(
            tr("{name} cannot be read", name=path.name),
            f"{path}: {error.strerror}.",
            tr("Choose another one."),
        ) from error


def is_signed_alike(path: Path, content: bytes) -> bool:
    """Whether a file and some content are one thing that was signed twice, and is unchanged."""
    if not can_sign(path.suffix) or not is_file(path):
        return False
    c2pa, media_type = c2pa_library(), MEDIA_TYPES[path.suffix.lower()]
    try:
        there = origin_of(path)
    except ProjectError:
        return False
    wanted = _read(c2pa, media_type, io.BytesIO(content))
    claims = {
        (it.state, it.unsigned_sha256, it.authorship, it.recipe and it.recipe.model_dump_json())
        for it in (there, wanted)
    }
    return len(claims) == 1 and there.state is State.INTACT and bool(there.unsigned_sha256)


def _read(c2pa: Any, media_type: str, file: Any) -> Origin:
    anchor = own_anchor()
    try:
        reader = c2pa.Reader.try_create(media_type, file, context=offline_context(c2pa, anchor))
        if reader is None:
            return Origin(state=State.UNSIGNED)
        state = reader.get_validation_state()
        results: dict[str, Any] = reader.get_validation_results() or {}
        manifest: dict[str, Any] = reader.get_active_manifest() or {}
    except c2pa.C2paError as error:
        return Origin(state=State.UNREADABLE, reason=str(error))
    return _origin(state, results, manifest)


def _origin(state: str, results: Mapping[str, Any], manifest: Mapping[str, Any]) -> Origin:
    active: dict[str, Any] = results.get("activeManifest") or {}
    failures = [_text(it.get("code")) for it in _entries(active.get("failure"))]
    found = State.INTACT
    if state == "Invalid":
        if any(code.endswith(_CHANGED) for code in failures):
            found = State.CHANGED
        elif any(code.endswith(_EXPIRED) for code in failures):
            found = State.EXPIRED
        else:
            found = State.INVALID
    signature: dict[str, Any] = manifest.get("signature_info") or {}
    generators = _entries(manifest.get("claim_generator_info"))
    generator: dict[str, Any] = generators[0] if generators else {}
    said = _assertions(manifest)
    actions = _entries(said.get(ACTIONS, {}).get("actions")) or _entries(
        said.get("c2pa.actions", {}).get("actions")
    )
    origin = said.get(ORIGIN, {})
    about = said.get(METADATA, {})
    return Origin(
        state=found,
        signer=_text(signature.get("common_name") or signature.get("issuer")),
        is_own=state == "Trusted",
        software=" ".join(_text(generator.get(name)) for name in ("name", "version")).strip(),
        is_synthetic=any(
            "trainedAlgorithmicMedia" in _text(it.get("digitalSourceType")) for it in actions
        ),
        authorship=Authorship(
            author=_text(about.get("dc:creator")),
            licence=_text(about.get("dc:rights")),
            statement=_text(about.get("dc:description")),
        ),
        recipe=_recipe(origin.get("recipe")),
        unsigned_sha256=_text(origin.get("sha256")),
        reason=", ".join(failures),
    )


def _assertions(manifest: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for it in _entries(manifest.get("assertions")):
        data = it.get("data")
        if isinstance(data, dict):
            found[_text(it.get("label"))] = cast("dict[str, Any]", data)
    return found


def _entries(value: Any) -> Sequence[dict[str, Any]]:
    if not isinstance(value, list):
        return ()
    entries = cast("list[object]", value)
    return [cast("dict[str, Any]", it) for it in entries if isinstance(it, dict)]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, cast("list[object]", value)))
    return value[:1000] if isinstance(value, str) else ""


def _recipe(value: Any) -> Recipe | None:
    if not isinstance(value, str):
        return None
    try:
        return Recipe.model_validate(json.loads(value))
    except ValueError:
        return None  # Somebody else's.
