"""The pages of statistics: what they tell, to whom, and that no key reaches those who may not see items."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.attempts.factories import RIGHT, make_exam
from tests.conftest import NINE
from tests.reports.answers import OVER, count_all, items_of, practise, sheets, sit_many
from trainer.bank.models import ItemRecord, ItemStatistic
from trainer.bank.wording import ADVICE_NAMES
from trainer.core.database import db, transaction
from trainer.exams.models import Exam
from trainer.reports.models import ExamStatistic
from trainer.reports.rules.advice import CODES

pytestmark = pytest.mark.usefixtures("nothing_at_hand")


@pytest.fixture
def suspicious(city, clock):
    """An exam in which the able chose A where the key says B, and its people."""
    made = []
    for number in range(120):
        sheet = dict(RIGHT)
        if number < 80:
            sheet[1] = "A"
        if number >= 60:
            sheet[2], sheet[3] = ["A"], False
        if number >= 90:
            sheet[4] = ["1", "2"]
        made.append(sheet)
    exam, people = sit_many(city, made)
    count_all()
    clock(OVER)
    return exam, people


def page_of(client, address, status=200):
    answer = client.get(address)
    assert answer.status_code == status, answer.text[-500:]
    return answer.text


def test_the_page_of_an_item_tells_figures_sample_and_advice(as_user, suspicious):
    exam, _people = suspicious
    text = page_of(as_user("bank"), f"/items/{items_of(exam)[1]}/statistics")
    for words in ("120", "0.33", "0.26 至 0.42", "答案存疑", "高分组里选 A 的人多于选标准答案的", "考试不记录每题用时"):
        assert words in text
    assert "%%" not in text
    assert text.count('<svg class="plot"') == 1


def test_practice_stands_beside_exams(as_user, suspicious):
    exam, people = suspicious
    item_id = items_of(exam)[1]
    for person in people[:40]:
        practise(person, item_id, "B", correct=True, seconds=25)
    count_all()
    text = page_of(as_user("author"), f"/items/{item_id}/statistics")
    assert "共作答 40 次" in text
    assert "有用时记录的 40 次" in text


def test_an_item_that_was_never_used_says_so(as_user, city):
    exam = make_exam(city, NINE)
    text = page_of(as_user("reviewer"), f"/items/{items_of(exam)[1]}/statistics")
    assert "还没有考试数据" in text
    assert "还没有练习数据" in text


@pytest.mark.parametrize(("username", "status"), [("bank", 200), ("author", 404), ("examiner", 403), ("officer", 403)])
def test_statistics_of_reserved_items_are_seen_by_who_sees_the_item(as_user, suspicious, username, status):
    item_id = items_of(suspicious[0])[1]
    with transaction() as session:
        session.execute(update(ItemRecord).where(ItemRecord.id == item_id).values(pool="reserved"))
    page_of(as_user(username), f"/items/{item_id}/statistics", status)
    if username == "author":
        stem = "第 1 题："
        assert stem not in page_of(as_user("author"), "/items/statistics")


def test_the_list_is_narrowed_by_advice_and_sorted(as_user, suspicious, count_queries):
    exam, _people = suspicious
    client, ids = as_user("bank"), items_of(exam)
    whole = page_of(client, "/items/statistics")
    assert "答案存疑" in whole
    one = page_of(client, "/items/statistics?advice=key_suspicious")
    assert [item_id for item_id in ids.values() if f"/items/{item_id}/statistics" in one] == [ids[1]]
    by_facility = page_of(client, "/items/statistics?sort=facility")
    places = [by_facility.index(f'/items/{ids[number]}/statistics"') for number in (1, 2, 4, 5)]
    assert places == sorted(places)
    page_of(client, "/items/statistics?advice=nonsense", 404)
    with count_queries() as seen:
        page_of(client, "/items/statistics?sort=shown&desc=1&origin=practice")
    assert len(seen) <= 10


def test_the_bank_is_searched_by_statistics(as_user, suspicious):
    exam, _people = suspicious
    client, ids = as_user("bank"), items_of(exam)

    def found(asked):
        text = page_of(client, f"/items?{asked}")
        return [number for number, item_id in ids.items() if f'href="/items/{item_id}"' in text]

    assert found("facility=hard") == [1]
    assert found("facility=very_easy") == [5]
    assert found("upper_lower=negative") == [1]
    assert found("advice=key_suspicious") == [1]
    assert found("facility=middling&upper_lower=very_good") == [2, 3]
    assert found("facility=nonsense") == []
    assert found("advice=nonsense") == []


def test_every_advice_has_a_name():
    assert tuple(ADVICE_NAMES) == CODES


def test_the_exam_has_its_page_with_reliability_and_items(as_user, suspicious, count_queries):
    exam, _people = suspicious
    client = as_user("examiner")
    assert f"/exams/{exam.exam_id}/statistics" in page_of(client, f"/exams/{exam.exam_id}")
    with count_queries() as seen:
        text = page_of(client, f"/exams/{exam.exam_id}/statistics")
    assert len(seen) <= 12
    figures = db.session.get(ExamStatistic, exam.exam_id).figures
    assert f"{figures['reliability']['alpha']:.2f}" in text
    assert "第 1 题" in text
    assert "%%" not in text


def test_the_items_of_an_exam_are_sorted_and_paged(as_user, suspicious):
    address = f"/exams/{suspicious[0].exam_id}/statistics"
    client = as_user("organiser")
    for sort, first in (("number", 1), ("facility", 1), ("upper_lower", 1), ("advice", 1)):
        text = page_of(client, f"{address}?sort={sort}")
        assert min(range(1, 6), key=lambda number: text.index(f"第 {number} 题")) == first, sort
    text = page_of(client, f"{address}?sort=facility&desc=1")
    assert text.index("第 5 题") < text.index("第 1 题")
    assert "第 1 题" not in page_of(client, f"{address}?page=2")
    page_of(client, f"{address}?sort=nonsense", 404)


def test_who_may_not_see_items_learns_neither_text_nor_key_nor_option(as_user, suspicious):
    exam, _people = suspicious
    text = page_of(as_user("examiner"), f"/exams/{exam.exam_id}/statistics")
    assert "答案存疑" in text
    assert "请题库管理员核对答案" in text
    for secret in ("下列说法正确的是", "选 A 的人", "选项A", "CANARY", f"/items/{items_of(exam)[1]}"):
        assert secret not in text


def test_who_sees_items_gets_links_and_options(as_user, suspicious, city):
    from trainer.accounts.models import Grant

    with transaction() as session:
        row = {"user_id": city.people["examiner"], "role": "bank_manager", "unit_id": city.units["JM"]}
        session.add(Grant(granted_at=NINE, **row))
    exam, _people = suspicious
    text = page_of(as_user("examiner"), f"/exams/{exam.exam_id}/statistics")
    assert f"/items/{items_of(exam)[1]}/statistics" in text
    assert "高分组里选 A 的人" in text


@pytest.mark.parametrize(
    ("release", "username", "after", "shown"),
    [
        ("after_close", "organiser", 1, False),
        ("after_close", "organiser", 3, True),
        ("after_close", "supervisor", 3, True),
        ("manual", "organiser", 3, True),
        ("manual", "supervisor", 3, False),
        ("manual", "auditor", 3, False),
    ],
)
def test_an_exam_is_told_of_only_when_it_is_over(as_user, city, clock, release, username, after, shown):
    exam, _people = sit_many(city, sheets(), release=release)
    count_all()
    clock(NINE + timedelta(hours=after))
    text = page_of(as_user(username), f"/exams/{exam.exam_id}/statistics")
    assert ("各题情况" in text) is shown
    assert ("考试结束后才有试卷分析" in text) is not shown
    assert (f"/exams/{exam.exam_id}/statistics" in page_of(as_user(username), f"/exams/{exam.exam_id}")) is shown


def test_the_exam_of_another_unit_is_none(as_user, suspicious):
    page_of(as_user("foreign_organiser"), f"/exams/{suspicious[0].exam_id}/statistics", 404)
    page_of(as_user("bank"), f"/exams/{suspicious[0].exam_id}/statistics", 403)


def test_a_cancelled_exam_tells_nothing(as_user, suspicious):
    with transaction() as session:
        session.execute(update(Exam).values(state="cancelled"))
    assert "各题情况" not in page_of(as_user("organiser"), f"/exams/{suspicious[0].exam_id}/statistics")


def test_a_manager_lets_an_item_be_counted_again(as_user, suspicious):
    exam, _people = suspicious
    item_id = items_of(exam)[1]
    with transaction() as session:
        session.execute(update(ItemStatistic).values(shown=1))
    assert as_user("author").post(f"/items/{item_id}/statistics").status_code == 403
    answer = as_user("bank").post(f"/items/{item_id}/statistics")
    assert (answer.status_code, answer.location) == (303, f"/items/{item_id}/statistics")
    assert db.session.scalar(select(ItemStatistic.shown).where(ItemStatistic.item_id == item_id)) == 120
    assert db.session.scalar(select(ExamStatistic.checked_at)) is None
    assert as_user("bank").post("/items/987654/statistics").status_code == 404


def test_the_pages_are_whole_in_english(as_user, suspicious):
    exam, _people = suspicious
    client = as_user("organiser")
    client.set_cookie("locale", "en")
    text = page_of(client, f"/exams/{exam.exam_id}/statistics")
    assert "Test analysis" in text
    bank = as_user("bank")
    bank.set_cookie("locale", "en")
    text = page_of(bank, f"/items/{items_of(exam)[1]}/statistics")
    assert "more of them chose A than the key" in text
    assert "%%" not in text
