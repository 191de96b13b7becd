"""What a person chose for the questions of an import, and the entries that come of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from question_bank.incoming import AGAIN, LONGEST_ID, NEW, SAME_STEM, TWICE
from trainer.bank.importing import DRAFTS, MENDS, TO_REVIEW, Entry, Terms

SKIP, VERSION, BOTH, TAKE = "skip", "version", "both", "take"
CHOICES = (SKIP, VERSION, BOTH)
DRAFT, REVIEW, PUBLISH = "draft", "review", "publish"
THEN: dict[str, Terms] = {DRAFT: DRAFTS, REVIEW: TO_REVIEW, PUBLISH: MENDS}


@dataclass(frozen=True)
class Choices:
    """``again`` is for questions that the bank has, ``same_stem`` for those whose stem alone it has.

    ``rows`` says otherwise for single questions, by their number as a string: ``skip``, ``version``, ``both`` or
    ``take``. ``then`` is what becomes of what comes in.
    """

    again: str = SKIP
    same_stem: str = BOTH
    then: str = DRAFT
    rows: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Choices:
        """Return the choices that stand in the options of a batch."""
        return cls(
            options.get("again", SKIP), options.get("same_stem", BOTH), options.get("then", DRAFT), options["rows"]
        )

    def for_row(self, number: int, outcome: str, *, copy: bool = False) -> str:
        """Return what is to be done with a question: ``skip``, ``version``, ``both`` or ``take``.

        ``copy`` says of one that stands twice in the file that both are equal to the letter.
        """
        if outcome not in (NEW, AGAIN, SAME_STEM, TWICE) or copy:
            return SKIP
        usual = {NEW: TAKE, AGAIN: self.again, SAME_STEM: self.same_stem, TWICE: SKIP}[outcome]
        chosen = self.rows.get(str(number), usual)
        if chosen == VERSION and outcome not in (AGAIN, SAME_STEM):
            return usual
        return chosen


@dataclass(frozen=True)
class Chosen:
    """The entries to put in, by the number of their question, and the SHA-256 of the media they show."""

    entries: dict[int, Entry]
    media: frozenset[str]


def chosen_entries(rows: Iterable[Mapping[str, Any]], choices: Choices, codes: Iterable[str], *, note: str) -> Chosen:
    """Return the entries of the rows that are to come in. ``codes`` are all ids of the bank.

    What is kept beside a question of the same id gets the next free number behind its id. Where two questions of a
    file would become a version of the same one, the first does.
    """
    taken = set(codes)
    versions: set[str] = set()
    entries: dict[int, Entry] = {}
    media: set[str] = set()
    for row in rows:
        copy = row["outcome"] == TWICE and not row["differs"]
        choice = choices.for_row(row["n"], row["outcome"], copy=copy)
        if choice == SKIP:
            continue
        if choice == VERSION:
            source = row["merged"]
            code = row["other"]
            if code in versions:
                continue
            versions.add(code)
        else:
            source = row
            code = _free(row["body"]["id"], taken)
            taken.add(code)
        body = {**source["body"], "id": code}
        media.update(one["sha256"] for one in body.get("media", ()))
        entries[row["n"]] = Entry(code, body, source["public"], bytes.fromhex(source["hash"]), note)
    return Chosen(entries, frozenset(media))


def _free(code: str, taken: set[str]) -> str:
    if code not in taken:
        return code
    stem = code[: LONGEST_ID - 6].rstrip("-")
    number = 2
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"
