"""Who may not repair, and when and what nobody may."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.attempts.factories import make_exam
from tests.conftest import NINE
from tests.marking.factories import (
    AFTER,
    HOUR,
    person,
    place_of_number,
    propose_repair,
    repair,
)
from trainer.bank.models import ItemVersion
from trainer.core.database import db, transaction
from trainer.core.errors import Conflict, Forbidden, Invalid, Missing, Refused
from trainer.exams.models import Candidate
from trainer.marking.models import Repair
from trainer.marking.queries.repairs import repairs_of
from trainer.marking.repairing import (
    RepairClosed,
    RepairIsOpen,
    RepairSpec,
    RepairTooEarly,
    propose,
    sign,
    withdraw,
)
from trainer.marking.rules.regrade import Remedy


@pytest.fixture
def exam(city):
    return make_exam(city, NINE)


def test_only_who_runs_the_exam_may_propose_sign_or_withdraw(city, exam):
    for name in ("officer", "county_organiser", "author", "scorer"):
        with pytest.raises(Missing):
            propose_repair(city, exam.exam_id, 1, "drop", by=name)
    repair_id = propose_repair(city, exam.exam_id, 1, "drop")
    for name in ("officer", "county_organiser"):
        with pytest.raises(Missing):
            sign(repair_id, by=person(city, name), now=AFTER)
        with pytest.raises(Missing):
            withdraw(repair_id, by=person(city, name), now=AFTER)
    with pytest.raises(Missing):
        sign(repair_id + 99, by=person(city, "organiser"), now=AFTER)


def test_an_author_of_the_item_does_not_sign(city, exam):
    with transaction() as session:
        version = session.get(ItemVersion, place_of_number(exam.exam_id, 1)[0])
        version.created_by = city.people["organiser"]
    repair_id = propose_repair(city, exam.exam_id, 1, "drop")
    with pytest.raises(Forbidden) as refusal:
        sign(repair_id, by=person(city, "organiser"), now=AFTER)
    assert refusal.value.code == "signer_is_author"


def test_a_candidate_of_the_exam_has_no_part_in_it(city, exam):
    with transaction() as session:
        row = {"exam_id": exam.exam_id, "sitting_id": exam.sitting_id, "unit_id": city.units["JM-SFJ"]}
        session.add(Candidate(user_id=city.people["organiser"], paper_id=exam.paper_id, **row))
    repair_id = propose_repair(city, exam.exam_id, 1, "drop")
    for work in (
        lambda: sign(repair_id, by=person(city, "organiser"), now=AFTER),
        lambda: withdraw(repair_id, by=person(city, "organiser"), now=AFTER),
        lambda: propose_repair(city, exam.exam_id, 2, "drop", by="organiser"),
    ):
        with pytest.raises(Forbidden) as refusal:
            work()
        assert refusal.value.code == "decider_is_candidate"


def test_keys_stay_shut_while_somebody_may_be_writing(city):
    exam = make_exam(city, NINE, release="after_close")
    with pytest.raises(RepairTooEarly):
        propose_repair(city, exam.exam_id, 1, "drop", now=NINE + HOUR)
    assert propose_repair(city, exam.exam_id, 1, "drop", now=AFTER)


def test_keys_stay_shut_before_an_exam_opens_and_to_its_candidates_before_it_ends(city, as_user, clock):
    exam = make_exam(city, NINE, opens_in=10, release="after_submit", usernames=("officer", "organiser"))
    url, page = f"/api/v1/exams/{exam.exam_id}/items", f"/exams/{exam.exam_id}/repairs"
    clock(NINE)
    assert as_user("examiner").get(url).json["code"] == "repair_too_early"
    assert "本场试题" not in as_user("examiner").get(page).text
    clock(NINE + timedelta(minutes=10))
    assert as_user("examiner").get(url).status_code == 200
    assert as_user("organiser").get(url).json["code"] == "repair_too_early"
    assert "本场试题" not in as_user("organiser").get(page).text
    repair_id = propose_repair(city, exam.exam_id, 4, "also_accept", [["半个月"], []], now=NINE + timedelta(minutes=11))
    assert as_user("examiner").get(f"/repairs/{repair_id}").status_code == 200
    assert as_user("organiser").get(f"/repairs/{repair_id}").status_code == 409
    assert as_user("organiser").get(f"/api/v1/exams/{exam.exam_id}/repairs").json["code"] == "repair_too_early"
    clock(AFTER)
    assert as_user("organiser").get(url).status_code == 200


def test_an_exam_that_is_not_published_is_not_repaired(city):
    exam = make_exam(city, NINE, state="cancelled")
    with pytest.raises(Conflict) as refusal:
        propose_repair(city, exam.exam_id, 1, "drop")
    assert refusal.value.code == "exam_not_published"


def test_what_cannot_be_is_refused(city, exam):
    for number, remedy, answer, reason, field in (
        (1, "change_key", "B", "x", "answer"),
        (1, "change_key", "Z", "x", "answer"),
        (1, "drop", None, " ", "reason"),
        (1, "drop", None, "长" * 501, "reason"),
    ):
        with pytest.raises(Invalid) as refusal:
            propose_repair(city, exam.exam_id, number, remedy, answer, reason=reason)
        assert [one.field for one in refusal.value.problems] == [field]
    with pytest.raises(Missing):
        propose(exam.exam_id, RepairSpec((10**9, 0), Remedy("drop"), "x"), by=person(city, "examiner"), now=AFTER)


def test_a_paper_is_never_left_without_an_item(city):
    exam = make_exam(city, NINE, count=2)
    repair(city, exam.exam_id, 1, "drop")
    with pytest.raises(Refused) as refusal:
        propose_repair(city, exam.exam_id, 2, "drop")
    assert refusal.value.code == "nothing_left_on_paper"
    assert propose_repair(city, exam.exam_id, 2, "full_marks")


def test_an_item_has_one_open_repair_and_the_same_again_is_the_same(city, exam):
    repair_id = propose_repair(city, exam.exam_id, 1, "drop")
    assert propose_repair(city, exam.exam_id, 1, "drop") == repair_id
    with pytest.raises(RepairIsOpen):
        propose_repair(city, exam.exam_id, 1, "full_marks")
    with pytest.raises(RepairIsOpen):
        propose_repair(city, exam.exam_id, 1, "drop", by="organiser")
    withdraw(repair_id, by=person(city, "organiser"), now=AFTER)
    withdraw(repair_id, by=person(city, "organiser"), now=AFTER)
    with pytest.raises(RepairClosed):
        sign(repair_id, by=person(city, "organiser"), now=AFTER)
    again = propose_repair(city, exam.exam_id, 1, "drop")
    assert again != repair_id
    sign(again, by=person(city, "organiser"), now=AFTER)
    with pytest.raises(RepairClosed):
        withdraw(again, by=person(city, "organiser"), now=AFTER)
    assert [one.state for one in repairs_of(db.session(), exam.exam_id)] == ["published", "withdrawn"]


def test_numbers_follow_the_order_of_signing(city, exam):
    first = propose_repair(city, exam.exam_id, 1, "drop")
    second = propose_repair(city, exam.exam_id, 2, "drop")
    for repair_id in (second, first):
        sign(repair_id, by=person(city, "organiser"), now=AFTER)
    numbers = dict(db.session.execute(select(Repair.id, Repair.number)).all())
    assert numbers == {first: 2, second: 1}
