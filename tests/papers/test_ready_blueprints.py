"""Every ready blueprint fills from the shipped bank, and more than once without an item in common."""

import pytest

from question_bank.blueprints import ready_blueprints
from question_bank.kinds import KINDS
from tests.conftest import NINE
from trainer.bank.importing import load_shipped
from trainer.papers.queries import stock_for
from trainer.papers.rules.blueprint import parts_of, presets
from trainer.papers.rules.drawing import draw_items
from trainer.papers.rules.plan import band_of, make_plan
from trainer.papers.service import compile_papers, create_blueprint

FORMS = 3
READY = presets({kind: kind for kind in KINDS})


def test_there_are_twelve():
    assert len(ready_blueprints()) == len(READY) == 12


@pytest.fixture
def shipped(session):
    load_shipped(now=NINE)
    sections = [part for one in READY for part in one.sections]
    return stock_for(session, sections, NINE.date()).free


def holds_rivals(paper):
    items = [item for section in paper for item in section]
    codes = {item.code for item in items}
    return len(codes) < len(items) or any(codes & item.rivals for item in items)


@pytest.mark.parametrize("seed", ["first", "second", "third"])
def test_each_has_three_forms_without_a_common_item(shipped, seed):
    for one in READY:
        parts = parts_of(one.sections, shipped)
        left = shipped
        for number in range(FORMS):
            paper = draw_items(parts, left, f"{seed}:{number}")
            assert [len(section) for section in paper] == [part.count for part in one.sections], one.slug
            assert not holds_rivals(paper), one.slug
            drawn = {item.code for section in paper for item in section}
            left = [item for item in left if item.code not in drawn]


def test_parallel_forms_of_each_are_of_one_difficulty(shipped):
    by_code = {item.code: item for item in shipped}
    asked = {"same_items": False, "shuffle_items": False, "shuffle_options": False}
    for one in READY:
        drawn = make_plan(one.sections, shipped, "parallel", first=1, count=FORMS, **asked)
        codes = [[[drawn.plan["items"][place][0] for place in held] for held in paper] for paper in drawn.papers]
        bands = [[sorted(band_of(by_code[code]) for code in section) for section in paper] for paper in codes]
        assert bands == [bands[0]] * FORMS, one.slug


def test_each_becomes_a_paper(session, shipped):
    for one in READY:
        blueprint_id = create_blueprint(one.title, one.sections, seed="s", by=None, now=NINE)
        made = compile_papers(
            blueprint_id,
            count=2,
            same_items=False,
            shuffle_items=True,
            shuffle_options=True,
            until=NINE.date(),
            now=NINE,
        )
        assert len(made.paper_ids) == 2
