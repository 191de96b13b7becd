"""One answer judged anew after an appeal: effect up and down, refusals, second calls, hours, places, the record."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.attempts.factories import RIGHT, make_exam
from tests.competitions.factories import make_competition
from tests.conftest import NINE
from tests.marking.factories import (
    AFTER,
    HOUR,
    add_markers,
    codes_for,
    make_judged,
    make_waiting,
    mark_all,
    person,
    place_of_number,
    plan,
    points,
    propose_anew,
    propose_repair,
    remark,
    repair,
    result_of,
    sit,
    tasks_of,
)
from trainer.accounts.models import Grant
from trainer.audit.models import Entry
from trainer.bank.models import ItemVersion
from trainer.competitions.board import boards
from trainer.competitions.leaderboard import take_settled
from trainer.competitions.models import RoundScore
from trainer.competitions.supposing import places_if
from trainer.core.database import db, transaction
from trainer.core.errors import Conflict, Forbidden, Invalid, Missing
from trainer.exams.models import Candidate, Exam
from trainer.hours.models import LedgerEntry
from trainer.marking.appealing import lodge, reject
from trainer.marking.giving import MarksAreOut, give
from trainer.marking.jobs import regrade_and_spread, regrade_left_over
from trainer.marking.models import Appeal, FormerResult, Mark, MarkEvent, MarkingTask, Repair, Result
from trainer.marking.queries import released_result
from trainer.marking.queries.effects import preview_remark
from trainer.marking.queries.remarks import answer_of_appeal, answer_of_repair
from trainer.marking.remarking import AppealDecided, RemarkSpec, propose_remark
from trainer.marking.repairing import RepairClosed, RepairIsOpen, sign, withdraw
from trainer.notices.models import Notice


def stand(attempt_id):
    result = result_of(attempt_id)
    return str(result.score), result.passed


def hours(city, username):
    rows = select(LedgerEntry.hours).where(LedgerEntry.user_id == city.people[username]).order_by(LedgerEntry.id)
    return [str(one) for one in db.session.scalars(rows)]


def task_of(attempt_id) -> MarkingTask:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalar(select(MarkingTask).where(MarkingTask.attempt_id == attempt_id))


def looked_ahead(exam_id, attempt_id, new):
    made = preview_remark(db.session(), db.session.get(Exam, exam_id), task_of(attempt_id), Decimal(new))
    db.session.rollback()
    return made


def appeal_states():
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Appeal.state).order_by(Appeal.id)))


def count(table):
    return db.session.scalar(select(func.count()).select_from(table))


@pytest.mark.parametrize(
    ("lines", "score", "passed", "entered"),
    [
        (("4", "1.5"), "7.50", True, ["2.00"]),
        (("4", "0"), "6.00", True, ["2.00"]),
        (("0", "0"), "2.00", False, []),
    ],
)
def test_a_failed_result_follows_one_judgement_up_and_down(city, lines, score, passed, entered):
    waiting = make_judged(city, credit_hours=Decimal(2))
    own, *others = waiting.attempts.values()
    assert stand(own) == ("5.00", False)
    said = looked_ahead(waiting.exam_id, own, sum(points(*lines)))
    remark(city, waiting.exam_id, own, *lines)
    assert stand(own) == (score, passed)
    assert [(one.attempt_id, str(one.after), one.passed_after) for one in said.effects] == [(own, score, passed)]
    assert str(said.effects[0].hours) == ("2.00" if passed else "0.00")
    assert task_of(own).points == sum(points(*lines))
    assert [stand(one) for one in others] == [("5.00", False)] * 2
    assert {result_of(one).repairs_no for one in waiting.attempts.values()} == {1}
    assert (hours(city, "officer"), hours(city, "officer2")) == (entered, [])
    assert appeal_states() == ["upheld"]
    assert codes_for(city, "officer").count("appeal_remarked") == 1
    assert codes_for(city, "officer").count("result_remarked_passed") == passed
    assert not [code for code in codes_for(city, "officer2") if code.startswith(("appeal", "result_re"))]


def test_a_pass_is_lost_with_its_hours_and_the_candidate_is_told(city):
    waiting = make_judged(city, ("4", "1"), credit_hours=Decimal(2))
    own = waiting.attempts["officer"]
    regrade_and_spread(waiting.exam_id, AFTER)
    from trainer.marking.jobs import credit_left_over

    credit_left_over(AFTER)
    assert (stand(own), hours(city, "officer")) == (("7.00", True), ["2.00"])
    said = looked_ahead(waiting.exam_id, own, "3")
    assert (said.count("fail"), said.count("hours_down"), said.results) == (1, 1, 1)
    remark(city, waiting.exam_id, own, "2", "1")
    assert (stand(own), hours(city, "officer")) == (("5.00", False), ["2.00", "-2.00"])
    assert hours(city, "officer2") == ["2.00"]
    told = {one.code: one.params for one in db.session.scalars(select(Notice).where(Notice.url.contains(str(own))))}
    assert told["appeal_remarked"] == {"title": "测试考试", "number": 2, "before": "5", "after": "3"}
    assert told["result_remarked_reversed"] == {"title": "测试考试", "before": "7", "after": "5"}


def test_nothing_changes_before_another_person_has_signed(city):
    waiting = make_judged(city)
    own = waiting.attempts["officer"]
    repair_id, _appeal_id = propose_anew(city, own, "4", "2")
    assert regrade_left_over(AFTER) == 0
    assert (stand(own), appeal_states()) == (("5.00", False), ["taken_up"])
    with pytest.raises(Forbidden) as refusal:
        sign(repair_id, by=person(city, "examiner"), now=AFTER)
    assert refusal.value.code == "signer_is_proposer"
    made = sign(repair_id, by=person(city, "organiser"), now=AFTER)
    assert (made.number, made.first) == (1, True)
    assert (regrade_left_over(AFTER), stand(own)) == (1, ("8.00", True))


def test_signing_and_carrying_out_twice_changes_nothing(city):
    waiting = make_judged(city, credit_hours=Decimal(2))
    own = waiting.attempts["officer"]
    repair_id = remark(city, waiting.exam_id, own, "4", "2")

    def everything():
        db.session.rollback()
        counted = [count(table) for table in (FormerResult, Notice, Entry, MarkEvent, LedgerEntry)]
        return counted, stand(own), result_of(own).marks, db.session.get(Exam, waiting.exam_id).repairs_no

    before = everything()
    for name in ("organiser", "examiner"):
        made = sign(repair_id, by=person(city, name), now=AFTER + HOUR)
        assert (made.number, made.first) == (1, False)
        assert regrade_and_spread(waiting.exam_id, AFTER + HOUR) == []
    assert regrade_left_over(AFTER + HOUR) == 0
    assert everything() == before
    assert count(FormerResult) == 1


def test_the_record_names_who_judged_anew_and_who_signed(city):
    waiting = make_judged(city)
    own = waiting.attempts["officer"]
    remark(city, waiting.exam_id, own, "4", "0.5", comment="补上第一点")
    events = db.session.scalars(
        select(MarkEvent).where(MarkEvent.task_id == task_of(own).id).order_by(MarkEvent.id)
    ).all()
    assert [one.kind for one in events] == ["given", "remarked"]
    last = events[1]
    assert (last.marker_id, last.by) == (city.people["examiner"], city.people["organiser"])
    assert (last.lines, last.points, last.comment) == (["4.00", "0.50"], Decimal("4.50"), "补上第一点")
    mark = db.session.scalar(select(Mark).where(Mark.task_id == task_of(own).id))
    assert (mark.lines, mark.points) == (["2.00", "1.00"], Decimal("3.00"))
    actions = db.session.scalars(select(Entry.action).where(Entry.action.startswith("exam.repair")).order_by(Entry.id))
    assert list(actions) == ["exam.repair_proposed", "exam.repair_published"]


def test_the_candidate_reads_what_changed_and_why_and_nobody_else_does(city):
    waiting = make_judged(city)
    own, other = waiting.attempts["officer"], waiting.attempts["officer2"]
    remark(city, waiting.exam_id, own, "4", "1", reason="第一点答全了", comment="引用条文准确")
    document = released_result(db.session(), own, AFTER)
    anew = document["items"][1]["remark"]
    assert anew == {
        "before": Decimal("3.00"),
        "points": Decimal("5.00"),
        "announced_points": Decimal("6.00"),
        "lines": points("4.00", "1.00"),
        "comment": "引用条文准确",
        "reason": "第一点答全了",
        "at": AFTER,
    }
    assert document["items"][1]["repair"] is None
    assert [(one["number"], one["remedy"], one["score"]) for one in document["earlier"]] == [
        (2, "remark", Decimal("5.00"))
    ]
    theirs = released_result(db.session(), other, AFTER)
    assert (theirs["earlier"], [one["remark"] for one in theirs["items"]]) == ([], [None, None])


def test_the_answer_is_shown_with_the_points_that_stand_and_without_its_candidate(city):
    waiting = make_judged(city, ("4", "1"), ("4", "0"), markers=("marker1", "marker2"))
    own = waiting.attempts["officer"]
    repair_id, appeal_id = propose_anew(city, own, "4", "2")
    for found in (answer_of_appeal(db.session(), appeal_id), answer_of_repair(db.session(), repair_id)):
        assert found.answer == "officer 的第 0 答"
        assert (found.points, found.given) == (Decimal("4.50"), (tuple(points("4", "1")), tuple(points("4", "0"))))
        assert not {"attempt_id", "user_id", "name"} & set(vars(found))


def test_of_two_who_differed_the_third_is_shown(city):
    add_markers(city, 3)
    waiting = make_waiting(city, answers=1, release="after_close")
    plan(city, waiting.exam_id, ["marker1", "marker2", "marker3"], double=True, tolerance="0.5")
    mark_all(city, waiting.exam_id, "marker1", "4", "2")
    mark_all(city, waiting.exam_id, "marker2", "1", "0")
    mark_all(city, waiting.exam_id, "marker3", "3", "1")
    appeal_id = lodge(waiting.attempts["officer"], 2, "理由", by=person(city, "officer"), now=AFTER)
    found = answer_of_appeal(db.session(), appeal_id)
    assert (found.points, found.given) == (Decimal("4.00"), (tuple(points("3", "1")),))


# --- beside other repairs


def test_a_later_repair_for_all_goes_before_the_judgement_and_others_stay_unaffected(city):
    waiting = make_judged(city)
    own, other, _third = waiting.attempts.values()
    remark(city, waiting.exam_id, own, "4", "1")
    repair(city, waiting.exam_id, 2, "full_marks", now=AFTER + HOUR)
    assert [stand(one)[0] for one in (own, other)] == ["8.00", "8.00"]
    document = released_result(db.session(), own, AFTER + HOUR)
    assert [one["remedy"] for one in document["earlier"]] == ["remark", "full_marks"]
    theirs = released_result(db.session(), other, AFTER + HOUR)
    assert [one["remedy"] for one in theirs["earlier"]] == ["full_marks"]
    assert theirs["items"][1]["repair"]["reason"] == "答案有误"


def test_dropping_another_item_scales_the_new_points_and_keeps_them(city):
    waiting = make_judged(city)
    own, other, _third = waiting.attempts.values()
    remark(city, waiting.exam_id, own, "3", "1.5")
    repair(city, waiting.exam_id, 1, "drop", now=AFTER + HOUR)
    # The answer is worth eight now.
    assert [stand(one)[0] for one in (own, other)] == ["6.00", "4.00"]
    remark(city, waiting.exam_id, other, "4", "2", who="officer2", now=AFTER + HOUR)
    assert [stand(one)[0] for one in (own, other)] == ["6.00", "8.00"]


@pytest.mark.parametrize("remedy", ["drop", "full_marks"])
def test_an_answer_that_is_decided_for_all_is_not_judged_anew(city, remedy):
    waiting = make_judged(city)
    open_id, _appeal_id = propose_anew(city, waiting.attempts["officer2"], "4", "2", who="officer2")
    repair(city, waiting.exam_id, 2, remedy)
    with pytest.raises(Conflict) as refusal:
        propose_anew(city, waiting.attempts["officer"], "4", "2")
    assert refusal.value.code == "answer_decided_for_all"
    with pytest.raises(Conflict) as refusal:
        sign(open_id, by=person(city, "organiser"), now=AFTER)
    assert refusal.value.code == "answer_decided_for_all"
    withdraw(open_id, by=person(city, "organiser"), now=AFTER)
    assert appeal_states() == ["lodged", "lodged"]


def test_repairs_that_wait_together_are_told_by_whom_they_concern(city):
    waiting = make_judged(city)
    own, other, _third = waiting.attempts.values()
    first = propose_repair(city, waiting.exam_id, 1, "full_marks", reason="题干有歧义")
    second, _appeal_id = propose_anew(city, own, "4", "2", reason="只有本人可读")
    with transaction() as session:
        for row in session.scalars(select(Result)):
            row.marks = [{**row.marks[0], "points": "0.00", "fraction": "0", "correct": False}, *row.marks[1:]]
            row.score = Decimal(3)
    for repair_id in (first, second):
        sign(repair_id, by=person(city, "organiser"), now=AFTER)
    regrade_and_spread(waiting.exam_id, AFTER)
    assert [stand(one)[0] for one in (own, other)] == ["8.00", "5.00"]
    told = {one.attempt_id: one.repair_id for one in db.session.scalars(select(FormerResult))}
    assert (told[own], told[other]) == (second, first)
    assert codes_for(city, "officer2").count("result_repaired") == 1


def test_who_hands_in_later_is_not_touched(city):
    add_markers(city, 1)
    waiting = make_waiting(city, answers=1, release="after_submit", attempts=2, officers=("officer", "officer2"))
    plan(city, waiting.exam_id, ["marker1"])
    mark_all(city, waiting.exam_id, "marker1", "2", "1", now=NINE + HOUR)
    own = waiting.attempts["officer"]
    remark(city, waiting.exam_id, own, "4", "2", now=NINE + HOUR)
    later = sit(city, waiting.exam_id, "officer2", {1: True, 2: "又一次作答"}, now=NINE + HOUR)
    assert (result_of(later).unmarked, result_of(later).repairs_no) == (1, 1)
    mark_all(city, waiting.exam_id, "marker1", "1", "1")
    assert [stand(one)[0] for one in (own, later)] == ["8.00", "4.00"]


def test_a_mark_does_not_undo_the_judgement_when_results_are_shut_again(city):
    waiting = make_judged(city)
    own = waiting.attempts["officer"]
    remark(city, waiting.exam_id, own, "4", "2")
    with transaction() as session:
        session.get(Exam, waiting.exam_id).release = "manual"
    mark = db.session.execute(select(Mark.batch_id, Mark.position).where(Mark.task_id == task_of(own).id)).one()
    with pytest.raises(MarksAreOut):
        give(*mark, points("1", "1"), "", by=person(city, "marker1"), now=AFTER)
    assert task_of(own).points == Decimal("6.00")


# --- places


def test_places_are_foreseen_and_follow(city):
    waiting = make_judged(city, pass_mark=None)
    own, other, third = waiting.attempts.values()
    exam = make_exam(city, NINE)
    exam.exam_id = waiting.exam_id
    make_competition(city, exam, NINE)
    take_settled([own, other, third])
    said = looked_ahead(waiting.exam_id, own, "1")
    (board,) = places_if(db.session(), waiting.exam_id, said.supposed)
    db.session.rollback()
    moved = {one.key: one.after for one in board.moves if one.by == "individual"}
    assert moved[city.people["officer"]] == 3
    remark(city, waiting.exam_id, own, "1", "0")
    boards.forget()
    scores = dict(db.session.execute(select(RoundScore.user_id, RoundScore.score)).all())
    assert scores[city.people["officer"]] == Decimal("3.00")
    assert scores[city.people["officer2"]] == Decimal("5.00")
    assert places_if(db.session(), waiting.exam_id, {})[0].moves == ()


# --- refusals


def test_who_marked_or_wrote_it_or_sits_the_exam_has_no_part_in_it(city):
    waiting = make_judged(city)
    with transaction() as session:
        row = {"role": "exam_officer", "unit_id": city.units["JM"], "granted_at": NINE}
        session.add(Grant(user_id=city.people["marker1"], **row))
    own = waiting.attempts["officer"]
    appeal_id = lodge(own, 2, "第二点我写了", by=person(city, "officer"), now=AFTER)
    spec = RemarkSpec(points("4", "2"), "", "第二点已经写出")

    def refused(work):
        with pytest.raises(Forbidden) as refusal:
            work()
        return refusal.value.code

    def by(name):
        return propose_remark(appeal_id, spec, by=person(city, name), now=AFTER)

    assert refused(lambda: by("marker1")) == "decider_is_marker"
    with transaction() as session:
        session.get(ItemVersion, place_of_number(waiting.exam_id, 2)[0]).created_by = city.people["organiser"]
    assert refused(lambda: by("organiser")) == "decider_is_author"
    repair_id = by("examiner")
    for name, code in (("organiser", "signer_is_author"), ("marker1", "decider_is_marker")):
        assert refused(lambda name=name: sign(repair_id, by=person(city, name), now=AFTER)) == code
    with transaction() as session:
        session.get(ItemVersion, place_of_number(waiting.exam_id, 2)[0]).created_by = None
        sitting_id, paper_id = session.execute(select(Candidate.sitting_id, Candidate.paper_id)).first()
        row = {"exam_id": waiting.exam_id, "sitting_id": sitting_id, "unit_id": city.units["JM-SFJ"]}
        session.add(Candidate(user_id=city.people["organiser"], paper_id=paper_id, **row))
    assert refused(lambda: sign(repair_id, by=person(city, "organiser"), now=AFTER)) == "decider_is_candidate"
    for name in ("officer", "county_organiser", "author"):
        with pytest.raises(Missing):
            by(name)
    with pytest.raises(Missing):
        propose_remark(appeal_id + 99, spec, by=person(city, "examiner"), now=AFTER)


def test_only_an_answer_that_a_person_marked_is_judged_anew(city):
    waiting = make_judged(city)
    own = waiting.attempts["officer"]
    appeal_id = lodge(own, 1, "判断题有误", by=person(city, "officer"), now=AFTER)
    with pytest.raises(Conflict) as refusal:
        propose_remark(appeal_id, RemarkSpec(points("1"), "", "x"), by=person(city, "examiner"), now=AFTER)
    assert refusal.value.code == "answer_not_marked"
    exam = make_exam(city, NINE)
    blank = sit(city, exam.exam_id, "officer", RIGHT)
    appeal_id = lodge(blank, 1, "理由", by=person(city, "officer"), now=NINE + HOUR)
    with pytest.raises(Conflict) as refusal:
        answer_of_appeal(db.session(), appeal_id)
    assert refusal.value.code == "answer_not_marked"
    with pytest.raises(Missing):
        answer_of_appeal(db.session(), appeal_id + 99)


@pytest.mark.parametrize(
    ("lines", "more", "field"),
    [
        (("4.01", "0"), {}, "lines.0"),
        (("4", "-1"), {}, "lines.1"),
        (("4", "1.005"), {}, "lines.1"),
        (("4",), {}, "lines"),
        (("2", "1"), {}, "lines"),
        (("4", "2"), {"reason": " "}, "reason"),
        (("4", "2"), {"reason": "长" * 501}, "reason"),
        (("4", "2"), {"comment": "长" * 501}, "comment"),
    ],
)
def test_what_cannot_be_is_refused(city, lines, more, field):
    waiting = make_judged(city)
    with pytest.raises(Invalid) as refusal:
        propose_anew(city, waiting.attempts["officer"], *lines, **more)
    assert [one.field for one in refusal.value.problems] == [field]
    assert (appeal_states(), count(Repair)) == (["lodged"], 0)


def test_the_same_again_is_the_same_and_an_answer_has_one_open_judgement(city):
    waiting = make_judged(city)
    own, other, _third = waiting.attempts.values()
    repair_id, appeal_id = propose_anew(city, own, "4", "2")
    assert propose_anew(city, own, "4", "2") == (repair_id, appeal_id)
    for change in ({"by": "organiser"}, {"reason": "别的理由"}):
        with pytest.raises(RepairIsOpen):
            propose_anew(city, own, "4", "2", **change)
    with pytest.raises(RepairIsOpen):
        propose_anew(city, own, "4", "1.5")
    # Neither another answer nor the item as a whole waits for it.
    assert propose_anew(city, other, "4", "2", who="officer2")[0] != repair_id
    whole = propose_repair(city, waiting.exam_id, 2, "full_marks")
    withdraw(whole, by=person(city, "examiner"), now=AFTER)
    withdraw(repair_id, by=person(city, "examiner"), now=AFTER)
    assert appeal_states() == ["lodged", "taken_up"]
    with pytest.raises(RepairClosed):
        sign(repair_id, by=person(city, "organiser"), now=AFTER)
    reject(waiting.exam_id, [appeal_id], "维持原判", by=person(city, "examiner"), now=AFTER)
    with pytest.raises(AppealDecided):
        propose_anew(city, own, "4", "2")
    assert stand(own) == ("5.00", False)


def test_the_other_answers_of_the_exam_keep_their_points(city):
    waiting = make_judged(city)
    before = {one.attempt_id: one.points for one in tasks_of(waiting.exam_id)}
    own = waiting.attempts["officer"]
    remark(city, waiting.exam_id, own, "0", "0")
    after = {one.attempt_id: one.points for one in tasks_of(waiting.exam_id)}
    assert after == before | {own: Decimal("0.00")}
