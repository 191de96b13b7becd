"""The question bank: items bound to law articles, their kinds and marking, and the checks of the whole.

A library of its own with its data: it needs neither Flask nor a database. Plain items need the standard library
alone, those in Markdown also what ``question_bank.richtext`` stands on.
"""

from question_bank.check import check
from question_bank.fields import Problem
from question_bank.item import InvalidItem, Item, LegalBasis, Option
from question_bank.kinds import Grade, grade
from question_bank.store import Bank, load

__all__ = [
    "Bank",
    "Grade",
    "InvalidItem",
    "Item",
    "LegalBasis",
    "Option",
    "Problem",
    "check",
    "grade",
    "load",
]
