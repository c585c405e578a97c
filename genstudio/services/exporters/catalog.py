"""The catalogue of exporters: a line each."""

from typing import Final

from genstudio.domain.registry import Registry
from genstudio.services.exporters.protocol import Exporter

EXPORTERS: Final[Registry[Exporter]] = Registry(
    "exporter",
    "genstudio.exporters",
    {
        "folder": "genstudio.services.exporters.folder:EXPORTER",
        "web": "genstudio.services.exporters.web:EXPORTER",
        "sheet": "genstudio.services.exporters.sheet:EXPORTER",
        "game": "genstudio.services.exporters.game:EXPORTER",
        "video": "genstudio.services.exporters.video:EXPORTER",
        "zip": "genstudio.services.exporters.archive:EXPORTER",
    },
)
