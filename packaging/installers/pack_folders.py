"""Where the packed program finds packs: folders beside it, which packages of their own put there.

Part of the packed program; the source tree has its packs in its environment. Standard library only.
"""

from pathlib import Path

FOLDER = "packs"
# Says which version of the program the pack was made for.
MARK = "genstudio-pack.txt"


def beside(program: str, version: str) -> list[str]:
    """Folders of the packs that are installed, to be searched for modules after all others.

    Those that were made for another version are passed over: they may lack what this one has no
    longer, or want what it has not.

    Args:
        program: The program's file, or a link to it.
        version: Of the program.
    """
    try:
        found = sorted((Path(program).resolve().parent / FOLDER).iterdir())
    except OSError:
        return []
    return [str(folder) for folder in found if _version(folder) == version]


def _version(folder: Path) -> str:
    try:
        return (folder / MARK).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
