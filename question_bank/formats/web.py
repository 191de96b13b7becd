"""The texts of our items as the HTML that other systems take, and what all writers ask of an item first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from question_bank.fields import MARKDOWN
from question_bank.formats.cases import DOCUMENT, documents_of
from question_bank.formats.report import Loss
from question_bank.item import Item, Medium
from question_bank.kinds.case_study import expand
from question_bank.richtext import to_html, to_text

BLANK_IN_HTML = re.compile(r'<span[^>]*data-blank="[0-9]+"[^>]*>____</span>|(?<!_)____(?!_)')
# What XML 1.0 has no place for.
OUTSIDE_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LONGEST_TITLE = 60


class Words:
    """The texts of one item as HTML. ``address`` gives the reference to a medium that is at hand."""

    def __init__(self, item: Item, media: Mapping[str, bytes], address: Callable[[Medium], str]) -> None:
        self.item = item
        self.rich = item.format == MARKDOWN
        self.held = bool(item.media) and all(medium.sha256 in media for medium in item.media)
        self._address = address if self.held else None

    def html(self, words: str, *, inline: bool = False) -> str:
        """Return a text as HTML; runs of spaces are kept as a browser shows them."""
        made = to_html(words, self.item.format, media=self.item.media, media_url=self._address, inline=inline)
        return OUTSIDE_XML.sub("\ufffd", re.sub("(?<= ) ", "\u00a0", made))

    def plain(self, words: str) -> str:
        """Return a text without its markup."""
        return OUTSIDE_XML.sub("\ufffd", to_text(words, self.item.format, media=self.item.media))

    def case(self) -> str:
        """Return the stem and documents of a case, in the form that ``cases.split_documents`` takes apart again."""
        made = self.html(self.item.stem)
        for one in documents_of(self.item):
            title = to_html(one["title"])
            made += f'<div class="{DOCUMENT}"><h4>{title}</h4>{self.html(one["text"])}</div>'
        return made

    def title(self) -> str:
        """Return a short name for lists in other systems."""
        told = " ".join(self.plain(self.item.stem).split())
        return told if len(told) <= LONGEST_TITLE else told[: LONGEST_TITLE - 1] + "…"


def media_losses(items: Iterable[Item], media: Mapping[str, bytes]) -> Iterator[Loss]:
    """Return a loss for each medium whose bytes are not at hand."""
    for item in items:
        for medium in item.media:
            if medium.sha256 not in media:
                yield Loss(item.id, "medium_not_at_hand", params={"name": medium.name})


def pieces(item: Item) -> tuple[Item, ...]:
    """Return the questions of an item as other systems count them: a case is its parts."""
    return expand(item)


def literal(words: str) -> str:
    """Return an accepted answer in which a star is no wildcard, as Moodle and GIFT have it."""
    return words.replace("*", "\\*")
