"""The document of an error-finding item as a run of marked and unmarked pieces, for formats that hold markup.

A piece that can be marked is an element of its own; what stands between is bare text, and a ``span`` where two such
pieces meet, so that they come back as two. Spaces and line ends of a facsimile all count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from question_bank.formats.markup import Node

BETWEEN = "span"


def run_of(document: Sequence[Mapping[str, Any]], marked: Callable[[str, list[Node | str]], Node]) -> list[Node | str]:
    """Return the pieces in order; ``marked`` makes the element of a key and its text."""
    made: list[Node | str] = []
    bare = ["key" not in segment for segment in document]
    for index, segment in enumerate(document):
        words = _lines(segment["text"])
        if not bare[index]:
            made.append(marked(segment["key"], words))
        elif any(bare[max(0, index - 1) : index]) or any(bare[index + 1 : index + 2]):
            made.append(Node(BETWEEN, {}, words))
        else:
            made += words
    return made


def _lines(words: str) -> list[Node | str]:
    made: list[Node | str] = []
    for number, line in enumerate(words.split("\n")):
        if number:
            made.append(Node("br"))
        if line:
            kept = line.replace("\t", " ")
            made.append(kept if kept.strip(" ") else kept.replace(" ", "\u00a0"))
    return made


def html_of(run: Sequence[Node | str]) -> str:
    """Return a run of pieces as HTML."""
    made = []
    for one in run:
        if isinstance(one, str):
            made.append(escape(one, quote=False))
        elif one.tag == "br":
            made.append("<br>")
        else:
            attributes = "".join(f' {name}="{escape(value)}"' for name, value in one.attributes.items())
            made.append(f"<{one.tag}{attributes}>{html_of(one.children)}</{one.tag}>")
    return "".join(made)


def document_in(children: Sequence[Node | str], is_marked: Callable[[Node], bool]) -> list[dict[str, Any]]:
    """Return the segments that a run of pieces was made of, the marked ones with the keys "1", "2" … in order."""
    document: list[dict[str, Any]] = []
    marked = 0
    whole = True  # the last piece is closed: bare text after it begins a new one

    def between(words: str) -> None:
        nonlocal whole
        if not whole:
            document[-1]["text"] += words
        elif words:
            document.append({"text": words})
            whole = False

    def walk(children: Sequence[Node | str]) -> None:
        nonlocal marked, whole
        for child in children:
            if isinstance(child, str):
                between(child.replace("\u00a0", " "))
            elif is_marked(child):
                marked += 1
                document.append({"key": str(marked), "text": _raw(child)})
                whole = True
            elif child.tag == "br":
                between("\n")
            elif child.tag == BETWEEN and not any(map(is_marked, child.walk())):
                if words := _raw(child):
                    document.append({"text": words})
                    whole = True
            else:
                walk(child.children)

    walk(children)
    return document


def _raw(node: Node) -> str:
    made = "".join(
        child if isinstance(child, str) else "\n" if child.tag == "br" else child.text() for child in node.children
    )
    return made.replace("\u00a0", " ")
