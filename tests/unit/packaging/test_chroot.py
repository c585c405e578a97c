"""What counts as left behind when a package has been removed."""

from installers.chroot import leftovers


def test_what_came_with_the_program_and_stayed_is_left_behind() -> None:
    before = {"etc/hosts"}
    installed = {"etc/hosts", "usr/lib/genstudio/x", "usr/bin/genstudio", "usr/lib/libegl.so"}
    after = {"etc/hosts", "usr/lib/genstudio/x", "usr/lib/libegl.so"}

    assert leftovers(before, installed, after) == ["usr/lib/genstudio/x"]


def test_libraries_that_came_along_are_the_systems() -> None:
    assert leftovers(set(), {"usr/lib/libegl.so"}, {"usr/lib/libegl.so"}) == []
