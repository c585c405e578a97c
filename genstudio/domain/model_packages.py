"""What lies in a model package: a ZIP file with a list of what is in it, and nothing that runs."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

SUFFIX: Final = ".genstudio"
MEDIA_TYPE: Final = "application/x-genstudio-model"
FORMAT_VERSION: Final = 1
# The first member, not compressed, so that file managers know the kind by the first bytes.
LIST: Final = "genstudio-model.json"
RUN: Final = "run.toml"
WEIGHTS: Final = "checkpoint/ema.safetensors"
STATE: Final = "checkpoint/state.json"
PREVIEW: Final = "checkpoint/preview.png"
SHEET: Final = "sheet.png"
CARD: Final = "card.html"
# Everything that a package may hold; nothing else is ever unpacked.
MEMBERS: Final = (RUN, WEIGHTS, STATE, PREVIEW, SHEET, CARD)
NEEDED: Final = frozenset({RUN, WEIGHTS, STATE})

_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class PackedFile(BaseModel):
    """One file of a package.

    Attributes:
        size: In bytes.
        sha256: Of its content.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    size: int = Field(ge=0, le=2**40)
    sha256: _Digest


class PackageList(BaseModel):
    """What a package says of itself.

    Attributes:
        format_version: Of this list.
        title: Name for people.
        run: Name of the run that it was, so that recipes of its results still name it.
        model_key: Architecture.
        step: Of the checkpoint.
        author: Whose it is; may be empty.
        licence: What others may do with it; may be empty.
        statement: What its author says of it; may be empty.
        software: Program and version that packed it.
        files: By name.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    format_version: int = Field(ge=1)
    title: str = Field(max_length=300)
    run: str = Field(pattern=r"^[^./\\:\x00]{1,120}$")
    model_key: str = Field(max_length=200)
    step: int = Field(ge=0, lt=2**53)
    author: str = Field(default="", max_length=300)
    licence: str = Field(default="", max_length=2000)
    statement: str = Field(default="", max_length=4000)
    software: str = Field(default="", max_length=200)
    files: dict[Annotated[str, Field(max_length=100)], PackedFile] = Field(max_length=len(MEMBERS))
