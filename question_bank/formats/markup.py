"""Markup as a small tree, whether it came as HTML that browsers would mend or as XML.

``parse_xml`` reads XML with entities off: a document that declares any is refused, and so is one of more nodes or
deeper nesting than a file of questions has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from html.entities import html5
from html.parser import HTMLParser
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from question_bank.formats.report import Unreadable

VOID = frozenset(
    ("area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
)
SILENT = frozenset(("script", "style", "head", "title", "template"))
# A tag that opens ends an open one of these; HTML allows their end tags to be left out.
ENDS: dict[str, frozenset[str]] = {
    "li": frozenset(("li",)),
    "dt": frozenset(("dt", "dd")),
    "dd": frozenset(("dt", "dd")),
    "tr": frozenset(("tr", "td", "th")),
    "td": frozenset(("td", "th")),
    "th": frozenset(("td", "th")),
    "p": frozenset(("p",)),
}
HOLDS = frozenset(("ul", "ol", "table", "dl", "blockquote", "td", "th", "li", "div"))
DEEPEST = 60
MOST_ELEMENTS = 2_000_000
LONGEST_NAME = 200
DECLARATION = re.compile(rb"(\s*<\?xml[^>]*?encoding\s*=\s*[\"'])([A-Za-z0-9._-]+)")
XML_NAMES = frozenset(("amp", "lt", "gt", "quot", "apos"))
NAMED = re.compile(rb"<!\[CDATA\[.*?\]\]>|&([A-Za-z][A-Za-z0-9]{1,31});", re.DOTALL)
CHINESE_ENCODINGS = (b"gb2312", b"gbk", b"gb18030", b"cp936")


@dataclass(slots=True)
class Node:
    """An element: its tag and attributes, in lower case where they came from HTML, and what stands in it.

    ``line`` is where it starts in a file of XML, counted from 1, and 0 elsewhere.
    """

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)
    line: int = 0

    def elements(self) -> list[Node]:
        return [child for child in self.children if isinstance(child, Node)]

    def find(self, tag: str) -> Node | None:
        """Return the first child of this tag, or None."""
        return next((child for child in self.elements() if child.tag == tag), None)

    def all(self, tag: str) -> list[Node]:
        """Return the children of this tag."""
        return [child for child in self.elements() if child.tag == tag]

    def walk(self) -> Iterator[Node]:
        """Return the node and every one below it, in reading order."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.elements()))

    def text(self) -> str:
        """Return every word inside, without its markup."""
        made: list[str] = []
        waiting: list[Node | str] = [self]
        while waiting:
            one = waiting.pop()
            if isinstance(one, str):
                made.append(one)
            else:
                waiting.extend(reversed(one.children))
        return "".join(made)

    def words(self, *path: str) -> str:
        """Return the text of the element at a path of tags, without outer space; empty where there is none."""
        node: Node | None = self
        for tag in path:
            node = node.find(tag) if node else None
        return node.text().strip() if node else ""


class _Builder(HTMLParser):
    """HTML as it comes: what is left open is closed, what is closed too often is passed over."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("")
        self._open = [self.root]
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self._silent += 1
        if self._silent:
            return
        self._end_before(tag)
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in VOID and len(self._open) < DEEPEST:
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self._silent = max(0, self._silent - 1)
            return
        if self._silent:
            return
        for place in range(len(self._open) - 1, 0, -1):
            if self._open[place].tag == tag:
                del self._open[place:]
                return

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._open[-1].children.append(data)

    def _end_before(self, tag: str) -> None:
        ended = ENDS.get(tag)
        if ended is None:
            return
        for place in range(len(self._open) - 1, 0, -1):
            if self._open[place].tag in ended:
                del self._open[place:]
                if tag != "tr":
                    return
            elif self._open[place].tag in HOLDS:
                return


def parse_html(words: str) -> Node:
    """Return the tree of a piece of HTML under a nameless root. Never raises."""
    builder = _Builder()
    builder.feed(words)
    builder.close()
    return builder.root


def inner_html(node: Node) -> str:
    """Return what stands in an element as HTML; words alone come back as they stand, for they may be markup already.

    Some systems write a text of HTML into their XML as elements, not as the words that spell it.
    """
    return _spelt(node.children) if node.elements() else node.text()


def _spelt(children: Iterable[Node | str]) -> str:
    return "".join(escape(child, quote=False) if isinstance(child, str) else _tagged(child) for child in children)


def _tagged(node: Node) -> str:
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in node.attributes.items())
    opened = f"<{node.tag}{attributes}>"
    return opened if node.tag in VOID else f"{opened}{_spelt(node.children)}</{node.tag}>"


def with_numbered_entities(content: bytes) -> tuple[bytes, list[str]]:
    """Return an XML document with the signs that only HTML has names for, as &rarr;, by number; and those names.

    Texts in CDATA stay as they are. The list is empty where there are none, or the encoding is wider than a byte.
    """
    names: dict[str, None] = {}

    def numbered(match: re.Match[bytes]) -> bytes:
        name = (match[1] or b"").decode()
        signs = html5.get(f"{name};")
        if not name or signs is None or name in XML_NAMES:
            return match[0]
        names[name] = None
        return "".join(f"&#{ord(sign)};" for sign in signs).encode()

    return NAMED.sub(numbered, content), list(names)


def parse_xml(content: bytes) -> Node:
    """Return the tree of an XML document, tags without namespace. Raises ``Unreadable``.

    Entities of its own and what lies outside the file are refused; a document type by itself is passed over.
    """
    tree = _Tree()
    parser = DefusedXMLParser(target=tree, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    tree.line_of = lambda: int(parser.parser.CurrentLineNumber)
    try:
        parser.feed(_in_utf_8(content))
        root = parser.close()
    except DefusedXmlException as error:
        raise Unreadable("xml_with_entities") from error
    except Unreadable:
        raise
    except (ParseError, ValueError, LookupError) as error:
        raise Unreadable("not_xml", reason=str(error)[:200]) from error
    if not isinstance(root, Node):
        raise Unreadable("not_xml", reason="")
    return root


def _in_utf_8(content: bytes) -> bytes:
    """Return the document in an encoding that the parser knows; Chinese ones are not among them."""
    declared = DECLARATION.match(content[:200])
    if declared and declared[2].lower() in CHINESE_ENCODINGS:
        words = content.decode("gb18030", "replace")
        return words[words.index("?>") + 2 :].encode()
    return content


class _Tree:
    """Builds nodes as the parser goes, so that a file too deep or too large ends where it becomes so."""

    def __init__(self) -> None:
        self.line_of: Callable[[], int] = int
        self._root: Node | None = None
        self._open: list[Node] = []
        self._count = 0

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS:
            raise Unreadable("too_many_elements", most=MOST_ELEMENTS)
        if len(self._open) >= 4 * DEEPEST:
            raise Unreadable("nested_too_deep", deepest=4 * DEEPEST)
        node = Node(_local(tag), {_local(name): value for name, value in attrib.items()}, line=self.line_of())
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._root = node
        self._open.append(node)

    def end(self, tag: str) -> None:
        self._open.pop()

    def data(self, words: str) -> None:
        if self._open:
            self._open[-1].children.append(words)

    def comment(self, words: str) -> None:
        pass

    def pi(self, target: str, words: str | None = None) -> None:
        pass

    def close(self) -> Node | None:
        return self._root


def _local(name: str) -> str:
    return name.rpartition("}")[2][:LONGEST_NAME]
