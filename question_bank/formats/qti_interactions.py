"""The interactions of QTI, each read into the kind of question that asks the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from question_bank.formats.answers import take_ordered, take_sample, truth_of
from question_bank.formats.choices import take_weights
from question_bank.formats.draft import Draft
from question_bank.formats.facsimiles import document_in
from question_bank.formats.gaps import numbered
from question_bank.formats.markup import Node
from question_bank.formats.qti_scoring import CUSTOM, MAP, NONE, Response, Scoring
from question_bank.formats.report import DOUBTFUL, LIKELY
from question_bank.formats.rich import SLOT, Rich, from_node, slots_as_gaps
from question_bank.formats.rubrics import rubric_in

BLOCKS = (
    "choiceInteraction",
    "orderInteraction",
    "matchInteraction",
    "gapMatchInteraction",
    "hottextInteraction",
    "extendedTextInteraction",
)
PASSED = frozenset(("feedbackInline", "feedbackBlock", "templateInline", "templateBlock"))


@dataclass(frozen=True, slots=True)
class Context:
    """What an interaction is read with: the draft it fills, the declared responses, how they score, the whole item."""

    draft: Draft
    responses: Mapping[str, Response]
    scoring: Scoring
    item: Node

    def response(self, node: Node) -> Response | None:
        """Return the response that an interaction fills; one that is not declared is told."""
        found = self.responses.get(node.attributes.get("responseIdentifier", ""))
        if found is None:
            self.draft.problem("key", "response_not_declared", name=node.attributes.get("responseIdentifier", "")[:40])
        return found

    def key(self, response: Response) -> tuple[str, ...]:
        """Return what is declared to be right, with a repair where the scoring does not say the same."""
        how = self.scoring.of(response.name)
        if not response.correct:
            return ()
        told = ", ".join(response.correct)
        if how == CUSTOM:
            self.draft.repair("key", "processing_not_read", DOUBTFUL, after=told)
        elif how == NONE:
            self.draft.repair("key", "key_without_processing", LIKELY, after=told)
        return response.correct

    def notes(self) -> dict[str, Rich]:
        """Return the feedback on single choices by their identifiers."""
        found = {}
        for node in self.item.all("modalFeedback"):
            name = node.attributes.get("identifier", "").removeprefix("note_")
            found[name] = from_node(node, self.draft.show)
        return found


def _words(node: Node, draft: Draft) -> Rich:
    return from_node(node, draft.show, PASSED)


def _note(node: Node, context: Context) -> Rich:
    inside = [child for child in node.walk() if child.tag in ("feedbackInline", "feedbackBlock")]
    if inside:
        return from_node(Node("div", {}, list(inside)), context.draft.show)
    return context.notes().get(node.attributes.get("identifier", ""), Rich(()))


def take_choice(node: Node, context: Context) -> None:
    """Read a choice of one or several; two options that say true and false make a true or false."""
    draft = context.draft
    choices = node.all("simpleChoice")
    _choose(choices, node, context)
    truths = [truth_of(_words(choice, draft).text()) for choice in choices]
    if (
        draft.data.get("kind") == "single_choice"
        and sorted(map(str, truths)) == ["False", "True"]
        and "key" in draft.data
    ):
        _as_truth(draft, truths)


def _as_truth(draft: Draft, truths: Sequence[bool | None]) -> None:
    place = ord(draft.data.pop("key")) - ord("A")
    if draft.extras.get("kind") != "true_false":
        draft.repair("kind", "choice_as_truth", LIKELY)
    del draft.data["options"]
    draft.data |= {"kind": "true_false", "key": truths[place]}


def take_inline_choice(node: Node, context: Context) -> None:
    """Read a choice inside a text."""
    _choose(node.all("inlineChoice"), node, context)


def _choose(choices: Sequence[Node], node: Node, context: Context) -> None:
    draft = context.draft
    draft.data["options"] = draft.options((_words(one, draft), _note(one, context)) for one in choices)
    response = context.response(node)
    if response is None:
        draft.data["kind"] = "single_choice"
        return
    names = [one.attributes.get("identifier", "") for one in choices]
    weights = weights_of(response, names, context)
    if weights is None:
        draft.data["kind"] = "multiple_choice" if response.several else "single_choice"
        draft.problem("key", "manual_key_needed")
        return
    take_weights(draft, weights, several=response.several)


def weights_of(response: Response, names: Sequence[str], context: Context) -> list[Decimal] | None:
    """Return what each choice earns in percent, None where the item does not say."""
    how = context.scoring.of(response.name)
    named = context.scoring.values.get(response.name)
    if how == MAP and named:
        return scaled([named.get(name, Decimal(0)) for name in names], None, several=response.several)
    if how == MAP and response.mapping and response.mapping.entries:
        mapped = response.mapping
        points = [mapped.entries.get(name, mapped.default) for name in names]
        return scaled(points, mapped.upper, several=response.several)
    key = context.key(response)
    if not key:
        return None
    share = Decimal(100) / (len(key) if response.several else 1)
    return [share if name in key else Decimal(0) for name in names]


def scaled(points: Sequence[Decimal], upper: Decimal | None, *, several: bool) -> list[Decimal]:
    """Return points as percentages of the most that can be earned."""
    gains = [one for one in points if one > 0]
    best = (sum(gains, Decimal(0)) if several else max(gains, default=Decimal(0))) or Decimal(1)
    if upper is not None and 0 < upper < best:
        best = upper
    return [one * 100 / best for one in points]


def take_order(node: Node, context: Context) -> None:
    """Read an ordering: the declared answer is the right order, the file's order the one shown."""
    draft = context.draft
    choices = node.all("simpleChoice")
    response = context.response(node)
    names = [one.attributes.get("identifier", "") for one in choices]
    key = context.key(response) if response else ()
    if node.attributes.get("maxChoices", "0") not in ("0", "", str(len(choices))):
        draft.lose("only_some_steps")
    options = draft.options((_words(one, draft), _note(one, context)) for one in choices)
    draft.data |= {"kind": "ordering", "options": options}
    if not key:
        draft.problem("key", "manual_key_needed")
    elif sorted(key) != sorted(names):
        draft.problem("key", "not_every_key_once")
    elif list(key) == names:
        take_ordered(draft, [(_words(one, draft), _note(one, context)) for one in choices])
    else:
        draft.data["key"] = [options[names.index(name)]["key"] for name in key]


def take_match(node: Node, context: Context) -> None:
    """Read a matching of two sets; the set whose every member has one partner is the left column."""
    sets = node.all("simpleMatchSet")
    response = context.response(node)
    if len(sets) != 2 or response is None:
        context.draft.data["kind"] = "matching"
        context.draft.problem("prompts", "not_two_columns", count=len(sets))
        return
    left, right = (one.all("simpleAssociableChoice") for one in sets)
    _take_sets(left, right, response, context)


def _take_sets(left: Sequence[Node], right: Sequence[Node], response: Response, context: Context) -> None:
    draft = context.draft
    pairs = [tuple(value.split()[:2]) for value in _pairs(response, context)]
    if not pairs:
        draft.data["kind"] = "matching"
        draft.problem("key", "manual_key_needed")
        return
    sides = [[one.attributes.get("identifier", "") for one in side] for side in (left, right)]
    once = [
        all(sum(pair[index : index + 1] == (name,) for pair in pairs) == 1 for name in names)
        for index, names in enumerate(sides)
    ]
    if not once[0] and once[1]:
        draft.repair("prompts", "columns_swapped", LIKELY)
        left, right = right, left
        sides.reverse()
        pairs = [(pair[1], pair[0]) for pair in pairs if len(pair) == 2]
    elif not once[0]:
        draft.data |= {"kind": "matching", "options": draft.options(_words(one, draft) for one in right)}
        draft.problem("key", "pairs_not_one_each")
        return
    key = {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
    options = draft.options((_words(one, draft), _note(one, context)) for one in right)
    letters = dict(zip(sides[1], (option["key"] for option in options), strict=False))
    prompts = []
    for number, one in enumerate(left, start=1):
        prompt = {"key": str(number), "text": _words(one, draft)}
        note = _note(one, context)
        prompts.append(prompt | ({"note": note} if note else {}))
    draft.data |= {
        "kind": "matching",
        "prompts": prompts,
        "options": options,
        "key": {str(number): letters.get(key.get(name, ""), "") for number, name in enumerate(sides[0], start=1)},
    }
    chosen = list(draft.data["key"].values())
    if len(set(chosen)) < len(chosen):
        draft.data["reuse"] = True


def _pairs(response: Response, context: Context) -> Sequence[str]:
    """Return the right pairs: those declared, else those that a mapping gives points for."""
    key = context.key(response)
    if key or not response.mapping:
        return key
    return [name for name, value in response.mapping.entries.items() if value > 0]


def take_gap_match(node: Node, context: Context) -> None:
    """Read words to drag into gaps of a text as a matching of the numbered gaps."""
    draft = context.draft
    boxes = node.all("gapText")
    response = context.response(node)
    if response is None or node.all("gapImg"):
        draft.problem("kind", "kind_not_supported", kind="gapImg" if node.all("gapImg") else node.tag)
        return
    gaps = [one for one in node.walk() if one.tag == "gap"]
    text = numbered(from_node(_with_slots(node, frozenset(("gapText", "prompt"))), draft.show))
    draft.data["stem"] = draft.data["stem"].joined(text)
    told = [value.split() for value in _pairs(response, context)]
    pairs = {words[1]: words[0] for words in told if len(words) >= 2}
    options = draft.options((_words(one, draft), _note(one, context)) for one in boxes)
    letters = {one.attributes.get("identifier", ""): row["key"] for one, row in zip(boxes, options, strict=False)}
    draft.data |= {
        "kind": "matching",
        "prompts": [{"key": str(number), "text": f"（{number}）"} for number in range(1, len(gaps) + 1)],
        "options": options,
    }
    key = {
        str(number): letters.get(pairs.get(gap.attributes.get("identifier", ""), ""), "")
        for number, gap in enumerate(gaps, start=1)
    }
    if not pairs:
        draft.problem("key", "manual_key_needed")
        return
    draft.data["key"] = {number: letter for number, letter in key.items() if letter}
    draft.repair("kind", "gaps_as_matching", LIKELY, after=str(len(gaps)))
    if len(set(key.values())) < len(key):
        draft.data["reuse"] = True


def _with_slots(node: Node, passed_over: frozenset[str]) -> Node:
    children: list[Node | str] = []
    for child in node.children:
        if isinstance(child, str):
            children.append(child)
        elif child.tag == "gap":
            children.append(SLOT)
        elif child.tag not in passed_over:
            children.append(_with_slots(child, passed_over))
    return Node("div" if node.tag.endswith("Interaction") else node.tag, node.attributes, children)


def take_hottext(node: Node, context: Context) -> None:
    """Read places to mark in a text: our own export as finding errors, others as a choice among the places."""
    draft = context.draft
    response = context.response(node)
    places = [one for one in node.walk() if one.tag == "hottext"]
    if draft.extras.get("kind") == "error_finding" and response is not None:
        _take_document(node, places, response, context)
        return
    rest = Node("div", {}, [child for child in node.children if isinstance(child, str) or child.tag != "prompt"])
    draft.data["stem"] = draft.data["stem"].joined(slots_as_gaps(from_node(rest, draft.show, PASSED)))
    draft.repair("kind", "marks_as_choice", LIKELY, after=str(len(places)))
    _choose(places, node, context)


def _take_document(node: Node, places: Sequence[Node], response: Response, context: Context) -> None:
    names = [one.attributes.get("identifier", "") for one in places]
    notes = context.notes()
    inner = [child for child in node.elements() if child.tag != "prompt"]
    document = document_in(inner, lambda one: one.tag == "hottext")
    for row in document:
        if "key" in row and (note := notes.get(names[int(row["key"]) - 1])):
            row["note"] = note
    key = sorted(str(names.index(name) + 1) for name in context.key(response) if name in names)
    context.draft.data |= {"kind": "error_finding", "document": document, "key": sorted(key, key=int)}


def take_text(node: Node, context: Context) -> None:
    """Read a text of one's own words; what is shown to scorers becomes sample and rubric."""
    draft = context.draft
    response = context.response(node)
    shown = [
        one
        for one in context.item.walk()
        if one.tag == "rubricBlock" and "candidate" not in one.attributes.get("view", "candidate").split()
    ]
    sample, rubric = rubric_in(Node("div", {}, list(shown)), draft.show)
    if not sample and response is not None and response.correct:
        sample = from_node(Node("p", {}, list(response.correct[:1])))
    take_sample(draft, sample, rubric)
