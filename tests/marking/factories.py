"""An exam with answers that wait for people, and people to mark them; a test states only what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select

from tests.attempts.factories import make_drawn_exam
from tests.conftest import NINE
from tests.factories import add_user
from tests.question_bank.samples import make_item
from trainer.accounts.models import ApiToken, Grant
from trainer.accounts.queries import person_by_id
from trainer.attempts.caller import Caller
from trainer.attempts.save import Given
from trainer.attempts.start import start
from trainer.attempts.submit import submit
from trainer.audit.models import Entry
from trainer.core.crypto import token_hash
from trainer.core.database import db, transaction
from trainer.exams.models import Exam
from trainer.marking.allocating import NothingToMark, claim
from trainer.marking.appealing import lodge
from trainer.marking.giving import give
from trainer.marking.jobs import regrade_and_spread, settle_and_spread
from trainer.marking.models import MarkingTask, Result
from trainer.marking.planning import PlanSpec, save_plan
from trainer.marking.queries.work import read_batch
from trainer.marking.remarking import RemarkSpec, propose_remark
from trainer.marking.repairing import RepairSpec, propose, sign
from trainer.marking.rules.regrade import Remedy
from trainer.notices.models import Notice
from trainer.papers.models import Paper, PaperItem
from trainer.papers.rules.blueprint import SectionSpec

HOUR = timedelta(hours=1)
AFTER = NINE + 3 * HOUR
OFFICERS = ("officer", "officer2", "officer3")
# Item 1 is true or false for 2 points; 2 and 3 are short answers for 6 points, in lines of 4 and 2.
RIGHT = True


@dataclass
class Waiting:
    """An exam whose answers wait: ids of the exam and of the attempts by username."""

    exam_id: int
    attempts: dict[str, int]


def person(city, username):
    """Return somebody as the caller of a verb."""
    found = person_by_id(db.session(), city.people[username])
    db.session.rollback()
    return found


def add_markers(city, count: int = 3, unit: str = "JM") -> list[str]:
    """Add people who may mark over a unit and return their usernames."""
    names = [f"marker{number}" for number in range(1, count + 1)]
    with transaction() as session:
        for name in names:
            if name not in city.people:
                city.people[name] = add_user(session, name, city.units["JM-SFJ"], NINE, category="staff")
                row = {"role": "marker", "unit_id": city.units[unit], "granted_at": NINE}
                session.add(Grant(user_id=city.people[name], **row))
    return names


def make_waiting(
    city, *, officers=OFFICERS, answers: int = 2, now: datetime = NINE, prefix: str = "", **about
) -> Waiting:
    """Make an exam of one true or false item and ``answers`` short ones, and let everybody hand in."""
    items = [
        make_item("true_false", id=f"{prefix}marked-true-false-0001"),
        *(
            make_item("short_answer", id=f"{prefix}marked-short-answer-{number:04}", stem=f"第 {number} 问如何处理？")
            for number in range(answers)
        ),
    ]
    sections = [SectionSpec("判断", "true_false", 1, Decimal(2), item_ids=(items[0].id,))]
    sections += [SectionSpec("简答", "short_answer", 1, Decimal(6), item_ids=(one.id,)) for one in items[1:]]
    about = {"release": "manual", "pass_mark": Decimal(8), "usernames": officers, **about}
    exam = make_drawn_exam(city, now, items, *sections, **about)
    attempts = {}
    for username in officers:
        given = [Given(1, RIGHT, 1)]
        given += [Given(2 + place, f"{username} 的第 {place} 答", 1) for place in range(answers)]
        token = f"{username}-{exam.exam_id}"
        with transaction() as session:
            session.add(ApiToken(token_hash=token_hash(token), user_id=city.people[username], created_at=now))
        caller = Caller(token_hash(token), by_token=True)
        opened = start(caller, exam.exam_id, now)
        submit(caller, opened.attempt_id, opened.epoch, given, now + timedelta(minutes=10))
        attempts[username] = opened.attempt_id
    settle_and_spread(list(attempts.values()), now + timedelta(minutes=11))
    return Waiting(exam.exam_id, attempts)


def plan(city, exam_id: int, markers, *, double=False, tolerance="1.00", batch_size=20, by="organiser", now=NINE):
    """Save a plan."""
    ids = frozenset(city.people[name] for name in markers)
    spec = PlanSpec(double=double, tolerance=Decimal(tolerance), batch_size=batch_size, marker_ids=ids)
    save_plan(exam_id, spec, by=person(city, by), now=now)


def points(*texts: str) -> list[Decimal]:
    """Return points by line."""
    return [Decimal(text) for text in texts]


def result_of(attempt_id: int) -> Result:
    """Return a result as it stands in the table."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get(Result, attempt_id)


def tasks_of(exam_id: int) -> list[MarkingTask]:
    """Return the tasks of an exam as they stand, by attempt and number."""
    db.session.rollback()
    db.session.expire_all()
    rows = select(MarkingTask).where(MarkingTask.exam_id == exam_id)
    return list(db.session.scalars(rows.order_by(MarkingTask.attempt_id, MarkingTask.number)))


def mark_batch(city, exam_id, marker, *lines, now=AFTER, key=None):
    """Claim the next batch and give the same to each of its answers; return the batch's id."""
    by = person(city, marker)
    batch_id = claim(exam_id, key, by=by, now=now)
    for position in read_batch(db.session(), batch_id, by).open_positions:
        give(batch_id, position, points(*lines), "", by=by, now=now)
    return batch_id


def mark_all(city, exam_id, marker, *lines, now=AFTER):
    """Mark batch after batch until nothing waits for the marker; return their ids."""
    made = []
    while True:
        try:
            made.append(mark_batch(city, exam_id, marker, *lines, now=now))
        except NothingToMark:
            return made


def actions():
    """Return what the record holds about marking, in order."""
    db.session.rollback()
    return list(db.session.scalars(select(Entry.action).where(Entry.action.startswith("marking")).order_by(Entry.id)))


def codes_for(city, username):
    """Return the codes of a person's notices."""
    return list(db.session.scalars(select(Notice.code).where(Notice.user_id == city.people[username])))


def hold_batch(city, marker: str, now: datetime) -> tuple[int, int]:
    """Let a marker hold a batch of an exam that is over, its first answer marked; return the ids of exam and batch."""
    waiting = make_waiting(city, answers=1, now=now - 5 * HOUR, prefix="held-")
    plan(city, waiting.exam_id, [marker], by="organiser", now=now)
    by = person(city, marker)
    batch_id = claim(waiting.exam_id, None, by=by, now=now)
    give(batch_id, 1, points("4", "1.5"), "第二点不完整", by=by, now=now)
    return waiting.exam_id, batch_id


# --- repairs


def place_of_number(exam_id: int, number: int) -> tuple[int, int]:
    """Return what a repair names for a number of an exam's first paper."""
    rows = (
        select(PaperItem.item_version_id, func.coalesce(PaperItem.part, 0))
        .join(Paper, Paper.id == PaperItem.paper_id)
        .join(Exam, Exam.blueprint_id == Paper.blueprint_id)
        .where(Exam.id == exam_id, PaperItem.number == number)
        .order_by(Paper.form)
    )
    found = tuple(db.session.execute(rows).first())
    db.session.rollback()
    return found


def propose_repair(
    city, exam_id, number, remedy, answer=None, *, by="examiner", now=AFTER, appeals=(), reason="答案有误"
):
    """Propose a repair of a number of the first paper and return its id."""
    spec = RepairSpec(place_of_number(exam_id, number), Remedy(remedy, answer), reason)
    return propose(exam_id, spec, by=person(city, by), now=now, appeal_ids=appeals)


def repair(city, exam_id, number, remedy, answer=None, *, by="examiner", signer="organiser", now=AFTER, **more) -> int:
    """Propose, sign and carry out a repair and return its id."""
    repair_id = propose_repair(city, exam_id, number, remedy, answer, by=by, now=now, **more)
    sign(repair_id, by=person(city, signer), now=now)
    regrade_and_spread(exam_id, now)
    return repair_id


def make_judged(city, *given, markers=("marker1",), at=AFTER, **about) -> Waiting:
    """Make an exam of one true or false item and one short answer, marked by each marker with the points ``given``."""
    if not set(markers) <= set(city.people):
        add_markers(city, len(markers))
    waiting = make_waiting(city, answers=1, **{"release": "after_close", "pass_mark": Decimal(6)} | about)
    plan(city, waiting.exam_id, markers, double=len(markers) > 1, now=at)
    for name, lines in zip(markers, given or (("2", "1"),) * len(markers), strict=True):
        mark_all(city, waiting.exam_id, name, *lines, now=at)
    return waiting


def propose_anew(
    city, attempt_id, *lines, by="examiner", now=AFTER, who="officer", reason="第二点已经写出", comment="要点齐全"
):
    """Let a candidate appeal about number 2, propose these points for it, and return the ids of repair and appeal."""
    appeal_id = lodge(attempt_id, 2, "第二点我写了", by=person(city, who), now=now)
    spec = RemarkSpec(points(*lines), comment, reason)
    return propose_remark(appeal_id, spec, by=person(city, by), now=now), appeal_id


def remark(city, exam_id, attempt_id, *lines, signer="organiser", now=AFTER, **more) -> int:
    """Appeal, propose, sign and carry out other points for number 2 and return the repair's id."""
    repair_id, _appeal_id = propose_anew(city, attempt_id, *lines, now=now, **more)
    sign(repair_id, by=person(city, signer), now=now)
    regrade_and_spread(exam_id, now)
    return repair_id


def sit(city, exam_id: int, username: str, answers: dict, now=NINE) -> int:
    """Let a person start, answer, hand in and be marked; return the attempt's id."""
    token = f"{username}-{exam_id}-{now}"
    with transaction() as session:
        session.add(ApiToken(token_hash=token_hash(token), user_id=city.people[username], created_at=now))
    caller = Caller(token_hash(token), by_token=True)
    opened = start(caller, exam_id, now)
    given = [Given(number, answer, 1) for number, answer in answers.items()]
    submit(caller, opened.attempt_id, opened.epoch, given, now + timedelta(minutes=10))
    settle_and_spread([opened.attempt_id], now + timedelta(minutes=11))
    return opened.attempt_id
