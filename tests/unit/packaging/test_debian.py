"""The words of a Debian package."""

from email import message_from_string

from installers.debian import alternative, control, library_places, wanted_libraries


def test_a_control_file_holds_what_dpkg_wants() -> None:
    text = control(
        version="1.2",
        architecture="amd64",
        installed_kib=700_000,
        depends=["libc6 (>= 2.36)", "libegl1"],
        summary="A studio",
    )
    fields = message_from_string(text)

    assert fields["Package"] == "genstudio"
    assert fields["Depends"] == "libc6 (>= 2.36), libegl1"
    assert fields["Installed-Size"] == "700000"
    assert fields["Description"].splitlines()[0] == "A studio"
    # An empty line would end the description, and the package's record with it.
    assert "" not in text.rstrip("\n").split("\n")


def test_libraries_that_later_releases_call_otherwise_may_be_those() -> None:
    assert alternative("libglib2.0-0") == "libglib2.0-0 | libglib2.0-0t64"
    assert alternative("libc6 (>= 2.36)") == "libc6 (>= 2.36)"


def test_wanted_libraries_and_the_newest_glibc_are_read() -> None:
    told = """
a.so:     file format elf64-x86-64
Dynamic Section:
  NEEDED               libm.so.6
  NEEDED               libEGL.so.1
  SONAME               a.so
Version References:
  required from libc.so.6:
    0x09691a75 0x00 08 GLIBC_2.2.5
    0x069691b4 0x00 05 GLIBC_2.34
    0x069691b4 0x00 05 GLIBC_2.9
"""
    assert wanted_libraries(told) == ({"libm.so.6", "libEGL.so.1"}, "2.34")


def test_places_of_libraries_are_read() -> None:
    told = """2 libs found in cache “/etc/ld.so.cache”
\tlibEGL.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libEGL.so.1
"""
    assert library_places(told) == {"libEGL.so.1": "/lib/x86_64-linux-gnu/libEGL.so.1"}
