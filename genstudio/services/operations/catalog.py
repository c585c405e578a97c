"""The catalogue of operations: a line each."""

from typing import Final

from genstudio.domain.registry import Registry
from genstudio.services.operations.protocol import Operation

OPERATIONS: Final[Registry[Operation]] = Registry(
    "operation",
    "genstudio.jobs",
    {
        "generate": "genstudio.services.operations.generate:OPERATION",
        "explore": "genstudio.services.operations.explore:OPERATION",
        "blend": "genstudio.services.operations.blend:OPERATION",
        "translate": "genstudio.services.operations.translate:OPERATION",
        "augment": "genstudio.services.operations.augment:OPERATION",
        "detect-anomalies": "genstudio.services.operations.detect:OPERATION",
    },
)
