"""Writing one item of ours as an assessment item of QTI, in names of 2.x; every kind of ours has its interaction.

Choices, orders, matchings and marks score by the template ``match_correct``: right or nothing. A blank scores by
``map_response``, several blanks by the sum of their mappings, a number with a tolerance by ``equal``. Explanation and
notes are modal feedback that no template shows of itself; sample and rubric stand in a rubric block for scorers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from question_bank.formats import labels
from question_bank.formats.facsimiles import run_of
from question_bank.formats.kind_labels import is_numeric, tolerance_of
from question_bank.formats.markup import Node, parse_html
from question_bank.formats.qti_names import element
from question_bank.formats.rubrics import sample_and_rubric
from question_bank.formats.web import BLANK_IN_HTML, Words
from question_bank.item import Item, LegalBasis

MATCH, MAP = "match_correct", "map_response"
TEMPLATES = {
    False: "http://www.imsglobal.org/question/qti_v2p2/rptemplates/{}",
    True: "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/{}.xml",
}
# Attributes that our HTML has and XHTML in QTI has not.
DROPPED = ("loading", "controls", "preload", "data-blank")
INLINE = frozenset(("span", "strong", "em", "br", "img", "object", "a", "sub", "sup"))
SLOT = "\ue000"


class ItemWriter:
    """Builds one item. ``new`` is QTI 3.0, else 2.2; ``stimulus`` is the reference to the text of its case."""

    def __init__(
        self, item: Item, words: Words, basis: Sequence[LegalBasis], *, new: bool, stimulus: Node | None
    ) -> None:
        self.item, self.words, self._basis, self.new, self._stimulus = item, words, basis, new, stimulus
        self.declarations: list[Node] = []
        self.processing: Node | None = None
        self.body: list[Node | str] = []

    def written(self, name: str) -> Node:
        """Return the whole item with this identifier."""
        KINDS[self.item.kind](self)
        feedback = self._feedback()
        outcomes = [_outcome("SCORE", "float", "0"), *([_outcome("FEEDBACK", "identifier", "")] if feedback else [])]
        rest = [self.processing] if self.processing else []
        return element(
            "assessmentItem",
            *self.declarations,
            *outcomes,
            *([self._stimulus] if self._stimulus else []),
            element("itemBody", *self.body),
            *rest,
            *feedback,
            identifier=name,
            title=self.words.title(),
            adaptive="false",
            timeDependent="false",
            **{"xml:lang": "zh-CN"},
        )

    def blocks(self, words: str) -> list[Node]:
        """Return a text as block elements."""
        return blocks_of(self.words.html(words))

    def flow(self, words: str) -> list[Node | str]:
        """Return a text as what may stand in a choice: without a paragraph where there is only one."""
        made = self.blocks(words)
        if len(made) == 1 and made[0].tag == "p":
            return made[0].children
        return list(made)

    def declare(self, cardinality: str, type: str, correct: Sequence[str], *more: Node, name: str = "RESPONSE") -> None:
        """Add a response with what is right in it."""
        children: list[Node] = []
        if correct:
            children.append(element("correctResponse", *(element("value", one) for one in correct)))
        declared = element("responseDeclaration", *children, *more, identifier=name, cardinality=cardinality)
        declared.attributes["baseType"] = type
        self.declarations.append(declared)

    def template(self, name: str) -> None:
        """Score by a standard template."""
        self.processing = element("responseProcessing", template=TEMPLATES[self.new].format(name))

    def _feedback(self) -> list[Node]:
        made = []
        line = labels.basis_line(self._basis)
        explanation = self.blocks(self.item.explanation) if self.item.explanation else []
        if line:
            explanation.append(Node("p", {}, [line]))
        if explanation:
            made.append(_modal("explanation", explanation))
        for name, note in self._notes():
            made.append(_modal(f"note_{name}", self.blocks(note)))
        return made

    def _notes(self) -> list[tuple[str, str]]:
        item = self.item
        rows = [(option.key, option.note) for option in item.options]
        rows += [(f"P{row['key']}", row.get("note", "")) for row in item.settings.get("prompts", ())]
        rows += [(f"S{row['key']}", row.get("note", "")) for row in item.settings.get("document", ()) if "key" in row]
        return [(name, note) for name, note in rows if note]


def blocks_of(markup: str) -> list[Node]:
    """Return HTML of ours as XHTML blocks; what stands loose is put into paragraphs."""
    rows: list[Node] = []
    loose: list[Node | str] = []

    def close() -> None:
        if any(not isinstance(one, str) or one.strip() for one in loose):
            rows.append(Node("p", {}, list(loose)))
        loose.clear()

    for child in parse_html(markup).children:
        if isinstance(child, Node) and child.tag not in INLINE and child.tag not in ("video", "audio"):
            close()
            rows.append(_clean(child))
        else:
            loose.append(child if isinstance(child, str) else _clean(child))
    close()
    return rows


def _clean(node: Node) -> Node:
    """Return an element as QTI allows it."""
    tag, attributes = node.tag, {name: value for name, value in node.attributes.items() if name not in DROPPED}
    if tag in ("video", "audio"):
        # QTI 2.x has films and sounds as objects; the words inside are for those who cannot see or hear them.
        source = attributes.get("src", "")
        ending = source.rpartition(".")[2]
        type = {"mp4": "video/mp4", "webm": "video/webm", "mp3": "audio/mpeg", "ogg": "audio/ogg"}.get(
            ending, "video/mp4"
        )
        return Node("object", {"data": source, "type": type}, [attributes.get("aria-label", "")])
    if tag == "ol" and attributes.get("start"):
        attributes = {"class": f"start-{attributes['start']}"}
    children = [one if isinstance(one, str) else _clean(one) for one in node.children]
    if tag == "table":
        # An empty body is not allowed.
        children = [one for one in children if isinstance(one, str) or one.tag != "tbody" or one.children]
        if not any(isinstance(one, Node) and one.tag == "tbody" for one in children):
            for one in children:
                if isinstance(one, Node) and one.tag == "thead":
                    one.tag = "tbody"
    return Node(tag, attributes, children)


def _outcome(name: str, type: str, default: str) -> Node:
    made = element("outcomeDeclaration", identifier=name, cardinality="single", baseType=type)
    if default:
        made.children = [element("defaultValue", element("value", default))]
    else:
        made.attributes["cardinality"] = "multiple"
    return made


def _modal(name: str, children: Sequence[Node]) -> Node:
    return element("modalFeedback", *children, outcomeIdentifier="FEEDBACK", identifier=name, showHide="show")


def _choices(writer: ItemWriter, kind: str, most: str, choices: Sequence[tuple[str, list[Node | str]]]) -> Node:
    made = element(kind, responseIdentifier="RESPONSE", shuffle="true")
    if most:
        made.attributes["maxChoices"] = most
    made.children = [element("simpleChoice", *words, identifier=name) for name, words in choices]
    writer.body = [*writer.blocks(writer.item.stem), made]
    return made


def _single_choice(writer: ItemWriter) -> None:
    item = writer.item
    _choices(writer, "choiceInteraction", "1", [(one.key, writer.flow(one.text)) for one in item.options])
    writer.declare("single", "identifier", [item.key])
    writer.template(MATCH)


def _multiple_choice(writer: ItemWriter) -> None:
    item = writer.item
    _choices(writer, "choiceInteraction", "0", [(one.key, writer.flow(one.text)) for one in item.options])
    writer.declare("multiple", "identifier", item.key)
    writer.template(MATCH)


def _true_false(writer: ItemWriter) -> None:
    made = _choices(writer, "choiceInteraction", "1", [("true", ["正确"]), ("false", ["错误"])])
    made.attributes["shuffle"] = "false"
    writer.declare("single", "identifier", ["true" if writer.item.key else "false"])
    writer.template(MATCH)


def _ordering(writer: ItemWriter) -> None:
    item = writer.item
    _choices(writer, "orderInteraction", "", [(one.key, writer.flow(one.text)) for one in item.options])
    writer.declare("ordered", "identifier", item.key)
    writer.template(MATCH)


def _matching(writer: ItemWriter) -> None:
    item = writer.item
    prompts, count = item.settings["prompts"], str(len(item.settings["prompts"]))
    left = [
        element("simpleAssociableChoice", *writer.flow(row["text"]), identifier=f"P{row['key']}", matchMax="1")
        for row in prompts
    ]
    most = count if item.settings.get("reuse") else "1"
    right = [
        element("simpleAssociableChoice", *writer.flow(one.text), identifier=one.key, matchMax=most)
        for one in item.options
    ]
    made = element("matchInteraction", responseIdentifier="RESPONSE", shuffle="true", maxAssociations=count)
    made.children = [element("simpleMatchSet", *left), element("simpleMatchSet", *right)]
    writer.body = [*writer.blocks(item.stem), made]
    writer.declare("multiple", "directedPair", [f"P{name} {item.key[name]}" for name in item.key])
    writer.template(MATCH)


def _fill_blank(writer: ItemWriter) -> None:
    item = writer.item
    names = ["RESPONSE"] if len(item.key) == 1 else [f"RESPONSE_{number}" for number in range(1, len(item.key) + 1)]
    waiting = iter(names)
    stem = BLANK_IN_HTML.sub(SLOT, writer.words.html(item.stem))
    writer.body = [_with_entries(block, waiting) for block in blocks_of(stem)]
    rules: list[Node] = []
    for blank, name in enumerate(names):
        if is_numeric(item, blank):
            writer.declare("single", "float", item.key[blank][:1], name=name)
            rules.append(_number_rule(item, blank, name))
            continue
        mapping = element(
            "mapping",
            *(element("mapEntry", mapKey=words, mappedValue="1", caseSensitive="false") for words in item.key[blank]),
            lowerBound="0",
            upperBound="1",
            defaultValue="0",
        )
        writer.declare("single", "string", item.key[blank][:1], mapping, name=name)
        rules.append(_add(element("mapResponse", identifier=name)))
    if len(names) == 1 and not is_numeric(item, 0):
        writer.template(MAP)
    else:
        writer.processing = element("responseProcessing", *rules)


def _number_rule(item: Item, blank: int, name: str) -> Node:
    within = tolerance_of(item, blank)
    tests = [
        element(
            "equal",
            element("variable", identifier=name),
            element("baseValue", words, baseType="float"),
            toleranceMode="absolute",
            tolerance=f"{within} {within}",
        )
        for words in item.key[blank]
    ]
    test = tests[0] if len(tests) == 1 else element("or", *tests)
    return element("responseCondition", element("responseIf", test, _add(element("baseValue", "1", baseType="float"))))


def _add(value: Node) -> Node:
    total = element("sum", element("variable", identifier="SCORE"), value)
    return element("setOutcomeValue", total, identifier="SCORE")


def _with_entries(node: Node, names: Iterator[str]) -> Node:
    """Return a block in which each slot is a field to type into."""
    children: list[Node | str] = []
    for child in node.children:
        if isinstance(child, Node):
            children.append(_with_entries(child, names))
            continue
        for index, piece in enumerate(child.split(SLOT)):
            if index:
                children.append(element("textEntryInteraction", responseIdentifier=next(names), expectedLength="20"))
            if piece:
                children.append(piece)
    return Node(node.tag, node.attributes, children)


def _error_finding(writer: ItemWriter) -> None:
    item = writer.item
    run = run_of(item.settings["document"], lambda key, words: element("hottext", *words, identifier=f"S{key}"))
    made = element("hottextInteraction", Node("p", {}, run), responseIdentifier="RESPONSE", maxChoices="0")
    writer.body = [*writer.blocks(item.stem), made]
    writer.declare("multiple", "identifier", [f"S{key}" for key in item.key])
    writer.template(MATCH)


def _short_answer(writer: ItemWriter) -> None:
    item = writer.item
    marking = blocks_of(sample_and_rubric(item, writer.words))
    rubric = element("rubricBlock", *marking, view="scorer")
    if writer.new:
        rubric.attributes["use"] = "scoring"
    field = element("extendedTextInteraction", responseIdentifier="RESPONSE")
    field.attributes["expectedLength"] = str(item.settings.get("max_length", 1000))
    writer.body = [*writer.blocks(item.stem), rubric, field]
    writer.declare("single", "string", [])


KINDS: dict[str, Callable[[ItemWriter], None]] = {
    "single_choice": _single_choice,
    "multiple_choice": _multiple_choice,
    "true_false": _true_false,
    "fill_blank": _fill_blank,
    "ordering": _ordering,
    "matching": _matching,
    "error_finding": _error_finding,
    "short_answer": _short_answer,
}
