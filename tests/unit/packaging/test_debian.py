"""The words of a Debian package."""

from email import message_from_string

from installers.debian import alternatives, control


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
    assert alternatives("libglib2.0-0 (>= 2.12.0), libc6 (>= 2.34), libegl1") == [
        "libglib2.0-0 (>= 2.12.0) | libglib2.0-0t64",
        "libc6 (>= 2.34)",
        "libegl1",
    ]
    assert alternatives("") == []
