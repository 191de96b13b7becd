"""Exam papers as plain lines: headings that tell the kind, numbers that begin again, answers beside or at the end.

A paper has no columns, so what a line is shows by its beginning and by what stands before it. Every line that is not
empty belongs to a question or is counted in a note.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from question_bank.formats import foreign_rows, paper_lines
from question_bank.formats.draft import Draft
from question_bank.formats.kind_words import kind_of, kind_of_heading
from question_bank.formats.paper_lines import (
    ABOUTS,
    ANSWER,
    ANSWERS_TITLE,
    EXPLANATION,
    REPLY,
    SPACED_OPTION,
    WEAK_NUMBER,
    Line,
    keys_in,
    number_at,
    options_in,
    options_inside,
)
from question_bank.formats.report import CERTAIN, DOUBTFUL, LIKELY, Place, Repair, Unreadable
from question_bank.formats.rich import Rich, from_plain
from question_bank.formats.told import COLUMN, HEADING, Told, assemble
from question_bank.formats.told_blanks import count as count_blanks

STEM, OPTIONS, KEY, WHY, ABOUT = "stem", "options", "key", "why", "about"
LOOKED_AHEAD = 8
LONGEST_LINE = 20_000
MakeRich = Callable[[Draft], Callable[[str], Rich]]


@dataclass(slots=True)
class Asked:
    """One question of a paper as it is gathered. ``part`` counts the headings before it."""

    lines: list[Line]
    number: int | None
    heading: str
    part: int
    told: Told = field(default_factory=Told)
    about: dict[str, str] = field(default_factory=dict)
    repairs: list[Repair] = field(default_factory=list)
    state: str = STEM
    point: int = 0
    gap: bool = False

    @property
    def answered(self) -> bool:
        return bool(self.told.answer.strip()) or self.state in (KEY, WHY, ABOUT)


@dataclass(slots=True)
class Paper:
    """The questions of a paper, in order, and notes on what else stands there."""

    asked: list[Asked] = field(default_factory=list)
    notes: list[Repair] = field(default_factory=list)


def read_paper(lines: Iterable[Line]) -> Paper:
    """Return what stands in the lines of a paper. Raises ``Unreadable`` for a line that no person wrote."""
    kept, decorated = [], 0
    for line in lines:
        if len(line.words) > LONGEST_LINE:
            raise Unreadable("line_too_long", line=line.number, longest=LONGEST_LINE)
        words, changed = paper_lines.tidied(line.words)
        decorated += changed
        kept.append(Line(line.number, words))
    reading = _Reading(kept)
    reading.run()
    if decorated:
        reading.paper.notes.append(Repair("", "decorations_removed", CERTAIN, params={"count": decorated}))
    return reading.paper


def drafts_of(
    paper: Paper, place: Place, rich: MakeRich | None = None, plain: Callable[[str], str] = str
) -> list[Draft]:
    """Return the questions of a paper as drafts; ``rich`` gives for a draft what makes texts of its words.

    ``plain`` makes words for people of a line, where lines hold signs that stand for something else.
    """
    made = []
    for asked in paper.asked:
        draft = Draft(
            replace(place, line=asked.lines[0].number),
            raw={"text": plain("\n".join(line.words for line in asked.lines)), "lines": len(asked.lines)},
        )
        draft.repairs += asked.repairs
        told = asked.told
        if "kind" in asked.about and kind_of(asked.about["kind"]):
            told.kind, told.kind_from, told.kind_word = kind_of(asked.about["kind"]), COLUMN, asked.about["kind"]
        elif asked.heading:
            told.kind, told.kind_from, told.kind_word = kind_of_heading(asked.heading), HEADING, asked.heading
        assemble(draft, told, rich(draft) if rich else from_plain)
        foreign_rows.file_words(draft, asked.about)
        made.append(draft)
    return made


class _Reading:
    """Goes through the lines once; ``now`` is the question that is being gathered."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.paper = Paper()
        self._lines = lines
        self._now: Asked | None = None
        self._heading, self._part, self._last = "", 0, 0
        self._over: list[Line] = []
        numbered = sum(number_at(line.words) is not None for line in lines)
        self._numbered = numbered > 0 and 2 * numbered >= sum(ANSWER.match(line.words) is not None for line in lines)

    def run(self) -> None:
        end = self._answers_begin()
        for at in range(end):
            self._take(self._lines[at], at)
        self._close()
        if self._over:
            words = " / ".join(line.words for line in self._over)
            self._note("lines_passed_over", DOUBTFUL, words, len(self._over))
        if end < len(self._lines):
            _Answers(self.paper).run(self._lines[end:])

    def _note(self, code: str, confidence: str, before: str, lines: int) -> None:
        self.paper.notes.append(Repair("", code, confidence, before=before[:300], params={"lines": lines}))

    def _answers_begin(self) -> int:
        """Return where a list of answers at the end begins, the number of lines without one."""
        rest: list[str] = []
        for at in range(len(self._lines) - 1, 0, -1):
            words = self._lines[at].words
            if options_in(words, 0):
                break  # no list of answers has options
            if ANSWERS_TITLE.fullmatch(words) and number_at(words) is None:
                ahead = rest[: -LOOKED_AHEAD - 1 : -1]
                keys = any(keys_in(line) for line in ahead)
                headed = any(kind_of_heading(line) for line in ahead[:2]) and any(number_at(line) for line in ahead)
                if keys or headed:
                    return at
            if words:
                rest.append(words)
        return len(self._lines)

    def _take(self, line: Line, at: int) -> None:
        words, now = line.words, self._now
        if not words:
            if now is not None:
                now.gap = True
            return
        if kind_of_heading(words):
            self._close()
            self._heading, self._part, self._last = words, self._part + 1, 0
            self._note("heading_row", CERTAIN, words, 1)
            return
        if now is not None and (self._take_answer(now, line) or self._take_option(now, line, at)):
            return
        number = number_at(words)
        weak = WEAK_NUMBER.match(words)
        if number is None and weak and int(weak[1]) in (self._last + 1, 1) and self._may_begin(int(weak[1])):
            number = (int(weak[1]), words[weak.end() :].strip())
        if number is not None and self._may_begin(number[0]):
            self._begin(line, number[0], number[1])
        elif now is None:
            if self._numbered or ANSWER.match(words) or not self._looks_like_stem(at):
                self._over.append(line)
            else:
                self._begin(line, None, words)
        elif self._begins_unnumbered(now, at):
            self._begin(line, None, words)
        else:
            self._continue(now, line, number)

    def _looks_like_stem(self, at: int) -> bool:
        """Whether options, an answer or a blank follow, as after a stem and not after a title."""
        if count_blanks(self._lines[at].words):
            return True
        for line in self._lines[at + 1 : at + 5]:
            if options_in(line.words, 0) or ANSWER.match(line.words):
                return True
            if not line.words:
                return False
        return False

    def _begins_unnumbered(self, now: Asked, at: int) -> bool:
        if self._numbered or not (now.answered or (now.gap and now.told.options)):
            return False
        return now.gap or (now.state == KEY and bool(now.told.options)) or self._looks_like_stem(at)

    def _may_begin(self, number: int) -> bool:
        """Whether a number begins a question: the next one, or any where the one before is complete.

        A list inside an answer or a stem begins with 1 as well, so after a question without options 1 says nothing.
        """
        now = self._now
        if now is None:
            return True
        if now.point and number == now.point + 1:
            return False
        if number == self._last + 1 and now.number is not None:
            return True
        if number == 1:
            return bool(now.told.options) and now.answered
        return number > self._last or bool(now.told.options) or now.answered

    def _begin(self, line: Line, number: int | None, words: str) -> None:
        self._close()
        asked = Asked([line], number, self._heading, self._part)
        stem, options = options_inside(words)
        asked.told.stem = stem
        self._now = asked
        if options:
            self._add_options(asked, options)
        if number is not None:
            self._last = number

    def _close(self) -> None:
        if self._now is not None:
            self.paper.asked.append(self._now)
        self._now = None

    def _take_answer(self, now: Asked, line: Line) -> bool:
        """Take a line that says what it is: answer, explanation, difficulty and such."""
        words = line.words
        for pattern, take in ((ANSWER, self._answer), (REPLY, self._answer), (EXPLANATION, self._why)):
            match = pattern.match(words)
            if match:
                now.lines.append(line)
                take(now, words[match.end() :].strip())
                now.gap = False
                return True
        for name, pattern in ABOUTS.items():
            match = pattern.match(words)
            if match and words[match.end() :].strip():
                now.lines.append(line)
                now.about[name] = words[match.end() :].strip()
                now.state = ABOUT
                return True
        return False

    def _answer(self, now: Asked, words: str) -> None:
        match = _inside(EXPLANATION, words)
        if match:
            self._why(now, words[match.end() :].strip())
            words = words[: match.start()].strip()
        now.told.answer = f"{now.told.answer}\n{words}".strip()
        now.state = WHY if match else KEY

    def _why(self, now: Asked, words: str) -> None:
        now.told.explanations.append(words)
        now.state = WHY

    def _take_option(self, now: Asked, line: Line, at: int) -> bool:
        if now.state in (WHY, ABOUT) or (now.state == KEY and not self._key_came_first(now)):
            return False
        words = line.words
        options = options_in(words, len(now.told.options))
        if not options:
            match = SPACED_OPTION.match(words)
            if match is None or ord(match[1]) - ord("A") != len(now.told.options):
                return False
            following = next((one.words for one in self._lines[at + 1 : at + 4] if one.words), "")
            if match[1] == "A" and not re.match(r"B[ .．、]", following):
                return False
            options = [(match[1], words[match.end() :])]
        if not now.told.options and options[0][0] != "A":
            return False
        now.lines.append(line)
        self._add_options(now, options)
        return True

    @staticmethod
    def _key_came_first(now: Asked) -> bool:
        return not now.told.options and len(now.told.answer) <= 12 and "\n" not in now.told.answer

    def _add_options(self, now: Asked, options: list[tuple[str, str]]) -> None:
        letter, words = options[-1]
        glued = _inside(ANSWER, words)
        now.told.options += options
        now.state = OPTIONS
        if glued:
            now.told.options[-1] = (letter, words[: glued.start()].strip())
            answer = words[glued.end() :].strip()
            now.repairs.append(Repair("key", "answer_glued_to_option", LIKELY, before=words[-60:], after=answer[:40]))
            self._answer(now, answer)
        now.gap = False

    def _continue(self, now: Asked, line: Line, number: tuple[int, str] | None) -> None:
        now.lines.append(line)
        told = now.told
        if number is not None:
            now.point = number[0]
        if now.state == OPTIONS and told.options:
            letter, words = told.options[-1]
            told.options[-1] = (letter, f"{words}\n{line.words}".strip())
        elif now.state == KEY:
            told.answer = f"{told.answer}\n{line.words}".strip()
        elif now.state == WHY:
            told.explanations[-1] = f"{told.explanations[-1]}\n{line.words}".strip()
        elif now.state == ABOUT:
            told.explanations.append(line.words)
            now.state = WHY
        else:
            stem, options = options_inside(line.words)
            told.stem = f"{told.stem}\n{stem}".strip()
            if options:
                self._add_options(now, options)
        if number is not None and now.state in (KEY, WHY):
            now.repairs.append(Repair("", "numbered_lines_kept_together", DOUBTFUL, before=line.words[:80]))


def _inside(pattern: re.Pattern[str], words: str) -> re.Match[str] | None:
    """Return the first match that does not stand inside a word, None without one."""
    for match in pattern.finditer(words):
        before = words[: match.start()].rstrip()
        if match[0][:1] in "【[（(" or not before or match.start() > len(before) or before[-1] in "。；;.!！?？)）":
            return match
        if match[0].rstrip()[-1:] in ":：】]":
            return match
    return None


class _Answers:
    """The list of answers at the end of a paper, given back to the questions by part and number."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self._parts = list(dict.fromkeys(one.part for one in paper.asked))
        self._unmatched: list[str] = []
        self._taken: set[int] = set()
        self._last: Asked | None = None
        self._by_number: dict[int | None, list[Asked]] = {}
        for asked in paper.asked:
            self._by_number.setdefault(asked.number, []).append(asked)

    def run(self, lines: Sequence[Line]) -> None:
        filled = [line for line in lines if line.words]
        part: int | None = None
        highest = 0
        for line in filled[1:]:
            if kind_of_heading(line.words):
                part, highest = self._part_of(line.words), 0
                continue
            keys = keys_in(line.words)
            told = number_at(line.words) if keys is None else None
            if told is not None:
                keys = [(told[0], told[1])]
            if keys is None:
                self._continue(line.words)
                continue
            if part is None and keys[0][0] <= highest and len(self._parts) > 1:
                part = self._next_part(None)
            elif part is not None and keys[0][0] <= highest:
                part = self._next_part(part)
            for number, answer in keys:
                self._give(part, number, answer)
                highest = max(highest, number)
        self._paper.notes.append(
            Repair("", "answer_list", CERTAIN, before=filled[0].words[:80], params={"lines": len(filled)})
        )
        if self._unmatched:
            words = "; ".join(self._unmatched)
            self._paper.notes.append(Repair("", "answers_without_question", DOUBTFUL, before=words[:300]))

    def _part_of(self, heading: str) -> int | None:
        """Return the first part of the same kind that no heading of the list has had yet."""
        kind = kind_of_heading(heading)
        for asked in self._paper.asked:
            if asked.part not in self._taken and asked.heading and kind_of_heading(asked.heading) == kind:
                self._taken.add(asked.part)
                return asked.part
        return None

    def _next_part(self, part: int | None) -> int | None:
        at = self._parts.index(part) + 1 if part in self._parts else 1
        return self._parts[at] if at < len(self._parts) else None

    def _give(self, part: int | None, number: int, answer: str) -> None:
        rows = [one for one in self._by_number.get(number, ()) if part in (None, one.part)]
        if part is None and len(rows) > 1:
            # Numbers begin again and the list does not: it means the first part.
            rows = [one for one in rows if one.part == self._parts[0]]
        if len(rows) != 1:
            self._unmatched.append(f"{number} {answer}"[:40])
            self._last = None
            return
        self._last = rows[0]
        told = rows[0].told
        match = _inside(EXPLANATION, answer)
        if match:
            told.explanations.append(answer[match.end() :].strip())
            answer = answer[: match.start()].strip(" 。；;")
        if told.answer.strip() and told.answer.strip().upper() != answer.strip().upper():
            rows[0].repairs.append(Repair("key", "two_answers", DOUBTFUL, before=told.answer[:80], after=answer[:80]))
        else:
            told.answer = answer
            rows[0].repairs.append(Repair("key", "answer_from_list", CERTAIN, after=answer[:80]))

    def _continue(self, words: str) -> None:
        if self._last is None:
            self._unmatched.append(words[:40])
            return
        told = self._last.told
        match = EXPLANATION.match(words)
        if match:
            told.explanations.append(words[match.end() :].strip())
        elif told.explanations:
            told.explanations[-1] += f"\n{words}"
        else:
            told.answer = f"{told.answer}\n{words}".strip()
