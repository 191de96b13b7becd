"""Writing on items."""

import pytest
from sqlalchemy import func, select

from tests.conftest import NINE
from tests.question_bank.samples import DATA, make_item
from trainer.audit.models import Entry
from trainer.bank import edit, service
from trainer.bank.importing import import_items
from trainer.bank.models import ItemBasis, ItemField, ItemRecord, ItemVersion
from trainer.bank.queries import read_pool
from trainer.core.errors import Forbidden, Invalid, Missing

KINDS = sorted(DATA)
AUTHOR, OTHER = "author", "bank"


def data_of(kind="single_choice", **changes):
    data = make_item(kind, **changes).to_dict()
    del data["id"]
    return data


@pytest.fixture
def published(session, city):
    import_items([make_item()], by=city.people[AUTHOR], now=NINE, publish=True)
    return session.scalar(select(ItemRecord.id))


def save(city, item_id, data, *, by=AUTHOR, manages=False, base=None, session=None):
    from trainer.core.database import db

    held = db.session().get(ItemRecord, item_id, populate_existing=True)
    base = base or held.proposed_version_id or held.version_id
    db.session().rollback()
    return edit.save_item(item_id, data, base_version_id=base, by=city.people[by], manages=manages, now=NINE)


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_item_is_a_draft_with_an_id_of_its_own(session, city, kind):
    made = edit.create_item(data_of(kind), by=city.people[AUTHOR], now=NINE)
    again = edit.create_item(data_of(kind), by=city.people[AUTHOR], now=NINE)
    rows = session.scalars(select(ItemRecord).order_by(ItemRecord.id)).all()
    assert [row.code for row in rows] == ["own-penalty-law-0001", "own-penalty-law-0002"]
    assert {row.state for row in rows} == {"draft"}
    assert (made.item_id, again.item_id) == (rows[0].id, rows[1].id)
    assert session.scalar(select(func.count()).select_from(ItemBasis)) >= 2
    assert session.scalar(select(func.count()).select_from(Entry).where(Entry.action == "item.created")) == 2


def test_problems_are_told_at_their_fields(city):
    options = [{"key": letter, "text": text} for letter, text in zip("ABCD", ["甲", "", "丙", "丁"], strict=True)]
    with pytest.raises(Invalid) as refusal:
        edit.create_item(data_of() | {"options": options}, by=city.people[AUTHOR], now=NINE)
    assert "options[1].text" in {one.field for one in refusal.value.problems}
    with pytest.raises(Invalid) as refusal:
        edit.create_item(data_of() | {"topic": "nothing_such"}, by=city.people[AUTHOR], now=NINE)
    assert {one.field for one in refusal.value.problems} == {"topic"}


def test_a_draft_takes_its_new_text_at_once(session, city):
    made = edit.create_item(data_of(), by=city.people[AUTHOR], now=NINE)
    saved = save(city, made.item_id, data_of(stem="先做什么（　　）。", fields=["market"]))
    assert (saved.number, saved.is_new) == (2, True)
    row = session.get(ItemRecord, made.item_id)
    assert (row.state, row.proposed_version_id) == ("draft", None)
    assert session.get(ItemVersion, row.version_id).public["stem"] == "先做什么（　　）。"
    assert session.scalars(select(ItemField.field)).all() == ["market"]


def test_a_published_item_goes_on_being_drawn_while_a_proposal_is_written(session, city, published):
    old = read_pool(session, until=NINE.date())[0].version_id
    session.rollback()
    saved = save(city, published, data_of(key="A"))
    row = session.get(ItemRecord, published)
    assert (row.state, row.proposed_state) == ("published", "draft")
    assert [one.version_id for one in read_pool(session, until=NINE.date())] == [old] == [row.version_id]
    assert session.get(ItemVersion, row.proposed_version_id).changes_key
    assert saved.number == 2


def test_the_same_content_again_changes_nothing(session, city, published):
    assert not save(city, published, data_of()).is_new
    assert save(city, published, data_of(key="A")).is_new
    assert not save(city, published, data_of(key="A")).is_new
    assert session.scalar(select(func.count()).select_from(ItemVersion)) == 2


def test_a_change_of_key_is_measured_against_the_text_that_stands(session, city, published):
    save(city, published, data_of(key="A"))
    save(city, published, data_of(stem="先做什么（　　）。"))
    flags = session.scalars(select(ItemVersion.changes_key).order_by(ItemVersion.number)).all()
    assert flags == [False, True, False]


def test_a_save_on_top_of_another_persons_is_refused(session, city, published):
    base = session.get(ItemRecord, published).version_id
    session.rollback()
    save(city, published, data_of(key="A"))
    with pytest.raises(edit.ChangedMeanwhile):
        save(city, published, data_of(key="C"), by=OTHER, manages=True, base=base)


def test_others_items_are_for_who_manages_the_bank(city, published):
    with pytest.raises(Forbidden):
        save(city, published, data_of(key="A"), by="reviewer")
    assert save(city, published, data_of(key="A"), by=OTHER, manages=True).is_new
    with pytest.raises(Missing):
        edit.save_item(987654, data_of(), base_version_id=1, by=1, manages=True, now=NINE)


def test_a_retired_item_is_mended_beside_what_stands(session, city, published):
    service.retire_item(published, by=None)
    save(city, published, data_of(key="A"))
    row = session.get(ItemRecord, published)
    assert (row.state, row.proposed_state) == ("retired", "draft")


def test_a_proposal_is_given_up_once(session, city, published):
    save(city, published, data_of(key="A"))
    for _ in range(2):
        edit.drop_proposal(published, by=city.people[AUTHOR], manages=False)
    row = session.get(ItemRecord, published)
    assert (row.proposed_version_id, row.proposed_state) == (None, None)
    assert session.scalar(select(func.count()).select_from(Entry).where(Entry.action == "item.proposal_dropped")) == 1


def test_what_was_filed_otherwise_meanwhile_counts_as_the_same_content(session, city, published):
    session.get(ItemRecord, published).difficulty = 5
    session.commit()
    assert not save(city, published, data_of(difficulty=5)).is_new
