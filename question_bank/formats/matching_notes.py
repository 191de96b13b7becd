"""The notes of a matching as a table in its explanation, for formats that have no feedback on single pairs.

A row holds a prompt or an option and the note on it; the reader finds the piece again by its words.
"""

from __future__ import annotations

import re

from question_bank.formats.draft import Draft
from question_bank.formats.markup import parse_html
from question_bank.formats.rich import from_node
from question_bank.formats.web import Words
from question_bank.item import Item

# A note may hold a table of its own, so the last end belongs to ours: only the line of the legal basis follows.
TABLE = re.compile('<table class="notes">.*</table>', re.DOTALL)
SIDES = {"prompt": "prompts", "option": "options"}


def notes_table(item: Item, words: Words) -> str:
    """Return the notes of prompts and options as HTML, empty where there are none."""
    told = [("prompt", one["text"], one.get("note", "")) for one in item.settings["prompts"]]
    told += [("option", one.text, one.note) for one in item.options]
    rows = "".join(
        f'<tr class="{side}"><td>{words.html(text)}</td><td>{words.html(note)}</td></tr>'
        for side, text, note in told
        if note
    )
    return f'<table class="notes"><tbody>{rows}</tbody></table>' if rows else ""


def take_table(table: str, draft: Draft) -> None:
    """Give the prompts and options of a draft the notes of such a table; a row that fits none goes to neither."""
    for row in [one for one in parse_html(table).walk() if one.tag == "tr" and one.attributes.get("class") in SIDES]:
        cells = [cell for cell in row.elements() if cell.tag == "td"]
        if len(cells) != 2:
            continue
        side = SIDES[row.attributes["class"]]
        text, note = (from_node(cell, draft.show) for cell in cells)
        for piece in draft.data.get(side, ()):
            if note and "note" not in piece and piece["text"].text() == text.text():
                piece["note"] = note
                break
