"""Items of an exam that tells no keys yet are no practice for whoever sat it, in no route."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.attempts.factories import make_drawn_exam
from tests.conftest import NINE
from tests.exams.factories import person
from tests.question_bank.samples import EXPLANATION_CANARY, make_item
from trainer.attempts.extend import extend_many
from trainer.core.database import db
from trainer.exams.service import release_results
from trainer.papers.rules.blueprint import SectionSpec

HOUR = timedelta(hours=1)
ITEM = make_item("single_choice", id="held-back-0001", explanation=f"解析 {EXPLANATION_CANARY}")


@pytest.fixture
def exam_of(city):
    """Make an exam of one open item for two officers, from nine to eleven."""

    def make(release):
        section = SectionSpec("单选", "single_choice", 1, Decimal(2), item_ids=(ITEM.id,))
        return make_drawn_exam(city, NINE, [ITEM], section, usernames=("officer", "officer2"), release=release)

    return make


def sit(client, exam):
    made = client.post(f"/api/v1/exams/{exam.exam_id}/attempts").json
    client.post(f"/api/v1/attempts/{made['attempt_id']}/submit", json={"epoch": made["epoch"]})


def practised(client):
    """Return (status of the item's page, whether the item comes by itself)."""
    page = client.get(f"/practice/item?item={ITEM.id}")
    return page.status_code, client.get("/api/v1/practice/next").json["item"] is not None


@pytest.mark.parametrize(
    ("release", "at", "is_held"),
    [
        ("manual", HOUR, True),
        ("manual", 3 * HOUR, True),
        ("after_close", HOUR, True),
        ("after_close", 3 * HOUR, False),
        ("after_submit", HOUR, False),
    ],
)
def test_who_has_handed_in_practises_nothing_of_it_before_the_release(exam_of, as_user, clock, release, at, is_held):
    clock(NINE)
    officer, stranger = as_user("officer"), as_user("officer3")
    sit(officer, exam_of(release))
    clock(NINE + at)
    assert practised(officer) == ((409, False) if is_held else (200, True))
    # Whoever has not met it there practises it as ever.
    assert practised(stranger) == (200, True)


def test_an_answer_of_before_tells_nothing_until_the_release(exam_of, city, as_user, clock):
    clock(NINE)
    officer, exam = as_user("officer"), exam_of("manual")
    asked = officer.get("/api/v1/practice/next").json["item"]
    sent = {"item": asked["id"], "version": asked["version"], "answer": "A", "key": "before-it-001"}
    kept = officer.post("/api/v1/practice/answers", json=sent).json["id"]
    assert EXPLANATION_CANARY in officer.get(f"/practice/answers/{kept}").text
    sit(officer, exam)
    told = officer.get(f"/practice/answers/{kept}")
    assert (told.status_code, EXPLANATION_CANARY in told.text) == (409, False)
    again = officer.post("/api/v1/practice/answers", json=sent | {"key": "behind-it-001"})
    assert (again.status_code, again.json["code"]) == (409, "item_in_exam")
    clock(NINE + 3 * HOUR)
    release_results(exam.exam_id, by=person(city, "organiser"), now=NINE + 3 * HOUR)
    db.session.rollback()
    assert EXPLANATION_CANARY in officer.get(f"/practice/answers/{kept}").text


def test_while_somebody_with_extra_minutes_still_writes_it_is_held_back(exam_of, city, as_user, clock):
    clock(NINE)
    officer, slow, exam = as_user("officer"), as_user("officer2"), exam_of("after_close")
    sit(officer, exam)
    slow.post(f"/api/v1/exams/{exam.exam_id}/attempts")
    extend_many(exam.exam_id, None, minutes=60, by=city.people["invigilator"], reason="停电", now=NINE + HOUR)
    clock(NINE + 2.5 * HOUR)
    assert practised(officer)[0] == 409
