"""Places by exam: an exam by itself ranks nobody, a competition of which it is a round does.

Told is what the board tells everybody who may see it: nothing before the release, nothing while it is frozen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trainer.accounts.rules import Person
from trainer.competitions.board import boards, read_standings
from trainer.competitions.models import Competition, Round
from trainer.competitions.queries import outline_of
from trainer.competitions.rules.prizes import cuts_of, prize_at
from trainer.core.errors import Missing


@dataclass(frozen=True)
class Ranking:
    """The places of a round by user id; ``provisional`` that they may still change.

    ``prizes`` by user id are those that the places bring; None where the round gives people none, or none yet.
    """

    competition_id: int
    title: str
    provisional: bool
    places: dict[int, int]
    prizes: dict[int, str] | None = None


@dataclass(frozen=True)
class OwnPlace:
    """A person's own place among ``people``; ``prize`` is what it brings, None for nothing or before it is final."""

    competition_id: int
    title: str
    round_number: int
    place: int
    people: int
    provisional: bool
    prize: str | None = None


def _rounds(session: Session, exam_id: int) -> list[tuple[int, int]]:
    """Return (competition, number of the round) of all that rank by an exam, the oldest competition first."""
    rows = session.execute(
        select(Round.competition_id, Round.number)
        .join(Competition, Competition.id == Round.competition_id)
        .where(
            Round.exam_id == exam_id, Competition.state.in_(("published", "closed")), Competition.frozen_at.is_(None)
        )
        .order_by(Round.competition_id)
    )
    return [(row[0], row[1]) for row in rows]


def places_by_exam(session: Session, exam_id: int, now: datetime) -> Ranking | None:
    """Return the places of the first competition that ranks by an exam and shows its scores; None without one."""
    for competition_id, number in _rounds(session, exam_id):
        outline = outline_of(session, competition_id)
        round_ = outline.round(number)
        if not round_.shows(now):
            continue
        entries, _of_user = read_standings(outline, round_, "individual", frozen=False)
        provisional = not outline.ended and round_.provisional(now)
        cuts = () if provisional else cuts_of(outline.prizes_of(round_), "individual", len(entries))
        prizes = {entry.key: prize for entry in entries if (prize := prize_at(entry.place, cuts))}
        places = {entry.key: entry.place for entry in entries}
        return Ranking(competition_id, outline.title, provisional, places, prizes if cuts else None)
    return None


def own_places(session: Session, exam_id: int, person: Person, now: datetime) -> list[OwnPlace]:
    """Return the person's places in the competitions that rank by an exam and show them; from the boards as kept."""
    found = []
    for competition_id, number in _rounds(session, exam_id):
        try:
            view = boards.view(competition_id, person, round_number=number, by="individual", now=now, as_public=False)
        except Missing:
            continue
        # Whoever runs the competition sees the board before the release; as a candidate nobody does.
        if view.me is None or view.frozen or not view.round.shows(now):
            continue
        outline, place = view.outline, view.me.place
        prize = prize_at(place, view.cuts)
        found.append(OwnPlace(outline.id, outline.title, number, place, len(view.entries), view.provisional, prize))
    return found
