"""Pages of law texts: the list, one law, two versions side by side, upload with preview."""

import io
import re
from datetime import date
from itertools import product

import pytest
from sqlalchemy import func, select

from tests.conftest import NINE
from tests.laws.factories import (
    FIRST,
    LAW,
    OLD,
    SECOND,
    TAKES_FORCE,
    change_id,
    citing,
    law_text,
    load,
    load_both,
    put_items,
)
from tests.practice.factories import add_attempt
from trainer.laws.models import LawText

TEXT = """# 示例管理条例

2020年1月10日 示例大会通过

2026年10月1日 示例大会修订

## 第一章 总则

第一条 为了规范示例活动，制定本条例。

第二条 示例机关应当自收到申请之日起三十日内作出决定。

第三条 本条例自2026年12月1日起施行。
"""


@pytest.fixture
def bank(as_user, clock):
    clock(NINE)
    return as_user("bank")


def send(client, text=TEXT, name="示例管理条例(2026-10-01).md"):
    return client.post("/laws/upload", data={"file": (io.BytesIO(text.encode()), name)})


def count(session):
    session.rollback()
    return session.scalar(select(func.count()).select_from(LawText))


def test_everybody_reads_a_law_by_its_chapters(as_user, clock):
    clock(NINE)
    load_both()
    officer = as_user("officer")
    assert LAW in officer.get("/laws").text
    page = officer.get(f"/laws/{LAW}").text
    assert "第一章 总则" in page
    assert OLD["2"] in page
    assert "现行有效" in page
    assert "尚未施行" in officer.get(f"/laws/{LAW}?version={SECOND}").text
    assert officer.get(f"/laws/{LAW}?version=1999-01-01").status_code == 404
    assert officer.get("/laws/没有这部法").status_code == 404


def test_days_of_texts_are_told_as_the_reader_writes_them(as_user, session, clock):
    clock(NINE)
    (item_id,) = put_items(citing(1, "2"))
    load_both()
    check = f"/items/law-checks/{change_id(session)}/{item_id}"
    pages = ("/laws", f"/laws/{LAW}", f"/laws/{LAW}/compare?old={FIRST}&new={SECOND}", check)
    for where, language, day in product(pages, ("zh_CN", "en"), (FIRST, SECOND)):
        client = as_user("bank")
        client.set_cookie("locale", language)
        words = re.sub(r"<[^>]+>", " ", client.get(where).text)
        assert day not in words, (where, language)
        assert ("2026年10月1日" if language == "zh_CN" else "1 Oct 2026") in words or where == "/laws"


def test_search_finds_articles(as_user, clock):
    clock(NINE)
    load_both()
    page = as_user("officer").get("/laws?words=责令改正").text
    assert f"/laws/{LAW}#a5" in page.replace("%E7%A4%BA%E4%BE%8B%E7%AE%A1%E7%90%86%E6%9D%A1%E4%BE%8B", LAW)


def test_two_versions_stand_side_by_side(as_user, clock):
    clock(NINE)
    load_both()
    page = as_user("officer").get(f"/laws/{LAW}/compare?old={FIRST}&new={SECOND}").text
    assert "<del>六十</del>" in page
    assert "<ins>三十</ins>" in page
    assert "第三条 → 第四条" in page
    assert "没有相近的条文" in page
    assert as_user("officer").get(f"/laws/{LAW}/compare?old={SECOND}&new={FIRST}").status_code == 404


def test_the_law_is_a_closed_book_while_one_sits_an_exam(as_user, city, clock):
    clock(NINE)
    load(law_text(FIRST, OLD))
    add_attempt(city.people["officer"], city.units["PJ-CGJ"], NINE)
    officer = as_user("officer")
    closed = officer.get("/laws")
    assert closed.status_code == 409
    assert "练习记录和法规" in closed.text
    assert officer.get(f"/laws/{LAW}").status_code == 409


def test_only_those_who_manage_the_bank_load_texts(as_user):
    for username in ("officer", "author", "reviewer", "organiser", "admin"):
        assert as_user(username).get("/laws/upload").status_code == 403


def test_an_upload_is_previewed_and_loaded_once(bank, session, city):
    load(law_text(FIRST, OLD, starts_on=date(2020, 3, 1)))
    put_items(citing(1, "2"))
    where = send(bank).location
    page = bank.get(where).text
    assert "第二条" in page
    assert "内容变动" in page
    assert "cite-1" in page
    assert count(session) == 1
    address = where.partition("?")[0]
    done = bank.post(address, data={"name": "示例管理条例(2026-10-01).md", "in_force_from": ""}, follow_redirects=True)
    assert "1 道题的依据有变动" in done.text
    assert count(session) == 2
    assert (
        "与已载入的文本相同"
        in bank.post(address, data={"name": "示例管理条例(2026-10-01).md"}, follow_redirects=True).text
    )
    assert count(session) == 2


def test_a_file_that_is_not_clear_is_refused_with_its_line(bank, session):
    where = send(bank, TEXT.replace("第二条 ", "第五条 ")).location
    assert "条号不连续：这里是第五条，应为第二条。" in bank.get(where).text
    bank.post(where.partition("?")[0], data={"name": "示例管理条例(2026-10-01).md"})
    assert count(session) == 0


def test_the_start_is_asked_for_where_the_text_does_not_say_it(bank, session):
    load(law_text(FIRST, OLD, starts_on=date(2020, 3, 1)))
    put_items(citing(1, "2"))
    where = send(bank, TEXT.replace("2026年12月1日", "2020年3月1日")).location
    assert "请先填写新文本的施行日期" in bank.get(where).text
    form = {"name": "示例管理条例(2026-10-01).md", "in_force_from": ""}
    bank.post(where.partition("?")[0], data=form)
    assert count(session) == 1
    assert "确认载入" in bank.get(where + f"&in_force_from={TAKES_FORCE}").text
    bank.post(where.partition("?")[0], data=form | {"in_force_from": TAKES_FORCE.isoformat()})
    session.rollback()
    assert session.scalar(select(LawText.in_force_from).where(LawText.version == SECOND)) == TAKES_FORCE


@pytest.mark.parametrize("name", ["x.pdf", "x", "x.docx"])
def test_other_files_are_told_apart(bank, name):
    page = bank.get(send(bank, "nothing", name).location)
    assert page.status_code == 200
    assert "重新上传" in page.text


def test_no_file_and_an_unknown_one(bank):
    assert bank.post("/laws/upload", data={}).status_code == 422
    assert bank.get("/laws/upload/" + "0" * 64).status_code == 404


def test_the_page_of_a_law_takes_few_statements(as_user, clock, count_queries):
    clock(NINE)
    load_both()
    officer = as_user("officer")
    with count_queries() as seen:
        officer.get(f"/laws/{LAW}")
    assert len(seen) <= 8
