"""What a person can ask of a training run while it runs; answered between two steps."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait before the next step, holding everything in memory."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after a pause."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Save a checkpoint and end the run; it can be resumed later."""


@dataclass(frozen=True, slots=True)
class SampleNow:
    """Make a preview at once."""


@dataclass(frozen=True, slots=True)
class SaveNow:
    """Save a checkpoint at once."""


@dataclass(frozen=True, slots=True)
class MeasureNow:
    """Measure quality before the next checkpoint, however young the run is."""


@dataclass(frozen=True, slots=True)
class Change:
    """Change a setting of the run that may change while it runs.

    ``budget`` takes a :class:`~genstudio.domain.training.Budget`; settings of the architecture
    that are declared as ``live`` take what their form takes, and stay changed when the run is
    resumed. Anything else is refused with a message, and the run goes on.
    """

    setting: str
    value: object


Command = Pause | Resume | Stop | SampleNow | SaveNow | MeasureNow | Change
