"""The file behind the gallery: its tables, and what to do when they are damaged or in use."""

import contextlib
import json
import sqlite3
import unicodedata
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from genstudio.domain.errors import ProjectError
from genstudio.domain.files import explained, is_file
from genstudio.services.toml_files import refuse_newer

SCHEMA_VERSION: Final = 1
_BUSY_TIMEOUT_S = 10.0
_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")

_SCHEMA = (
    """CREATE TABLE pictures (
        name TEXT PRIMARY KEY,
        identity TEXT NOT NULL,
        recipe TEXT NOT NULL,
        search TEXT NOT NULL,
        rating INTEGER NOT NULL DEFAULT 0 CHECK (rating BETWEEN 0 AND 5),
        added_ns INTEGER NOT NULL
    )""",
    "CREATE INDEX pictures_by_identity ON pictures (identity)",
    """CREATE TABLE tags (
        name TEXT NOT NULL REFERENCES pictures (name) ON DELETE CASCADE,
        tag TEXT NOT NULL,
        search TEXT NOT NULL,
        PRIMARY KEY (name, search)
    )""",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)
_ENTRY = """
    SELECT rowid, name, identity, recipe, search, rating, added_ns FROM pictures WHERE name = ?"""
_TAGS = "SELECT tag, search FROM tags WHERE name = ? ORDER BY rowid"
# Most pictures have none, so asking for the tags of each would take longer than all else.
_TAGS_OF_ALL = "SELECT name, CAST(tag AS TEXT) FROM tags ORDER BY rowid"
_TAGS_OF_SOME = """
    SELECT name, CAST(tag AS TEXT) FROM tags
    WHERE name IN (SELECT value FROM json_each(?)) ORDER BY rowid"""
# A place that a newer picture has taken meanwhile stays its own.
_PUT_BACK = """
    INSERT INTO pictures (rowid, name, identity, recipe, search, rating, added_ns)
    VALUES (nullif(:place, (SELECT rowid FROM pictures WHERE rowid = :place)),
        :name, :identity, :recipe, :search, :rating, :added_ns)"""
_DAMAGED = (
    "The gallery's index is damaged",
    "Move library.sqlite out of the project's folder: it is made again from the pictures.",
)
_UNWRITABLE = (
    "The gallery's index cannot be written",
    "Check that the project's folder is there and may be written to.",
)
_TROUBLES = {
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_ERROR: _DAMAGED,
    sqlite3.SQLITE_BUSY: ("The gallery is in use elsewhere", "Try again in a moment."),
    sqlite3.SQLITE_FULL: ("The disk is full", "Free some space, then try again."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedIndex:
    """An open index.

    Attributes:
        connection: May be used from any thread, by one at a time; commits by itself.
        is_new: Whether it was made just now, and is empty.
        was_repaired: Whether it was made in place of a damaged one.
    """

    connection: sqlite3.Connection
    is_new: bool
    was_repaired: bool = False


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """All that the index knows of one picture.

    Attributes:
        place: Decides the order of pictures that were added at the same moment.
        name: Path relative to the gallery's folder.
        identity: What it shares with the same picture made again.
        recipe: How it was made, as JSON.
        search: Its own words, as they are searched for.
        rating: Stars.
        added_ns: When the file was written.
        tags: Each as a person wrote it and as it is searched for, in their order.
    """

    place: int
    name: str
    identity: str
    recipe: str
    search: str
    rating: int
    added_ns: int
    tags: tuple[tuple[str, str], ...]


def take_out(database: sqlite3.Connection, name: str) -> IndexEntry | None:
    """Delete a picture from the index, and give what it knew; None if it knew of none."""
    row = database.execute(_ENTRY, [name]).fetchone()
    if row is None:
        return None
    tags = tuple(database.execute(_TAGS, [name]).fetchall())
    database.execute("DELETE FROM pictures WHERE name = ?", [name])
    return IndexEntry(*row, tags=tags)


def put_back(database: sqlite3.Connection, entry: IndexEntry) -> None:
    """Index a picture again as it was."""
    database.execute(_PUT_BACK, asdict(entry))
    database.executemany(
        "INSERT INTO tags (name, tag, search) VALUES (?, ?, ?)",
        [(entry.name, *tag) for tag in entry.tags],
    )


def tags_by_name(
    database: sqlite3.Connection, names: Sequence[str] | None = None
) -> dict[str, tuple[str, ...]]:
    """Tags of each picture that has some, in their order; of all pictures, or of those named."""
    rows = (
        database.execute(_TAGS_OF_ALL)
        if names is None
        else database.execute(_TAGS_OF_SOME, [json.dumps(names)])
    )
    gathered: dict[str, list[str]] = {}
    for tagged, tag in rows:
        gathered.setdefault(tagged, []).append(tag)
    return {tagged: tuple(tags) for tagged, tags in gathered.items()}


def folded(text: str) -> str:
    """Text as it is searched for and in."""
    return unicodedata.normalize("NFC", text.casefold())


def open_index(path: Path) -> OpenedIndex:
    """Open the index in a file, or make one; a damaged one is kept under another name.

    Raises:
        ProjectError: It cannot be read or written, or a newer program wrote it.
    """
    with explained_index(path):
        _refuse_to_follow_journal(path)
        try:
            return _open(path)
        except UnicodeDecodeError:
            pass  # Damage that is told with a name from the file, which is no text.
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
        _move_aside(path)
        return replace(_open(path), was_repaired=True)


@contextlib.contextmanager
def explained_index(path: Path) -> Generator[None]:
    """Turn the trouble of SQLite into one for people; our own mistakes go through."""
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.IntegrityError):
        raise
    except UnicodeDecodeError as error:
        raise damaged(path) from error
    except sqlite3.DatabaseError as error:
        raise _trouble(_code(error), path) from error


def damaged(path: Path) -> ProjectError:
    """The error for an index whose content makes no sense."""
    return _trouble(sqlite3.SQLITE_CORRUPT, path)


def _open(path: Path) -> OpenedIndex:
    connection = sqlite3.connect(
        path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    with contextlib.ExitStack() as on_failure:
        on_failure.callback(connection.close)
        is_new = _prepare(connection, path)
        on_failure.pop_all()
    return OpenedIndex(connection=connection, is_new=is_new)


def _prepare(connection: sqlite3.Connection, path: Path) -> bool:
    # Views and triggers of a stranger run when the index is used: none are ours.
    connection.execute("PRAGMA trusted_schema = OFF")
    is_new = not _version(connection, path)
    if not is_new and _schema(connection) != {_normal(sql) for sql in _SCHEMA[:-1]}:
        raise sqlite3.DatabaseError("schema")
    # A write-ahead log does not work on network drives.
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA foreign_keys = ON")
    if is_new:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            if not _version(connection, path):  # Another program may have been faster.
                for statement in _SCHEMA:
                    connection.execute(statement)
    elif connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise sqlite3.DatabaseError("quick_check")
    return is_new


def _schema(connection: sqlite3.Connection) -> set[str]:
    rows = connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
    return {_normal(str(sql)) for (sql,) in rows}


def _normal(sql: str) -> str:
    return " ".join(sql.split())


def _version(connection: sqlite3.Connection, path: Path) -> int:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    refuse_newer({"format_version": version}, path, SCHEMA_VERSION)
    return version


def _refuse_to_follow_journal(path: Path) -> None:
    """Set a journal aside that names another file: SQLite would delete that, wherever it is.

    Only a transaction over several databases names one (https://sqlite.org/fileformat.html,
    section 3, and its super-journals); ours has one.
    """
    journal = path.with_name(f"{path.name}-journal")
    if not is_file(journal):
        return
    with explained(journal), journal.open("rb") as file:
        file.seek(max(journal.stat().st_size - len(_JOURNAL_MAGIC), 0))
        names_another = file.read() == _JOURNAL_MAGIC
    if names_another:
        _move_aside(journal)


def _move_aside(path: Path) -> None:
    """Keep a damaged index for whoever may want to rescue ratings from it."""
    stamp = datetime.now(UTC).astimezone().strftime("%Y%m%d-%H%M%S-%f")
    with explained(path):
        path.replace(path.with_name(f"{path.name}.damaged-{stamp}"))


def _code(error: sqlite3.Error) -> int:
    """What went wrong, by SQLite's number; text that cannot be decoded has none."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF


def _is_damage(error: sqlite3.Error) -> bool:
    return _TROUBLES.get(_code(error)) is _DAMAGED


def _trouble(code: int, path: Path) -> ProjectError:
    title, hint = _TROUBLES.get(code, _UNWRITABLE)
    return ProjectError(title, f"This concerns {path}.", hint)
