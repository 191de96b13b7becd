"""Autosave: what is answered 200 has been committed and synced.

The hot path of the site. One read ties session, person and attempt together; then each answer is appended to the log
of events and, where its number is newer, becomes the answer that stands. Several requests share one commit
(``grouped``), each is answered after it.

In a sequential attempt an answer to an item that was left is refused, it alone, by the rule of ``rules.navigation``.
That costs one more statement there and none in a free one, whose row says so. The attempt is held until the commit,
by its row on PostgreSQL and by the one writer on SQLite, so two calls are judged one after the other, the second with
the events of the first before it, also where both share a commit. What is refused leaves no trace; what is stored
stays so, and sent again it counts as saved although its item has been left since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    DateTime,
    Integer,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite

from question_bank.kinds import normal_answer, shape_problem
from trainer.accounts.models import User
from trainer.attempts.caller import Caller, demand_ticket, demand_writer, explain_nothing, prolong, who
from trainer.attempts.heard import beats
from trainer.attempts.models import Attempt, Response, ResponseEvent
from trainer.attempts.rules.navigation import first_seen, was_left
from trainer.attempts.rules.timing import is_late, is_over
from trainer.core.database import grouped
from trainer.core.errors import FieldProblem, Invalid, Refused
from trainer.core.groups import Alike
from trainer.core.prepared import prepared
from trainer.papers.models import Paper

SEQ_MOST = 2**53 - 1
ANSWERS_MOST = 500


class AttemptClosed(Refused):
    """The attempt has been handed in, or its time and grace are over."""

    code = "attempt_closed"


class TakenOver(Refused):
    """Another page or device has resumed the attempt; this one may only look."""

    code = "taken_over"


class DeviceStopped(TakenOver):
    """An invigilator has stopped the page that wrote, and nobody has resumed since; by resuming anybody's page may."""

    code = "device_stopped"


class ItemLeft(Refused):
    """An answer came for an item that a sequential attempt has left; where ``save`` stores all or nothing."""

    code = "item_left"


@dataclass(frozen=True)
class Given:
    """One answer as the page sends it. ``seq`` grows with each change of the item on that page."""

    number: int
    answer: Any
    seq: int


@dataclass(frozen=True)
class Saved:
    """One answer as it is stored: both sides keep the digest."""

    number: int
    seq: int
    digest: str


@dataclass(frozen=True)
class Receipt:
    """What became of the answers of one call.

    ``superseded`` are those for which a newer one stood already, ``left`` those refused because their item was left.
    """

    saved: list[Saved]
    superseded: list[tuple[int, int]]
    deadline_at: datetime
    left: list[tuple[int, int]]


def digest(attempt_id: int, number: int, seq: int, answer: str) -> str:
    """Return the receipt's digest of one stored answer: 16 hex digits of SHA-256 over attempt, number, seq, answer."""
    return hashlib.sha256(f"{attempt_id}:{number}:{seq}:{answer}".encode()).hexdigest()[:16]


def canonical(shapes: Sequence[Any], given: Sequence[Given]) -> list[tuple[Given, str]]:
    """Return each answer with its canonical JSON text; nothing is stored.

    Raises ``Invalid`` naming every wrong one, and for more than ``ANSWERS_MOST``: others wait meanwhile.
    """
    if len(given) > ANSWERS_MOST:
        raise Invalid.at("responses", "too_long", most=ANSWERS_MOST)
    problems: list[FieldProblem] = []
    made: list[tuple[Given, str]] = []
    for place, one in enumerate(given):
        if not 1 <= one.number <= len(shapes):
            problems.append(FieldProblem(f"responses.{place}.number", "no_such_item", {"number": one.number}))
            continue
        if not 1 <= one.seq <= SEQ_MOST:
            problems.append(FieldProblem(f"responses.{place}.seq", "out_of_range", {"least": 1, "most": SEQ_MOST}))
            continue
        shape = shapes[one.number - 1]
        if shape_problem(shape, one.answer) is not None:
            problems.append(FieldProblem(f"responses.{place}.answer", "wrong_answer_shape", {"number": one.number}))
            continue
        made.append((one, orjson.dumps(normal_answer(shape, one.answer)).decode()))
    if problems:
        raise Invalid(problems)
    return made


_shapes: dict[int, list[Any]] = {}


def shapes_of(connection: Connection, paper_id: int) -> list[Any]:
    """Return the answer shapes of a paper; papers never change, so they are kept in the process."""
    known = _shapes.get(paper_id)
    if known is None:
        known = connection.execute(select(Paper.shapes).where(Paper.id == paper_id)).scalar_one()
        if len(_shapes) > 4096:
            _shapes.clear()
        _shapes[paper_id] = known
    return known


def forget_papers() -> None:
    """Empty what the process keeps of papers, for tests that reuse ids."""
    _shapes.clear()


HELD: Any = (
    Attempt.id,
    Attempt.state,
    Attempt.epoch,
    Attempt.stopped_epoch,
    Attempt.deadline_at,
    Attempt.grace_seconds,
    Attempt.paper_id,
    Attempt.submitted_at,
    Attempt.submitted_by,
    Attempt.exam_id,
    Attempt.sequential,
    User.must_change_password,
)


@prepared
def _held_attempt(by_token: bool) -> Any:
    """Return the statement that ties a credential, its active person and that person's attempt together."""
    caller = Caller(b"", by_token)
    _table, columns, conditions = who(caller)
    return (
        select(*HELD, *columns)
        .where(Attempt.id == bindparam("attempt_id"), Attempt.user_id == User.id, *conditions)
        # Not its key: whoever refers to the attempt meanwhile, such as a beat that is written down, need not wait.
        .with_for_update(of=Attempt, key_share=True)
    )


def hold_attempt(connection: Connection, caller: Caller, attempt_id: int, now: datetime) -> Any:
    """Return the caller's attempt, locked until the end of the transaction.

    Raises ``Unauthenticated`` without a living session, ``Missing`` for an attempt that is not the caller's,
    ``Forbidden`` for one of another exam than that of the caller's ticket.
    """
    values: dict[str, Any] = {"attempt_id": attempt_id, "key": caller.key}
    if not caller.by_token:
        values["now"] = now
    row = _held_attempt(connection, caller.by_token).first(connection, values)
    if row is None:
        raise explain_nothing(connection, caller, now)
    demand_writer(row)
    demand_ticket(row, row.exam_id)
    return row


def demand_open(row: Any, epoch: int, now: datetime) -> None:
    """Raise ``AttemptClosed``, or as ``demand_newest`` does, unless the page with ``epoch`` may write now."""
    if row.state != "open" or is_over(now, row.deadline_at, row.grace_seconds):
        raise AttemptClosed
    demand_newest(row, epoch)


def demand_newest(row: Any, epoch: int) -> None:
    """Raise ``TakenOver`` or ``DeviceStopped`` for a page whose ``epoch`` is not the newest of the attempt."""
    if row.epoch != epoch:
        raise DeviceStopped if row.epoch == row.stopped_epoch else TakenOver


EVENT = ("attempt_id", "number", "seq", "answer", "saved_at", "epoch", "late")
ANSWER = EVENT[:5]


def _insert(dialect: str, table: Any, names: tuple[str, ...]) -> Any:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return insert(table).values({name: bindparam(name) for name in names})


def _appended(dialect: str) -> Any:
    """Return the statement that appends an event; one that has arrived before changes nothing."""
    return _insert(dialect, ResponseEvent, EVENT).on_conflict_do_nothing()


_event = prepared(_appended)


@prepared
def _stand(dialect: str) -> Any:
    """Return the statement that lets an answer stand where its number is newer; on PostgreSQL with the event in it."""
    stand = _insert(dialect, Response, ANSWER)
    stand = stand.on_conflict_do_update(
        index_elements=[Response.attempt_id, Response.number],
        set_={"seq": stand.excluded.seq, "answer": stand.excluded.answer, "saved_at": stand.excluded.saved_at},
        where=stand.excluded.seq > Response.seq,
    )
    return stand if dialect == "sqlite" else stand.add_cte(_appended(dialect).cte("event"))


def store(
    connection: Connection, attempt_id: int, epoch: int, answers: list[tuple[Given, str]], now: datetime, *, late: bool
) -> tuple[list[Saved], list[tuple[int, int]]]:
    """Append the answers and let the newest stand; return (saved, superseded). The attempt is held by the caller.

    An answer that arrives a second time is saved once and counts as saved again, with the same digest.
    """
    name = connection.dialect.name
    stand = _stand(connection, name)
    saved: list[Saved] = []
    superseded: list[tuple[int, int]] = []
    for one, text in answers:
        row = {"attempt_id": attempt_id, "number": one.number, "seq": one.seq, "answer": text, "saved_at": now}
        row |= {"epoch": epoch, "late": late}
        if name == "sqlite":
            _event(connection, name).count(connection, row)
        if stand.count(connection, row) == 1 or _stands(connection, attempt_id, one, text):
            saved.append(Saved(one.number, one.seq, digest(attempt_id, one.number, one.seq, text)))
        else:
            superseded.append((one.number, one.seq))
    return saved, superseded


@prepared
def _standing() -> Any:
    at = (Response.attempt_id == bindparam("attempt_id"), Response.number == bindparam("number"))
    return select(Response.seq, Response.answer).where(*at)


def _stands(connection: Connection, attempt_id: int, one: Given, text: str) -> bool:
    found = _standing(connection).first(connection, {"attempt_id": attempt_id, "number": one.number})
    return found is not None and bool(found.seq == one.seq and found.answer == text)


def all_stand(connection: Connection, attempt_id: int, answers: list[tuple[Given, str]]) -> bool:
    """Return whether the attempt already holds each of these answers under its number."""
    return all(_stands(connection, attempt_id, one, text) for one, text in answers)


@prepared
def _first_seen() -> Any:
    """Return the statement for the lowest number of each item of an attempt; the primary key answers it."""
    event = ResponseEvent
    return (
        select(event.number, func.min(event.seq))
        .where(event.attempt_id == bindparam("attempt_id"))
        .group_by(event.number)
    )


def split_left(
    connection: Connection, row: Any, answers: list[tuple[Given, str]]
) -> tuple[list[tuple[Given, str]], list[tuple[int, int]]]:
    """Return (answers to store, (number, seq) of those refused) for the held attempt ``row``; free ones lose none.

    An answer that has arrived before is never refused: its event is known, and its receipt may have been lost.
    """
    if not row.sequential or not answers:
        return answers, []
    known = dict(_first_seen(connection).tuples(connection, {"attempt_id": row.id}))
    first = first_seen(known, ((one.number, one.seq) for one, _text in answers))
    kept: list[tuple[Given, str]] = []
    left: list[tuple[int, int]] = []
    for one, text in answers:
        if was_left(first, one.number, one.seq) and not has_arrived(connection, row.id, one):
            left.append((one.number, one.seq))
        else:
            kept.append((one, text))
    return kept, left


def has_arrived(connection: Connection, attempt_id: int, one: Given) -> bool:
    """Return whether an answer with this number of its item was stored before, whether it stands or not."""
    event = ResponseEvent
    same = (event.attempt_id == attempt_id, event.number == one.number, event.seq == one.seq)
    return connection.execute(select(event.seq).where(*same)).first() is not None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one call of ``save`` asks for."""

    caller: Caller
    attempt_id: int
    epoch: int
    given: Sequence[Given]
    now: datetime


def _rows_of(parameter: str, **types: Any) -> Any:
    """Return the rows of a JSON text as a table with these columns; PostgreSQL."""
    columns = [column(name, kind) for name, kind in types.items()]
    text = bindparam(parameter, type_=Text)
    return func.json_to_recordset(cast(text, postgresql.JSON)).table_valued(*columns).render_derived(with_types=True)


@prepared
def _held_attempts() -> Any:
    """Return the statement that does for many sessions at once what ``_held_attempt`` does for one; PostgreSQL.

    The inner select is run for each row, by primary keys alone, whatever the planner takes the sizes for.
    """
    asked = _rows_of("asked", place=Integer, attempt_id=BigInteger, key=Text, at=DateTime(timezone=True))
    _table, columns, conditions = who(Caller(b""), func.decode(asked.c.key, "hex"), asked.c.at)
    one = (
        select(*HELD, *columns)
        .where(Attempt.id == asked.c.attempt_id, Attempt.user_id == User.id, *conditions)
        .with_for_update(of=Attempt, key_share=True)
        .correlate(asked)
        .lateral()
    )
    return select(asked.c.place, *one.c).select_from(asked.join(one, true()))


@prepared
def _stand_many() -> Any:
    """Return the statement that does for many answers what ``_stand`` does for one; the keys of those that changed."""
    kinds = (BigInteger, Integer, BigInteger, Text, DateTime(timezone=True), Integer, Boolean)
    rows = _rows_of("rows", **dict(zip(EVENT, kinds, strict=True)))
    events = postgresql.insert(ResponseEvent).from_select(EVENT, select(*rows.c)).on_conflict_do_nothing()
    again = _rows_of("rows", **dict(zip(EVENT, kinds, strict=True)))
    stand = postgresql.insert(Response).from_select(ANSWER, select(*(again.c[name] for name in ANSWER)))
    stand = stand.on_conflict_do_update(
        index_elements=[Response.attempt_id, Response.number],
        set_={"seq": stand.excluded.seq, "answer": stand.excluded.answer, "saved_at": stand.excluded.saved_at},
        where=stand.excluded.seq > Response.seq,
    )
    return stand.add_cte(events.cte("event")).returning(Response.attempt_id, Response.number)


def _save_many(connection: Connection, calls: Sequence[_Asked]) -> list[Receipt | None]:
    """Save what many calls ask for in two statements; None for each that is not as usual and is left to ``save``."""
    receipts: list[Receipt | None] = [None] * len(calls)
    # In the order of the attempts, so that two processes lock them in the same one.
    usual = sorted((one.attempt_id, place) for place, one in enumerate(calls) if not one.caller.by_token)
    if len(usual) < 2:
        return receipts
    asked = [
        {"place": place, "attempt_id": attempt_id, "key": calls[place].caller.key.hex(), "at": calls[place].now}
        for attempt_id, place in usual
    ]
    held = {row.place: row for row in _held_attempts(connection).rows(connection, {"asked": _text(asked)})}
    rows: dict[tuple[int, int], dict[str, Any]] = {}
    stored: list[tuple[int, list[tuple[Given, str]]]] = []
    for place, row in held.items():
        call = calls[place]
        try:
            demand_writer(row)
            demand_ticket(row, row.exam_id)
            demand_open(row, call.epoch, call.now)
            answers = canonical(shapes_of(connection, row.paper_id), call.given)
        except Refused:
            continue
        keys = [(call.attempt_id, one.number) for one, _text in answers]
        if row.sequential or len({*keys}) < len(keys) or not rows.keys().isdisjoint(keys):
            continue
        late = is_late(call.now, row.deadline_at)
        for key, (one, text) in zip(keys, answers, strict=True):
            values = (*key, one.seq, text, call.now, call.epoch, late)
            rows[key] = dict(zip(EVENT, values, strict=True))
        stored.append((place, answers))
    if not rows:
        return receipts
    changed = {*_stand_many(connection).tuples(connection, {"rows": _text([*rows.values()])})}
    for place, answers in stored:
        call, row = calls[place], held[place]
        # Who sends again, or something older, is told what stands by the write of one call.
        if all((call.attempt_id, one.number) in changed for one, _text in answers):
            prolong(connection, call.caller, row, call.now)
            saved = [Saved(one.number, one.seq, digest(row.id, one.number, one.seq, text)) for one, text in answers]
            receipts[place] = Receipt(saved, [], row.deadline_at, [])
    return receipts


def _text(rows: list[dict[str, Any]]) -> str:
    return orjson.dumps(rows).decode()


def save(
    caller: Caller, attempt_id: int, epoch: int, given: Sequence[Given], now: datetime, *, whole: bool = False
) -> Receipt:
    """Store answers of an open attempt; ``now`` is when the request arrived (aware UTC).

    The higher ``seq`` of an item wins, whatever the order of arrival; sending the same again changes nothing. Raises
    ``AttemptClosed``, ``TakenOver``, ``Invalid``, ``Missing`` or ``Unauthenticated``; then nothing of the call is
    stored. Answers to items that were left are told in the receipt, and the others of the call are kept; with ``whole``
    they raise ``ItemLeft`` as well. Returns after the commit has been synced.
    """

    def write(connection: Connection) -> Receipt:
        row = hold_attempt(connection, caller, attempt_id, now)
        demand_open(row, epoch, now)
        answers = canonical(shapes_of(connection, row.paper_id), given)
        answers, left = split_left(connection, row, answers)
        if whole and left:
            raise ItemLeft(number=left[0][0])
        late = is_late(now, row.deadline_at)
        saved, superseded = store(connection, attempt_id, epoch, answers, now, late=late)
        prolong(connection, caller, row, now)
        return Receipt(saved, superseded, row.deadline_at, left)

    receipt = grouped(write, Alike(_save_many, _Asked(caller, attempt_id, epoch, given, now)))
    beats.saved(attempt_id, now)
    return receipt
