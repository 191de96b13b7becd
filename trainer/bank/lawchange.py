"""A law gets another version: which items that touches, since when they are in quarantine, and whose work it is.

For each item that is not retired and cites version V of a law, and for each newer version N that is known (loaded as a
text, or shipped as fingerprints), the cited articles are compared. The item gets one check for V → N with the gravest
outcome of its citations. While a check is open and its outcome is other than *unchanged*, the item is in quarantine
from the day on which N takes force: ``items.quarantine_on`` is the earliest of these days. So nothing but a text of the
item that cites what stands in the newer version ends a quarantine; no button lifts it.

An article that moved word for word under another number puts its items into quarantine as well: a key that names a
place where something else stands now is wrong for whoever looks it up. Leaving is one click then (``rebind.py``).

``look_through`` brings the checks of items up to date and is called wherever the current text of an item changes: a
load, an import, a publication, a retirement. A second call changes nothing.

Source: our decision, 2026-11-27.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from question_bank.lawdiff import OUTCOMES, UNCHANGED, ArticleChange, compare
from question_bank.laws import name_key
from question_bank.lawtexts import LawText as ReadText
from question_bank.lawtexts import article_order
from trainer.accounts.models import Grant, User
from trainer.accounts.rules import PERMISSIONS
from trainer.audit.service import record
from trainer.bank.models import OPEN_CHECKS, ItemBasis, ItemLawCheck, ItemRecord, LawChange
from trainer.core.database import beside_others, db, end_read, one_at_a_time, transaction
from trainer.core.errors import Invalid
from trainer.laws.queries import KnownVersion, fingerprints_of, known_versions, texts_of
from trainer.laws.service import digest_of, load_text
from trainer.notices.service import queue

PART = 500
LAWS = 7_340_023
QUEUE = "/items/law-checks"


@dataclass(frozen=True)
class ItemVerdict:
    """What a newer version of a law means for one item. ``articles`` as in ``ItemLawCheck``."""

    item_id: int
    code: str
    author_id: int | None
    law: str
    old_version: str
    new_version: str
    takes_force_on: date
    outcome: str
    articles: tuple[dict[str, Any], ...]

    @property
    def change(self) -> tuple[str, str, str]:
        return self.law, self.old_version, self.new_version


@dataclass(frozen=True)
class LawReport:
    """What loading a law did, or would do: ``loaded`` as in ``Loaded``, and the items that cite older versions."""

    law: str
    title: str
    version: str
    starts_on: date | None
    loaded: str
    verdicts: tuple[ItemVerdict, ...]


class StartUnknown(Invalid):
    """Items cite an older version, and nobody says since when the new one holds: they cannot be put into quarantine."""

    code = "law_start_needed"


class Comparisons:
    """Compares versions of laws for as long as one task lasts; texts are read only where fingerprints differ.

    ``candidate`` is a text that is not loaded yet, as if it were.
    """

    def __init__(self, session: Session, candidate: ReadText | None = None, starts_on: date | None = None) -> None:
        self.session = session
        self.candidate = candidate
        self.starts_on = starts_on
        self._told: dict[tuple[str, ...], dict[str, ArticleChange]] = defaultdict(dict)
        self._marks: dict[tuple[str, str, str], Any] = {}
        self._texts: dict[tuple[str, str, str], dict[str, str]] = {}

    def versions(self, names: Collection[str] | None) -> dict[str, list[KnownVersion]]:
        """Return the known versions of laws by ``name_key``, oldest first."""
        found = known_versions(self.session, names)
        text = self.candidate
        if text is not None:
            key = name_key(text.short_title)
            others = found.get(key, [])
            known = next((one for one in others if one.version == text.version), None)
            starts_on = self.starts_on or (known.in_force_from if known else None)
            new = KnownVersion(text.short_title, text.version, starts_on, digest=digest_of(text))
            others = [one for one in others if one.version != text.version]
            found[key] = sorted([*others, new], key=lambda one: one.version)
        return found

    def of(self, old: KnownVersion | None, new: KnownVersion, articles: Collection[str]) -> dict[str, ArticleChange]:
        """Return what became of ``articles`` of the old version; one that it does not have has vanished.

        Of a version that nobody knows (None) nothing says that its words still stand.
        """
        if old is None:
            there = self.fingerprints(new)
            return {
                one: ArticleChange("changed", one) if one in there else ArticleChange("vanished", None)
                for one in articles
            }
        # What was worked out for a candidate before the write lock was taken is good for the text once it is loaded.
        told = self._told[(*self._name(old), *self._name(new))]
        missing = {one for one in articles if one not in told}
        if missing:
            left, right = self.fingerprints(old), self.fingerprints(new)
            found = compare(left, right, only=missing)
            unclear = {one for one, change in found.items() if change.likeness is None}
            if unclear:
                found |= compare(left, right, self._text(old), self._text(new), only=unclear)
            told |= {one: found.get(one) or ArticleChange("vanished", None) for one in missing}
        return {one: told[one] for one in articles}

    @staticmethod
    def _name(known: KnownVersion) -> tuple[str, str, str]:
        return known.law, known.version, known.digest

    def _is_candidate(self, known: KnownVersion) -> bool:
        text = self.candidate
        return text is not None and (known.law, known.version) == (text.short_title, text.version)

    def fingerprints(self, known: KnownVersion) -> Mapping[str, str]:
        """Return the fingerprints of a version by article, read once."""
        key = self._name(known)
        if key not in self._marks:
            candidate = self.candidate if self._is_candidate(known) else None
            self._marks[key] = candidate.fingerprints() if candidate else fingerprints_of(self.session, known)
        return self._marks[key]

    def _text(self, known: KnownVersion) -> dict[str, str]:
        key = self._name(known)
        if key not in self._texts:
            candidate = self.candidate if self._is_candidate(known) else None
            self._texts[key] = (
                {one.number: one.text for one in candidate.articles} if candidate else texts_of(self.session, known)
            )
        return self._texts[key]


def take_in_law(
    text: ReadText,
    *,
    in_force_from: date | None = None,
    source: str = "",
    by: int | None,
    now: datetime,
    dry_run: bool = False,
) -> LawReport:
    """Load a version of a law and look through the items that cite older ones, in one transaction.

    ``in_force_from`` (local day) goes before what the text says. Raises ``StartUnknown`` where items cite an older
    version and neither says it. A second call changes nothing. With ``dry_run`` nothing is stored; ``loaded`` is
    ``"tried"`` then.
    """
    starts_on = in_force_from or text.in_force_from
    # Comparing a long law takes seconds: before the write lock is taken, so that nobody's answer waits for it.
    comparisons = Comparisons(db.session(), text, starts_on)
    verdicts = verdicts_on(db.session(), comparisons, laws=[text.short_title])
    known = comparisons.versions([text.short_title])[name_key(text.short_title)]
    end_read()
    starts_on = next(one.in_force_from for one in known if one.version == text.version)
    if starts_on is None and any(one.new_version == text.version for one in verdicts):
        raise StartUnknown.at("in_force_from", "law_start_needed", law=text.short_title, version=text.version)
    loaded = "tried"
    if not dry_run:
        with transaction() as session:
            one_at_a_time(session, LAWS)
            loaded = load_text(text, in_force_from=in_force_from, source=source, by=by, now=now).outcome
            verdicts = look_through(
                session, laws=[text.short_title], by=by, now=now, comparisons=comparisons, audit=loaded != "unchanged"
            )
    return LawReport(text.short_title, text.title, text.version, starts_on, loaded, tuple(verdicts))


def verdicts_on(
    session: Session,
    comparisons: Comparisons,
    *,
    laws: Collection[str] | None = None,
    item_ids: Collection[int] | None = None,
) -> list[ItemVerdict]:
    """Return what newer versions mean for the items that cite ``laws`` (all for None), or for ``item_ids``, by code.

    A version whose start nobody told is taken to hold from the day of its adoption: rather too early than too late.
    """
    versions = comparisons.versions(laws)
    cited: dict[tuple[str, str], dict[int, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in _citations(session, item_ids):
        key = name_key(row.law)
        if key in versions:
            cited[(key, row.law_version)][row.id].append(row)
    found: list[ItemVerdict] = []
    for (key, version), items in sorted(cited.items()):
        old = next((one for one in versions[key] if one.version == version), None)
        for new in versions[key]:
            if new.version <= version:
                continue
            fate = comparisons.of(old, new, {row.article for rows in items.values() for row in rows})
            marks = comparisons.fingerprints(new)
            found += [_verdict(rows, version, new, fate, marks) for rows in items.values()]
    return sorted(found, key=lambda one: (one.code, one.change))


def _citations(session: Session, item_ids: Collection[int] | None) -> Iterable[Any]:
    rows = (
        select(
            ItemRecord.id,
            ItemRecord.code,
            ItemRecord.author_id,
            ItemBasis.law,
            ItemBasis.law_version,
            ItemBasis.article,
        )
        .join(ItemBasis, ItemBasis.item_id == ItemRecord.id)
        .where(ItemRecord.state != "retired", ItemRecord.version_id.is_not(None))
        .order_by(ItemRecord.id, ItemBasis.id)
    )
    if item_ids is None:
        yield from session.execute(rows)
        return
    for part in _parts(item_ids):
        yield from session.execute(rows.where(ItemRecord.id.in_(part)))


def _verdict(
    rows: list[Any], version: str, new: KnownVersion, fate: dict[str, ArticleChange], marks: Mapping[str, str]
) -> ItemVerdict:
    articles = sorted({row.article for row in rows}, key=article_order)
    return ItemVerdict(
        item_id=rows[0].id,
        code=rows[0].code,
        author_id=rows[0].author_id,
        law=new.law,
        old_version=version,
        new_version=new.version,
        takes_force_on=new.starts_on,
        outcome=max((fate[one].outcome for one in articles), key=OUTCOMES.index),
        articles=tuple(
            {
                "old": one,
                "new": fate[one].new,
                "outcome": fate[one].outcome,
                "likeness": fate[one].likeness,
                "mark": marks.get(fate[one].new or ""),
            }
            for one in articles
        ),
    )


def _parts(ids: Iterable[int]) -> Iterable[list[int]]:
    whole = sorted(set(ids))
    return [whole[start : start + PART] for start in range(0, len(whole), PART)]


# --- writing it down ------------------------------------------------------------------------------------------------


def look_through(
    session: Session,
    *,
    laws: Collection[str] | None = None,
    item_ids: Collection[int] | None = None,
    by: int | None,
    now: datetime,
    comparisons: Comparisons | None = None,
    audit: bool = False,
) -> list[ItemVerdict]:
    """Bring checks and quarantine of items up to date and return what was found; joins the caller's transaction.

    Looks at the items that cite ``laws``, or at ``item_ids``. New work reaches its owners' inboxes. ``audit`` writes an
    entry even where nothing is new. Raises ``Busy`` while another transaction brings in a law.
    """
    session.flush()
    # A law that others bring in at this moment and this text of an item would not see each other.
    beside_others(session, LAWS)
    verdicts = verdicts_on(session, comparisons or Comparisons(session), laws=laws, item_ids=item_ids)
    change_ids = _changes(session, verdicts, by=by, now=now)
    known = _checks_of(session, laws, item_ids, change_ids.values())
    wanted = {(change_ids[one.change], one.item_id): one for one in verdicts}
    fresh = [key for key in wanted if key not in known]
    _add(session, [(key, wanted[key]) for key in fresh])
    reopened = [key for key, one in wanted.items() if key in known and _refresh(session, key, known[key], one)]
    gone = [key for key, row in known.items() if key not in wanted and row.state in OPEN_CHECKS]
    _close(session, gone, by=by, now=now)
    touched = {item_id for _change_id, item_id in (*wanted, *known)}
    _set_quarantine(session, touched | set(item_ids or ()))
    _tell_owners(session, [(key, wanted[key]) for key in (*fresh, *reopened)])
    if fresh or reopened or audit:
        _record(verdicts, by=by)
    return verdicts


def _changes(
    session: Session, verdicts: list[ItemVerdict], *, by: int | None, now: datetime
) -> dict[tuple[str, str, str], int]:
    """Return the ids of the changes of law by (law, old, new), made where there are none, with their day."""
    days = {one.change: one.takes_force_on for one in verdicts}
    if not days:
        return {}
    rows = session.scalars(select(LawChange).where(LawChange.law.in_({law for law, _old, _new in days})))
    found = {(row.law, row.old_version, row.new_version): row for row in rows}
    for change, day in days.items():
        if change in found:
            found[change].takes_force_on = day
            continue
        law, old, new = change
        row = LawChange(law=law, old_version=old, new_version=new, takes_force_on=day, created_by=by, created_at=now)
        session.add(row)
        found[change] = row
    session.flush()
    return {change: row.id for change, row in found.items()}


def _checks_of(
    session: Session, laws: Collection[str] | None, item_ids: Collection[int] | None, change_ids: Iterable[int]
) -> dict[tuple[int, int], Any]:
    rows = select(
        ItemLawCheck.change_id, ItemLawCheck.item_id, ItemLawCheck.outcome, ItemLawCheck.articles, ItemLawCheck.state
    )
    if item_ids is not None:
        parts = [rows.where(ItemLawCheck.item_id.in_(part)) for part in _parts(item_ids)]
    else:
        of_law = exists().where(LawChange.id == ItemLawCheck.change_id, LawChange.law.in_(laws or ()))
        parts = [rows if laws is None else rows.where(or_(of_law, ItemLawCheck.change_id.in_(set(change_ids))))]
    return {(row.change_id, row.item_id): row for part in parts for row in session.execute(part)}


def _add(session: Session, fresh: list[tuple[tuple[int, int], ItemVerdict]]) -> None:
    if fresh:
        session.execute(
            insert(ItemLawCheck),
            [
                {
                    "change_id": change_id,
                    "item_id": item_id,
                    "outcome": one.outcome,
                    "articles": list(one.articles),
                    "state": "waiting",
                }
                for (change_id, item_id), one in fresh
            ],
        )


def _refresh(session: Session, key: tuple[int, int], row: Any, one: ItemVerdict) -> bool:
    """Bring a check that stands up to date; return whether that made new work of it."""
    same = (row.outcome, row.articles) == (one.outcome, list(one.articles))
    if same and row.state in OPEN_CHECKS:
        return False
    # What somebody proposed or decided was about other words, or about a text of the item that does not stand any more.
    session.execute(
        update(ItemLawCheck)
        .where(ItemLawCheck.change_id == key[0], ItemLawCheck.item_id == key[1])
        .values(outcome=one.outcome, articles=list(one.articles), state="waiting", decided_by=None, decided_at=None)
    )
    return row.state != "waiting"


def drop_proposals(session: Session, item_ids: Iterable[int]) -> None:
    """Let checks wait again that somebody proposed to close, for another text of their items comes to stand."""
    for part in _parts(item_ids):
        session.execute(
            update(ItemLawCheck)
            .where(ItemLawCheck.item_id.in_(part), ItemLawCheck.state == "proposed")
            .values(state="waiting", decided_by=None, decided_at=None)
        )


def _close(session: Session, gone: list[tuple[int, int]], *, by: int | None, now: datetime) -> None:
    """Close the checks of items that do not cite the old version any more, or that are retired."""
    retired: set[int] = set()
    for part in _parts(item_id for _change_id, item_id in gone):
        rows = select(ItemRecord.id).where(ItemRecord.id.in_(part), ItemRecord.state == "retired")
        retired |= set(session.scalars(rows))
    for change_id, item_id in gone:
        session.execute(
            update(ItemLawCheck)
            .where(ItemLawCheck.change_id == change_id, ItemLawCheck.item_id == item_id)
            .values(state="retired" if item_id in retired else "rewritten", decided_by=by, decided_at=now)
        )


def _set_quarantine(session: Session, item_ids: Collection[int]) -> None:
    """Put items into quarantine from the earliest day that an open check of theirs asks for, or out of it."""
    day = (
        select(func.min(LawChange.takes_force_on))
        .join(ItemLawCheck, ItemLawCheck.change_id == LawChange.id)
        .where(
            ItemLawCheck.item_id == ItemRecord.id,
            ItemLawCheck.state.in_(OPEN_CHECKS),
            ItemLawCheck.outcome != UNCHANGED,
        )
        .correlate(ItemRecord)
        .scalar_subquery()
    )
    for part in _parts(item_ids):
        session.execute(
            update(ItemRecord)
            .where(ItemRecord.id.in_(part))
            .values(quarantine_on=day)
            .execution_options(synchronize_session=False)
        )


def _tell_owners(session: Session, queued: list[tuple[tuple[int, int], ItemVerdict]]) -> None:
    """Tell authors of their items, and who manages the bank of those that have no author at work."""
    if not queued:
        return
    editors = _holders(session, "item.edit")
    managers = _holders(session, "item.manage")
    counts: dict[tuple[int, int], int] = defaultdict(int)
    changes: dict[int, ItemVerdict] = {}
    for (change_id, _item_id), one in queued:
        changes[change_id] = one
        for user_id in [one.author_id] if one.author_id in editors else managers:
            counts[(user_id, change_id)] += 1
    for (user_id, change_id), count in sorted(counts.items()):
        one = changes[change_id]
        queue(
            [user_id],
            "law_changed",
            key=f"law_change:{change_id}",
            params={"law": one.law, "count": count, "force_on": one.takes_force_on.isoformat()},
            url=QUEUE,
        )


def _holders(session: Session, permission: str) -> set[int]:
    roles = [role for role, held in PERMISSIONS.items() if permission in held]
    rows = select(Grant.user_id).join(User, User.id == Grant.user_id).where(Grant.role.in_(roles))
    return set(session.scalars(rows.where(User.state == "active")))


def _record(verdicts: list[ItemVerdict], *, by: int | None) -> None:
    by_change: dict[tuple[str, str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(OUTCOMES, 0))
    for one in verdicts:
        by_change[one.change][one.outcome] += 1
    for (law, old, new), counts in sorted(by_change.items()):
        record("law.items_looked_through", by=by, target=f"law:{law}", detail={"from": old, "to": new, **counts})
