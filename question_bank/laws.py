"""The register of laws: which versions there are, which articles they have, which text is in force on a day.

The register holds no law text. Of each article it keeps the first 16 hex digits of a SHA-256 over the
normalised text, so that whoever has the texts can see whether an article is still the one that a question was
written on, and the number of paragraphs (款) with their items (项), so that a citation can be checked to its
last part. One file a law, ``content/laws/<short title>.json``::

    {"short_title", "title", "level",
     "versions": [{"version", "in_force", "in_force_from", "repealed_on", "note", "source_note",
                   "paragraphs": {"36": [0, 0]}, "articles": {"36": "0123456789abcdef"}}]}

``version`` is the date of adoption or last amendment. ``in_force_from`` is what the text itself says of this
version; it is null where the closing article only knows the day of the first version. ``in_force`` is false
for a text known to be superseded, ``repealed_on`` the first day on which it no longer holds, null where unknown.
``paragraphs`` lists for each paragraph of an article how many items it has; it is left out where that is one
paragraph without items.

``build`` makes the register from a folder of texts: JSON files with ``title``, ``short_title``,
``version_date``, ``status_note`` and ``articles`` of ``number`` and ``text``, one line a paragraph or item.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from question_bank import text
from question_bank.topics import CONTENT

LAWS = CONTENT / "laws"

LEVELS = (
    "constitution",
    "law",
    "administrative_regulation",
    "joint_regulation",
    "local_regulation",
    "department_rule",
    "judicial_interpretation",
    "normative_document",
)

SUPERSEDED_MARK = "【非现行文本】"
SUPERSEDED_NOTE = "该版本已被后来的文本修改或取代，引用前须核对新文本。"

NUMERALS = "零〇一二三四五六七八九十百"
ITEM_LINE = re.compile(f"（[{NUMERALS}]+）")
SUB_ITEM_LINE = re.compile(r"[0-9０-９]+\s*[.．、]|（[0-9０-９]+）|[①-⑳⒈-⒛]")
LIST_LINE_ENDS = ("，", "；", "、")
DAY = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")
STARTS = re.compile(
    r"(?:本[^，。；]{1,4}|该[^，。；]{1,4})自(\d{4}年\d{1,2}月\d{1,2}日|公布之日|颁布之日|发布之日)起(?:施行|实施|生效)"
)


@dataclass(frozen=True, slots=True)
class Version:
    """One text of a law. Dates are local days; see the module for what None means."""

    version: str
    in_force: bool = True
    in_force_from: date | None = None
    repealed_on: date | None = None
    note: str = ""
    source_note: str = ""
    paragraphs: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    articles: Mapping[str, str] = field(default_factory=dict)

    @property
    def starts_on(self) -> date:
        """The day from which the text is taken to hold: ``in_force_from``, else the day of adoption."""
        return self.in_force_from or date.fromisoformat(self.version)

    def holds_on(self, day: date) -> bool:
        """Whether the text holds on a day. One that is superseded since an unknown day holds on none."""
        if day < self.starts_on:
            return False
        return self.in_force if self.repealed_on is None else day < self.repealed_on

    def has_article(self, article: str) -> bool:
        return article in self.articles

    def items_by_paragraph(self, article: str) -> tuple[int, ...]:
        """Return the number of items of each paragraph of an article; raises ``KeyError`` without it."""
        if article not in self.articles:
            raise KeyError(article)
        return self.paragraphs.get(article, (0,))


@dataclass(frozen=True, slots=True)
class Law:
    """A law with its versions, oldest first."""

    short_title: str
    title: str
    level: str
    versions: tuple[Version, ...]

    def version(self, version: str) -> Version | None:
        """Return the version of this date, or None where it is not in the register."""
        return next((entry for entry in self.versions if entry.version == version), None)


class Register:
    """The laws of a folder, found by short or full title."""

    def __init__(self, laws: Iterable[Law]) -> None:
        self.laws = tuple(sorted(laws, key=lambda law: law.short_title))
        self._by_name: dict[str, Law] = {}
        for law in self.laws:
            for name in (law.title, law.short_title):
                self._by_name[name_key(name)] = law

    def find(self, name: str) -> Law | None:
        """Return the law of this title, short or full, with or without 《》 and 中华人民共和国, or None."""
        return self._by_name.get(name_key(name))

    def article_exists(self, name: str, article: str, version: str | None = None) -> bool:
        """Whether a version of the law, the newest for None, has this article."""
        law = self.find(name)
        if law is None or not law.versions:
            return False
        entry = law.versions[-1] if version is None else law.version(version)
        return entry is not None and entry.has_article(article)

    def text_in_force(self, name: str, day: date) -> Version | None:
        """Return the version that holds on a day, the newest if several do, or None."""
        law = self.find(name)
        holding = [entry for entry in law.versions if entry.holds_on(day)] if law else []
        return max(holding, key=lambda entry: (entry.starts_on, entry.version), default=None)


def name_key(name: str) -> str:
    """Return the form in which titles of laws are compared."""
    plain = unicodedata.normalize("NFKC", name)
    return re.sub(r"[《》〈〉<>\s]", "", plain).replace("中华人民共和国", "")


def fingerprint(article_text: str) -> str:
    """Return the fingerprint of an article's text. White space, width and punctuation do not count."""
    plain = "".join(
        char
        for char in unicodedata.normalize("NFKC", article_text)
        if not char.isspace() and unicodedata.category(char)[0] not in "PZC"
    )
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def items_by_paragraph(article_text: str) -> tuple[int, ...]:
    """Return how many items (项) each paragraph (款) of an article has.

    A line that begins with （一） is an item of the paragraph before it, one with 1. a part of an item; a
    list without numbers, such as the constitution's, belongs to the paragraph that ends in a colon.
    """
    counts: list[int] = []
    before = ""
    in_list = False
    for line in article_text.split("\n"):
        if ITEM_LINE.match(line):
            if not counts:
                counts.append(0)
            counts[-1] += 1
            in_list = False
        elif counts and SUB_ITEM_LINE.match(line):
            in_list = False
        elif counts and (in_list or (before.endswith("：") and line.endswith("，"))):
            in_list = line.endswith(LIST_LINE_ENDS)
        else:
            counts.append(0)
            in_list = False
        before = line
    return tuple(counts)


def load_register(folder: Path | None = None) -> Register:
    """Return the register of a folder, the shipped one for None. An empty folder is an empty register."""
    return Register(
        _law_from(json.loads(path.read_text(encoding="utf-8"))) for path in sorted((folder or LAWS).glob("*.json"))
    )


@cache
def register() -> Register:
    """Return the shipped register, read once."""
    return load_register()


def find(name: str) -> Law | None:
    """``Register.find`` of the shipped register."""
    return register().find(name)


def article_exists(name: str, article: str, version: str | None = None) -> bool:
    """``Register.article_exists`` of the shipped register."""
    return register().article_exists(name, article, version)


def text_in_force(name: str, day: date) -> Version | None:
    """``Register.text_in_force`` of the shipped register."""
    return register().text_in_force(name, day)


def law_to_json(law: Law) -> str:
    """Return the file of a law: one line an article, so that a changed article is a changed line."""
    lines = ["{"]
    for name, value in (("short_title", law.short_title), ("title", law.title), ("level", law.level)):
        lines.append(f"  {_json(name)}: {_json(value)},")
    lines.append('  "versions": [')
    for index, entry in enumerate(law.versions):
        plain = {
            "version": entry.version,
            "in_force": entry.in_force,
            "in_force_from": _day(entry.in_force_from),
            "repealed_on": _day(entry.repealed_on),
            "note": entry.note,
            "source_note": entry.source_note,
        }
        lines += ["    {", *(f"      {_json(name)}: {_json(value)}," for name, value in plain.items())]
        lines += _json_rows("paragraphs", {key: list(value) for key, value in entry.paragraphs.items()}, ",")
        lines += _json_rows("articles", dict(entry.articles), "")
        lines.append("    }" + ("," if index < len(law.versions) - 1 else ""))
    return "\n".join([*lines, "  ]", "}"]) + "\n"


def read_texts(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the law texts of a folder by short title. Raises ``ValueError`` for a file that is none."""
    texts = {}
    for path in sorted(folder.glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict) or not {"title", "short_title", "version_date", "articles"} <= set(data):
            raise ValueError(f"{path.name} is no law text")
        texts[data["short_title"]] = data
    if not texts:
        raise ValueError(f"no law text in {folder}")
    return texts


def law_of_text(data: Mapping[str, Any], *, known: Law | None = None, source: str = "") -> Law:
    """Return the register entry of a law text. Other versions of a known entry are kept."""
    articles = {str(article["number"]): str(article["text"]) for article in data["articles"]}
    status = str(data.get("status_note", ""))
    superseded = status.startswith(SUPERSEDED_MARK)
    version = str(data["version_date"])
    shapes = {number: items_by_paragraph(body) for number, body in articles.items()}
    before = known.version(version) if known else None
    entry = Version(
        version=version,
        in_force=not superseded,
        in_force_from=stated_start(articles.values(), version, status),
        repealed_on=_stated_end(status) if superseded else None,
        note=SUPERSEDED_NOTE if superseded else "",
        source_note=source or (before.source_note if before else ""),
        paragraphs={number: shape for number, shape in shapes.items() if shape != (0,)},
        articles={number: fingerprint(body) for number, body in articles.items()},
    )
    others = [old for old in known.versions if old.version != version] if known else []
    return Law(
        short_title=str(data["short_title"]),
        title=str(data["title"]),
        level=level_of(str(data["title"]), status),
        versions=tuple(sorted([*others, entry], key=lambda old: old.version)),
    )


def build(texts: Path, folder: Path | None = None, *, only: Iterable[str] | None = None, source: str = "") -> int:
    """Write the register of a folder of texts and return the number of laws written.

    ``only`` restricts it to these short titles. Laws and versions of the register without a text stay as they
    are; a second run changes nothing. ``source`` says where the texts come from; empty keeps what is noted.
    """
    target = folder or LAWS
    target.mkdir(parents=True, exist_ok=True)
    known = load_register(target)
    wanted = None if only is None else set(only)
    written = 0
    for short_title, data in read_texts(texts).items():
        if wanted is not None and short_title not in wanted:
            continue
        law = law_of_text(data, known=known.find(short_title), source=source)
        (target / f"{short_title}.json").write_text(law_to_json(law), encoding="utf-8")
        written += 1
    return written


def stated_start(article_texts: Iterable[str], version: str, status: str = "") -> date | None:
    """Return the day from which this version holds as its own text states it, or None.

    An amended law keeps the closing article of its first version, so a day before that of the version is not
    its own. "From the day of publication" counts only where the law was never amended.
    """
    adopted = date.fromisoformat(version)
    stated: date | None = None
    for body in article_texts:
        for match in STARTS.finditer(body):
            found = _date(match.group(1))
            if found is not None:
                stated = found if found >= adopted else None
            elif "公布" in status and not re.search("修正|修订|修改", status.split("。文本取自")[0]):
                stated = adopted
    return stated


def level_of(title: str, status: str = "") -> str:
    """Return the rank of a law, judged by its title and by who issued it."""
    if title.startswith(("广东省", "江门市")):
        return "local_regulation"
    if title.startswith(("最高人民法院", "最高人民检察院")):
        return "judicial_interpretation"
    if title.endswith("宪法"):
        return "constitution"
    if title.endswith(("法", "法典")) and not title.endswith("办法"):
        return "law"
    if "中共中央、国务院" in status:
        return "joint_regulation"
    if title.endswith("条例") or "国务院令" in status or "《国务院关于" in status:
        return "administrative_regulation"
    return "normative_document" if title.endswith("规范") else "department_rule"


def _stated_end(status: str) -> date | None:
    told = status.removeprefix(SUPERSEDED_MARK).split("；")[0].split("。")[0]
    if "须核对" in told or "据记忆" in told:
        return None
    match = re.search(r"(\d{4}年\d{1,2}月\d{1,2}日)起施行", told)
    return _date(match.group(1)) if match else None


def _date(words: str) -> date | None:
    match = DAY.fullmatch(text.normal(words))
    return date(*(int(part) for part in match.groups())) if match else None


def _law_from(data: Mapping[str, Any]) -> Law:
    return Law(
        short_title=data["short_title"],
        title=data["title"],
        level=data["level"],
        versions=tuple(
            Version(
                version=entry["version"],
                in_force=entry.get("in_force", True),
                in_force_from=_parsed_day(entry["in_force_from"]),
                repealed_on=_parsed_day(entry["repealed_on"]),
                note=entry.get("note", ""),
                source_note=entry.get("source_note", ""),
                paragraphs={key: tuple(value) for key, value in entry.get("paragraphs", {}).items()},
                articles=entry["articles"],
            )
            for entry in sorted(data["versions"], key=lambda entry: str(entry["version"]))
        ),
    )


def _parsed_day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _json_rows(name: str, rows: Mapping[str, Any], end: str) -> list[str]:
    if not rows:
        return [f"      {_json(name)}: {{}}{end}"]
    body = [f"        {_json(key)}: {_json(value)}" for key, value in rows.items()]
    return [f"      {_json(name)}: {{", *[row + "," for row in body[:-1]], body[-1], "      }" + end]
