"""Reads of practice: what to show next, how far a person has come, the wrong-answer book, what was answered.

Only published items of the open pool exist here (``studied``). What still asks reads ``ItemVersion.public`` and never
the body, so that no key is even loaded before the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from trainer.accounts.models import UserField
from trainer.attempts.models import Attempt
from trainer.bank.models import ItemBasis, ItemField, ItemRecord, ItemVersion
from trainer.bank.queries import may_be_drawn, shows_medium
from trainer.bank.rules.rich import with_html
from trainer.core.clock import local_day
from trainer.core.errors import Missing, Refused
from trainer.exams.models import Exam
from trainer.marking.service import may_be_visible
from trainer.papers.models import PaperItem
from trainer.practice.models import Card, PracticeAnswer
from trainer.practice.rules import memory
from trainer.practice.rules.choosing import (
    DUE,
    NEW,
    REVIEWS_A_DAY,
    WRONG,
    Known,
    Unseen,
    Wanted,
    choose,
)
from trainer.web.locale import zone

REST = memory.STEP
# A backlog beyond this is not looked through; the longest overdue are the weakest in all but a few cases.
KNOWN_MOST = 500
SEARCH_MOST = 50
# What a list shows of an item, beside what it says of the reader.
LISTED = (
    ItemRecord.code,
    ItemRecord.kind,
    ItemRecord.wing,
    ItemRecord.topic,
    ItemVersion.public["stem"].as_string().label("stem"),
    ItemVersion.public["format"].as_string().label("format"),
    ItemVersion.public["media"].label("media"),
)


@dataclass(frozen=True, slots=True)
class Day:
    """What a person has answered since the day began: ``turn`` answers, ``reviews`` items known from before."""

    turn: int
    reviews: int
    just_seen: int | None

    @property
    def reviews_left(self) -> int:
        return max(0, REVIEWS_A_DAY - self.reviews)


@dataclass(frozen=True, slots=True)
class Asked:
    """An item as it is put to a person: key-free. ``queue`` says why it comes, None where it was asked for by code."""

    item_id: int
    version_id: int
    code: str
    kind: str
    wing: str
    topic: str
    fields: tuple[str, ...]
    public: dict[str, Any]
    queue: str | None
    wrong: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a person has come in one part of the bank, all in items. ``right`` are known and not in the book."""

    total: int = 0
    seen: int = 0
    wrong: int = 0
    due: int = 0

    @property
    def right(self) -> int:
        return self.seen - self.wrong

    @property
    def new(self) -> int:
        return self.total - self.seen

    def __add__(self, other: Progress) -> Progress:
        return Progress(
            self.total + other.total, self.seen + other.seen, self.wrong + other.wrong, self.due + other.due
        )


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a person: reviews of today, how many more lie behind the daily limit, items in the book."""

    due: int
    later: int
    wrong: int
    begun: bool


def studied(now: datetime) -> ColumnElement[bool]:
    """Return the condition on ``ItemRecord`` that an item may be practised today.

    It is open and never from quarantine.
    """
    return and_(may_be_drawn(local_day(now, zone())), ItemRecord.pool == "open")


def held_back(user_id: int, now: datetime) -> ColumnElement[bool]:
    """Return the condition on ``ItemRecord`` that the person has met it in an exam which tells no keys yet.

    Whoever has handed in must not read them here while others still write, nor before the exam's own release.
    """
    writing = aliased(Attempt)
    others_write = exists().where(writing.exam_id == Exam.id, writing.state == "open")
    met = (
        select(ItemVersion.item_id)
        .join(PaperItem, PaperItem.item_version_id == ItemVersion.id)
        .join(Attempt, Attempt.paper_id == PaperItem.paper_id)
        .join(Exam, Exam.id == Attempt.exam_id)
        .where(
            Attempt.user_id == user_id,
            Exam.state == "published",
            Exam.release != "after_submit",
            or_(~func.coalesce(may_be_visible(now), false()), others_write),
        )
    )
    return ItemRecord.id.in_(met)


def within(filters: dict[str, str], now: datetime) -> ColumnElement[bool]:
    """Return the condition on ``ItemRecord`` that it lies within ``filters`` (wing, topic, law, field)."""
    parts = [studied(now)]
    if "wing" in filters:
        parts.append(ItemRecord.wing == filters["wing"])
    if "topic" in filters:
        parts.append(ItemRecord.topic == filters["topic"])
    if "law" in filters:
        parts.append(exists().where(ItemBasis.item_id == ItemRecord.id, ItemBasis.law == filters["law"]))
    if "field" in filters:
        parts.append(exists().where(ItemField.item_id == ItemRecord.id, ItemField.field == filters["field"]))
    return and_(*parts)


def practised_with_medium(session: Session, user_id: int, sha256: str, now: datetime) -> bool:
    """Return whether an item that may be practised shows this medium, or tells it after an answer of this person."""
    asked = exists().where(ItemRecord.version_id == ItemVersion.id, studied(now), shows_medium(sha256))
    told = exists().where(
        ~held_back(user_id, now),
        PracticeAnswer.user_id == user_id,
        PracticeAnswer.item_version_id == ItemVersion.id,
        PracticeAnswer.item_id == ItemRecord.id,
        studied(now),
        shows_medium(sha256, after_answer=True),
    )
    return bool(session.scalar(select(or_(asked, told))))


def refuse_during_exam(session: Session, user_id: int, now: datetime) -> None:
    """Raise ``Refused`` while an attempt of the person is open and its time, grace included, has not run out."""
    rows = session.execute(
        select(Attempt.deadline_at, Attempt.grace_seconds).where(Attempt.user_id == user_id, Attempt.state == "open")
    )
    if any(now <= deadline + timedelta(seconds=grace) for deadline, grace in rows):
        raise Refused("exam_in_progress")


def day_of(session: Session, user_id: int, day_began: datetime) -> Day:
    """Return what was answered since ``day_began`` (aware UTC): one statement, as many rows as items."""
    rows = session.execute(
        select(
            PracticeAnswer.item_id,
            func.count().label("times"),
            func.max(PracticeAnswer.id).label("last"),
            Card.answered_count,
        )
        .join(Card, and_(Card.user_id == PracticeAnswer.user_id, Card.item_id == PracticeAnswer.item_id))
        .where(
            PracticeAnswer.user_id == user_id,
            PracticeAnswer.answered_at >= day_began,
            PracticeAnswer.state != "waiting",
        )
        .group_by(PracticeAnswer.item_id, Card.answered_count)
    ).all()
    latest = max(rows, key=lambda row: row.last, default=None)
    return Day(
        turn=sum(row.times for row in rows),
        reviews=sum(row.answered_count > row.times for row in rows),
        just_seen=latest.item_id if latest else None,
    )


def next_item(session: Session, user_id: int, wanted: Wanted, *, now: datetime, day_began: datetime) -> Asked | None:
    """Return the next item, None when there is nothing left (for today). At most six statements.

    The same until something is answered. Raises ``Refused`` while the person sits an exam.
    """
    refuse_during_exam(session, user_id, now)
    day = day_of(session, user_id, day_began)
    picked = choose(
        _known(session, user_id, wanted, now) if wanted.mode != NEW else (),
        _unseen(session, user_id, wanted, now) if wanted.mode not in (DUE, WRONG) else (),
        wanted.mode,
        now=now,
        turn=day.turn,
        reviews_left=None if wanted.more else day.reviews_left,
        just_seen=day.just_seen,
        seed=f"{user_id}:{day_began.isoformat()}:{day.turn}",
    )
    if picked is None:
        return None
    return _asked(session, user_id, ItemRecord.id == picked.item_id, picked.queue, now)


def item_by_code(session: Session, user_id: int, code: str, *, now: datetime) -> Asked:
    """Return an item that the person asks for.

    Raises ``Missing``, and ``Refused`` while they sit an exam and for one that is ``held_back``.
    """
    refuse_during_exam(session, user_id, now)
    return _asked(session, user_id, ItemRecord.code == code, None, now)


def item_by_id(session: Session, user_id: int, item_id: int, *, now: datetime) -> Asked:
    """As ``item_by_code``, by id."""
    refuse_during_exam(session, user_id, now)
    return _asked(session, user_id, ItemRecord.id == item_id, None, now)


def _asked(session: Session, user_id: int, which: ColumnElement[bool], queue: str | None, now: datetime) -> Asked:
    row = session.execute(
        select(
            ItemRecord.id,
            ItemRecord.version_id,
            ItemRecord.code,
            ItemRecord.kind,
            ItemRecord.wing,
            ItemRecord.topic,
            ItemVersion.public,
            Card.wrong,
            held_back(user_id, now).label("held_back"),
        )
        .join(ItemVersion, ItemVersion.id == ItemRecord.version_id)
        .outerjoin(Card, and_(Card.item_id == ItemRecord.id, Card.user_id == user_id))
        .where(which, studied(now))
    ).first()
    if row is None:
        raise Missing
    if row.held_back:
        raise Refused("item_in_exam")
    fields = session.scalars(select(ItemField.field).where(ItemField.item_id == row.id).order_by(ItemField.field))
    return Asked(
        row.id,
        row.version_id,
        row.code,
        row.kind,
        row.wing,
        row.topic,
        tuple(fields),
        with_html(row.public),
        queue,
        bool(row.wrong),
    )


def _known(session: Session, user_id: int, wanted: Wanted, now: datetime) -> list[Known]:
    """Return the answered items that may come; those that are neither due nor wrong only for a drill."""
    rows = select(Card.item_id, Card.memory, Card.due_at, Card.wrong).join(ItemRecord, ItemRecord.id == Card.item_id)
    rows = rows.where(Card.user_id == user_id, within(wanted.filters, now), ~held_back(user_id, now))
    if not wanted.is_drill:
        rows = rows.where(or_(Card.due_at <= now, Card.wrong))
    found = []
    for item_id, state, due_at, wrong in session.execute(rows.order_by(Card.due_at, Card.item_id).limit(KNOWN_MOST)):
        answered_at = memory.last_answered_at(state)
        rested = answered_at is None or now - answered_at >= REST
        found.append(Known(item_id, memory.retrievability(state, now), due_at, wrong, rested))
    return found


def _unseen(session: Session, user_id: int, wanted: Wanted, now: datetime) -> list[Unseen]:
    own = exists().where(
        ItemField.item_id == ItemRecord.id, ItemField.field == UserField.field, UserField.user_id == user_id
    )
    answered = exists().where(Card.user_id == user_id, Card.item_id == ItemRecord.id)
    free = (within(wanted.filters, now), ~answered, ~held_back(user_id, now))
    rows = session.execute(select(ItemRecord.id, own).where(*free))
    return [Unseen(item_id, bool(is_own)) for item_id, is_own in rows]


def _figures(now: datetime) -> tuple[ColumnElement[Any], ...]:
    return (
        func.count(ItemRecord.id).label("total"),
        func.count(Card.item_id).label("seen"),
        func.coalesce(func.sum(case((Card.wrong, 1), else_=0)), 0).label("wrong"),
        func.coalesce(func.sum(case((Card.due_at <= now, 1), else_=0)), 0).label("due"),
    )


def _progress(row: Row[Any]) -> Progress:
    return Progress(row.total, row.seen, int(row.wrong), int(row.due))


def progress_by_topic(session: Session, user_id: int, now: datetime) -> dict[tuple[str, str], Progress]:
    """Return the progress in each topic that has items, by (wing, topic): one statement."""
    rows = session.execute(
        select(ItemRecord.wing, ItemRecord.topic, *_figures(now))
        .outerjoin(Card, and_(Card.item_id == ItemRecord.id, Card.user_id == user_id))
        .where(studied(now))
        .group_by(ItemRecord.wing, ItemRecord.topic)
    )
    return {(row.wing, row.topic): _progress(row) for row in rows}


def progress_by_law(session: Session, user_id: int, now: datetime) -> dict[str, Progress]:
    """Return the progress in the items that cite each law, by its short title, most items first: one statement."""
    cited = select(ItemBasis.law, ItemBasis.item_id).distinct().subquery()
    rows = session.execute(
        select(cited.c.law, *_figures(now))
        .join(ItemRecord, ItemRecord.id == cited.c.item_id)
        .outerjoin(Card, and_(Card.item_id == ItemRecord.id, Card.user_id == user_id))
        .where(studied(now))
        .group_by(cited.c.law)
        .order_by(func.count(ItemRecord.id).desc(), cited.c.law)
    )
    return {row.law: _progress(row) for row in rows}


def progress_by_field(session: Session, user_id: int, now: datetime) -> dict[str, Progress]:
    """Return the progress in the items of each enforcement field: one statement."""
    rows = session.execute(
        select(ItemField.field, *_figures(now))
        .join(ItemRecord, ItemRecord.id == ItemField.item_id)
        .outerjoin(Card, and_(Card.item_id == ItemRecord.id, Card.user_id == user_id))
        .where(studied(now))
        .group_by(ItemField.field)
    )
    return {row.field: _progress(row) for row in rows}


def own_fields(session: Session, user_id: int) -> list[str]:
    """Return the enforcement fields in which a person works, sorted."""
    return list(session.scalars(select(UserField.field).where(UserField.user_id == user_id).order_by(UserField.field)))


def waiting(session: Session, user_id: int, *, now: datetime, day_began: datetime) -> Waiting:
    """Return what waits for a person: two statements, for the home page."""
    row = session.execute(
        select(
            func.count(Card.item_id).label("seen"),
            func.coalesce(func.sum(case((Card.due_at <= now, 1), else_=0)), 0).label("due"),
            func.coalesce(func.sum(case((Card.wrong, 1), else_=0)), 0).label("wrong"),
        )
        .join(ItemRecord, ItemRecord.id == Card.item_id)
        .where(Card.user_id == user_id, studied(now), ~held_back(user_id, now))
    ).one()
    due = int(row.due)
    today = min(due, day_of(session, user_id, day_began).reviews_left) if due else 0
    return Waiting(due=today, later=due - today, wrong=int(row.wrong), begun=row.seen > 0)


def wrong_items(user_id: int, filters: dict[str, str], now: datetime) -> Select[Any]:
    """Return the rows of the wrong-answer book, those longest unanswered first, to be paged."""
    return (
        select(*LISTED, Card.right_in_a_row, Card.answered_count)
        .join(ItemRecord, ItemRecord.id == Card.item_id)
        .join(ItemVersion, ItemVersion.id == ItemRecord.version_id)
        .where(Card.user_id == user_id, Card.wrong, within(filters, now))
        .order_by(Card.due_at, Card.item_id)
    )


def wrong_topics(session: Session, user_id: int) -> set[tuple[str, str]]:
    """Return the (wing, topic) of which a person has items in the wrong-answer book."""
    rows = session.execute(
        select(ItemRecord.wing, ItemRecord.topic)
        .distinct()
        .join(Card, Card.item_id == ItemRecord.id)
        .where(Card.user_id == user_id, Card.wrong)
    )
    return {(row.wing, row.topic) for row in rows}


def search_items(session: Session, user_id: int, words: str, now: datetime) -> list[Row[Any]]:
    """Return up to ``SEARCH_MOST`` items whose stem holds every word, or whose code is the text; sorted by code."""
    stem = ItemVersion.public["stem"].as_string()
    every = and_(*(stem.icontains(word, autoescape=True) for word in words.split()[:8]))
    return list(
        session.execute(
            select(*LISTED, Card.wrong, Card.answered_count)
            .join(ItemVersion, ItemVersion.id == ItemRecord.version_id)
            .outerjoin(Card, and_(Card.item_id == ItemRecord.id, Card.user_id == user_id))
            .where(studied(now), or_(every, ItemRecord.code == words.strip().lower()))
            .order_by(ItemRecord.code)
            .limit(SEARCH_MOST)
        )
    )
