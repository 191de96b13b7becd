"""A closed-loop load generator: many kept connections, one thread, requests made beforehand as bytes.

Each connection sends its next request as soon as its answer is whole. About 30 µs a request on one core, so it takes
little from a server beside it; what it takes, floor and product pay alike.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass
class Measured:
    """Requests answered 2xx or 304, others, seconds, CPU seconds of the servers, and latencies in seconds, sorted."""

    good: int
    bad: int
    seconds: float
    cpu: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        return self.good / self.seconds if self.seconds else 0.0

    @property
    def cpu_ms(self) -> float:
        return 1000 * self.cpu / self.good if self.good else 0.0

    def percentile(self, share: float) -> float:
        """Return a latency in milliseconds."""
        if not self.latencies:
            return 0.0
        return 1000 * self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


def cpu_seconds(pids: Sequence[int]) -> float:
    """Return the CPU time that living processes have used, in seconds.

    From the kernel's own clock of a process, in nanoseconds: /proc counts in hundredths of a second.
    """
    spent = 0.0
    for pid in pids:
        try:
            spent += time.clock_gettime((~pid << 3) | 2)
        except OSError:
            continue
    return spent


def http(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Return an HTTP/1.1 request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body or method != "GET":
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Line:
    """A kept connection and the answer that is being read from it; one request at a time."""

    __slots__ = ("buffer", "need", "sent_at", "socket", "status")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.need = -1
        self.status = 0
        self.sent_at = 0.0

    def send(self, request: bytes) -> None:
        """Send a request and wait for a new answer."""
        self.buffer, self.need = bytearray(), -1
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def take(self) -> bool:
        """Read what is there and return whether the answer is whole."""
        more = self.socket.recv(262_144)
        if not more:
            raise ConnectionError("the server closed the line")
        self.buffer += more
        if self.need < 0:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = bytes(self.buffer[:end]).lower()
            self.status = int(head[9:12])
            at = head.find(b"content-length:")
            self.need = end + 4 + (int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0)
        return len(self.buffer) >= self.need

    @property
    def head(self) -> str:
        """The lines of the answer's head."""
        return bytes(self.buffer).split(b"\r\n\r\n", 1)[0].decode("latin-1")

    @property
    def body(self) -> bytes:
        """The body of the answer."""
        return bytes(self.buffer).split(b"\r\n\r\n", 1)[1]


def _send_next(line: Line, source: Callable[[], bytes | None]) -> bool:
    request = source()
    if request is not None:
        line.send(request)
    return request is not None


def drive(
    port: int, sources: Sequence[Callable[[], bytes | None]], *, seconds: float, pids: Sequence[int] = ()
) -> Measured:
    """Drive one connection for each source until ``seconds`` are over or every source returns None."""
    chooser = selectors.DefaultSelector()
    lines = [(Line(port), source) for source in sources]
    good = bad = alive = 0
    latencies: list[float] = []
    before = cpu_seconds(pids)
    began = time.perf_counter()
    end = began + seconds
    for line, source in lines:
        chooser.register(line.socket, selectors.EVENT_READ, (line, source))
        alive += _send_next(line, source)
    while alive:
        now = time.perf_counter()
        if now > end + 30:
            raise RuntimeError("answers are missing 30 seconds after the end")
        for key, _events in chooser.select(1.0):
            line, source = key.data
            if not line.take():
                continue
            now = time.perf_counter()
            latencies.append(now - line.sent_at)
            if line.status < 400:
                good += 1
            else:
                bad += 1
            if now >= end or not _send_next(line, source):
                alive -= 1
    spent = time.perf_counter() - began
    used = cpu_seconds(pids) - before
    for line, _source in lines:
        chooser.unregister(line.socket)
        line.socket.close()
    chooser.close()
    latencies.sort()
    return Measured(good, bad, spent, used, latencies)
