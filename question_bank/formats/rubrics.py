"""The rubric of a short answer as a table: how our writers put it into HTML, and how it is found there again."""

from __future__ import annotations

from question_bank.formats.markup import Node
from question_bank.formats.rich import Rich, ShowPicture, from_node
from question_bank.formats.web import Words
from question_bank.item import Item

HEAD = ("评分要点", "权重", "说明")
Row = tuple[Rich, str, Rich]


def sample_and_rubric(item: Item, words: Words) -> str:
    """Return sample and rubric of a short answer as HTML."""
    rows = "".join(f"<th>{title}</th>" for title in HEAD)
    rows = f"<tbody><tr>{rows}</tr>"
    for row in item.settings["rubric"]:
        cells = (words.html(row["point"]), str(row["weight"]), words.html(row["note"]) if "note" in row else "")
        rows += f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    return f"<div>{words.html(item.settings['sample'])}</div><table>{rows}</tbody></table>"


def rubric_in(tree: Node, show: ShowPicture) -> tuple[Rich, list[Row]]:
    """Return what a marker is told: the sample, and the rows of a table with the head of ours, none without it."""
    found: list[Row] = []
    for table in [node for node in tree.walk() if node.tag == "table"]:
        rows = [
            [cell for cell in row.elements() if cell.tag in ("td", "th")] for row in table.walk() if row.tag == "tr"
        ]
        if rows and tuple(cell.text().strip() for cell in rows[0]) == HEAD:
            found += [
                (from_node(row[0], show), row[1].text().strip(), from_node(row[2], show))
                for row in rows[1:]
                if len(row) == 3
            ]
            table.children.clear()
    return from_node(tree, show), found
