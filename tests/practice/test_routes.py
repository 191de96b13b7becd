"""The pages of practice and the home page: for nobody, the wrong role, the right one; no key before the answer."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.conftest import NINE
from tests.laws.factories import law_text, load
from tests.practice.factories import RIGHT, SECRETS, add_attempt, add_items, new_version, shipped, small_item
from tests.question_bank.samples import BASIS
from trainer.practice.models import PracticeAnswer

PAGES = (
    "/practice",
    "/practice?by=law",
    "/practice?by=field",
    "/practice?q=x",
    "/practice/item",
    "/practice/wrong",
    "/practice/history",
)
FORM = {
    "single_choice": {"answer": "B"},
    "multiple_choice": {"answer": ["B", "D"]},
    "true_false": {"answer": "true"},
    "fill_blank": {"blank_1": "甲", "blank_2": "乙"},
    "ordering": {"place_A": "2", "place_B": "3", "place_C": "1"},
}


@pytest.fixture
def officer(as_user, clock):
    clock(NINE)
    return as_user("officer")


def hidden(page):
    return {name: re.search(rf'name="{name}" value="([^"]*)"', page).group(1) for name in ("item", "version", "key")}


def send(client, answer, address="/practice/item", page=None):
    page = page or client.get(address).text
    return client.post(address, data=hidden(page) | answer)


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_for_officers(client, as_user, officer, page):
    assert client.get(page).location.startswith("/sign-in")
    assert as_user("organiser").get(page).status_code == 403
    assert officer.get(page).status_code == 200


def test_an_own_answer_is_shown_to_its_owner_alone(as_user, officer):
    add_items([small_item()], NINE)
    address = send(officer, {"answer": "A"}).location
    assert officer.get(address).status_code == 200
    assert as_user("officer2").get(address).status_code == 404


def test_the_article_opens_beside_the_answer_where_it_is_loaded(officer):
    text = "行政机关应当公开。\n下列情形除外：\n（一）秘密。"
    add_items([small_item(basis=[{**BASIS, "paragraph": 2, "item": 1}])], NINE)
    address = send(officer, {"answer": "A"}).location
    assert "查看条文" not in officer.get(address).text
    load(law_text("2021-01-22", {"36": text}, law="行政处罚法", starts_on=NINE.date()))
    page = officer.get(address).text
    assert "查看条文" in page
    assert "<mark>（一）秘密。</mark>" in page
    assert "<mark>行政机关应当公开。</mark>" not in page


@pytest.mark.parametrize("kind", sorted(FORM))
def test_a_plain_form_is_enough_for_each_kind(officer, kind):
    add_items([small_item(kind=kind)], NINE)
    asked = officer.get("/practice/item?mode=new")
    assert asked.status_code == 200
    assert not any(secret in asked.text + str(asked.headers) for secret in SECRETS)
    made = send(officer, FORM[kind], "/practice/item?mode=new", asked.text)
    assert made.status_code == 303
    told = officer.get(made.location).text
    assert "回答正确" in told
    assert "CANARYWHY解析" in told
    assert "《中华人民共和国行政处罚法》第三十六条第一款" in told
    assert "2021年1月22日版本" in told
    assert 'href="/practice/item?mode=new"' in told


def test_each_option_says_why_after_the_answer(officer):
    add_items([small_item()], NINE)
    told = officer.get(send(officer, {"answer": "A"}).location).text
    assert "回答错误" in told
    assert all(f"CANARYNOTE{key}" in told for key in "ABCD")
    assert "已收入错题本" in told


def test_not_knowing_shows_the_answer(officer):
    add_items([small_item()], NINE)
    told = officer.get(send(officer, {"give_up": "1"}).location).text
    assert "这次没有作答" in told
    assert "正确答案：B" in told


@pytest.mark.parametrize(
    ("kind", "answer", "said", "kept"),
    [
        ("single_choice", {}, "请先作答", ""),
        ("single_choice", {"answer": "Z"}, "答案的格式与题型不符", ""),
        ("multiple_choice", {}, "请先作答", ""),
        ("true_false", {"answer": "perhaps"}, "请先作答", ""),
        ("fill_blank", {"blank_1": " ", "blank_2": ""}, "请先作答", ""),
        ("ordering", {"place_A": "1", "place_B": "2", "place_C": "3"}, "请先作答", "<option selected>3"),
        ("ordering", {"place_A": "1", "place_B": "1", "place_C": "2"}, "两个步骤不能排在同一位", "<option selected>2"),
    ],
)
def test_what_cannot_be_graded_comes_back_with_a_word_and_without_the_key(officer, session, kind, answer, said, kept):
    add_items([small_item(kind=kind)], NINE)
    back = send(officer, answer)
    assert back.status_code == 422
    assert said in back.text
    assert kept in back.text
    assert not any(secret in back.text for secret in SECRETS)
    assert session.scalar(select(func.count()).select_from(PracticeAnswer)) == 0


def test_an_item_that_changed_comes_back_in_its_new_form(officer):
    item_id = add_items([small_item()], NINE)[0]
    page = officer.get("/practice/item").text
    new_version(item_id, small_item(stem="新的题干（　　）。"), NINE)
    back = send(officer, {"answer": "A"}, page=page)
    assert back.status_code == 409
    assert "新的题干" in back.text
    assert "这道题刚刚更新过" in back.text


def test_a_double_click_lands_on_the_same_page(officer, session):
    add_items([small_item()], NINE)
    page = officer.get("/practice/item").text
    first, second = (send(officer, {"answer": "A"}, page=page) for _ in range(2))
    assert first.location == second.location
    assert session.scalar(select(func.count()).select_from(PracticeAnswer)) == 1


@pytest.mark.parametrize("change", [{"item": "0"}, {"item": "x"}, {"version": "99999999999999999999"}, {"item": ""}])
def test_a_made_up_form_is_refused(officer, change):
    add_items([small_item()], NINE)
    data = hidden(officer.get("/practice/item").text) | {"answer": "A"} | change
    assert officer.post("/practice/item", data=data).status_code == 400


def test_an_item_can_be_asked_for_by_its_code(officer):
    codes = [small_item(number).id for number in (1, 2)]
    add_items([small_item(1), small_item(2)], NINE)
    add_items([small_item(3)], NINE, pool="reserved")
    assert "第2题的题干" in officer.get(f"/practice/item?item={codes[1]}").text
    assert officer.get(f"/practice/item?item={small_item(3).id}").status_code == 404


@pytest.mark.parametrize(
    "address",
    ["/practice/item?mode=x", "/practice/item?mode=topic", "/practice/wrong?topic=x", "/practice/answers/1?law=x"],
)
def test_a_mistyped_address_is_no_page(officer, address):
    assert officer.get(address).status_code == 404


def test_the_overview_lists_topics_laws_and_fields_with_the_own_progress(officer):
    add_items(shipped(count=10_000), NINE)
    page = officer.get("/practice").text
    assert all(name in page for name in ("法律理论", "岗位职责", "执法程序", "业务技能大比武"))
    assert re.search(r"已学 0 / \d+ 题", page)
    assert "/practice/item?mode=topic&amp;topic=hearing" in page
    assert "《中华人民共和国行政处罚法》" in officer.get("/practice?by=law").text
    assert "通用" in officer.get("/practice?by=field").text
    found = officer.get("/practice?q=听证").text
    assert "/practice/item?item=hearing-" in found


def test_search_shows_what_was_typed_as_text(officer):
    add_items([small_item()], NINE)
    assert "<script>x" not in officer.get("/practice?q=<script>x").text


@pytest.mark.parametrize(("address", "status"), [("/practice?q=%00x", 200), ("/practice/item?item=%00x", 404)])
def test_a_nul_in_an_address_finds_nothing(officer, address, status):
    add_items([small_item()], NINE)
    assert officer.get(address).status_code == status


def test_the_wrong_answer_book_can_be_filtered_and_retried(officer):
    add_items([small_item(1), small_item(2, topic="hearing", wing="procedures")], NINE)
    for _ in range(2):
        send(officer, {"answer": "A"}, "/practice/item?mode=new")
    book = officer.get("/practice/wrong").text
    assert "第1题的题干" in book
    assert "第2题的题干" in book
    assert re.findall(r'<option value="(\w+)"', book) == ["penalty_law", "hearing"]
    only = officer.get("/practice/wrong?topic=hearing").text
    assert "第1题的题干" not in only
    assert 'href="/practice/item?mode=wrong&amp;topic=hearing"' in only
    assert "第2题的题干" in officer.get("/practice/item?mode=wrong&topic=hearing").text
    assert not any(secret in book for secret in SECRETS)


def test_lists_show_blanks_as_items_do(officer):
    add_items([small_item(kind="fill_blank")], NINE)
    send(officer, {"blank_1": "x", "blank_2": "y"}, "/practice/item?mode=new")
    for address in ("/practice?q=第1题", "/practice/wrong", "/practice/history"):
        page = officer.get(address).text
        assert "____" not in page, address
        assert '<span class="blank"><span class="visually-hidden">第 2 空</span>' in page, address


def test_history_shows_answers_and_no_points_days_or_minutes(officer):
    add_items([small_item(1), small_item(2)], NINE)
    send(officer, {"answer": "A"}, "/practice/item?mode=new")
    page = officer.get("/practice/history").text
    content = page.split('id="content"')[1].split("<footer")[0]
    assert "</svg>答错" in content
    assert not re.search(r"连续\s*\d+\s*天|分钟|名次|\d\s*积分", content)
    assert "题干" not in officer.get("/practice/history?verdict=right").text.split("<footer")[0]


@pytest.mark.parametrize("mode", ["due", "wrong", "new", "continue"])
def test_an_empty_mode_says_what_will_be_there(officer, mode):
    page = officer.get("/practice/item", query_string={"mode": mode})
    assert page.status_code == 200
    assert "选择别的范围" in page.text


def test_during_an_exam_practice_is_closed_but_for_the_overview(officer, city):
    add_items([small_item()], NINE)
    asked = officer.get("/practice/item").text
    told = send(officer, {"answer": "A"}, page=asked).location
    add_attempt(city.people["officer"], city.units["JM"], NINE)
    for address in ("/practice/item", told, "/practice/wrong", "/practice/history"):
        page = officer.get(address)
        assert page.status_code == 409
        assert not any(secret in page.text for secret in SECRETS)
    assert send(officer, {"answer": "A"}, page=asked).status_code == 409
    assert officer.get("/practice").status_code == 200


@pytest.mark.parametrize(
    ("page", "most"),
    [("/practice", 7), ("/practice?by=law", 8), ("/practice/wrong", 7), ("/practice/history", 7), ("/", 14)],
)
def test_pages_take_few_statements_whatever_the_length(officer, count_queries, page, most):
    add_items(shipped(count=200), NINE)
    for _ in range(3):
        send(officer, {"give_up": "1"}, "/practice/item?mode=new")
    with count_queries() as seen:
        assert officer.get(page).status_code == 200
    assert len(seen) <= most, "\n".join(seen)


def test_home_offers_officers_to_practise_and_nobody_else(officer, as_user, clock):
    add_items([small_item(1), small_item(2)], NINE)
    assert "开始练习" in officer.get("/").text
    send(officer, {"answer": "A"})
    clock(NINE + timedelta(minutes=11))
    home = officer.get("/").text
    assert "继续练习" in home
    assert "待复习 1 题" in home
    assert "错题 1 道" in home
    assert "练习" not in as_user("auditor").get("/").text.split('id="content"')[1].split("<footer")[0]


def test_home_puts_practice_below_the_tasks_and_where_one_stands_beside_them(officer, clock):
    home = officer.get("/").text
    assert home.count('class="home-card home-side"') == 1
    assert home.index("home-tasks-title") < home.index("home-practice") < home.index("home-side")
    assert home.index("home-side") < home.index("home-hours") < home.index("home-certificate")


def test_home_puts_tasks_before_cards_and_says_when_there_is_none(officer, monkeypatch):
    from trainer.web import home

    assert "目前没有需要您处理的事项" in officer.get("/").text
    task = home.Task("参加考试<b>", "/practice", "clock", note="机考", action="去考试", due_at=NINE, urgency=0)
    monkeypatch.setitem(home._tasks, "test", home._Maker("practice.own", 0, lambda person, now: [task]))
    page = officer.get("/").text
    assert "参加考试&lt;b&gt;" in page
    assert page.index("去考试") < page.index("home-practice")
    assert "2026年11月23日 09:00 前" in page


def test_english_pages_are_whole(officer):
    add_items([small_item()], NINE)
    officer.set_cookie("locale", "en")
    assert "Penalt" in officer.get("/practice").text or "penalt" in officer.get("/practice").text
    told = officer.get(send(officer, {"answer": RIGHT["single_choice"]}).location).text
    assert "Article 36, paragraph 1" in told
    assert "第三十六条" not in told
