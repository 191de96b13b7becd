"""What a QTI 2.x or 3.0 item counts as right, as far as its response processing can be told without running it.

The three standard templates are known by their address: ``match_correct`` (the declared answer or nothing),
``map_response`` (the sum of mapped values within bounds) and none at all. Authors also write the same out in full:
``read`` recognises processing that only compares responses with the declared answer or with values, adds up mappings
and sets the score. Anything else is ``custom``, and the declared answer then is only what the author says is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from question_bank.formats.markup import Node

MATCH, MAP, NONE, CUSTOM = "match", "map", "none", "custom"
# What may stand in processing that is still understood.
KNOWN = frozenset(
    (
        "responseCondition",
        "responseIf",
        "responseElseIf",
        "responseElse",
        "match",
        "equal",
        "stringMatch",
        "and",
        "or",
        "not",
        "isNull",
        "sum",
        "variable",
        "correct",
        "baseValue",
        "mapResponse",
        "setOutcomeValue",
    )
)
BRANCHES = ("responseIf", "responseElseIf", "responseElse")


@dataclass(frozen=True, slots=True)
class ValueMap:
    """A mapping of responses to points, with what all others earn and the bounds of the sum, None for none."""

    entries: Mapping[str, Decimal]
    default: Decimal = Decimal(0)
    lower: Decimal | None = None
    upper: Decimal | None = None
    case_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """A declared response: how many values it holds, of which type, and what is right."""

    name: str
    cardinality: str
    type: str
    correct: tuple[str, ...] = ()
    mapping: ValueMap | None = None

    @property
    def several(self) -> bool:
        return self.cardinality in ("multiple", "ordered")


@dataclass(slots=True)
class Scoring:
    """How each response is scored. ``values`` has what single values earn where conditions name them."""

    how: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    tolerances: dict[str, Decimal] = field(default_factory=dict)
    relative: set[str] = field(default_factory=set)
    case_sensitive: set[str] = field(default_factory=set)
    custom: bool = False
    default: str = NONE

    def of(self, name: str) -> str:
        """Return how a response is scored: one of MATCH, MAP, NONE, CUSTOM."""
        if self.custom:
            return CUSTOM
        return self.how.get(name, self.default)


def number(words: str | None) -> Decimal | None:
    """Return a number of an attribute or value, None where there is none that is finite."""
    try:
        value = Decimal((words or "").strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def responses(item: Node) -> dict[str, Response]:
    """Return the declared responses of an item by name, in order."""
    found = {}
    for node in item.all("responseDeclaration"):
        correct = node.find("correctResponse")
        name = node.attributes.get("identifier", "")
        found[name] = Response(
            name=name,
            cardinality=node.attributes.get("cardinality", "single"),
            type=node.attributes.get("baseType", "identifier"),
            correct=tuple(_values(correct)) if correct else (),
            mapping=_mapping(node.find("mapping")),
        )
    return found


def _values(correct: Node) -> Iterator[str]:
    for value in correct.all("value"):
        words = value.text().strip()
        if words:
            yield words


def _mapping(node: Node | None) -> ValueMap | None:
    if node is None:
        return None
    entries: dict[str, Decimal] = {}
    sensitive = False
    for entry in node.all("mapEntry"):
        value = number(entry.attributes.get("mappedValue"))
        if value is not None:
            entries[entry.attributes.get("mapKey", "").strip()] = value
        sensitive = sensitive or entry.attributes.get("caseSensitive", "false") in ("true", "1")
    return ValueMap(
        entries,
        number(node.attributes.get("defaultValue")) or Decimal(0),
        number(node.attributes.get("lowerBound")),
        number(node.attributes.get("upperBound")),
        sensitive,
    )


def read(item: Node) -> Scoring:
    """Return how an item is scored."""
    scoring = Scoring()
    processing = item.find("responseProcessing")
    if processing is None:
        return scoring
    template = (processing.attributes.get("template") or processing.attributes.get("templateLocation") or "").lower()
    rules = processing.elements()
    if template and not rules:
        if "match_correct" in template or "cc2_match" in template:
            scoring.default = MATCH
        elif "map_response_point" in template:
            scoring.custom = True
        elif "map_response" in template:
            scoring.default = MAP
        else:
            scoring.custom = True
        return scoring
    scores = _scores(item)
    for rule in rules:
        _take_rule(rule, scores, scoring)
    return scoring


def _scores(item: Node) -> set[str]:
    """Return the outcomes that are points: those that are numbers, but not the highest score or a rule for feedback."""
    return {
        node.attributes.get("identifier", "")
        for node in item.all("outcomeDeclaration")
        if node.attributes.get("baseType") in ("float", "integer")
        and not node.attributes.get("identifier", "").upper().startswith(("MAX", "MIN", "FEEDBACK", "NORMAL"))
    } | {"SCORE"}


def _take_rule(rule: Node, scores: set[str], scoring: Scoring) -> None:
    setters = [node for node in rule.walk() if node.tag == "setOutcomeValue"]
    others = [node for node in rule.walk() if node.tag not in KNOWN]
    if others and not setters and rule.tag != "responseCondition":
        scoring.custom = True
        return
    if not setters and not others:
        # A condition that forgets to set the score still says what is right.
        for branch in rule.all("responseIf"):
            for node in branch.elements():
                _take_condition(node, scoring, None, positive=True)
        return
    relevant = [node for node in setters if node.attributes.get("identifier") in scores]
    if not relevant:
        return
    if others:
        scoring.custom = True
        return
    if rule.tag == "setOutcomeValue":
        _take_expression(rule, scoring)
        return
    for branch in rule.elements():
        if branch.tag not in BRANCHES:
            scoring.custom = True
            return
        children = branch.elements()
        condition = None if branch.tag == "responseElse" else (children[0] if children else None)
        consequences = [node for node in children if node is not condition]
        earned = [_earned(node) for node in consequences if node.attributes.get("identifier") in scores]
        if any(node.tag == "responseCondition" for node in consequences):
            for node in consequences:
                _take_rule(node, scores, scoring)
            earned = [one for one in earned if one is not None]
        for node in consequences:
            _take_expression(node, scoring)
        if condition is not None:
            positive = any(one is None or one > 0 for one in earned)
            _take_condition(condition, scoring, max((one for one in earned if one is not None), default=None), positive)


def _earned(setter: Node) -> Decimal | None:
    """Return what a branch sets or adds to the score, None where it is no plain number."""
    values = [node for node in setter.walk() if node.tag == "baseValue"]
    if any(node.tag == "mapResponse" for node in setter.walk()) or len(values) != 1:
        return None
    return number(values[0].text())


def _take_expression(node: Node, scoring: Scoring) -> None:
    for inner in node.walk():
        if inner.tag == "mapResponse":
            scoring.how[inner.attributes.get("identifier", "")] = MAP


def _take_condition(node: Node, scoring: Scoring, earned: Decimal | None, positive: bool) -> None:
    if node.tag in ("and", "or"):
        for inner in node.elements():
            _take_condition(inner, scoring, earned, positive)
        return
    if node.tag == "isNull":
        return
    if node.tag == "not":
        if [one.tag for one in node.elements()] != ["isNull"]:
            scoring.custom = True
        return
    if node.tag not in ("match", "equal", "stringMatch"):
        scoring.custom = True
        return
    _take_comparison(node, scoring, earned, positive)


def _take_comparison(node: Node, scoring: Scoring, earned: Decimal | None, positive: bool) -> None:
    variables = [one.attributes.get("identifier", "") for one in node.all("variable")]
    values = [one.text().strip() for one in node.all("baseValue")]
    if len(variables) != 1 or len(node.elements()) != 2 or not (values or node.find("correct")):
        scoring.custom = True
        return
    name = variables[0]
    if node.tag == "equal":
        mode, told = node.attributes.get("toleranceMode", "exact"), node.attributes.get("tolerance", "").split()
        if mode == "absolute" and told:
            scoring.tolerances[name] = max((abs(number(one) or Decimal(0)) for one in told), default=Decimal(0))
        elif mode == "relative":
            scoring.relative.add(name)
    if node.tag == "stringMatch" and node.attributes.get("caseSensitive", "true") == "true":
        scoring.case_sensitive.add(name)
    if not values:
        scoring.how.setdefault(name, MATCH)
    else:
        scoring.how[name] = MAP
        if positive or earned is not None:
            scoring.values.setdefault(name, {})[values[0]] = earned if earned is not None else Decimal(1)
