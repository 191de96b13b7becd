"""QTI 3.0 says what 2.x says in other names: ``qti-choice-interaction`` for ``choiceInteraction``.

Readers work on the names of 2.x; ``old_names`` brings a 3.0 tree to them. Writers mark elements of QTI with ``q:``
and ``written`` gives them the names of the version.
"""

from __future__ import annotations

import re
from html import escape

from question_bank.formats.markup import VOID, Node

MARK = "q:"
# Elements whose content 3.0 puts into a content body of its own.
WITH_BODY = ("modalFeedback", "feedbackBlock", "rubricBlock", "templateBlock")


def old_names(root: Node) -> Node:
    """Return the tree with the names of QTI 2.x; a 2.x tree comes back unchanged."""
    if not root.tag.startswith("qti-"):
        return root
    for node in root.walk():
        if node.tag.startswith("qti-"):
            node.tag = _camel(node.tag[len("qti-") :])
            node.attributes = {_camel(name): value for name, value in node.attributes.items()}
    return root


def element(name: str, *children: Node | str, **attributes: str) -> Node:
    """Return an element of QTI by its 2.x name, with attributes in the same spelling."""
    return Node(MARK + name, dict(attributes), list(children))


def written(root: Node, *, new: bool, namespaces: str) -> bytes:
    """Return the document, its root with the given declarations of namespaces. ``new`` is 3.0, else 2.2."""
    made: list[str] = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    _write(root, made, new, f" {namespaces}")
    return ("".join(made) + "\n").encode()


def _write(node: Node, made: list[str], new: bool, more: str = "") -> None:
    ours = node.tag.startswith(MARK)
    tag = node.tag.removeprefix(MARK)
    children = node.children
    if ours and new:
        if tag in WITH_BODY:
            children = [Node(f"{MARK}contentBody", {}, children)]
        tag = "qti-" + _kebab(tag)
    attributes = "".join(
        f' {_kebab(name) if ours and new and ":" not in name else name}="{escape(value)}"'
        for name, value in node.attributes.items()
    )
    if not children and (ours or tag in VOID):
        made.append(f"<{tag}{more}{attributes}/>")
        return
    made.append(f"<{tag}{more}{attributes}>")
    for child in children:
        if isinstance(child, str):
            made.append(escape(child, quote=False))
        else:
            _write(child, made, new)
    made.append(f"</{tag}>")


def _camel(name: str) -> str:
    return re.sub("-([a-z0-9])", lambda match: match[1].upper(), name)


def _kebab(name: str) -> str:
    return re.sub("[A-Z]", lambda match: f"-{match.group().lower()}", name)
