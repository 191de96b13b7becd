"""The queue that changes of law make, on its pages."""

import pytest
from sqlalchemy import select, update

from tests.conftest import NINE
from tests.laws.factories import SECOND, change_id, checks, citing, load_both, put_items, quarantine
from trainer.audit.models import Entry
from trainer.bank.models import ItemLawCheck, ItemRecord


@pytest.fixture
def queue(session, city, clock):
    """Three items of the author (unchanged, moved word for word, changed) and an unchanged one without an author."""
    clock(NINE)
    own = put_items(citing(1, "1"), citing(3, "3"), citing(4, "4"), by=city.people["author"])
    (foreign,) = put_items(citing(9, "1"))
    load_both()
    return dict(zip(("unchanged", "moved", "changed", "foreign"), [*own, foreign], strict=True))


def at(session, item_id, act=""):
    return f"/items/law-checks/{change_id(session)}/{item_id}{act}"


def test_an_author_sees_own_work_and_a_manager_all(as_user, queue):
    author, bank = as_user("author").get("/items/law-checks").text, as_user("bank").get("/items/law-checks").text
    assert "cite-1" in author
    assert "cite-9" not in author
    assert "cite-9" in bank
    assert "确认勾选的试题" in bank
    assert "确认勾选的试题" not in as_user("reviewer").get("/items/law-checks").text


def test_a_number_that_no_table_can_hold_is_no_change(as_user, queue):
    assert as_user("bank").get(f"/items/law-checks?change={10**20}").status_code == 404


def test_many_unchanged_are_confirmed_with_one_click(as_user, session, queue):
    marks = [f"{change_id(session)}.{queue[name]}" for name in ("unchanged", "foreign", "changed")]
    marks += ["x.y", "1", f"1.{2**70}", "²."]
    done = as_user("author").post("/items/law-checks/confirm", data={"check": marks}, follow_redirects=True)
    assert "已确认 1 道题" in done.text
    as_user("bank").post("/items/law-checks/confirm", data={"check": marks})
    states = {item_id: state for (item_id, _new), (_outcome, state) in checks(session).items()}
    assert [states[queue[name]] for name in ("unchanged", "foreign", "changed")] == [
        "confirmed",
        "confirmed",
        "waiting",
    ]


def test_old_and_new_stand_side_by_side(as_user, session, queue):
    page = as_user("author").get(at(session, queue["changed"])).text
    assert "<del>" in page
    assert "<ins>" in page
    assert "题目仍然成立，提交复核" in page
    assert "确认，改引新文本" in as_user("author").get(at(session, queue["moved"])).text


def test_one_click_for_what_moved_word_for_word_and_on_to_the_next(as_user, session, queue):
    answer = as_user("author").post(at(session, queue["moved"], "/keep"))
    assert answer.status_code == 303
    assert answer.location.endswith((f"/{queue['unchanged']}", f"/{queue['changed']}"))
    assert queue["moved"] not in quarantine(session)


def test_the_key_of_a_changed_article_takes_two(as_user, session, city, queue):
    where = at(session, queue["changed"])
    as_user("author").post(where + "/keep")
    assert "待复核" in as_user("reviewer").get("/items/law-checks?state=proposed").text
    assert as_user("author").post(where + "/agree").status_code == 403
    assert "同意，改引新文本" in as_user("reviewer").get(where).text
    as_user("reviewer").post(where + "/agree")
    assert checks(session)[(queue["changed"], SECOND)] == ("changed", "confirmed")
    assert queue["changed"] not in quarantine(session)


def test_the_second_person_may_give_back(as_user, session, queue):
    where = at(session, queue["changed"])
    as_user("author").post(where + "/keep")
    as_user("reviewer").post(where + "/give-back")
    assert checks(session)[(queue["changed"], SECOND)] == ("changed", "waiting")
    told = as_user("reviewer").post(where + "/agree", follow_redirects=True).text
    assert "已由别人处理" in told


def test_who_proposed_is_offered_no_agreement(as_user, session, city, queue):
    from tests.factories import add_user
    from trainer.accounts.models import Grant
    from trainer.core.database import transaction

    with transaction() as open_session:
        both = city.people["both"] = add_user(open_session, "both", city.units["JM"], NINE, category="staff")
        for role in ("bank_manager", "item_reviewer"):
            open_session.add(Grant(user_id=both, role=role, unit_id=city.units["JM"], granted_at=NINE))
    where = at(session, queue["changed"])
    as_user("both").post(where + "/keep")
    assert "同意，改引新文本" not in as_user("both").get(where).text
    told = as_user("both").post(where + "/agree", follow_redirects=True).text
    assert "提出的人不能自己复核" in told


def test_retiring_takes_an_item_out_of_the_queue(as_user, session, queue):
    as_user("author").post(at(session, queue["changed"], "/retire"))
    assert checks(session)[(queue["changed"], SECOND)] == ("changed", "retired")
    assert "已下架" in as_user("author").get("/items/law-checks?state=done").text


def test_an_author_decides_on_no_item_of_another(as_user, session, queue):
    for act in ("/keep", "/retire"):
        assert as_user("author").post(at(session, queue["foreign"], act)).status_code == 404
    assert as_user("bank").get(at(session, 987654321)).status_code == 404


def test_the_editor_is_linked_only_where_there_is_one(as_user, session, queue, site):
    page = as_user("author").get(at(session, queue["changed"])).text
    assert ("修改题目" in page) == ("bank_editor.edit" in site.view_functions)


def test_the_home_page_says_what_waits(as_user, session, queue):
    assert "核对法规变动的试题" in as_user("author").get("/").text
    as_user("author").post(at(session, queue["changed"], "/keep"))
    assert "复核法规变动的试题" in as_user("reviewer").get("/").text


def test_the_pages_take_few_statements(as_user, session, queue, count_queries):
    client, where = as_user("bank"), at(session, queue["changed"])
    with count_queries() as seen:
        client.get("/items/law-checks")
    assert len(seen) <= 8
    with count_queries() as seen:
        client.get(where)
    assert len(seen) <= 12


def test_the_item_page_tells_of_the_quarantine_and_opens_the_article(as_user, session, queue):
    page = as_user("bank").get(f"/items/{queue['changed']}").text
    assert "自2026年12月1日起不再抽取" in page
    assert "查看条文" in page
    assert "处五百元以上五千元以下罚款" in page


def test_a_reserved_item_is_shown_to_those_who_may_see_it_and_each_look_is_put_down(as_user, session, city, queue):
    session.get(ItemRecord, queue["foreign"]).pool = "reserved"
    session.commit()
    reviewer, bank, where = as_user("reviewer"), as_user("bank"), at(session, queue["foreign"])
    assert "cite-9" not in reviewer.get("/items/law-checks").text
    assert [as_user(name).get(where).status_code for name in ("author", "reviewer")] == [404, 404]
    assert "cite-9" in bank.get("/items/law-checks").text
    assert bank.get(where).status_code == 200
    looks = session.scalars(select(Entry.actor_id).where(Entry.action == "item.reserved_seen")).all()
    assert looks == [city.people["bank"]]
    # Whoever is to agree sees what to agree on.
    session.execute(update(ItemLawCheck).where(ItemLawCheck.item_id == queue["foreign"]).values(state="proposed"))
    session.commit()
    assert "cite-9" in reviewer.get("/items/law-checks?state=proposed").text
    assert reviewer.get(where).status_code == 200
