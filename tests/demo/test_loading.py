"""The loaded city holds together: every number in it is what the site itself would have written."""

from collections import Counter, defaultdict
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.conftest import NINE, _empty
from trainer.accounts.models import Grant, User
from trainer.accounts.queries import person_by_id
from trainer.accounts.rules import ROLES
from trainer.attempts.models import Attempt, Response, ResponseEvent
from trainer.certificates.models import Certificate
from trainer.competitions.board import boards
from trainer.competitions.leaderboard import rebuild
from trainer.competitions.models import Competition, Round, RoundScore, Team, TeamMember
from trainer.competitions.queries import outline_of, person_scores
from trainer.competitions.rules.standings import of_people
from trainer.core.clock import local_day
from trainer.core.crypto import password_fits
from trainer.core.database import db
from trainer.demo.loading import CityExists, load_city
from trainer.demo.rules.story import DEFAULT_SEED, tell_story
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.exams.rules import key_leaks
from trainer.hours.models import LedgerEntry, Requirement
from trainer.marking.grading import forget_keys, keys_of
from trainer.marking.models import Result
from trainer.marking.rules import total
from trainer.notices.models import Feedback, Notice
from trainer.orgs.models import Unit
from trainer.practice.models import Card, PracticeAnswer
from trainer.practice.rules.memory import replay
from trainer.training.models import RollEntry, TrainingClass

OFFICERS = 60


@pytest.fixture(scope="module")
def city(site, tmp_path_factory):
    """What was loaded, once for all tests of this file; they only read."""
    forget_keys()
    boards.forget()
    with site.app_context():
        try:
            instance = tmp_path_factory.mktemp("city")
            yield load_city(OFFICERS, seed=DEFAULT_SEED, now=NINE, instance=instance)
        finally:
            db.session.rollback()
            db.session.remove()
            _empty(db)
            forget_keys()
            boards.forget()


@pytest.fixture(scope="module")
def story():
    return tell_story(DEFAULT_SEED, OFFICERS, local_day(NINE))


@pytest.fixture(autouse=True)
def rows(city):
    """The session in which the rows are read."""
    yield db.session
    db.session.rollback()


def _count(table):
    return db.session.scalar(select(func.count()).select_from(table))


def test_no_exam_of_the_city_gives_its_keys_away(city):
    exams = db.session.scalars(select(Exam)).all()
    assert len(exams) > 3
    for exam in exams:
        leaks = key_leaks(
            exam.release, exam.draw, forms=exam.forms, attempts=exam.attempts_allowed, credit_hours=exam.credit_hours
        )
        assert leaks == [], exam.title


def test_everybody_of_the_story_is_there(city, story):
    officers = db.session.scalar(select(func.count()).where(User.category == "officer"))
    assert officers == OFFICERS == city.officers
    assert _count(User) == city.people
    assert set(db.session.scalars(select(User.username))) >= {person.username for person in story.people}
    assert _count(Unit) == len(story.units) == city.units


def test_the_path_of_a_unit_runs_through_its_parents():
    units = {unit.id: unit for unit in db.session.scalars(select(Unit))}
    for unit in units.values():
        above = units[unit.parent_id].path if unit.parent_id else ""
        assert unit.path == f"{above}{unit.id:06d}/"


def test_nobody_stands_outside_the_units_in_which_they_work(story):
    codes = dict(db.session.execute(select(User.username, Unit.code).join(Unit, Unit.id == User.unit_id)).all())
    assert len(codes) == _count(User)
    assert {person.username: codes[person.username] for person in story.people} == {
        person.username: person.unit_code for person in story.people
    }


def test_only_printed_accounts_can_sign_in_and_with_their_password(city):
    hashes = dict(
        db.session.execute(select(User.username, User.password_hash).where(User.password_hash.is_not(None))).all()
    )
    assert set(hashes) == {one.username for one in city.accounts}
    one = city.accounts[0]
    assert password_fits(hashes[one.username], one.password)


def test_every_role_has_an_account_that_holds_it(city):
    held = defaultdict(set)
    for username, role in db.session.execute(select(User.username, Grant.role).join(User, User.id == Grant.user_id)):
        held[username].add(role)
    assert {one.role for one in city.accounts} == set(ROLES)
    assert all(one.role in held[one.username] for one in city.accounts)


def test_officers_and_auxiliaries_alone_learn():
    learners = select(User.category).join(Grant, Grant.user_id == User.id).where(Grant.role == "officer")
    assert set(db.session.scalars(learners)) == {"officer", "auxiliary"}
    holders = select(User.category).join(Certificate, Certificate.user_id == User.id)
    assert set(db.session.scalars(holders)) == {"officer"}


def test_the_ledger_is_what_the_confirmed_rolls_give():
    rolls = (
        select(RollEntry.user_id, TrainingClass.id, TrainingClass.hours)
        .join(TrainingClass, TrainingClass.id == RollEntry.class_id)
        .where(TrainingClass.state == "confirmed", RollEntry.present.is_(True))
    )
    owed = {(user_id, str(class_id)): hours for user_id, class_id, hours in db.session.execute(rolls)}
    entries = db.session.scalars(select(LedgerEntry)).all()
    assert {(one.user_id, one.source_id): one.hours for one in entries} == owed
    assert len(entries) == len(owed) > OFFICERS
    assert {one.source for one in entries} == {"class"}
    units = dict(db.session.execute(select(User.id, User.unit_id)).all())
    assert all(one.unit_id == units[one.user_id] and one.year == one.occurred_on.year for one in entries)
    assert all(one.entered_at <= NINE for one in entries)
    assert dict(db.session.execute(select(Requirement.year, Requirement.hours)).all()) == {
        2025: Decimal(60),
        2026: Decimal(60),
    }


def test_a_class_is_confirmed_by_somebody_who_may_and_did_not_enter_it():
    for row in db.session.scalars(select(TrainingClass).where(TrainingClass.state == "confirmed")):
        assert row.decided_by != row.entered_by
        path = db.session.get(Unit, row.unit_id).path
        assert person_by_id(db.session(), row.decided_by).scope("class.confirm").holds_whole(path)
        assert person_by_id(db.session(), row.entered_by).scope("class.manage").holds_whole(path)


def test_one_class_waits_for_the_head_of_the_show_unit():
    head = db.session.scalar(select(User.id).where(User.username == "head"))
    waiting = db.session.scalars(select(TrainingClass).where(TrainingClass.state == "submitted")).all()
    assert len(waiting) == 1
    path = db.session.get(Unit, waiting[0].unit_id).path
    assert person_by_id(db.session(), head).scope("class.confirm").holds_whole(path)
    told = select(Notice.user_id).where(Notice.code == "class_to_confirm")
    assert list(db.session.scalars(told)) == [head]


def test_every_result_is_what_marking_finds_again():
    results = db.session.scalars(select(Result)).all()
    assert len(results) > 20
    pass_marks = dict(db.session.execute(select(Exam.id, Exam.pass_mark)).all())
    for row in results:
        attempt = db.session.get(Attempt, row.attempt_id)
        answers = dict(
            db.session.execute(select(Response.number, Response.answer).where(Response.attempt_id == attempt.id)).all()
        )
        keys = keys_of(db.session(), attempt.paper_id)
        again = total([key.mark(answers.get(key.number)) for key in keys], pass_marks[row.exam_id])
        assert (row.score, row.correct_count, row.marks, row.passed) == (
            again.score,
            again.correct_count,
            again.marks,
            again.passed,
        )


def test_what_stands_is_the_newest_answer_and_was_given_in_time():
    newest = {}
    for event in db.session.scalars(select(ResponseEvent)):
        held = newest.get((event.attempt_id, event.number))
        if held is None or event.seq > held.seq:
            newest[event.attempt_id, event.number] = event
    standing = db.session.scalars(select(Response)).all()
    assert {(one.attempt_id, one.number): (one.seq, one.answer) for one in standing} == {
        place: (event.seq, event.answer) for place, event in newest.items()
    }
    assert _count(ResponseEvent) > len(standing)
    attempts = {one.id: one for one in db.session.scalars(select(Attempt))}
    assert all(
        attempts[one.attempt_id].started_at <= one.saved_at <= (attempts[one.attempt_id].submitted_at or NINE)
        for one in standing
    )


def test_attempts_lie_within_their_sitting_and_all_that_was_handed_in_is_marked():
    sat = db.session.execute(select(Attempt, Sitting).join(Sitting, Sitting.id == Attempt.sitting_id))
    states = Counter()
    for attempt, sitting in sat:
        states[attempt.state] += 1
        assert sitting.opens_at <= attempt.started_at < sitting.closes_at
        assert attempt.started_at < attempt.deadline_at <= sitting.closes_at
        assert (attempt.settled_at is not None) == (attempt.state == "submitted")
        if attempt.state == "submitted":
            assert attempt.started_at < attempt.submitted_at <= min(attempt.deadline_at, NINE)
        else:
            assert attempt.started_at < NINE < attempt.deadline_at
    assert states["submitted"] == _count(Result)
    assert states["open"] >= 1


def test_the_scores_of_competitions_are_what_a_rebuild_finds(site):
    for competition_id in db.session.scalars(select(Competition.id)).all():
        assert rebuild(competition_id).changed == 0


def test_who_went_through_is_who_led_the_preliminary():
    finished = db.session.scalar(select(Competition).where(Competition.state == "closed"))
    first, last = db.session.scalars(
        select(Round).where(Round.competition_id == finished.id).order_by(Round.number)
    ).all()
    scores = person_scores(db.session(), first.id, frozen=False)
    standings = of_people(scores, finished.tie_break)
    assert [one.place for one in standings] == sorted(one.place for one in standings)
    named = set(db.session.scalars(select(Candidate.user_id).where(Candidate.exam_id == last.exam_id)))
    top = first.advance["top"]
    assert named == {one.key for one in standings[:top]}
    assert set(db.session.scalars(select(RoundScore.user_id).where(RoundScore.round_id == last.id))) == named


def test_the_finished_competition_is_signed_and_the_running_one_open():
    finished, running = db.session.scalars(select(Competition).order_by(Competition.id)).all()
    assert (finished.state, running.state) == ("closed", "published")
    assert finished.objections_until < finished.closed_at < NINE
    phases = [one.phase(NINE) for one in outline_of(db.session(), running.id).rounds]
    assert phases == ["open", "upcoming"]


def test_members_of_a_team_work_below_the_unit_of_the_team():
    rows = db.session.execute(
        select(Team.unit_id, User.unit_id)
        .join(TeamMember, TeamMember.team_id == Team.id)
        .join(User, User.id == TeamMember.user_id)
    ).all()
    paths = dict(db.session.execute(select(Unit.id, Unit.path)).all())
    assert len(rows) >= 8
    assert all(paths[person].startswith(paths[team]) for team, person in rows)


@pytest.mark.parametrize("username", ["officer", "officer2", "mentor"])
def test_the_officers_to_try_out_have_an_exam_still_to_write_and_one_to_come(username):
    user_id = db.session.scalar(select(User.id).where(User.username == username))
    rows = db.session.execute(
        select(Candidate.exam_id, Candidate.paper_id, Sitting.opens_at, Sitting.closes_at)
        .join(Sitting, Sitting.id == Candidate.sitting_id)
        .join(Exam, Exam.id == Candidate.exam_id)
        .where(Candidate.user_id == user_id, Exam.state == "published")
    ).all()
    written = set(db.session.scalars(select(Attempt.exam_id).where(Attempt.user_id == user_id)))
    running = db.session.scalar(
        select(Round.exam_id)
        .join(Competition, Competition.id == Round.competition_id)
        .where(Competition.state == "published", Round.number == 1)
    )
    still = {row.exam_id for row in rows if row.opens_at <= NINE < row.closes_at} - written
    assert still >= ({running} if running in {row.exam_id for row in rows} else set())
    assert still
    assert any(row.opens_at > NINE for row in rows)
    assert all(row.paper_id for row in rows)


def test_a_card_is_what_its_answers_make_of_it():
    cards = db.session.scalars(select(Card).limit(200)).all()
    assert cards
    assert _count(Card) < _count(PracticeAnswer)
    for card in cards:
        given = db.session.execute(
            select(PracticeAnswer.correct, PracticeAnswer.seconds, PracticeAnswer.answered_at)
            .where(PracticeAnswer.user_id == card.user_id, PracticeAnswer.item_id == card.item_id)
            .order_by(PracticeAnswer.answered_at)
        )
        answers = list(given)
        memory = replay(answers)
        assert (card.memory, card.due_at) == (memory.state, memory.due_at)
        assert card.answered_count == len(answers)
        assert card.wrong or answers[-1][0]


def test_nothing_lies_in_the_future():
    for column in (
        PracticeAnswer.answered_at,
        Attempt.started_at,
        Response.saved_at,
        Feedback.created_at,
        LedgerEntry.entered_at,
        User.created_at,
    ):
        assert db.session.scalar(select(func.max(column))) <= NINE, column


def test_a_second_load_is_refused_and_changes_nothing(city, tmp_path):
    before = _count(User), _count(Attempt)
    with pytest.raises(CityExists):
        load_city(5, seed=1, now=NINE, instance=tmp_path)
    assert (_count(User), _count(Attempt)) == before
    assert list(tmp_path.iterdir()) == []
