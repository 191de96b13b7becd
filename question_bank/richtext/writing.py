"""From blocks to HTML and plain text.

HTML is written from the blocks with every text escaped; nh3 then lets nothing through but the tags and attributes
that are written here, a second lock in case the first one fails.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable

import nh3

from question_bank.fields import IMAGE_TYPES, MARKDOWN, PLAIN, VIDEO_TYPES
from question_bank.item import Medium
from question_bank.richtext.blocks import Blank, Block, Break, Inline, Listing, Paragraph, Picture, Quote, Table, Text
from question_bank.richtext.reading import BLANK, parse

TAGS = {"p", "br", "strong", "em", "ol", "ul", "li", "blockquote", "table", "thead", "tbody", "tr", "th", "td", "span"}
MEDIA_TAGS = {"img", "video", "audio"}
ATTRIBUTES = {
    "ol": {"start"},
    "span": {"data-blank"},
    "img": {"src", "alt", "loading"},
    "video": {"src", "controls", "preload", "aria-label"},
    "audio": {"src", "controls", "preload", "aria-label"},
}
CLASSES = {
    "span": {"blank", "medium"},
    "table": {"table"},
    "th": {"text-center", "text-end"},
    "td": {"text-center", "text-end"},
}
MediaUrl = Callable[[Medium], str]


def to_html(
    words: str,
    format: str = PLAIN,
    *,
    media: Iterable[Medium] = (),
    media_url: MediaUrl | None = None,
    inline: bool = False,
) -> str:
    """Return safe HTML. A plain text is escaped, with ``<br>`` for line feeds, and nothing else happens to it.

    ``media_url`` gives the address of a medium, without scheme and host; without it, and for media that are not
    there, their words are shown. With ``inline`` a text of one paragraph stands without ``<p>``, fit for a label.
    """
    if format != MARKDOWN:
        return html.escape(words).replace("\n", "<br>")
    writer = _Html({medium.name: medium for medium in media}, media_url)
    blocks = parse(words, format)
    if inline and len(blocks) == 1 and isinstance(blocks[0], Paragraph):
        made = writer.inlines(blocks[0].inlines)
    else:
        made = "".join(writer.block(block) for block in blocks)
    return nh3.clean(
        made, tags=TAGS | MEDIA_TAGS, attributes=ATTRIBUTES, allowed_classes=CLASSES, url_schemes=set(), link_rel=None
    )


def to_text(words: str, format: str = PLAIN, *, media: Iterable[Medium] = ()) -> str:
    """Return plain text for search, mail and lists; a plain text is returned as it is."""
    if format != MARKDOWN:
        return words
    return _text(parse(words, format), {medium.name: medium for medium in media})


class _Html:
    """Blocks as HTML. Every text goes through ``html.escape``; the tags are these alone."""

    def __init__(self, media: dict[str, Medium], media_url: MediaUrl | None) -> None:
        self._media, self._media_url = media, media_url

    def block(self, block: Block) -> str:
        if isinstance(block, Paragraph):
            return f"<p>{self.inlines(block.inlines)}</p>"
        if isinstance(block, Quote):
            return f"<blockquote>{''.join(self.block(one) for one in block.blocks)}</blockquote>"
        if isinstance(block, Table):
            return self._table(block)
        items = "".join(f"<li>{self._item(item)}</li>" for item in block.items)
        if block.start is None:
            return f"<ul>{items}</ul>"
        start = f' start="{block.start}"' if block.start != 1 else ""
        return f"<ol{start}>{items}</ol>"

    def inlines(self, inlines: Iterable[Inline]) -> str:
        return "".join(self._inline(one) for one in inlines)

    def _item(self, blocks: tuple[Block, ...]) -> str:
        first, rest = blocks[:1], blocks[1:]
        made = self.inlines(first[0].inlines) if first and isinstance(first[0], Paragraph) else None
        if made is None or any(isinstance(one, Paragraph) for one in rest):
            return "".join(self.block(one) for one in blocks)
        return made + "".join(self.block(one) for one in rest)

    def _table(self, table: Table) -> str:
        made = []
        for number, row in enumerate(table.rows):
            tag = "td" if number else "th"
            cells = []
            for cell, side in zip(row, table.alignments, strict=True):
                style = f' class="text-{side}"' if side else ""
                cells.append(f"<{tag}{style}>{self.inlines(cell)}</{tag}>")
            made.append(f"<tr>{''.join(cells)}</tr>")
        return f'<table class="table"><thead>{made[0]}</thead><tbody>{"".join(made[1:])}</tbody></table>'

    def _inline(self, one: Inline) -> str:
        if isinstance(one, Break):
            return "<br>"
        if isinstance(one, Blank):
            return f'<span class="blank" data-blank="{one.number}">{BLANK}</span>'
        if isinstance(one, Picture):
            return self._picture(one)
        made = html.escape(one.words)
        made = f"<em>{made}</em>" if one.emphasis else made
        return f"<strong>{made}</strong>" if one.strong else made

    def _picture(self, picture: Picture) -> str:
        medium = self._media.get(picture.name)
        words = html.escape(_alt(picture, medium))
        if medium is None or self._media_url is None:
            return f'<span class="medium">{words}</span>'
        source = html.escape(self._media_url(medium))
        if medium.type in IMAGE_TYPES:
            return f'<img src="{source}" alt="{words}" loading="lazy">'
        tag = "video" if medium.type in VIDEO_TYPES else "audio"
        return f'<{tag} src="{source}" controls preload="metadata" aria-label="{words}"></{tag}>'


def _alt(picture: Picture, medium: Medium | None) -> str:
    return picture.alt or (medium.alt if medium else picture.name)


def _text(blocks: Iterable[Block], media: dict[str, Medium]) -> str:
    made = []
    for block in blocks:
        if isinstance(block, Paragraph):
            made.append(_line(block.inlines, media))
        elif isinstance(block, Quote):
            made.append("\n".join(f"> {line}" for line in _text(block.blocks, media).split("\n")))
        elif isinstance(block, Table):
            made.append("\n".join(" | ".join(_line(cell, media) for cell in row) for row in block.rows))
        else:
            made.append("\n".join(_item_text(block, number, media) for number in range(len(block.items))))
    return "\n\n".join(made)


def _item_text(listing: Listing, number: int, media: dict[str, Medium]) -> str:
    mark = "- " if listing.start is None else f"{listing.start + number}. "
    return mark + _text(listing.items[number], media).replace("\n", "\n" + " " * len(mark))


def _line(inlines: Iterable[Inline], media: dict[str, Medium]) -> str:
    made = []
    for one in inlines:
        if isinstance(one, Text):
            made.append(one.words)
        elif isinstance(one, Picture):
            made.append(f"[{_alt(one, media.get(one.name))}]")
        else:
            made.append("\n" if isinstance(one, Break) else BLANK)
    return "".join(made)
