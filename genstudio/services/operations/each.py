"""Work on many files, of which one that cannot be read holds up none of the others."""

from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr, trn
from genstudio.domain.progress import Progress
from genstudio.services.operations.protocol import Made

_MOST_NAMED = 5


def each(
    files: Sequence[Path],
    make: Callable[[int, Path], Generator[Made | Progress, None, None]],
    words: str,
) -> Generator[Made | Progress, None, None]:
    """Have something made of one file after the other.

    Args:
        files: Each is taken alone.
        make: Makes it of the file with that number, counted from 1.
        words: What is being done, for the progress.

    Raises:
        DatasetError: At the end, of which files nothing could be made and why. At once where
            nothing was made of the first of them, if there is one only or all fail.
    """
    left_out: list[tuple[Path, DatasetError]] = []
    for number, path in enumerate(files, start=1):
        try:
            yield from make(number, path)
        except DatasetError as error:
            left_out.append((path, error))
            yield Progress(words, number, len(files))
    if not left_out:
        return
    if len(left_out) == len(files):
        raise left_out[0][1]
    named = " ".join(str(error) for _, error in left_out[:_MOST_NAMED])
    others = len(left_out) - _MOST_NAMED
    if others > 0:
        named += " " + trn("{number} more likewise.", "{number} more likewise.", others)
    raise DatasetError(
        trn(
            "Nothing was made of {number} file out of {count}",
            "Nothing was made of {number} files out of {count}",
            len(left_out),
            count=len(files),
        ),
        named,
        tr("All others are done."),
    )
