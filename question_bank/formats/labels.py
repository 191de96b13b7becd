"""What other systems have no field for travels in their tags: filing, legal basis, identity.

A label is ``name:value``, such as ``topic:hearing`` or ``basis:行政处罚法|2021-01-22|64|1|2``; other systems
keep it as an ordinary tag, and our readers take it back. For people the legal basis also stands in words at the
end of the explanation; ``without_basis`` takes that line off again where the labels say the same.

An id in a label is believed only together with wing and topic, so that a file of another system with numbers of its own
does not claim to be one of our items.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from question_bank import text
from question_bank.fields import ARTICLE, DIFFICULTIES, ITEM_ID, LEVELS, POOLS, SLUG, VERSION
from question_bank.formats.rich import Rich
from question_bank.item import Item, LegalBasis
from question_bank.richtext import Break, Inline, Paragraph, Text
from question_bank.topics import Topic, taxonomy

ONE_EACH = ("wing", "topic", "difficulty", "level", "pool", "variant_group", "source", "id")
SEVERAL = {"field": "fields", "enemy": "enemies", "basis": "basis"}
# What a format cannot say of a kind; the readers of that format know what to do with it.
EXTRAS = ("case", "part", "parts", "shown", "any_order", "indefinite", "tolerance", "max_length", "kind", "weight")
KNOWN = (*ONE_EACH, *SEVERAL, *EXTRAS, "tag")
BASIS_TITLE = "法律依据："
SPLIT = re.compile(r"([a-z_]+):(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Labels:
    """What labels said: fields of an item, hints for the reader of the format, and plain tags."""

    data: Mapping[str, Any] = field(default_factory=dict)
    extras: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


def write(item: Item, extras: Mapping[str, str] | None = None) -> list[str]:
    """Return the labels and tags of an item, in a fixed order."""
    made = [f"id:{item.id}", f"wing:{item.wing}", f"topic:{item.topic}"]
    made += [f"field:{one}" for one in item.fields]
    made += [f"difficulty:{item.difficulty}", f"level:{item.level}"]
    if item.pool != POOLS[0]:
        made.append(f"pool:{item.pool}")
    if item.variant_group is not None:
        made.append(f"variant_group:{item.variant_group}")
    made += [f"enemy:{one}" for one in item.enemies]
    if item.source:
        made.append(f"source:{item.source}")
    made += basis_labels(item.basis)
    made += [f"{name}:{value}" for name, value in (extras or {}).items()]
    return made + [f"tag:{tag}" if _is_label(tag) else tag for tag in item.tags]


def basis_labels(basis: Iterable[LegalBasis]) -> list[str]:
    """Return a label for each place in a law."""
    return [
        f"basis:{one.law}|{one.version}|{one.article}|{one.paragraph or ''}|{one.item or ''}".rstrip("|")
        for one in basis
    ]


def read(words: Iterable[str]) -> Labels:
    """Return what labels say. One of a known name and an impossible value is an ordinary tag."""
    data: dict[str, Any] = {}
    extras: dict[str, str] = {}
    tags: list[str] = []
    for label in words:
        match = SPLIT.fullmatch(label.strip())
        name, value = (match[1], match[2].strip()) if match else ("", "")
        taken = _value(name, value)
        if name in EXTRAS:
            extras[name] = value
        elif name == "tag" and value:
            tags.append(value)
        elif taken is None:
            if label.strip():
                tags.append(label.strip())
        elif name in SEVERAL:
            held = data.setdefault(SEVERAL[name], [])
            if taken not in held or name == "basis":
                held.append(taken)
        else:
            data[name] = taken
    if "id" in data and not ("wing" in data and "topic" in data):
        tags.append(f"id:{data.pop('id')}")
    return Labels(data, extras, tuple(dict.fromkeys(tags)))


def basis_line(basis: Sequence[LegalBasis]) -> str:
    """Return the legal basis in words, 法律依据：《行政处罚法》（2021-01-22）第六十四条。; empty without one."""
    if not basis:
        return ""
    return BASIS_TITLE + "；".join(f"《{one.law}》（{one.version}）{place_of(one)}" for one in basis) + "。"


def place_of(basis: LegalBasis) -> str:
    """Return the place inside a law in words, such as 第一百二十条之一第二款."""
    number, _, inserted = basis.article.partition("-")
    told = f"第{_numeral(int(number))}条" + (f"之{_numeral(int(inserted))}" if inserted else "")
    told += f"第{_numeral(basis.paragraph)}款" if basis.paragraph else ""
    return told + (f"第{_numeral(basis.item)}项" if basis.item else "")


def without_basis(explanation: Rich, basis: Sequence[Mapping[str, Any]]) -> Rich:
    """Return the explanation without the last line where it is the legal basis that the labels have already told."""
    if not basis or not explanation:
        return explanation
    line = basis_line([LegalBasis(**entry) for entry in basis])
    last = explanation.blocks[-1]
    if not isinstance(last, Paragraph):
        return explanation
    inlines = list(last.inlines)
    tail: list[Inline] = []
    while inlines and isinstance(inlines[-1], Text):
        tail.insert(0, inlines.pop())
    if "".join(one.words for one in tail if isinstance(one, Text)).strip() != line:
        return explanation
    while inlines and isinstance(inlines[-1], Break):
        inlines.pop()
    rest = explanation.blocks[:-1]
    return replace(explanation, blocks=(*rest, Paragraph(tuple(inlines))) if inlines else rest)


def topic_of(path: str) -> Topic | None:
    """Return the topic that a path of categories names, the innermost first, by slug or title; None without one."""
    # Moodle doubles a slash that belongs to a name.
    names = [name.replace("//", "/") for name in re.split("(?<!/)/(?!/)", path)]
    for name in reversed(names):
        found = _topics().get(text.normal(name))
        if found is not None:
            return found
    return None


@cache
def _topics() -> dict[str, Topic]:
    return {text.normal(name): topic for topic in taxonomy().topics for name in (topic.slug, topic.zh, topic.en)}


def category_of(item: Item) -> tuple[str, ...]:
    """Return the path of categories of an item in Chinese: wing, topic. Unknown slugs stand for themselves."""
    wing, topic = taxonomy().find_wing(item.wing), taxonomy().find_topic(item.topic)
    return (wing.zh if wing else item.wing, topic.zh if topic else item.topic)


def _is_label(tag: str) -> bool:
    match = SPLIT.fullmatch(tag)
    return match is not None and match[1] in KNOWN


def _value(name: str, value: str) -> Any:
    """Return the value of a label as an item has it, None where it is no value of that name."""
    if name in ("wing", "topic", "variant_group", "field"):
        return value if SLUG.fullmatch(value) and len(value) <= 60 else None
    if name in ("enemy", "id"):
        return value if ITEM_ID.fullmatch(value) and len(value) <= 80 else None
    if name == "difficulty":
        return int(value) if value.isascii() and value.isdigit() and int(value) in DIFFICULTIES else None
    if name in ("level", "pool"):
        return value if value in (LEVELS if name == "level" else POOLS) else None
    if name == "source":
        return value or None
    return _basis(value) if name == "basis" else None


def _basis(value: str) -> dict[str, Any] | None:
    law, version, article, paragraph, item, *more = (*value.split("|"), "", "", "", "")
    if any(more) or not (law and VERSION.fullmatch(version) and ARTICLE.fullmatch(article)):
        return None
    numbers = []
    for one in (paragraph, item):
        if one and not re.fullmatch("[1-9][0-9]{0,3}", one):
            return None
        numbers.append(int(one) if one else None)
    return {"law": law, "version": version, "article": article, "paragraph": numbers[0], "item": numbers[1]}


def _numeral(value: int) -> str:
    return text.numeral(value) if value <= 9999 else str(value)
