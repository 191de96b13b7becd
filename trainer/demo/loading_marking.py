"""An exam of the demonstration city whose short answers are being marked by two people."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from trainer.core.errors import Refused
from trainer.demo.ground import Ground, city_time
from trainer.demo.loading_exams import ORGANISER, SECTION_TITLES, date_notices, make_exam, mark, sit
from trainer.demo.rules.contests import ALWAYS_ENTERED
from trainer.demo.rules.people import SHOW_UNIT
from trainer.demo.rules.writing import Sitting, seconds_taken
from trainer.exams.rules import ExamSpec
from trainer.marking.allocating import claim
from trainer.marking.giving import give
from trainer.marking.planning import PlanSpec, save_plan
from trainer.marking.queries.work import read_batch, shown_item
from trainer.papers.rules.blueprint import SectionSpec

TITLE = "案件办理能力测试（含简答题）"
MARKERS = ("marker", "marker2")
OTHER_UNIT = "JM-SCJGJ"
SECTIONS = (("single_choice", 10, 4), ("short_answer", 2, 30))
BATCH = 8
STEP = Decimal("0.5")


def load_marking(ground: Ground) -> None:
    """Put in the exam, over since yesterday, with its plan and the first marks; nothing where nobody could sit it."""
    writers = [
        person.username
        for person in ground.story.people
        if person.unit_code in (SHOW_UNIT, OTHER_UNIT)
        and person.category == "officer"
        and person.username not in ALWAYS_ENTERED
    ][:24]
    if not writers:
        return
    yesterday = ground.story.today - timedelta(days=1)
    announced = city_time(yesterday - timedelta(days=6), 10)
    exam_id = make_exam(
        ground,
        ExamSpec(
            title=TITLE,
            opens_at=city_time(yesterday, 9),
            closes_at=city_time(yesterday, 11),
            minutes=60,
            sections=tuple(
                SectionSpec(SECTION_TITLES[kind], kind, count, Decimal(points)) for kind, count, points in SECTIONS
            ),
            pass_mark=Decimal(60),
            release="manual",
            seed=f"{ground.seed}-marking",
            usernames=tuple(writers),
        ),
        at=announced,
    )
    random = ground.chance("marking")
    sittings = [
        Sitting(
            username,
            random.uniform(0.35, 0.85),
            city_time(yesterday, 9) + timedelta(seconds=random.randrange(5, 600)),
            seconds_taken(random, 60),
        )
        for username in writers
    ]
    mark(ground, sit(ground, exam_id, sittings), city_time(yesterday, 11))
    planned = city_time(yesterday, 14)
    ids = frozenset(ground.users[name] for name in MARKERS)
    spec = PlanSpec(double=True, tolerance=Decimal(4), batch_size=BATCH, marker_ids=ids)
    save_plan(exam_id, spec, by=ground.person(ORGANISER), now=planned)
    date_notices(ground, f"exam:{exam_id}:marking", planned)
    for name, count, at in (("marker", BATCH, 15), ("marker2", BATCH - 3, 16)):
        _mark_some(ground, exam_id, name, count, hour=at)


def _mark_some(ground: Ground, exam_id: int, username: str, count: int, *, hour: int) -> None:
    """Let a marker give the first ``count`` marks of a batch: what the words of the rubric in an answer are worth."""
    by, random = ground.person(username), ground.chance("marks", username)
    at = city_time(ground.story.today - timedelta(days=1), hour)
    try:
        batch = read_batch(ground.session, claim(exam_id, None, by=by, now=at), by)
    except Refused:
        # A small city may have nobody who wrote anything.
        return
    item = shown_item(ground.session, batch.key)
    for answer in batch.answers[:count]:
        at += timedelta(seconds=random.randrange(40, 150))
        lines = []
        for line in item.lines:
            known = answer.answer == item.sample or line.told.point in answer.answer
            got = line.max_points if known else Decimal(0)
            # Markers differ a little, and now and then by more.
            if random.random() < 0.3:
                got += STEP * random.choice((-2, -1, 1, 2))
            lines.append(min(line.max_points, max(Decimal(0), got)))
        give(batch.id, answer.position, lines, "", by=by, now=at)
