"""Pages of the bank."""

import pytest
from sqlalchemy import select

from tests.conftest import NINE
from tests.question_bank.samples import make_item
from trainer.bank import service
from trainer.bank.importing import import_items
from trainer.bank.models import ItemRecord
from trainer.core.errors import Conflict, Missing

KINDS = ("single_choice", "multiple_choice", "true_false", "fill_blank", "ordering")


@pytest.fixture
def items(session):
    import_items([make_item(kind) for kind in KINDS], by=None, now=NINE, publish=True)
    found = dict(session.execute(select(ItemRecord.kind, ItemRecord.id)).all())
    session.rollback()
    return found


@pytest.mark.parametrize(
    ("who", "status"), [("author", 200), ("reviewer", 200), ("bank", 200), ("officer", 403), ("organiser", 403)]
)
def test_items_with_their_keys_are_for_those_who_look_after_them(as_user, items, who, status):
    client = as_user(who)
    assert client.get("/items").status_code == status
    assert client.get(f"/items/{items['single_choice']}").status_code == status


def test_nobody_is_sent_to_sign_in(client):
    assert client.get("/items").status_code == 302


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_page_with_key_reason_and_basis(as_user, items, kind):
    page = as_user("author").get(f"/items/{items[kind]}").text
    assert "理由见条文" in page
    assert "行政处罚法" in page
    assert "第1款" in page


def test_older_versions_can_be_read(as_user, items):
    import_items([make_item(stem="改过的（　　）。")], by=None, now=NINE, publish=True)
    author = as_user("author")
    item_id = items["single_choice"]
    assert "改过的" in author.get(f"/items/{item_id}").text
    old = author.get(f"/items/{item_id}?version=1").text
    assert "首先应当" in old
    assert "这是旧版本" in old
    assert author.get(f"/items/{item_id}?version=9").status_code == 404
    assert author.get("/items/999999").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 5),
        ("kind=true_false", 1),
        ("words=首先应当", 1),
        ("words=首先 应当", 1),
        ("words=立案", 3),
        ("words=penalty-law-0004", 1),
        ("words=%25", 0),
        ("words=调查取证A", 0),
        ("state=draft", 0),
        ("state=none-there-is", 0),
        ("kind=%00x&topic=%00x&words=%00", 0),
        ("topic=penalty_law", 5),
        ("topic=hearing", 0),
        ("field=general", 5),
        ("field=market", 0),
        ("field=nothing", 0),
    ],
)
def test_the_list_is_filtered_by_its_address(as_user, items, query, found):
    page = as_user("author").get(f"/items?{query}").text
    assert page.count("cell-title") == found


def test_the_list_costs_the_same_however_long(as_user, session, count_queries):
    author = as_user("author")
    import_items([make_item()], by=None, now=NINE)
    with count_queries() as few:
        author.get("/items")
    import_items([make_item(id=f"x-{number}") for number in range(40)], by=None, now=NINE)
    with count_queries() as many:
        author.get("/items")
    assert len(few) == len(many) <= 9


def test_an_item_is_retired_and_published_again(session, items):
    item_id = items["single_choice"]
    for _ in range(2):
        service.retire_item(item_id, by=None)
    assert session.get(ItemRecord, item_id).state == "retired"
    session.rollback()
    service.bring_back(item_id, by=None)
    assert session.get(ItemRecord, item_id).state == "published"
    session.rollback()
    with pytest.raises(Missing):
        service.retire_item(987654, by=None)


def test_a_change_of_state_that_makes_no_sense_is_refused(monkeypatch, items):
    monkeypatch.setattr(service, "may_become", lambda state, wanted: False)
    with pytest.raises(Conflict):
        service.retire_item(items["single_choice"], by=None)
