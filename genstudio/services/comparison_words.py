"""What a comparison says, whatever its runs make: rows of a table, and what follows from them."""

from genstudio.services.compared_materials import AnyComparison, MaterialComparison
from genstudio.services.compared_rows import Row, rows_of
from genstudio.services.conclusions import Conclusion, conclusions
from genstudio.services.material_conclusions import material_conclusions
from genstudio.services.material_rows import material_rows


def table_rows(comparison: AnyComparison) -> list[Row]:
    """Rows, with a cell for each run."""
    if isinstance(comparison, MaterialComparison):
        return material_rows(comparison)
    return rows_of(comparison)


def said_of(comparison: AnyComparison) -> tuple[Conclusion, ...]:
    """Sentences, the most important one first."""
    if isinstance(comparison, MaterialComparison):
        return material_conclusions(comparison)
    return conclusions(comparison)
