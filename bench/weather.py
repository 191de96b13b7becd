"""An open-loop load generator: each request is due at a moment fixed beforehand, and its time counts from then.

So a server that stands still is not let off by a generator that waits. A request may have more to follow (a start after
a sign-in, the same again after a while): its time ends with the last answer.
"""

from __future__ import annotations

import heapq
import selectors
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.load import Line, cpu_seconds

Follow = tuple[float, bytes]


@dataclass
class Storm:
    """What came of a storm: seconds since due, sorted, and how many were refused, by status; 5xx are among them."""

    name: str
    waits: list[float] = field(default_factory=list)
    refused: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0
    cpu: float = 0.0

    def ms(self, share: float) -> float:
        """Return a wait in milliseconds."""
        return 1000 * self.waits[min(len(self.waits) - 1, int(share * len(self.waits)))] if self.waits else 0.0

    @property
    def cpu_ms(self) -> float:
        """CPU of the servers for each request, in milliseconds."""
        return 1000 * self.cpu / len(self.waits) if self.waits else 0.0

    @property
    def bad(self) -> int:
        """How many were refused."""
        return sum(self.refused.values())


@dataclass
class Due:
    """A request, when it is due (seconds from the beginning), on which line, and what to do with its answer.

    ``then`` returns what follows: after how many seconds which request, None where nothing does. ``storm`` counts it
    where it is not the storm that passes.
    """

    at: float
    line: int
    request: bytes | Callable[[], bytes]
    then: Callable[[Line], Follow | None] | None = None
    storm: Storm | None = None


def spread(count: int, seconds: float) -> list[float]:
    """Return ``count`` moments, evenly within ``seconds``."""
    return [seconds * place / count for place in range(count)]


def weather(name: str, port: int, dues: Sequence[Due], pids: Sequence[int] = (), patience: float = 90.0) -> Storm:
    """Send each request when it is due, or as soon after as its line is free; count from when it was due."""
    chooser = selectors.DefaultSelector()
    lines = [Line(port) for _ in range(max(due.line for due in dues) + 1)]
    queues: list[list[int]] = [[] for _ in lines]
    for number, line in enumerate(lines):
        chooser.register(line.socket, selectors.EVENT_READ, number)
    waiting = [(due.at, number) for number, due in enumerate(dues)]
    heapq.heapify(waiting)
    last = max(due.at for due in dues)
    storm, open_ones, before = Storm(name), len(dues), cpu_seconds(pids)

    def send_first(at: int) -> None:
        request = dues[queues[at][0]].request
        if lines[at].socket.fileno() < 0:
            lines[at] = Line(port)
            chooser.register(lines[at].socket, selectors.EVENT_READ, at)
        lines[at].send(request if isinstance(request, bytes) else request())

    began = time.perf_counter()
    while open_ones:
        now = time.perf_counter() - began
        while waiting and waiting[0][0] <= now:
            number = heapq.heappop(waiting)[1]
            at = dues[number].line
            queues[at].append(number)
            if len(queues[at]) == 1:
                send_first(at)
        pause = min(0.05, max(0.0, waiting[0][0] - now)) if waiting else 0.05
        if now > last + patience:
            raise RuntimeError(f"{open_ones} answers are missing {patience:.0f} s after the last request was due")
        for key, _events in chooser.select(pause):
            at = key.data
            line = lines[at]
            if not queues[at]:
                # The server closes a line on which nothing was said for half a minute.
                chooser.unregister(line.socket)
                line.socket.close()
                continue
            if not line.take():
                continue
            number = queues[at][0]
            due, now = dues[number], time.perf_counter() - began
            follow = due.then(line) if due.then else None
            if follow is not None and follow[0] == 0:
                line.send(follow[1])
                continue
            queues[at].pop(0)
            if follow is not None:
                due.request = follow[1]
                heapq.heappush(waiting, (now + follow[0], number))
            else:
                open_ones -= 1
                counts = due.storm or storm
                counts.waits.append(now - due.at)
                counts.seconds = now
                if line.status >= 400:
                    counts.refused[line.status] = counts.refused.get(line.status, 0) + 1
            if queues[at]:
                send_first(at)
    storm.cpu = cpu_seconds(pids) - before
    for line in lines:
        line.socket.close()
    chooser.close()
    for counts in {id(one): one for one in [storm, *(due.storm for due in dues if due.storm)]}.values():
        counts.waits.sort()
    return storm
