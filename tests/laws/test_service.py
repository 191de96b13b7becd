"""Loading texts."""

from dataclasses import replace
from datetime import date

from sqlalchemy import func, select

from tests.conftest import NINE
from tests.laws.factories import FIRST, LAW, OLD, law_text
from trainer.audit.models import Entry
from trainer.laws.models import LawArticle, LawText
from trainer.laws.service import load_text


def load(text, start=None):
    return load_text(text, in_force_from=start, source="示例.md", by=7, now=NINE)


def test_a_text_is_stored_with_its_articles_in_order(session):
    made = load(law_text(FIRST, OLD, starts_on=None), date(2020, 3, 1))
    assert made.outcome == "added"
    row = session.get(LawText, made.text_id)
    assert (row.short_title, row.in_force_from, row.loaded_by, row.source) == (LAW, date(2020, 3, 1), 7, "示例.md")
    rows = session.scalars(select(LawArticle).order_by(LawArticle.position)).all()
    assert [(one.number, one.text) for one in rows] == list(OLD.items())
    assert session.scalars(select(Entry.action)).all() == ["law.added"]


def test_the_same_text_again_changes_nothing_even_without_a_start(session):
    load(law_text(FIRST, OLD), date(2020, 3, 1))
    assert load(law_text(FIRST, OLD, starts_on=None)).outcome == "unchanged"
    assert session.scalar(select(LawText.in_force_from)) == date(2020, 3, 1)
    assert session.scalar(select(func.count()).select_from(Entry)) == 1


def test_other_words_of_the_same_version_replace_it(session):
    load(law_text(FIRST, OLD))
    assert load(law_text(FIRST, OLD | {"1": "另一句。"})).outcome == "replaced"
    session.rollback()
    assert session.scalar(select(LawArticle.text).where(LawArticle.number == "1")) == "另一句。"
    assert session.scalar(select(func.count()).select_from(LawArticle)) == len(OLD)


def test_an_end_that_becomes_known_is_kept(session):
    load(law_text(FIRST, OLD))
    ended = replace(law_text(FIRST, OLD), repealed_on=date(2027, 1, 1))
    assert [load(ended).outcome, load(ended).outcome] == ["dated", "unchanged"]
    session.rollback()
    assert session.scalar(select(LawText.repealed_on)) == date(2027, 1, 1)
