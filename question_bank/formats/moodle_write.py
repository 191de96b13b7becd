"""Writing Moodle XML. Wrong options of a multiple choice cost everything, so that ticking all of them earns nothing.

A plain item keeps its texts letter by letter as ``plain_text``; one in Markdown becomes HTML. A case is a description
with its parts after it. Finding errors in a document becomes a multiple choice of its sentences below the document. A
matching has no feedback on its pairs in Moodle: its notes stand as a table in the general feedback.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from question_bank.formats import labels, moodle_cloze
from question_bank.formats.cases import DOCUMENT, part_items
from question_bank.formats.choices import even_share
from question_bank.formats.facsimiles import html_of, run_of
from question_bank.formats.kind_labels import extras_of, is_numeric, tolerance_of
from question_bank.formats.markup import Node
from question_bank.formats.matching_notes import notes_table
from question_bank.formats.moodle_texts import PLUGIN_FILE, SENTENCE
from question_bank.formats.report import Loss
from question_bank.formats.rubrics import sample_and_rubric
from question_bank.formats.web import BLANK_IN_HTML, OUTSIDE_XML, Words, literal, media_losses, pieces
from question_bank.item import Item, LegalBasis
from question_bank.kinds.fill_blank import BLANK

# Columns of Moodle's tables that are shorter than our texts.
LONGEST_MATCH = 255
LONGEST_TAG = 50
Media = Mapping[str, bytes]


def write_quiz(items: Iterable[Item], media: Media) -> bytes:
    """Return a quiz with the items in order, each in the category of its wing and topic."""
    quiz = Element("quiz")
    category: tuple[str, ...] = ()
    for item in items:
        if labels.category_of(item) != category:
            category = labels.category_of(item)
            path = "/".join(name.replace("/", "//") for name in ("$course$", "top", *category))
            _worded(SubElement(SubElement(quiz, "question", type="category"), "category"), path)
        if item.kind == "case_study":
            _write_case(quiz, item, media)
        else:
            _Question(quiz, item, media, labels.write(item, _extras(item)), item.id, item.basis).write()
    indent(quiz)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(quiz, encoding="unicode").encode() + b"\n"


def quiz_losses(items: Iterable[Item], media: Media) -> list[Loss]:
    """Return what a quiz of these items lacks."""
    found: list[Loss] = []
    for item in items:
        found += media_losses([item], media)
        for part in pieces(item):
            found += _losses_of(part)
    return found


def _losses_of(item: Item) -> Iterable[Loss]:
    if item.kind == "fill_blank":
        if item.settings.get("any_order"):
            yield Loss(item.id, "any_order")
        if any(tolerance_of(item, blank) and not is_numeric(item, blank) for blank in range(len(item.key))):
            yield Loss(item.id, "tolerance_with_unit")
    elif item.kind == "matching":
        longest = max(len(option.text) for option in item.options)
        if longest > LONGEST_MATCH:
            yield Loss(item.id, "text_too_long_there", params={"length": longest, "longest": LONGEST_MATCH})
        if Words(item, {}, lambda medium: "").rich:
            yield Loss(item.id, "markup_of_right_column")
    longest = max((len(label) for label in labels.write(item)), default=0)
    if longest > LONGEST_TAG:
        yield Loss(item.id, "labels_cut_there", params={"longest": LONGEST_TAG})


def _write_case(quiz: Element, item: Item, media: Media) -> None:
    case = _Question(quiz, item, media, labels.write(item, {"kind": item.kind}), item.id, item.basis)
    case.open("description", as_html=case.words.case())
    for part, extras, own in part_items(item):
        told = [*own, *(f"{name}:{value}" for name, value in (extras | _extras(part)).items())]
        _Question(quiz, part, media, told, part.id, part.basis, points=extras["weight"]).write()


def _extras(item: Item) -> dict[str, str]:
    """Return the labels of the kind; Moodle has no type of question that tells this one."""
    return extras_of(item) | ({"kind": item.kind} if item.kind == "error_finding" else {})


class _Question:
    """One question element as it is built."""

    def __init__(
        self,
        quiz: Element,
        item: Item,
        media: Media,
        tags: Sequence[str],
        name: str,
        basis: Sequence[LegalBasis],
        points: str = "1",
    ) -> None:
        self._quiz, self.item, self._media, self._tags, self._basis = quiz, item, media, tags, basis
        self._name, self._points = name, points
        self.words = Words(item, media, lambda medium: f"{PLUGIN_FILE}/{medium.name}")
        self._files_due = self.words.held

    def write(self) -> None:
        WRITERS[self.item.kind](self)

    def open(self, type: str, *, as_html: str | None = None) -> Element:
        """Add the question with what every type has, its text given as HTML or taken from the stem."""
        item = self.item
        made = SubElement(self._quiz, "question", type=type)
        _worded(SubElement(made, "name"), f"{self._name} {self.words.title()}")
        if as_html is None:
            self.text(made, "questiontext", item.stem)
        else:
            self.markup(made, "questiontext", as_html)
        self._explanation(made)
        SubElement(made, "defaultgrade").text = self._points
        SubElement(made, "penalty").text = "0"
        SubElement(made, "hidden").text = "0"
        SubElement(made, "idnumber").text = self._name
        tags = SubElement(made, "tags")
        for tag in self._tags:
            _worded(SubElement(tags, "tag"), tag)
        return made

    def text(self, parent: Element, tag: str, words: str, **attributes: str) -> Element:
        """Add a text of the item in its own format."""
        if self.words.rich:
            return self.markup(parent, tag, self.words.html(words), **attributes)
        made = SubElement(parent, tag, {**attributes, "format": "plain_text"})
        _worded(made, words)
        return made

    def answer(self, parent: Element, words: str, fraction: str, note: str = "", *, plain: bool = False) -> Element:
        """Add an answer with what it earns in percent; ``plain`` ones have no markup whatever the item has."""
        if plain:
            made = SubElement(parent, "answer", fraction=fraction, format="plain_text")
            _worded(made, words)
        else:
            made = self.text(parent, "answer", words, fraction=fraction)
        feedback = self.text(made, "feedback", note) if note else SubElement(made, "feedback", format="html")
        if not note:
            _worded(feedback, "")
        return made

    def markup(self, parent: Element, tag: str, markup: str, **attributes: str) -> Element:
        """Add a text that is HTML already, with the files that it shows."""
        made = SubElement(parent, tag, {**attributes, "format": "html"})
        _worded(made, markup)
        if self._files_due and PLUGIN_FILE in markup:
            for medium in self.item.media:
                if f"{PLUGIN_FILE}/{medium.name}" not in markup:
                    continue
                file = SubElement(made, "file", name=medium.name, path="/", encoding="base64")
                file.text = base64.b64encode(self._media[medium.sha256]).decode()
        return made

    def _explanation(self, made: Element) -> None:
        line = labels.basis_line(self._basis)
        explanation = self.item.explanation
        notes = notes_table(self.item, self.words) if self.item.kind == "matching" else ""
        if self.words.rich or notes:
            told = (self.words.html(explanation) if explanation else "") + notes
            self.markup(made, "generalfeedback", told + (f"<p>{line}</p>" if line else ""))
        else:
            self.text(made, "generalfeedback", "\n".join(piece for piece in (explanation, line) if piece))


def _single_choice(question: _Question) -> None:
    made = question.open("multichoice")
    _choice_settings(made, single=True)
    for option in question.item.options:
        question.answer(made, option.text, "100" if option.key == question.item.key else "0", option.note)


def _multiple_choice(question: _Question) -> None:
    item = question.item
    made = question.open("multichoice")
    _choice_settings(made, single=False)
    share = f"{even_share(len(item.key)):f}"
    for option in item.options:
        question.answer(made, option.text, share if option.key in item.key else "-100", option.note)


def _choice_settings(made: Element, *, single: bool, shuffled: bool = True) -> None:
    SubElement(made, "single").text = "true" if single else "false"
    SubElement(made, "shuffleanswers").text = "true" if shuffled else "false"
    SubElement(made, "answernumbering").text = "ABCD"


def _true_false(question: _Question) -> None:
    made = question.open("truefalse")
    for truth in (True, False):
        question.answer(made, str(truth).lower(), "100" if truth is question.item.key else "0", plain=True)


def _fill_blank(question: _Question) -> None:
    item = question.item
    if len(item.key) == 1 and is_numeric(item, 0):
        made = question.open("numerical")
        for words in item.key[0]:
            answer = question.answer(made, words, "100", plain=True)
            SubElement(answer, "tolerance").text = tolerance_of(item, 0)
    elif len(item.key) == 1:
        made = question.open("shortanswer")
        SubElement(made, "usecase").text = "0"
        for words in item.key[0]:
            question.answer(made, literal(words), "100", plain=True)
    else:
        fields = [_field(item, blank) for blank in range(len(item.key))]
        # A brace of the stem itself must not look like a field; the blanks are not yet fields here.
        stem = question.words.html(item.stem).replace("{", "&#123;")
        question.open("cloze", as_html=_filled(stem, fields))


def _filled(stem: str, fields: Sequence[str]) -> str:
    waiting = iter(fields)
    return BLANK_IN_HTML.sub(lambda match: next(waiting, BLANK), stem)


def _field(item: Item, blank: int) -> str:
    if is_numeric(item, blank):
        return moodle_cloze.field(
            1, "NUMERICAL", [(words, f":{tolerance_of(item, blank)}") for words in item.key[blank]]
        )
    return moodle_cloze.field(1, "SHORTANSWER", [(literal(words), "") for words in item.key[blank]])


def _ordering(question: _Question) -> None:
    item = question.item
    made = question.open("ordering")
    for name, value in (
        ("layouttype", "VERTICAL"),
        ("selecttype", "ALL"),
        ("selectcount", "0"),
        ("gradingtype", "ALL_OR_NOTHING"),
        ("showgrading", "SHOW"),
        ("numberingstyle", "none"),
    ):
        SubElement(made, name).text = value
    for number, key in enumerate(item.key, start=1):
        option = item.option(key)
        question.answer(made, option.text, f"{Decimal(number):.7f}", option.note)


def _matching(question: _Question) -> None:
    item = question.item
    made = question.open("matching")
    SubElement(made, "shuffleanswers").text = "true"
    pairs = [(prompt["text"], item.option(item.key[prompt["key"]]).text) for prompt in item.settings["prompts"]]
    used = set(item.key.values())
    pairs += [("", option.text) for option in item.options if option.key not in used]
    for left, right in pairs:
        pair = question.text(made, "subquestion", left)
        _worded(SubElement(pair, "answer", format="plain_text"), question.words.plain(right))


def _error_finding(question: _Question) -> None:
    item = question.item
    run = run_of(item.settings["document"], lambda key, words: Node("span", {"class": SENTENCE}, words))
    document = f'<div class="{DOCUMENT}"><p>{html_of(run)}</p></div>'
    made = question.open("multichoice", as_html=question.words.html(item.stem) + document)
    _choice_settings(made, single=False, shuffled=False)
    share = f"{even_share(len(item.key)):f}"
    for segment in item.settings["document"]:
        if "key" in segment:
            fraction = share if segment["key"] in item.key else "-100"
            question.answer(made, segment["text"], fraction, segment.get("note", ""), plain=True)


def _short_answer(question: _Question) -> None:
    item, words = question.item, question.words
    made = question.open("essay")
    for name, value in (("responseformat", "plain"), ("responserequired", "1"), ("responsefieldlines", "15")):
        SubElement(made, name).text = value
    SubElement(made, "attachments").text = "0"
    question.markup(made, "graderinfo", sample_and_rubric(item, words))
    _worded(SubElement(made, "responsetemplate", format="html"), "")


WRITERS = {
    "single_choice": _single_choice,
    "multiple_choice": _multiple_choice,
    "true_false": _true_false,
    "fill_blank": _fill_blank,
    "ordering": _ordering,
    "matching": _matching,
    "error_finding": _error_finding,
    "short_answer": _short_answer,
}


def _worded(parent: Element, words: str) -> None:
    SubElement(parent, "text").text = OUTSIDE_XML.sub("\ufffd", words)
