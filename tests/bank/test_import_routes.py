"""Files of questions through the pages: upload, preview, choices, taking in."""

import hashlib
import io
import time

import openpyxl
import pytest
from sqlalchemy import func, select

from tests.bank.import_files import HEAD, OTHER, ROW, bomb, book, moodle
from tests.bank.pictures import PNG
from tests.conftest import NINE
from trainer.audit.models import Entry
from trainer.bank import import_batches
from trainer.bank.importing import import_items
from trainer.bank.models import ImportBatch, ItemMedia, ItemRecord, ItemVersion
from trainer.core.files import media_folder

ASSUMED = {"topic": "penalty_law", "fields": ["general"], "difficulty": "3", "level": "understand", "pool": "open"}


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Let a request wait until its import has come to its next step."""
    monkeypatch.setattr(import_batches, "WAIT_SECONDS", 60)


@pytest.fixture
def manager(as_user):
    return as_user("bank")


def send(client, content, name="题库.xlsx", **more):
    """Upload a file and return the address of its import."""
    form = ASSUMED | {"files": (io.BytesIO(content), name)} | more
    answer = client.post("/items/import", data=form, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    return answer.location


def take(client, address, **choices):
    answer = client.post(f"{address}/apply", data=choices)
    assert answer.status_code == 303
    return client.get(address).text


def stored(session, table=ItemRecord):
    session.rollback()
    number = session.scalar(select(func.count()).select_from(table))
    session.rollback()
    return number


def state(session):
    session.rollback()
    found = session.scalars(select(ImportBatch.state).order_by(ImportBatch.id.desc())).first()
    session.rollback()
    return found


def test_a_foreign_workbook_is_looked_at_first_and_then_taken_in(manager, session, city):
    address = send(manager, book(ROW, OTHER))
    page = manager.get(address).text
    assert "还没有写入任何内容" in page
    assert "行政处罚的种类不包括" in page
    assert "其他系统的表格" in page
    assert stored(session) == 0
    assert "导入完成" in take(manager, address)
    items = session.scalars(select(ItemRecord).order_by(ItemRecord.kind)).all()
    assert [(one.kind, one.state, one.topic, one.author_id) for one in items] == [
        ("single_choice", "draft", "penalty_law", city.people["bank"]),
        ("true_false", "draft", "penalty_law", city.people["bank"]),
    ]
    assert session.scalar(select(Entry.detail).where(Entry.action == "import.applied"))["name"] == "题库.xlsx"


def test_the_same_file_twice_changes_nothing(manager, session):
    take(manager, send(manager, book(ROW, OTHER)))
    again = send(manager, book(ROW, OTHER))
    page = manager.get(again).text
    assert "同样的文件已在" in page
    assert "没有变化" in page
    assert "disabled" in page
    take(manager, again)
    assert (stored(session), stored(session, ItemVersion)) == (2, 2)


@pytest.mark.parametrize(("choice", "items", "versions"), [("skip", 1, 1), ("version", 1, 2), ("both", 2, 2)])
def test_a_question_that_is_here_already_comes_as_it_is_chosen(manager, session, choice, items, versions):
    take(manager, send(manager, book(ROW)))
    other_key = (*ROW[:6], "D", ROW[7])
    address = send(manager, book(other_key))
    page = manager.get(address).text
    assert "题库已有" in page
    assert "答案不同" in page
    take(manager, address, again=choice)
    assert (stored(session), stored(session, ItemVersion)) == (items, versions)
    take(manager, send(manager, book(other_key)), again=choice)
    assert (stored(session), stored(session, ItemVersion)) == (items, versions)


def test_a_single_question_can_be_left_out_or_kept_beside(manager, session):
    take(manager, send(manager, book(ROW)))
    address = send(manager, book((*ROW[:6], "D", ""), OTHER))
    manager.post(f"{address}/rows/1", data={"choice": "both"})
    manager.post(f"{address}/rows/2", data={"choice": "skip"})
    take(manager, address)
    assert stored(session) == 2
    assert set(session.scalars(select(ItemRecord.kind))) == {"single_choice"}


def test_the_same_stem_with_other_options_is_told_and_kept_beside(manager, session):
    take(manager, send(manager, book(ROW)))
    address = send(manager, book((*ROW[:2], "甲", "乙", "丙", "丁", "A", "")))
    assert "题干相同" in manager.get(address).text
    take(manager, address)
    assert stored(session) == 2


def test_what_is_refused_comes_back_in_its_layout_with_the_reason(manager, session):
    bad = ("单选题", "答案不在选项中（　　）。", "甲", "乙", "", "", "E", "")
    address = send(manager, book(ROW, bad))
    assert "未通过" in manager.get(address).text
    given = manager.get(f"{address}/refused/0.xlsx")
    rows = list(openpyxl.load_workbook(io.BytesIO(given.data)).active.iter_rows(values_only=True))
    assert rows[0] == (*HEAD, "未导入的原因")
    assert rows[1][1] == bad[1]
    assert rows[1][-1]
    take(manager, address)
    assert stored(session) == 1
    mended = openpyxl.load_workbook(io.BytesIO(given.data))
    mended.active["G2"] = "B"
    held = io.BytesIO()
    mended.save(held)
    take(manager, send(manager, held.getvalue()))
    assert stored(session) == 2


def test_a_report_tells_every_row_and_every_repair(manager):
    address = send(
        manager, book((*ROW[:6], "c", ROW[7]), ("", "答案不在选项中（　　）。", "甲", "乙", "", "", "E", ""))
    )
    text = manager.get(f"{address}/report.txt").data.decode("utf-8-sig")
    assert "第 1 题（工作表“题库”，第 2 行） 新题" in text
    assert "第 2 题（工作表“题库”，第 3 行） 未通过" in text


def test_pasted_text_is_read_like_a_paper(manager, session):
    text = "一、单项选择题\n1. 行政机关应当（　　）。\nA. 依法\nB. 随意\n答案：A\n"
    address = send(manager, b"", name="", text=text)
    page = manager.get(address).text
    assert "试卷文字" in page
    take(manager, address)
    assert stored(session) == 1


def test_several_files_come_in_together(manager, session):
    form = ASSUMED | {"files": [(io.BytesIO(book(ROW)), "a.xlsx"), (io.BytesIO(moodle()), "b.xml")]}
    address = manager.post("/items/import", data=form, content_type="multipart/form-data").location
    take(manager, address)
    assert stored(session) == 2


def test_pictures_come_along_and_are_shown_before_and_after(manager, session, app, as_user):
    digest = hashlib.sha256(PNG).hexdigest()
    address = send(manager, moodle(), name="moodle.xml")
    assert f"{address.removeprefix('http://localhost')}/media/{digest}" in manager.get(address).text
    with manager.get(f"{address}/media/{digest}") as shown:
        assert (shown.status_code, shown.mimetype, shown.data) == (200, "image/png", PNG)
    assert stored(session, ItemMedia) == 0
    assert as_user("author").get(f"/media/{digest}").status_code == 404
    take(manager, address)
    assert stored(session, ItemMedia) == 1
    assert (media_folder(app.config["SETTINGS"].instance) / digest).read_bytes() == PNG
    item_id = session.scalar(select(ItemRecord.id))
    session.rollback()
    assert f"/media/{digest}" in manager.get(f"/items/{item_id}").text
    with manager.get(f"/media/{digest}") as shown:
        assert shown.data == PNG


def test_a_text_for_a_published_question_waits_for_review_and_the_old_one_stands(manager, session, city):
    take(manager, send(manager, book(ROW)))
    session.scalar(select(ItemRecord)).state = "published"
    session.commit()
    address = send(manager, book((*ROW[:6], "D", ROW[7])))
    page = take(manager, address, again="version", then="publish")
    assert "新文本待审" in page
    row = session.scalar(select(ItemRecord))
    assert (row.state, row.proposed_state) == ("published", "in_review")
    assert session.get(ItemVersion, row.version_id).body["key"] == "C"


def test_new_questions_can_be_handed_to_reviewers_at_once(manager, session):
    take(manager, send(manager, book(ROW)), then="review")
    assert session.scalar(select(ItemRecord.state)) == "in_review"


def test_without_a_topic_nothing_comes_in_until_one_is_said(manager, session):
    address = send(manager, book(ROW), topic="")
    assert "disabled" in manager.get(address).text
    manager.post(f"{address}/read", data=ASSUMED | {"format": ""})
    take(manager, address)
    assert stored(session) == 1


def test_when_the_bank_changes_meanwhile_it_is_looked_at_once_more(manager, session, city):
    address = send(manager, book(ROW))
    take(manager, send(manager, book((*ROW[:6], "D", ROW[7]))))
    page = take(manager, address)
    assert "预览之后题库有了变化" in page
    assert "题库已有" in page
    assert stored(session) == 1
    take(manager, address, again="version")
    assert stored(session, ItemVersion) == 2


def test_other_texts_that_came_meanwhile_are_no_hindrance(manager, session):
    from tests.question_bank.samples import make_item

    address = send(manager, book(ROW))
    import_items([make_item()], by=None, now=NINE)
    assert "导入完成" in take(manager, address)
    assert stored(session) == 2


def test_nothing_is_half_stored_when_it_fails(manager, session, monkeypatch):
    address = send(manager, moodle(), name="moodle.xml")

    def fail(*args, **more):
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr(import_batches, "register_media", fail)
    assert "读取时出错" in take(manager, address)
    assert (stored(session), stored(session, ItemVersion), stored(session, ItemMedia)) == (0, 0, 0)
    monkeypatch.undo()
    monkeypatch.setattr(import_batches, "WAIT_SECONDS", 60)
    assert "导入完成" in take(manager, address)


def test_a_second_confirmation_takes_nothing_in_twice(manager, session):
    address = send(manager, book(ROW))
    take(manager, address)
    assert "导入完成" in take(manager, address)
    assert (stored(session), stored(session, ItemVersion)) == (1, 1)


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "leer.xlsx", "文件是空的"),
        (b"\x00\x01\x02nothing", "x.bin", "格式"),
        (b'<?xml version="1.0"?><!DOCTYPE q [<!ENTITY a "b">]><quiz>&a;</quiz>', "x.xml", "无法读取"),
        (b"PK\x03\x04 damaged", "x.xlsx", "无法读取"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(manager, session, content, name, said):
    page = manager.get(send(manager, content, name=name)).text
    assert "没有写入任何内容" in page
    assert said in page
    assert (stored(session), state(session)) == (0, "refused")


def test_an_archive_made_to_explode_is_refused_within_two_seconds(manager, session):
    content = bomb()
    began = time.monotonic()
    page = manager.get(send(manager, content)).text
    assert time.monotonic() - began < 2
    assert "无法读取" in page
    assert state(session) == "refused"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"topic": "penalty_law"}, "请选择文件"),
        ({"text": "1. 题（　）。", "topic": "no_such"}, "没有“no_such”这个专题"),
        ({"text": "1. 题（　）。", "difficulty": "9"}, "应在"),
        ({"text": "1. 题（　）。", "fields": "moon"}, "没有“moon”"),
        ({"text": "1. 题（　）。", "format": "docs"}, "没有“docs”"),
        ({"text": "1. 题（　）。", "pool": "deep"}, "没有“deep”"),
    ],
)
def test_a_form_that_is_wrong_says_so_at_its_field(manager, session, form, said):
    answer = manager.post("/items/import", data=form)
    assert answer.status_code == 422
    assert said in answer.text
    assert stored(session, ImportBatch) == 0


def test_choices_that_do_not_exist_are_refused(manager, session):
    address = send(manager, book(ROW))
    for path, form in (("apply", {"again": "burn"}), ("apply", {"then": "publish_all"}), ("rows/1", {"choice": "x"})):
        manager.post(f"{address}/{path}", data=form)
    assert (stored(session), state(session)) == (0, "preview")


def test_an_import_is_its_makers_alone(manager, as_user, session, city):
    from trainer.accounts.models import Grant

    address = send(manager, book(ROW))
    session.add(Grant(user_id=city.people["author"], role="bank_manager", unit_id=city.units["JM"], granted_at=NINE))
    session.commit()
    other = as_user("author")
    for path in ("", "/progress", "/report.txt", "/refused/0.xlsx"):
        assert other.get(address + path).status_code == 404
    for path in ("/apply", "/cancel", "/read", "/rows/1", "/choices"):
        assert other.post(address + path).status_code == 404
    assert (stored(session), state(session)) == (0, "preview")


@pytest.mark.parametrize("who", ["author", "reviewer", "organiser", "admin", "officer"])
def test_other_roles_bring_nothing_in(as_user, session, who):
    client = as_user(who)
    assert client.get("/items/import").status_code == 403
    answer = client.post("/items/import", data=ASSUMED | {"text": "1. 题（　）。"})
    assert answer.status_code == 403
    assert stored(session, ImportBatch) == 0


def test_an_import_that_is_given_up_leaves_nothing(manager, session, app):
    address = send(manager, book(ROW))
    manager.post(f"{address}/cancel")
    assert state(session) == "cancelled"
    assert manager.get(address).status_code == 404
    assert "题库.xlsx" not in manager.get("/items/import").text
    assert stored(session) == 0


def test_while_it_is_read_the_page_tells_how_far_it_is(manager, session, monkeypatch):
    monkeypatch.setattr(import_batches, "begin", lambda batch_id, wait=None: None)
    address = send(manager, book(ROW))
    assert "data-import" in manager.get(address).text
    told = manager.get(f"{address}/progress").json
    assert (told["state"], told["done"]) == ("reading", 0)
    import_batches.go_on(int(address.rsplit("/", 1)[1]))
    assert manager.get(f"{address}/progress").json["state"] == "preview"


def test_the_template_is_given_out_and_read_back(manager):
    given = manager.get("/items/import/template.xlsx")
    assert "题库模板" in manager.get(send(manager, given.data, name="模板.xlsx")).text


def test_pages_stay_small_and_ask_little_however_many_questions(manager, count_queries):
    address = send(manager, book(*[(*ROW[:1], f"第{n}题应当（　　）。", *ROW[2:]) for n in range(60)]))
    with count_queries() as seen:
        page = manager.get(address).text
    assert page.count('class="card import-row') == 20
    assert len(seen) <= 12
    assert "第21题" in manager.get(f"{address}?page=2").text or "第20题" in manager.get(f"{address}?page=2").text
