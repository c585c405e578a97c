"""Numbers and times as files of strangers may hold them: within what can be counted and shown."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field


def _can_be_shown(moment: datetime) -> datetime:
    # At the ends of the calendar, another time zone's day does not exist.
    if not 1970 < moment.year < 9000:
        raise ValueError("nothing was made in that year")
    return moment


# More would overflow arrays of numbers, plots, and the index of the gallery.
Count = Annotated[int, Field(ge=0, lt=2**63)]
# Some thirty thousand years; clocks overflow at a hundred times that.
Seconds = Annotated[float, Field(ge=0, le=1e12)]
Moment = Annotated[datetime, AfterValidator(_can_be_shown)]
