"""The boards (排行榜) as this process serves them: standings built once, kept, and handed out as ready bytes.

A board is asked for by hundreds of people every few seconds, and its scores change with each hand-in. So:

- A competition's outline (number of its standings, freeze, phases of its exams) is read at most once a second.
- A copy of the standings of a round is built when the outline's number differs from the copy's, by one thread; the
  others are served the copy before meanwhile, and wait only when there is none yet.
- The lines of a page (limit, after) become JSON once per copy; a request only joins them and adds its own line.

Nothing is dropped when a score changes, so a rush of hand-ins costs one build a second and not one a hand-in. Other
processes notice a change by the number in the database. Own places are looked up, never counted.

Who may ask is decided with every request. Grants are the caller's own of this request; that somebody takes part is
remembered for ``ACCESS_SECONDS``.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from trainer.accounts.rules import Person
from trainer.competitions import queries
from trainer.competitions.queries import Outline, RoundOutline
from trainer.competitions.roster_queries import rosters, signed_due, squads
from trainer.competitions.rules import standings
from trainer.competitions.rules.advancing import Ranked, advancing
from trainer.competitions.rules.prizes import Cut, cuts_of, prize_at
from trainer.competitions.rules.showing import shown_name
from trainer.competitions.rules.standings import Entry, PersonScore
from trainer.core.clock import iso_z
from trainer.core.database import db, end_read
from trainer.core.errors import Missing

BY = ("individual", "team", "unit")
REFRESH_SECONDS = 1.0
BUILD_SHARE = 10
ACCESS_SECONDS = 30.0
COPIES_MOST = 128
PAGES_MOST = 64
ACCESS_MOST = 20_000


@dataclass
class Copy:
    """The standings of one round by people, teams or units; its content never changes later.

    ``version`` says of which scores. ``built`` is the clock's second, and ``rest`` how long the copy is served in any
    case: a second, or longer where building takes long.
    """

    version: tuple[Any, ...]
    as_of: datetime
    built: float
    rest: float
    entries: list[Entry]
    position: dict[int, int]
    position_of_user: dict[int, int]
    pages: dict[tuple[Any, ...], tuple[list[bytes], str]] = field(default_factory=dict)
    _through: tuple[Any, frozenset[int]] | None = None

    def through(self, advance: dict[str, Any] | None) -> frozenset[int]:
        """Return the keys of the lines that go through by the rule ``advance``; worked out once."""
        if not advance:
            return frozenset()
        if self._through is None or self._through[0] != advance:
            ranking = [Ranked(one.place, one.key, one.unit_id) for one in self.entries]
            found = advancing(ranking, top=advance["top"], per_unit_at_least=advance.get("per_unit_at_least") or 0)
            self._through = (advance, frozenset(one.key for one in found))  # type: ignore[misc]  # keys are ids
        return self._through[1]


@dataclass(frozen=True)
class View:
    """A board as one caller may see it.

    ``showing`` false means that the exam's release rule holds the scores back, or that the competition was cancelled:
    there are no entries then. ``own`` is
    the position of the caller's own line in ``copy.entries`` (the person's, the team's, the unit's), None without one.
    ``names`` is the rule by which other people's names are shown; ``live`` that the caller runs the competition.
    """

    outline: Outline
    round: RoundOutline
    by: str
    copy: Copy | None
    as_of: datetime
    frozen: bool
    provisional: bool
    showing: bool
    live: bool
    names: str
    own: int | None

    @property
    def entries(self) -> Sequence[Entry]:
        """The lines of the whole board, the best first; empty while it is held back."""
        return self.copy.entries if self.copy else ()

    @property
    def me(self) -> Entry | None:
        """The caller's own line."""
        return None if self.own is None else self.entries[self.own]

    @property
    def cuts(self) -> tuple[Cut, ...]:
        """Which places bring which prize; none before the places are final, and none while the board is frozen."""
        if self.copy is None or self.provisional or self.frozen:
            return ()
        return cuts_of(self.outline.prizes_of(self.round), self.by, len(self.entries))

    def name_of(self, entry: Entry, position: int) -> str:
        """Return the name to show on a line: the own one always in full, teams and units too."""
        if self.by != "individual" or position == self.own:
            return entry.name
        return shown_name(entry.name, entry.unit, self.names)


class Boards:
    """All copies of this process. ``clock`` counts seconds from anywhere, as ``time.monotonic`` does."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._outlines: dict[int, tuple[float, Outline]] = {}
        self._copies: dict[tuple[Any, ...], Copy] = {}
        self._access: dict[tuple[int, int], float] = {}
        self._locks: dict[tuple[Any, ...], threading.Lock] = {}
        self._mutex = threading.Lock()

    def forget(self) -> None:
        """Drop everything that is kept, for tests and after a database has been restored."""
        for kept in (self._outlines, self._copies, self._access):
            kept.clear()  # type: ignore[attr-defined]  # each of them is a dict

    def view(
        self,
        competition_id: int,
        person: Person,
        *,
        round_number: int | None,
        by: str,
        now: datetime,
        as_public: bool = False,
    ) -> View:
        """Return the board for ``person``; round None is the one that has begun last.

        ``as_public`` gives what everybody else sees, as on the screen of the hall: to those who run the competition
        the frozen and masked board, and to nobody a line of their own.
        Raises ``Missing`` for a competition that the caller may not know of and for a round that there is not.
        """
        outline = self.outline(competition_id)
        self._demand(outline, person)
        round_ = outline.current_round(now) if round_number is None else outline.round(round_number)
        if round_ is None:
            raise Missing
        live = queries.may_manage(person, outline) and not as_public
        frozen = outline.frozen_at is not None and not live
        showing = outline.state != "cancelled" and (live or round_.shows(now))
        copy = self._copy(outline, round_, by, frozen=frozen, now=now) if showing else None
        own = None
        if copy is not None and not as_public:
            own = copy.position_of_user.get(person.id)
            if own is None and by == "unit":
                own = copy.position.get(person.unit_id)
        return View(
            outline=outline,
            round=round_,
            by=by,
            copy=copy,
            as_of=outline.frozen_at if frozen and outline.frozen_at else (copy.as_of if copy else now),
            frozen=frozen,
            provisional=not outline.ended and round_.provisional(now),
            showing=showing,
            live=live,
            names="full" if live else round_.names,
            own=own,
        )

    def outline(self, competition_id: int) -> Outline:
        """Return the outline of a competition, at most ``REFRESH_SECONDS`` old. Raises ``Missing``."""
        kept = self._outlines.get(competition_id)
        if kept is not None and self.clock() - kept[0] < REFRESH_SECONDS:
            return kept[1]
        with self._lock(("outline", competition_id)):
            kept = self._outlines.get(competition_id)
            if kept is not None and self.clock() - kept[0] < REFRESH_SECONDS:
                return kept[1]
            read_at = self.clock()
            try:
                outline = queries.outline_of(db.session(), competition_id)
            finally:
                end_read()
            _keep(self._outlines, competition_id, (read_at, outline), COPIES_MOST)
            return outline

    def _demand(self, outline: Outline, person: Person) -> None:
        if queries.may_watch(person, outline):
            return
        if outline.state != "draft":
            if outline.public:
                return
            key = (outline.id, person.id)
            if self._access.get(key, -ACCESS_SECONDS) > self.clock() - ACCESS_SECONDS:
                return
            takes_part = queries.person_takes_part(db.session(), outline.id, person.id)
            end_read()
            if takes_part:
                _keep(self._access, key, self.clock(), ACCESS_MOST)
                return
        raise Missing

    def _copy(self, outline: Outline, round_: RoundOutline, by: str, *, frozen: bool, now: datetime) -> Copy:
        key = (round_.id, by, frozen)
        version = _version(outline, round_, frozen=frozen)
        kept = self._copies.get(key)
        if kept is not None and (kept.version == version or self.clock() - kept.built < kept.rest):
            return kept
        lock = self._lock(key)
        # Whoever finds a copy of before is not made to wait for the one who builds the next.
        if not lock.acquire(blocking=kept is None):
            assert kept is not None
            return kept
        try:
            kept = self._copies.get(key)
            if kept is None or kept.version != version:
                kept = self._build(outline, round_, by, version, frozen=frozen, now=now)
                _keep(self._copies, key, kept, COPIES_MOST)
            return kept
        finally:
            lock.release()

    def _build(
        self, outline: Outline, round_: RoundOutline, by: str, version: tuple[Any, ...], *, frozen: bool, now: datetime
    ) -> Copy:
        built = self.clock()
        try:
            entries, of_user = read_standings(outline, round_, by, frozen=frozen)
        finally:
            end_read()
        position = {entry.key: number for number, entry in enumerate(entries)}
        if by == "individual":
            mine = position
        else:
            mine = {user_id: position[key] for user_id, key in of_user.items() if key in position}
        # Building never takes more than a tenth of a processor, however many people there are.
        rest = max(REFRESH_SECONDS, BUILD_SHARE * (self.clock() - built))
        return Copy(version, now, built, rest, entries, position, mine)

    def _lock(self, key: tuple[Any, ...]) -> threading.Lock:
        with self._mutex:
            if len(self._locks) > 4 * COPIES_MOST:
                self._locks = {name: lock for name, lock in self._locks.items() if lock.locked()}
            return self._locks.setdefault(key, threading.Lock())


def _keep(kept: dict[Any, Any], key: Any, value: Any, most: int) -> None:
    while len(kept) >= most and key not in kept:
        # The oldest goes; a thread that came first may have taken it out already.
        kept.pop(next(iter(kept), None), None)
    kept[key] = value


def _version(outline: Outline, round_: RoundOutline, *, frozen: bool) -> tuple[Any, ...]:
    """Return what a copy's content depends on. The due roster counts, because participation is measured by it."""
    rules = (outline.tie_break, outline.team_score, outline.team_best_n)
    scores = ("frozen", outline.frozen_at) if frozen else ("live", outline.standings_no)
    return (outline.created_at, round_.id, round_.due, *rules, *scores)


def read_standings(
    outline: Outline, round_: RoundOutline, by: str, *, frozen: bool
) -> tuple[list[Entry], dict[int, int]]:
    """Return the standings of a round, and by user id the key of the line that a person belongs to.

    One statement for people, two for teams and units, whatever their number; one more where the result is signed.
    """
    session = db.session()
    due = signed_due(session, round_.id) if outline.state == "closed" and by != "individual" else None
    scores: list[PersonScore] = queries.person_scores(session, round_.id, frozen=frozen)
    if by == "team":
        teams = squads(session, outline.id, round_.exam_id, due)
        entries = standings.of_teams(
            scores, teams, outline.tie_break, rule=outline.team_score, best_n=outline.team_best_n
        )
        return entries, {user_id: squad.team_id for squad in teams for user_id in squad.member_ids}
    if by == "unit":
        units = rosters(session, round_.exam_id, due)
        of_user = {user_id: roster.unit_id for roster in units for user_id in roster.due_ids}
        of_user |= {one.user_id: one.unit_id for one in scores}
        return standings.of_units(scores, units, outline.tie_break), of_user
    return standings.of_people(scores, outline.tie_break), {}


# --- as JSON


def line(entry: Entry, name: str, cuts: Sequence[Cut] = ()) -> dict[str, Any]:
    """Return one line in the shape of the API; who wins a prize by ``cuts`` has it there."""
    made: dict[str, Any] = {
        "place": entry.place,
        "name": name,
        "unit": entry.unit,
        "score": f"{entry.score:.2f}",
        "seconds_used": entry.seconds_used,
    }
    if entry.participants is not None:
        made["participants"] = entry.participants
        made["participation_rate"] = None if entry.participation_rate is None else float(entry.participation_rate)
    prize = prize_at(entry.place, cuts)
    if prize is not None:
        made["prize"] = prize
    return made


def document(view: View, *, limit: int, after: int) -> tuple[bytes, str]:
    """Return the board as JSON and its ETag: ``limit`` lines behind the first ``after``, and the own line."""
    lines, tag = _page(view, limit, after)
    own = b"null"
    if view.own is not None and view.me is not None:
        own = orjson.dumps(line(view.me, view.me.name, view.cuts))
        if view.by == "individual" and view.names != "full" and after <= view.own < after + limit:
            # The own line stands in full among the masked ones, so this page is joined for its reader alone.
            lines = [*lines[: view.own - after], own, *lines[view.own - after + 1 :]]
    state = {"as_of": iso_z(view.as_of), "frozen": view.frozen, "provisional": view.provisional}
    place = "" if view.own is None else str(view.own)
    content = b"".join((orjson.dumps(state)[:-1], b',"entries":[', b",".join(lines), b'],"me":', own, b"}"))
    return content, f"{tag}-{place}"


def _page(view: View, limit: int, after: int) -> tuple[list[bytes], str]:
    """Return the lines of a page as everybody sees them, and what its ETag begins with; made once for each copy."""
    copy, cuts = view.copy, view.cuts
    key = (view.names, view.frozen, view.provisional, cuts, limit, after)
    if copy is not None and key in copy.pages:
        return copy.pages[key]
    rule = view.names if view.by == "individual" else "full"
    wanted = view.entries[after : after + limit]
    lines = [orjson.dumps(line(one, shown_name(one.name, one.unit, rule), cuts)) for one in wanted]
    state = (view.outline.id, view.round.id, view.by, copy.version if copy else None, *key)
    # Made of what the content depends on and not of as_of, so that all processes of a site give one tag.
    page = (lines, hashlib.blake2b(repr(state).encode(), digest_size=9).hexdigest())
    if copy is not None:
        _keep(copy.pages, key, page, PAGES_MOST)
    return page


boards = Boards()
