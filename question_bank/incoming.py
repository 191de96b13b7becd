"""Questions of a file against a bank: which are new, which it has already, and which only look so.

The same question is known by its id, or by what it asks (kind, stem and options; width, spaces and marks not counting).
What a file does not say of a question the bank has, its filing above all, is taken from the bank: so a file read a
second time differs in nothing, even where its questions have been filed otherwise or explained meanwhile.

Source: our decision, 2026-11-27.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from question_bank import similar, text
from question_bank.difference import changes_key, differences
from question_bank.fields import Problem
from question_bank.formats import pace
from question_bank.formats.report import Completed, Found, complete, content_id
from question_bank.item import InvalidItem, Item
from question_bank.topics import taxonomy

NEW, UNCHANGED, AGAIN, SAME_STEM, TWICE, REFUSED = "new", "unchanged", "again", "same_stem", "twice", "refused"
OUTCOMES = (NEW, AGAIN, SAME_STEM, TWICE, UNCHANGED, REFUSED)

LONGEST_ID = 60
# Beyond so many questions, those of the bank among them, likeness is not looked for: it would take too long.
MOST_COMPARED = 30_000
MOST_NEAR = 5
# What a bank knows of a question it has, where the file is silent.
KEPT = (
    "wing",
    "topic",
    "fields",
    "difficulty",
    "level",
    "pool",
    "variant_group",
    "enemies",
    "tags",
    "source",
    "basis",
    "explanation",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one question of a file is to the bank.

    ``other`` is the id of the question that the bank has; for ``twice`` it is empty and ``row`` counts the earlier
    question of the same file from 1. ``item`` is the question as a new one, None when refused; ``merged`` is the text
    that would become a new version of ``other``. ``differs`` are the places in which it does, ``key`` tells whether an
    answer could earn something else under it. ``near`` are ids of the bank, or rows of the file as numbers, that are
    worded much alike.
    """

    found: Found
    outcome: str
    item: Item | None = None
    problems: tuple[Problem, ...] = ()
    other: str = ""
    row: int = 0
    merged: Item | None = None
    differs: tuple[str, ...] = ()
    key: bool = False
    near: tuple[str | int, ...] = ()


@dataclass(slots=True)
class Holdings:
    """What a bank holds, as far as new questions are compared with it. ``bodies`` are JSON forms of items by id.

    ``apart`` are ids that the bank keeps apart from an id of its own accord, whatever the texts of the two declare.
    """

    bodies: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    by_hash: dict[str, str] = field(default_factory=dict)
    by_asked: dict[str, str] = field(default_factory=dict)
    by_stem: dict[str, str] = field(default_factory=dict)
    apart: Mapping[str, Collection[str]] = field(default_factory=dict)

    def add(
        self, code: str, content_hash: str, body: Mapping[str, Any], filed: Mapping[str, Any] | None = None
    ) -> None:
        """Take in a text of a question; the first one of an id is the one that stands.

        ``filed`` says how the bank files it now, which may be otherwise than its text does.
        """
        self.by_hash.setdefault(content_hash, code)
        if code in self.bodies:
            return
        if filed:
            body = as_filed(body, filed)
        self.bodies[code], self.hashes[code] = body, content_hash
        self.by_asked.setdefault(content_id(body, ""), code)
        self.by_stem.setdefault(text.normal(str(body.get("stem", ""))), code)


def as_filed(body: Mapping[str, Any], filed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON form of an item filed as ``filed`` says; None takes a field away, no ``fields`` leave its own."""
    told = {**body, **filed}
    now = filed.get("fields") or body["fields"]
    told["fields"] = [one for one in body["fields"] if one in now] + [one for one in now if one not in body["fields"]]
    return {name: value for name, value in told.items() if value is not None}


def completed(found: Iterable[Found], defaults: Mapping[str, Any], *, media: Iterable[str] = ()) -> list[Completed]:
    """Return ``complete`` with what only a bank can tell: places that do not exist, pictures that are nowhere.

    ``media`` are the SHA-256 of all files at hand, those of the bank and those that came along.
    """
    held = frozenset(media)
    wing_of = {topic.slug: topic.wing for topic in taxonomy().topics}
    told = []
    for one in found:
        topic = one.data.get("topic")
        bare = isinstance(topic, str) and topic in wing_of and "wing" not in one.data
        told.append(replace(one, data={**one.data, "wing": wing_of[str(topic)]}) if bare else one)
    done = []
    for entry in complete(told, defaults):
        if entry.item is not None:
            wrong = (*misfiled(entry.item), *_media_gone(entry.item, held))
            done.append(Completed(entry.found, None, wrong) if wrong else entry)
        else:
            done.append(entry)
    return done


def misfiled(item: Item) -> list[Problem]:
    """Return where an item is filed under a topic, wing or field that does not exist, or bears too long an id."""
    known = taxonomy()
    problems = []
    if len(item.id) > LONGEST_ID:
        problems.append(Problem("id", "too_long", {"longest": LONGEST_ID}))
    topic = known.find_topic(item.topic)
    if topic is None:
        problems.append(Problem("topic", "unknown_topic", {"topic": item.topic}))
    elif topic.wing != item.wing:
        problems.append(Problem("wing", "topic_of_other_wing", {"wing": topic.wing}))
    problems += [
        Problem("fields", "unknown_enforcement_field", {"value": one})
        for one in item.fields
        if known.find_field(one) is None
    ]
    return problems


def _media_gone(item: Item, held: frozenset[str]) -> Iterator[Problem]:
    for medium in item.media:
        if medium.sha256 not in held:
            yield Problem("media", "medium_not_here", {"name": medium.name})


def compared(done: Iterable[Completed], held: Holdings) -> list[Verdict]:
    """Return what each question is to the bank, in order."""
    verdicts: list[Verdict] = []
    earlier: dict[str, int] = {}
    rows = list(done)
    for number, entry in enumerate(rows, start=1):
        pace.tell(number, len(rows))
        if entry.item is None:
            verdicts.append(Verdict(entry.found, REFUSED, problems=entry.problems))
            continue
        item = entry.item
        marks = {item.id, content_id(item.to_dict(), "")}
        first = min((earlier[one] for one in marks if one in earlier), default=0)
        for one in marks:
            earlier.setdefault(one, number)
        if first:
            before = verdicts[first - 1].item
            assert before is not None, "only items leave marks"
            verdicts.append(_twice(entry, item, first, before))
        else:
            verdicts.append(_against(entry, item, held))
    return verdicts


def with_near(verdicts: list[Verdict], held: Holdings) -> list[Verdict] | None:
    """Return the verdicts with what is worded much alike; None where there is too much to compare."""
    if len(verdicts) + len(held.bodies) > MOST_COMPARED:
        return None
    rows = {
        f"row-{number}": one.item for number, one in enumerate(verdicts, start=1) if one.item and one.outcome == NEW
    }
    near = near_doubles(rows, held.bodies)
    return [
        replace(one, near=near[f"row-{number}"]) if f"row-{number}" in near else one
        for number, one in enumerate(verdicts, start=1)
    ]


def near_doubles(rows: Mapping[str, Item], bodies: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str | int, ...]]:
    """Return for each row what it is worded like: ids of the bank first, then numbers of rows; only rows with any.

    Two questions are alike as ``similar`` has it, the nearest come first.
    """
    said = {name: similar.words(item) for name, item in rows.items()}
    for code, body in bodies.items():
        try:
            said[code] = similar.words(Item.from_dict(dict(body)))
        except InvalidItem:
            continue
    near: dict[str, list[tuple[bool, int, str]]] = {}
    for pair in similar.similar_pairs(said, among=set(rows)):
        for one, other in ((pair.left, pair.right), (pair.right, pair.left)):
            if one in rows:
                near.setdefault(one, []).append((other in rows, -pair.percent, other))
    return {
        name: tuple(
            int(other.removeprefix("row-")) if is_row else other
            for is_row, _percent, other in sorted(found)[:MOST_NEAR]
        )
        for name, found in near.items()
    }


def _twice(entry: Completed, item: Item, first: int, before: Item) -> Verdict:
    changed = _places(before, replace(item, id=before.id))
    return Verdict(
        entry.found, TWICE, item, row=first, differs=changed, key=bool(changed) and changes_key(before, item)
    )


def _against(entry: Completed, item: Item, held: Holdings) -> Verdict:
    same = held.by_hash.get(item.content_hash())
    if same is not None:
        return Verdict(entry.found, UNCHANGED, item, other=same)
    data = item.to_dict()
    again = item.id if item.id in held.bodies else held.by_asked.get(content_id(data, ""))
    other = again or held.by_stem.get(text.normal(item.stem))
    if other is None:
        return Verdict(entry.found, NEW, item)
    body = held.bodies[other]
    before = Item.from_dict(dict(body))
    # A file that bears our ids is one of ours and tells everything; what it leaves out has been taken out.
    merged = replace(item, id=other) if "id" in entry.found.data else _merged(entry.found.data, data, body)
    decided = set(held.apart.get(other, ()))
    if decided:
        # A file of ours names them beside those that the text declares; the bank keeps them apart in either case.
        enemies = set(merged.enemies) - decided | set(before.enemies) & decided
        merged = replace(merged, enemies=tuple(sorted(enemies)))
    if merged == before:
        return Verdict(entry.found, UNCHANGED, item, other=other)
    return Verdict(
        entry.found,
        AGAIN if again else SAME_STEM,
        item,
        other=other,
        merged=merged,
        differs=_places(before, merged),
        key=changes_key(before, merged),
    )


def _merged(told: Mapping[str, Any], data: Mapping[str, Any], body: Mapping[str, Any]) -> Item:
    """Return the new text of a held question: what the file says, and what the bank knows where it is silent."""
    said = {name for name in KEPT if told.get(name)}
    if "topic" in said:
        said.add("wing")
    if body.get("format") != data.get("format"):
        said.add("explanation")  # signs of the one mean nothing in the other
    kept = {name: body[name] for name in KEPT if name in body and name not in said}
    taken = {name: value for name, value in data.items() if name not in KEPT or name in said}
    return Item.from_dict(
        {**taken, **kept, "id": body["id"], "explanation": kept.get("explanation", data["explanation"])}
    )


def _places(before: Item, after: Item) -> tuple[str, ...]:
    return tuple(one.place for one in differences(before, after))
