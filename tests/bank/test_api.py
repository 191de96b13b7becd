"""The bank over the API."""

import io
import json

import pytest
from sqlalchemy import func, select

from tests.bank.import_files import OTHER, ROW, book, moodle
from tests.conftest import NINE
from tests.question_bank.samples import DATA, make_data, make_item
from trainer.audit.models import Entry
from trainer.bank.importing import import_items
from trainer.bank.models import ItemMedia, ItemRecord

ASSUMED = {"topic": "penalty_law"}


@pytest.fixture
def manager(as_user):
    return as_user("bank")


def bring(client, content, name="题库.xlsx", **more):
    form = ASSUMED | {"file": (io.BytesIO(content), name)} | more
    return client.post("/api/v1/items/import", data=form, content_type="multipart/form-data")


def stored(session):
    session.rollback()
    number = session.scalar(select(func.count()).select_from(ItemRecord))
    session.rollback()
    return number


def test_a_dry_run_tells_and_stores_nothing_and_the_run_does_the_same(manager, session):
    told = bring(manager, book(ROW, OTHER), dry_run="true").json
    assert (told["stored"], told["dry_run"], len(told["added"]), stored(session)) == (False, True, 2, 0)
    assert told["counts"]["new"] == 2
    assert told["files"][0]["format"] == "tables"
    done = bring(manager, book(ROW, OTHER)).json
    assert (done["stored"], done["added"], stored(session)) == (True, told["added"], 2)
    again = bring(manager, book(ROW, OTHER)).json
    assert (again["added"], len(again["unchanged"]), stored(session)) == ([], 2, 2)


def test_one_refused_question_keeps_everything_out_unless_it_is_left_out(manager, session):
    bad = ("单选题", "答案不在选项中（　　）。", "甲", "乙", "", "", "E", "")
    told = bring(manager, book(ROW, bad)).json
    assert (told["stored"], told["added"], stored(session)) == (False, [], 0)
    assert told["items"][1]["outcome"] == "refused"
    assert told["items"][1]["problems"][0]["message"]
    assert bring(manager, book(ROW, bad), leave_out_refused="true").json["stored"]
    assert stored(session) == 1


def test_pictures_come_along(manager, session):
    assert bring(manager, moodle(), "a.xml").json["stored"]
    assert session.scalar(select(func.count()).select_from(ItemMedia)) == 1


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"again": "burn"}, "again"),
        ({"topic": "no_such"}, "topic"),
        ({"difficulty": "9"}, "difficulty"),
        ({"format": "docs"}, "format"),
        ({"moon": "1"}, "moon"),
    ],
)
def test_a_wrong_field_is_named(manager, session, form, field):
    answer = bring(manager, book(ROW), **form)
    assert answer.status_code == 422
    assert [one["field"].split(".")[0] for one in answer.json["errors"]] == [field]
    assert stored(session) == 0


def test_a_body_that_is_no_form_is_415_and_one_without_a_file_422(manager):
    assert manager.post("/api/v1/items/import", json={}).status_code == 415
    empty = manager.post("/api/v1/items/import", data={"topic": "x"}, content_type="multipart/form-data")
    assert empty.status_code == 422


def test_a_file_that_cannot_be_read_is_told(manager, session):
    told = bring(manager, b"PK\x03\x04 damaged").json
    assert (told["stored"], stored(session)) == (False, 0)
    assert told["files"][0]["problem"]["message"]


def test_the_list_is_filtered_and_paged(manager, city):
    import_items([make_item(kind, id=f"a-{n}") for n, kind in enumerate(sorted(DATA))], by=None, now=NINE, publish=True)
    first = manager.get("/api/v1/items?limit=4").json
    assert len(first["items"]) == 4
    assert "key" not in json.dumps(first["items"][0])
    codes = [one["code"] for one in first["items"]]
    address = first["next"]
    while address:
        page = manager.get(address).json
        codes += [one["code"] for one in page["items"]]
        address = page["next"]
    assert codes == sorted(f"a-{n}" for n in range(len(DATA)))
    only = manager.get("/api/v1/items?kind=true_false").json["items"]
    assert [(one["kind"], one["state"], one["fields"]) for one in only] == [
        ("true_false", "published", only[0]["fields"])
    ]
    assert manager.get("/api/v1/items?topic=nothing").json == {"items": [], "next": None}
    assert manager.get("/api/v1/items?kind=moon").status_code == 422


def test_the_export_comes_in_every_format_and_comes_back(manager, session):
    import_items([make_item(kind) for kind in sorted(DATA)], by=None, now=NINE, publish=True)
    for name in ("aiken", "excel", "gift", "json", "moodle_xml", "qti_22", "qti_30", "word"):
        answer = manager.get(f"/api/v1/items/export?format={name}")
        assert answer.status_code == 200, name
        assert answer.data
        if name in ("excel", "json"):
            told = bring(manager, answer.data, f"out.{name}", format=name).json
            assert (told["added"], told["changed"], len(told["unchanged"])) == ([], [], len(DATA)), name


def test_reserved_items_leave_only_when_they_are_named_and_that_is_put_down(manager, session):
    import_items([make_item(), make_item(id="r-1", pool="reserved")], by=None, now=NINE, publish=True)
    assert b'"r-1"' not in manager.get("/api/v1/items/export?format=json").data
    assert b'"r-1"' in manager.get("/api/v1/items/export?format=json&pool=reserved").data
    found = session.scalars(select(Entry.detail).where(Entry.action == "items.exported").order_by(Entry.id)).all()
    assert [one.get("reserved") for one in found] == [None, ["r-1"]]


def test_nothing_to_export_and_an_unknown_format_are_refused(manager):
    assert manager.get("/api/v1/items/export?format=json").status_code == 422
    assert manager.get("/api/v1/items/export?format=pdf").status_code == 422
    assert manager.get("/api/v1/items/export").status_code == 422


@pytest.mark.parametrize("who", ["author", "reviewer", "organiser", "admin", "officer"])
def test_other_roles_see_and_take_nothing(as_user, session, who):
    client = as_user(who)
    assert client.get("/api/v1/items").status_code == 403
    assert client.get("/api/v1/items/export?format=json").status_code == 403
    assert bring(client, book(ROW)).status_code == 403
    assert stored(session) == 0


def test_a_change_of_key_waits_for_another_person_whatever_is_asked(manager, session):
    import_items([make_item()], by=None, now=NINE, publish=True)
    other = json.dumps({"items": [make_data(key="A" if make_data()["key"] != "A" else "B")]}).encode()
    told = bring(manager, other, "a.json", again="version", then="publish").json
    assert (told["proposed"], told["changed"]) == ([make_data()["id"]], [])
    mended = json.dumps({"items": [make_data("true_false")]}).encode()
    assert len(bring(manager, mended, "b.json", then="publish").json["added"]) == 1
    assert session.scalar(select(ItemRecord.state).where(ItemRecord.kind == "true_false")) == "in_review"
