"""Exams whose draw avoids what was met, and what is published of a draw: the promise before, seed and plan after."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from docs import redraw
from tests.conftest import NINE
from tests.exams.factories import HOUR, make_exam, make_spec, person
from tests.exams.test_service import start_attempt
from tests.papers.factories import fill_bank, section
from trainer.attempts.redraw import redraw_papers
from trainer.bank.models import ItemRecord, ItemVersion
from trainer.core.database import transaction
from trainer.exams import service
from trainer.exams.models import Candidate, Exam
from trainer.exams.rules import draw_is_public, ends_at
from trainer.papers.models import Draw, Paper, PaperItem
from trainer.papers.outlook import NotEnoughItems
from trainer.papers.queries import draws_of, items_of_paper
from trainer.papers.rules.blueprint import DrawRules
from trainer.practice.models import PracticeAnswer
from trainer.reports.queries.met import items_met

BEFORE = NINE - HOUR
MONTH = timedelta(days=30)


def items_of_exam(session, exam_id):
    rows = (
        select(ItemVersion.item_id, Candidate.user_id)
        .join(PaperItem, PaperItem.item_version_id == ItemVersion.id)
        .join(Candidate, Candidate.paper_id == PaperItem.paper_id)
        .where(Candidate.exam_id == exam_id)
    )
    found = {}
    for item_id, user_id in session.execute(rows):
        found.setdefault(user_id, set()).add(item_id)
    session.rollback()
    return found


def practise(city, username, item_id, at):
    with transaction() as session:
        version_id = session.scalar(select(ItemRecord.version_id).where(ItemRecord.id == item_id))
        session.execute(
            insert(PracticeAnswer).values(
                user_id=city.people[username],
                item_id=item_id,
                item_version_id=version_id,
                sent_key=f"k-{item_id}",
                answer='"A"',
                fraction=1,
                correct=True,
                answered_at=at,
            )
        )


def make_next(city, *, rules, now=NINE + MONTH, seen=items_met, **changes):
    times = {"opens_at": now + HOUR, "closes_at": now + 3 * HOUR}
    spec = make_spec(rules=rules, **times, **changes)
    return service.create_exam(spec, by=person(city, "organiser"), now=now, seen=seen)


def test_what_one_candidate_met_is_in_nobodys_shared_paper(session, city):
    first = make_exam(city, items=8)
    met = items_of_exam(session, first)[city.people["officer"]]
    start_attempt(first, city.people["officer"])
    second = make_next(city, rules=DrawRules(avoid_days=31))
    held = items_of_exam(session, second)
    assert len(held) > 1
    assert not any(met & items for items in held.values())


def test_a_paper_that_was_dealt_and_never_started_was_not_met(session, city):
    make_exam(city, items=3)
    assert make_next(city, rules=DrawRules(avoid_days=31))


@pytest.mark.parametrize(("days", "refused"), [(30, True), (29, False)])
def test_only_the_last_days_count(city, days, refused):
    first = make_exam(city, items=3)
    start_attempt(first, city.people["officer"])
    if not refused:
        assert make_next(city, rules=DrawRules(avoid_days=days), now=NINE + MONTH)
        return
    with pytest.raises(NotEnoughItems) as refusal:
        make_next(city, rules=DrawRules(avoid_days=days), now=NINE + timedelta(days=29))
    assert [one.code for one in refusal.value.problems] == ["section_lacks_items", "section_items_met"]


def test_with_a_draw_of_ones_own_each_avoids_what_he_met_in_practice_too(session, city):
    fill_bank(single_choice=5)
    ids = session.scalars(select(ItemRecord.id).order_by(ItemRecord.id)).all()
    session.rollback()
    for item_id in ids[:2]:
        practise(city, "officer", item_id, NINE)
    exam_id = make_next(city, rules=DrawRules(31, avoid_practice=True), draw="per_candidate", attempts=2)
    held = items_of_exam(session, exam_id)
    assert held[city.people["officer"]] == set(ids[2:])
    practise(city, "officer", ids[2], NINE)
    with pytest.raises(NotEnoughItems) as refusal:
        make_next(city, rules=DrawRules(31, avoid_practice=True), draw="per_candidate")
    assert ("avoid_days", "people_lack_items") in [(one.field, one.code) for one in refusal.value.problems]
    assert make_next(city, rules=DrawRules(31), draw="per_candidate")


def test_who_is_named_later_avoids_too_and_gets_a_promise_of_his_own(session, city):
    fill_bank(single_choice=6)
    ids = session.scalars(select(ItemRecord.id).order_by(ItemRecord.id)).all()
    session.rollback()
    rules = DrawRules(31, avoid_practice=True)
    exam_id = make_next(city, rules=rules, draw="per_candidate", units=(), usernames=("officer",))
    practise(city, "officer3", ids[0], NINE + MONTH)
    by, now = person(city, "organiser"), NINE + MONTH
    assert service.add_candidates(exam_id, usernames=["officer3"], by=by, now=now, seen=items_met) == 1
    assert ids[0] not in items_of_exam(session, exam_id)[city.people["officer3"]]
    blueprint_id = session.scalar(select(Exam.blueprint_id).where(Exam.id == exam_id))
    assert [one.first_form for one in draws_of(session, blueprint_id)] == [1, 2]


def test_a_draw_that_avoids_must_be_told_how(city):
    fill_bank(single_choice=6)
    with pytest.raises(RuntimeError):
        make_next(city, rules=DrawRules(avoid_days=1), seen=None)


def test_an_exam_used_up_is_told_while_typing_with_what_would_mend_it(as_user, city, clock):
    exam_id = make_exam(city, items=4)
    start_attempt(exam_id, city.people["officer"])
    clock(NINE + HOUR)
    row = {"title": "", "kind": "single_choice", "count": "2", "points_each": "1"}
    asked = {"sections": [row], "units": ["PJ-CGJ"], "rules": {"avoid_days": "9", "draw": "one_paper"}}
    post = as_user("organiser").post
    [told] = post("/exams/supply", json=asked).json["sections"]
    assert told["state"] == "short"
    assert told["text"] == "需要 2 道，题库只有 1 道，缺 1 道；另有 3 道考生近期见过"
    assert told["mends"] == ["题数改为 1", "缩短或取消避开近期见过的天数", "再编写并发布 1 道符合条件的试题"]
    [told] = post("/exams/supply", json=asked | {"rules": {"exposure_most": "1"}}).json["sections"]
    assert "另有 3 道已达曝光上限" in told["text"]
    own = post("/exams/supply", json=asked | {"rules": {"avoid_days": "9", "draw": "per_candidate"}}).json
    assert own["warnings"] == ["有 1 份个人试卷抽不满：这些考生在最近 9 天内见过的题太多。可以缩短天数，或减少题数。"]
    # A draft is told apart from its own exam, and nobody may ask about another's.
    assert post("/exams/supply", json=asked | {"exam": str(exam_id)}).status_code == 200
    assert as_user("foreign_organiser").post("/exams/supply", json=asked | {"exam": str(exam_id)}).status_code == 404


def test_the_builder_keeps_what_was_asked_of_sections_and_draw(as_user, session, city, clock):
    fill_bank(single_choice=6)
    clock(BEFORE)
    values = {
        "title": "春季考试",
        "unit": "JM",
        "opens_at": "2026-11-23T09:00",
        "closes_at": "2026-11-23T11:00",
        "minutes": "60",
        "sections-0-title": "单选题",
        "sections-0-kind": "single_choice",
        "sections-0-count": "3",
        "sections-0-points_each": "1",
        "sections-0-partial_credit": "all_or_nothing",
        "sections-0-laws": ["行政处罚法"],
        "sections-0-levels": ["recall"],
        "sections-0-mix_2": "2",
        "sections-0-order": "easy_first",
        "draw": "per_form",
        "forms": "2",
        "attempts": "1",
        "release": "manual",
        "avoid_days": "30",
        "avoid_practice": "y",
        "exposure_most": "3",
        "units": "PJ-CGJ",
        "then": "draft",
    }
    organiser = as_user("organiser")
    answer = organiser.post("/exams/new", data=values)
    assert answer.status_code == 302
    page = organiser.get(answer.location + "/edit").text
    for piece in ('value="行政处罚法"', 'name="sections-0-mix_2"', 'value="easy_first"', 'name="exposure_most"'):
        assert piece in page
    shown = organiser.get(answer.location).text
    assert "考生 30 天内在考试和练习中见过的题" in shown
    assert "一年内已在 3 场考试中用过的题" in shown
    wrong = organiser.post("/exams/new", data=values | {"sections-0-mix_2": "9"})
    assert wrong.status_code == 422
    assert "分配的题数合计 9，超过了大题的题数 3。" in wrong.text
    assert organiser.post(answer.location + "/publish").status_code == 303
    assert "各套试卷的难度" in organiser.get(answer.location).text


def test_the_api_takes_it_too(as_user, city, clock):
    fill_bank(single_choice=6)
    clock(BEFORE)
    body = {
        "title": "春季考试",
        "opens_at": "2026-11-23T01:00:00Z",
        "closes_at": "2026-11-23T03:00:00Z",
        "minutes": 60,
        "draw": "per_candidate",
        "avoid_days": 30,
        "exposure_most": 2,
        "candidates": {"units": ["PJ-CGJ"]},
        "sections": [
            {
                "title": "一",
                "kind": "single_choice",
                "count": 3,
                "points_each": "1",
                "levels": ["recall"],
                "laws": ["行政处罚法"],
                "mix": {"2": 2},
                "order": "easy_first",
            }
        ],
    }
    post = as_user("organiser").post
    assert post("/api/v1/exams", json=body).status_code == 201
    body["sections"][0]["mix"] = {"4": 2}
    refused = post("/api/v1/exams", json=body)
    assert refused.status_code == 422
    assert [(one["field"], one["code"]) for one in refused.json["errors"]] == [
        ("sections.0.mix", "section_lacks_difficulty")
    ]


@pytest.mark.parametrize(("seconds", "public"), [(-1, False), (0, False), (10, False), (11, True)])
def test_a_draw_is_public_when_no_answer_can_arrive_any_more(seconds, public):
    assert draw_is_public(NINE + timedelta(seconds=seconds), ends_at(NINE, 0, grace_seconds=10)) is public


def test_the_promise_is_shown_before_and_the_seed_only_after(as_user, client, session, city, clock, capsys):
    exam_id = make_exam(city, draw="per_candidate", shuffle_options=True, seed="a-secret-seed")
    promise = session.scalar(select(Draw.commitment))
    session.rollback()
    organiser, officer, other = as_user("organiser"), as_user("officer"), as_user("foreign_organiser")
    resource = f"/api/v1/exams/{exam_id}/draw"
    address = f"/exams/{exam_id}/draw.json"
    for moment in (BEFORE, NINE, NINE + 2 * HOUR):
        clock(moment)
        pages = [organiser.get(f"/exams/{exam_id}").text, officer.get(f"/exams/{exam_id}/hall").text]
        assert all(promise in page and "a-secret-seed" not in page for page in pages)
        for place in (address, resource):
            assert organiser.get(place).status_code == officer.get(place).status_code == 403
            assert other.get(place).status_code == client.get(place).status_code == 404
    clock(NINE + 2 * HOUR + timedelta(seconds=11))
    assert "a-secret-seed" in organiser.get(f"/exams/{exam_id}").text
    assert address in officer.get(f"/exams/{exam_id}/hall").text
    told = client.get(address).json
    assert all(one.get(place).json == told for one in (organiser, officer, other) for place in (address, resource))
    assert client.get(resource).json == told
    redraw.main(told)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"commitment {promise} fits"
    code_of = dict(session.execute(select(ItemVersion.id, ItemRecord.code).join(ItemRecord)).all())
    papers = session.execute(select(Candidate.paper_id).order_by(Candidate.paper_id)).scalars().all()
    drawn = [[one.split("/")[0] for one in line.split()] for line in lines if line.startswith("  ")]
    assert drawn == [[code_of[one.item_version_id] for one in items_of_paper(session, paper)] for paper in papers]


def test_a_draft_that_lacks_items_says_what_would_mend_it(as_user, city, clock):
    fill_bank(single_choice=1)
    spec = make_spec(sections=(section(count=3),))
    exam_id = service.create_exam(spec, by=person(city, "organiser"), now=BEFORE, publish=False)
    clock(BEFORE)
    page = as_user("organiser").get(f"/exams/{exam_id}").text
    assert "以下任选一项就够：题数改为 1；再编写并发布 2 道符合条件的试题" in page
    refused = as_user("organiser").post(f"/api/v1/exams/{exam_id}/publish")
    assert (refused.status_code, refused.json["code"]) == (422, "not_enough_items")
    mends = [{"code": "fewer", "count": 1}, {"code": "write", "count": 2}]
    assert [one["mends"] for one in refused.json["params"]["lacks"]] == [mends]


def test_a_draw_that_nobody_may_have_is_nowhere(as_user, client, city, clock):
    """A draft and a cancelled exam have nothing to publish, and nobody learns that there is one."""
    made = [make_exam(city, publish=False), make_exam(city)]
    with transaction() as inner:
        inner.execute(Exam.__table__.update().where(Exam.id == made[1]).values(state="cancelled"))
    clock(NINE + 30 * HOUR)
    for exam_id in (*made, 987654321):
        for address in (f"/exams/{exam_id}/draw.json", f"/api/v1/exams/{exam_id}/draw"):
            assert [one.get(address).status_code for one in (client, as_user("foreign_organiser"))] == [404, 404]
    assert as_user("organiser").get(f"/exams/{made[1]}/draw.json").status_code == 403


def test_no_exam_shares_the_draw_of_another_which_would_give_its_papers_away(city):
    first, second = make_exam(city, usernames=("officer",)), make_exam(city, usernames=("officer2",))
    with pytest.raises(IntegrityError), transaction() as session:
        session.get(Exam, second).blueprint_id = session.get(Exam, first).blueprint_id


def test_strangers_are_held_back_each_by_himself(client, city, clock):
    exam_id = make_exam(city)
    clock(NINE + 3 * HOUR)
    asked = [client.get(f"/exams/{exam_id}/draw.json").status_code for _ in range(21)]
    assert asked == [200] * 20 + [429]
    other = {"REMOTE_ADDR": "192.0.2.7"}
    assert client.get(f"/exams/{exam_id}/draw.json", environ_overrides=other).status_code == 200


def test_minutes_granted_keep_the_draw_secret_longer(as_user, session, city, clock):
    exam_id = make_exam(city)
    with transaction() as inner:
        inner.execute(Candidate.__table__.update().values(extra_minutes=5))
    clock(NINE + 2 * HOUR + timedelta(minutes=5))
    assert as_user("organiser").get(f"/exams/{exam_id}/draw.json").status_code == 403
    clock(NINE + 2 * HOUR + timedelta(minutes=6))
    assert as_user("organiser").get(f"/exams/{exam_id}/draw.json").status_code == 200


def test_a_draft_publishes_once_however_often_it_is_asked(session, city):
    fill_bank(single_choice=6)
    by = person(city, "organiser")
    exam_id = service.create_exam(make_spec(sections=(section(count=2),)), by=by, now=BEFORE, publish=False)
    for _ in range(2):
        service.publish_exam(exam_id, by=by, now=BEFORE, seen=items_met)
    assert session.scalar(select(func.count()).select_from(Draw)) == 1


def at_once(app, *works):
    came = []

    def run(work):
        with app.app_context():
            came.append(work())

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return came


def test_two_who_publish_at_once_make_one_draw(app, session, city):
    fill_bank(single_choice=6)
    by = person(city, "organiser")
    exam_id = service.create_exam(make_spec(draw="per_form", forms=3), by=by, now=BEFORE, publish=False)
    at_once(app, *[lambda: service.publish_exam(exam_id, by=by, now=BEFORE, seen=items_met)] * 2)
    assert session.scalar(select(func.count()).select_from(Draw)) == 1
    assert session.scalar(select(func.count()).select_from(Paper)) == 3


def test_two_who_name_people_at_once_give_each_a_paper_of_his_own(app, session, city):
    fill_bank(single_choice=6)
    by = person(city, "organiser")
    exam_id = service.create_exam(make_spec(draw="per_candidate", usernames=(), units=()), by=by, now=BEFORE)

    def name(username):
        return lambda: service.add_candidates(exam_id, usernames=[username], by=by, now=BEFORE, seen=items_met)

    assert at_once(app, name("officer"), name("officer2"), name("officer3")) == [1, 1, 1]
    papers = session.scalars(select(Candidate.paper_id)).all()
    assert len(set(papers)) == 3
    assert session.scalars(select(Draw.first_form).order_by(Draw.first_form)).all() == [1, 2, 3]


def capped(city, **about):
    """Publish an exam of two of the bank's questions, none of which may stand in two exams."""
    sections = (section(count=2),)
    spec = make_spec(sections=sections, rules=DrawRules(exposure_most=1), **about)
    return service.create_exam(spec, by=person(city, "organiser"), now=BEFORE)


def test_papers_that_are_drawn_anew_do_not_stand_in_the_way_of_those_that_follow(city):
    fill_bank(single_choice=2)
    exam_id = capped(city)
    for _ in range(2):
        redraw_papers(exam_id, by=person(city, "organiser"), now=BEFORE)
    with pytest.raises(NotEnoughItems):
        capped(city)


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_cancelled_exam_that_nobody_began_uses_no_question_up(as_user, city, clock, door):
    fill_bank(single_choice=2)
    clock(NINE)
    organiser = as_user("organiser")

    def cancel(exam_id):
        address = f"/exams/{exam_id}/cancel" if door == "page" else f"/api/v1/exams/{exam_id}/cancel"
        sent = {"data": {"reason": "停电"}} if door == "page" else {}
        assert organiser.post(address, **sent).status_code in (200, 303)

    cancel(capped(city))
    exam_id = capped(city)
    assert as_user("officer").post(f"/api/v1/exams/{exam_id}/attempts").status_code == 201
    cancel(exam_id)
    cancel(exam_id)
    with pytest.raises(NotEnoughItems):
        capped(city)


@pytest.mark.parametrize(
    ("held", "forms", "shortage"),
    [
        (8, "2", []),
        (7, "2", ["2 套试卷要共用 1 题：“单选题”能分到 7 题，2 套不重题需要 8 题。"]),
        (8, "1", []),
        (8, "", ["4 套试卷要共用 8 题：“单选题”能分到 8 题，4 套不重题需要 16 题。"]),
        (8, "99", ["50 套试卷要共用 8 题：“单选题”能分到 8 题，50 套不重题需要 200 题。"]),
    ],
)
def test_items_that_forms_will_share_are_told_while_typing(as_user, clock, held, forms, shortage):
    fill_bank(single_choice=held)
    clock(BEFORE)
    row = {"title": "单选题", "kind": "single_choice", "count": "4", "points_each": "1"}
    asked = {"sections": [row], "rules": {"draw": "per_form", "forms": forms}}
    post = as_user("organiser").post
    assert post("/exams/supply", json=asked).json["warnings"] == shortage
    other = asked | {"rules": {"draw": "one_paper", "forms": forms}}
    assert post("/exams/supply", json=other).json["warnings"] == []


def test_named_items_of_parallel_forms_are_told_beside_what_the_bank_has(as_user, clock):
    fill_bank(single_choice=9)
    clock(BEFORE)
    row = {"title": "单选题", "kind": "single_choice", "count": "4", "points_each": "1", "item_ids": "s-1 s-2"}
    asked = {"sections": [row], "rules": {"draw": "per_form", "forms": "3"}}
    told = as_user("organiser").post("/exams/supply", json=asked).json
    assert told["sections"][0]["text"] == "需要 4 道，题库有 9 道；指定的 2 题各套都有"
    assert told["warnings"] == []


def test_what_the_forms_share_is_shown_from_draft_to_exam(as_user, session, city):
    spec = {"draw": "per_form", "forms": 2, "sections": (section(count=4, item_ids=("s-1",)), section("true_false", 1))}
    fill_bank(true_false=2)
    exam_id = make_exam(city, items=6, publish=False, **spec)
    organiser = as_user("organiser")
    draft = organiser.get(f"/exams/{exam_id}").text
    assert "2 套试卷要共用 1 题：“single_choice 部分”能分到 5 题，2 套不重题需要 6 题。" in draft
    told = {"section": 1, "forms": 2, "named": 1, "needed": 6, "found": 5, "shared": 1}
    alone = {"section": 2, "forms": 2, "named": 0, "needed": 2, "found": 2, "shared": 0}
    assert organiser.get(f"/api/v1/exams/{exam_id}").json["common_items"] == [told, alone]
    service.publish_exam(exam_id, by=person(city, "organiser"), now=BEFORE)
    page = organiser.get(f"/exams/{exam_id}").text
    assert "2 套试卷共用 1 题：“single_choice 部分”用了 5 道不同的题，2 套不重题需要 6 道。" in page
    assert "按组卷规则，“single_choice 部分”指定的 1 题各套都有。" in page
    assert organiser.get(f"/api/v1/exams/{exam_id}").json["common_items"] == [told, alone]
    assert as_user("officer").get(f"/api/v1/exams/{exam_id}").json["common_items"] is None


def test_forms_without_a_common_item_say_so(as_user, session, city):
    exam_id = make_exam(city, items=6, draw="per_form", forms=2)
    assert "各套试卷没有共用的题。" in as_user("organiser").get(f"/exams/{exam_id}").text
    first, second = (
        {one.item_version_id for one in items_of_paper(session, paper)}
        for paper in session.scalars(select(Paper.id).order_by(Paper.form))
    )
    assert not first & second
