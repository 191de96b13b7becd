"""QTI 1.2 as Canvas, Blackboard and others export it: items with responses, and conditions that set a score.

Canvas tells the type of a question in its metadata; elsewhere it follows from the responses. What is right is told by
conditions alone: a value that must be given, several that must be given while others must not, or points added for
each. Files and whole sections of other banks that are only referred to cannot be read from here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from question_bank.formats import cases
from question_bank.formats.answers import (
    take_accepted,
    take_blanks,
    take_notes,
    take_ordered,
    take_pairs,
    take_sample,
    take_tolerance,
    truth_of,
)
from question_bank.formats.choices import take_weights
from question_bank.formats.draft import Draft
from question_bank.formats.files import Shelf
from question_bank.formats.gaps import numbered
from question_bank.formats.markup import Node
from question_bank.formats.qti_scoring import number
from question_bank.formats.report import LIKELY, Place
from question_bank.formats.rich import SLOT, Rich, from_plain, slots_as_gaps

FILE_BASE = re.compile(r"(?:\$|%24)IMS[-_]CC[-_]FILE_?BASE(?:\$|%24)/?")
BLANK_NAME = re.compile(r"\[([A-Za-z0-9_.-]+)\]")
UNSUPPORTED = ("file_upload_question", "calculated_question", "hot_spot_question", "external_tool")
# Questions of a section: the sentences of Canvas's general, right and wrong feedback.
GENERAL, OUTCOMES = "general_fb", ("correct_fb", "general_incorrect_fb", "incorrect_fb")


@dataclass(slots=True)
class Condition:
    """One condition: for each response the values that must and must not be given, and what it does."""

    given: dict[str, list[str]] = field(default_factory=dict)
    withheld: dict[str, list[str]] = field(default_factory=dict)
    least: dict[str, Decimal] = field(default_factory=dict)
    most: dict[str, Decimal] = field(default_factory=dict)
    points: Decimal | None = None
    added: bool = False
    feedback: list[str] = field(default_factory=list)
    other: bool = False


@dataclass(frozen=True, slots=True)
class _Item:
    """An item with what its readers ask for again and again."""

    node: Node
    draft: Draft
    conditions: tuple[Condition, ...]
    feedback: Mapping[str, Rich]

    def responses(self, *tags: str) -> list[Node]:
        return [node for node in _presentation(self.node).walk() if node.tag in tags]

    def scored(self) -> list[Condition]:
        return [one for one in self.conditions if one.points is not None and one.points != 0]

    def note_on(self, response: str, value: str) -> Rich:
        """Return the feedback shown for giving one value."""
        for one in self.conditions:
            if one.given.get(response) == [value] and not one.withheld and len(one.given) == 1:
                for name in one.feedback:
                    if name not in (GENERAL, *OUTCOMES) and name in self.feedback:
                        return self.feedback[name]
        return self.feedback.get(f"{value}_fb", Rich(()))


def read_classic(root: Node, file: str, shelf: Shelf) -> Iterator[Draft]:
    """Return every question of a QTI 1.2 document, in order."""
    yield from _walk(root, file, shelf, ())


def _walk(node: Node, file: str, shelf: Shelf, path: tuple[str, ...]) -> Iterator[Draft]:
    for child in node.elements():
        if child.tag == "item":
            yield _read(child, file, shelf, path)
        elif child.tag in ("section", "assessment", "objectbank"):
            title = child.attributes.get("title", "").strip()
            yield from _walk(child, file, shelf, (*path, title) if title else path)


def _read(node: Node, file: str, shelf: Shelf, path: Sequence[str]) -> Draft:
    draft = Draft(Place(file=file, line=node.line or None), shelf=shelf)
    details = _metadata(node)
    kind = details.get("question_type", "") or details.get("cc_profile", "")
    draft.raw = {
        "ident": node.attributes.get("ident", ""),
        "title": node.attributes.get("title", ""),
        "type": kind,
    }
    if path:
        draft.take_category("/".join(path))
    feedback = {one.attributes.get("ident", ""): _material(one, draft) for one in node.all("itemfeedback")}
    item = _Item(node, draft, tuple(_conditions(node)), feedback)
    draft.data["explanation"] = feedback.get(GENERAL, Rich(()))
    draft.data["stem"] = _stem(node, draft)
    _take(item, kind)
    if node.find("hint") is not None:
        draft.lose("hints")
    take_notes(draft, [feedback[name] for name in OUTCOMES if feedback.get(name)])
    return draft


def _metadata(node: Node) -> dict[str, str]:
    found = {}
    for one in node.walk():
        if one.tag == "qtimetadatafield":
            found[one.words("fieldlabel")] = one.words("fieldentry")
        elif one.tag == "presentation":
            break
        elif one.tag in ("qmd_itemtype", "bbmd_questiontype"):
            found.setdefault("question_type", one.text().strip())
    return found


def _presentation(node: Node) -> Node:
    return node.find("presentation") or Node("presentation")


def _stem(node: Node, draft: Draft, change: Callable[[str], str] | None = None) -> Rich:
    """Return the material before and beside the responses; what belongs to a response is its own."""
    found: list[Rich] = []

    def walk(inner: Node) -> None:
        for child in inner.elements():
            if child.tag == "material":
                found.append(_material(Node("", {}, [child]), draft, change))
            elif not child.tag.startswith("response_"):
                walk(child)

    walk(_presentation(node))
    return Rich(()).joined(*found)


def _material(node: Node, draft: Draft, change: Callable[[str], str] | None = None) -> Rich:
    """Return the texts and pictures below a node."""
    found: list[Rich] = []
    for one in node.walk():
        if one.tag in ("mattext", "matemtext"):
            words = one.text()
            words = change(words) if change else words
            if "html" in one.attributes.get("texttype", "text/html").lower() or "<" in words:
                found.append(draft.html(FILE_BASE.sub("", words)))
            else:
                found.append(from_plain(words))
        elif one.tag in ("matimage", "mataudio", "matvideo"):
            source = FILE_BASE.sub("", one.attributes.get("uri", "") or one.attributes.get("entityref", ""))
            picture = draft.show(source, one.attributes.get("label", "")) if source else None
            if picture is not None:
                found.append(draft.html(f'<img src="{source}" alt="">'))
    return Rich(()).joined(*found)


def _conditions(node: Node) -> Iterator[Condition]:
    for processing in node.all("resprocessing"):
        for one in processing.all("respcondition"):
            made = Condition()
            for inner in one.all("conditionvar"):
                _take_variables(inner, made, wanted=True)
            for setter in one.all("setvar"):
                value = number(setter.text())
                if value is not None and setter.attributes.get("varname", "SCORE").upper() not in (
                    "EVALUATION",
                    "CORRECT",
                ):
                    made.points, made.added = value, setter.attributes.get("action", "Set").lower() == "add"
            made.feedback = [shown.attributes.get("linkrefid", "") for shown in one.all("displayfeedback")]
            yield made


def _take_variables(node: Node, made: Condition, *, wanted: bool) -> None:
    for one in node.elements():
        name, value = one.attributes.get("respident", ""), one.text().strip()
        if one.tag in ("and", "or"):
            _take_variables(one, made, wanted=wanted)
        elif one.tag == "not":
            _take_variables(one, made, wanted=not wanted)
        elif one.tag in ("varequal", "varsubset", "varsubstring"):
            (made.given if wanted else made.withheld).setdefault(name, []).append(value)
        elif one.tag in ("vargte", "vargt", "varlte", "varlt") and wanted:
            bound = number(value)
            if bound is not None:
                (made.least if one.tag.startswith("varg") else made.most)[name] = bound
        elif one.tag == "other":
            made.other = True


def _take(item: _Item, kind: str) -> None:
    draft = item.draft
    choices = item.responses("response_lid")
    texts = item.responses("response_str", "response_num")
    if kind in UNSUPPORTED or item.responses("response_xy", "response_grp", "response_extension"):
        draft.problem("kind", "kind_not_supported", kind=kind or "response_grp")
    elif kind == "text_only_question" or not (choices or texts or kind):
        draft.problem("kind", "not_a_question")
    elif kind in ("fill_in_multiple_blanks_question", "multiple_dropdowns_question") and choices:
        _named_blanks(item, choices, typed=kind.startswith("fill"))
    elif kind == "matching_question" or len(choices) > 1:
        _matching(item, choices)
    elif kind == "numerical_question" or (texts and any(one.least or one.most for one in item.scored())):
        _numbers(item, texts)
    elif choices and choices[0].attributes.get("rcardinality", "").lower() == "ordered":
        _ordering(item, choices[0])
    elif choices:
        _choice(item, choices[0], kind)
    elif kind in ("essay_question", "cc.essay.v0p1", "Essay") or not any(one.given for one in item.scored()):
        _essay(item)
    else:
        _typed(item, texts)


def _labels(response: Node) -> list[tuple[str, Node]]:
    return [(one.attributes.get("ident", ""), one) for one in response.walk() if one.tag == "response_label"]


def _choice(item: _Item, response: Node, kind: str) -> None:
    draft = item.draft
    name = response.attributes.get("ident", "")
    labels = _labels(response)
    several = (
        response.attributes.get("rcardinality", "Single").lower() == "multiple" or kind == "multiple_answers_question"
    )
    weights = _weights(item, name, [ident for ident, _ in labels])
    draft.data["options"] = draft.options((_material(one, draft), item.note_on(name, ident)) for ident, one in labels)
    if weights is None:
        draft.data["kind"] = "multiple_choice" if several else "single_choice"
        draft.problem("key", "manual_key_needed")
        return
    take_weights(draft, weights, several=several)
    truths = [truth_of(_material(one, draft).text()) for _, one in labels]
    if sorted(map(str, truths)) == ["False", "True"] and draft.data["kind"] == "single_choice" and "key" in draft.data:
        place = ord(draft.data.pop("key")) - ord("A")
        notes = [option.get("note", Rich(())) for option in draft.data.pop("options")]
        draft.data |= {"kind": "true_false", "key": truths[place]}
        take_notes(draft, notes)
        if kind not in ("true_false_question", "cc.true_false.v0p1", "True/False"):
            draft.repair("kind", "choice_as_truth", LIKELY)


def _ordering(item: _Item, response: Node) -> None:
    draft = item.draft
    name = response.attributes.get("ident", "")
    labels = dict(_labels(response))
    orders = [one.given[name] for one in item.scored() if len(one.given.get(name, ())) == len(labels)]
    if not orders or sorted(orders[0]) != sorted(labels):
        draft.data |= {"kind": "ordering", "options": draft.options(_material(one, draft) for one in labels.values())}
        draft.problem("key", "manual_key_needed")
        return
    take_ordered(draft, [(_material(labels[ident], draft), item.note_on(name, ident)) for ident in orders[0]])


def _weights(item: _Item, response: str, values: Sequence[str]) -> list[Decimal] | None:
    """Return what each value earns in percent of all; None where no condition gives points."""
    scored = [one for one in item.scored() if response in one.given and (one.points or 0) != 0]
    if not scored:
        return None
    whole = [one for one in scored if len(one.given[response]) > 1 or response in one.withheld]
    if whole:
        best = max(whole, key=lambda one: one.points or Decimal(0))
        right = best.given[response]
        return [Decimal(100) / len(right) if value in right else Decimal(0) for value in values]
    points: dict[str, Decimal] = {}
    for one in scored:
        value = one.given[response][0]
        points[value] = max(points.get(value, one.points or Decimal(0)), one.points or Decimal(0))
    gains = [value for value in points.values() if value > 0]
    best_of = sum(gains, Decimal(0)) if any(one.added for one in scored) else max(gains, default=Decimal(1))
    return [points.get(value, Decimal(0)) * 100 / (best_of or Decimal(1)) for value in values]


def _named_blanks(item: _Item, responses: Sequence[Node], *, typed: bool) -> None:
    """Read blanks that the text names in brackets, each with a response of its own."""
    draft = item.draft
    by_name = {one.attributes.get("ident", "").removeprefix("response_"): one for one in responses}
    order: list[str] = []

    def with_slots(words: str) -> str:
        def slot(match: re.Match[str]) -> str:
            if match[1] not in by_name or match[1] in order:
                return match.group()
            order.append(match[1])
            return SLOT

        return BLANK_NAME.sub(slot, words.replace(SLOT, ""))

    text = _stem(item.node, draft, with_slots)
    order += [name for name in by_name if name not in order]
    if typed:
        draft.data["stem"] = slots_as_gaps(text)
        take_blanks(draft, draft.data["stem"], [_accepted(item, by_name[name]) for name in order])
        return
    draft.data["stem"] = numbered(text)
    if len(order) == 1:
        draft.data["stem"] = slots_as_gaps(text)
        _choice(item, by_name[order[0]], "")
        return
    parts = []
    for index, name in enumerate(order, start=1):
        part = Draft(draft.place, shelf=draft.shelf, pictures=draft.pictures)
        part.data["stem"] = from_plain(f"（{index}）处应选：")
        _choice(_Item(item.node, part, item.conditions, item.feedback), by_name[name], "")
        parts.append(part)
    draft.repair("kind", "item_as_case", LIKELY, after=str(len(parts)))
    cases.fold(draft, parts)


def _accepted(item: _Item, response: Node) -> list[str]:
    """Return the texts of the labels that conditions call right, of all of them where no condition tells."""
    name = response.attributes.get("ident", "")
    labels = _labels(response)
    right = {value for one in item.scored() for value in one.given.get(name, [])}
    told = [_material(one, item.draft).text() for ident, one in labels if ident in right or not right]
    return told or sorted(right)


def _matching(item: _Item, responses: Sequence[Node]) -> None:
    draft = item.draft
    pairs = []
    shown: dict[str, Rich] = {}
    for response in responses:
        name = response.attributes.get("ident", "")
        left = Rich(()).joined(*(_material(Node("", {}, [one]), draft) for one in response.all("material")))
        right = [value for one in item.scored() if (one.points or 0) > 0 for value in one.given.get(name, [])]
        labels = {ident: _material(one, draft) for ident, one in _labels(response)}
        for words in labels.values():
            shown.setdefault(words.text(), words)
        pairs.append((left, labels.get(right[0], Rich(())) if right else Rich(())))
    if not pairs:
        draft.data["kind"] = "matching"
        draft.problem("prompts", "not_two_columns", count=0)
        return
    told = {right.text() for _, right in pairs}
    take_pairs(draft, [*pairs, *((Rich(()), words) for text, words in shown.items() if text not in told)])
    if len(draft.data["key"]) < len(draft.data["prompts"]):
        draft.problem("key", "manual_key_needed")


def _typed(item: _Item, responses: Sequence[Node]) -> None:
    draft = item.draft
    rows = []
    for response in responses:
        name = response.attributes.get("ident", "")
        accepted: list[str] = []
        best = max((one.points or Decimal(0) for one in item.scored() if name in one.given), default=Decimal(0))
        for one in item.scored():
            weight = (one.points or Decimal(0)) * 100 / best if best > 0 else Decimal(0)
            for value in one.given.get(name, []):
                take_accepted(draft, accepted, value, weight, item.note_on(name, value), wildcards=False)
        rows.append(accepted)
    take_blanks(draft, draft.data["stem"], rows)


def _numbers(item: _Item, responses: Sequence[Node]) -> None:
    draft = item.draft
    name = responses[0].attributes.get("ident", "") if responses else ""
    accepted: list[str] = []
    within: list[str] = []
    for one in item.scored():
        least, most = one.least.get(name), one.most.get(name)
        told = [value for value in one.given.get(name, []) if number(value) is not None]
        if least is not None and most is not None:
            middle = number(told[0]) if told else None
            middle = (least + most) / 2 if middle is None else middle
            accepted.append(f"{middle.normalize():f}")
            within.append(f"{max(most - middle, middle - least):f}")
        else:
            accepted += told
            within += ["0"] * len(told)
    take_blanks(draft, draft.data["stem"], [accepted])
    take_tolerance(draft, within)


def _essay(item: _Item) -> None:
    draft = item.draft
    solutions = [_material(one, draft) for one in item.node.walk() if one.tag == "solution"]
    take_sample(draft, Rich(()).joined(*solutions))
