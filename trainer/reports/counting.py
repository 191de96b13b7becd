"""Counting the answers of an exam that is over, a page of attempts at a time, into one row for the exam and one for
each item of it.

What is counted of items: the first attempt of each candidate, if it is marked to the end and at least one answer was
ever saved in it. Later attempts know the questions; an attempt that waits for a marker has no score yet; an attempt
without a single answer tells of its candidate alone. How many were left out is kept beside the figures. An item that a
repair dropped, or counted fully for all, is left out as well; what the others earned is measured by the points
announced.

What is counted of sections, topics and wings is another thing: there it is the best attempt of each person, the one
whose score stands, empty or not, by the unit for which the person was named.

Sums alone are held while counting: the memory needed grows with the items of the exam, not with its candidates, but
for one number each. Three statements are run for a page of ``PAGE`` attempts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import BigInteger, and_, delete, exists, func, insert, or_, select, type_coerce, update
from sqlalchemy.orm import Session

from trainer.attempts.models import Attempt, Response
from trainer.bank.models import ItemVersion
from trainer.core.clock import CITY_ZONE, local_day
from trainer.core.database import db, end_read, transaction
from trainer.exams.models import Exam, Sitting
from trainer.exams.queries import longest_extra
from trainer.exams.rules import ends_at
from trainer.marking.grading import decided_places
from trainer.marking.models import Repair, Result
from trainer.papers.models import PaperItem
from trainer.reports.models import ExamStatistic, ItemUse
from trainer.reports.rules.item_stats import Abilities, Tally, chosen_in
from trainer.reports.rules.reliability import Answers, reliability_of
from trainer.reports.rules.results import ShareSum
from trainer.reports.rules.scores import spread_of

PAGE = 100
# A result may still change for a while after the end of an exam: a marker, a remedy for a wrong key.
CHECKED_AGAIN_AFTER = timedelta(hours=24)
# Sooner where figures are known to be behind: answers waited for a marker, or an item was repaired since.
BEHIND_CHECKED_AGAIN_AFTER = timedelta(minutes=10)
CHECKED_FOR = timedelta(days=400)
# Papers of different items that are told apart; where there are more, hardly two candidates had the same ones.
MOST_SETS = 64
# Which figures are made: exams that were counted for others are counted again in their turn.
FIGURES = 2


@dataclass(frozen=True)
class _Line:
    """One number of a paper: which item it is, and how answers to it look. ``part`` is 0 but for parts of a case.

    ``parts`` are what of the paper it belongs to, as (dimension, key): its section, its topic, its wing.
    """

    number: int
    version_id: int
    part: int
    points: float
    kind: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Paper:
    """A paper by its lines, and by the versions on it in one order, so that equal sets of items are known as such."""

    lines: tuple[_Line, ...]
    versions: tuple[int, ...]


@dataclass(frozen=True)
class _Attempt:
    """An attempt to be counted: of items (``counts``), of the profile of its unit (``stands``), or of both."""

    id: int
    paper_id: int
    unit_id: int
    score: float
    max_points: float
    counts: bool
    stands: bool

    @property
    def share(self) -> float:
        return self.score / self.max_points if self.max_points else 0.0


@dataclass
class _Unit:
    """What one candidate earned on one version: all parts of a case together."""

    points: float = 0.0
    most: float = 0.0
    right: bool = True
    answered: bool = False
    whole: bool = True
    chosen: tuple[str, ...] = field(default=())


class ExamCount:
    """One exam being counted. ``advance`` until it returns False, then ``write``."""

    def __init__(self, exam_id: int, zone: ZoneInfo = CITY_ZONE) -> None:
        session = db.session()
        self.exam_id = exam_id
        closes_at = session.scalar(select(func.max(Sitting.closes_at)).where(Sitting.exam_id == exam_id))
        self.used_on: date = local_day(closes_at, zone)
        self.signature = signature_of(session, exam_id)
        self.pass_mark = session.scalar(select(Exam.pass_mark).where(Exam.id == exam_id))
        self._decided = decided_places(session, exam_id)
        self._read_attempts(session)
        self.profile: dict[tuple[str, str, int], ShareSum] = {}
        self.abilities = Abilities(one.share for one in self.attempts if one.counts)
        self.tallies: dict[tuple[int, int], Tally] = {}
        self.sets: dict[tuple[int, ...], Answers] | None = {}
        self._papers: dict[int, _Paper] = {}
        self._kinds: dict[int, tuple[str, ...]] = {}
        self._items: dict[int, int] = {}
        self._filed: dict[int, tuple[tuple[str, str], ...]] = {}
        self._answers: dict[tuple[str, str], tuple[str, ...]] = {}
        self._next = 0
        end_read()

    def _read_attempts(self, session: Session) -> None:
        """Note whose attempts count, by paper, and how many do not for which reason."""
        has_saved = exists().where(Response.attempt_id == Attempt.id).correlate(Attempt)
        rows = session.execute(
            select(
                Attempt.id,
                Attempt.paper_id,
                Attempt.ordinal,
                Result.user_id,
                Result.unit_id,
                Result.seconds_used,
                Result.score,
                Result.max_points,
                Result.unmarked,
                has_saved.label("has_saved"),
            )
            .join(Result, Result.attempt_id == Attempt.id)
            .where(Attempt.exam_id == self.exam_id)
            .order_by(Attempt.paper_id, Attempt.id)
        ).all()
        best: dict[int, Any] = {}
        for row in rows:
            held = best.get(row.user_id)
            if held is None or _worth(row) > _worth(held):
                best[row.user_id] = row
        self.left_out = {"repeated": 0, "unmarked": 0, "empty": 0}
        self.attempts: list[_Attempt] = []
        for row in rows:
            counts = row.ordinal == 1 and not row.unmarked and bool(row.has_saved)
            if row.ordinal > 1:
                self.left_out["repeated"] += 1
            elif row.unmarked:
                self.left_out["unmarked"] += 1
            elif not row.has_saved:
                self.left_out["empty"] += 1
            stands = best[row.user_id] is row and not row.unmarked
            if counts or stands:
                score, most = float(row.score), float(row.max_points)
                self.attempts.append(_Attempt(row.id, row.paper_id, row.unit_id, score, most, counts, stands))
        self.people = sum(one.counts for one in self.attempts)

    def advance(self) -> bool:
        """Count one page of attempts: two statements, and two more for papers not met before. False at the end."""
        page = self.attempts[self._next : self._next + PAGE]
        if not page:
            return False
        self._next += PAGE
        session = db.session()
        ids = [one.id for one in page]
        self._read_papers(session, {one.paper_id for one in page})
        marks = dict(session.execute(select(Result.attempt_id, Result.marks).where(Result.attempt_id.in_(ids))).all())
        answers: dict[int, dict[int, str]] = {one: {} for one in ids}
        for attempt_id, number, text in session.execute(
            select(Response.attempt_id, Response.number, Response.answer).where(Response.attempt_id.in_(ids))
        ):
            answers[attempt_id][number] = text
        end_read()
        for one in page:
            if one.counts:
                self._count(one, marks[one.id], answers[one.id])
            if one.stands:
                self._add_to_profile(one, marks[one.id])
        return True

    def _add_to_profile(self, attempt: _Attempt, marks: Sequence[dict[str, Any]]) -> None:
        earned: dict[tuple[str, str], list[float]] = {}
        for line in self._papers[attempt.paper_id].lines:
            points = self._earned(line, marks[line.number - 1])
            for part in line.parts:
                held = earned.setdefault(part, [0.0, 0.0, 0.0])
                held[0] += points
                held[1] += line.points
                held[2] += 1
        for (dimension, key), (points, most, items) in earned.items():
            sums = self.profile.setdefault((dimension, key, attempt.unit_id), ShareSum())
            sums.add(points / most if most else 0.0, int(items))

    def _earned(self, line: _Line, mark: Mapping[str, Any]) -> float:
        # Where an item was dropped the others are worth more than announced, and so is what they earned.
        return float(mark["fraction"]) * line.points if self._decided else float(mark["points"])

    def _count(self, attempt: _Attempt, marks: Sequence[dict[str, Any]], answers: dict[int, str]) -> None:
        paper, place = self._papers[attempt.paper_id], self.abilities.place(attempt.share)
        units: dict[int, _Unit] = {}
        for line in paper.lines:
            mark = marks[line.number - 1]
            fraction, answered = float(mark["fraction"]), bool(mark["answered"])
            chosen = self._chosen(line.kind, answers.get(line.number)) if answered else ()
            points = self._earned(line, mark)
            unit = units.setdefault(line.version_id, _Unit())
            unit.points += points
            unit.most += line.points
            unit.right = unit.right and bool(mark["correct"])
            unit.whole = unit.whole and fraction in (0.0, 1.0)
            unit.answered = unit.answered or answered
            if line.part:
                rest = _rest(attempt, points, line.points)
                self._tally(line.version_id, line.part).add(fraction, rest, place, chosen, answered=answered)
            else:
                unit.chosen = chosen
        for version_id, unit in units.items():
            share = unit.points / unit.most if unit.most else 0.0
            rest = _rest(attempt, unit.points, unit.most)
            self._tally(version_id, 0).add(share, rest, place, unit.chosen, answered=unit.answered)
        self._add_to_set(paper, units)

    def _add_to_set(self, paper: _Paper, units: dict[int, _Unit]) -> None:
        if self.sets is None:
            return
        found = self.sets.get(paper.versions)
        if found is None:
            if len(self.sets) >= MOST_SETS:
                self.sets = None
                return
            found = self.sets[paper.versions] = Answers(len(paper.versions))
        row = [units[version_id] for version_id in paper.versions]
        whole = all(one.whole and (one.right or one.points == 0) for one in row)
        found.add([one.points for one in row], [one.right for one in row], dichotomous=whole)

    def _tally(self, version_id: int, part: int) -> Tally:
        found = self.tallies.get((version_id, part))
        if found is None:
            found = self.tallies[version_id, part] = Tally()
        return found

    def _chosen(self, kind: str, text: str | None) -> tuple[str, ...]:
        if text is None:
            return ()
        found = self._answers.get((kind, text))
        if found is None:
            found = chosen_in(kind, orjson.loads(text))
            # Options are few; what people type is not kept, or it would fill the memory.
            if found:
                self._answers[kind, text] = found
        return found

    def _read_papers(self, session: Session, wanted: set[int]) -> None:
        new = wanted - self._papers.keys()
        if not new:
            return
        # Attempts come by paper: what is not on this page will not come again.
        self._papers = {paper_id: one for paper_id, one in self._papers.items() if paper_id in wanted}
        rows = session.execute(
            select(
                PaperItem.paper_id,
                PaperItem.number,
                PaperItem.section,
                PaperItem.item_version_id,
                PaperItem.part,
                PaperItem.points,
            )
            .where(PaperItem.paper_id.in_(sorted(new)))
            .order_by(PaperItem.paper_id, PaperItem.number)
        ).all()
        self._read_kinds(session, {row.item_version_id for row in rows})
        lines: dict[int, list[_Line]] = {paper_id: [] for paper_id in new}
        for row in rows:
            if (row.item_version_id, row.part or 0) in self._decided:
                continue
            kind = self._kinds[row.item_version_id][(row.part or 1) - 1]
            parts = (("section", str(row.section)), *self._filed[row.item_version_id])
            line = _Line(row.number, row.item_version_id, row.part or 0, float(row.points), kind, parts)
            lines[row.paper_id].append(line)
        for paper_id, found in lines.items():
            self._papers[paper_id] = _Paper(tuple(found), tuple(sorted({one.version_id for one in found})))

    def _read_kinds(self, session: Session, wanted: Iterable[int]) -> None:
        new = sorted(set(wanted) - self._kinds.keys())
        for start in range(0, len(new), 500):
            rows = session.execute(
                select(ItemVersion.id, ItemVersion.item_id, ItemVersion.body).where(
                    ItemVersion.id.in_(new[start : start + 500])
                )
            )
            for row in rows:
                parts = row.body.get("parts") or (row.body,)
                self._kinds[row.id] = tuple(one["kind"] for one in parts)
                self._items[row.id] = row.item_id
                self._filed[row.id] = (("topic", row.body["topic"]), ("wing", row.body["wing"]))

    def figures(self) -> dict[str, Any]:
        """Return what is told of the exam, as JSON data. Points are floats here: nothing is awarded by them."""
        reliability = reliability_of(list(self.sets.values()) if self.sets is not None else [])
        spread = spread_of(
            [one.score for one in self.attempts if one.counts],
            max((one.max_points for one in self.attempts), default=0.0),
            None if self.pass_mark is None else float(self.pass_mark),
            reliability.standard_error,
        )
        return {
            "left_out": self.left_out,
            # The interval is a named tuple, which JSON has not.
            "reliability": asdict(reliability) | {"interval": reliability.interval and list(reliability.interval)},
            "same_items": self.sets is not None,
            "spread": asdict(spread),
            "profile": [
                [*key, sums.people, sums.items, round(sums.total, 9), round(sums.squares, 9)]
                for key, sums in sorted(self.profile.items())
            ],
        }

    def write(self, now: datetime) -> None:
        """Put down what was counted, in place of what stood. A second call writes the same."""
        rows = [
            {
                "exam_id": self.exam_id,
                "item_version_id": version_id,
                "part": part,
                "item_id": self._items[version_id],
                "used_on": self.used_on,
                "tally": tally.to_dict(),
                "is_merged": False,
            }
            for (version_id, part), tally in sorted(self.tallies.items())
        ]
        counted = {
            "signature": self.signature,
            "people": self.people,
            "figures": self.figures(),
            "counted_at": now,
            "checked_at": now,
        }
        with transaction() as session:
            session.execute(delete(ItemUse).where(ItemUse.exam_id == self.exam_id))
            for start in range(0, len(rows), 500):
                session.execute(insert(ItemUse), rows[start : start + 500])
            session.execute(delete(ExamStatistic).where(ExamStatistic.exam_id == self.exam_id))
            session.execute(insert(ExamStatistic), [{"exam_id": self.exam_id, **counted}])


def _worth(row: Any) -> tuple[Any, ...]:
    """Return by what the best attempt of a person is found: as in ``queries.exams.best_results``."""
    return row.score, -row.seconds_used, -row.id


def _rest(attempt: _Attempt, points: float, most: float) -> float:
    left = attempt.max_points - most
    return (attempt.score - points) / left if left > 0 else 0.0


def signature_of(session: Session, exam_id: int) -> str:
    """Return a text that changes when results come, go, are marked or get other points, or other figures are made.

    So does a repair, which may take an item out of the count without changing a score.
    """
    row = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(type_coerce(Result.score, BigInteger)), 0),
            func.coalesce(func.sum(Result.unmarked), 0),
            func.coalesce(func.sum(Result.correct_count), 0),
            func.max(Result.settled_at),
        ).where(Result.exam_id == exam_id)
    ).one()
    repairs_no = session.scalar(select(Exam.repairs_no).where(Exam.id == exam_id)) or 0
    return f"{FIGURES}:{repairs_no}:" + ":".join(str(int(one)) for one in row[:4]) + f":{row[4] or ''}"


def count_exam(exam_id: int, now: datetime, zone: ZoneInfo = CITY_ZONE) -> int:
    """Count a whole exam at once and return how many people it was."""
    counting = ExamCount(exam_id, zone)
    while counting.advance():
        pass
    counting.write(now)
    return counting.people


def next_to_count(now: datetime) -> int | None:
    """Return an exam that is over and has not been counted, or asks for it again; None where there is none.

    An exam of which an attempt is still open or unsettled waits.
    """
    unsettled = exists().where(Attempt.exam_id == Exam.id, Attempt.settled_at.is_(None)).correlate(Exam)
    rows = db.session.execute(
        select(
            Exam.id,
            Exam.grace_seconds,
            func.max(func.coalesce(Sitting.shifted_closes_at, Sitting.closes_at)).label("closes_at"),
            longest_extra().label("extra"),
        )
        .join(Sitting, Sitting.exam_id == Exam.id)
        .outerjoin(ExamStatistic, ExamStatistic.exam_id == Exam.id)
        .where(
            Exam.state == "published",
            ~Exam.is_mock,
            or_(ExamStatistic.exam_id.is_(None), ExamStatistic.checked_at.is_(None)),
            ~unsettled,
        )
        .group_by(Exam.id, Exam.grace_seconds)
        .having(func.max(Sitting.closes_at) <= now)
        .order_by(func.max(Sitting.closes_at))
    ).all()
    end_read()
    over = (row.id for row in rows if ends_at(row.closes_at, row.extra, grace_seconds=row.grace_seconds) <= now)
    return next(over, None)


def check_counted(now: datetime, most: int = 1) -> int:
    """Look whether results of counted exams have changed since; return how many are to be counted again.

    Each is looked at once a day for ``CHECKED_FOR`` after it was counted first or again; ``most`` of them in a call.
    One with answers that waited for a marker, or with an item repaired since, is looked at every ten minutes.
    One that was counted for other figures than are made now is looked at at once.
    An exam that has been cancelled since gives its answers back: its items are put together without it.
    """
    behind = or_(
        ExamStatistic.figures[("left_out", "unmarked")].as_integer() > 0,
        exists().where(Repair.exam_id == ExamStatistic.exam_id, Repair.closed_at > ExamStatistic.counted_at),
    )
    due = and_(
        Exam.state == "published",
        ExamStatistic.checked_at.is_not(None),
        or_(
            ExamStatistic.checked_at <= now - CHECKED_AGAIN_AFTER,
            and_(ExamStatistic.checked_at <= now - BEHIND_CHECKED_AGAIN_AFTER, behind),
            ~ExamStatistic.signature.startswith(f"{FIGURES}:", autoescape=True),
        ),
        ExamStatistic.counted_at >= now - CHECKED_FOR,
    )
    rows = db.session.execute(
        select(ExamStatistic.exam_id, ExamStatistic.signature, Exam.state)
        .join(Exam, Exam.id == ExamStatistic.exam_id)
        .where(or_(due, and_(Exam.state == "cancelled", ExamStatistic.signature != "cancelled")))
        .order_by(ExamStatistic.checked_at)
        .limit(most)
    ).all()
    found = [(row.exam_id, row.state, row.signature == signature_of(db.session(), row.exam_id)) for row in rows]
    end_read()
    changed = 0
    for exam_id, state, is_same in found:
        values: dict[str, Any] = {"checked_at": now if is_same else None}
        if state == "cancelled":
            values = {"checked_at": now, "signature": "cancelled"}
        with transaction() as session:
            session.execute(update(ExamStatistic).where(ExamStatistic.exam_id == exam_id).values(**values))
            if state == "cancelled":
                session.execute(update(ItemUse).where(ItemUse.exam_id == exam_id).values(is_merged=False))
        changed += not is_same or state == "cancelled"
    return changed
