"""Taking an answer: its effect, its refusals, its second call, and two at once."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.conftest import NINE
from tests.practice.factories import RIGHT, WRONG, add_attempt, add_items, new_version, shipped, small_item
from trainer.bank.models import ItemRecord
from trainer.core.database import db, transaction
from trainer.core.errors import Conflict, Invalid, Missing, Refused
from trainer.practice import answer_queries, queries
from trainer.practice.models import Card, PracticeAnswer
from trainer.practice.rules import memory
from trainer.practice.rules.choosing import Wanted
from trainer.practice.service import answer_item

MINUTE = timedelta(minutes=1)


@pytest.fixture
def me(city):
    return city.people["officer"]


@pytest.fixture
def single(city):
    return add_items([small_item()], NINE)[0]


def version_of(item_id):
    return db.session.scalar(select(ItemRecord.version_id).where(ItemRecord.id == item_id))


def give(user_id, item_id, answer, *, key="key-00000001", now=NINE, **more):
    return answer_item(user_id, item_id, version_of(item_id), answer, sent_key=key, now=now, **more)


def card_of(user_id, item_id):
    db.session.rollback()
    db.session.expire_all()
    return db.session.get(Card, (user_id, item_id))


@pytest.mark.parametrize("kind", sorted(RIGHT))
def test_each_kind_is_graded_kept_and_put_on_a_card(me, session, kind):
    item_id = add_items([small_item(kind=kind)], NINE)[0]
    right = give(me, item_id, RIGHT[kind], key="right-000001", seconds=7)
    row = session.get(PracticeAnswer, right)
    assert (row.correct, row.fraction, row.seconds, row.answered_at) == (True, 1, 7, NINE)
    give(me, item_id, WRONG[kind], key="wrong-000001", now=NINE + MINUTE)
    card = card_of(me, item_id)
    assert (card.wrong, card.right_in_a_row, card.answered_count) == (True, 0, 2)
    assert card.due_at == NINE + MINUTE + memory.STEP


def test_not_knowing_counts_as_wrong_and_is_kept_as_null(me, single, session):
    row = session.get(PracticeAnswer, give(me, single, None))
    assert (row.answer, row.correct, row.fraction) == ("null", False, 0)
    assert card_of(me, single).wrong


def test_an_incomplete_answer_is_part_right_and_goes_into_the_book(me, session):
    item_id = add_items([small_item(kind="multiple_choice")], NINE)[0]
    row = session.get(PracticeAnswer, give(me, item_id, ["B"]))
    assert (row.correct, str(row.fraction)) == (False, "0.50")
    assert card_of(me, item_id).wrong


def test_the_same_click_twice_counts_once(me, single, session):
    first = give(me, single, "A")
    assert give(me, single, "A", now=NINE + MINUTE) == first
    assert session.scalar(select(func.count()).select_from(PracticeAnswer)) == 1
    assert card_of(me, single).answered_count == 1


def test_the_same_click_twice_counts_once_even_after_the_item_changed(me, single):
    shown = version_of(single)
    first = give(me, single, "A")
    new_version(single, small_item(stem="新的题干（　　）。"), NINE)
    assert answer_item(me, single, shown, "A", sent_key="key-00000001", now=NINE) == first


@pytest.mark.parametrize("answer", ["B", None])
def test_a_key_used_for_another_answer_is_refused(me, single, answer):
    give(me, single, "A")
    with pytest.raises(Invalid) as refusal:
        give(me, single, answer)
    assert [(one.field, one.code) for one in refusal.value.problems] == [("key", "key_reused")]
    assert card_of(me, single).answered_count == 1


def test_a_key_is_a_persons_own(me, city, single):
    assert give(me, single, "A") != give(city.people["officer2"], single, "A")


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "with space 1", "引号引号引号引号"])
def test_a_key_of_a_wrong_shape_is_refused(me, single, key):
    with pytest.raises(Invalid):
        give(me, single, "A", key=key)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("E", "answer_shape"),
        (["A"], "answer_shape"),
        (True, "answer_shape"),
        ({}, "answer_shape"),
        ("", "answer_missing"),
    ],
)
def test_a_wrong_shape_is_refused_at_the_field_and_keeps_nothing(me, single, session, answer, code):
    with pytest.raises(Invalid) as refusal:
        give(me, single, answer)
    assert [(one.field, one.code) for one in refusal.value.problems] == [("answer", code)]
    assert session.scalar(select(func.count()).select_from(PracticeAnswer)) == 0
    assert card_of(me, single) is None


@pytest.mark.parametrize(
    ("state", "pool"),
    [("draft", "open"), ("in_review", "open"), ("retired", "open"), ("quarantined", "open"), ("published", "reserved")],
)
def test_only_published_items_of_the_open_pool_are_graded(me, state, pool):
    item_id = add_items([small_item()], NINE, state=state, pool=pool)[0]
    with pytest.raises(Missing):
        give(me, item_id, "A")


def test_an_item_that_changed_since_it_was_shown_is_not_graded(me, single, session):
    shown = version_of(single)
    new_version(single, small_item(stem="新的题干（　　）。"), NINE)
    with pytest.raises(Conflict) as refusal:
        answer_item(me, single, shown, "A", sent_key="key-00000001", now=NINE)
    assert refusal.value.code == "item_changed"
    assert session.scalar(select(func.count()).select_from(PracticeAnswer)) == 0


@pytest.mark.parametrize(
    ("minutes", "state", "refused"),
    [
        (0, "open", True),
        (60, "open", True),
        (60 + 1 / 6, "open", True),
        (60.2, "open", False),
        (30, "submitted", False),
    ],
)
def test_nothing_is_graded_while_the_person_sits_an_exam(me, city, single, minutes, state, refused):
    add_attempt(me, city.units["JM"], NINE, state=state)
    now = NINE + timedelta(minutes=minutes)
    if refused:
        with pytest.raises(Refused, match="exam_in_progress"):
            give(me, single, "A", now=now)
    else:
        assert give(me, single, "A", now=now)
    assert give(city.people["officer2"], single, "A", now=now)


def test_an_item_leaves_the_book_after_two_right_answers_in_a_row(me, single):
    states = []
    for number, answer in enumerate(["A", "B", "A", "B", "B"]):
        give(me, single, answer, key=f"key-0000000{number}", now=NINE + number * MINUTE)
        states.append(card_of(me, single).wrong)
    assert states == [True, True, True, True, False]


def test_the_card_can_be_rebuilt_from_the_answers(me, single, session):
    for number, (answer, seconds) in enumerate([("A", None), ("B", 5), ("B", 300), ("A", 1), ("B", None)]):
        give(me, single, answer, key=f"key-0000000{number}", now=NINE + timedelta(days=3 * number), seconds=seconds)
    rows = session.execute(
        select(PracticeAnswer.correct, PracticeAnswer.seconds, PracticeAnswer.answered_at).order_by(PracticeAnswer.id)
    ).all()
    card = card_of(me, single)
    assert memory.replay(rows) == memory.Memory(card.memory, card.due_at)


def in_threads(app, *calls):
    made, failed = [], []

    def run(call):
        with app.app_context():
            try:
                made.append(call())
            except Exception as error:
                failed.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return made, failed


def test_a_double_click_in_two_threads_counts_once(app, me, single):
    version = version_of(single)
    db.session.rollback()
    made, failed = in_threads(
        app, *[lambda: answer_item(me, single, version, "A", sent_key="key-00000001", now=NINE)] * 6
    )
    assert (len(set(made)), len(made), failed) == (1, 6, [])
    assert card_of(me, single).answered_count == 1


def test_two_tabs_at_once_lose_no_answer(app, me, single):
    version = version_of(single)
    db.session.rollback()
    made, failed = in_threads(
        app,
        *[
            lambda number=number: answer_item(me, single, version, "A", sent_key=f"key-tab-{number:04}", now=NINE)
            for number in range(6)
        ],
    )
    assert (len(set(made)), failed) == (6, [])
    assert card_of(me, single).answered_count == 6


# --- what comes next and how far one has come, on rows


def following(user_id, session, *, now=NINE, **want):
    began = now.replace(hour=0) - timedelta(hours=8)
    return queries.next_item(session, user_id, Wanted(**want), now=now, day_began=began)


def test_the_next_item_is_the_same_until_something_is_answered(me, session):
    ids = add_items([small_item(number) for number in range(1, 30)], NINE)
    first = following(me, session)
    assert first.queue == "new"
    assert first.item_id in ids
    assert following(me, session).item_id == first.item_id
    give(me, first.item_id, "B")
    assert following(me, session).item_id != first.item_id


def test_new_prefers_items_of_the_own_field(me, session):
    own = small_item(99, fields=["urban_mgmt"])
    add_items([small_item(number, fields=["market"]) for number in range(1, 20)] + [own], NINE)
    assert following(me, session, mode="new").code == own.id


def test_filters_narrow_what_comes(me, session):
    add_items(shipped(count=10_000), NINE)
    by_topic = following(me, session, mode="topic", topic="hearing")
    assert by_topic.topic == "hearing"
    by_law = following(me, session, mode="law", law="行政许可法")
    body = next(item for item in shipped(count=10_000) if item.id == by_law.code)
    assert "行政许可法" in {basis.law for basis in body.basis}
    assert following(me, session, mode="wing", wing="procedures").wing == "procedures"
    fire = following(me, session, mode="field", field="fire")
    assert "fire" in fire.fields
    assert following(me, session, mode="topic", topic="hearing", field="fire") is None


def test_reserved_and_unpublished_items_never_come(me, session):
    add_items([small_item(1)], NINE, pool="reserved")
    add_items([small_item(2)], NINE, state="quarantined")
    assert following(me, session) is None
    assert following(me, session, mode="topic", topic="penalty_law") is None
    assert queries.search_items(session, me, "题干", NINE) == []


def test_a_day_brings_no_more_reviews_than_its_limit_unless_asked(me, session, monkeypatch):
    monkeypatch.setattr(queries, "REVIEWS_A_DAY", 2)
    ids = add_items([small_item(number) for number in range(1, 6)], NINE)
    for item_id in ids:
        give(me, item_id, "B", key=f"first-{item_id:06}")
    later = NINE + timedelta(days=30)
    waiting = queries.waiting(session, me, now=later, day_began=later - timedelta(hours=9))
    assert (waiting.due, waiting.later) == (2, 3)
    for number in range(2):
        due = following(me, session, now=later, mode="due")
        give(me, due.item_id, "B", key=f"second-{number:06}", now=later)
    assert following(me, session, now=later, mode="due") is None
    assert following(me, session, now=later, mode="due", more=True) is not None
    assert following(me, session, now=later + timedelta(days=1), mode="due") is not None


def test_progress_counts_items_by_topic_law_and_field(me, city, session):
    ids = add_items([small_item(1), small_item(2), small_item(3, fields=["market"])], NINE)
    give(me, ids[0], "B", key="progress-1")
    give(me, ids[1], "A", key="progress-2")
    give(city.people["officer2"], ids[2], "A", key="progress-3")
    later = NINE + timedelta(minutes=11)
    topic = queries.progress_by_topic(session, me, later)[("legal_theory", "penalty_law")]
    assert (topic.total, topic.seen, topic.right, topic.wrong, topic.due, topic.new) == (3, 2, 1, 1, 1, 1)
    assert queries.progress_by_law(session, me, later) == {"行政处罚法": topic}
    fields = queries.progress_by_field(session, me, later)
    assert (fields["general"].total, fields["market"].total, fields["market"].seen) == (2, 1, 0)


def test_an_item_that_cites_a_law_twice_counts_once(me, session):
    basis = small_item().basis[0].to_dict()
    add_items([small_item(1, basis=[basis, basis | {"article": "37"}])], NINE)
    assert queries.progress_by_law(session, me, NINE)["行政处罚法"].total == 1


def test_search_finds_every_word_and_takes_signs_literally(me, session):
    add_items([small_item(1, stem="听证的期限（　　）。"), small_item(2, stem="听证100%公开（　　）。")], NINE)
    assert [row.code for row in queries.search_items(session, me, "听证 期限", NINE)] == ["small-single-choice-0001"]
    assert [row.code for row in queries.search_items(session, me, "100%", NINE)] == ["small-single-choice-0002"]
    assert [row.code for row in queries.search_items(session, me, "_", NINE)] == []
    assert [row.code for row in queries.search_items(session, me, "small-single-choice-0002", NINE)] == [
        "small-single-choice-0002"
    ]


def test_an_explained_answer_is_for_its_owner(me, city, single, session):
    made = give(me, single, "A")
    assert answer_queries.answered(session, me, made, now=NINE).told.right_answer == "B"
    with pytest.raises(Missing):
        answer_queries.answered(session, city.people["officer2"], made, now=NINE)


def test_an_answer_to_an_item_now_reserved_shows_no_key(me, single, session):
    made = give(me, single, "A")
    with transaction() as writing:
        writing.get_one(ItemRecord, single).pool = "reserved"
    with pytest.raises(Missing):
        answer_queries.answered(session, me, made, now=NINE)
