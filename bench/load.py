"""A closed-loop load generator: many kept connections, one thread, requests made beforehand as bytes.

Each connection sends its next request as soon as its answer is whole. About 30 µs a request on one core, so it takes
little from a server beside it; what it takes, floor and product pay alike.
"""

from __future__ import annotations

import os
import selectors
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


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
    """Return the CPU time that living processes have used, in seconds."""
    spent = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        spent += int(fields[11]) + int(fields[12])
    return spent / TICKS


def http(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Return an HTTP/1.1 request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body or method != "GET":
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class _Line:
    __slots__ = ("buffer", "need", "next_request", "sent_at", "socket", "status")

    def __init__(self, port: int, next_request: Callable[[], bytes | None]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.next_request = next_request
        self.buffer = b""
        self.need = -1
        self.status = 0
        self.sent_at = 0.0

    def send(self) -> bool:
        request = self.next_request()
        if request is None:
            return False
        self.buffer, self.need = b"", -1
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)
        return True

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
            head = self.buffer[:end].lower()
            self.status = int(head[9:12])
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            self.need = end + 4 + length
        return len(self.buffer) >= self.need


def drive(
    port: int, sources: Sequence[Callable[[], bytes | None]], *, seconds: float, pids: Sequence[int] = ()
) -> Measured:
    """Drive one connection for each source until ``seconds`` are over or every source returns None."""
    chooser = selectors.DefaultSelector()
    lines = [_Line(port, source) for source in sources]
    good = bad = alive = 0
    latencies: list[float] = []
    before = cpu_seconds(pids)
    began = time.perf_counter()
    end = began + seconds
    for line in lines:
        chooser.register(line.socket, selectors.EVENT_READ, line)
        alive += line.send()
    while alive:
        now = time.perf_counter()
        if now > end + 30:
            raise RuntimeError("answers are missing 30 seconds after the end")
        for key, _events in chooser.select(1.0):
            line = key.data
            if not line.take():
                continue
            now = time.perf_counter()
            latencies.append(now - line.sent_at)
            if line.status < 400:
                good += 1
            else:
                bad += 1
            if now >= end or not line.send():
                alive -= 1
    spent = time.perf_counter() - began
    used = cpu_seconds(pids) - before
    for line in lines:
        chooser.unregister(line.socket)
        line.socket.close()
    chooser.close()
    latencies.sort()
    return Measured(good, bad, spent, used, latencies)
