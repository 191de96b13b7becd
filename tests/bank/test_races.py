"""Several people at the bank at the same moment."""

import threading
import time

import pytest
from sqlalchemy import func, select

from tests.bank.test_edit import data_of
from tests.conftest import NINE
from tests.laws.factories import FIRST, OLD, citing, law_text, load, put_items, quarantine
from tests.question_bank.samples import make_item
from trainer.bank import edit, importing, lawchange, review
from trainer.bank.importing import DRAFTS, Entry, import_items, put_in
from trainer.bank.models import ItemRecord, ItemVersion
from trainer.core.database import db, transaction
from trainer.core.errors import Refused


@pytest.fixture
def at_once(app):
    """Run several pieces of work in threads of their own, and return what each came to."""

    def run(*works):
        came = [None] * len(works)

        def one(number):
            with app.app_context():
                try:
                    came[number] = works[number]()
                except Exception as error:
                    came[number] = error
                finally:
                    db.session.remove()

        threads = [threading.Thread(target=one, args=(number,)) for number in range(len(works))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return came

    return run


def slowed(monkeypatch, module, name, seconds=0.3):
    """Let a function of a module take its time after it is done."""
    real = getattr(module, name)

    def slow(*args, **more):
        found = real(*args, **more)
        time.sleep(seconds)
        return found

    monkeypatch.setattr(module, name, slow)


def test_each_new_item_gets_an_id_of_its_own(session, city, at_once, monkeypatch):
    slowed(monkeypatch, edit, "_free_code", 0.2)
    author = city.people["author"]
    came = at_once(*[lambda: edit.create_item(data_of(), by=author, now=NINE)] * 3)
    assert {type(one) for one in came} == {edit.Saved}
    assert session.scalar(select(func.count(ItemRecord.code.distinct()))) == 3


def test_the_same_file_taken_in_twice_at_the_same_moment_comes_once(session, city, at_once, monkeypatch):
    slowed(monkeypatch, importing, "_known")
    came = at_once(*[lambda: import_items([make_item()], by=city.people["bank"], now=NINE)] * 2)
    assert sorted(len(one.added) for one in came) == [0, 1]


def test_an_import_does_not_undo_what_a_reviewer_decides_meanwhile(session, city, at_once, monkeypatch):
    author, reviewer = city.people["author"], city.people["reviewer"]
    import_items([make_item()], by=author, now=NINE)
    item_id, version_id = session.execute(select(ItemRecord.id, ItemRecord.version_id)).one()
    session.rollback()
    review.submit_item(item_id, by=author, manages=False, now=NINE)
    review.withdraw_item(item_id, by=author, manages=False, now=NINE)
    slowed(monkeypatch, importing, "_known")

    def decide():
        time.sleep(0.1)
        try:
            review.submit_item(item_id, by=author, manages=False, now=NINE)
            review.approve_item(item_id, version_id, by=reviewer, now=NINE)
        except Refused as refusal:
            return refusal.code
        return "approved"

    def bring():
        with transaction() as held:
            importing.hold_bank(held)
            return put_in(held, [Entry.of(make_item(stem="别的（　　）。"))], by=author, now=NINE, terms=DRAFTS)

    came = at_once(bring, decide)
    session.rollback()
    row = session.get(ItemRecord, item_id)
    numbers = session.scalars(select(ItemVersion.number).order_by(ItemVersion.number)).all()
    assert came[0].changed == (row.code,)
    # The import came first, so the reviewer had another text before them than the one that was asked about.
    assert (came[1], row.state, numbers) == ("review_decided", "in_review", [1, 2])


def test_a_text_that_comes_to_stand_while_a_law_comes_in_does_not_slip_past_it(session, city, at_once, monkeypatch):
    load(law_text(FIRST, OLD))
    (item_id,) = put_items(citing(4, "1"))
    slowed(monkeypatch, importing, "look_through", 0.8)

    def bring():
        time.sleep(0.3)
        return load(law_text())

    came = at_once(lambda: put_items(citing(4, "4")), bring)
    assert not any(isinstance(one, Exception) for one in came), came
    assert item_id in quarantine(session)


def test_nothing_comes_to_stand_in_the_midst_of_a_law(session, city, at_once, monkeypatch):
    load(law_text(FIRST, OLD))
    (item_id,) = put_items(citing(4, "1"))
    slowed(monkeypatch, lawchange, "_set_quarantine", 0.8)

    def bring():
        time.sleep(0.3)
        return put_items(citing(4, "4"))

    _loaded, brought = at_once(lambda: load(law_text()), bring)
    # SQLite lets the one wait for the other.
    assert brought == [item_id] or brought.code == "busy"
    assert (item_id in quarantine(session)) is (brought == [item_id])
