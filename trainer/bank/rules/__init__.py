"""What a draw asks of an item, which states it passes through, and who may look at another's work. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# From which states an item may pass into which by a person's word; ``review.py`` alone publishes for the first time, so
# a draft that was thrown away comes back as a draft. Quarantine comes from a changed law and goes with a
# text of the item that cites the law as it stands (``lawchange.py``): nobody publishes an item out of it.
CHANGES: dict[str, frozenset[str]] = {
    "draft": frozenset({"retired"}),
    "in_review": frozenset({"retired"}),
    "published": frozenset({"retired"}),
    "quarantined": frozenset({"retired"}),
    "retired": frozenset({"published", "draft"}),
}
# An item in one of these was never published: its newest text is its own.
FIRST_STATES = ("draft", "in_review")

# What people get on average of an item of each difficulty label, in ten-thousandths, while it is not measured. Ours,
# of 2026-11-27, after the bands in which the bank shows measured items.
USUAL_FACILITY = {1: 9000, 2: 8000, 3: 6500, 4: 5000, 5: 3500}


@dataclass(frozen=True, slots=True)
class PoolItem:
    """An item as a draw sees it: no text, no key. ``code`` is its stable id in the bank.

    ``rivals`` are the codes of its variants and enemies, which it never meets in one paper. ``laws`` are those of the
    laws asked for that it cites. ``facility`` is the measured share of the points that people get, in ten-thousandths;
    None where too few have answered it.
    """

    code: str
    item_id: int
    version_id: int
    kind: str
    wing: str
    topic: str
    difficulty: int
    fields: frozenset[str] = frozenset()
    pool: str = "open"
    rivals: frozenset[str] = frozenset()
    level: str = ""
    laws: frozenset[str] = frozenset()
    facility: int | None = None

    @property
    def share(self) -> int:
        """The share of its points that people get on average, in ten-thousandths: measured, else as labelled."""
        return USUAL_FACILITY[self.difficulty] if self.facility is None else self.facility


@dataclass(frozen=True, slots=True)
class Criteria:
    """What items are asked for. An empty part asks nothing; None in ``wing`` or ``pool`` means any.

    ``fields`` wants an item that lies in at least one of them; ``general`` is a field like any other here. ``laws``
    wants one that cites at least one of them, in whatever version. ``shares`` bounds ``PoolItem.share``: from the first
    up to below the second.
    """

    kind: str | None = None
    wing: str | None = None
    topics: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    difficulty: frozenset[int] = frozenset()
    pool: str | None = None
    laws: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()
    shares: tuple[int, int] | None = None

    @classmethod
    def of(
        cls,
        kind: str | None = None,
        wing: str | None = None,
        topics: Iterable[str] = (),
        fields: Iterable[str] = (),
        difficulty: Iterable[int] = (),
        pool: str | None = None,
        laws: Iterable[str] = (),
        levels: Iterable[str] = (),
    ) -> Criteria:
        """Return the criteria of plain lists."""
        return cls(
            kind,
            wing,
            frozenset(topics),
            frozenset(fields),
            frozenset(difficulty),
            pool,
            frozenset(laws),
            frozenset(levels),
        )

    def takes(self, item: PoolItem) -> bool:
        """Return whether the item is one of those asked for."""
        return (
            (self.kind is None or item.kind == self.kind)
            and (self.wing is None or item.wing == self.wing)
            and (not self.topics or item.topic in self.topics)
            and (not self.fields or not self.fields.isdisjoint(item.fields))
            and (not self.difficulty or item.difficulty in self.difficulty)
            and (self.pool is None or item.pool == self.pool)
            and (not self.laws or not self.laws.isdisjoint(item.laws))
            and (not self.levels or item.level in self.levels)
            and (self.shares is None or self.shares[0] <= item.share < self.shares[1])
        )


def may_become(state: str, wanted: str) -> bool:
    """Return whether an item in ``state`` may be put into ``wanted`` by a person."""
    return wanted in CHANGES.get(state, frozenset())


@dataclass(frozen=True, slots=True)
class Work:
    """How far the text on which somebody works has come.

    ``state`` is ``draft`` or ``in_review``, None when there is no such text. ``authors`` are all who wrote on it since
    the last publication. ``is_first`` means that the item was never published, ``changes_key`` that its key, or what
    earns points, is another one than in the text that stands.
    """

    state: str | None
    authors: frozenset[int] = frozenset()
    is_first: bool = True
    changes_key: bool = False


def is_first(state: str, *, was_published: bool) -> bool:
    """Return whether an item was never published; one that was thrown away as a draft was not."""
    return state in FIRST_STATES or (state == "retired" and not was_published)


def works_on(state: str, proposed_state: str | None) -> str | None:
    """Return the state of the text on which somebody works: the item's own until it is published first."""
    return state if state in FIRST_STATES else proposed_state


def may_submit(work: Work) -> bool:
    """Return whether the text may be handed to reviewers."""
    return work.state == "draft"


def may_review(work: Work, person_id: int) -> bool:
    """Return whether a reviewer may decide on the text: never who wrote on it since the last publication."""
    return work.state == "in_review" and person_id not in work.authors


def needs_second_person(work: Work) -> bool:
    """Return whether the text is published only by another person's approval.

    A first publication and a change of key always are; a mend of the wording may be published by who manages the bank.
    """
    return work.is_first or work.changes_key
