"""The page on which questions are taken out."""

import io
import json
import zipfile

import docx
import pytest
from sqlalchemy import select

from question_bank.incoming import OUTCOMES
from tests.conftest import NINE
from tests.question_bank.samples import DATA, make_data, make_item
from trainer.audit.models import Entry
from trainer.bank.alike import decide
from trainer.bank.bulk import apply_changes
from trainer.bank.exporting import export, items_for
from trainer.bank.import_once import read_files
from trainer.bank.importing import import_items
from trainer.bank.models import ItemField, ItemRecord
from trainer.bank.queries import ItemFilter
from trainer.bank.work_queries import Viewer
from trainer.core.database import db

TODAY = NINE.date()


@pytest.fixture
def manager(as_user):
    return as_user("bank")


@pytest.fixture
def filled(app, city):
    import_items([make_item(kind) for kind in sorted(DATA)], by=None, now=NINE, publish=True)


def test_the_page_tells_how_many_and_what_the_format_loses(manager, filled):
    page = manager.get("/items/export?format=aiken").text
    assert f"共 {len(DATA)} 题" in page
    assert "整题略去" in page
    whole = manager.get("/items/export?format=json").text
    assert "整题略去" not in whole
    assert "下载文件" in whole
    assert "没有符合条件的试题" in manager.get("/items/export?format=json&topic=hearing").text


@pytest.mark.parametrize("name", ["aiken", "excel", "gift", "json", "moodle_xml", "qti_22", "qti_30", "word"])
def test_every_format_is_handed_out(manager, filled, name, session):
    answer = manager.get(f"/items/export/file?format={name}")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    detail = session.scalar(select(Entry.detail).where(Entry.action == "items.exported"))
    assert detail == {"format": name, "count": len(DATA)}


def test_a_print_without_answers_holds_nothing_secret(manager, filled):
    def words(answers):
        given = manager.get(f"/items/export/file?format=word&answers={answers}&title=模拟卷").data
        assert zipfile.is_zipfile(io.BytesIO(given))
        return "\n".join(one.text for one in docx.Document(io.BytesIO(given)).paragraphs)

    explanation = make_item().explanation
    assert explanation in words("beside")
    assert explanation in words("end")
    none = words("none")
    assert explanation not in none
    assert "答案" not in none
    assert "模拟卷" in none


def test_items_go_out_as_they_are_filed_now(app, filled, session):
    row = session.scalar(select(ItemRecord).where(ItemRecord.kind == "single_choice"))
    row.difficulty, row.topic, row.wing, row.variant_group = 5, "hearing", "procedures", "hearings"
    session.query(ItemField).filter_by(item_id=row.id).delete()
    session.add(ItemField(item_id=row.id, field="market"))
    session.commit()
    found = items_for(db.session(), ItemFilter(topic="hearing", state="published"), Viewer(0, manages=True), TODAY)
    told = [(one.difficulty, one.topic, one.fields, one.variant_group) for one in found]
    assert told == [(5, "hearing", ("market",), "hearings")]


def put_in_again(content):
    with read_files([("bank.json", content)], format="", defaults={}) as reading:
        return reading.counts


def test_what_was_decided_and_filed_here_goes_out_and_comes_back_without_a_change(app, city, session):
    texts = [make_item(id=f"q-{number}", stem=f"第{number}题（　　）。") for number in (1, 2, 3)]
    import_items(texts, by=None, now=NINE, publish=True)
    ids = {row.code: row.id for row in session.execute(select(ItemRecord.code, ItemRecord.id))}
    session.rollback()
    decide([ids["q-1"], ids["q-2"]], "enemies", by=city.people["bank"], now=NINE)
    decide([ids["q-1"], ids["q-3"]], "unlike", by=city.people["bank"], now=NINE)
    apply_changes("difficulty", ["5"], [ids["q-3"]], by=city.people["bank"], now=NINE)
    everything = items_for(db.session(), ItemFilter(), Viewer(0, manages=True), TODAY)
    session.rollback()
    assert [one.enemies for one in everything] == [("q-2",), ("q-1",), ()]
    assert everything[2].difficulty == 5
    whole = export(everything, "json", by=None).content
    assert put_in_again(whole) == dict.fromkeys(OUTCOMES, 0) | {"unchanged": 3}
    alone = items_for(db.session(), ItemFilter(words="第1题"), Viewer(0, manages=True), TODAY)
    session.rollback()
    assert [one.enemies for one in alone] == [()]
    assert put_in_again(export(alone, "json", by=None).content)["unchanged"] == 1


def test_a_new_text_from_elsewhere_keeps_how_the_question_is_filed_here(app, city, session):
    import_items([make_item()], by=None, now=NINE, publish=True)
    (item_id,) = session.scalars(select(ItemRecord.id)).all()
    session.rollback()
    apply_changes("difficulty", ["5"], [item_id], by=city.people["bank"], now=NINE)
    body = {name: value for name, value in make_data().items() if name not in ("id", "difficulty", "key")}
    content = json.dumps([body | {"key": "A" if make_item().key != "A" else "B"}]).encode()
    with read_files([("other.json", content)], format="json", defaults={"difficulty": 1}) as reading:
        (row,) = reading.findings.all_rows()
    assert (row["outcome"], row["merged"]["body"]["difficulty"], row["differs"]) == ("again", 5, ["key"])


def test_only_what_the_reader_may_see_goes_out(app, city, filled):
    import_items([make_item(id="r-1", pool="reserved")], by=city.people["author"], now=NINE, publish=True)
    wanted = ItemFilter(state="published", pool="reserved")

    def ids(person, **more):
        return [one.id for one in items_for(db.session(), wanted, Viewer(city.people[person], **more), TODAY)]

    assert ids("bank", manages=True) == ["r-1"]
    assert ids("author") == ["r-1"]
    assert ids("reviewer", reviews=True) == []


def test_a_wrong_format_or_nothing_to_export_is_refused(manager, filled):
    assert manager.get("/items/export?format=pdf").status_code == 422
    assert manager.get("/items/export/file?format=json&topic=hearing").status_code == 422


@pytest.mark.parametrize("who", ["author", "reviewer", "organiser", "admin", "officer"])
def test_other_roles_take_nothing_out(as_user, filled, who):
    client = as_user(who)
    assert client.get("/items/export").status_code == 403
    assert client.get("/items/export/file?format=json").status_code == 403
