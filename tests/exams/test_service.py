"""Making, publishing, changing and releasing exams."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, update

from tests.conftest import NINE
from tests.exams.factories import HOUR, make_exam, make_spec, person
from tests.factories import add_user
from tests.papers.factories import fill_bank, section
from trainer.accounts.models import User
from trainer.attempts.cancel import cancel_exam
from trainer.attempts.excusing import excuse_candidate
from trainer.attempts.models import Attempt
from trainer.audit.models import Entry
from trainer.bank.models import ItemRecord
from trainer.core.database import transaction
from trainer.core.errors import Conflict, Forbidden, Invalid, Missing, Refused
from trainer.exams import service
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.notices.models import Notice
from trainer.papers.models import Blueprint, Paper, PaperItem
from trainer.papers.service import NotEnoughItems

BEFORE, AFTER = NINE - HOUR, NINE + 3 * HOUR

GRACE = timedelta(seconds=10)


def candidates(session, exam_id):
    return session.scalars(select(Candidate).where(Candidate.exam_id == exam_id).order_by(Candidate.user_id)).all()


def actions(session, exam_id):
    found = list(session.scalars(select(Entry.action).where(Entry.target == f"exam:{exam_id}").order_by(Entry.id)))
    session.rollback()
    return found


def start_attempt(exam_id, user_id):
    with transaction() as session:
        one = session.scalar(select(Candidate).where(Candidate.exam_id == exam_id, Candidate.user_id == user_id))
        values = {"exam_id": exam_id, "sitting_id": one.sitting_id, "candidate_id": one.id, "user_id": user_id}
        times = {"started_at": NINE, "deadline_at": NINE + HOUR, "grace_seconds": 10, "state": "open", "epoch": 1}
        session.execute(insert(Attempt).values(**values, **times, ordinal=1, paper_id=one.paper_id))


def test_a_published_exam_has_papers_candidates_notices_and_a_record(session, city):
    exam_id = make_exam(city)
    exam = session.get(Exam, exam_id)
    assert (exam.state, exam.unit_id) == ("published", city.units["JM"])
    named = candidates(session, exam_id)
    assert {one.user_id for one in named} == {city.people["officer"], city.people["officer2"]}
    assert {one.unit_id for one in named} == {city.units["PJ-CGJ"]}
    assert all(one.paper_id for one in named)
    assert session.scalar(select(func.count()).select_from(Paper)) == 1
    notices = session.scalars(select(Notice)).all()
    assert {one.user_id for one in notices} == {one.user_id for one in named}
    assert {(one.code, one.url) for one in notices} == {("exam_published", f"/exams/{exam_id}/hall")}
    published = session.scalar(select(Entry).where(Entry.action == "exam.published"))
    assert published.detail["candidates"] == 2
    assert len(published.detail["commitment"]) == 64
    assert actions(session, exam_id) == ["exam.drafted", "exam.published"]


def test_a_draft_has_no_papers_and_tells_nobody_until_it_is_published_once(session, city):
    exam_id = make_exam(city, publish=False)
    assert session.scalar(select(func.count()).select_from(Paper)) == 0
    assert session.scalar(select(func.count()).select_from(Notice)) == 0
    session.rollback()
    for _ in range(2):
        service.publish_exam(exam_id, by=person(city, "organiser"), now=BEFORE)
    assert actions(session, exam_id) == ["exam.drafted", "exam.published"]
    assert session.scalar(select(func.count()).select_from(Paper)) == 1


def test_a_unit_stands_for_the_active_officers_of_its_subtree(session, city):
    with transaction() as inner:
        unit = city.units["PJ-BS"]
        ids = {
            name: add_user(inner, name, unit, NINE, category=category, state=state)
            for name, category, state in [
                ("active", "officer", "active"),
                ("locked", "officer", "locked"),
                ("left", "officer", "left"),
                ("aux", "auxiliary", "active"),
                ("desk", "staff", "active"),
            ]
        }
    exam_id = make_exam(city, units=("PJ-BS", "PJ-BS-ZF"), usernames=("aux", "OFFICER3 "))
    assert {one.user_id for one in candidates(session, exam_id)} == {
        ids["active"],
        ids["aux"],
        city.people["officer4"],
        city.people["officer3"],
    }


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"units": ("PJ-CGJ", "NOWHERE")}, "candidates.units.1", "unknown_unit"),
        ({"units": ("XH-CGJ",)}, "candidates.units.0", "unknown_unit"),
        ({"usernames": ("nobody",)}, "candidates.usernames.0", "unknown_person"),
        ({"usernames": ("officer", "foreign_officer")}, "candidates.usernames.1", "unknown_person"),
        ({"usernames": ("head",)}, "candidates.usernames.0", "not_an_officer"),
        ({"unit_code": "XH"}, "unit", "unknown_unit"),
        ({"minutes": 0}, "minutes", "out_of_range"),
        ({"closes_at": BEFORE, "opens_at": BEFORE - HOUR}, "closes_at", "closes_in_past"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_stored(session, city, change, field, code):
    with pytest.raises(Invalid) as refusal:
        make_exam(city, "county_organiser", **change)
    assert [(one.field, one.code) for one in refusal.value.problems] == [(field, code)]
    assert session.scalar(select(func.count()).select_from(Exam)) == 0
    assert session.scalar(select(func.count()).select_from(Blueprint)) == 0


def test_an_inactive_person_is_named_in_the_refusal(session, city):
    session.execute(update(User).where(User.username == "officer").values(state="left"))
    session.commit()
    with pytest.raises(Invalid) as refusal:
        make_exam(city, usernames=("officer",))
    assert refusal.value.problems[0].code == "person_inactive"


def test_an_exam_that_the_bank_cannot_fill_is_refused_when_published_and_kept_as_draft(session, city):
    with pytest.raises(NotEnoughItems) as refusal:
        make_exam(city, items=2)
    assert refusal.value.problems[0].field == "sections.0.count"
    assert session.scalar(select(func.count()).select_from(Exam)) == 0
    session.rollback()
    exam_id = service.create_exam(make_spec(), by=person(city, "organiser"), now=BEFORE, publish=False)
    with pytest.raises(NotEnoughItems):
        service.publish_exam(exam_id, by=person(city, "organiser"), now=BEFORE)
    assert session.get(Exam, exam_id).state == "draft"


def test_the_owner_is_the_widest_unit_of_the_scope_or_the_one_asked_for(session, city):
    first = make_exam(city, "county_organiser")
    second = service.create_exam(make_spec(unit_code="PJ-CGJ"), by=person(city, "county_organiser"), now=BEFORE)
    assert session.get(Exam, first).unit_id == city.units["PJ"]
    assert session.get(Exam, second).unit_id == city.units["PJ-CGJ"]


def test_who_manages_nothing_makes_no_exam(city):
    with pytest.raises(Forbidden):
        make_exam(city, "officer", units=())


@pytest.mark.parametrize("who", ["foreign_organiser", "county_organiser", "officer", "supervisor"])
def test_an_exam_outside_ones_scope_is_missing(city, who):
    exam_id = make_exam(city)
    by = person(city, who)
    for call in (
        lambda: service.publish_exam(exam_id, by=by, now=BEFORE),
        lambda: service.change_draft(exam_id, make_spec(units=()), by=by, now=BEFORE),
        lambda: service.add_candidates(exam_id, by=by, now=BEFORE),
        lambda: service.remove_candidate(exam_id, city.people["officer"], by=by),
        lambda: excuse_candidate(exam_id, city.people["officer"], "exempt", by=by),
        lambda: service.extend_closing(exam_id, AFTER, by=by, now=BEFORE),
        lambda: service.release_results(exam_id, by=by, now=AFTER),
        lambda: cancel_exam(exam_id, by=by, now=BEFORE),
    ):
        with pytest.raises((Missing, Forbidden)):
            call()


def test_a_draft_is_replaced_as_a_whole(session, city):
    exam_id = make_exam(city, publish=False)
    spec = make_spec(title="改过的考试", units=(), usernames=("officer3",), minutes=30, closes_at=NINE + 5 * HOUR)
    service.change_draft(exam_id, spec, by=person(city, "organiser"), now=BEFORE)
    exam = session.get(Exam, exam_id)
    assert (exam.title, exam.minutes) == ("改过的考试", 30)
    assert [one.user_id for one in candidates(session, exam_id)] == [city.people["officer3"]]
    assert session.scalar(select(Sitting.closes_at)) == NINE + 5 * HOUR
    session.rollback()
    service.publish_exam(exam_id, by=person(city, "organiser"), now=BEFORE)
    with pytest.raises(service.NotDraft):
        service.change_draft(exam_id, spec, by=person(city, "organiser"), now=BEFORE)


@pytest.mark.parametrize(
    ("change", "papers", "distinct"),
    [
        ({}, 1, 1),
        ({"shuffle_options": True}, 2, 2),
        ({"draw": "per_form", "forms": 3}, 3, 2),
        ({"draw": "per_candidate"}, 2, 2),
        ({"draw": "per_candidate", "attempts": 3}, 6, 2),
    ],
)
def test_papers_are_compiled_and_dealt_by_the_draw(session, city, change, papers, distinct):
    exam_id = make_exam(city, **change)
    assert session.scalar(select(func.count()).select_from(Paper)) == papers
    assert len({one.paper_id for one in candidates(session, exam_id)}) == distinct


def test_forms_are_dealt_evenly(session, city):
    with transaction() as inner:
        for number in range(22):
            add_user(inner, f"o{number}", city.units["PJ-CGJ"], NINE)
    exam_id = make_exam(city, draw="per_form", forms=4)
    assert set(Counter(one.paper_id for one in candidates(session, exam_id)).values()) == {6}


@pytest.mark.parametrize("draw", ["one_paper", "per_form", "per_candidate"])
def test_candidates_named_later_get_a_paper_and_a_notice(session, city, draw):
    exam_id = make_exam(city, draw=draw, units=(), usernames=("officer",))
    by = person(city, "organiser")
    assert service.add_candidates(exam_id, units=["PJ-CGJ"], usernames=["officer3"], by=by, now=NINE) == 2
    assert service.add_candidates(exam_id, units=["PJ-CGJ"], usernames=["officer3"], by=by, now=NINE) == 0
    named = candidates(session, exam_id)
    assert len(named) == 3
    assert all(one.paper_id for one in named)
    if draw == "per_candidate":
        assert len({one.paper_id for one in named}) == 3
    assert session.scalar(select(func.count()).select_from(Notice)) == 3


def test_nobody_is_named_after_the_close(city):
    exam_id = make_exam(city)
    by = person(city, "organiser")
    with pytest.raises(Refused, match="exam_is_over"):
        service.add_candidates(exam_id, usernames=["officer3"], by=by, now=NINE + 2 * HOUR)
    with pytest.raises(Invalid) as refusal:
        service.add_candidates(exam_id, usernames=["ghost"], by=by, now=NINE)
    assert refusal.value.problems[0].field == "usernames.0"


def test_a_candidate_is_removed_once_and_never_after_a_start(session, city):
    exam_id = make_exam(city)
    by = person(city, "organiser")
    start_attempt(exam_id, city.people["officer"])
    for _ in range(2):
        service.remove_candidate(exam_id, city.people["officer2"], by=by)
    assert actions(session, exam_id).count("exam.candidate_removed") == 1
    with pytest.raises(service.CandidateHasAttempt):
        service.remove_candidate(exam_id, city.people["officer"], by=by)
    assert [one.user_id for one in candidates(session, exam_id)] == [city.people["officer"]]


def test_a_candidate_is_excused(session, city):
    exam_id = make_exam(city)
    by = person(city, "organiser")
    excuse_candidate(exam_id, city.people["officer"], "deferred", by=by)
    assert Counter(one.state for one in candidates(session, exam_id)) == {"deferred": 1, "due": 1}
    session.rollback()
    with pytest.raises(Missing):
        excuse_candidate(exam_id, city.people["officer3"], "exempt", by=by)
    with pytest.raises(Invalid):
        excuse_candidate(exam_id, city.people["officer"], "ill", by=by)


def test_the_close_only_moves_back(session, city):
    exam_id = make_exam(city, release="manual")
    by = person(city, "organiser")
    later = NINE + 4 * HOUR
    for _ in range(2):
        service.extend_closing(exam_id, later, by=by, now=NINE)
    assert session.scalar(select(Sitting.closes_at)) == later
    session.rollback()
    assert actions(session, exam_id).count("exam.extended") == 1
    with pytest.raises(Invalid) as refusal:
        service.extend_closing(exam_id, later - timedelta(minutes=1), by=by, now=NINE)
    assert refusal.value.problems[0].code == "closes_earlier"
    with pytest.raises(Invalid):
        service.extend_closing(exam_id, later + GRACE / 2, by=by, now=later + GRACE / 2)


@pytest.mark.parametrize(("release", "why"), [("after_close", "results_are_out"), ("manual", "exam_is_over")])
def test_an_exam_whose_keys_or_draw_may_be_known_is_not_opened_again(city, release, why):
    exam_id = make_exam(city, release=release)
    with pytest.raises(Refused, match=why):
        service.extend_closing(exam_id, AFTER, by=person(city, "organiser"), now=NINE + 2 * HOUR + GRACE)


def test_results_are_not_released_by_hand_while_somebody_has_granted_minutes_left(session, city):
    exam_id = make_exam(city, release="manual")
    by = person(city, "organiser")
    with transaction() as writing:
        writing.scalars(select(Candidate).where(Candidate.exam_id == exam_id)).first().extra_minutes = 10
    with pytest.raises(Refused, match="exam_still_open"):
        service.release_results(exam_id, by=by, now=NINE + 2 * HOUR + timedelta(minutes=10))
    service.release_results(exam_id, by=by, now=NINE + 2 * HOUR + timedelta(minutes=10) + GRACE)
    assert actions(session, exam_id).count("exam.released") == 1


def test_results_are_released_by_hand_after_the_close_and_once(session, city):
    exam_id = make_exam(city, release="manual")
    by = person(city, "organiser")
    with pytest.raises(Refused, match="exam_still_open"):
        service.release_results(exam_id, by=by, now=NINE + 2 * HOUR + GRACE - timedelta(seconds=1))
    for hour in (2, 3):
        service.release_results(exam_id, by=by, now=NINE + hour * HOUR + GRACE)
    assert session.get(Exam, exam_id).released_at == NINE + 2 * HOUR + GRACE
    assert actions(session, exam_id).count("exam.released") == 1
    assert session.scalar(select(func.count()).select_from(Notice).where(Notice.code == "results_released")) == 2


def test_a_cancelled_exam_stays_cancelled(session, city):
    exam_id = make_exam(city)
    by = person(city, "organiser")
    for _ in range(2):
        cancel_exam(exam_id, by=by, now=NINE)
    assert actions(session, exam_id).count("exam.cancelled") == 1
    with pytest.raises(Conflict):
        service.publish_exam(exam_id, by=by, now=NINE)
    with pytest.raises(Refused):
        service.extend_closing(exam_id, AFTER, by=by, now=NINE)
    with pytest.raises(Refused):
        service.add_candidates(exam_id, usernames=["officer3"], by=by, now=NINE)


def test_an_exam_whose_results_are_out_is_not_cancelled(city):
    exam_id = make_exam(city)
    with pytest.raises(Refused, match="results_are_out"):
        cancel_exam(exam_id, by=person(city, "organiser"), now=AFTER)


def test_the_same_seed_and_bank_give_the_same_papers_and_the_same_deal(session, city):
    fill_bank(single_choice=12)
    by = person(city, "organiser")
    dealt = []
    for _ in range(2):
        spec = make_spec(draw="per_candidate", sections=(section(count=5),))
        exam_id = service.create_exam(spec, by=by, now=BEFORE)
        rows = session.execute(
            select(Candidate.user_id, Paper.document)
            .join(Paper, Paper.id == Candidate.paper_id)
            .where(Candidate.exam_id == exam_id)
        )
        dealt.append({row.user_id: row.document for row in rows})
        session.rollback()
    assert dealt[0] == dealt[1]


@pytest.mark.parametrize("draw", ["one_paper", "per_form", "per_candidate"])
def test_the_bank_is_asked_at_publication_even_before_anybody_is_named(session, city, draw):
    fill_bank(single_choice=2)
    spec = make_spec(units=(), draw=draw)
    with pytest.raises(NotEnoughItems):
        service.create_exam(spec, by=person(city, "organiser"), now=NINE - HOUR)
    assert session.scalar(select(func.count()).select_from(Exam)) == 0


def test_people_named_after_the_publication_get_shuffled_papers_too(session, city):
    exam_id = make_exam(city, units=(), shuffle_options=True)
    by = person(city, "organiser")
    assert session.scalar(select(func.count()).select_from(Paper)) == 1
    for _ in range(2):
        service.add_candidates(exam_id, units=["PJ-CGJ"], by=by, now=NINE)
    named = session.scalar(select(func.count()).where(Candidate.exam_id == exam_id))
    assert named > 1
    assert session.scalar(select(func.count()).select_from(Paper)) == min(named, 16)
    versions = select(func.count(PaperItem.item_version_id.distinct()))
    assert session.scalar(versions) == 3


def test_reserved_items_are_drawn_by_who_may_and_that_is_put_down(session, city):
    fill_bank(single_choice=6)
    with transaction() as open_session:
        open_session.execute(update(ItemRecord).where(ItemRecord.code.in_(["s-1", "s-2"])).values(pool="reserved"))
    by_pool = make_spec(sections=(section(count=2, pool="reserved"),))
    by_name = make_spec(sections=(section(count=2, item_ids=("s-1", "s-3")),))
    for spec, field, code in (
        (by_pool, "sections.0.pool", "reserved_not_allowed"),
        (by_name, "sections.0.item_ids", "unknown_items"),
    ):
        with pytest.raises(Invalid) as refusal:
            service.create_exam(spec, by=person(city, "examiner"), now=BEFORE, publish=False)
        assert [(one.field, one.code) for one in refusal.value.problems] == [(field, code)]
        service.create_exam(spec, by=person(city, "organiser"), now=BEFORE)
    service.create_exam(make_spec(), by=person(city, "examiner"), now=BEFORE)
    drawn = session.scalars(select(Entry.detail).where(Entry.action == "exam.published").order_by(Entry.id)).all()
    assert [one.get("reserved") for one in drawn] == [["s-1", "s-2"], ["s-1"], None]
