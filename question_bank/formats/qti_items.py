"""One assessment item of QTI 2.x or 3.0, names as in 2.x, read into a question of ours.

An item is a text with interactions in it. One interaction makes a question of its kind; several typed ones make a
fill-in question; any other mixture makes a case whose parts are the interactions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from question_bank.formats import cases, qti_scoring
from question_bank.formats.answers import take_accepted, take_blanks, take_notes, take_told_tolerance, take_tolerance
from question_bank.formats.draft import Draft
from question_bank.formats.gaps import numbered
from question_bank.formats.markup import Node
from question_bank.formats.qti_interactions import (
    BLOCKS,
    Context,
    take_choice,
    take_gap_match,
    take_hottext,
    take_inline_choice,
    take_match,
    take_order,
    take_text,
)
from question_bank.formats.qti_scoring import CUSTOM, MAP, NONE, Response, Scoring
from question_bank.formats.report import DOUBTFUL, LIKELY
from question_bank.formats.rich import SLOT, Rich, from_node, from_plain, slots_as_gaps

# Buttons and players are called interactions too, but nothing is answered with them.
NOT_ASKING = ("endAttemptInteraction", "mediaInteraction")
INLINE = ("textEntryInteraction", "inlineChoiceInteraction")
OTHER_PARTS = frozenset(
    ("feedbackBlock", "feedbackInline", "templateBlock", "templateInline", "infoControl", "stylesheet")
)
SINGLE: dict[str, Callable[[Node, Context], None]] = {
    "choiceInteraction": take_choice,
    "orderInteraction": take_order,
    "matchInteraction": take_match,
    "gapMatchInteraction": take_gap_match,
    "hottextInteraction": take_hottext,
    "extendedTextInteraction": take_text,
    "inlineChoiceInteraction": take_inline_choice,
}


@dataclass(frozen=True, slots=True)
class Found:
    """An interaction and where it stands."""

    node: Node
    inline: bool


def read_item(item: Node, draft: Draft, stimulus: Rich | None = None) -> None:
    """Read an item into the draft, whose place, media and labels are set; ``stimulus`` comes before its text."""
    draft.raw |= {
        "identifier": item.attributes.get("identifier", ""),
        "title": item.attributes.get("title", ""),
    }
    scoring = qti_scoring.read(item)
    responses = qti_scoring.responses(item)
    body = item.find("itemBody") or Node("itemBody")
    found = [
        Found(node, node.tag in INLINE)
        for node in body.walk()
        if node.tag.endswith("Interaction") and node.tag not in NOT_ASKING
    ]
    draft.lose(*(node.tag for node in body.walk() if node.tag in NOT_ASKING))
    if item.attributes.get("adaptive") == "true":
        draft.lose("adaptive")
    if item.find("templateDeclaration") is not None:
        draft.problem("", "values_made_by_template")
    text = _stem(body, draft, keep_inline=True)
    if stimulus:
        text = stimulus.joined(text)
    _feedback(item, draft)
    if not found:
        draft.data["stem"] = text
        draft.problem("kind", "not_a_question")
        return
    unknown = [one.node.tag for one in found if one.node.tag not in SINGLE and one.node.tag != "textEntryInteraction"]
    if unknown:
        draft.data["stem"] = slots_as_gaps(text)
        draft.problem("kind", "kind_not_supported", kind=unknown[0])
        return
    _take(found, text, body, Context(draft, responses, scoring, item))


def _take(found: Sequence[Found], text: Rich, body: Node, context: Context) -> None:
    draft = context.draft
    if all(one.node.tag == "textEntryInteraction" for one in found):
        _take_entries([one.node for one in found], slots_as_gaps(text), context)
        take_told_tolerance(draft)
        return
    if len(found) == 1:
        draft.data["stem"] = slots_as_gaps(text)
        SINGLE[found[0].node.tag](found[0].node, context)
        if not draft.data["stem"]:
            draft.repair("stem", "stem_from_name", DOUBTFUL, after=str(draft.raw["title"]))
            draft.data["stem"] = from_plain(str(draft.raw["title"]))
        return
    draft.repair("kind", "item_as_case", LIKELY, after=str(len(found)))
    draft.data["stem"] = numbered(_stem(body, draft, keep_inline=True, without_prompts=True))
    if not draft.data["stem"]:
        draft.data["stem"] = from_plain(str(draft.raw["title"]))
    parts: list[Draft] = []
    number = 0
    for one in found:
        part = Draft(draft.place, raw={"title": ""}, shelf=draft.shelf, pictures=draft.pictures)
        inner = Context(part, context.responses, context.scoring, context.item)
        number += one.inline
        if one.node.tag == "textEntryInteraction":
            _take_entries([one.node], from_plain(f"（{number}）处应填：____"), inner)
        else:
            part.data["stem"] = from_plain(f"（{number}）处应选：") if one.inline else prompt_of(one.node, part)
            SINGLE[one.node.tag](one.node, inner)
            if not part.data["stem"]:
                part.data["stem"] = from_plain(f"第{len(parts) + 1}问")
        parts.append(part)
    cases.fold(draft, parts)


def _stem(body: Node, draft: Draft, *, keep_inline: bool, without_prompts: bool = False) -> Rich:
    """Return the text of a body: slots where answers stand inside it, prompts where interactions do."""

    def rebuilt(node: Node) -> Node:
        children: list[Node | str] = []
        for child in node.children:
            if isinstance(child, str):
                children.append(child.replace(SLOT, ""))
            elif child.tag in INLINE:
                children.append(SLOT if keep_inline else "")
            elif child.tag == "mediaInteraction":
                children.append(rebuilt(Node("div", {}, child.children)))
            elif child.tag in BLOCKS or child.tag.endswith("Interaction"):
                prompt = child.find("prompt")
                if prompt is not None and not without_prompts:
                    children.append(rebuilt(prompt))
                # What the interaction itself shows as text, such as a text with gaps, is its own to read.
            elif child.tag in OTHER_PARTS or (
                child.tag == "rubricBlock" and "candidate" not in child.attributes.get("view", "candidate").split()
            ):
                continue
            else:
                children.append(rebuilt(child))
        return Node(node.tag, node.attributes, children)

    return from_node(rebuilt(body), draft.show)


def prompt_of(node: Node, draft: Draft) -> Rich:
    """Return the prompt of an interaction, empty without one."""
    prompt = node.find("prompt")
    return from_node(prompt, draft.show) if prompt else Rich(())


def _feedback(item: Node, draft: Draft) -> None:
    """Take modal feedback: on a choice it becomes a note, from our own export the explanation, others join that."""
    choices = {node.attributes.get("identifier", "") for node in item.walk() if node.tag == "simpleChoice"}
    others: list[Rich] = []
    for node in item.all("modalFeedback"):
        name = node.attributes.get("identifier", "")
        words = from_node(node, draft.show)
        if name == "explanation":
            draft.explain(words)
        elif name.startswith("note_") or name in choices:
            continue
        elif words:
            others.append(words)
    if any(node.tag in ("feedbackBlock", "templateBlock") for node in item.walk()):
        draft.lose("feedback_inside_text")
    take_notes(draft, others)


def _take_entries(nodes: Sequence[Node], stem: Rich, context: Context) -> None:
    draft = context.draft
    accepted: list[list[str]] = []
    tolerances: list[str | None] = []
    for node in nodes:
        response = context.response(node)
        words: list[str] = []
        within: list[str] = []
        if response is None:
            accepted.append(words)
            tolerances.append(None)
            continue
        for value, weight in _entries(response, context.scoring, draft):
            take_accepted(draft, words, value, weight, Rich(()), wildcards=False)
        tolerance = context.scoring.tolerances.get(response.name)
        if tolerance:
            within.append(f"{tolerance:f}")
        if response.name in context.scoring.relative:
            draft.repair("tolerance", "relative_tolerance_left_out", DOUBTFUL)
        if response.name in context.scoring.case_sensitive or (response.mapping and response.mapping.case_sensitive):
            draft.lose("case_sensitive")
        taken = Draft(draft.place)
        take_tolerance(taken, within)
        draft.repairs += taken.repairs
        tolerances.append(taken.data.get("tolerance", [None])[0])
        accepted.append(words)
    if not any(accepted):
        draft.data |= {"kind": "fill_blank", "stem": stem}
        draft.problem("key", "manual_key_needed")
        return
    take_blanks(draft, stem, accepted)
    if any(tolerances):
        draft.data["tolerance"] = tolerances


def _entries(response: Response, scoring: Scoring, draft: Draft) -> list[tuple[str, Decimal]]:
    """Return the answers that a typed response accepts, each with what it earns in percent of the best."""
    how = scoring.of(response.name)
    named = scoring.values.get(response.name, {})
    points = dict(named)
    if response.mapping and how in (MAP, NONE, CUSTOM) and not points:
        points = dict(response.mapping.entries)
    if how == CUSTOM and response.correct:
        draft.repair("key", "processing_not_read", DOUBTFUL, after=", ".join(response.correct))
    elif how == NONE and (response.correct or points):
        draft.repair("key", "key_without_processing", LIKELY, after=", ".join(response.correct or points))
    best = max(points.values(), default=Decimal(0))
    rows = [(value, Decimal(100)) for value in response.correct]
    if best > 0:
        rows += [(value, earned / best * 100) for value, earned in points.items()]
    return rows
