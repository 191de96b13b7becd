"""What the page of a draft tells before it is published, and where it leads next."""

import pytest

from tests.conftest import NINE
from tests.exams.factories import HOUR, make_exam
from tests.papers.factories import section

BEFORE, AFTER = NINE - HOUR, NINE + 3 * HOUR


def test_named_items_that_cannot_be_used_are_named_on_the_page_of_a_draft(as_user, city, clock):
    clock(BEFORE)
    codes = tuple(f"x-{n}" for n in range(6))
    exam_id = make_exam(city, publish=False, sections=(section(count=6, item_ids=codes), section(count=3)), items=9)
    page = as_user("organiser").get(f"/exams/{exam_id}").text
    assert "有些指定的试题不能放进试卷" in page
    assert "“single_choice 部分”：指定的试题不可用：x-0、x-1、x-2、x-3、x-4等 6 道" in page
    assert "题库的试题不够组卷" not in page
    short = make_exam(city, publish=False, sections=(section(count=20, item_ids=("x-1",)),), items=0)
    page = as_user("organiser").get(f"/exams/{short}").text
    assert "题库的试题不够组卷" in page
    assert "指定的试题不可用：x-1<" in page
    assert "有些指定的试题不能放进试卷" not in page


@pytest.mark.parametrize(
    ("at", "publish", "first"),
    [(BEFORE, False, True), (BEFORE, True, True), (NINE, True, False), (AFTER, True, False)],
)
def test_sittings_and_candidates_stand_under_the_steps_before_an_exam_and_at_its_units_later(
    as_user, city, clock, at, publish, first
):
    clock(BEFORE)
    exam_id = make_exam(city, publish=publish)
    clock(at)
    page = as_user("organiser").get(f"/exams/{exam_id}").text
    for place in (f'href="/exams/{exam_id}/sittings"', f'class="btn" href="/exams/{exam_id}/candidates"'):
        assert page.count(place) == 1
        assert (page.index(place) < page.index('id="rules"')) is first


def test_what_a_section_draws_from_stands_beside_it_and_its_folds_are_open(as_user, city, clock):
    clock(BEFORE)
    narrow = section(count=4, topics=("hearing",), difficulty=(1, 2), mix=(("1", 2), ("recall", 1)), pool="open")
    exam_id = make_exam(city, publish=False, sections=(narrow, section(count=1)), draw="per_form", forms=3)
    organiser = as_user("organiser")
    page = organiser.get(f"/exams/{exam_id}").text
    assert "难度 1、2；难度 1：2 题；识记：1 题" in page
    assert page.count('<span class="cell-note">') >= 1
    assert "（3 套）" in page
    builder = organiser.get(f"/exams/{exam_id}/edit").text
    opened = [
        fold.split("<summary>")[1][:9] for fold in builder.split("<details")[1:] if fold.split(">")[0].endswith(" open")
    ]
    assert opened.count("只从这些专题抽题（") == 1
    # Those who only look on learn nothing of it.
    assert "难度 1、2" not in as_user("supervisor").get(f"/exams/{exam_id}").text
