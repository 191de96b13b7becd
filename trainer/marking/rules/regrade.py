"""What a repaired item does to points, totals and the pass (试题更正). Pure; points are ``Decimal`` with two places.

Four remedies repair a wrong key, each for one exam, everywhere the item was drawn in it:

- change the key: answers are judged by another key, under the same rule of partial credit;
- also accept: answers are judged by each accepted key, and the best counts. Blanks are the exception: what is accepted
  for one joins what was accepted for it, so that an answer may use the old words in one blank and new ones in another;
- full marks to all: everybody who had the item earns all its points, who left it empty too; nothing is deducted;
- drop: the item counts for nobody. **Full points and pass mark stay as they were announced**: the points of the item go
  to the other items of the same paper in the ratio of their points, in whole hundredths that add up to the full points.

The last is our decision of 2026-11-27; no source lays down what becomes of the points. Had the full points been taken
down instead, scores of papers with and without the item could not be ranked in one list, and the announced pass mark
would mean another share of the paper on some of them. Points are spread over items and not over totals so that a
candidate who adds up the page still gets the total.

Of several repairs of one item the last word counts: ``also_accept`` adds to the keys that stand, every other remedy
takes the place of all before it. The answer of a person who marked stands as it was given, but for an item that is
dropped or counts fully for all.

A fifth repair concerns one answer alone, which a person marked and its candidate appealed about: it is judged anew by
the lines of the rubric, up or down, and earns that share from then on (our decision, 2026-11-27). It is no remedy of
the item, so that whatever is decided for all goes before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from question_bank import Grade, Item, grade
from question_bank.fields import Problem
from question_bank.item import frozen, thawed
from question_bank.kinds import KINDS, WrongShape, answer_shape, is_empty, normal_answer
from question_bank.kinds.base import FULL, NOTHING
from question_bank.kinds.case_study import split_points
from trainer.core.errors import FieldProblem
from trainer.marking.rules.rubric import given_mark, lines_problems
from trainer.papers.rules.scoring import has_passed, item_points, total_points

CHANGE_KEY, ALSO_ACCEPT, DROP, FULL_MARKS = REMEDIES = ("change_key", "also_accept", "drop", "full_marks")
KEYED = (CHANGE_KEY, ALSO_ACCEPT)
REMARK = "remark"
KEYS_MOST = 20
NOTHING_GIVEN: Mapping[int, tuple[Decimal, Decimal]] = MappingProxyType({})


@dataclass(frozen=True)
class Remedy:
    """One of ``REMEDIES``; ``answer`` is the JSON form of the key that comes in, None for the last two."""

    kind: str
    answer: Any = None


@dataclass(frozen=True)
class Ruling:
    """How an item is judged. ``items`` are the item with each accepted key, the one that is shown first.

    ``outcome`` is empty while answers are judged, else ``drop`` or ``full_marks``. ``last`` is the remedy that was
    applied last, empty for an item as it was printed.
    """

    items: tuple[Item, ...]
    outcome: str = ""
    last: str = ""

    def judge(self, answer: Any, rule: str) -> Grade:
        """Return the grade of ``answer``, None being unanswered, under a rule of partial credit."""
        if self.outcome:
            full = self.outcome == FULL_MARKS
            return Grade(FULL if full else NOTHING, correct=full, answered=not is_empty(answer))
        grades = [grade(item, answer, rule) for item in self.items]
        return max(grades, key=lambda one: (one.fraction, one.correct))


def as_printed(item: Item) -> Ruling:
    """Return how an item is judged that nobody repaired."""
    return Ruling((item,))


def ruling(item: Item, remedies: Sequence[Remedy]) -> Ruling:
    """Return how ``item`` is judged after ``remedies`` in the order in which they were published."""
    found = as_printed(item)
    for remedy in remedies:
        found = _after(found, remedy)
    return found


def _after(before: Ruling, remedy: Remedy) -> Ruling:
    if remedy.kind not in KEYED:
        return replace(before, outcome=remedy.kind, last=remedy.kind)
    keyed = _with_answer(before, remedy)
    items = (*before.items, keyed) if _adds(before, remedy) else (keyed,)
    return Ruling(items, last=remedy.kind)


def _adds(before: Ruling, remedy: Remedy) -> bool:
    """Whether the remedy brings one more way to be right, and not another form of the one there is."""
    return remedy.kind == ALSO_ACCEPT and before.items[0].kind != "fill_blank"


def _with_answer(before: Ruling, remedy: Remedy) -> Item:
    """Return the item with the key that comes in; for blanks that are also accepted, with all there are."""
    item, key = before.items[0], remedy.answer
    if remedy.kind == ALSO_ACCEPT and item.kind == "fill_blank":
        key = [
            [*known, *(one for one in more if one not in known)]
            for known, more in zip(thawed(item.key), remedy.answer, strict=True)
        ]
    return replace(item, key=frozen(key))


def remedies_for(item: Item) -> tuple[str, ...]:
    """Return the remedies that an item can have: without a key there is none to change."""
    return REMEDIES if KINDS[item.kind].keyed else (DROP, FULL_MARKS)


def cleaned(item: Item, remedy: Remedy) -> Remedy:
    """Return the remedy with its answer in canonical form; as it is where the answer has no sense for the item."""
    if remedy.kind not in KEYED:
        return Remedy(remedy.kind)
    if not KINDS[item.kind].keyed or item.kind == "fill_blank":
        return remedy
    try:
        return Remedy(remedy.kind, thawed(normal_answer(answer_shape(item), remedy.answer)))
    except WrongShape:
        return remedy


def remedy_problems(before: Ruling, remedy: Remedy) -> list[FieldProblem]:
    """Return what is wrong with a remedy in canonical form for an item as it is judged now; empty for nothing.

    A key must be valid by the rules of its kind, as far as they are about the key itself: that a repaired order is the
    one in which the steps are printed, say, was never the candidates' fault. It must also change something.
    """
    item = before.items[0]
    if remedy.kind not in REMEDIES:
        return [FieldProblem("remedy", "remedy_needed")]
    if remedy.kind not in remedies_for(item):
        return [FieldProblem("remedy", "remedy_needs_key")]
    if remedy.kind not in KEYED:
        return [FieldProblem("remedy", "repair_changes_nothing")] if before.outcome == remedy.kind else []
    if not _is_whole(item, remedy):
        return [FieldProblem("answer", "answer_of_wrong_shape")]
    keyed = _with_answer(before, remedy)
    found: list[Problem] = [one for one in KINDS[item.kind].problems(keyed) if one.place.startswith("key")]
    if found:
        return [FieldProblem("answer", one.code, dict(one.params)) for one in found]
    if not before.outcome and _says_the_same(before, keyed, remedy):
        return [FieldProblem("answer", "repair_changes_nothing")]
    if len(before.items) >= KEYS_MOST and _adds(before, remedy):
        return [FieldProblem("answer", "too_many", {"count": len(before.items) + 1, "most": KEYS_MOST})]
    return []


def _is_whole(item: Item, remedy: Remedy) -> bool:
    """Whether the answer has the shape of a key; blanks may be left as they are where more is accepted."""
    key = remedy.answer
    if item.kind != "fill_blank":
        try:
            return normal_answer(answer_shape(item), key) is not None
        except WrongShape:
            return False
    if not isinstance(key, list) or len(key) != len(item.key):
        return False
    whole = all(isinstance(one, list) and all(isinstance(text, str) for text in one) for one in key)
    return whole and (any(key) if remedy.kind == ALSO_ACCEPT else all(key))


def _says_the_same(before: Ruling, keyed: Item, remedy: Remedy) -> bool:
    known = [one.key for one in before.items]
    return keyed.key in known if remedy.kind == ALSO_ACCEPT else known == [keyed.key]


def remark_problems(lines: Sequence[Decimal], most: Sequence[Decimal], stands: Decimal) -> list[FieldProblem]:
    """Return what is wrong with new points by line, of at most ``most``, for an answer that ``stands`` at so many.

    A judgement that comes to the same points is a rejection of the appeal, and told as such.
    """
    problems = lines_problems(lines, most)
    if not problems and total_points(lines) == stands:
        return [FieldProblem("lines", "remark_changes_nothing")]
    return problems


def remarked(
    marks: Sequence[Mapping[str, Any]], given: Mapping[int, tuple[Decimal, Decimal]]
) -> list[Mapping[str, Any]]:
    """Return ``marks`` (as in ``Result``) with answers judged anew: (points, most points) by item number.

    Their points are of the announced worth; ``regraded`` brings them to what the item is worth now.
    """
    return [given_mark(*given[number]) if number in given else mark for number, mark in enumerate(marks, 1)]


@dataclass(frozen=True)
class Line:
    """One number of a paper: the points announced for it, the outcome of its ruling, whether a person marks it."""

    points: Decimal
    outcome: str = ""
    by_person: bool = False


def worth(lines: Sequence[Line]) -> tuple[Decimal, ...]:
    """Return what each number of a paper is worth: 0 where it is dropped, and together what was announced.

    With every number dropped nothing is worth anything; ``leaves_nothing`` keeps that from happening.
    """
    whole = [int(line.points * 100) for line in lines]
    kept = [0 if line.outcome == DROP else points for line, points in zip(lines, whole, strict=True)]
    if kept == whole:
        return tuple(line.points for line in lines)
    if not sum(kept):
        return tuple(Decimal("0.00") for _line in lines)
    return split_points(Decimal(sum(whole)) / 100, kept)


def leaves_nothing(lines: Sequence[Line]) -> bool:
    """Whether a paper has no number left that is worth anything."""
    return not any(worth(lines))


@dataclass(frozen=True)
class Regraded:
    """Where a result stands after repairs: the columns of ``Result`` that a repair can change."""

    score: Decimal
    objective_score: Decimal
    correct_count: int
    passed: bool | None
    unmarked: int
    marks: list[dict[str, Any]]


def regraded(
    marks: Sequence[Mapping[str, Any]],
    lines: Sequence[Line],
    grades: Mapping[int, Grade],
    pass_mark: Decimal | None,
    given: Mapping[int, tuple[Decimal, Decimal]] = NOTHING_GIVEN,
) -> Regraded:
    """Return where a result with ``marks`` (as in ``Result``) stands on a paper of ``lines``.

    ``grades`` are those of the repaired items by number, judged by their rulings; whatever is not in it keeps the share
    that it earned, and earns it of what the item is worth now. Applying it twice changes nothing.

    ``given`` is (points, most points) of answers that people have marked, by number. They count once none waits any
    more, as in ``rubric.with_marks``: a repair may decide the last one that did.
    """
    waiting = {
        number
        for number, (mark, line) in enumerate(zip(marks, lines, strict=True), 1)
        if mark.get("waits") and not line.outcome
    }
    waits = len(waiting - given.keys())
    if waiting and not waits:
        marks = remarked(marks, {number: given[number] for number in waiting})
    made = [
        _mark(mark, line, points, grades.get(number))
        for number, (mark, line, points) in enumerate(zip(marks, lines, worth(lines), strict=True), 1)
    ]
    score = total_points(Decimal(mark["points"]) for mark in made)
    return Regraded(
        score=score,
        objective_score=total_points(
            Decimal(mark["points"]) for mark, line in zip(made, lines, strict=True) if not line.by_person
        ),
        correct_count=sum(1 for mark in made if mark["correct"]),
        passed=None if waits else has_passed(score, pass_mark),
        unmarked=waits,
        marks=made,
    )


def _mark(before: Mapping[str, Any], line: Line, points: Decimal, now: Grade | None) -> dict[str, Any]:
    # What a person gave is nowhere in the grade of the machine, which only knows that a person is needed.
    if now is None or now.needs_person or (line.by_person and not line.outcome):
        return dict(before) | {"points": str(item_points(points, Decimal(before["fraction"])))}
    return {
        "points": str(item_points(points, now.fraction)),
        "fraction": str(now.fraction),
        "correct": now.correct,
        "answered": now.answered,
    }


@dataclass(frozen=True)
class ItemChange:
    """What an item of an attempt earned before and after; None where the answer waited, or waits, for a person."""

    number: int
    before: Decimal | None
    after: Decimal | None


def changes_between(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> tuple[ItemChange, ...]:
    """Return the items whose points differ between two lists of marks of one attempt, by number."""

    def earned(mark: Mapping[str, Any]) -> Decimal | None:
        return None if mark.get("waits") else Decimal(mark["points"])

    pairs = ((earned(old), earned(new)) for old, new in zip(before, after, strict=True))
    return tuple(ItemChange(number, *pair) for number, pair in enumerate(pairs, 1) if pair[0] != pair[1])
