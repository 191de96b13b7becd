"""Case studies in formats that know only single questions: the case as a text, its parts after it, held by labels.

Our export writes the case with the label ``kind:case_study`` and each part with ``part:<id of the case>``; ``folded``
puts them together again. Questions of other systems are never joined by what they merely stand next to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from question_bank import kinds
from question_bank.fields import Problem
from question_bank.formats.draft import Draft
from question_bank.formats.labels import basis_labels
from question_bank.formats.markup import Node
from question_bank.formats.rich import Rich, from_node
from question_bank.item import Item
from question_bank.kinds.case_study import PART_FIELDS, expand

FEWEST_PARTS = 2
DOCUMENT = "document"


def folded(drafts: Iterable[Draft]) -> list[Draft]:
    """Return the questions in order, with the parts of our own cases inside their case."""
    rows = list(drafts)
    parts: dict[str, list[Draft]] = {}
    for draft in rows:
        if "part" in draft.extras:
            parts.setdefault(draft.extras["part"], []).append(draft)
    gone: set[int] = set()
    for draft in rows:
        own = parts.get(str(draft.data.get("id")), [])
        if draft.extras.get("kind") == "case_study" and len(own) >= FEWEST_PARTS:
            draft.problems = [one for one in draft.problems if one.code != "not_a_question"]
            fold(draft, own)
            gone.update(id(part) for part in own)
    return [draft for draft in rows if id(draft) not in gone]


def fold(case: Draft, parts: Iterable[Draft]) -> None:
    """Put questions into a case as its parts, in order; their repairs and problems keep their places."""
    case.data["kind"] = "case_study"
    made = []
    for index, part in enumerate(parts):
        place = f"parts[{index}]"
        case.repairs += [replace(one, place=f"{place}.{one.place}".rstrip(".")) for one in part.repairs]
        case.problems += [Problem(f"{place}.{one.place}".rstrip("."), one.code, one.params) for one in part.problems]
        case.lose(*part.unsupported)
        case.pictures.take(part.pictures)
        made.append(_part(part))
    case.data["parts"] = made


def _part(draft: Draft) -> dict[str, Any]:
    kind = kinds.find(str(draft.data.get("kind", "")))
    allowed = PART_FIELDS + (kind.settings if kind else ())
    part = {name: value for name, value in draft.data.items() if name in allowed}
    weight = draft.extras.get("weight", "")
    if weight.isdecimal() and weight != "1":
        part["weight"] = int(weight[:9])
    return part | {"explanation": part.get("explanation") or "", "basis": part.get("basis", [])}


def split_documents(node: Node, draft: Draft) -> Rich:
    """Return the stem of a case, and set its documents where its text has them as our export writes them."""
    documents = []
    for one in [inner for inner in node.walk() if inner.attributes.get("class") == DOCUMENT]:
        title = next((child for child in one.elements() if child.tag in ("h3", "h4")), None)
        if title is None:
            continue
        rest = Node("div", {}, [child for child in one.children if child is not title])
        documents.append({"title": from_node(title).mapped(_unstyled).text(), "text": from_node(rest, draft.show)})
        one.children.clear()
    if documents:
        draft.data["documents"] = documents
    return from_node(node, draft.show)


def _unstyled(one: Any) -> list[Any]:
    return [replace(one, strong=False, emphasis=False)]


def part_items(item: Item) -> list[tuple[Item, dict[str, str], list[str]]]:
    """Return the parts of a case as items, each with what ties it to the case and its own labels for the export."""
    rows = []
    for part, own in zip(expand(item), item.settings["parts"], strict=True):
        extras = {"part": item.id, "weight": str(own.get("weight", 1))}
        told = [f"{name}:{own[name]}" for name in ("difficulty", "level") if name in own]
        rows.append((part, extras, told + basis_labels(part.basis)))
    return rows


def documents_of(item: Item) -> list[Mapping[str, str]]:
    """Return the documents of a case, each with title and text."""
    return [dict(one) for one in item.settings.get("documents", ())]
