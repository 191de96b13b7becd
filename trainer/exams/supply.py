"""What candidates have met already, and what the bank has left for them, before an exam is published and while it is.

What was met in exams and practice lies in features above this one; whoever asks hands in how it is read (``Seen``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from trainer.papers.outlook import KeptOut, Outlook, look_ahead
from trainer.papers.rules.blueprint import DrawRules, SectionSpec
from trainer.papers.rules.drawing import draws_each

# (session, user ids, since, with practice) → the ids of the items that each of them has met.
Seen = Callable[[Session, Sequence[int], datetime, bool], Mapping[int, frozenset[int]]]

# While somebody types, so many candidates with a draw of their own are looked at, those first who have met most.
LOOKED_AT_MOST = 300


def kept_out(
    session: Session,
    rules: DrawRules,
    draw: str,
    forms_of: Mapping[int, Sequence[int]],
    *,
    now: datetime,
    seen: Seen | None,
) -> KeptOut:
    """Return what the draw must leave out. ``forms_of`` are the forms that each candidate, by user id, may get.

    Candidates who share papers share what is avoided: what one of them has met, nobody gets.
    """
    if not rules.avoid_days or not forms_of:
        return KeptOut()
    if seen is None:
        raise RuntimeError("a draw that avoids what was met needs to be told how that is read")
    met = seen(session, sorted(forms_of), now - timedelta(days=rules.avoid_days), rules.avoid_practice)
    if draw != "per_candidate":
        return KeptOut(for_all=frozenset().union(*met.values()))
    return KeptOut(for_form={form: met[one] for one in sorted(met) for form in forms_of[one]})


def supply_of(
    session: Session,
    sections: Sequence[SectionSpec],
    until: date,
    *,
    rules: DrawRules,
    draw: str,
    user_ids: Sequence[int],
    now: datetime,
    seen: Seen,
    reserve: bool,
    apart_from: int = 0,
    forms: int = 1,
) -> Outlook:
    """Return how the sections of an exam that is being made stand, and what would mend their lacks.

    ``reserve`` says whether whoever asks may draw from the reserved pool. ``forms`` counts only with the draw
    ``per_form``. Of candidates with a draw of their own those ``LOOKED_AT_MOST`` are looked at who have met most.
    """
    out = kept_out(session, rules, draw, {one: (form,) for form, one in enumerate(user_ids, 1)}, now=now, seen=seen)
    most = sorted(out.for_form.values(), key=len, reverse=True)[:LOOKED_AT_MOST]
    asked = KeptOut(out.for_all, dict(enumerate(most, start=1)))
    about = {"mends": True, "reserve": reserve, "apart_from": apart_from, "forms": forms if draw == "per_form" else 1}
    return look_ahead(session, sections, until, rules=rules, now=now, kept_out=asked, **about)


def forms_dealt(draw: str, attempts: int, dealt: Mapping[int, int]) -> dict[int, list[int]]:
    """Return the forms that each candidate may get: the one dealt, and those of later attempts where they differ."""
    each = draws_each(draw, attempts)
    return {user_id: list(range(form, form + each)) for user_id, form in dealt.items()}
