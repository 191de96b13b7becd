"""Texts of items as a page shows them: Markdown also as HTML, beside its source; plain text stays text.

The HTML comes from ``question_bank.richtext``, which knows no tag but its own; so a page may put it in as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from question_bank import Item, richtext
from question_bank.fields import MARKDOWN
from question_bank.item import Medium

# Where the files of items are served, see ``media_routes``. Compiled papers hold this address.
MEDIA_PATH = "/media/"
# Lists of a key-free item whose entries have a text of their own.
LISTS = ("options", "prompts", "documents")


def media_address(medium: Medium) -> str:
    """Return the address of a medium on this site."""
    return f"{MEDIA_PATH}{medium.sha256}"


def stem_in_words(public: Mapping[str, Any]) -> str:
    """Return the stem of key-free JSON as one line of plain words for a list, a picture by its words."""
    if public.get("format") != MARKDOWN:
        return str(public["stem"])
    media = [Medium(**medium) for medium in public.get("media") or ()]
    return " ".join(richtext.to_text(public["stem"], MARKDOWN, media=media).split())


def with_html(public: Mapping[str, Any]) -> dict[str, Any]:
    """Return key-free JSON of an item with ``stem_html``, and ``html`` beside each ``text``; a plain one as it is.

    Parts of a case are treated alike. Texts of options and prompts are made to stand in a line.
    """
    shown = dict(public)
    if "parts" in public:
        about = {name: public[name] for name in ("format", "media") if name in public}
        shown["parts"] = [with_html(about | part) for part in public["parts"]]
    if public.get("format") != MARKDOWN:
        return shown
    media = [Medium(**medium) for medium in public.get("media", ())]
    shown["stem_html"] = richtext.to_html(public["stem"], MARKDOWN, media=media, media_url=media_address)
    for name in LISTS:
        if name in public:
            shown[name] = [
                {
                    **entry,
                    "html": richtext.to_html(
                        entry["text"], MARKDOWN, media=media, media_url=media_address, inline=name != "documents"
                    ),
                }
                for entry in public[name]
            ]
    return shown


def html_of(item: Item, words: str) -> str | None:
    """Return a text of the item as HTML, None where it is plain or empty. For those who may see the whole item."""
    if item.format != MARKDOWN or not words:
        return None
    return richtext.to_html(words, MARKDOWN, media=item.media, media_url=media_address)
