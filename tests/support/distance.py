"""A server that is far away: a proxy on the loopback that delays what passes, and counts the round trips."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import SimpleQueue


@dataclass
class Distance:
    """Where the proxy listens, and how often somebody waited for an answer since it began."""

    port: int
    round_trips: int = 0


@contextmanager
def far_away(path: str, seconds: float) -> Iterator[Distance]:
    """Yield a port of the loopback that leads to a socket, ``seconds`` away there and back."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        distance = Distance(listening.getsockname()[1])
        threading.Thread(target=_listen, args=(listening, path, seconds / 2, distance), daemon=True).start()
        yield distance


def _listen(listening: socket.socket, path: str, half: float, distance: Distance) -> None:
    with suppress(OSError):  # it was closed
        while True:
            client, _ = listening.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server = socket.socket(socket.AF_UNIX)
            server.connect(path)
            asked = threading.Event()
            for ends in ((client, server, True), (server, client, False)):
                _carry(*ends, half, distance, asked)


def _carry(
    source: socket.socket, target: socket.socket, out: bool, half: float, distance: Distance, asked: threading.Event
) -> None:
    waiting: SimpleQueue[tuple[float, bytes]] = SimpleQueue()

    def read() -> None:
        data = b"?"
        while data:
            data = b""
            with suppress(OSError):
                data = source.recv(1 << 16)
            # The first thing that is said after an answer is one more round trip.
            if out and data and not asked.is_set():
                asked.set()
                distance.round_trips += 1
            elif not out:
                asked.clear()
            waiting.put((time.monotonic() + half, data))

    def write() -> None:
        while True:
            due, data = waiting.get()
            time.sleep(max(0.0, due - time.monotonic()))
            with suppress(OSError):
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    return
                target.sendall(data)

    for work in (read, write):
        threading.Thread(target=work, daemon=True).start()
