"""The pieces that every Moodle XML question is made of: formatted texts, embedded files, weighted answers."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal, InvalidOperation

from question_bank.formats.draft import Draft
from question_bank.formats.files import Shelf
from question_bank.formats.markup import Node, inner_html
from question_bank.formats.report import DOUBTFUL
from question_bank.formats.rich import Rich, from_markdown, from_plain

PLUGIN_FILE = "@@PLUGINFILE@@"
SENTENCE = "sentence"  # class of a sentence that can be marked in the document of an error-finding item of ours
MARKUP = re.compile("</?[a-zA-Z][^<>]*>|&(?:[a-z]+|#[0-9]+);")


def shelf_of(question: Node) -> Shelf:
    """Return the files that are inside a question, by the references that its texts have for them."""
    files: dict[str, bytes] = {}
    for node in question.walk():
        if node.tag != "file" or "name" not in node.attributes:
            continue
        try:
            content = base64.b64decode(re.sub(r"\s+", "", node.text()))
        except (binascii.Error, ValueError):
            continue  # the picture will be told as missing
        path = node.attributes.get("path", "/")
        files[f"{PLUGIN_FILE}{path}{node.attributes['name']}"] = content
    image, encoded = question.words("image"), question.words("image_base64")
    if image and encoded:  # before Moodle 2.0 a question had one picture below its text
        with suppress(binascii.Error, ValueError):
            files[f"{PLUGIN_FILE}/{image.rpartition('/')[2]}"] = base64.b64decode(re.sub(r"\s+", "", encoded))
    return Shelf(files)


def rich_of(node: Node | None, draft: Draft, change: Callable[[str], str] | None = None) -> Rich:
    """Return the text of an element in the format that its attribute names; ``change`` sees its source first."""
    if node is None:
        return Rich(())
    inner = node.find("text")
    words = inner_html(inner or node)
    if change:
        words = change(words)
    named = node.attributes.get("format", "html")
    if named == "plain_text":
        return from_plain(words)
    if named == "markdown":
        return from_markdown(words.strip())
    if named == "moodle_auto_format":
        words = words.strip().replace("\n", "<br>")
    return draft.html(words)


def stem_of(question: Node, draft: Draft, change: Callable[[str], str] | None = None) -> Rich:
    """Return the question text, with the one picture that old files have apart from it."""
    stem = rich_of(question.find("questiontext"), draft, change)
    image = question.words("image")
    if image and question.find("image_base64") is not None:
        stem = stem.joined(draft.html(f'<img src="{PLUGIN_FILE}/{image.rpartition("/")[2]}" alt="">'))
    if not stem:
        name = str(draft.raw["name"])
        draft.repair("stem", "stem_from_name", DOUBTFUL, after=name)
        stem = from_plain(name)
    return stem


def weight_of(answer: Node, draft: Draft) -> Decimal:
    """Return what an answer earns in percent; a fraction that is no number counts as nothing and is told."""
    told = answer.attributes.get("fraction", "").strip() or answer.words("fraction")
    try:
        weight = Decimal(told or "0")
    except InvalidOperation:
        weight = Decimal("NaN")
    if not weight.is_finite():
        draft.problem("key", "weight_unreadable", weight=told[:40])
        return Decimal(0)
    return weight


def answers_of(question: Node, draft: Draft) -> list[tuple[Rich, Decimal, Rich]]:
    """Return each answer with what it earns in percent and the feedback on it."""
    found = []
    for answer in question.all("answer"):
        # An answer has its words in <text>, its feedback beside it; without <text> the words are its own.
        words = rich_of(Node("answer", answer.attributes, without(answer, "feedback")), draft)
        found.append((words, weight_of(answer, draft), rich_of(answer.find("feedback"), draft)))
    return found


def typed_of(answer: Node) -> str:
    """Return an answer that candidates type, or that Moodle shows as it stands: it is no HTML, whatever it says."""
    own = answer.find("text")
    return (
        own.text() if own is not None else "".join(child for child in answer.children if isinstance(child, str))
    ).strip()


def shown_of(answer: Node, draft: Draft) -> Rich:
    """Return an answer of the right column, which Moodle shows as it stands: HTML only if it looks like it.

    Our own export says that its answers are plain, because one may look like HTML and be none.
    """
    words = typed_of(answer)
    html = answer.attributes.get("format") != "plain_text" and MARKUP.search(words)
    return draft.html(words) if html else from_plain(words)


def without(node: Node, tag: str) -> list[Node | str]:
    """Return what stands in an element but for the children of one tag."""
    return [child for child in node.children if isinstance(child, str) or child.tag != tag]
