"""OSC messages as other programs send them."""

import socket
from importlib import import_module

from genstudio.services.live import LOOPBACK


def send_osc(port: int, address: str, *arguments: object) -> None:
    builder = import_module("pythonosc.osc_message_builder").OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    send_bytes(port, builder.build().dgram)


def send_bytes(port: int, content: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(content, (LOOPBACK, port))
