"""When people sit an exam and how long they take over each item. Times are aware UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from question_bank import Item
from trainer.demo.rules.answering import draw_answer

# Some run out of time, and the site hands in for them.
OVERRUN = 0.02
CHANGED = 0.08


@dataclass(frozen=True, slots=True)
class Sitting:
    """How somebody sits an exam. ``seconds`` is how long they write, None until the time runs out."""

    username: str
    ability: float
    started_at: datetime
    seconds: int | None


@dataclass(frozen=True, slots=True)
class Written:
    """One answer as it was given; ``seq`` counts the answers to this item from 1."""

    number: int
    seq: int
    answer: Any
    given_at: datetime


def seconds_taken(random: Random, minutes: int) -> int | None:
    """Return how long somebody writes a paper of ``minutes``, None for who overruns."""
    if random.random() < OVERRUN:
        return None
    return int(minutes * 60 * min(0.97, max(0.3, random.gauss(0.66, 0.15))))


def write_answers(
    random: Random, items: Sequence[Item], ability: float, started_at: datetime, seconds: int, *, share: float = 1.0
) -> list[Written]:
    """Return the answers to ``items``, numbered from 1, in the order in which they were given within ``seconds``.

    ``share`` is how much of the paper is reached, from the front. Some items are left out, the more the lower the
    ability, and some answers are changed once.
    """
    reached = round(len(items) * share)
    pace = [random.uniform(0.4, 1.6) for _ in range(reached)]
    whole, passed = sum(pace), 0.0
    written = []
    for number, (item, part) in enumerate(zip(items, pace, strict=False), start=1):
        begun, passed = passed, passed + part
        if random.random() < 0.04 * (1 - ability):
            continue
        answer = draw_answer(random, item, ability)
        given_at = started_at + timedelta(seconds=int(seconds * passed / whole * 0.98))
        if random.random() < CHANGED:
            first = draw_answer(random, item, ability / 2)
            early = started_at + timedelta(seconds=int(seconds * (begun + part / 2) / whole * 0.98))
            written += [Written(number, 1, first, early), Written(number, 2, answer, given_at)]
        else:
            written.append(Written(number, 1, answer, given_at))
    return written
