"""Performing live: a place that moves by itself and by messages of other programs (OSC 1.0).

Messages come over UDP, from this machine only unless a person says otherwise. It is off until it is
switched on, and nothing else in the program opens a port.
"""

import math
import queue
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from genstudio.domain.errors import DeviceError, SettingsError
from genstudio.domain.language import tr
from genstudio.domain.places import Place

DEFAULT_PORT: Final = 9000
LOOPBACK: Final = "127.0.0.1"
ANYWHERE: Final = "0.0.0.0"  # noqa: S104 - only where a person asks for it
_PREFIX: Final = "/genstudio/"
_MOST_SIGMAS = 10.0
_MOST_SPEED = 5.0
_SEEDS_END = 2**63
# So fast sliders of other programs are followed: nine tenths of the way after this long.
_SETTLED_S = 0.15


@dataclass(frozen=True, slots=True)
class Message:
    """What another program asks for: an address without its beginning, and its arguments."""

    address: str
    arguments: tuple[Any, ...]


@dataclass(slots=True)
class Performance:
    """A place that moves: along the way from seed to seed, and to where messages send it.

    Attributes:
        speed: Seeds a second; 0 stays.
        seeds: From the first towards the second.
        share: How far between both.
        moves: Direction => sigmas that are wanted.
        directions: How many there are.
        understood: Messages that meant something.
        refused: What was wrong with the last one that did not; empty if none was wrong.
    """

    seeds: tuple[int, int]
    speed: float = 0.2
    share: float = 0.0
    moves: dict[int, float] = field(default_factory=dict[int, float])
    directions: int = 64
    understood: int = 0
    refused: str = ""
    _shown: dict[int, float] = field(default_factory=dict[int, float])

    def take(self, message: Message) -> None:
        """Do what a message asks for; one that makes no sense is told and changes nothing."""
        try:
            self._take(message)
        except (ValueError, TypeError, IndexError, OverflowError):
            shown = " ".join(map(str, message.arguments))[:60]
            self.refused = tr(
                "{address} {arguments} means nothing here", address=message.address[:60],
                arguments=shown,
            )  # fmt: skip
        else:
            self.understood += 1
            self.refused = ""

    def advance(self, seconds: float, next_seed: Callable[[], int]) -> Place:
        """Go on for some time.

        Args:
            seconds: Since the last time.
            next_seed: Gives the seed behind the next.
        """
        self.share += self.speed * seconds
        while self.share >= 1.0:
            self.share -= 1.0
            self.seeds = self.seeds[1], next_seed()
        kept = math.exp(-seconds * math.log(10) / _SETTLED_S)
        for number in {*self.moves, *self._shown}:
            wanted = self.moves.get(number, 0.0)
            now = self._shown.get(number, 0.0)
            self._shown[number] = wanted + (now - wanted) * kept
        moves = {number: round(it, 3) for number, it in self._shown.items() if abs(it) >= 0.005}
        # Slower at the seeds, which are what the model learned to draw.
        share = self.share * self.share * (3 - 2 * self.share)
        return Place(seeds=self.seeds, across=share, moves=moves)

    def _take(self, message: Message) -> None:
        name, _, rest = message.address.partition("/")
        arguments = message.arguments
        if name == "seed":
            self.seeds = _seed(arguments[0]), self.seeds[1]
            self.share = 0.0
        elif name == "next":
            self.seeds = self.seeds[0], _seed(arguments[0])
        elif name == "speed":
            self.speed = min(max(_number(arguments[0]), 0.0), _MOST_SPEED)
        elif name == "position":
            self.share = min(max(_number(arguments[0]), 0.0), 0.999)
        elif name == "direction":
            # As one address for each, which controllers send, or with the number as an argument.
            number, value = (int(rest), arguments[0]) if rest else (arguments[0], arguments[1])
            if isinstance(number, bool) or not isinstance(number, int):
                raise TypeError(number)
            if not 1 <= number <= self.directions:
                raise ValueError(number)
            self.moves[number] = min(max(_number(value), -_MOST_SIGMAS), _MOST_SIGMAS)
        elif name == "still":
            self.moves = {}
        else:
            raise ValueError(name)


class OscReceiver:
    """Hears OSC messages on a port until it is closed.

    Attributes:
        messages: What came, in order.
        port: That it hears.

    Args:
        port: From 1024 on; 0 for any that is free.
        host: Addresses that are heard on.

    Raises:
        SettingsError: The pack "live" is not installed.
        DeviceError: The port is in use.
    """

    def __init__(self, port: int = DEFAULT_PORT, host: str = LOOPBACK) -> None:
        if find_spec("pythonosc") is None:
            raise SettingsError(
                tr("Performing live needs the pack “live”"),
                tr("What hears the messages of other programs is not installed."),
                tr("pip install 'genstudio[live]'; without it the walk goes on by itself."),
            )
        self.messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        dispatcher = import_module("pythonosc.dispatcher").Dispatcher()
        dispatcher.map(f"{_PREFIX}*", self._on_message)
        server = import_module("pythonosc.osc_server")
        try:
            self._server = server.BlockingOSCUDPServer((host, port), dispatcher)
        except OSError as error:
            raise DeviceError(
                tr("Port {port} cannot be listened to", port=port),
                str(error.strerror or error),
                tr("Another program uses it: choose another number."),
            ) from error
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="genstudio-osc")
        self._thread.start()

    def received(self) -> Sequence[Message]:
        """What came since the last time."""
        found: list[Message] = []
        while not self.messages.empty():
            found.append(self.messages.get_nowait())
        return found

    def close(self) -> None:
        """Hear nothing any more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _on_message(self, address: str, *arguments: Any) -> None:
        self.messages.put(Message(address.removeprefix(_PREFIX), arguments))


def random_seed() -> int:
    """A seed that nobody chose."""
    return random.SystemRandom().randrange(2**31)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(value)
    return float(value)


def _seed(value: Any) -> int:
    # Controllers send numbers with a point.
    number = _number(value)
    if number != int(number) or not 0 <= number < _SEEDS_END:
        raise ValueError(value)
    return int(value)
