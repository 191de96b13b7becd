"""Counting exams and practice, and what the statistics of an item are made of."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from scipy import stats
from sqlalchemy import func, select, update

from question_bank import Item
from tests.attempts.factories import RIGHT, item, make_drawn_exam
from tests.conftest import NINE
from tests.marking.factories import repair
from tests.reports.answers import OVER, count_all, items_of, make_people, practise, sheets, sit_many
from trainer.bank.models import ItemRecord, ItemStatistic, ItemVersion
from trainer.core.database import db, transaction
from trainer.exams.models import Exam, Sitting
from trainer.marking.models import Result
from trainer.papers.models import Blueprint
from trainer.papers.rules.blueprint import SectionSpec
from trainer.practice.models import PracticeAnswer
from trainer.reports import jobs
from trainer.reports.counting import check_counted, count_exam, next_to_count
from trainer.reports.jobs import count_answers
from trainer.reports.merging import ask_for_recount, merge_due
from trainer.reports.models import ExamStatistic, ItemUse, PracticeTally
from trainer.reports.practice_counting import count_practice, waiting_practice

DAY = timedelta(days=1)


pytestmark = pytest.mark.usefixtures("nothing_at_hand")


def of(item_id, origin="exam"):
    db.session.expire_all()
    return db.session.get(ItemStatistic, (item_id, origin))


def test_an_exam_gives_its_items_their_figures(city):
    exam, _people = sit_many(city, sheets())
    count_all()
    ids = items_of(exam)
    second = of(ids[2])
    assert (second.shown, second.facility) == (60, 8000)
    shares = [1.0 if number < 48 else 0.0 for number in range(60)]
    totals = [float(one) for one in db.session.scalars(select(Result.score).order_by(Result.attempt_id))]
    expected = stats.pearsonr(shares, [total - 2 * share for total, share in zip(totals, shares, strict=True)])
    assert second.discrimination == round(expected.statistic * 10_000)
    assert second.figures["point_biserial"]["interval"] == pytest.approx(list(expected.confidence_interval()))
    assert second.figures["exams"] == 1
    assert second.figures["since"] == "2026-11-23"


def test_options_are_counted_by_ability_and_blanks_beside_them(city):
    exam, _people = sit_many(city, sheets())
    count_all()
    ids = items_of(exam)
    first = of(ids[1]).figures
    assert {one["key"]: one["chosen"] for one in first["options"]} == {"A": 15, "B": 30, "C": 15, "D": 0}
    assert [one["key"] for one in first["options"] if one["right"]] == ["B"]
    assert sum(first["in_third"]) == 60
    assert [sum(one["thirds"]) for one in first["options"]] == [15, 30, 15, 0]
    assert {one["key"]: one["chosen"] for one in of(ids[2]).figures["options"]}["C"] == 48
    assert {one["key"]: one["chosen"] for one in of(ids[3]).figures["options"]} == {"true": 36, "false": 24}
    assert of(ids[4]).figures["options"] == []
    assert of(ids[5]).figures["blank"] == [6, 0, 0]


def test_an_item_that_a_repair_decides_for_all_tells_nothing_and_the_others_the_same(city):
    exam, _people = sit_many(city, sheets())
    repair(city, exam.exam_id, 1, "drop", now=OVER)
    count_exam(exam.exam_id, OVER)
    shown = {row.item_id: row.tally for row in db.session.scalars(select(ItemUse).where(ItemUse.part == 0))}
    ids = items_of(exam)
    assert set(shown) == {ids[number] for number in (2, 3, 4, 5)}
    merge_due(OVER)
    assert of(ids[2]).facility == 8000
    # The four others count 2.50 points each now; who has all of them right has all of the section, and not more.
    found = {tuple(one[:2]): one[5] for one in db.session.get(ExamStatistic, exam.exam_id).figures["profile"]}
    scores = db.session.scalars(select(Result.score).where(Result.exam_id == exam.exam_id))
    assert found["section", "1"] == pytest.approx(sum(float(score) / 10 for score in scores))


def test_the_exam_has_its_reliability_and_scores(city):
    exam, _people = sit_many(city, sheets(), pass_mark=None)
    count_all()
    found = db.session.get(ExamStatistic, exam.exam_id)
    assert found.people == 60
    reliability = found.figures["reliability"]
    assert reliability["people"] == 60
    assert -1 < reliability["alpha"] < 1
    assert reliability["alpha"] == pytest.approx(reliability["kr20"])
    assert reliability["interval"][0] < reliability["alpha"] < reliability["interval"][1]
    assert sum(found.figures["spread"]["steps"]) == 60
    assert found.figures["spread"]["passed"] is None


def test_second_attempts_empty_ones_and_unmarked_ones_are_left_out_and_told(city):
    some = sheets(40)
    some[3] = {}
    exam, people = sit_many(city, some, attempts=2)
    sit_many(city, [dict(RIGHT)] * 5, people=people[:5], exam=exam, ordinal=2)
    with transaction() as session:
        waiting = session.scalar(select(func.max(Result.attempt_id)).where(Result.user_id == people[20]))
        session.execute(update(Result).where(Result.attempt_id == waiting).values(unmarked=1, passed=None))
    count_all()
    found = db.session.get(ExamStatistic, exam.exam_id)
    assert found.people == 38
    assert found.figures["left_out"] == {"repeated": 5, "unmarked": 1, "empty": 1}
    assert of(items_of(exam)[1]).shown == 38


def test_an_exam_is_counted_once_it_is_over_and_settled(city):
    exam, _people = sit_many(city, sheets(10))
    assert next_to_count(NINE + timedelta(hours=1)) is None
    assert next_to_count(OVER) == exam.exam_id
    with transaction() as session:
        session.execute(update(Exam).values(state="cancelled"))
    assert next_to_count(OVER) is None


def test_a_second_run_changes_nothing_and_writes_nothing(city, count_queries):
    exam, _people = sit_many(city, sheets())
    count_all()
    before = of(items_of(exam)[1]).figures
    with count_queries() as seen:
        assert count_answers(OVER) == 0
    assert len(seen) <= 6
    assert not [one for one in seen if not one.lstrip().startswith("SELECT")]
    count_exam(exam.exam_id, OVER)
    count_all()
    assert of(items_of(exam)[1]).figures == before


def test_the_statements_do_not_grow_with_the_answers(city, count_queries):
    exam, _people = sit_many(city, sheets(90))
    with count_queries() as few:
        count_exam(exam.exam_id, OVER)
    other, _people = sit_many(city, sheets(90) * 2)
    with count_queries() as twice:
        count_exam(other.exam_id, OVER)
    assert len(few) <= 14
    # Two pages of attempts instead of one: two statements more.
    assert len(twice) == len(few) + 2
    with count_queries() as merged:
        assert merge_due(OVER) == 10
    assert len(merged) <= 10


def test_a_result_that_changes_lets_the_exam_be_counted_again_the_next_day(city):
    exam, people = sit_many(city, sheets())
    count_all()
    assert check_counted(OVER + DAY / 2) == 0
    with transaction() as session:
        result = session.scalars(select(Result).where(Result.user_id == people[0])).one()
        result.score, result.correct_count = result.score - 2, result.correct_count - 1
        result.marks = [{**result.marks[0], "points": "0.00", "fraction": "0", "correct": False}, *result.marks[1:]]
    assert of(items_of(exam)[1]).facility == 5000
    count_all(OVER + DAY)
    assert of(items_of(exam)[1]).facility == round(29 / 60 * 10_000)


def test_a_repair_and_marks_that_were_waited_for_are_counted_within_minutes(city):
    exam, people = sit_many(city, sheets())
    count_all()
    repair(city, exam.exam_id, 1, "full_marks", now=OVER + timedelta(minutes=1))
    with transaction() as session:
        session.execute(update(Result).where(Result.user_id == people[0]).values(unmarked=1))
    assert check_counted(OVER + timedelta(minutes=9)) == 0
    count_all(OVER + timedelta(minutes=11))
    left = db.session.scalars(select(ExamStatistic.figures)).one()["left_out"]
    db.session.rollback()
    assert left["unmarked"] == 1
    with transaction() as session:
        session.execute(update(Result).where(Result.user_id == people[0]).values(unmarked=0))
    count_all(OVER + timedelta(minutes=22))
    assert db.session.scalars(select(ExamStatistic.figures)).one()["left_out"]["unmarked"] == 0


def test_a_cancelled_exam_gives_its_answers_back(city):
    exam, _people = sit_many(city, sheets())
    count_all()
    with transaction() as session:
        session.execute(update(Exam).values(state="cancelled"))
    count_all(OVER)
    assert of(items_of(exam)[1]) is None
    assert check_counted(OVER + 2 * DAY) == 0


def test_several_exams_are_put_together_and_their_quarters_stand_apart(city):
    """The same items in two exams: everybody is counted, each correlation is found within its exam."""
    first, _people = sit_many(city, sheets())
    with transaction() as session:
        blueprint = Blueprint(title="第二次", seed="second", created_at=NINE)
        session.add(blueprint)
        session.flush()
        exam = Exam(
            title="第二次",
            unit_id=city.units["JM"],
            blueprint_id=blueprint.id,
            state="published",
            minutes=60,
            created_at=NINE,
        )
        session.add(exam)
        session.flush()
        later = NINE + 90 * DAY
        sitting = Sitting(exam_id=exam.id, opens_at=later, closes_at=later + timedelta(hours=2))
        session.add(sitting)
        session.flush()
        second = type(first)(exam.id, sitting.id, first.paper_id)
    good = [dict(RIGHT) for _ in range(40)]
    good[0][1] = "A"
    sit_many(city, good, exam=second, now=NINE + 90 * DAY)
    count_all(NINE + 91 * DAY)
    found = of(items_of(first)[1])
    assert (found.shown, found.figures["exams"]) == (100, 2)
    assert [(one["starts_on"], one["people"]) for one in found.figures["quarters"]] == [
        ("2026-10-01", 60),
        ("2027-01-01", 40),
    ]
    assert found.figures["drift"]["sure"]
    assert "drifting" in found.advice
    assert (found.figures["since"], found.figures["until"]) == ("2026-11-23", "2027-02-21")


def test_versions_with_another_key_stand_apart(city):
    exam, _people = sit_many(city, sheets())
    ids = items_of(exam)
    with transaction() as session:
        old = session.scalars(select(ItemVersion).where(ItemVersion.item_id == ids[1])).one()
        body = {**old.body, "key": "A"}
        new = {"item_id": ids[1], "public": old.public, "content_hash": b"1" * 32, "created_at": NINE}
        same = ItemVersion(number=2, body=old.body | {"explanation": "改了"}, **new)
        other = ItemVersion(number=3, body=body, changes_key=True, **new)
        session.add_all([same, other])
        session.flush()
        session.execute(update(ItemRecord).where(ItemRecord.id == ids[1]).values(version_id=same.id))
        other_id = other.id
    count_all()
    assert of(ids[1]).shown == 60
    with transaction() as session:
        session.execute(update(ItemRecord).where(ItemRecord.id == ids[1]).values(version_id=other_id))
    ask_for_recount(ids[1], OVER)
    found = of(ids[1])
    assert (found.shown, found.facility, found.advice) == (0, None, [])
    assert [(one["number"], one["same_key"], one["people"]) for one in found.figures["versions"]] == [(1, False, 60)]


def test_a_key_that_was_only_proposed_parts_nothing(city):
    exam, _people = sit_many(city, sheets())
    ids = items_of(exam)
    with transaction() as session:
        old = session.scalars(select(ItemVersion).where(ItemVersion.item_id == ids[1])).one()
        new = {"item_id": ids[1], "public": old.public, "content_hash": b"1" * 32, "created_at": NINE}
        given_up = ItemVersion(number=2, body={**old.body, "key": "A"}, changes_key=True, **new)
        mended = ItemVersion(number=3, body=old.body | {"explanation": "改了"}, **new)
        session.add_all([given_up, mended])
        session.flush()
        session.execute(update(ItemRecord).where(ItemRecord.id == ids[1]).values(version_id=mended.id))
    count_all()
    assert of(ids[1]).shown == 60


def test_a_case_is_one_item_and_its_parts_are_told_each_by_itself(city):
    part = {"kind": "single_choice", "options": [{"key": key, "text": f"选项{key}"} for key in "ABCD"], "key": "B"}
    part["basis"] = item("single_choice", 90).to_dict()["basis"]
    case = Item.from_dict(
        {
            **{k: v for k, v in item("single_choice", 90).to_dict().items() if k not in ("options", "key")},
            "id": "made-case-study-0090",
            "kind": "case_study",
            "stem": "某执法机关查处一案。",
            "parts": [
                {**part, "stem": "一", "explanation": "甲"},
                {**part, "stem": "二", "explanation": "乙", "key": "C"},
            ],
        }
    )
    section = {"count": 1, "partial_credit": "all_or_nothing", "wing": None, "topics": (), "fields": ()}
    section |= {"difficulty": (), "item_ids": ()}
    exam = make_drawn_exam(
        city,
        NINE,
        [case, item("single_choice", 91), item("true_false", 92)],
        SectionSpec(title="一", kind="case_study", points_each=Decimal(4), **section),
        SectionSpec(title="二", kind="single_choice", points_each=Decimal(2), **section),
        SectionSpec(title="三", kind="true_false", points_each=Decimal(2), **section),
        usernames=(),
    )
    answers = [{1: "B", 2: "C", 3: "B", 4: True}] * 20 + [{1: "B", 2: "A", 3: "A", 4: True}] * 20
    sit_many(city, answers, exam=exam)
    count_all()
    found = of(db.session.scalar(select(ItemRecord.id).where(ItemRecord.code == "made-case-study-0090")))
    assert (found.shown, found.facility) == (40, 7500)
    parts = found.figures["parts"]
    assert [(one["part"], one["facility"]) for one in parts] == [(1, 1.0), (2, 0.5)]
    assert {one["key"]: one["chosen"] for one in parts[1]["options"]} == {"A": 20, "B": 0, "C": 20, "D": 0}
    assert db.session.get(ExamStatistic, exam.exam_id).figures["reliability"]["kr20"] is None


# --- practice ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def practised(city):
    exam, people = sit_many(city, sheets(30))
    return items_of(exam)[1], people


def test_what_people_say_of_their_own_answers_is_not_counted(practised):
    item_id, people = practised
    for number, state in enumerate(("graded", "waiting", "self_assessed")):
        practise(people[number], item_id, "B", correct=True)
        with transaction() as session:
            session.execute(update(PracticeAnswer).where(PracticeAnswer.user_id == people[number]).values(state=state))
    assert count_practice(NINE + timedelta(hours=1)) == 1
    assert not waiting_practice(NINE + timedelta(hours=1))


def test_practice_counts_each_persons_first_answer_and_stands_apart(practised):
    item_id, people = practised
    for number, person in enumerate(people):
        practise(person, item_id, "B" if number < 12 else "A", correct=number < 12, seconds=30 + number)
        practise(person, item_id, "B", correct=True, at=NINE + timedelta(minutes=5))
    assert count_practice(NINE + timedelta(hours=1)) == 60
    assert count_practice(NINE + timedelta(hours=1)) == 0
    while merge_due(OVER):
        pass
    found = of(item_id, "practice")
    assert (found.shown, found.facility, found.discrimination, found.upper_lower) == (30, 4000, None, None)
    assert (found.figures["answers"], found.median_seconds, found.figures["times"]) == (60, 44, 30)
    assert {one["key"]: one["chosen"] for one in found.figures["options"]} == {"A": 18, "B": 12, "C": 0, "D": 0}


def test_counting_practice_in_small_pages_comes_to_the_same(practised):
    item_id, people = practised
    for number, person in enumerate(people):
        practise(person, item_id, None if number == 0 else "B", correct=number > 0, at=NINE + number * DAY)
    now = NINE + 40 * DAY
    while count_practice(now, most=7):
        pass
    rows = db.session.execute(select(PracticeTally.month, PracticeTally.answers).order_by(PracticeTally.month)).all()
    assert rows == [(date(2026, 11, 1), 8), (date(2026, 12, 1), 22)]
    while merge_due(now):
        pass
    assert (of(item_id, "practice").shown, of(item_id, "practice").figures["blank"]) == (30, [1, 0, 0])


def test_answers_that_just_came_wait(practised):
    """A lower id may be committed after a higher one: nothing is counted that such a one could still come before."""
    item_id, people = practised
    practise(people[0], item_id, "B", correct=True)
    practise(people[1], item_id, "B", correct=True, at=NINE + timedelta(minutes=4))
    assert count_practice(NINE + timedelta(minutes=1)) == 0
    assert count_practice(NINE + timedelta(minutes=5)) == 1
    assert count_practice(NINE + timedelta(minutes=7)) == 1


def test_practice_is_counted_in_few_statements(practised, count_queries):
    item_id, _people = practised
    people = make_people(type("City", (), {"units": {"PJ-CGJ": _unit()}}), 100)
    for person in people:
        practise(person, item_id, "B", correct=True)
    with count_queries() as seen:
        assert count_practice(OVER) == 100
    assert len(seen) <= 5


def _unit():
    from trainer.orgs.models import Unit

    return db.session.scalar(select(Unit.id).where(Unit.code == "PJ-CGJ"))


def test_a_recount_asks_for_the_exams_of_the_item(city):
    exam, _people = sit_many(city, sheets())
    count_all()
    assert ask_for_recount(items_of(exam)[1], OVER) == 1
    assert db.session.get(ExamStatistic, exam.exam_id, populate_existing=True).checked_at is None
    count_all(OVER)
    assert db.session.get(ExamStatistic, exam.exam_id, populate_existing=True).checked_at == OVER
    assert db.session.scalar(select(func.count()).select_from(ItemUse).where(ItemUse.is_merged.is_(False))) == 0


def test_a_slice_that_is_over_leaves_the_rest_to_the_next(city, monkeypatch):
    """The job gives way to others after each page; what it holds of an exam lies in the process alone."""
    exam, _people = sit_many(city, sheets(60))
    monkeypatch.setattr(jobs, "SLICE_SECONDS", 0)
    assert count_answers(OVER) == 0
    monkeypatch.setattr(jobs, "SLICE_SECONDS", 0.000001)
    for _ in range(20):
        count_answers(OVER)
        if of(items_of(exam)[1]) is not None:
            break
    assert of(items_of(exam)[1]).shown == 60


def test_practice_is_counted_in_rounds(practised):
    item_id, people = practised
    count_all()
    practise(people[0], item_id, "B", correct=True, at=OVER)
    assert not waiting_practice(OVER + timedelta(minutes=14))
    assert waiting_practice(OVER + timedelta(minutes=15))


def test_sections_topics_and_wings_are_counted_of_the_attempt_that_stands(city):
    made = sheets(10)
    exam, people = sit_many(city, made, attempts=2)
    # Three try again: all right, nothing at all, and as before.
    sit_many(city, [dict(RIGHT), {}, made[2]], people=people[:3], exam=exam, ordinal=2)
    count_all()
    found = {(one[0], one[1]): one[2:] for one in db.session.get(ExamStatistic, exam.exam_id).figures["profile"]}
    assert set(found) == {("section", "1"), ("topic", "penalty_law"), ("wing", "legal_theory")}
    shares = [
        float(score) / 10
        for score in db.session.scalars(
            select(func.max(Result.score)).where(Result.exam_id == exam.exam_id).group_by(Result.user_id)
        )
    ]
    for unit_id, counted, items, total, squares in found.values():
        assert (unit_id, counted, items) == (city.units["PJ-CGJ"], 10, 50)
        assert (total, squares) == pytest.approx((sum(shares), sum(share**2 for share in shares)))
    # Items know the first attempts alone.
    assert db.session.get(ExamStatistic, exam.exam_id).people == 10


def test_a_person_whose_best_attempt_waits_for_a_marker_has_no_profile_yet(city):
    exam, _people = sit_many(city, sheets(6))
    with transaction() as session:
        first = session.scalar(select(func.min(Result.attempt_id)))
        session.execute(update(Result).where(Result.attempt_id == first).values(unmarked=1))
    count_all()
    figures = db.session.get(ExamStatistic, exam.exam_id).figures
    assert {one[3] for one in figures["profile"]} == {5}


def test_a_repair_that_changes_no_score_is_counted_too(city):
    exam, _people = sit_many(city, [dict(RIGHT)] * 6)
    count_all()
    repair(city, exam.exam_id, 1, "full_marks", now=OVER)
    assert check_counted(OVER + DAY) == 1


def test_an_exam_counted_for_other_figures_is_counted_again(city):
    exam, _people = sit_many(city, sheets(6))
    count_all()
    with transaction() as session:
        row = session.get(ExamStatistic, exam.exam_id)
        row.signature = row.signature.partition(":")[2]
        row.figures = {key: value for key, value in row.figures.items() if key != "profile"}
    count_all(OVER + timedelta(minutes=1))
    assert db.session.get(ExamStatistic, exam.exam_id).figures["profile"]
