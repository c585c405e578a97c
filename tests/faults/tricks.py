"""Hand-made hostile folders: what blind changes would hardly ever come upon."""

import json
import os
import shutil
import sqlite3
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from io import BytesIO
from pathlib import Path

from fuzz_cases import Trick
from mutations import png_chunks, png_of
from PIL import Image
from safetensors.torch import load, save
from valid_files import PROJECT, RUNS, psd

from genstudio.artifacts.image import RECIPE_KEY

_PROJECT = f"toy/{PROJECT}"
_RUN = f"{_PROJECT}/runs/{RUNS['toy']}"
# As large as a file can be made at once; on the disk it takes next to nothing.
_SPARSE_BYTES = 3 * 2**30

# --- files and folders that are something else --------------------------------------------------

_FILES = (
    f"{_PROJECT}/project.toml", f"{_PROJECT}/library.sqlite", f"{_PROJECT}/gallery/*1.png",
    f"{_PROJECT}/datasets/*/manifest.toml", f"{_PROJECT}/datasets/*/*/complete.json",
    f"{_PROJECT}/datasets/*/*/pixels.npy", f"{_RUN}/run.toml", f"{_RUN}/events.jsonl",
    f"{_RUN}/checkpoints/2/state.json", f"{_RUN}/checkpoints/2/checksums.json",
    f"{_RUN}/checkpoints/2/preview.png", f"{_RUN}/checkpoints/2/ema.safetensors",
    f"{_RUN}/checkpoints/2/optimizer.safetensors",
)  # fmt: skip
# The others may be as large as they like: they are read in parts.
_SMALL_FILES = tuple(
    path
    for path in _FILES
    if path.endswith((".toml", ".sqlite", "complete.json", "checksums.json"))
)
_RECORD = f"{_RUN}/events.jsonl"
_IN_CHECKPOINT = tuple(path for path in _FILES if "/checkpoints/" in path)
_FOLDERS = (
    f"{_PROJECT}/runs", f"{_PROJECT}/gallery", f"{_PROJECT}/datasets", f"{_PROJECT}/datasets/*",
    f"{_PROJECT}/datasets/*/*/", _RUN, f"{_RUN}/checkpoints", f"{_RUN}/checkpoints/2",
    f"{_RUN}/previews",
)  # fmt: skip


def _only(case: Path, pattern: str) -> Path:
    return next(path for path in sorted(case.glob(pattern)))


def _in_place_of(pattern: str, make: Callable[[Path], object]) -> Trick:
    def trick(case: Path) -> None:
        path = _only(case, pattern)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
        make(path)

    return trick


def _sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, _SPARSE_BYTES)


def _link_to(target: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        canary = next(parent for parent in path.parents if parent.name == "case").parent / "canary"
        path.symlink_to(target.replace("CANARY", str(canary)))

    return make


def _strange_files() -> Iterator[Trick]:
    for pattern in _FILES:
        yield _in_place_of(pattern, _link_to("CANARY/keep.txt"))
        yield _in_place_of(pattern, _link_to("CANARY/empty"))
        if pattern != _RECORD:
            yield _in_place_of(pattern, Path.mkdir)
        if pattern not in (_RECORD, *_IN_CHECKPOINT):
            yield _in_place_of(pattern, os.mkfifo)
            yield _in_place_of(pattern, _link_to("/dev/zero"))
    for pattern in _SMALL_FILES:
        yield _in_place_of(pattern, _sparse)
    for pattern in _FOLDERS:
        yield _in_place_of(pattern, _link_to("CANARY"))
        yield _in_place_of(pattern, _link_to("CANARY/missing"))
        yield _in_place_of(pattern, Path.touch)


def _leave(name: str, make: Callable[[Path], object]) -> Trick:
    """Put something into a project that does not belong there."""

    def trick(case: Path) -> None:
        path = case / _PROJECT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        make(path)

    return trick


def _write(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def _left_overs() -> Iterator[Trick]:
    run = f"runs/{RUNS['toy']}"
    yield _leave(".lock", _link_to("CANARY/keep.txt"))
    yield _leave(".owner.json", _link_to("CANARY/keep.txt"))
    yield _leave(".owner.json", _write(b"[" * 100_000))
    yield _leave(f"{run}/checkpoints/.partial-3-1", _link_to("CANARY"))
    yield _leave(f"{run}/checkpoints/3", _link_to("CANARY/3"))
    yield _leave(f"{run}/checkpoints/{'9' * 200}/checksums.json", _write(b"{}"))
    yield _leave(f"{run}/checkpoints/٣/checksums.json", _write(b"{}"))
    yield _leave(f"{run}/previews/{'9' * 200}.png", _write(b""))
    yield _leave("runs/link/run.toml", _link_to("CANARY/keep.txt"))
    yield _leave("gallery/pipe.png", os.mkfifo)
    yield _leave("gallery/link.png", _link_to("/dev/zero"))
    yield _leave("gallery/loop", lambda path: path.symlink_to(path))
    yield _leave("library.sqlite-journal", _link_to("CANARY/keep.txt"))


STRANGE_FOLDERS: tuple[Trick, ...] = (*_strange_files(), *_left_overs())
# A pipe or a device in a checkpoint is read without end; so is a record that is one endless line,
# and one that is no file cannot be written to.
DEVICE_FILES: tuple[Trick, ...] = (
    *(_in_place_of(pattern, os.mkfifo) for pattern in _IN_CHECKPOINT),
    *(_in_place_of(pattern, _link_to("/dev/zero")) for pattern in _IN_CHECKPOINT),
    _in_place_of(_RECORD, os.mkfifo),
    _in_place_of(_RECORD, Path.mkdir),
    _in_place_of(_RECORD, _sparse),
)


def link_out_of_gallery(case: Path) -> None:
    """Have a picture of the gallery be a link to a file of the person who looks at it."""
    _in_place_of(f"{_PROJECT}/gallery/*1.png", _link_to("CANARY/keep.txt"))(case)


def picture_of_the_future(case: Path) -> None:
    """Leave a picture whose time does not fit into the gallery's index, and no index."""
    os.utime(_only(case, f"{_PROJECT}/gallery/*1.png"), (13e9, 13e9))
    _only(case, f"{_PROJECT}/library.sqlite").unlink()


def abandoned_by_no_process(case: Path) -> None:
    """Leave half a cache whose process has a number that none can have, and no whole one."""
    dataset = _only(case, f"{_PROJECT}/datasets/*")
    shutil.rmtree(_only(dataset, "*/pixels.npy").parent)
    (dataset / f".partial-x-{'9' * 30}-1").mkdir()
    (dataset / ".partial-x-\u0664-1").mkdir()


# --- what a checkpoint and a run say ------------------------------------------------------------


def list_nameless_file(case: Path) -> None:
    """Have the list of checksums name a file by what is no text."""
    path = _only(case, f"{_RUN}/checkpoints/2/checksums.json")
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "\ud800": ""}))


def lose_optimizer_state(case: Path) -> None:
    """Take one tensor of an optimizer's state away."""
    path = _only(case, f"{_RUN}/checkpoints/2/optimizer.safetensors")
    tensors = load(path.read_bytes())
    tensors.pop(next(name for name in sorted(tensors) if name.endswith("/exp_avg")))
    path.write_bytes(save(tensors))


def branch_from_afar(case: Path) -> None:
    """Have a run grow out of a step with more digits than can be printed."""
    path = _only(case, f"{_RUN}/run.toml")
    content = path.read_text().replace('branched_from = ""', f'branched_from = "x/{"9" * 5000}"')
    path.write_text(content)


def save_at_the_end_of_time(case: Path) -> None:
    """Have a checkpoint be saved on a day that other time zones do not have, after ages."""
    path = _only(case, f"{_RUN}/checkpoints/2/state.json")
    late = {"saved_at": "9999-12-31T23:59:59-23:59", "seconds": 1e300}
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **late}))


# --- text ---------------------------------------------------------------------------------------


def text_in(pattern: str, *contents: str) -> tuple[Trick, ...]:
    """Replace a file by each of these."""
    return tuple(
        _in_place_of(pattern, _write(content.encode("utf-8", "surrogatepass")))
        for content in contents
    )


HOSTILE_TOML = (
    "a." * 500_000 + "a = 1", "[" + "a." * 500_000 + "a]", "a = " + "[" * 100_000,
    "a = " + "{a=" * 30_000, "format_version = 0x" + "f" * 900_000, "a = " + "9" * 900_000,
    "x = " + "1" * 2**20 * 3, '"""' * 300_000, "a = '" + "''" * 400_000, "[a]\n" * 200_000,
    "\n".join(f"[[a.b{number}]]" for number in range(60_000)), "a.b.c = 1\n" * 90_000, "#" * 10**6,
)  # fmt: skip
HOSTILE_JSON = (
    "[" * 900_000, '{"a":' * 150_000, "9" * 900_000, "1e" + "9" * 900_000,
    '"' + "\\u0000" * 150_000, "[" + "0," * 500_000 + "0]", "{" + '"a":1,' * 150_000 + '"a":1}',
    "\ufeff{}", "\ud800", '{"step": ' + "9" * 4299 + "}",
)  # fmt: skip

# --- the gallery's index ------------------------------------------------------------------------


def in_index(*statements: str) -> Trick:
    """Change the gallery's index as SQL can."""

    def trick(case: Path) -> None:
        with closing(sqlite3.connect(_only(case, f"{_PROJECT}/library.sqlite"))) as database:
            for statement in statements:
                database.execute(statement)
            database.commit()

    return trick


def _as_view(columns: str) -> tuple[str, ...]:
    return (
        "ALTER TABLE pictures RENAME TO real",
        f"CREATE VIEW pictures AS SELECT {columns} FROM real",  # noqa: S608  # it is our own
    )


_ENDLESS = "(WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n)"
_COLUMNS = "name, identity, recipe, search, rating, added_ns"


def deleting_journal(case: Path) -> None:
    """Leave a journal to roll back that names a file outside, which SQLite would then delete."""
    database = _only(case, f"{_PROJECT}/library.sqlite")
    victim = str(case.parent / "canary" / "keep.txt").encode()
    page_bytes, sector_bytes, pages = 4096, 512, database.stat().st_size // 4096
    magic = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
    header = magic + struct.pack(">IIIII", 0, 0, pages, sector_bytes, page_bytes)
    checksum = sum(byte - 256 if byte > 127 else byte for byte in victim) & 0xFFFFFFFF
    # The pointer to the journal of several databases: page of the lock, name, length, checksum.
    pointer = struct.pack(">I", 2**30 // page_bytes + 1) + victim
    pointer += struct.pack(">II", len(victim), checksum) + magic
    journal = header.ljust(sector_bytes, b"\0") + pointer
    database.with_name("library.sqlite-journal").write_bytes(journal)


def nameless_table(case: Path) -> None:
    """Have SQLite complain about a table whose name is no text."""
    path = _only(case, f"{_PROJECT}/library.sqlite")
    content = path.read_bytes().replace(b"CREATE TABLE tags", b"CREATE TABEL tags")
    path.write_bytes(content.replace(b"tags", b"t\xffgs"))


_UNCHECKED = "PRAGMA ignore_check_constraints = 1"
# SQLite does as a hostile index says: deletes a file, computes without end, takes gigabytes. Times
# after the year 2262 do not fit into it, and what it says of damage need not be text.
WORST_INDEXES: tuple[Trick, ...] = (
    deleting_journal,
    in_index(*_as_view(f"name, identity, recipe, search, {_ENDLESS} AS rating, added_ns")),
    in_index(
        *_as_view("name, identity, hex(zeroblob(499999999)) AS recipe, search, rating, added_ns")
    ),
    in_index(f"CREATE TRIGGER t AFTER UPDATE ON pictures BEGIN SELECT {_ENDLESS}; END"),
    picture_of_the_future,
    nameless_table,
)
HOSTILE_INDEXES: tuple[Trick, ...] = (
    in_index(*_as_view(f"{_COLUMNS}, 1 AS rowid")),
    in_index("CREATE TRIGGER t AFTER UPDATE ON pictures BEGIN DELETE FROM pictures; END"),
    in_index("DROP TABLE tags"),
    in_index("DROP TABLE pictures", "CREATE TABLE pictures (name, recipe)"),
    in_index("PRAGMA user_version = -1"),
    in_index("PRAGMA user_version = 2147483647"),
    in_index("PRAGMA journal_mode = WAL"),
    in_index(_UNCHECKED, "UPDATE pictures SET rating = 9223372036854775807"),
    in_index(_UNCHECKED, "UPDATE pictures SET rating = 'many'"),
    in_index(_UNCHECKED, "UPDATE pictures SET rating = 1e300"),
    in_index("UPDATE pictures SET name = '../../../canary/keep.txt' || rowid"),
    in_index("UPDATE pictures SET name = '/etc/passwd' || rowid"),
    in_index("UPDATE pictures SET name = x'00ff' || rowid"),
    in_index("UPDATE pictures SET added_ns = 9223372036854775807"),
    in_index("UPDATE pictures SET added_ns = 'yesterday'"),
    in_index("UPDATE pictures SET recipe = x'ff'"),
    in_index("UPDATE pictures SET recipe = 7"),
    in_index("UPDATE tags SET tag = x'ff' || rowid"),
    in_index("UPDATE tags SET tag = 7"),
    in_index("UPDATE tags SET tag = 1e999"),
)

# --- pictures -----------------------------------------------------------------------------------


def picture(kind: str, make: Callable[[], bytes]) -> Trick:
    """Put one more picture into a folder of them."""

    def trick(case: Path) -> None:
        folder = case / kind
        suffix = next(folder.iterdir()).suffix
        for path in folder.iterdir():
            path.unlink()
        (folder / f"trick{suffix}").write_bytes(make())

    return trick


def png(
    width: int, height: int, *, depth: int = 8, colours: int = 2, rows: int | None = None
) -> bytes:
    """A black picture; with fewer ``rows``, its pixels end early."""
    bits = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colours] * depth
    row = bytes(1 + (width * bits + 7) // 8) if rows != 0 else b""
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(row) for _ in range(height if rows is None else rows))
    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0)
    palette = [(b"PLTE", bytes(768))] if colours == 3 else []
    return png_of([(b"IHDR", header), *palette, (b"IDAT", pixels + packer.flush()), (b"IEND", b"")])


def _with_chunks(*chunks: tuple[bytes, bytes]) -> bytes:
    first, *rest = png_chunks(png(24, 20))
    return png_of([first, *chunks, *rest])


def _bomb(num_bytes: int) -> bytes:
    return zlib.compress(bytes(num_bytes), 9)


HOSTILE_PNGS: tuple[Callable[[], bytes], ...] = (
    lambda: png(60_000, 60_000, rows=0),
    lambda: png(2**31 - 1, 1, rows=0),
    lambda: png(13_500, 13_500, rows=3),
    lambda: png(0, 0, rows=0),
    lambda: _with_chunks((b"zTXt", b"genstudio\0\0" + _bomb(10**8))),
    lambda: _with_chunks((b"iTXt", b"genstudio\0\1\0\0\0" + _bomb(10**8))),
    lambda: _with_chunks((b"iCCP", b"profile\0\0" + _bomb(10**8))),
    lambda: _with_chunks(*[(b"zTXt", b"genstudio\0\0" + _bomb(10**6))] * 200),
    lambda: _with_chunks(*[(b"tEXt", b"genstudio\0x")] * 50_000),
    lambda: _with_chunks(*[(b"eXIf", b"MM\0*" + bytes(60_000))] * 50),
    lambda: _with_chunks((b"acTL", struct.pack(">II", 2**31 - 1, 0))),
    lambda: _with_chunks((b"iTXt", RECIPE_KEY.encode() + bytes(5) + b"[" * 60_000)),
    lambda: _with_chunks((b"iTXt", RECIPE_KEY.encode() + bytes(5) + b"\xed\xa0\x80")),
)


def gif_of_many_frames(count: int) -> bytes:
    """An animation of single dots."""
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x4c\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", 9, 9, 0x80, 0, 0) + bytes(6) + frame * count + b";"


def gif_with_comment(num_bytes: int) -> bytes:
    """A comment in as many blocks as it takes."""
    block = b"\xff" + b"x" * 255
    comment = b"\x21\xfe" + block * (num_bytes // 255) + b"\0"
    return gif_of_many_frames(0)[:-1] + comment + gif_of_many_frames(1)[19:]


def jpeg_of_many_scans(count: int, side: int = 3000) -> bytes:
    """A progressive picture whose last scan comes again and again."""
    file = BytesIO()
    Image.new("L", (side, side)).save(file, "JPEG", progressive=True, quality=10)
    content = file.getvalue()
    last_scan = content[content.rindex(b"\xff\xc4") : -2]
    return content[:-2] + last_scan * count + content[-2:]


def packed(kind: str, mode: str, side: int, **options: object) -> bytes:
    """A picture of one colour, as Pillow packs it."""
    file = BytesIO()
    Image.new(mode, (side, side)).save(file, kind, **options)
    return file.getvalue()


def psd_of(width: int, height: int) -> bytes:
    """A Photoshop file of the fewest bytes for its size."""
    run = b"\x81\0" * (width // 128 + 1)
    return psd(width, height, [run] * height)


HOSTILE_PICTURES: dict[str, Sequence[Callable[[], bytes]]] = {
    "png": HOSTILE_PNGS,
    "gif": (
        lambda: gif_of_many_frames(1_000_000),
        lambda: gif_with_comment(20_000_000),
        lambda: b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + gif_of_many_frames(1)[19:],
    ),
    "jpeg": (lambda: jpeg_of_many_scans(5000), lambda: packed("JPEG", "L", 200) * 5000),
    "ppm": (
        lambda: b"P6 99999 99999 255\n" + bytes(999),
        lambda: b"P3 13000 13000 255\n" + b"1 " * 300_000,
        lambda: b"P5 " + b"#\n" * 300_000 + b"9 9 255\n" + bytes(81),
        lambda: b"P5 " + b"9" * 300_000 + b" 9 255\n",
    ),
    "tiff": (
        lambda: packed("TIFF", "L", 20)[:4] + struct.pack("<I", 8) + struct.pack("<H", 65535) * 99,
    ),
}

# The largest that are read of each kind: they must fit into memory, and into the time.
BOMBS: tuple[tuple[str, Callable[[], bytes]], ...] = (
    ("png", lambda: png(13_377, 13_377, colours=6)),
    ("png", lambda: png(13_377, 13_377, depth=16, colours=0)),
    ("png", lambda: png(13_377, 13_377, depth=1, colours=0)),
    ("png", lambda: png(1_789_569, 100, colours=6)),
    ("png", lambda: png(100, 1_789_569)),
    ("webp", lambda: packed("WEBP", "RGBA", 7720, lossless=True, method=0)),
    ("avif", lambda: packed("AVIF", "RGBA", 7320, speed=10)),
    ("jp2", lambda: packed("JPEG2000", "RGBA", 6190)),
    ("jpeg", lambda: packed("JPEG", "RGB", 11_580, progressive=True, subsampling=0)),
    ("jpeg", lambda: jpeg_of_many_scans(40, side=11_580)),
    ("tiff", lambda: packed("TIFF", "RGBA", 9450, compression="tiff_lzw", tiffinfo={278: 9450})),
    ("tga", lambda: packed("TGA", "RGBA", 13_370, compression="tga_rle")),
    ("gif", lambda: packed("GIF", "P", 13_370)),
    ("psd", lambda: psd_of(13_370, 13_370)),
)  # fmt: skip
