"""Walks through a latent space as plain values: key frames, and how one goes between them."""

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from genstudio.domain.places import Place

Pace: TypeAlias = Literal["gentle", "steady", "jump"]
MOST_KEY_FRAMES: Final = 200
MOST_SECONDS: Final = 3600.0


class KeyFrame(BaseModel):
    """One stop of a walk.

    Attributes:
        place: Where it is.
        seconds: From here to the next stop.
        pace: How one goes there: slowing down at both ends, steadily, or at once at the end.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    place: Place
    seconds: float = Field(default=2.0, gt=0, le=MOST_SECONDS, allow_inf_nan=False)
    pace: Pace = "gentle"


class Walk(BaseModel):
    """A film to be made.

    Attributes:
        key_frames: Stops in order.
        is_loop: The way leads back to the first stop; the last frame is then the one before it, so
            that the film can be repeated without a jerk. Else the time of the last stop is how long
            it stays in view.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key_frames: tuple[KeyFrame, ...] = Field(min_length=1, max_length=MOST_KEY_FRAMES)
    is_loop: bool = True

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return sum(it.seconds for it in self.key_frames)

    def frames(self, fps: float) -> int:
        """How many frames it has; at least one."""
        return max(1, round(self.seconds * fps))

    def ways(self, fps: float) -> Iterator[tuple[int, int, float]]:
        """For each frame: the stop before it, the stop behind it, and how far it is between both.

        Args:
            fps: Frames a second.
        """
        ends: list[float] = []
        for key_frame in self.key_frames:
            ends.append((ends[-1] if ends else 0.0) + key_frame.seconds)
        at, last = 0, len(self.key_frames) - 1
        for number in range(self.frames(fps)):
            now = number / fps
            while at < last and now >= ends[at] - 1e-9:
                at += 1
            start = ends[at] - self.key_frames[at].seconds
            share = min(max((now - start) / self.key_frames[at].seconds, 0.0), 1.0)
            if at == last and not self.is_loop:
                yield at, at, 0.0
                continue
            yield at, (at + 1) % len(self.key_frames), _paced(share, self.key_frames[at].pace)


def _paced(share: float, pace: Pace) -> float:
    if pace == "jump":
        return 0.0
    return share * share * (3 - 2 * share) if pace == "gentle" else share
