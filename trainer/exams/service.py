"""Making, publishing, changing and releasing exams.

Publishing compiles the papers and deals them to the candidates, so that a start in the exam's first minute has
nothing left to work out. From then on the blueprint is frozen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from trainer.accounts.rules import Person
from trainer.audit.service import record
from trainer.core.clock import iso_z, local_day
from trainer.core.database import transaction
from trainer.core.errors import Conflict, Invalid, Refused
from trainer.exams.changing import MANAGE, answers_end, deal_rooms, due_people, held_exam, note_shifts, tell, window_of
from trainer.exams.checking import checked
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.exams.naming import Named, find_candidates
from trainer.exams.rules import ExamSpec, may_release
from trainer.exams.sittings import refuse_if_out
from trainer.exams.supply import Seen, forms_dealt, kept_out
from trainer.papers.models import Blueprint
from trainer.papers.queries import papers_of, reserved_in_papers, rules_of, seed_of
from trainer.papers.rules.chance import Dice
from trainer.papers.rules.drawing import deal_papers, draws_each, how_many_papers
from trainer.papers.service import Compiled, compile_papers, create_blueprint, replace_sections
from trainer.web.locale import zone

REASON_MOST = 200
# By how much the last closing may be moved at once.
EXTENDED_MOST = timedelta(days=60)
# Reads whose answers in an exam wait for a marker; marking lies above this feature.
Unmarked = Callable[[Session, int], Collection[int]]


class NotDraft(Conflict):
    """The exam has been published or cancelled, so its paper and rules stand."""

    code = "exam_not_draft"


class CandidateHasAttempt(Conflict):
    """The candidate has started; what was written must not vanish."""

    code = "candidate_has_attempt"


def create_exam(spec: ExamSpec, *, by: Person, now: datetime, publish: bool = True, seen: Seen | None = None) -> int:
    """Create an exam with its candidates and return its id; published at once unless ``publish`` is false.

    ``seen`` reads what candidates have met; needed where the spec's rules avoid it.
    Raises ``Invalid`` with a problem at each field that is wrong, and ``NotEnoughItems`` when it is to be published
    and the bank cannot fill it. Nothing is stored then.
    """
    with transaction() as session:
        unit, named = checked(session, spec, by=by, now=now, publish=publish, seen=seen)
        blueprint_id = create_blueprint(
            spec.title.strip(), spec.sections, seed=spec.seed, by=by.id, now=now, rules=spec.rules
        )
        exam = Exam(unit_id=unit.id, blueprint_id=blueprint_id, state="draft", created_at=now, created_by=by.id)
        exam.resit_of_id = spec.resit_of_id
        _fill(exam, spec)
        session.add(exam)
        session.flush()
        session.add(Sitting(exam_id=exam.id, number=1, opens_at=spec.opens_at, closes_at=spec.closes_at))
        session.flush()
        _name(session, exam, named, None)
        record("exam.drafted", by=by.id, target=f"exam:{exam.id}", unit_id=unit.id, detail={"candidates": len(named)})
        if publish:
            _publish(session, exam, by=by, now=now, seen=seen)
        return exam.id


def change_draft(
    exam_id: int,
    spec: ExamSpec,
    *,
    by: Person,
    now: datetime,
    keep_candidates: bool = False,
    publish: bool = False,
    seen: Seen | None = None,
) -> None:
    """Replace everything that a draft says, its candidates too unless ``keep_candidates``.

    Raises ``NotDraft``, ``Missing``, ``Invalid``. With ``publish``, said by who will publish it next, a refusal also
    names what would keep it from that; by itself that keeps no draft from being saved.
    """
    with transaction() as session:
        exam = held_exam(session, exam_id, by)
        if exam.state != "draft":
            raise NotDraft
        unit, named = checked(session, spec, by=by, now=now, publish=publish, seen=seen)
        replace_sections(exam.blueprint_id, spec.title.strip(), spec.sections, spec.rules)
        if spec.seed:
            session.execute(update(Blueprint).where(Blueprint.id == exam.blueprint_id).values(seed=spec.seed))
        _fill(exam, spec)
        exam.unit_id = unit.id
        # Several sittings have times of their own, which are changed on their page.
        if session.scalar(select(func.count()).where(Sitting.exam_id == exam_id)) == 1:
            window = {"opens_at": spec.opens_at, "closes_at": spec.closes_at}
            session.execute(update(Sitting).where(Sitting.exam_id == exam_id).values(window))
        if not keep_candidates:
            session.execute(delete(Candidate).where(Candidate.exam_id == exam_id))
            _name(session, exam, named, None)
        note_shifts(session, exam_id)
        detail = {"candidates": None if keep_candidates else len(named)}
        record("exam.changed", by=by.id, target=f"exam:{exam_id}", unit_id=unit.id, detail=detail)


def publish_exam(exam_id: int, *, by: Person, now: datetime, seen: Seen | None = None) -> None:
    """Publish a draft: compile its papers, deal them, tell the candidates. A second call changes nothing.

    ``seen`` is needed where the draw avoids what candidates have met.

    Raises ``NotEnoughItems``, ``Missing``, ``NotDraft`` for a cancelled exam, ``Invalid`` when the window has passed.
    """
    with transaction() as session:
        exam = held_exam(session, exam_id, by)
        if exam.state == "published":
            return
        if exam.state != "draft":
            raise NotDraft
        _publish(session, exam, by=by, now=now, seen=seen)


def add_candidates(
    exam_id: int,
    *,
    units: Sequence[str] = (),
    usernames: Sequence[str] = (),
    by: Person,
    now: datetime,
    seen: Seen | None = None,
) -> int:
    """Name further candidates and return how many are new; those named already stay as they are.

    In a published exam each gets a paper and a notice at once; papers that are shared stand already, so that nothing is
    avoided in them for who comes late. Raises ``Invalid`` for unknown units and people, ``NotEnoughItems``, ``Refused``
    once the exam has closed.
    """
    with transaction() as session:
        exam = held_exam(session, exam_id, by)
        _refuse_if_over(session, exam, now)
        wanted = find_candidates(session, by.scope(MANAGE), units=units, usernames=usernames, prefix="")
        there = set(session.scalars(select(Candidate.user_id).where(Candidate.exam_id == exam_id)))
        new = [one for one in wanted if one.user_id not in there]
        if not new:
            return 0
        papers = _papers_for(session, exam, new, now, seen) if exam.state == "published" else None
        _name(session, exam, new, papers, now)
        deal_rooms(session, exam)
        ids = [one.user_id for one in new]
        record(
            "exam.candidates_added", by=by.id, target=f"exam:{exam_id}", unit_id=exam.unit_id, detail={"people": ids}
        )
        if exam.state == "published":
            tell(session, exam, ids, "exam_published")
        return len(new)


def remove_candidate(exam_id: int, user_id: int, *, by: Person) -> None:
    """Take a candidate off an exam. A second call changes nothing; raises ``CandidateHasAttempt`` after a start."""
    try:
        with transaction() as session:
            exam = held_exam(session, exam_id, by)
            gone = session.execute(
                delete(Candidate).where(Candidate.exam_id == exam_id, Candidate.user_id == user_id)
            ).rowcount
            if gone:
                note_shifts(session, exam_id)
                detail = {"people": [user_id]}
                target = f"exam:{exam_id}"
                record("exam.candidate_removed", by=by.id, target=target, unit_id=exam.unit_id, detail=detail)
                if exam.state == "published":
                    tell(session, exam, [user_id], "exam_candidate_removed")
    except IntegrityError:
        # The attempt's reference to its candidate is what keeps it; looking for attempts first would be too early.
        raise CandidateHasAttempt from None


def excuse_candidates(exam_id: int, user_ids: Sequence[int], state: str, *, by: Person, reason: str = "") -> int:
    """Put candidates into ``due``, ``exempt`` or ``deferred`` and return how many of these people are named.

    ``reason`` is kept with each; being due needs none. Raises ``Invalid`` at ``state`` and ``reason``.
    """
    if state not in ("due", "exempt", "deferred"):
        raise Invalid.at("state", "unknown_value", value=state[:40])
    if len(reason.strip()) > REASON_MOST:
        raise Invalid.at("reason", "too_long", most=REASON_MOST)
    kept = "" if state == "due" else reason.strip()
    with transaction() as session:
        exam = held_exam(session, exam_id, by)
        named = list(
            session.scalars(
                select(Candidate.user_id)
                .where(Candidate.exam_id == exam_id, Candidate.user_id.in_(user_ids))
                .order_by(Candidate.user_id)
                .with_for_update()
            )
        )
        if named:
            session.execute(
                update(Candidate)
                .where(Candidate.exam_id == exam_id, Candidate.user_id.in_(named))
                .values(state=state, reason=kept)
            )
            detail = {"people": named, "state": state} | ({"reason": kept} if kept else {})
            note_shifts(session, exam_id)
            record("exam.candidate_excused", by=by.id, target=f"exam:{exam_id}", unit_id=exam.unit_id, detail=detail)
        return len(named)


def extend_closing(exam_id: int, closes_at: datetime, *, by: Person, now: datetime) -> None:
    """Move the closing time of what closes last to a later one; its candidates are told. The same time changes nothing.

    Sittings that close earlier keep their time. It is never moved forward, because people rely on it. Attempts under
    way keep their own deadlines here; ``attempts.extend.extend_for_all`` lengthens them too. Raises ``Invalid`` for an
    earlier time, ``Refused`` once nobody can write any more.
    """
    with transaction() as session:
        exam = held_exam(session, exam_id, by)
        latest = window_of(session, exam_id)[1]
        if exam.state != "published":
            raise Refused("exam_not_published")
        refuse_if_out(session, exam, now)
        if closes_at == latest:
            return
        if closes_at < latest:
            raise Invalid.at("closes_at", "closes_earlier", least=latest)
        if closes_at <= now:
            raise Invalid.at("closes_at", "closes_in_past")
        if closes_at > latest + EXTENDED_MOST:
            # It cannot be taken back; a year mistyped would hold all results for so long.
            raise Invalid.at("closes_at", "closes_too_far", days=EXTENDED_MOST.days)
        last = list(session.scalars(select(Sitting.id).where(Sitting.exam_id == exam_id, Sitting.closes_at == latest)))
        session.execute(update(Sitting).where(Sitting.id.in_(last)).values(closes_at=closes_at))
        note_shifts(session, exam_id)
        detail = {"from": iso_z(latest), "to": iso_z(closes_at)}
        record("exam.extended", by=by.id, target=f"exam:{exam_id}", unit_id=exam.unit_id, detail=detail)
        tell(session, exam, due_people(session, exam_id, last), "exam_extended", mark=str(iso_z(closes_at)))


def release_results(exam_id: int, *, by: Person, now: datetime, unmarked: Unmarked | None = None) -> None:
    """Release results by hand and tell the candidates. A second call changes nothing.

    ``unmarked`` reads whose answers still wait for a marker: their results come out, and are told, with the last mark.
    Raises ``Refused`` while anybody has time left, granted minutes included: keys would reach those who are writing.
    """
    with transaction() as session:
        exam = held_exam(session, exam_id, by)
        if exam.released_at is not None:
            return
        if exam.state != "published":
            raise Refused("exam_not_published")
        if not may_release(now, answers_end(session, exam_id), exam.released_at):
            raise Refused("exam_still_open")
        exam.released_at = now
        record("exam.released", by=by.id, target=f"exam:{exam_id}", unit_id=exam.unit_id)
        waiting = unmarked(session, exam_id) if unmarked else set()
        tell(session, exam, [one for one in due_people(session, exam_id) if one not in waiting], "results_released")


def _refuse_if_over(session: Session, exam: Exam, now: datetime) -> None:
    if exam.state == "cancelled":
        raise Refused("exam_is_cancelled")
    if now >= window_of(session, exam.id)[1]:
        raise Refused("exam_is_over")


def _fill(exam: Exam, spec: ExamSpec) -> None:
    exam.title = spec.title.strip()
    exam.minutes = spec.minutes
    exam.pass_mark = spec.pass_mark
    exam.attempts_allowed = spec.attempts
    exam.release = spec.release
    exam.draw = spec.draw
    exam.forms = spec.forms if spec.draw == "per_form" else 1
    exam.shuffle_items = spec.shuffle_items
    exam.shuffle_options = spec.shuffle_options
    exam.credit_hours = spec.credit_hours
    exam.grace_seconds = spec.grace_seconds
    exam.is_mock = spec.is_mock
    exam.focus_threshold = spec.focus_threshold
    exam.navigation = spec.navigation


def _name(
    session: Session, exam: Exam, named: Sequence[Named], papers: dict[int, int] | None, now: datetime | None = None
) -> None:
    """Name people for the first sitting, at ``now`` for the first that has not closed."""
    if not named:
        return
    numbered = select(Sitting.id).where(Sitting.exam_id == exam.id).order_by(Sitting.number).limit(1)
    if now is not None:
        numbered = numbered.where(Sitting.closes_at > now)
    sitting_id = session.scalar(numbered)
    session.execute(
        insert(Candidate),
        [
            {
                "exam_id": exam.id,
                "sitting_id": sitting_id,
                "user_id": one.user_id,
                "unit_id": one.unit_id,
                "paper_id": papers[one.user_id] if papers else None,
                "state": "due",
                "extra_minutes": 0,
            }
            for one in named
        ],
    )


def _publish(session: Session, exam: Exam, *, by: Person, now: datetime, seen: Seen | None) -> None:
    if window_of(session, exam.id)[1] <= now:
        raise Invalid.at("closes_at", "closes_in_past")
    made, people = deal_new_papers(session, exam, by=by, now=now, seen=seen)
    exam.state = "published"
    detail: dict[str, Any] = {
        "candidates": len(people),
        "papers": len(made.paper_ids),
        "commitment": made.commitment,
    }
    reserved = reserved_in_papers(session, exam.blueprint_id)
    if reserved:
        detail["reserved"] = reserved
    record("exam.published", by=by.id, target=f"exam:{exam.id}", unit_id=exam.unit_id, detail=detail)
    tell(session, exam, people, "exam_published")


def deal_new_papers(
    session: Session, exam: Exam, *, by: Person, now: datetime, seen: Seen | None
) -> tuple[Compiled, list[int]]:
    """Compile the papers of an exam whose blueprint has none, deal them, and return them with the people named.

    Raises ``NotEnoughItems``.
    """
    rows = session.execute(select(Candidate.id, Candidate.user_id).where(Candidate.exam_id == exam.id)).all()
    count = _how_many(exam, len(rows))
    each = draws_each(exam.draw, exam.attempts_allowed)
    seed = seed_of(session, exam.blueprint_id)
    # Who gets which form is settled first: what a candidate has met is kept out of his forms alone.
    forms = deal_papers([row.user_id for row in rows], range(1, count + 1, each), seed)
    forms_of = forms_dealt(exam.draw, exam.attempts_allowed, forms)
    made = _compile(session, exam, count, now, forms_of, seen, reserve=by.may("item.reserve"))
    if rows:
        dealt = [{"id": row.id, "paper_id": made.paper_ids[forms[row.user_id] - 1]} for row in rows]
        session.execute(update(Candidate), dealt)
    deal_rooms(session, exam)
    return made, [row.user_id for row in rows]


def _how_many(exam: Exam, candidates: int) -> int:
    shuffled = exam.shuffle_items or exam.shuffle_options
    return how_many_papers(
        exam.draw, forms=exam.forms, shuffled=shuffled, candidates=candidates, attempts=exam.attempts_allowed
    )


def _compile(
    session: Session,
    exam: Exam,
    count: int,
    now: datetime,
    forms_of: Mapping[int, Sequence[int]],
    seen: Seen | None,
    *,
    reserve: bool = True,
) -> Compiled:
    rules = rules_of(session, exam.blueprint_id)
    return compile_papers(
        exam.blueprint_id,
        count=count,
        same_items=exam.draw == "one_paper",
        apart=exam.draw == "per_form",
        shuffle_items=exam.shuffle_items,
        shuffle_options=exam.shuffle_options,
        until=local_day(window_of(session, exam.id)[1], zone()),
        now=now,
        kept_out=kept_out(session, rules, exam.draw, forms_of, now=now, seen=seen),
        reserve=reserve,
    )


def _papers_for(session: Session, exam: Exam, new: Sequence[Named], now: datetime, seen: Seen | None) -> dict[int, int]:
    """Return papers for people named after publication: fresh ones, or one of those that stand, by chance."""
    if exam.draw == "per_candidate":
        each = draws_each(exam.draw, exam.attempts_allowed)
        last = max((paper.form for paper in papers_of(session, exam.blueprint_id)), default=0)
        first_of = {one.user_id: last + 1 + place * each for place, one in enumerate(new)}
        forms_of = forms_dealt(exam.draw, exam.attempts_allowed, first_of)
        made = _compile(session, exam, _how_many(exam, len(new)), now, forms_of, seen)
        detail = {"papers": len(made.paper_ids), "commitment": made.commitment}
        record("exam.papers_added", by=None, target=f"exam:{exam.id}", unit_id=exam.unit_id, detail=detail)
        return {user_id: made.paper_ids[form - last - 1] for user_id, form in first_of.items()}
    standing = [paper.id for paper in papers_of(session, exam.blueprint_id)]
    there = session.scalar(select(func.count()).where(Candidate.exam_id == exam.id)) or 0
    # An exam published before anybody was named has one order of items; those named now need variants of it.
    further = _how_many(exam, there + len(new)) - len(standing)
    if further > 0:
        standing += _compile(session, exam, further, now, {}, seen).paper_ids
    seed = seed_of(session, exam.blueprint_id)
    return {one.user_id: standing[Dice(f"{seed}:deal:{one.user_id}").below(len(standing))] for one in new}
