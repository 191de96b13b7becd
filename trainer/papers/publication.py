"""What is published of a draw once its exam is over: the seed, the plans, and the orders of options.

``docs/redraw.py`` reads the file. Of an ordering item not its right order is told, which no paper shows, but only how
often the shuffle was repeated to avoid it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from question_bank import Item
from question_bank.kinds import case_study
from trainer.bank.queries import bodies_of_versions
from trainer.papers.models import Paper, PaperItem
from trainer.papers.queries import papers_of, plans_of, seed_of
from trainer.papers.rules.drawing import shuffles_before


def draw_file(session: Session, blueprint_id: int, title: str) -> dict[str, Any]:
    """Return what lets anybody draw the papers of a blueprint again. For nobody before everybody's time is over.

    Without draws kept (papers compiled before there were plans) ``draws`` is empty.
    """
    seed, plans = seed_of(session, blueprint_id), plans_of(session, blueprint_id)
    options: dict[str, list[tuple[str, list[str]]]] = {}
    again: dict[str, int] = {}
    if any(plan["shuffle_options"] for _, plan in plans):
        rows = session.execute(
            select(Paper.form, PaperItem.item_version_id)
            .join(PaperItem, PaperItem.paper_id == Paper.id)
            .where(Paper.blueprint_id == blueprint_id)
            .distinct()
        )
        forms_of: dict[int, list[int]] = {}
        for form, version_id in rows:
            forms_of.setdefault(version_id, []).append(form)
        for version_id, (body, _) in sorted(bodies_of_versions(session, forms_of).items()):
            item = Item.from_dict(body)
            pieces = _pieces(item)
            options[item.id] = [(name, keys) for name, keys, _ in pieces]
            for name, keys, right in pieces:
                for form in forms_of[version_id] if right else ():
                    thrown = shuffles_before(keys, f"{seed}:form:{form}:options:{name}", never=right)
                    if thrown:
                        again[f"{form}:options:{name}"] = thrown
    return {
        "title": title,
        "seed": seed,
        "forms": max((paper.form for paper in papers_of(session, blueprint_id)), default=0),
        "draws": [{"commitment": commitment, "plan": plan} for commitment, plan in plans],
        "options": options,
        "again": again,
    }


def _pieces(item: Item) -> list[tuple[str, list[str], list[str]]]:
    """Return for each part with options its name in the draw, its keys, and its right order where it has one."""
    parts = [(item.id, item)]
    if item.kind == case_study.KIND.name:
        parts = [(f"{item.id}.{number}", part) for number, part in enumerate(case_study.expand(item), start=1)]
    return [
        (name, [option.key for option in part.options], list(part.key) if part.kind == "ordering" else [])
        for name, part in parts
        if part.options
    ]
