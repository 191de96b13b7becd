"""The texts of items whose ``format`` is Markdown: a small subset, as blocks, as HTML and as plain text.

Rich text is chosen per item; in a plain item no sign means anything, so ``1. …``, ``第*条`` or ``<5%`` stay as
written. The subset is what a question needs and a printed paper can show:

- paragraphs, parted by an empty line; every line feed inside one is a line break;
- ``*emphasis*`` and ``**strong**``, also beside Chinese punctuation, where CommonMark refuses it;
- lists (``-`` or ``1.``), nested by indentation; block quotes (``>``); tables with ``|``;
- ``____``, four low lines, is a blank; other low lines are text;
- ``![words](media:NAME)`` shows a medium of the item. No other address is ever followed;
- a backslash takes the meaning from the sign after it.

There are no headings, links, code, entities or raw HTML: their signs are shown as they stand.
"""

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
    inlines_of,
)
from question_bank.richtext.markdown import Markdown, to_markdown
from question_bank.richtext.reading import count_blanks, escape, media_names, parse, problems
from question_bank.richtext.writing import MediaUrl, to_html, to_text

__all__ = [
    "Blank",
    "Block",
    "Break",
    "Inline",
    "Listing",
    "Markdown",
    "MediaUrl",
    "Paragraph",
    "Picture",
    "Quote",
    "Table",
    "Text",
    "count_blanks",
    "escape",
    "inlines_of",
    "media_names",
    "parse",
    "problems",
    "to_html",
    "to_markdown",
    "to_text",
]
