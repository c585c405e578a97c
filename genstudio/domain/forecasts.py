"""What a run will need, found by some real steps of it."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from genstudio.domain.language import tr
from genstudio.domain.training import SIZES, TrainingSettings
from genstudio.domain.values import Count, Seconds

# Other programs need some memory, too, and a run needs a little more now and then.
_USABLE = 0.9
_FEWEST_PER_PART = 2
_MOST_PARTS = 64


class Forecast(BaseModel):
    """What some steps of a run took, and what follows for the whole.

    Attributes:
        device: Name of what computed them.
        precision: As it was chosen for the device.
        steps: How many were taken.
        seconds_per_step: Of the clock.
        processor_s_per_step: Of all threads of the process.
        seconds: From the start to the end of the budget.
        memory_bytes: The most that the process, or the graphics card, will hold.
        fixed_bytes: Of that, what does not depend on how many examples are in a part of a step.
        room_bytes: What there is.
        disk_bytes: Of decoded files and kept checkpoints.
        disk_room_bytes: What is free.
        parts: Parts that a step was taken in; more than were asked for if memory was short.
    """

    model_config = ConfigDict(frozen=True)

    device: str
    precision: str
    steps: Count
    seconds_per_step: Seconds
    processor_s_per_step: Seconds
    seconds: Seconds
    memory_bytes: Count
    fixed_bytes: Count
    room_bytes: Count
    disk_bytes: Count
    disk_room_bytes: Count
    parts: int = Field(ge=1)

    @property
    def fits_memory(self) -> bool:
        """Whether there is memory enough."""
        return self.memory_bytes <= _USABLE * self.room_bytes

    @property
    def fits_disk(self) -> bool:
        """Whether there is space enough."""
        return self.disk_bytes <= _USABLE * self.disk_room_bytes

    @property
    def fits(self) -> bool:
        """Whether the run can go to its end."""
        return self.fits_memory and self.fits_disk


class Remedy(BaseModel):
    """Settings with which a run should fit.

    Attributes:
        changes: Settings of the run that become others.
        why: What that means, in a sentence.
    """

    model_config = ConfigDict(frozen=True)

    changes: Mapping[str, JsonValue]
    why: str


def remedy(settings: TrainingSettings, forecast: Forecast) -> Remedy | None:
    """What makes a run fit into memory, the gentlest first; None if nothing here does.

    First come smaller parts of a step, which learn the same (gradient accumulation); then half
    the precision, where full precision was asked for; then a smaller size.
    """
    if forecast.fits_memory:
        return None
    room = _USABLE * forecast.room_bytes
    varies = max(0, forecast.memory_bytes - forecast.fixed_bytes)
    parts = max(forecast.parts, settings.accumulate)
    changes: dict[str, Any] = {}
    why: list[str] = []

    def is_enough() -> bool:
        return forecast.fixed_bytes + varies <= room

    most = min(_MOST_PARTS, settings.batch // _FEWEST_PER_PART)
    while not is_enough() and 2 * parts <= most:
        parts, varies = 2 * parts, varies // 2
        changes["accumulate"] = parts
    if changes:
        why.append(tr("each step is done in {parts} parts and learns the same", parts=parts))
    if not is_enough() and settings.precision == "fp32":
        changes["precision"], varies = "bf16", varies // 2
        why.append(tr("numbers are kept in half the precision"))
    sizes = [size for size in SIZES if size < settings.size]
    size = settings.size
    while not is_enough() and sizes:
        smaller = sizes.pop()
        varies = varies * smaller**2 // size**2
        changes["size"] = size = smaller
    if "size" in changes:
        why.append(tr("pictures are learned at {size} px", size=size))
    if not changes or not is_enough():
        return None
    return Remedy(changes=changes, why=_sentence(why))


def _sentence(parts: list[str]) -> str:
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."
