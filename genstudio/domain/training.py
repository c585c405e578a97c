"""The settings of one training run, as frozen into its run file."""

import secrets
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from genstudio.domain.language import tr
from genstudio.domain.settings import Settings, setting

SIZES = (32, 64, 128, 256, 512, 1024)
# Side of what stands on a preview for a result that is no picture.
DRAWING_PX = 128

_STAMP = "%Y%m%d-%H%M%S"

StopWhen = Literal["budget only", "no longer better", "copying", "either"]
Precision = Literal["auto", "fp32", "bf16", "fp16"]


class Budget(BaseModel):
    """When a run is done: after so many steps, pictures seen, or minutes of training.

    The count starts at the beginning of the run, so a resumed run with the
    same budget ends where the uninterrupted one would have ended.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: Literal["steps", "images", "minutes"] = "minutes"
    amount: float = Field(default=30, gt=0, le=1e12)

    def progress(self, *, step: int, images_seen: int, seconds: float) -> float:
        """Share of the budget that is spent, from 0 to 1."""
        spent = {"steps": step, "images": images_seen, "minutes": seconds / 60}[self.unit]
        return min(spent / self.amount, 1.0)

    def __str__(self) -> str:
        return tr("{amount:g} {unit}", amount=self.amount, unit=tr(self.unit))


class DataOptions(Settings):
    """What of a folder a run learns from, as its modality makes it ready."""

    modality: str = Field("images", max_length=60)
    # How examples are laid out, as the modality found it when the run began; see DataSpec.
    layout: str = Field("", max_length=60)
    size: Literal[32, 64, 128, 256, 512, 1024] = 64
    bars: Literal[2, 4, 8, 16] = setting(
        2,
        title="Bars of a phrase — phrase length",
        help="How many bars of music are learned as one phrase. Longer ones need more music.",
        group="data",
    )
    notation: Literal["SMILES", "SELFIES"] = setting(
        "SMILES",
        title="How molecules are written — notation",
        help="SMILES are what chemists read. Any text in SELFIES is a molecule, also a wrongly "
        "learned one, so that what is made is less like yours; molecules that cannot be written "
        "so are left out.",
        group="data",
    )
    mirror: bool = setting(
        True,
        title="Also learn from mirrored pictures — horizontal flip",
        help="Doubles the pictures for free. Turn it off for lettering, or anything that "
        "would look wrong in a mirror.",
        group="data",
    )
    transparency: bool = setting(
        False,
        title="Learn what is see-through — alpha channel",
        help="Pictures come out cut out, as those that you give it are. Without it, they stand "
        "on white.",
        group="data",
    )
    colours: Literal["colour", "grey"] = setting(
        "colour",
        title="Colour or grey — channels",
        help="Grey learns and makes pictures of a single channel; pictures in colour become grey. "
        "Where all of yours are grey, it is chosen by itself. With an alpha channel, pictures have "
        "colours.",
        group="data",
    )
    reverse: bool = setting(
        False,
        title="The other way round — target to input",
        help="Learn the way from what should come out to what goes in.",
        group="data",
    )
    kinds: bool = setting(
        False,
        title="Tell the folders apart — class labels",
        help="Each folder inside yours is a kind of its own, and pictures can be asked for by "
        "kind.",
        group="data",
    )
    groups: Literal["picture", "folder", "table"] = setting(
        "picture",
        title="What stays together — groups",
        help="Pictures of one patient, one place or one day know of each other: with “folder”, "
        "those in a folder inside a class, with “table”, those that a file groups.csv (file, "
        "group) puts together, are either all kept aside or none.",
        advanced=True,
        group="data",
    )
    held_out: float = setting(
        0.1,
        title="Pictures kept aside — held-out share",
        help="This share of the pictures is not learned from, so that copies can be told from "
        "new pictures: at least 50, at most a fifth, and none of fewer than 50. 0 keeps none "
        "aside.",
        ge=0.0,
        le=0.2,
        advanced=True,
        group="data",
    )

    @property
    def channels(self) -> int:
        """Of pictures as they are learned: 1 for grey, 3 for RGB, 4 with the opacity."""
        if self.transparency:
            return 4
        return 1 if self.colours == "grey" else 3


class ComputeOptions(Settings):
    """What a run is computed with; it learns the same, but for rounding."""

    device: str = "auto"
    precision: Precision = "auto"
    devices: int = setting(
        1,
        title="Devices that share the work — data parallel",
        help="Several graphics cards take each step together, each with its part of the "
        "pictures: the run learns the same, sooner.",
        ge=1,
        le=64,
        advanced=True,
        group="compute",
    )
    accumulate: int = setting(
        1,
        title="Parts per step — gradient accumulation",
        help="Splits each step into this many parts, for the same result in less memory.",
        ge=1,
        le=64,
        advanced=True,
        group="compute",
    )


class LoopOptions(Settings):
    """How a run goes: how far a step goes, how often what is done, and when it ends."""

    batch: int = setting(
        32,
        title="Pictures per step — batch size",
        help="How many pictures are looked at before each small correction. "
        "More is steadier and needs more memory.",
        ge=2,
        le=1024,
    )
    budget: Budget = Budget()
    seed: int = Field(default_factory=lambda: secrets.randbelow(2**31), ge=0, lt=2**63)
    ema_half_life_kimg: float = setting(
        10.0,
        title="Steadiness of the result — EMA half-life",
        help="The pictures you see come from an average of recent versions of the model. "
        "Longer is smoother but follows more slowly.",
        ge=0.0,
        le=1000.0,
        unit="thousand pictures",
        advanced=True,
        group="loop",
    )
    gradient_clip: float = setting(
        0.0,
        title="Largest correction — gradient clipping",
        help="Limits how far one step may go; 0 switches it off.",
        ge=0.0,
        le=1000.0,
        advanced=True,
        group="loop",
    )
    stop_when: StopWhen = setting(
        "budget only",
        title="End before the time is up — stop condition",
        help="The run can end by itself when its pictures have not become better for five "
        "measurements, or when it begins to copy yours. What is saved stays, and it can go on.",
        advanced=True,
        group="loop",
    )
    # SHA-256 of the lesson in the run's folder that it follows beside its loss; empty for none.
    lesson: str = Field("", pattern=r"^([0-9a-f]{64})?$")
    preview_every_s: float = Field(20.0, gt=0)
    save_every_s: float = Field(60.0, gt=0)


class TrainingSettings(LoopOptions, ComputeOptions, DataOptions):
    """What every architecture needs to know to be trained, in one flat list, as files have it.

    Each part is a class of its own, so that whoever needs one part asks for no more. The
    architecture's own settings are in ``model``, checked against its Config.
    """

    model_key: str
    model: dict[str, Any] = Field(default_factory=dict)
    preset: str = "balanced"


def new_run_id(model_key: str, now: datetime | None = None) -> str:
    """Name a run so that folders sort by time: ``20260131-154500-gan-3f2a``."""
    stamp = (now or datetime.now(UTC).astimezone()).strftime(_STAMP)
    return f"{stamp}-{model_key}-{secrets.token_hex(2)}"


def run_stamp(run_id: str) -> datetime | None:
    """When a run was named, in local time without a zone; None for names of other kinds."""
    try:
        return datetime.strptime(run_id[:15], _STAMP)  # noqa: DTZ007  # the name has no zone
    except ValueError:
        return None
