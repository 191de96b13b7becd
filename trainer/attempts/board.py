"""The invigilator's board as this process serves it: gathered at most once a second, and handed out as packed bytes.

A page draws the board once from all that there is of everybody (``whole``). From then on it asks every few seconds for
what may have changed, as columns over all people in the same order (``news``): states repeat and numbers are short, so
that a thousand people pack into a few kilobytes, whatever happened and whichever process answers. Where the people
themselves have changed, another digest says so, and the page asks for the whole once more.

A copy of the news is good for ``REST_SECONDS`` and for everybody who may watch the exam; that is asked with each
request and not here. Its answers are counted anew only where something was saved (``desk_queries.Counted``), and from
scratch every ``RECOUNT_SECONDS``, because the note of a save is lost where a process dies before it has written it
down. The whole is always counted from scratch.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.orm import Session

from trainer.attempts.desk_queries import Counted, Desk, board

REST_SECONDS = 1.0
RECOUNT_SECONDS = 60.0
EXAMS_MOST = 64
LEVEL = 4


@lru_cache(maxsize=16_384)
def clock_of(moment: datetime | None, zone: ZoneInfo) -> str | None:
    """Return the time of day of a moment in a zone, as boards show it; None stays None."""
    return moment.astimezone(zone).strftime("%H:%M:%S") if moment is not None else None


def person_of(desk: Desk, room: str, zone: ZoneInfo) -> dict[str, Any]:
    """Return what hardly ever changes of a candidate."""
    return {
        "id": str(desk.candidate_id),
        "name": desk.name,
        "username": desk.username,
        "unit": desk.unit_name,
        "room": room,
        "items": desk.item_count,
        "shift": desk.shift_minutes,
        "opens": desk.opens_at.astimezone(zone).strftime("%m-%d %H:%M") if desk.shift_minutes else None,
    }


NEWS = (
    "state",
    "answered",
    "incidents",
    "left",
    "marked",
    "extra",
    "again",
    "started",
    "saved",
    "submitted",
    "deadline",
)


def news_of(desk: Desk, now: datetime, zone: ZoneInfo) -> tuple[Any, ...]:
    """Return what may change of a candidate at any time, in the order of ``NEWS``."""
    return (
        desk.stands(now),
        desk.answered,
        desk.incidents,
        desk.focus_losses,
        desk.over_threshold,
        desk.extra_minutes,
        desk.state == "submitted" and desk.attempts >= desk.attempts_allowed,
        clock_of(desk.started_at, zone),
        clock_of(desk.last_saved_at, zone),
        clock_of(desk.submitted_at, zone),
        clock_of(desk.deadline_at, zone),
    )


def people_digest(desks: Sequence[Desk]) -> str:
    """Return what tells one list of people, with their rooms and windows, from another."""
    told = [(one.candidate_id, one.name, one.unit_name, one.sitting_id, one.item_count, one.opens_at) for one in desks]
    return hashlib.sha256(orjson.dumps(told)).hexdigest()[:16]


def whole(desks: Sequence[Desk], rooms: dict[int, str], now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Return the whole board as JSON data; ``rooms`` are the names of the sittings by id, empty for a single one."""
    lines = [
        person_of(one, rooms.get(one.sitting_id, ""), zone) | dict(zip(NEWS, news_of(one, now, zone), strict=True))
        for one in desks
    ]
    return {"people": people_digest(desks), "desks": lines}


@dataclass(frozen=True)
class News:
    """A copy of the news of one exam: JSON, the same packed, its tag, and when it was made (the clock's seconds)."""

    plain: bytes
    packed: bytes
    tag: str
    made: float


@dataclass
class _Kept:
    lock: threading.Lock
    counted: Counted
    counted_since: float
    news: News | None = None


class Boards:
    """The news of all exams that are watched. ``clock`` counts seconds from anywhere, as ``time.monotonic`` does."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._kept: dict[int, _Kept] = {}
        self._mutex = threading.Lock()

    def forget(self) -> None:
        """Drop everything, for tests and after a database has been restored."""
        self._kept.clear()

    def news(self, session: Session, exam_id: int, now: datetime, zone: ZoneInfo) -> News:
        """Return the news of an exam, at most ``REST_SECONDS`` old. Who asks meanwhile waits for the same copy."""
        kept = self._of(exam_id)
        with kept.lock:
            at = self.clock()
            if kept.news is not None and at - kept.news.made < REST_SECONDS:
                return kept.news
            if at - kept.counted_since >= RECOUNT_SECONDS:
                kept.counted, kept.counted_since = Counted(), at
            desks = board(session, exam_id, kept.counted)
            columns = list(zip(*(news_of(one, now, zone) for one in desks), strict=True)) or [()] * len(NEWS)
            plain = orjson.dumps({"people": people_digest(desks), "news": dict(zip(NEWS, columns, strict=True))})
            packed = gzip.compress(plain, LEVEL, mtime=0)
            kept.news = News(plain, packed, hashlib.sha256(plain).hexdigest()[:20], at)
            return kept.news

    def _of(self, exam_id: int) -> _Kept:
        with self._mutex:
            if exam_id not in self._kept and len(self._kept) >= EXAMS_MOST:
                self._kept.pop(next(iter(self._kept)))
            return self._kept.setdefault(exam_id, _Kept(threading.Lock(), Counted(), self.clock()))


boards = Boards()
