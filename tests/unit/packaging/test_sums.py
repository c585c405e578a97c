"""Lists of what is inside packages."""

from pathlib import Path

from installers.sums import pins_in, sums_of


def test_what_a_pack_brings_is_pinned(tmp_path: Path) -> None:
    for name, version in (("Alpha_Beta", "1.2"), ("gamma", "3.0.1")):
        folder = tmp_path / f"{name}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
    assert pins_in(tmp_path) == ["alpha_beta==1.2", "gamma==3.0.1"]


def test_checksums_are_written_as_sha256sum_reads_them(tmp_path: Path) -> None:
    file = tmp_path / "a.deb"
    file.write_bytes(b"abc")
    assert sums_of([file]) == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a.deb\n"
    )
