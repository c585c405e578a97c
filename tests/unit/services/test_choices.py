"""Choices are kept line by line, and what is damaged costs no more than itself."""

import random
from pathlib import Path

import pytest
from hung_pictures import hung

from genstudio.domain.errors import ProjectError
from genstudio.services.choices import choices_of, choose, two_to_compare
from genstudio.services.projects import Project, open_or_create


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return open_or_create(tmp_path / "Meadow")


def test_choices_are_kept_in_their_order(project: Project) -> None:
    assert choices_of(project) == []
    choose(project, "a.png", "b.png")
    choose(project, "c.png", "a.png")
    assert [(it.better, it.worse) for it in choices_of(project)] == [
        ("a.png", "b.png"),
        ("c.png", "a.png"),
    ]


def test_a_damaged_line_costs_no_more_than_itself(project: Project) -> None:
    choose(project, "a.png", "b.png")
    (path,) = project.path.glob("choices*")
    with path.open("ab") as file:
        file.write(b'{"better": "c.p')
    assert [it.better for it in choices_of(project)] == ["a.png"]


def test_a_project_that_is_gone_is_told(project: Project) -> None:
    for path in sorted(project.path.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    project.path.rmdir()
    with pytest.raises(ProjectError):
        choose(project, "a.png", "b.png")


def test_two_different_pictures_are_compared(project: Project) -> None:
    generator = random.Random(0)  # no secret
    items = hung(project.gallery, 3)
    seen = {two_to_compare(items, generator) for _ in range(50)}
    assert {tuple(sorted(it.name for it in pair)) for pair in seen if pair} == {
        ("0.png", "1.png"),
        ("0.png", "2.png"),
        ("1.png", "2.png"),
    }
    assert two_to_compare(items[:1], generator) is None
