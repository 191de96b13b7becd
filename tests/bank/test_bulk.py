"""Changing many items at once."""

import pytest
from sqlalchemy import func, select

from tests.conftest import NINE
from tests.question_bank.samples import make_item
from trainer.audit.models import Entry
from trainer.bank import bulk
from trainer.bank.importing import import_items
from trainer.bank.models import BankOperation, ItemField, ItemRecord, ItemVersion
from trainer.core.errors import Invalid, Missing


@pytest.fixture
def items(session, city):
    import_items([make_item(), make_item("true_false")], by=None, now=NINE, publish=True)
    found = session.scalars(select(ItemRecord.id).order_by(ItemRecord.id)).all()
    session.rollback()
    return found


def values(session, column):
    session.rollback()
    found = session.scalars(select(column).order_by(ItemRecord.id)).all()
    session.rollback()
    return found


def do(city, items, kind, *wanted, who="bank"):
    return bulk.apply_changes(kind, list(wanted), items, by=city.people[who], now=NINE)


@pytest.mark.parametrize(
    ("kind", "wanted", "column", "after"),
    [
        ("retire", (), ItemRecord.state, "retired"),
        ("difficulty", ("5",), ItemRecord.difficulty, 5),
        ("topic", ("hearing",), ItemRecord.wing, "procedures"),
        ("pool", ("reserved",), ItemRecord.pool, "reserved"),
    ],
)
def test_an_operation_changes_columns_not_texts_and_is_undone_once(session, city, items, kind, wanted, column, after):
    before = values(session, column)
    made = do(city, items, kind, *wanted)
    assert values(session, column) == [after, after]
    assert do(city, items, kind, *wanted) is None
    assert bulk.undo_operation(made, by=city.people["bank"], now=NINE) == 2
    assert bulk.undo_operation(made, by=city.people["bank"], now=NINE) == 0
    with pytest.raises(bulk.OperationUndone):
        bulk.undo_operation(made, by=city.people["author"], now=NINE)
    assert values(session, column) == before
    assert session.scalar(select(func.count()).select_from(ItemVersion)) == 2
    assert session.scalar(select(func.count()).select_from(Entry).where(Entry.action == "item.filed")) == 2


@pytest.mark.parametrize(("kind", "wanted"), [("difficulty", "5"), ("fields", "market")])
def test_many_items_take_as_few_statements_as_one(session, city, count_queries, kind, wanted):
    import_items([make_item(id=f"penalty-law-{number:04d}") for number in range(41)], by=None, now=NINE, publish=True)
    ids = session.scalars(select(ItemRecord.id)).all()
    session.rollback()
    taken = []
    for part in (ids[:1], ids[1:]):
        with count_queries() as seen:
            made = do(city, part, kind, wanted)
            assert bulk.undo_operation(made, by=city.people["bank"], now=NINE) == len(part)
        taken.append(len(seen))
    assert taken[0] == taken[1]


def test_fields_are_replaced_and_given_back(session, city, items):
    made = do(city, items, "fields", "market", "urban_mgmt")
    assert session.scalars(select(ItemField.field).where(ItemField.item_id == items[0])).all() == [
        "market",
        "urban_mgmt",
    ]
    session.rollback()
    bulk.undo_operation(made, by=city.people["bank"], now=NINE)
    assert session.scalars(select(ItemField.field)).all() == ["general", "general"]


def test_undoing_leaves_alone_what_changed_since(session, city, items):
    made = do(city, items, "difficulty", "5")
    do(city, items[:1], "difficulty", "1")
    assert bulk.undo_operation(made, by=city.people["bank"], now=NINE) == 1
    assert values(session, ItemRecord.difficulty) == [1, 2]
    with pytest.raises(Missing):
        bulk.undo_operation(987654, by=city.people["bank"], now=NINE)


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [("difficulty", "6"), ("difficulty", ""), ("topic", "nothing"), ("fields", "nothing"), ("pool", "secret")],
)
def test_values_that_do_not_exist_are_refused(city, items, kind, wanted):
    with pytest.raises(Invalid):
        do(city, items, kind, wanted)


def test_managers_see_first_what_would_change(as_user, session, items):
    bank = as_user("bank")
    sent = {"kind": "difficulty", "to_difficulty": "5", "item": [str(one) for one in items]}
    assert "其中 2 道会改变" in bank.post("/items/operations/preview", data=sent).text
    assert values(session, ItemRecord.difficulty) == [2, 2]
    bank.post("/items/operations", data=sent)
    assert values(session, ItemRecord.difficulty) == [5, 5]
    assert ">5 / 5<" in bank.get(f"/items/{items[0]}").text
    made = session.scalar(select(BankOperation.id))
    session.rollback()
    bank.post(f"/items/operations/{made}/undo")
    assert "已撤销" in bank.get("/items/operations").text
    assert values(session, ItemRecord.difficulty) == [2, 2]
    assert as_user("author").post("/items/operations", data=sent).status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("law=行政处罚法", 2),
        ("law=宪法", 0),
        ("difficulty=2", 2),
        ("difficulty=3", 0),
        ("pool=open", 2),
        ("pool=reserved", 0),
        ("use=used", 0),
        ("use=unused", 2),
    ],
)
def test_items_are_searched_by_law_difficulty_pool_and_use(as_user, items, query, found):
    assert as_user("author").get(f"/items?{query}").text.count("cell-title") == found
