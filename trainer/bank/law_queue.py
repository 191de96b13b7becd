"""Reads of the queue that a change of law makes: the changes, the items of one, one item with old and new text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from question_bank.difference import Piece, pieces
from question_bank.laws import name_key
from trainer.accounts.models import User
from trainer.bank.models import OPEN_CHECKS, ItemLawCheck, ItemRecord, ItemVersion, LawChange
from trainer.bank.rules.rich import stem_in_words
from trainer.bank.work_queries import Viewer, may_be_seen_by
from trainer.core.errors import Missing
from trainer.laws.queries import known_versions, texts_of


@dataclass(frozen=True)
class QueueFilter:
    """Which checks are asked for: ``waiting``, ``proposed`` or ``done``; those of one author, of all for None.

    With ``viewer`` only those of items that this person may see.
    """

    author_id: int | None = None
    state: str = "waiting"
    change_id: int | None = None
    viewer: Viewer | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions on checks joined with their items."""
        wanted = [ItemLawCheck.state.not_in(OPEN_CHECKS) if self.state == "done" else ItemLawCheck.state == self.state]
        if self.author_id is not None:
            wanted.append(ItemRecord.author_id == self.author_id)
        if self.change_id is not None:
            wanted.append(ItemLawCheck.change_id == self.change_id)
        if self.viewer is not None:
            wanted.append(may_be_seen_by(self.viewer))
        return wanted


@dataclass(frozen=True)
class ChangeLine:
    """A change of law with how many items wait, by outcome."""

    id: int
    law: str
    old_version: str
    new_version: str
    takes_force_on: date
    counts: dict[str, int]


def changes_waiting(session: Session, wanted: QueueFilter) -> list[ChangeLine]:
    """Return the changes of law that have such items, those that take force first at the top: one statement."""
    rows = session.execute(
        select(LawChange, ItemLawCheck.outcome, func.count())
        .join(ItemLawCheck, ItemLawCheck.change_id == LawChange.id)
        .join(ItemRecord, ItemRecord.id == ItemLawCheck.item_id)
        .where(*wanted.conditions())
        .group_by(LawChange.id, ItemLawCheck.outcome)
        .order_by(LawChange.takes_force_on, LawChange.law, LawChange.id)
    )
    found: dict[int, ChangeLine] = {}
    for change, outcome, count in rows:
        line = found.setdefault(
            change.id,
            ChangeLine(change.id, change.law, change.old_version, change.new_version, change.takes_force_on, {}),
        )
        line.counts[outcome] = count
    return list(found.values())


@dataclass(frozen=True)
class CheckLine:
    """One item of the queue as a list shows it."""

    change_id: int
    item_id: int
    code: str
    stem: str
    law: str
    outcome: str
    state: str
    articles: tuple[dict[str, Any], ...]
    author: str | None

    @property
    def places(self) -> list[tuple[str, str]]:
        """The numbers of the cited articles with those that they have now, empty for the same or none."""
        return [(one["old"], one["new"] if one["new"] not in (None, one["old"]) else "") for one in self.articles]


def checks_matching(wanted: QueueFilter) -> Select[Any]:
    """Return the select of checks for ``paged``; rows fit ``check_line``."""
    return (
        select(
            ItemLawCheck.change_id,
            ItemLawCheck.item_id,
            ItemRecord.code,
            ItemVersion.public,
            LawChange.law,
            ItemLawCheck.outcome,
            ItemLawCheck.state,
            ItemLawCheck.articles,
            User.name,
        )
        .join(LawChange, LawChange.id == ItemLawCheck.change_id)
        .join(ItemRecord, ItemRecord.id == ItemLawCheck.item_id)
        .join(ItemVersion, ItemVersion.id == ItemRecord.version_id)
        .outerjoin(User, User.id == ItemRecord.author_id)
        .where(*wanted.conditions())
        .order_by(LawChange.takes_force_on, LawChange.law, LawChange.id, ItemLawCheck.outcome, ItemRecord.code)
    )


def check_line(row: Any) -> CheckLine:
    """Return a row of ``checks_matching`` as a line of the list."""
    return CheckLine(
        row.change_id,
        row.item_id,
        row.code,
        stem_in_words(row.public),
        row.law,
        row.outcome,
        row.state,
        tuple(row.articles),
        row.name,
    )


@dataclass(frozen=True)
class ArticlePair:
    """A cited article in both versions, by number. A text is None where it is not loaded.

    ``before`` and ``after`` are both texts with what differs marked; empty where one is missing.
    """

    old: str
    new: str | None
    outcome: str
    likeness: float | None
    old_text: str | None
    new_text: str | None
    before: tuple[Piece, ...] = ()
    after: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class CheckPage:
    """One item of the queue with the old and the new text of what it cites."""

    line: CheckLine
    old_version: str
    new_version: str
    takes_force_on: date
    decided_by: int | None
    decided_name: str | None
    author_id: int | None
    item_state: str
    pairs: tuple[ArticlePair, ...]


def read_check(session: Session, change_id: int, item_id: int) -> CheckPage:
    """Return one item of the queue. Raises ``Missing``."""
    row = session.execute(
        select(ItemLawCheck, LawChange, ItemRecord, ItemVersion.public, User.name)
        .join(LawChange, LawChange.id == ItemLawCheck.change_id)
        .join(ItemRecord, ItemRecord.id == ItemLawCheck.item_id)
        .join(ItemVersion, ItemVersion.id == ItemRecord.version_id)
        .outerjoin(User, User.id == ItemRecord.author_id)
        .where(ItemLawCheck.change_id == change_id, ItemLawCheck.item_id == item_id)
    ).first()
    if row is None:
        raise Missing
    check, change, item, public, author = row
    line = CheckLine(
        change.id,
        item.id,
        item.code,
        stem_in_words(public),
        change.law,
        check.outcome,
        check.state,
        tuple(check.articles),
        author,
    )
    decided = session.scalar(select(User.name).where(User.id == check.decided_by)) if check.decided_by else None
    return CheckPage(
        line=line,
        old_version=change.old_version,
        new_version=change.new_version,
        takes_force_on=change.takes_force_on,
        decided_by=check.decided_by,
        decided_name=decided,
        author_id=item.author_id,
        item_state=item.state,
        pairs=tuple(_pairs(session, change, check.articles)),
    )


def _pairs(session: Session, change: LawChange, articles: Iterable[dict[str, Any]]) -> Iterable[ArticlePair]:
    versions = {one.version: one for one in known_versions(session, [change.law]).get(name_key(change.law), [])}
    old, new = (
        texts_of(session, versions[version]) if version in versions else {}
        for version in (change.old_version, change.new_version)
    )
    for one in articles:
        before, after = old.get(one["old"]), new.get(one["new"] or "")
        marked = pieces(before, after) if before and after else ((), ())
        yield ArticlePair(one["old"], one["new"], one["outcome"], one["likeness"], before, after, *marked)


def next_in_queue(session: Session, wanted: QueueFilter, change_id: int, item_id: int) -> tuple[int, int] | None:
    """Return the check to go on with after one was decided: another of the same change first, None when all is done."""
    others = checks_matching(wanted).where(~and_(ItemLawCheck.change_id == change_id, ItemLawCheck.item_id == item_id))
    rows = session.execute(
        others.order_by(None).order_by((ItemLawCheck.change_id != change_id), ItemRecord.code).limit(1)
    )
    row = rows.first()
    return (row.change_id, row.item_id) if row else None


def waiting_count(session: Session, wanted: QueueFilter) -> int:
    """Return how many checks there are."""
    rows = select(func.count()).select_from(ItemLawCheck).join(ItemRecord, ItemRecord.id == ItemLawCheck.item_id)
    return session.scalar(rows.where(*wanted.conditions())) or 0
