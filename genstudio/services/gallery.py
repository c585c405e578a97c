"""The gallery: an index of generated pictures with ratings and tags, rebuilt from the files."""

import contextlib
import re
import sqlite3
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from genstudio.artifacts.catalog import ARTIFACTS, kind_of_file, suffix_of
from genstudio.artifacts.image import identity
from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.errors import GenStudioError, ProjectError, SettingsError
from genstudio.domain.files import explained
from genstudio.domain.language import tr
from genstudio.domain.operations import GENERATE
from genstudio.domain.recipes import Recipe
from genstudio.services import gallery_index, kept_pictures
from genstudio.services.gallery_files import picture_names
from genstudio.services.gallery_index import (
    IndexEntry,
    explained_index,
    folded,
    open_index,
    tags_by_name,
)
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.gallery_query import condition_of
from genstudio.services.kept_pictures import KeptPicture, KeptPictures
from genstudio.services.projects import Project, slug
from genstudio.services.trash import move_to_trash

MOST_STARS: Final = 5
_STEP_DIGITS = 9
_SEED_DIGITS = 10
_POSITION_DIGITS = 4

_SAVE = """
    INSERT INTO pictures (name, identity, recipe, search, added_ns) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET
        identity = excluded.identity, recipe = excluded.recipe, search = excluded.search,
        added_ns = excluded.added_ns"""
# An index from elsewhere may hold numbers and bytes where words belong.
_ITEMS = """
    SELECT CAST(name AS TEXT), CAST(recipe AS TEXT), CAST(rating AS INTEGER) FROM pictures"""
_COUNT = "SELECT count(*) FROM pictures"
_FEW_ROWS = 2000
_RATED = " WHERE rating >= ?"
_NEWEST = " ORDER BY added_ns DESC, rowid DESC LIMIT ?"

_Row = tuple[str, str, str, str, int]
# Leads nowhere but into the folder itself, on any system; what looks otherwise is examined.
_PLAIN_NAME = re.compile(r"[\w-][\w.-]*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedPicture:
    """A picture that was moved to the trash.

    Attributes:
        entry: Its name, rating, tags and what else the index knew of it.
        kept: The file, until the gallery is closed.
    """

    entry: IndexEntry
    kept: KeptPicture


class Gallery:
    """The pictures of a project; may be used from several threads and programs at once.

    The files are the truth: an index that is missing or damaged is made again
    from them, without ratings and tags; a damaged one is kept under another name.

    Attributes:
        repaired: Whether the index was damaged and had to be made again.

    Raises:
        ProjectError: The index cannot be written, or a newer program wrote it.
    """

    def __init__(self, project: Project, *, syncs: bool = True) -> None:
        """Open the index, or make it.

        Args:
            project: Whose pictures they are.
            syncs: Fill a new index at once; otherwise :meth:`syncing` is to be called.
        """
        self._folder = project.gallery.absolute()
        self._database = project.path / "library.sqlite"
        self._lock = threading.Lock()
        opened = open_index(self._database)
        self._connection = opened.connection
        self._kept = KeptPictures(project.path)
        self.repaired = opened.was_repaired
        if opened.is_new and syncs:
            with contextlib.ExitStack() as on_failure:
                on_failure.callback(self.close)
                self.sync()
                on_failure.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index, and of what could have been restored."""
        with self._lock:
            self._connection.close()
            self._kept.close()

    def add(self, image_HWC: np.ndarray, recipe: Recipe) -> GalleryItem:
        """Save a picture, uint8 of shape (height, width, channels); see :meth:`hang`."""
        return self.hang(Artifact(kind=IMAGE, data=image_HWC, seed=recipe.seed), recipe)

    def hang(self, artifact: Artifact, recipe: Recipe) -> GalleryItem:
        """Save an artifact with its recipe inside; one that is there already is not saved twice.

        Args:
            artifact: Of any kind in the catalogue.
            recipe: How it was made.

        Raises:
            ProjectError: The file or the index cannot be written.
        """
        kind = ARTIFACTS.get(artifact.kind)
        with self._writing() as database:
            known = database.execute(
                "SELECT name FROM pictures WHERE identity = ? ORDER BY rowid", [identity(recipe)]
            ).fetchone()
            suffix = suffix_of(artifact)
            name = known[0] if known else self._unused_name(recipe, suffix, database)
            if not (known and self._path(name).is_file()):
                kind.write(artifact, self._path(name), recipe)
                database.execute(_SAVE, self._row(name, recipe))
            item = self._found(database, name)
        assert item is not None, "it was saved just now"
        return item

    def sync(self) -> int:
        """Bring the index in line with the files.

        Pictures without a recipe, and files that are no pictures, are passed over.

        Returns:
            How many pictures were found or had vanished.

        Raises:
            ProjectError: The folder cannot be read, or the index cannot be written.
        """
        *_, changed = self.syncing()
        return changed

    def syncing(self) -> Iterator[int]:
        """The same, bit by bit, so that it can be given up; nothing is changed before its end.

        Yields:
            How many new pictures were read so far; as the last item, how many were found or had
            vanished.
        """
        # In this order, a picture that is added meanwhile is never taken for a vanished one.
        with self._reading() as database:
            known = {row[0] for row in database.execute("SELECT name FROM pictures")}
        present = set(self._file_names())
        found: list[_Row] = []
        for name in sorted(present - known):
            if row := self._read_row(name):
                found.append(row)
            yield len(found)
        vanished = [(name,) for name in known - present]
        with self._writing() as database:
            database.executemany("DELETE FROM pictures WHERE name = ?", vanished)
            database.executemany(_SAVE, found)
        yield len(found) + len(vanished)

    def items(
        self, query: str = "", *, minimum_rating: int = 0, limit: int | None = None
    ) -> list[GalleryItem]:
        """List pictures, newest first.

        Args:
            query: Words and filters, as :mod:`genstudio.services.gallery_query` reads them.
            minimum_rating: Fewest stars.
            limit: List no more than these.
        """
        most = -1 if limit is None else limit
        condition, values = condition_of(query)
        asked = f"{_ITEMS}{_RATED} AND {condition}{_NEWEST}"
        with self._reading() as database:
            rows = database.execute(asked, [minimum_rating, *values, most]).fetchall()
            # Those of all are read faster than those of many.
            names = [row[0] for row in rows] if len(rows) <= _FEW_ROWS else None
            tags = tags_by_name(database, names)
        return [self._item(row, tags.get(row[0], ())) for row in rows]

    def item(self, name: str) -> GalleryItem:
        """Look one picture up.

        Raises:
            ProjectError: There is no such picture.
        """
        with self._reading() as database:
            item = self._found(database, name)
        if item is None:
            raise _no_picture(name)
        return item

    def count(self, query: str = "", *, minimum_rating: int = 0) -> int:
        """Count what :meth:`items` would list."""
        condition, values = condition_of(query)
        with self._reading() as database:
            row = database.execute(
                f"{_COUNT}{_RATED} AND {condition}", [minimum_rating, *values]
            ).fetchone()
        return row[0]

    def rate(self, name: str, stars: int) -> None:
        """Give a picture up to five stars; 0 takes them away.

        Raises:
            SettingsError: Not that many stars.
            ProjectError: There is no such picture.
        """
        if not 0 <= stars <= MOST_STARS:
            raise SettingsError(
                tr("{stars} stars?", stars=stars),
                "",
                tr("Give 0 to {most_stars}.", most_stars=MOST_STARS),
            )
        self._path(name)
        with self._writing() as database:
            changed = database.execute(
                "UPDATE pictures SET rating = ? WHERE name = ?", [stars, name]
            ).rowcount
            if not changed:
                raise _no_picture(name)

    def tag(self, name: str, tags: Iterable[str]) -> None:
        """Give a picture these tags and no others; empty and repeated ones are dropped.

        Raises:
            ProjectError: There is no such picture.
        """
        self._path(name)
        unique: dict[str, str] = {}
        for tag in tags:
            if tag.strip():
                unique.setdefault(folded(tag.strip()), tag.strip())
        rows = [(name, tag, folded) for folded, tag in unique.items()]
        with self._writing() as database:
            if not _is_indexed(database, name):
                raise _no_picture(name)
            database.execute("DELETE FROM tags WHERE name = ?", [name])
            database.executemany("INSERT INTO tags (name, tag, search) VALUES (?, ?, ?)", rows)

    def remove(self, name: str) -> RemovedPicture | None:
        """Move a picture to the system's trash.

        Returns:
            What :meth:`restore` takes; None where the file had gone before.

        Raises:
            ProjectError: There is no such picture, or it cannot be moved.
        """
        path = self._own_path(name)
        with self._writing() as database:
            entry = gallery_index.take_out(database, name)
            if entry is None:
                raise _no_picture(name)
            if not path.exists():
                return None
            kept = self._kept.keep(path)
            move_to_trash(path)
        return RemovedPicture(entry=entry, kept=kept)

    def restore(self, removed: RemovedPicture) -> GalleryItem:
        """Put a removed picture back as it was, with its time, rating and tags.

        Raises:
            ProjectError: Its name is taken, its copy has gone, or it cannot be written.
        """
        name = removed.entry.name
        path = self._own_path(name)
        with self._writing() as database:
            if _is_indexed(database, name) or path.exists() or path.is_symlink():
                raise _name_taken(name)
            gallery_index.put_back(database, removed.entry)
            kept_pictures.put_back(removed.kept, path)
        return self.item(name)

    def _own_path(self, name: str) -> Path:
        """The path of a file that may be moved or written: no link leads out of the gallery."""
        path = self._path(name)
        if not path.parent.resolve().is_relative_to(self._folder.resolve()):
            raise _no_picture(name)
        return path

    def _path(self, name: str) -> Path:
        self._refuse_outside(name)
        return self._folder / name

    def _refuse_outside(self, name: str) -> None:
        if _PLAIN_NAME.fullmatch(name):
            return
        path = self._folder / name
        inside = path.parts[len(self._folder.parts) :]
        if not path.is_relative_to(self._folder) or not inside or {"..", "\0"} & {*inside, *name}:
            raise _no_picture(name)

    def _unused_name(self, recipe: Recipe, suffix: str, database: sqlite3.Connection) -> str:
        # With zeros, so that other programs sort them by their numbers.
        if recipe.run:
            stem = f"{slug(recipe.run)}-{recipe.step:0{_STEP_DIGITS}}"
        else:
            stem = f"{recipe.created.astimezone():%Y%m%d-%H%M%S}"
        if recipe.seed is not None:
            stem += f"-{recipe.seed:0{_SEED_DIGITS}}"
        if recipe.operation != GENERATE:
            stem += f"-{recipe.operation}-{recipe.position:0{_POSITION_DIGITS}}"
        name, number = f"{stem}{suffix}", 1
        while _is_indexed(database, name) or self._path(name).exists():
            number += 1
            name = f"{stem}-{number}{suffix}"
        return name

    def _file_names(self) -> Iterator[str]:
        with explained(self._folder / "pictures"):
            yield from picture_names(self._folder)

    def _read_row(self, name: str) -> _Row | None:
        try:
            kind = kind_of_file(name)
            recipe = None if kind is None else kind.read_recipe(self._path(name))
            return None if recipe is None else self._row(name, recipe)
        except (GenStudioError, FileNotFoundError):
            return None  # Not one of ours, or gone again.

    def _row(self, name: str, recipe: Recipe) -> _Row:
        words = [value for value in recipe.sampling.values() if isinstance(value, str)]
        words += [recipe.operation, *(given.name for given in recipe.inputs)]
        seed = "" if recipe.seed is None else str(recipe.seed)
        search = folded("\n".join((recipe.model_key, recipe.run, seed, name, *words)))
        # The index holds times up to the year 2262.
        added_ns = min(self._path(name).stat().st_mtime_ns, 2**63 - 1)
        return name, identity(recipe), recipe.model_dump_json(), search, added_ns

    def _found(self, database: sqlite3.Connection, name: str) -> GalleryItem | None:
        row = database.execute(f"{_ITEMS} WHERE name = ?", [name]).fetchone()
        if row is None:
            return None
        return self._item(row, tags_by_name(database, [name]).get(name, ()))

    def _item(self, row: Sequence[Any], tags: tuple[str, ...]) -> GalleryItem:
        name, recipe, rating = row
        self._refuse_outside(name)
        return GalleryItem(name, self._folder, recipe, rating, tags)

    @contextlib.contextmanager
    def _reading(self) -> Generator[sqlite3.Connection]:
        with self._lock, explained_index(self._database):
            yield self._connection

    @contextlib.contextmanager
    def _writing(self) -> Generator[sqlite3.Connection]:
        with self._lock, explained_index(self._database), self._connection as database:
            database.execute("BEGIN IMMEDIATE")
            yield database


def _is_indexed(database: sqlite3.Connection, name: str) -> bool:
    row = database.execute("SELECT 1 FROM pictures WHERE name = ?", [name]).fetchone()
    return row is not None


def _no_picture(name: str) -> ProjectError:
    return ProjectError(
        tr("“{name}” is not a picture of the gallery", name=name),
        tr("It may have been removed."),
        tr("Choose one that the gallery shows."),
    )


def _name_taken(name: str) -> ProjectError:
    return ProjectError(
        tr("“{name}” could not be brought back", name=name),
        tr("There is a picture of that name again, which is not written over."),
        tr("The removed one is still in the system's trash."),
    )
