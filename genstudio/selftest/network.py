"""Sees whether the program tries to reach a network: Python tells of every attempt."""

import sys
from collections.abc import Callable

# Making a socket reaches nobody; these do, or let others in.
_ATTEMPTS = frozenset(
    f"socket.{word}"
    for word in (
        "connect", "bind", "sendto", "sendmsg", "getaddrinfo", "gethostbyname", "gethostbyaddr",
        "getnameinfo",
    )
)  # fmt: skip


def _is_own_machine(arguments: tuple[object, ...]) -> bool:
    """Whether a socket is only opened to this machine: urllib3 tries so whether there is IPv6."""
    match arguments:
        case (_, (str(host), *_)):
            return host in {"::1", "127.0.0.1"}
        case _:
            return False


def watch_network() -> Callable[[], list[str]]:
    """Begin to note attempts to reach a network; gives what lists them.

    The interpreter keeps such a watch until its end.
    """
    noted: list[str] = []

    def on_event(event: str, arguments: tuple[object, ...]) -> None:
        if event in _ATTEMPTS and not (event == "socket.bind" and _is_own_machine(arguments)):
            noted.append(f"{event}{arguments[1:]}")

    sys.addaudithook(on_event)
    return lambda: list(noted)
