"""How long an item is remembered: the fsrs library behind one function, always without chance.

Source: FSRS 6 (https://github.com/open-spaced-repetition/py-fsrs), its default weights. Our decision of 2026-11-23:
one learning step of ten minutes, so that an item that was known at first sight does not come back the same day; an
interval of at most a year, because the hours and with them the training are counted by the year.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fsrs import Card, Rating, Scheduler, State

SLOW_SECONDS = 120
STEP = timedelta(minutes=10)
LONGEST_DAYS = 365

_scheduler = Scheduler(
    learning_steps=(STEP,), relearning_steps=(STEP,), maximum_interval=LONGEST_DAYS, enable_fuzzing=False
)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is kept of a person's memory of an item: ``state`` is JSON data, ``due_at`` aware UTC."""

    state: dict[str, Any]
    due_at: datetime


def review(state: Mapping[str, Any] | None, correct: bool, seconds: int | None, now: datetime) -> Memory:
    """Return the memory after an answer at ``now`` (aware UTC).

    ``state`` is that of the ``Memory`` before, None or empty for an item never answered. A right answer that took
    longer than ``SLOW_SECONDS`` counts as hard; ``seconds`` None is never slow; how long a wrong one took is no
    matter. A time before the last answer (a clock set back) is taken as that of the last answer.
    """
    card = _card(state, now)
    at = max(now.astimezone(UTC), card.last_review or now.astimezone(UTC))
    after, _ = _scheduler.review_card(card, rating(correct, seconds), at)
    return Memory(_state(after), after.due)


def rating(correct: bool, seconds: int | None) -> Rating:
    """Return how the library is told of an answer."""
    if not correct:
        return Rating.Again
    return Rating.Hard if seconds is not None and seconds > SLOW_SECONDS else Rating.Good


def replay(answers: Iterable[tuple[bool, int | None, datetime]]) -> Memory | None:
    """Return the memory after answers (correct, seconds, answered at), oldest first; None for none at all."""
    memory: Memory | None = None
    for correct, seconds, answered_at in answers:
        memory = review(memory.state if memory else None, correct, seconds, answered_at)
    return memory


def retrievability(state: Mapping[str, Any] | None, now: datetime) -> float:
    """Return the chance, 0 to 1, that the item would be answered rightly now; 0 for one never answered.

    The library counts whole days: all of the first day is 1.
    """
    return float(_scheduler.get_card_retrievability(_card(state, now), now.astimezone(UTC)))


def last_answered_at(state: Mapping[str, Any] | None) -> datetime | None:
    """Return when the item was last answered, aware UTC; None for never."""
    return datetime.fromisoformat(state["last_review"]) if state else None


def _card(state: Mapping[str, Any] | None, now: datetime) -> Card:
    # The library makes up an id by sleeping a millisecond unless it is given one; ours is of no use to it.
    if not state:
        return Card(card_id=0, due=now)
    return Card(
        card_id=0,
        state=State(state["state"]),
        step=state["step"],
        stability=state["stability"],
        difficulty=state["difficulty"],
        due=now,
        last_review=last_answered_at(state),
    )


def _state(card: Card) -> dict[str, Any]:
    return {
        "state": card.state.value,
        "step": card.step,
        "stability": card.stability,
        "difficulty": card.difficulty,
        "last_review": card.last_review.isoformat() if card.last_review else None,
    }
