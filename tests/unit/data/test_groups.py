"""Groups: found in folders or a table, kept together, and told where they leak."""

from pathlib import Path

import pytest

from genstudio.data.groups import apparent_groups, groups_of, in_both, together
from genstudio.domain.errors import DatasetError

NAMES = ["sick/p1/a.png", "sick/p1/b.png", "well/p1/c.png", "well/p2/d.png", "well/e.png"]


def test_the_folder_inside_a_class_is_a_group_across_classes(tmp_path: Path) -> None:
    found = groups_of(tmp_path, NAMES, "folder")
    assert found == {NAMES[0]: "p1", NAMES[1]: "p1", NAMES[2]: "p1", NAMES[3]: "p2"}
    assert groups_of(tmp_path, NAMES, "picture") == {}
    assert apparent_groups(tmp_path, NAMES) == found
    assert apparent_groups(tmp_path, ["a/b.png", "a/c.png"]) == {}


def test_a_table_puts_pictures_together(tmp_path: Path) -> None:
    (tmp_path / "groups.csv").write_text("file,group\nwell/e.png,p1\nnot there.png,p9\n", "utf-8")
    assert groups_of(tmp_path, NAMES, "table") == {"well/e.png": "p1"}
    assert apparent_groups(tmp_path, NAMES) == {"well/e.png": "p1"}


@pytest.mark.parametrize("content", [None, b"", b"a,b\n1,2\n", b"\xff\xfe"])
def test_a_table_that_is_none_is_refused_in_words(content: bytes | None, tmp_path: Path) -> None:
    if content == b"":
        (tmp_path / "groups.csv").write_bytes(content)
        assert groups_of(tmp_path, NAMES, "table") == {}
        return
    if content is not None:
        (tmp_path / "groups.csv").write_bytes(content)
    with pytest.raises(DatasetError, match=r"groups\.csv cannot be read"):
        groups_of(tmp_path, NAMES, "table")


def test_groups_and_look_alikes_form_chains() -> None:
    groups = {"a": "1", "b": "1", "c": "2", "d": "2", "e": "3"}
    leaders = together(groups, {"c": "b", "x": "y"})
    assert leaders == {"b": "a", "c": "a", "d": "a", "y": "x"}
    assert "e" not in leaders


def test_a_group_in_both_halves_is_named() -> None:
    groups = {"a": "1", "b": "1", "c": "2", "d": "3"}
    assert in_both(groups, ["a", "d"], ["a", "b", "c", "d"]) == ["1"]
    assert in_both(groups, ["c"], ["a", "b", "c", "d"]) == []
