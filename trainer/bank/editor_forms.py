"""What the editor of items sends, as the JSON form of an item.

The inputs are named by their places: ``stem``, ``options[1].text``, ``parts[0].basis[2].article``. So a problem of
``question_bank`` and the input it belongs to have the same name. What is typed is tidied (trimmed, letters given,
empty rows left out) and never judged here: a half-written item has a JSON form as well, for the preview.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict

from question_bank.fields import MARKDOWN, OPEN
from question_bank.kinds import KINDS
from question_bank.laws import find as find_law
from question_bank.laws import name_key, text_in_force
from question_bank.text import normal
from question_bank.topics import GENERAL, taxonomy
from trainer.bank.forms import KIND_NAMES

PLACE = re.compile(r"[a-z_]+(\[[0-9]{1,3}\])?(\.[a-z_]+(\[[0-9]{1,3}\])?){0,3}")
STEP = re.compile(r"([a-z_]+)(?:\[([0-9]+)\])?")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BLANK = re.compile("____")
ARTICLE = re.compile(r"第?(.+?)条?(?:之(.+))?")
MOST_ROWS = 200
PART_KINDS = tuple(kind for kind in KIND_NAMES if kind != "case_study")
# So many rows a new item of a kind begins with.
FIRST_ROWS = {
    "single_choice": {"options": 4},
    "multiple_choice": {"options": 4},
    "ordering": {"options": 4},
    "matching": {"prompts": 3, "options": 4},
    "error_finding": {"document": 5},
    "short_answer": {"rubric": 3},
    "case_study": {"documents": 1, "parts": 2},
}


@dataclass(frozen=True, slots=True)
class Laws:
    """What a citation without a version means: the text in force on ``today``.

    ``loaded`` are laws that the register does not know but whose text is loaded: short title and version in force by
    ``name_key``.
    """

    today: date
    loaded: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def named(self, title: str) -> tuple[str, str]:
        """Return the short title and version in force of a law; the title as it stands and "" for an unknown one."""
        law = find_law(title)
        if law is None:
            return self.loaded.get(name_key(title), (title, ""))
        held = text_in_force(law.short_title, self.today)
        return law.short_title, held.version if held else law.versions[-1].version


def read_data(form: MultiDict[str, str], kept: Mapping[str, Any], laws: Laws) -> dict[str, Any]:
    """Return the JSON form, without an id, of what was typed.

    ``kept`` is the item as it was: what the editor does not offer (media) is taken from it. A citation
    without a version gets the one in force. Unknown inputs are passed over.
    """
    raw = _nested(form)
    kind = _one(raw, "kind") if _one(raw, "kind") in KINDS else "single_choice"
    topic = taxonomy().find_topic(_one(raw, "topic"))
    fields = [one for one in _many(raw, "fields") if taxonomy().find_field(one)]
    data: dict[str, Any] = {
        "kind": kind,
        "wing": topic.wing if topic else "",
        "topic": _one(raw, "topic"),
        "fields": fields or [GENERAL],
        "difficulty": _whole(_one(raw, "difficulty")),
        "level": _one(raw, "level"),
    }
    if _one(raw, "pool") not in ("", OPEN):
        data["pool"] = _one(raw, "pool")
    if _one(raw, "variant_group"):
        data["variant_group"] = _one(raw, "variant_group")
    tags = list(dict.fromkeys(one.strip() for one in re.split("[,，、;；]", _one(raw, "tags")) if one.strip()))
    if tags:
        data["tags"] = tags
    if _one(raw, "source"):
        data["source"] = _one(raw, "source")
    if _one(raw, "format") == MARKDOWN:
        data["format"] = MARKDOWN
    enemies = [one for one in _listed(raw, "enemies") if one]
    if enemies:
        data["enemies"] = enemies
    if "media" in kept:
        data["media"] = kept["media"]
    return data | _question(raw, kind, laws)


def padded(data: Mapping[str, Any], more: str = "") -> dict[str, Any]:
    """Return JSON data with empty rows to write in: as many as a new item begins with, and one more at ``more``.

    ``more`` is the place of a list, such as ``options`` or ``parts[1].basis``; others change nothing.
    """
    made = _with_rows(data)
    made.setdefault("basis", [])
    made["basis"] = made["basis"] or [{}]
    made["enemies"] = made.get("enemies") or [""]
    if made["kind"] == "case_study":
        made["parts"] = [
            _with_rows(part) | {"basis": part.get("basis") or [{}]} if part else {"kind": "single_choice"} | EMPTY_PART
            for part in made["parts"]
        ]
    found: Any = made
    steps = STEP.findall(more) if PLACE.fullmatch(more) else []
    for name, index in steps[:-1]:
        rows = found.get(name) if isinstance(found, dict) else None
        found = rows[int(index)] if isinstance(rows, list) and index and int(index) < len(rows) else None
    if steps and isinstance(found, dict) and isinstance(found.get(steps[-1][0]), list):
        name = steps[-1][0]
        empty: Any = {"kind": "single_choice"} | EMPTY_PART if name == "parts" else {}
        found[name] = [*found[name], "" if name == "enemies" else empty]
    return made


EMPTY_PART = {"stem": "", "options": [{}, {}, {}, {}], "basis": [{}], "explanation": ""}


def new_data(kind: str, topic: str = "") -> dict[str, Any]:
    """Return the JSON form with which a new item of a kind begins."""
    data = {"kind": kind, "topic": topic, "fields": [GENERAL], "difficulty": 3, "level": "understand", "stem": ""}
    return data | {"explanation": "", "basis": []}


def _with_rows(data: Mapping[str, Any]) -> dict[str, Any]:
    made = {name: list(value) if isinstance(value, list) else value for name, value in data.items()}
    for name, count in FIRST_ROWS.get(made["kind"], {}).items():
        rows = made.get(name, [])
        made[name] = rows or [{} for _ in range(count)]
    return made


def _nested(form: MultiDict[str, str]) -> dict[str, Any]:
    """Return the inputs as nested objects; lists are objects by number, and what was sent is a list of strings."""
    tree: dict[str, Any] = {}
    for name, values in form.lists():
        if not PLACE.fullmatch(name):
            continue
        at: Any = tree
        steps = [step for found, index in STEP.findall(name) for step in ((found, int(index)) if index else (found,))]
        for step in steps[:-1]:
            at = at.setdefault(step, {}) if isinstance(at, dict) else None
        if isinstance(at, dict):
            at[steps[-1]] = list(values)
    return tree


def _many(raw: Any, name: str | int) -> list[str]:
    values = raw.get(name) if isinstance(raw, dict) else None
    return [str(one) for one in values] if isinstance(values, list) else []


def _one(raw: Any, name: str | int, *, trim: bool = True) -> str:
    values = _many(raw, name)
    text = values[-1].replace("\r\n", "\n").replace("\r", "\n") if values else ""
    return text.strip() if trim else text


def _listed(raw: Any, name: str) -> list[str]:
    """Return the texts of a list of single inputs in their order."""
    rows = raw.get(name) if isinstance(raw, dict) else None
    return [_one(rows, index) for index in sorted(rows)] if isinstance(rows, dict) else []


def _rows(raw: Any, name: str) -> list[tuple[int, dict[str, Any]]]:
    rows = raw.get(name) if isinstance(raw, dict) else None
    if not isinstance(rows, dict):
        return []
    return [(index, rows[index]) for index in sorted(one for one in rows if isinstance(one, int))][:MOST_ROWS]


def _whole(text: str) -> Any:
    return int(text) if text.isdecimal() and len(text) < 6 else text


def _noted(row: Mapping[str, Any], text: str) -> dict[str, Any]:
    note = _one(row, "note")
    return {"text": text} | ({"note": note} if note else {})


def _lettered(raw: Any) -> tuple[list[dict[str, Any]], dict[str, str], list[int]]:
    """Return the options that hold something, the letter of each row as it was sent, and the places typed."""
    options: list[dict[str, Any]] = []
    letters: dict[str, str] = {}
    places: list[int] = []
    for index, row in _rows(raw, "options"):
        text = _one(row, "text")
        if (text or _one(row, "note")) and len(options) < len(LETTERS):
            letters[str(index)] = LETTERS[len(options)]
            options.append({"key": LETTERS[len(options)]} | _noted(row, text))
            place = _one(row, "place")
            places.append(int(place) if place.isdecimal() and len(place) < 4 else 999)
    return options, letters, places


def _question(raw: Any, kind: str, laws: Laws) -> dict[str, Any]:
    """Return what an item and a part of a case have in common: stem, what the kind asks, explanation, basis."""
    data = {"stem": _one(raw, "stem")} | _asked(raw, kind, laws)
    return data | {"explanation": _one(raw, "explanation"), "basis": _bases(raw, laws)}


def _asked(raw: Any, kind: str, laws: Laws) -> dict[str, Any]:
    if kind == "true_false":
        return {"key": _one(raw, "key") == "true"} if _one(raw, "key") in ("true", "false") else {}
    if kind == "fill_blank":
        return _blanks(raw)
    if kind == "error_finding":
        return _segments(raw)
    if kind == "short_answer":
        return _marking(raw)
    if kind == "case_study":
        return _case(raw, laws)
    options, letters, places = _lettered(raw)
    data: dict[str, Any] = {"options": options}
    if kind == "single_choice":
        return data | ({"key": letters[_one(raw, "key")]} if _one(raw, "key") in letters else {})
    if kind == "multiple_choice":
        key = sorted({letters[one] for one in _many(raw, "key") if one in letters})
        return data | {"key": key} | ({"indefinite": True} if _one(raw, "indefinite") else {})
    if kind == "ordering":
        order = sorted(range(len(options)), key=lambda number: (places[number], number))
        return data | {"key": [LETTERS[number] for number in order]}
    prompts: list[dict[str, Any]] = []
    pairs: dict[str, str] = {}
    for _index, row in _rows(raw, "prompts"):
        text = _one(row, "text")
        if text or _one(row, "note"):
            number = str(len(prompts) + 1)
            prompts.append({"key": number} | _noted(row, text))
            if _one(row, "answer") in letters:
                pairs[number] = letters[_one(row, "answer")]
    return data | {"prompts": prompts, "key": pairs} | ({"reuse": True} if _one(raw, "reuse") else {})


def _blanks(raw: Any) -> dict[str, Any]:
    rows = dict(_rows(raw, "blanks"))
    accepted = []
    tolerance: list[str | None] = []
    for number in range(len(BLANK.findall(_one(raw, "stem")))):
        row = rows.get(number, {})
        lines = [line.strip() for line in _one(row, "accepted").split("\n")]
        accepted.append([line for line in lines if line])
        tolerance.append(_one(row, "tolerance") or None)
    data: dict[str, Any] = {"key": accepted}
    if any(tolerance):
        data["tolerance"] = tolerance
    return data | ({"any_order": True} if _one(raw, "any_order") else {})


def _segments(raw: Any) -> dict[str, Any]:
    document: list[dict[str, Any]] = []
    faulty = []
    marked = 0
    for _index, row in _rows(raw, "document"):
        # Segments read on without anything between them: their spaces and line ends are text.
        text = _one(row, "text", trim=False)
        if not text and not _one(row, "note"):
            continue
        if _one(row, "mark") in ("sound", "faulty"):
            marked += 1
            document.append({"key": str(marked)} | _noted(row, text))
            if _one(row, "mark") == "faulty":
                faulty.append(str(marked))
        else:
            document.append({"text": text})
    return {"document": document, "key": faulty}


def _marking(raw: Any) -> dict[str, Any]:
    rubric = []
    for _index, row in _rows(raw, "rubric"):
        point, note = _one(row, "point"), _one(row, "note")
        if point or note:
            weight = _whole(_one(row, "weight") or "1")
            rubric.append({"point": point, "weight": weight} | ({"note": note} if note else {}))
    data: dict[str, Any] = {"rubric": rubric, "sample": _one(raw, "sample")}
    return data | ({"max_length": _whole(_one(raw, "max_length"))} if _one(raw, "max_length") else {})


def _case(raw: Any, laws: Laws) -> dict[str, Any]:
    documents = [
        {"title": _one(row, "title"), "text": _one(row, "text")}
        for _index, row in _rows(raw, "documents")
        if _one(row, "title") or _one(row, "text")
    ]
    parts = []
    for _index, row in _rows(raw, "parts"):
        kind = _one(row, "kind") if _one(row, "kind") in PART_KINDS else "single_choice"
        question = _question(row, kind, laws)
        # A part for which another kind was chosen is about to be written.
        if kind == "single_choice" and not (question["stem"] or question["options"] or question["explanation"]):
            continue
        part: dict[str, Any] = {"kind": kind}
        if _one(row, "weight") not in ("", "1"):
            part["weight"] = _whole(_one(row, "weight"))
        if _one(row, "difficulty"):
            part["difficulty"] = _whole(_one(row, "difficulty"))
        if _one(row, "level"):
            part["level"] = _one(row, "level")
        parts.append(part | question)
    return ({"documents": documents} if documents else {}) | {"parts": parts}


def _bases(raw: Any, laws: Laws) -> list[dict[str, Any]]:
    found = []
    for _index, row in _rows(raw, "basis"):
        title, article = _one(row, "law"), _one(row, "article")
        if not title and not article:
            continue
        name, in_force = laws.named(title.strip("《》"))
        version = _one(row, "version") or in_force
        found.append(
            {
                "law": name,
                "version": version,
                "article": _article(article),
                "paragraph": _whole(_one(row, "paragraph")) if _one(row, "paragraph") else None,
                "item": _whole(_one(row, "item")) if _one(row, "item") else None,
            }
        )
    return found


def _article(typed: str) -> str:
    """Return the number of an article as the register writes it: ``120-1`` for 第一百二十条之一."""
    match = ARTICLE.fullmatch(typed.replace(" ", ""))
    if match is None:
        return typed
    number, after = match.groups()
    return normal(number) + (f"-{normal(after)}" if after else "")
