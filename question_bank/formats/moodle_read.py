"""Reading Moodle XML, question by question; the kinds that embed answers or drag words are in ``moodle_gaps``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from question_bank.formats import cases, moodle_gaps
from question_bank.formats.answers import (
    full_weights,
    take_accepted,
    take_blanks,
    take_notes,
    take_ordered,
    take_pairs,
    take_sample,
    take_told_tolerance,
    take_tolerance,
    truth_of,
)
from question_bank.formats.choices import even_share, take_weights
from question_bank.formats.draft import Draft, report
from question_bank.formats.facsimiles import document_in
from question_bank.formats.markup import Node, parse_html, parse_xml, with_numbered_entities
from question_bank.formats.matching_notes import TABLE, take_table
from question_bank.formats.moodle_texts import (
    SENTENCE,
    answers_of,
    rich_of,
    shelf_of,
    shown_of,
    stem_of,
    typed_of,
    weight_of,
    without,
)
from question_bank.formats.report import CERTAIN, DOUBTFUL, ImportReport, Place, Repair, Unreadable
from question_bank.formats.rich import Rich, from_node
from question_bank.formats.rubrics import rubric_in

FORMAT = "moodle_xml"
# Moodle's own sentences, which every question has unless its author changed them.
USUAL_FEEDBACK = re.compile(
    "your answer is (?:partially )?(?:in)?correct[.。!！]?|[您你]?的?(?:回答|答案)(?:不|部分)?正确[.。!！]?",
    re.IGNORECASE,
)


def read_quiz(content: bytes, file_name: str) -> ImportReport:
    """Return every question of a quiz. Raises ``Unreadable`` for what is no Moodle XML."""
    notes: list[Repair] = []
    try:
        root = parse_xml(content)
    except Unreadable as error:
        numbered, names = with_numbered_entities(content) if error.code == "not_xml" else (content, [])
        if not names:
            raise
        root = parse_xml(numbered)
        notes.append(Repair("", "html_names_in_xml", CERTAIN, before=" ".join(f"&{name};" for name in names)[:300]))
    if root.tag != "quiz":
        raise Unreadable("not_moodle_xml", root=root.tag)
    drafts = []
    category = ""
    for question in root.all("question"):
        if question.attributes.get("type") == "category":
            category = question.words("category", "text") or question.words("category")
        else:
            drafts.append(_read(question, file_name, category))
    return report(FORMAT, cases.folded(drafts), notes)


def _read(question: Node, file_name: str, category: str) -> Draft:
    kind = question.attributes.get("type", "")
    draft = Draft(Place(file=file_name, line=question.line or None), shelf=shelf_of(question))
    draft.raw = {
        "type": kind,
        "name": question.words("name", "text") or question.words("name"),
        "questiontext": question.words("questiontext", "text"),
    }
    for name in ("idnumber", "defaultgrade"):
        if question.words(name):
            draft.raw[name] = question.words(name)
    tags = question.find("tags")
    draft.take_labels(tag.text().strip() for tag in (tags.all("tag") if tags else ()))
    if category:
        draft.take_category(category)
    if question.words("hidden") not in ("", "0"):
        draft.repair("", "was_hidden", DOUBTFUL)
    notes: list[str] = []
    explanation = rich_of(question.find("generalfeedback"), draft, lambda words: _without_notes(words, notes))
    draft.explain(explanation)
    reader = READERS.get(kind)
    if reader is None:
        draft.data["stem"] = rich_of(question.find("questiontext"), draft)
        draft.problem("kind", "kind_not_supported", kind=kind)
        return draft
    reader(question, draft)
    for table in notes:
        take_table(table, draft)
    _tell_lost(question, draft)
    return draft


def _without_notes(words: str, notes: list[str]) -> str:
    """Return an explanation without the table of notes that our export adds to it; the table goes into ``notes``."""
    notes += TABLE.findall(words)
    return TABLE.sub("", words)


def _multichoice(question: Node, draft: Draft) -> None:
    if draft.extras.get("kind") == "error_finding" and _take_document(question, draft):
        return
    answers = answers_of(question, draft)
    draft.data["stem"] = stem_of(question, draft)
    draft.data["options"] = draft.options((words, note) for words, _, note in answers)
    single = question.find("single")
    several = single is not None and single.text().strip().lower() in ("", "0", "false")
    take_weights(draft, [weight for _, weight, _ in answers], several=several)


def _take_document(question: Node, draft: Draft) -> bool:
    """Read our own error-finding item; False where its sentences and answers no longer belong together."""
    text = parse_html(question.words("questiontext", "text"))
    place = next((one for one in text.walk() if one.attributes.get("class") == cases.DOCUMENT), None)
    answers = answers_of(question, draft)
    if place is None:
        return False
    document = document_in(place.children, lambda one: one.attributes.get("class") == SENTENCE)
    if sum("key" in row for row in document) != len(answers):
        return False
    for row in document:
        if "key" in row and (note := answers[int(row["key"]) - 1][2]):
            row["note"] = note
    place.children.clear()
    key = [str(number) for number, (_, weight, _) in enumerate(answers, start=1) if weight > 0]
    draft.data |= {"kind": "error_finding", "stem": from_node(text, draft.show), "document": document, "key": key}
    return True


def _all_or_nothing(question: Node, draft: Draft) -> None:
    """Read the plugins in which every right option has 100 percent and only all of them together earn anything."""
    answers = answers_of(question, draft)
    draft.data["stem"] = stem_of(question, draft)
    draft.data["options"] = draft.options((words, note) for words, _, note in answers)
    right = sum(weight > 0 for _, weight, _ in answers)
    share = even_share(right) if right else Decimal(0)
    take_weights(draft, [share if weight > 0 else Decimal(0) for _, weight, _ in answers], several=True)


def _truefalse(question: Node, draft: Draft) -> None:
    answers = answers_of(question, draft)
    draft.data |= {"kind": "true_false", "stem": stem_of(question, draft)}
    if len(answers) != 2:
        draft.problem("key", "not_two_answers", count=len(answers))
        return
    truths = [truth_of(words.text()) for words, _, _ in answers]
    if None in truths or truths[0] == truths[1]:
        told = ", ".join(words.text() for words, _, _ in answers)
        draft.repair("key", "truth_by_order", DOUBTFUL, before=told, after="true, false")
        truths = [True, False]
    elif any(words.text().lower() not in ("true", "false") for words, _, _ in answers):
        draft.repair("key", "truth_in_words", CERTAIN, before=", ".join(words.text() for words, _, _ in answers))
    best = max(weight for _, weight, _ in answers)
    right = [truth for truth, (_, weight, _) in zip(truths, answers, strict=True) if weight == best]
    if best <= 0 or len(right) != 1:
        draft.problem("key", "no_right_option")
        return
    draft.data["key"] = right[0]
    take_notes(draft, [note for _, _, note in answers])


def _shortanswer(question: Node, draft: Draft) -> None:
    accepted: list[str] = []
    for answer, weight in _weighted(question, draft):
        take_accepted(draft, accepted, typed_of(answer), weight, rich_of(answer.find("feedback"), draft))
    if question.words("usecase") not in ("", "0"):
        draft.lose("case_sensitive")
    take_blanks(draft, stem_of(question, draft), [accepted])
    take_told_tolerance(draft)


def _weighted(question: Node, draft: Draft) -> list[tuple[Node, Decimal]]:
    answers = question.all("answer")
    return list(zip(answers, full_weights(draft, [weight_of(one, draft) for one in answers]), strict=True))


def _numerical(question: Node, draft: Draft) -> None:
    accepted: list[str] = []
    within: list[str] = []
    for answer, weight in _weighted(question, draft):
        before = len(accepted)
        take_accepted(draft, accepted, typed_of(answer), weight, rich_of(answer.find("feedback"), draft))
        if len(accepted) > before:
            within.append(answer.words("tolerance"))
    if question.find("units") is not None:
        draft.lose("units")
    take_blanks(draft, stem_of(question, draft), [accepted])
    take_tolerance(draft, within)
    take_told_tolerance(draft)


def _matching(question: Node, draft: Draft) -> None:
    pairs = []
    for pair in question.all("subquestion"):
        answer = pair.find("answer")
        prompt = rich_of(replace(pair, children=without(pair, "answer")), draft)
        pairs.append((prompt, shown_of(answer, draft) if answer else Rich(())))
    draft.data["stem"] = stem_of(question, draft)
    take_pairs(draft, pairs)


def _essay(question: Node, draft: Draft) -> None:
    draft.data["stem"] = stem_of(question, draft)
    info = question.find("graderinfo")
    if info is not None and info.attributes.get("format", "html") == "html":
        take_sample(draft, *rubric_in(parse_html((info.find("text") or info).text()), draft.show))
    else:
        take_sample(draft, rich_of(info, draft))
    if question.words("attachments") not in ("", "0"):
        draft.lose("attachments")
    if question.words("responsetemplate", "text"):
        draft.lose("response_template")


def _description(question: Node, draft: Draft) -> None:
    text = question.find("questiontext")
    if draft.extras.get("kind") == "case_study" and text is not None:
        draft.data["stem"] = cases.split_documents(parse_html((text.find("text") or text).text()), draft)
    else:
        draft.data["stem"] = stem_of(question, draft)
    draft.problem("kind", "not_a_question")


def _ordering(question: Node, draft: Draft) -> None:
    draft.data["stem"] = stem_of(question, draft)
    answers = answers_of(question, draft)
    # The fraction of an answer is its place.
    ordered = sorted(answers, key=lambda one: one[1]) if len({one[1] for one in answers}) == len(answers) else answers
    take_ordered(draft, [(words, note) for words, _, note in ordered])


def _tell_lost(question: Node, draft: Draft) -> None:
    if question.find("hint") is not None:
        draft.lose("hints")
    for name in ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback"):
        words = rich_of(question.find(name), Draft(draft.place)).text()
        if words and not USUAL_FEEDBACK.fullmatch(words):
            draft.lose("combined_feedback")


READERS: dict[str, Callable[[Node, Draft], None]] = {
    "multichoice": _multichoice,
    "multichoiceset": _all_or_nothing,
    "oumultiresponse": _all_or_nothing,
    "truefalse": _truefalse,
    "shortanswer": _shortanswer,
    "numerical": _numerical,
    "matching": _matching,
    "match": _matching,
    "ddmatch": _matching,
    "essay": _essay,
    "description": _description,
    "ordering": _ordering,
    "cloze": moodle_gaps.read_cloze,
    "multianswer": moodle_gaps.read_cloze,
    "gapselect": moodle_gaps.read_gapselect,
    "ddwtos": moodle_gaps.read_gapselect,
}
