"""The way of a text to publication."""

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from tests.bank.test_edit import data_of, save
from tests.conftest import NINE
from tests.factories import add_user
from tests.question_bank.samples import make_item
from trainer.accounts.models import Grant
from trainer.bank import edit, review, service
from trainer.bank.bulk import apply_changes
from trainer.bank.importing import import_items
from trainer.bank.models import ItemRecord, ItemReview, ItemTask, ItemVersion
from trainer.bank.queries import read_pool
from trainer.bank.service import retire_item
from trainer.bank.work_queries import text_to_edit
from trainer.core.database import transaction
from trainer.core.errors import Conflict, Forbidden, Invalid, Refused
from trainer.notices.models import Notice


@pytest.fixture
def reviewers(city):
    with transaction() as session:
        second = add_user(session, "reviewer2", city.units["JM-SFJ"], NINE, category="staff")
        for role in ("item_reviewer", "item_author"):
            session.add(Grant(user_id=second, role=role, unit_id=city.units["JM"], granted_at=NINE))
        city.people["reviewer2"] = second
    return [city.people["reviewer"], second]


@pytest.fixture
def draft(city):
    return edit.create_item(data_of(), by=city.people["author"], now=NINE).item_id


@pytest.fixture
def published(session, city):
    import_items([make_item()], by=city.people["author"], now=NINE, publish=True)
    found = session.scalar(select(ItemRecord.id))
    session.rollback()
    return found


def submit(city, item_id, by="author"):
    review.submit_item(item_id, by=city.people[by], manages=False, now=NINE)


def worked_on(session, item_id):
    session.rollback()
    row = session.get(ItemRecord, item_id, populate_existing=True)
    found = row.proposed_version_id or row.version_id
    session.rollback()
    return found


def told(session, code):
    session.rollback()
    return session.scalars(select(Notice.user_id).where(Notice.code == code).order_by(Notice.user_id)).all()


def test_an_item_is_published_by_another_persons_approval(session, city, reviewers, draft):
    for _ in range(2):
        submit(city, draft)
    assert session.get(ItemRecord, draft).state == "in_review"
    assert told(session, "item_to_review") == reviewers
    version = worked_on(session, draft)
    for _ in range(2):
        review.approve_item(draft, version, by=reviewers[0], now=NINE)
    session.rollback()
    assert session.get(ItemRecord, draft).state == "published"
    assert [one.version_id for one in read_pool(session, until=NINE.date())] == [version]
    assert session.scalar(select(func.count()).select_from(ItemReview)) == 1
    assert told(session, "item_approved") == [city.people["author"]]


def test_a_text_is_given_back_with_a_reason(session, city, reviewers, draft):
    submit(city, draft)
    version = worked_on(session, draft)
    with pytest.raises(Invalid):
        review.return_item(draft, version, by=reviewers[0], now=NINE, text=" ")
    for _ in range(2):
        review.return_item(draft, version, by=reviewers[0], now=NINE, text="选项 B 与 C 重复。")
    session.rollback()
    assert session.get(ItemRecord, draft).state == "draft"
    assert told(session, "item_returned") == [city.people["author"]]
    with pytest.raises(review.ReviewDecided):
        review.approve_item(draft, version, by=reviewers[0], now=NINE)


def test_who_wrote_on_the_text_does_not_decide_on_it(session, city, reviewers, published):
    save(city, published, data_of(key="A"))
    save(city, published, data_of(key="A", explanation="改了。"), by="reviewer2", manages=True)
    save(city, published, data_of(key="A", explanation="又改。"))
    submit(city, published)
    version = worked_on(session, published)
    with pytest.raises(review.OwnText):
        review.approve_item(published, version, by=reviewers[1], now=NINE)
    with pytest.raises(review.OwnText):
        review.return_item(published, version, by=reviewers[1], now=NINE, text="不行。")
    review.approve_item(published, version, by=reviewers[0], now=NINE)
    # After the publication a new count begins.
    save(city, published, data_of(key="C"))
    submit(city, published)
    review.approve_item(published, worked_on(session, published), by=reviewers[1], now=NINE)
    assert session.get(ItemVersion, worked_on(session, published)).body["key"] == "C"


def test_the_old_text_is_drawn_until_the_new_one_is_approved(session, city, reviewers, published):
    old = worked_on(session, published)
    save(city, published, data_of(key="A", topic="licensing_law", difficulty=4))
    submit(city, published)
    assert read_pool(session, until=NINE.date())[0].version_id == old
    version = worked_on(session, published)
    review.approve_item(published, version, by=reviewers[0], now=NINE)
    session.rollback()
    drawn = read_pool(session, until=NINE.date())[0]
    assert (drawn.version_id, drawn.topic, drawn.difficulty) == (version, "licensing_law", 4)
    row = session.get(ItemRecord, published)
    assert (row.state, row.proposed_version_id, row.proposed_state) == ("published", None, None)


def test_a_text_in_review_is_withdrawn_before_it_is_changed(session, city, reviewers, draft):
    submit(city, draft)
    with pytest.raises(edit.ItemInReview):
        save(city, draft, data_of(key="A"))
    with pytest.raises(Forbidden):
        review.withdraw_item(draft, by=reviewers[0], manages=False, now=NINE)
    version = worked_on(session, draft)
    for _ in range(2):
        review.withdraw_item(draft, by=city.people["author"], manages=False, now=NINE)
    with pytest.raises(review.ReviewDecided):
        review.approve_item(draft, version, by=reviewers[0], now=NINE)
    save(city, draft, data_of(key="A"))
    submit(city, draft)
    assert len(told(session, "item_to_review")) == 4


def test_an_approval_counts_for_the_version_that_was_read(session, city, reviewers, draft):
    first = worked_on(session, draft)
    save(city, draft, data_of(key="A"))
    submit(city, draft)
    with pytest.raises(review.ReviewDecided):
        review.approve_item(draft, first, by=reviewers[0], now=NINE)


def test_a_proposal_older_than_what_stands_is_saved_anew_first(session, city, reviewers, published):
    save(city, published, data_of(key="A"))
    import_items([make_item(stem="新来的（　　）。")], by=None, now=NINE, publish=True)
    with pytest.raises(review.ProposalOutdated):
        submit(city, published)
    assert save(city, published, data_of(key="A")).is_new
    submit(city, published)
    review.approve_item(published, worked_on(session, published), by=reviewers[0], now=NINE)


def test_a_manager_publishes_a_mend_of_wording_alone_and_nothing_else(session, city, published, draft):
    bank = city.people["bank"]
    with pytest.raises(review.SecondPersonNeeded):
        review.publish_wording(draft, worked_on(session, draft), by=bank, now=NINE)
    save(city, published, data_of(key="A"))
    with pytest.raises(review.SecondPersonNeeded):
        review.publish_wording(published, worked_on(session, published), by=bank, now=NINE)
    save(city, published, data_of(stem="先做什么（　　）。"))
    version = worked_on(session, published)
    for _ in range(2):
        review.publish_wording(published, version, by=bank, now=NINE)
    session.rollback()
    assert session.get(ItemRecord, published).version_id == version
    with pytest.raises(Conflict):
        submit(city, published)


@pytest.mark.parametrize("way", ["alone", "many"])
def test_a_draft_that_was_thrown_away_comes_back_as_a_draft(session, city, reviewers, draft, way):
    bank = city.people["bank"]
    retire_item(draft, by=bank) if way == "alone" else apply_changes("retire", [], [draft], by=bank, now=NINE)
    assert service.bring_back(draft, by=bank) == "draft"
    retire_item(draft, by=bank)
    # Going on with its text is no way around the reviewers either, nor does it make its authors anybody else.
    save(city, draft, data_of(stem="先做什么（　　）。"), by="reviewer2", manages=True)
    with pytest.raises(review.SecondPersonNeeded):
        review.publish_wording(draft, worked_on(session, draft), by=bank, now=NINE)
    submit(city, draft)
    with pytest.raises(review.OwnText):
        review.approve_item(draft, worked_on(session, draft), by=city.people["author"], now=NINE)
    review.approve_item(draft, worked_on(session, draft), by=reviewers[0], now=NINE)
    retire_item(draft, by=bank)
    for _ in range(2):
        assert service.bring_back(draft, by=bank) == "published"


def test_what_is_in_the_works_is_not_brought_back(city, draft):
    for act in (lambda: None, lambda: submit(city, draft)):
        act()
        with pytest.raises(Conflict):
            service.bring_back(draft, by=city.people["bank"])


def test_what_was_filed_for_many_items_meanwhile_is_kept(session, city, reviewers, published):
    save(city, published, data_of(key="A"))
    submit(city, published)
    later = {"by": city.people["bank"], "now": NINE + timedelta(minutes=1)}
    apply_changes("difficulty", ["5"], [published], **later)
    review.approve_item(published, worked_on(session, published), by=reviewers[0], now=NINE)
    session.rollback()
    assert session.get(ItemRecord, published).difficulty == 5


def test_what_a_writer_files_anew_counts_before_what_was_filed_for_many_items_earlier(
    session, city, reviewers, published
):
    earlier = {"by": city.people["bank"], "now": NINE - timedelta(minutes=1)}
    apply_changes("variant_group", ["fine"], [published], **earlier)
    apply_changes("difficulty", ["5"], [published], **earlier)
    save(city, published, data_of(difficulty=4))
    proposal = session.get(ItemVersion, worked_on(session, published))
    # The proposal opens as it was written, and its group of variants is gone.
    shown = text_to_edit(session, session.get(ItemRecord, published), proposal)
    assert (shown.difficulty, shown.variant_group) == (4, None)
    session.rollback()
    submit(city, published)
    review.approve_item(published, worked_on(session, published), by=reviewers[0], now=NINE)
    session.rollback()
    row = session.get(ItemRecord, published)
    assert (row.difficulty, row.variant_group) == (4, None)


def test_tasks_on_an_item_and_on_a_topic_end_with_the_work(session, city, reviewers, draft):
    row = {"created_by": city.people["bank"], "created_at": NINE, "due_on": date(2026, 12, 1)}
    with transaction() as open_session:
        open_session.add_all(
            [
                ItemTask(role="author", assignee_id=city.people["author"], topic="penalty_law", count=1, **row),
                ItemTask(role="author", assignee_id=city.people["author"], topic="penalty_law", count=2, **row),
                ItemTask(role="reviewer", assignee_id=reviewers[1], item_id=draft, **row),
            ]
        )
    submit(city, draft)
    assert told(session, "item_to_review") == [reviewers[1]]
    review.approve_item(draft, worked_on(session, draft), by=reviewers[1], now=NINE)
    session.rollback()
    states = session.scalars(select(ItemTask.state).order_by(ItemTask.id)).all()
    assert states == ["done", "open", "done"]


def test_of_two_reviewers_at_once_one_decides(app, session, city, reviewers, draft):
    submit(city, draft)
    version = worked_on(session, draft)
    came = []

    def decide(person, number):
        with app.app_context():
            try:
                if number:
                    review.return_item(draft, version, by=person, now=NINE, text="不行。")
                else:
                    review.approve_item(draft, version, by=person, now=NINE)
                came.append("done")
            except Refused as refusal:
                came.append(refusal.code)

    threads = [threading.Thread(target=decide, args=(one, number)) for number, one in enumerate(reviewers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(came) == ["done", "review_decided"]
    session.rollback()
    assert session.scalar(select(func.count()).select_from(ItemReview)) == 1
