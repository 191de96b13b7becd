"""A small bank and blueprints for tests of papers and exams."""

from decimal import Decimal

from tests.conftest import NINE
from tests.question_bank.samples import make_item
from trainer.bank.importing import import_items
from trainer.papers.rules.blueprint import SectionSpec

PREFIX = {
    "single_choice": "s",
    "multiple_choice": "m",
    "true_false": "t",
    "fill_blank": "f",
    "ordering": "o",
    "matching": "ma",
    "error_finding": "e",
    "short_answer": "sa",
    "case_study": "c",
}


def fill_bank(now=NINE, *, difficulty=2, **counts):
    """Publish so many items of each kind, such as ``fill_bank(single_choice=10)``; ids are s-1, s-2, m-1 …"""
    items = [
        make_item(kind, id=f"{PREFIX[kind]}-{number}", difficulty=difficulty)
        for kind, count in counts.items()
        for number in range(1, count + 1)
    ]
    return import_items(items, by=None, now=now, publish=True)


def section(kind="single_choice", count=3, points="1", **more):
    return SectionSpec(f"{kind} 部分", kind, count, Decimal(points), **more)
