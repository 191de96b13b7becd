"""Repairs of items from proposal to published results: effect, refusals, second calls, hours, places."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.attempts.factories import RIGHT, make_drawn_exam, make_exam
from tests.competitions.factories import make_competition
from tests.conftest import NINE
from tests.exams.factories import make_exam as make_bank_exam
from tests.marking.factories import (
    AFTER,
    HOUR,
    add_markers,
    codes_for,
    make_waiting,
    person,
    place_of_number,
    plan,
    propose_repair,
    repair,
    result_of,
    sit,
)
from tests.question_bank.samples import make_item
from trainer.attempts.models import Attempt
from trainer.audit.models import Entry
from trainer.competitions.awarding import tell_prizes
from trainer.competitions.board import boards, read_standings
from trainer.competitions.models import RoundScore
from trainer.competitions.queries import outline_of
from trainer.competitions.rules.prizes import Prize
from trainer.competitions.supposing import places_if
from trainer.core.database import db, transaction
from trainer.core.errors import Forbidden
from trainer.exams.models import Exam
from trainer.exams.service import release_results
from trainer.hours.models import LedgerEntry
from trainer.marking import grading, service
from trainer.marking.grading import _printed as printed
from trainer.marking.grading import forget_keys, keys_of
from trainer.marking.jobs import credit_left_over, regrade_and_spread, regrade_left_over
from trainer.marking.models import FormerResult, Result
from trainer.marking.queries import released_result
from trainer.marking.queries.effects import preview
from trainer.marking.queries.repairs import earlier_results, former_results, items_of_exam, people_with_former
from trainer.marking.regrading import exams_to_regrade, regrade
from trainer.marking.repairing import (
    RepairSpec,
    propose,
    sign,
    withdraw,
)
from trainer.marking.rules.regrade import Remedy
from trainer.notices.models import Notice
from trainer.papers.rules.blueprint import SectionSpec

# Five items of two points: single choice B, multiple choice AC, true, blanks, an order. The pass mark is 6.
WRONG_ONE = RIGHT | {1: "C"}


@pytest.fixture
def exam(city):
    return make_exam(city, NINE)


def stand(attempt_id):
    result = result_of(attempt_id)
    return str(result.score), result.passed


def looked_ahead(exam_id, number, remedy, answer=None):
    made = preview(
        db.session(), db.session.get(Exam, exam_id), place_of_number(exam_id, number), Remedy(remedy, answer)
    )
    db.session.rollback()
    return made


@pytest.mark.parametrize(
    ("remedy", "answer", "scores"),
    [
        ("change_key", "C", ["8.00", "10.00", "0.00"]),
        ("also_accept", "C", ["10.00", "10.00", "0.00"]),
        ("drop", None, ["10.00", "10.00", "0.00"]),
        ("full_marks", None, ["10.00", "10.00", "2.00"]),
    ],
)
def test_each_remedy_does_to_everybody_what_the_preview_said(city, exam, remedy, answer, scores):
    attempts = [
        sit(city, exam.exam_id, name, given)
        for name, given in (("officer", RIGHT), ("officer2", WRONG_ONE), ("officer3", {}))
    ]
    said = looked_ahead(exam.exam_id, 1, remedy, answer)
    before = [result_of(one).score for one in attempts]
    repair(city, exam.exam_id, 1, remedy, answer)
    assert [stand(one)[0] for one in attempts] == scores
    told = {one.attempt_id: (one.before, one.after) for one in said.effects}
    really = zip(attempts, before, [result_of(one).score for one in attempts], strict=True)
    assert told == {one: (was, now) for one, was, now in really if was != now}
    assert said.results == 3


def test_nothing_changes_before_somebody_else_has_signed(city, exam):
    attempt = sit(city, exam.exam_id, "officer", WRONG_ONE)
    repair_id = propose_repair(city, exam.exam_id, 1, "also_accept", "C")
    assert regrade_left_over(AFTER) == 0
    assert stand(attempt) == ("8.00", True)
    with pytest.raises(Forbidden) as refusal:
        sign(repair_id, by=person(city, "examiner"), now=AFTER)
    assert refusal.value.code == "signer_is_proposer"
    made = sign(repair_id, by=person(city, "organiser"), now=AFTER)
    assert (made.number, made.first) == (1, True)
    assert regrade_left_over(AFTER) == 1
    assert stand(attempt) == ("10.00", True)


def test_signing_and_carrying_out_twice_changes_nothing(city, exam):
    attempt = sit(city, exam.exam_id, "officer", WRONG_ONE)
    repair_id = repair(city, exam.exam_id, 1, "also_accept", "C")

    def everything():
        db.session.rollback()
        counted = [
            db.session.scalar(select(func.count()).select_from(table)) for table in (FormerResult, Notice, Entry)
        ]
        return counted, stand(attempt), result_of(attempt).marks, db.session.get(Exam, exam.exam_id).repairs_no

    before = everything()
    for name in ("organiser", "examiner"):
        made = sign(repair_id, by=person(city, name), now=AFTER + HOUR)
        assert (made.number, made.first) == (1, False)
        assert regrade_and_spread(exam.exam_id, AFTER + HOUR) == []
    assert regrade_left_over(AFTER + HOUR) == 0
    assert everything() == before


def test_the_old_result_stays_readable_and_says_why_it_changed(city, exam):
    attempt = sit(city, exam.exam_id, "officer", WRONG_ONE)
    repair(city, exam.exam_id, 1, "change_key", "C", reason="题干引用的是旧条文")
    repair(city, exam.exam_id, 2, "drop", now=AFTER + HOUR, reason="题干有歧义")
    found = earlier_results(db.session(), attempt)
    assert [(str(one.score), one.reason, one.at) for one in found] == [
        ("8.00", "题干引用的是旧条文", AFTER),
        ("10.00", "题干有歧义", AFTER + HOUR),
    ]
    assert [one.number for one in found] == [1, 2]
    changes = [[(one.number, str(one.before), str(one.after)) for one in each.changes] for each in found]
    assert changes[0] == [(1, "0.00", "2.00")]
    # The points of the dropped item go to the others.
    assert changes[1] == [(number, "2.00", "0.00" if number == 2 else "2.50") for number in range(1, 6)]
    document = released_result(db.session(), attempt, AFTER + HOUR)
    assert [one["number"] for one in document["earlier"]] == [1, 2]
    (line,) = former_results(db.session(), exam.exam_id, city.people["officer"])
    assert (line.attempt_id, str(line.score), line.earlier) == (attempt, "10.00", found)
    assert former_results(db.session(), exam.exam_id, city.people["officer2"]) == []
    both = [city.people["officer"], city.people["officer2"]]
    assert people_with_former(db.session(), exam.exam_id, both) == {city.people["officer"]}
    assert [one["repair"] and one["repair"]["remedy"] for one in document["items"]] == [
        "change_key",
        "drop",
        None,
        None,
        None,
    ]
    assert (document["items"][0]["right_answer"], document["item_count"]) == ("C", 4)
    assert sum(Decimal(one["points"]) for one in document["items"]) == document["score"] == Decimal("10.00")
    assert sum(one["max_points"] for one in document["items"]) == document["max_points"]


def test_who_hands_in_later_is_marked_by_the_repair_in_every_process(city):
    exam = make_exam(city, NINE, attempts=2)
    first = sit(city, exam.exam_id, "officer", WRONG_ONE)
    repair(city, exam.exam_id, 1, "also_accept", "C", now=NINE + HOUR / 2)
    second = sit(city, exam.exam_id, "officer", WRONG_ONE, now=NINE + HOUR)
    other = sit(city, exam.exam_id, "officer2", {1: "C"}, now=NINE + HOUR)
    assert [stand(one)[0] for one in (first, second, other)] == ["10.00", "10.00", "2.00"]
    assert result_of(second).repairs_no == 1
    assert db.session.scalar(select(func.count()).select_from(FormerResult)) == 1


def test_a_result_settled_beside_the_publication_is_found_and_brought_up(city, exam):
    attempt = sit(city, exam.exam_id, "officer", WRONG_ONE)
    repair(city, exam.exam_id, 1, "also_accept", "C")
    with transaction() as session:
        # As if it had been marked by what the exam was a moment before.
        row = session.get(Result, attempt)
        row.repairs_no, row.score = 0, Decimal("8.00")
        row.marks = [{**row.marks[0], "points": "0.00", "fraction": "0", "correct": False}, *row.marks[1:]]
        session.query(FormerResult).delete()
    assert exams_to_regrade() == [exam.exam_id]
    assert regrade_left_over(AFTER) == 1
    assert stand(attempt) == ("10.00", True)
    assert exams_to_regrade() == []


def test_a_long_list_is_done_a_page_at_a_time(city, exam, monkeypatch):
    attempts = [sit(city, exam.exam_id, name, WRONG_ONE) for name in ("officer", "officer2", "officer3")]
    monkeypatch.setattr("trainer.marking.regrading.PAGE", 2)
    repair_id = propose_repair(city, exam.exam_id, 1, "also_accept", "C")
    sign(repair_id, by=person(city, "organiser"), now=AFTER)
    assert sorted(regrade(exam.exam_id, AFTER)) == sorted(attempts)
    assert {stand(one)[0] for one in attempts} == {"10.00"}


def test_papers_without_the_item_are_not_read(city, monkeypatch):
    exam_id = make_bank_exam(city, draw="per_candidate", items=12, release="after_close")
    attempts = [sit(city, exam_id, name, {}, now=NINE) for name in ("officer", "officer2")]
    papers = [db.session.get(Attempt, one).paper_id for one in attempts]
    places = [{key.place for key in keys_of(db.session(), one)} for one in papers]
    place = min(places[0] - places[1])
    read = []
    monkeypatch.setattr(
        grading, "_printed", lambda session, paper_id: read.append(paper_id) or printed(session, paper_id)
    )
    forget_keys()
    said = preview(db.session(), db.session.get(Exam, exam_id), place, Remedy("full_marks"))
    assert (said.results, [one.attempt_id for one in said.effects], read) == (2, attempts[:1], papers[:1])
    assert set(said.supposed) == set(attempts)
    db.session.rollback()
    spec = RepairSpec(place, Remedy("full_marks"), "题干有误")
    repair_id = propose(exam_id, spec, by=person(city, "examiner"), now=AFTER)
    sign(repair_id, by=person(city, "organiser"), now=AFTER)
    forget_keys()
    assert regrade(exam_id, AFTER) == attempts[:1]
    assert read == papers[:1] * 2
    assert [result_of(one).repairs_no for one in attempts] == [1, 1]
    assert exams_to_regrade() == []


def test_an_item_is_repaired_under_every_number_it_was_drawn_and_in_no_other_exam(city):
    items = [make_item("single_choice", id=f"drawn-single-choice-{number:04}") for number in range(2)]
    exams = []
    for _time in range(2):
        section = SectionSpec("单选", "single_choice", 2, Decimal(2), item_ids=tuple(one.id for one in items))
        exams.append(make_drawn_exam(city, NINE, items, section, pass_mark=None))
    wrong = next(key for key in items[0].option_keys if key != items[0].key)
    attempts = [sit(city, one.exam_id, "officer", {1: wrong, 2: wrong}, now=NINE) for one in exams]
    repair(city, exams[0].exam_id, 1, "change_key", wrong)
    assert [stand(one) for one in attempts] == [("2.00", None), ("0.00", None)]


def test_a_part_of_a_case_is_repaired_by_itself(city):
    case = make_item("case_study", id="case-study-repaired-0001")
    section = SectionSpec("案例", "case_study", 1, Decimal(10), item_ids=(case.id,))
    exam = make_drawn_exam(city, NINE, [case], section, pass_mark=None)
    attempt = sit(city, exam.exam_id, "officer", {})
    lines = items_of_exam(db.session(), exam.exam_id)
    assert [line.place[1] for line in lines] == list(range(1, len(lines) + 1))
    repair(city, exam.exam_id, 1, "full_marks")
    assert stand(attempt)[0] == str(lines[0].points)


# --- passes, hours, places


def hours(city, username):
    rows = select(LedgerEntry.hours).where(LedgerEntry.user_id == city.people[username]).order_by(LedgerEntry.id)
    return [str(one) for one in db.session.scalars(rows)]


BARELY = {1: "B", 3: True, 5: RIGHT[5]}


def test_nobody_is_told_of_hours_that_were_not_taken_back(city):
    exam = make_exam(city, NINE)
    attempt = sit(city, exam.exam_id, "officer", BARELY)
    repair(city, exam.exam_id, 1, "change_key", "C")
    assert stand(attempt) == ("4.00", False)
    told = codes_for(city, "officer")
    assert ("result_repaired_failed" in told, "result_repaired_reversed" in told) == (True, False)


def test_hours_that_are_being_entered_while_a_repair_takes_the_pass_away_do_not_stand(city, monkeypatch):
    exam = make_exam(city, NINE, release="manual", credit_hours=Decimal(2))
    attempt = sit(city, exam.exam_id, "officer", BARELY)
    release_results(exam.exam_id, by=person(city, "organiser"), now=AFTER)
    read = service.end_read

    def between():
        read()
        monkeypatch.setattr(service, "end_read", read)
        repair(city, exam.exam_id, 1, "change_key", "C")

    monkeypatch.setattr(service, "end_read", between)
    assert credit_left_over(AFTER) == 0
    assert (stand(attempt), hours(city, "officer")) == (("4.00", False), [])


def test_hours_go_with_the_pass_and_come_again_with_it(city):
    exam = make_exam(city, NINE, credit_hours=Decimal(2))
    attempt = sit(city, exam.exam_id, "officer", BARELY)
    assert (stand(attempt), hours(city, "officer")) == (("6.00", True), ["2.00"])
    assert looked_ahead(exam.exam_id, 1, "change_key", "C").count("hours_down") == 1
    repair(city, exam.exam_id, 1, "change_key", "C")
    assert (stand(attempt), hours(city, "officer")) == (("4.00", False), ["2.00", "-2.00"])
    assert codes_for(city, "officer").count("result_repaired_reversed") == 1
    repair(city, exam.exam_id, 1, "full_marks", now=AFTER + HOUR)
    assert (stand(attempt), hours(city, "officer")) == (("6.00", True), ["2.00", "-2.00", "2.00"])
    assert codes_for(city, "officer").count("result_repaired_passed") == 1
    repair(city, exam.exam_id, 1, "change_key", "D", now=AFTER + 2 * HOUR)
    repair(city, exam.exam_id, 1, "also_accept", "B", now=AFTER + 3 * HOUR)
    assert hours(city, "officer") == ["2.00", "-2.00", "2.00", "-2.00", "2.00"]


def test_a_first_pass_earns_its_hours_and_another_attempt_keeps_them(city):
    exam = make_exam(city, NINE, credit_hours=Decimal(2), attempts=2)
    sit(city, exam.exam_id, "officer", BARELY)
    sit(city, exam.exam_id, "officer", RIGHT, now=NINE + HOUR)
    sit(city, exam.exam_id, "officer2", {3: True, 5: RIGHT[5], 1: "C"})
    assert hours(city, "officer2") == []
    said = looked_ahead(exam.exam_id, 1, "change_key", "C")
    assert (said.count("hours_up"), said.count("hours_down")) == (1, 0)
    assert (said.count("pass"), said.count("fail"), said.count("up"), said.count("down")) == (1, 1, 1, 2)
    repair(city, exam.exam_id, 1, "change_key", "C")
    assert (hours(city, "officer"), hours(city, "officer2")) == (["2.00"], ["2.00"])


def test_places_are_foreseen_and_follow(city, exam):
    first = sit(city, exam.exam_id, "officer", RIGHT)
    second = sit(city, exam.exam_id, "officer2", {**WRONG_ONE, 4: ["1", "1"]})
    competition_id = make_competition(city, exam, NINE)
    from trainer.competitions.leaderboard import take_settled

    take_settled([first, second])
    said = looked_ahead(exam.exam_id, 1, "change_key", "C")
    (board,) = places_if(db.session(), exam.exam_id, said.supposed)
    db.session.rollback()
    assert (board.competition_id, board.signed) == (competition_id, False)
    # Both have 8 then, and the objective scores and times are the same too.
    people = {one.key: (one.before, one.after) for one in board.moves if one.by == "individual"}
    assert people.get(city.people["officer2"]) in {(2, 1), None}
    repair(city, exam.exam_id, 1, "change_key", "C")
    boards.forget()
    scores = dict(db.session.execute(select(RoundScore.user_id, RoundScore.score)).all())
    assert {str(one) for one in scores.values()} == {"8.00"}
    assert places_if(db.session(), exam.exam_id, {})[0].moves == ()


def test_places_of_people_whose_result_the_repair_makes_final_are_foreseen_and_follow(city):
    markers = add_markers(city, 1)
    waiting = make_waiting(city, release="after_close", answers=2)
    plan(city, waiting.exam_id, markers)
    waiting_exam = make_exam(city, NINE)
    waiting_exam.exam_id = waiting.exam_id
    make_competition(city, waiting_exam, NINE)
    repair(city, waiting.exam_id, 2, "full_marks")
    assert result_of(waiting.attempts["officer"]).unmarked == 1
    said = looked_ahead(waiting.exam_id, 3, "drop")
    assert {(one.waited, one.final) for one in said.effects} == {(True, True)}
    (board,) = places_if(db.session(), waiting.exam_id, said.supposed)
    db.session.rollback()
    foreseen = {one.key: (one.before, one.after) for one in board.moves if one.by == "individual"}
    assert foreseen.keys() == {city.people[name] for name in waiting.attempts}
    assert {before for before, _after in foreseen.values()} == {None}
    repair(city, waiting.exam_id, 3, "drop")
    boards.forget()
    outline = outline_of(db.session(), board.competition_id)
    entries, _of_user = read_standings(outline, outline.rounds[0], "individual", frozen=False)
    assert {one.key: one.place for one in entries} == {key: after for key, (_before, after) in foreseen.items()}


def test_whose_prize_a_repair_changes_is_told(city, exam):
    sit(city, exam.exam_id, "officer", WRONG_ONE)
    sit(city, exam.exam_id, "officer2", RIGHT)
    make_competition(city, exam, NINE, prizes=(Prize("individual", "一等奖", places=1),))
    tell_prizes(AFTER)
    said = looked_ahead(exam.exam_id, 1, "change_key", "C")
    (board,) = places_if(db.session(), exam.exam_id, said.supposed)
    db.session.rollback()
    foreseen = {one.key: (one.prize_before, one.prize_after) for one in board.moves if one.by == "individual"}
    assert foreseen == {city.people["officer"]: (None, "一等奖"), city.people["officer2"]: ("一等奖", None)}
    repair(city, exam.exam_id, 1, "change_key", "C")
    assert regrade_left_over(AFTER) == tell_prizes(AFTER) == 0
    assert [one for one in codes_for(city, "officer") if "prize" in one] == ["prize_won"]
    assert [one for one in codes_for(city, "officer2") if "prize" in one] == ["prize_lost"]


def test_an_exam_without_a_competition_moves_nobody(city, exam):
    sit(city, exam.exam_id, "officer", RIGHT)
    assert places_if(db.session(), exam.exam_id, {}) == []


# --- who is told


def test_those_whose_result_changed_are_told_once_and_nobody_before_the_release(city):
    exam = make_exam(city, NINE, release="manual")
    sit(city, exam.exam_id, "officer", WRONG_ONE)
    repair(city, exam.exam_id, 1, "also_accept", "C", now=AFTER)
    assert codes_for(city, "officer") == []
    release_results(exam.exam_id, by=person(city, "organiser"), now=AFTER)
    repair(city, exam.exam_id, 1, "also_accept", "D", now=AFTER + HOUR)
    assert "result_repaired" not in codes_for(city, "officer")
    repair(city, exam.exam_id, 2, "change_key", ["A", "B"], now=AFTER + HOUR)
    assert codes_for(city, "officer").count("result_repaired") == 1
    notice = db.session.scalar(select(Notice).where(Notice.code == "result_repaired"))
    assert notice.params == {"title": "测试考试", "before": "10", "after": "8"}


def test_whatever_is_decided_is_written_down(city, exam):
    sit(city, exam.exam_id, "officer", WRONG_ONE)
    repair(city, exam.exam_id, 1, "also_accept", "C")
    withdraw(propose_repair(city, exam.exam_id, 2, "drop"), by=person(city, "examiner"), now=AFTER)
    actions = db.session.scalars(select(Entry.action).where(Entry.action.startswith("exam.repair")).order_by(Entry.id))
    assert list(actions) == [
        "exam.repair_proposed",
        "exam.repair_published",
        "exam.repair_proposed",
        "exam.repair_withdrawn",
    ]


def test_hours_that_a_repair_took_back_are_earned_by_another_pass(city):
    exam = make_exam(city, NINE, credit_hours=Decimal(2), attempts=2)
    sit(city, exam.exam_id, "officer", BARELY)
    repair(city, exam.exam_id, 1, "change_key", "C", now=NINE + HOUR / 2)
    assert hours(city, "officer") == ["2.00", "-2.00"]
    second = sit(city, exam.exam_id, "officer", RIGHT | {1: "C"}, now=NINE + HOUR)
    assert stand(second) == ("10.00", True)
    assert [credit_left_over(AFTER) for _again in (1, 2)][1] == 0
    assert hours(city, "officer") == ["2.00", "-2.00", "2.00"]
    assert codes_for(city, "officer").count("hours_credited") == 2
    # What the other attempt earned goes and comes with it like the first.
    repair(city, exam.exam_id, 1, "change_key", "D", now=AFTER)
    repair(city, exam.exam_id, 3, "drop", now=AFTER)
    assert hours(city, "officer")[3:] in ([], ["-2.00"], ["-2.00", "2.00"])
    credit_left_over(AFTER + HOUR)
    standing = sum(map(Decimal, hours(city, "officer")))
    assert standing == (Decimal(2) if stand(second)[1] else 0)


def test_an_exam_and_its_resit_earn_their_hours_once(city):
    exam = make_exam(city, NINE, credit_hours=Decimal(2))
    resit = make_exam(city, NINE, credit_hours=Decimal(2))
    with transaction() as session:
        session.get(Exam, resit.exam_id).resit_of_id = exam.exam_id
    first = sit(city, exam.exam_id, "officer", {1: "C", 3: True, 5: RIGHT[5]})
    sit(city, resit.exam_id, "officer", RIGHT)
    assert (stand(first), hours(city, "officer")) == (("4.00", False), ["2.00"])
    repair(city, exam.exam_id, 1, "also_accept", "C")
    credit_left_over(AFTER)
    assert (stand(first), hours(city, "officer")) == (("6.00", True), ["2.00"])
    # Where the resit no longer earns them, the first exam does.
    repair(city, resit.exam_id, 1, "change_key", "D")
    for number in (2, 4):
        repair(city, resit.exam_id, number, "drop")
    assert credit_left_over(AFTER) in (0, 1)
    assert sum(map(Decimal, hours(city, "officer"))) == 2
