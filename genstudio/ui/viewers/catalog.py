"""The catalogue of viewers: a line for each artifact kind."""

from collections.abc import Callable
from typing import Final

from genstudio.domain.registry import Registry
from genstudio.ui.viewers.protocol import Viewer

VIEWERS: Final[Registry[Callable[[], Viewer]]] = Registry(
    "viewer",
    "genstudio.viewers",
    {
        "image": "genstudio.ui.viewers.image:ImageViewer",
        "clip": "genstudio.ui.viewers.clip:ClipViewer",
        "lora": "genstudio.ui.viewers.lora:LoraViewer",
        "molecule": "genstudio.ui.viewers.molecule:MoleculeViewer",
        "text": "genstudio.ui.viewers.text:TextViewer",
        "sound": "genstudio.ui.viewers.sound:SoundViewer",
        "notes": "genstudio.ui.viewers.sound:SoundViewer",
        # Of a picture with such a part.
        "heat": "genstudio.ui.viewers.heat:HeatViewer",
    },
)
