"""From a file in one format to a file in another: what ``python -m question_bank convert`` does between two files.

The report is text, a line for each thing that a person should know: where it stands, how sure the reader is, and what
was done. Files of other systems know neither wing nor topic; what is not told by the file comes from the arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from question_bank import formats
from question_bank.fields import Problem
from question_bank.formats.report import CERTAIN, Completed, ImportReport, Loss, Repair, Unreadable, complete
from question_bank.formats.words import say
from question_bank.item import Item
from question_bank.topics import GENERAL, taxonomy

# What a question gets where neither its file nor the caller says anything; told in the report.
USUAL: Mapping[str, Any] = {"fields": [GENERAL], "difficulty": 3, "level": "understand"}
SURE = {"certain": "已处理", "likely": "请留意", "doubtful": "请核对"}


@dataclass(frozen=True, slots=True)
class Conversion:
    """What came of a file: items in order, media by SHA-256, lines to tell, and whether something was refused."""

    items: tuple[Item, ...] = ()
    media: Mapping[str, bytes] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    refused: int = 0


def read(content: bytes, file_name: str, *, name: str | None = None, topic: str | None = None) -> Conversion:
    """Return the items of a file; ``topic`` is the slug for questions that their file does not file.

    Raises ``Unreadable`` for the file as a whole and ``ValueError`` for a topic that does not exist.
    """
    report = formats.read(content, file_name, name)
    done = complete(report.found, _defaults(topic))
    items = tuple(one.item for one in done if one.item is not None)
    told = [*(_note(note) for note in report.notes), *_lines(done)]
    told += _usual(report, topic)
    media = {medium.sha256: medium.content for medium in report.media}
    return Conversion(items, media, tuple(told), len(done) - len(items))


def write(items: Iterable[Item], media: Mapping[str, bytes], name: str) -> tuple[bytes, list[str], int]:
    """Return the file in the format named, a line for each loss, and how many items were left out whole.

    Raises ``ValueError`` for a format that cannot be written.
    """
    chosen = formats.find(name)
    if chosen is None or chosen.writer is None:
        raise ValueError(f"no such format to write: {name}")
    rows = list(items)
    lost = chosen.losses(rows, media=media)
    whole = {loss.item.split(".")[0] for loss in lost if loss.whole}
    return chosen.writer(rows, media=media), [_loss(loss) for loss in lost], len(whole)


def format_of(path: Path) -> str:
    """Return the format that a suffix stands for. Raises ``ValueError`` where there are none or several."""
    able = [one for one in formats.FORMATS.values() if one.writer is not None]
    # A writer makes the first of its suffixes; the others are only read.
    fitting = [one.name for one in able if path.suffix.lower() == one.suffixes[0]]
    if len(fitting) != 1:
        told = ", ".join(fitting or [one.name for one in able])
        raise ValueError(f"name the format with --to: {told}")
    return fitting[0]


def listing() -> list[str]:
    """Return a line for each format: name, what it can do, suffixes, title."""
    rows = []
    for one in formats.FORMATS.values():
        able = ("read" if one.reader else "    ") + (" write" if one.writer else "      ")
        rows.append(f"{one.name:<12} {able}  {' '.join(one.suffixes):<24} {one.title}")
    return rows


def refusal(error: Unreadable) -> str:
    """Return the sentence for a file that could not be read."""
    return say(error.code, error.params)


def _defaults(topic: str | None) -> dict[str, Any]:
    defaults = dict(USUAL)
    if topic is not None:
        found = taxonomy().find_topic(topic)
        if found is None:
            raise ValueError(f"no such topic: {topic}")
        defaults |= {"topic": found.slug, "wing": found.wing}
    return defaults


def _usual(report: ImportReport, topic: str | None) -> list[str]:
    taken = [name for name in USUAL if any(name not in one.data for one in report.found if not one.problems)]
    told = "、".join(f"{name}={USUAL[name]}" for name in taken)
    lines = [f"文件没有说明的，按此补上：{told}"] if told else []
    unfiled = sum("topic" not in one.data for one in report.found if not one.problems)
    if unfiled:
        lines.append(f"{unfiled} 道题没有专题，" + (f"归入 {topic}" if topic else "请用 --topic 指明"))
    return lines


def _lines(done: Iterable[Completed]) -> Iterable[str]:
    for number, one in enumerate(done, start=1):
        where = f"第 {number} 题（{one.found.place}）" if str(one.found.place) else f"第 {number} 题"
        for problem in one.problems:
            yield f"{where}：未读入：{_at(problem.place)}{_problem(problem)}"
        for repair in one.found.repairs:
            if repair.confidence != CERTAIN:
                yield f"{where}：{SURE[repair.confidence]}：{_at(repair.place)}{_repair(repair)}"
        if one.found.unsupported:
            told = "、".join(say(name) for name in one.found.unsupported)
            yield f"{where}：没有保留：{told}"


def _problem(problem: Problem) -> str:
    return say(problem.code, problem.params)


def _repair(repair: Repair) -> str:
    told = say(repair.code, repair.params)
    change = "→".join(piece for piece in (repair.before, repair.after) if piece)
    return f"{told}（{' '.join(change.split())[:120]}）" if change else told


def _note(note: Repair) -> str:
    return f"整个文件：{SURE[note.confidence]}：{_repair(note)}"


def _loss(loss: Loss) -> str:
    return f"{loss.item}：{'整题略去' if loss.whole else '没有保留'}：{say(loss.code, loss.params)}"


def _at(place: str) -> str:
    return f"{place} " if place else ""
