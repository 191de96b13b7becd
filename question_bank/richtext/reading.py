"""From Markdown to blocks. Parsing is markdown-it-py's, with nothing enabled but the subset.

Two rules are ours: emphasis beside Chinese punctuation, and the blank ``____``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.tree import SyntaxTreeNode

from question_bank.fields import MARKDOWN, PLAIN, Problem
from question_bank.richtext.blocks import (
    Blank,
    Block,
    Break,
    Inline,
    Listing,
    Paragraph,
    Picture,
    Quote,
    Table,
    Text,
    depth,
    inlines_of,
)

BLANK = "____"
SCHEME = "media:"
DEEPEST = 6
# How deep the parser follows; what lies deeper than it would be lost, so it is far beyond what is allowed.
FOLLOWED = 100

EXTERNAL_IMAGE = re.compile(r"(?<!\\)!\[[^\]]*\]\((?!media:)")
LINE_MARK = re.compile(r"^(\s*)([-+>:])", re.MULTILINE)
LINE_NUMBER = re.compile(r"^(\s*\d{1,9})([.)])(?=\s|$)", re.MULTILINE)
SPECIAL = re.compile(r"[\\*|]|!(?=\[)")
ALIGNMENT = {"text-align:left": "", "text-align:center": "center", "text-align:right": "end"}


def parse(words: str, format: str = PLAIN) -> tuple[Block, ...]:
    """Return the blocks of a text, for Word and print. A plain text is one paragraph; an empty one has no blocks."""
    if format == MARKDOWN:
        return _parsed(words)
    return (Paragraph(tuple(_plain_inlines(words))),) if words else ()


def problems(words: str, names: Collection[str]) -> list[Problem]:
    """Return what is wrong with a Markdown text; ``names`` are the media it may show. Places are empty."""
    found = [Problem("", "unknown_medium", {"name": name}) for name in media_names(words) if name not in names]
    if EXTERNAL_IMAGE.search(words):
        found.append(Problem("", "external_image"))
    deep = max((depth(block) for block in _parsed(words)), default=0)
    if deep > DEEPEST:
        found.append(Problem("", "nested_too_deep", {"depth": deep, "deepest": DEEPEST}))
    elif not any(True for _ in inlines_of(_parsed(words))):
        found.append(Problem("", "empty"))
    return found


def media_names(words: str) -> list[str]:
    """Return the names of the media that a Markdown text shows, each once, in order."""
    return list(dict.fromkeys(one.name for one in inlines_of(_parsed(words)) if isinstance(one, Picture)))


def count_blanks(words: str) -> int:
    """Return how many blanks a Markdown text has."""
    return sum(isinstance(one, Blank) for one in inlines_of(_parsed(words)))


def escape(words: str) -> str:
    """Return Markdown that shows a plain text as it stands; blanks stay blanks, outer spaces of lines go."""
    plain = SPECIAL.sub(lambda match: "\\" + match.group(), words)
    plain = LINE_MARK.sub(r"\1\\\2", plain)
    return LINE_NUMBER.sub(r"\1\\\2", plain)


class _Subset(MarkdownIt):
    def validateLink(self, url: str) -> bool:
        return url.startswith(SCHEME)


def _emphasis(state: StateInline, silent: bool) -> bool:
    """Take a run of stars as delimiters, open where no space follows and closing where none precedes.

    CommonMark also looks at punctuation, and so refuses ``**“两书同达”**制度`` of a language without spaces.
    """
    start = state.pos
    if silent or state.src[start] != "*":
        return False
    end = start
    while end < state.posMax and state.src[end] == "*":
        end += 1
    before = state.src[start - 1] if start > 0 else " "
    after = state.src[end] if end < state.posMax else " "
    for _ in range(end - start):
        token = state.push("text", "", 0)
        token.content = "*"
        state.delimiters.append(
            Delimiter(
                marker=ord("*"),
                length=end - start,
                token=len(state.tokens) - 1,
                end=-1,
                open=not after.isspace(),
                close=not before.isspace(),
            )
        )
    state.pos = end
    return True


def _blank(state: StateInline, silent: bool) -> bool:
    start = end = state.pos
    while end < state.posMax and state.src[end] == "_":
        end += 1
    if end == start:
        return False
    if not silent:
        if end - start == len(BLANK):
            state.push("blank", "", 0)
        else:
            state.pending += state.src[start:end]
    state.pos = end
    return True


def _parser() -> MarkdownIt:
    parser = _Subset("zero", {"maxNesting": FOLLOWED})
    parser.enable(["blockquote", "list", "table", "newline", "escape", "emphasis", "image"])
    parser.inline.ruler.at("emphasis", _emphasis)
    parser.inline.ruler.before("emphasis", "blank", _blank)
    return parser


_PARSER = _parser()


@lru_cache(maxsize=256)
def _parsed(words: str) -> tuple[Block, ...]:
    counter = iter(range(1, len(words) + 2))
    return tuple(_blocks(SyntaxTreeNode(_PARSER.parse(words)).children, counter))


def _blocks(nodes: Sequence[SyntaxTreeNode], numbers: Iterator[int]) -> Iterator[Block]:
    for node in nodes:
        if node.type == "paragraph":
            inlines = tuple(_merged(_from(node.children, numbers)))
            if inlines:
                yield Paragraph(inlines)
        elif node.type in ("bullet_list", "ordered_list"):
            start = None if node.type == "bullet_list" else int(node.attrs.get("start", 1))
            yield Listing(tuple(tuple(_blocks(item.children, numbers)) for item in node.children), start)
        elif node.type == "blockquote":
            yield Quote(tuple(_blocks(node.children, numbers)))
        elif node.type == "table":
            rows = [row for part in node.children for row in part.children]
            yield Table(
                tuple(tuple(tuple(_merged(_from(cell.children, numbers))) for cell in row.children) for row in rows),
                tuple(ALIGNMENT[str(cell.attrs.get("style", "text-align:left"))] for cell in rows[0].children),
            )


def _from(
    nodes: Sequence[SyntaxTreeNode], numbers: Iterator[int], strong: bool = False, emphasis: bool = False
) -> Iterator[Inline]:
    for node in nodes:
        if node.type == "inline":
            yield from _from(node.children, numbers, strong, emphasis)
        elif node.type == "text":
            yield Text(node.content, strong, emphasis)
        elif node.type in ("softbreak", "hardbreak"):
            yield Break()
        elif node.type == "blank":
            yield Blank(next(numbers))
        elif node.type == "image":
            yield Picture(str(node.attrs["src"])[len(SCHEME) :], node.content.strip())
        else:
            yield from _from(node.children, numbers, strong or node.type == "strong", emphasis or node.type == "em")


def _merged(inlines: Iterator[Inline]) -> Iterator[Inline]:
    """Join neighbouring runs of one style, and leave out empty ones."""
    held: Text | None = None
    for one in inlines:
        if not isinstance(one, Text):
            if held:
                yield held
            held = None
            yield one
        elif one.words and held and (held.strong, held.emphasis) == (one.strong, one.emphasis):
            held = Text(held.words + one.words, one.strong, one.emphasis)
        elif one.words:
            if held:
                yield held
            held = one
    if held:
        yield held


def _plain_inlines(words: str) -> Iterator[Inline]:
    number = 0
    for place, line in enumerate(words.split("\n")):
        if place:
            yield Break()
        for index, piece in enumerate(re.split("(?<!_)____(?!_)", line)):
            if index:
                number += 1
                yield Blank(number)
            if piece:
                yield Text(piece)
