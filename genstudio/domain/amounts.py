"""Times and sizes in short, for people."""

from datetime import timedelta

from genstudio.domain.language import tr

_MINUTE_S = 60


def duration(seconds: float) -> str:
    """A time in short, such as 45 s, 12 min or 3:05 h."""
    if seconds < 90:
        return tr("{seconds:.0f} s", seconds=seconds)
    if seconds < 90 * _MINUTE_S:
        return tr("{seconds:.0f} min", seconds=seconds / _MINUTE_S)
    return str(timedelta(minutes=round(seconds / _MINUTE_S)))[:-3] + " h"


def short_time(seconds: float) -> str:
    """What one thing takes: 3.2 ms, 45 ms, 1.4 s."""
    if seconds < 1:
        return tr("{number:.3g} ms", number=1000 * seconds)
    return tr("{number:.3g} s", number=seconds)


def disk_size(num_bytes: int) -> str:
    """Space on a disk, in MB or GB."""
    if num_bytes < 2**30:
        return tr("{num_bytes:.3g} MB", num_bytes=max(num_bytes / 2**20, 0.1))
    return tr("{num_bytes:.1f} GB", num_bytes=num_bytes / 2**30)
