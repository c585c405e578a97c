"""What counts as left behind when a package has been removed."""

from installers.chroot import leftovers, misfound


def test_what_came_with_the_program_and_stayed_is_left_behind() -> None:
    before = {"etc/hosts"}
    installed = {"etc/hosts", "usr/lib/genstudio/x", "usr/bin/genstudio", "usr/lib/libegl.so"}
    after = {"etc/hosts", "usr/lib/genstudio/x", "usr/lib/libegl.so"}

    assert leftovers(before, installed, after) == ["usr/lib/genstudio/x"]


def test_libraries_that_came_along_are_the_systems() -> None:
    assert leftovers(set(), {"usr/lib/libegl.so"}, {"usr/lib/libegl.so"}) == []


SELFTEST = """GenStudio tries itself.
ok      films: left out: the pack “video” is not installed (0.0 s)
ok      molecules: 24 learned (2.1 s)
ok      diffusion: left out: the pack “diffusion” is not installed (0.0 s)
All is well.
"""


def test_a_selftest_must_use_the_packs_that_are_there_and_no_others() -> None:
    assert misfound(SELFTEST, {"molecules"}) == ""
    assert "video" in misfound(SELFTEST, {"molecules", "video"})
    assert "24 learned" in misfound(SELFTEST, set())


def test_a_selftest_that_says_nothing_of_an_installed_pack_is_wrong() -> None:
    assert "molecules" in misfound("All is well.", {"molecules"})
