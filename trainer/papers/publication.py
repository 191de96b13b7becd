"""What is published of a draw once its exam is over: the seed, the plans, and the keys of the options in their order.

``docs/redraw.py`` reads the file, which is for everybody and therefore holds no text, no key and nobody's name.
Ordering items are left out of the options: a shuffle that gave the right order was thrown away, so whoever is told that
one was thrown away knows the right order.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from question_bank import Item
from question_bank.kinds import case_study, ordering
from trainer.bank.queries import bodies_of_versions
from trainer.papers.models import Paper, PaperItem
from trainer.papers.queries import papers_of, plans_of, seed_of


def draw_file(session: Session, blueprint_id: int, title: str) -> dict[str, Any]:
    """Return what lets anybody draw the papers of a blueprint again. For nobody before everybody's time is over.

    ``options`` are by code of item: the name of each of its parts in the draw, and the keys of the options.

    Without draws kept (papers compiled before there were plans) ``draws`` is empty.
    """
    seed, plans = seed_of(session, blueprint_id), plans_of(session, blueprint_id)
    options: dict[str, list[tuple[str, list[str]]]] = {}
    if any(plan["shuffle_options"] for _, plan in plans):
        versions = session.scalars(
            select(PaperItem.item_version_id)
            .join(Paper, PaperItem.paper_id == Paper.id)
            .where(Paper.blueprint_id == blueprint_id)
            .distinct()
        )
        for _, (body, _) in sorted(bodies_of_versions(session, set(versions)).items()):
            item = Item.from_dict(body)
            if pieces := _pieces(item):
                options[item.id] = pieces
    return {
        "title": title,
        "seed": seed,
        "forms": max((paper.form for paper in papers_of(session, blueprint_id)), default=0),
        "draws": [{"commitment": commitment, "plan": plan} for commitment, plan in plans],
        "options": options,
    }


def _pieces(item: Item) -> list[tuple[str, list[str]]]:
    """Return for each part whose options were shuffled openly its name in the draw and its keys."""
    parts = [(item.id, item)]
    if item.kind == case_study.KIND.name:
        parts = [(f"{item.id}.{number}", part) for number, part in enumerate(case_study.expand(item), start=1)]
    return [
        (name, [option.key for option in part.options])
        for name, part in parts
        if part.options and part.kind != ordering.KIND.name
    ]
