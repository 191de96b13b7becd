"""The board of the work in progress, and tasks."""

from datetime import date

import pytest
from sqlalchemy import select

from tests.bank.test_edit import data_of, save
from tests.conftest import NINE
from tests.question_bank.samples import make_item
from trainer.bank import board, edit, review, tasks
from trainer.bank.importing import import_items
from trainer.bank.models import ItemRecord, ItemTask
from trainer.bank.work_queries import Viewer
from trainer.core.errors import Invalid, Missing
from trainer.notices.models import Notice


def counts(session, viewer, *, writes=True):
    session.rollback()
    return {one.name: one.count for one in board.read_board(session, viewer, NINE.date(), writes=writes).columns}


def test_each_sees_what_is_theirs_to_do(session, city):
    author, reviewer, bank = (city.people[one] for one in ("author", "reviewer", "bank"))
    made = edit.create_item(data_of(), by=author, now=NINE).item_id
    assert counts(session, Viewer(author)) == {"returned": 0, "drafts": 1, "submitted": 0}
    review.submit_item(made, by=author, manages=False, now=NINE)
    assert counts(session, Viewer(author)) == {"returned": 0, "drafts": 0, "submitted": 1}
    assert counts(session, Viewer(reviewer, reviews=True), writes=False) == {"to_review": 1}
    version = session.get(ItemRecord, made).version_id
    review.return_item(made, version, by=reviewer, now=NINE, text="太长。")
    assert counts(session, Viewer(author))["returned"] == 1
    assert counts(session, Viewer(bank, manages=True))["wording"] == 0


def test_a_mend_of_wording_waits_for_the_manager(session, city):
    import_items([make_item()], by=city.people["author"], now=NINE, publish=True)
    item_id = session.scalar(select(ItemRecord.id))
    session.rollback()
    save(city, item_id, data_of(stem="先做什么（　　）。"))
    assert counts(session, Viewer(city.people["bank"], manages=True))["wording"] == 1


def give(city, **more):
    asked = {"role": "author", "assignee_id": city.people["author"], "topic": "penalty_law", "count": 3} | more
    return tasks.give_task(by=city.people["bank"], now=NINE, due_on=date(2026, 12, 1), **asked)


def test_a_task_is_given_shown_and_taken_back(session, city):
    task = give(city)
    assert session.scalars(select(Notice.user_id).where(Notice.code == "item_task_given")).all() == [
        city.people["author"]
    ]
    found = board.read_board(session, Viewer(city.people["author"]), NINE.date(), writes=True)
    assert [(line.task.id, line.written) for line in found.tasks] == [(task, 0)]
    session.rollback()
    for _ in range(2):
        tasks.cancel_task(task, by=city.people["bank"], now=NINE)
    assert session.get(ItemTask, task).state == "cancelled"
    session.rollback()
    with pytest.raises(Missing):
        tasks.cancel_task(987654, by=city.people["bank"], now=NINE)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"item_code": "nothing-0001"}, "item"),
        ({"topic": ""}, "item"),
        ({"topic": "nothing"}, "topic"),
        ({"role": "reviewer"}, "item"),
        ({"count": 0}, "count"),
        ({"count": 501}, "count"),
        ({"assignee_id": 1}, "assignee"),
    ],
)
def test_a_task_that_makes_no_sense_is_refused_at_its_field(city, more, field):
    with pytest.raises(Invalid) as refusal:
        give(city, **more)
    assert [one.field for one in refusal.value.problems] == [field]


def test_the_board_as_a_page(as_user, session, city):
    edit.create_item(data_of(), by=city.people["author"], now=NINE)
    assert "我的草稿" in as_user("author").get("/items/work").text
    assert "待我审题" in as_user("reviewer").get("/items/work").text
    bank = as_user("bank")
    sent = {"who": f"author:{city.people['author']}", "topic": "penalty_law", "count": "2", "due_on": "2026-12-01"}
    bank.post("/items/work/tasks", data=sent)
    assert "已交 0 / 2 道" in bank.get("/items/work").text
    bank.post("/items/work/tasks", data=sent | {"due_on": "soon"})
    assert len(session.scalars(select(ItemTask)).all()) == 1
    session.rollback()
    assert as_user("author").post("/items/work/tasks", data=sent).status_code == 403
