"""On how many pictures the face finder sees how many faces.

    python tests/bench/bench_faces.py SET…

Each set is a folder of pictures, of which 60 are drawn, a picture, or a film, of which every tenth
frame is looked at. The finder is the one of this machine (packaging/get_faces.py). It is for a
person to say how many there are.
"""

import argparse
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from genstudio.data.decode import UnreadablePictureError, decode_thumbnail
from genstudio.data.listing import list_pictures
from genstudio.services.faces import installed_finder

_MOST, _EVERY, _SHOWN_PX = 60, 10, 640


def main(sets: list[Path]) -> None:
    finder = installed_finder()
    if finder is None:
        raise SystemExit("There is no face finder: packaging/get_faces.py.")
    for path in sets:
        counts = Counter(finder.count(image) for image in _pictures(path))
        told = ", ".join(f"{number} on {count}" for number, count in sorted(counts.items()))
        print(f"{path.name}: {told}", flush=True)


def _pictures(path: Path) -> Iterator[np.ndarray]:
    if path.suffix == ".mp4":
        import av

        with av.open(str(path)) as film:
            for number, frame in enumerate(film.decode(video=0)):
                if number % _EVERY == 0:
                    yield frame.to_ndarray(format="rgb24")
        return
    names = [path] if path.is_file() else [path / it for it in list_pictures(path.absolute()).names]
    for name in random.Random(0).sample(names, min(_MOST, len(names))):
        with suppress(UnreadablePictureError):
            yield decode_thumbnail(name, side=_SHOWN_PX)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path, nargs="+")
    main(parser.parse_args().sets)
