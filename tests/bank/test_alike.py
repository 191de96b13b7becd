"""Near-duplicates: the search over the bank, what is decided on a group, and that what is kept apart never meets."""

import pytest
from sqlalchemy import func, select

from question_bank import load
from question_bank.similar import hanging_together, similar_pairs, words
from tests.conftest import NINE
from tests.papers.factories import section
from tests.papers.test_service import compiled, make_blueprint
from tests.question_bank.samples import make_item
from trainer.audit.models import Entry
from trainer.bank import alike, alike_queries, bulk
from trainer.bank.importing import import_items, load_shipped
from trainer.bank.models import ItemEnemy, ItemPair, ItemRecord, ItemVersion
from trainer.bank.work_queries import Viewer
from trainer.core.errors import Invalid
from trainer.papers.models import PaperItem
from trainer.papers.service import NotEnoughItems

STEMS = {
    1: "当事人应当自收到行政处罚决定书之日起十五日内缴纳罚款。",
    2: "当事人应当自收到行政处罚决定书之日起六十日内缴纳罚款。",
    3: "当事人应当自收到行政处罚决定书之日起三十日内缴纳罚款。",
    9: "执法人员与案件有直接利害关系的，应当回避。",
}


def statement(number, stem, **more):
    return make_item("true_false", id=f"penalty-law-{number:04d}", stem=stem, **more)


@pytest.fixture
def items(session, city):
    """Three that are alike and one that is not, by the number of their code."""
    import_items([statement(n, stem) for n, stem in STEMS.items()], by=None, now=NINE, publish=True)
    found = {int(row.code[-4:]): row.id for row in session.execute(select(ItemRecord.code, ItemRecord.id))}
    session.rollback()
    return found


def search(city):
    return alike.search_bank(by=city.people["bank"], now=NINE)


def groups(session):
    session.rollback()
    return [group.ids for group in alike_queries.groups_in_question(session)]


def enemies(session):
    session.rollback()
    return {tuple(row) for row in session.execute(select(ItemEnemy.item_id, ItemEnemy.enemy_id))}


def decide(city, ids, verdict):
    return alike.decide(ids, verdict, by=city.people["bank"], now=NINE)


def test_a_search_finds_the_group_and_keeps_only_the_newest(session, city, items):
    assert groups(session) == []
    assert alike_queries.newest_search(session) is None
    assert (search(city), search(city)) == (3, 3)
    assert groups(session) == [(items[1], items[2], items[3])]
    found = alike_queries.newest_search(session)
    assert (found.made_at, found.items, found.newer) == (NINE, 4, 0)


def test_what_is_not_alike_is_remembered_until_it_is_taken_back(session, city, items):
    search(city)
    assert decide(city, [items[1], items[2]], "unlike") == 1
    assert decide(city, [items[2], items[1]], "unlike") == 0
    # The third still hangs together with both.
    assert groups(session) == [(items[1], items[2], items[3])]
    assert decide(city, items.values(), "unlike") == 5
    search(city)
    assert groups(session) == []
    for _ in range(2):
        alike.take_back(items[3], items[1], by=city.people["bank"])
    assert groups(session) == [(items[1], items[3])]
    entries = session.scalars(select(Entry.detail).where(Entry.action == "item.pair_decided")).all()
    assert [one["outcome"] for one in entries] == ["unlike"] * 6 + ["open"]


def test_enemies_are_kept_whatever_texts_say_later(session, city, items):
    assert decide(city, [items[1], items[2]], "enemies") == 1
    assert enemies(session) == {(items[1], items[2])}
    import_items([statement(1, STEMS[1], difficulty=5)], by=None, now=NINE, publish=True)
    assert enemies(session) == {(items[1], items[2])}
    assert decide(city, [items[1], items[2]], "unlike") == 1
    assert enemies(session) == set()


def test_taking_a_verdict_back_leaves_what_a_text_declares(session, city, items):
    import_items([statement(1, STEMS[1], enemies=["penalty-law-0002"])], by=None, now=NINE, publish=True)
    decide(city, [items[1], items[2]], "enemies")
    alike.take_back(items[1], items[2], by=city.people["bank"])
    assert enemies(session) == {(items[1], items[2])}


def test_variants_take_the_groups_they_had_along_and_are_undone(session, city, items):
    make = {"by": city.people["bank"], "now": NINE}
    search(city)
    first = alike.make_variants([items[1], items[2]], **make)
    assert alike.make_variants([items[1], items[2]], **make) is None
    assert groups(session) == [(items[1], items[2], items[3])]
    alike.make_variants([items[2], items[3]], **make)
    assert groups(session) == []
    found = session.scalars(select(ItemRecord.variant_group).order_by(ItemRecord.code)).all()
    assert found == [f"alike_{items[1]}"] * 3 + [None]
    session.rollback()
    # A file that names no group says nothing against it.
    import_items([statement(3, STEMS[3], difficulty=5)], by=None, now=NINE, publish=True)
    assert session.scalar(select(ItemRecord.variant_group).where(ItemRecord.id == items[3])) == found[0]
    session.rollback()
    bulk.undo_operation(first, **make)
    assert session.scalar(select(ItemRecord.variant_group).where(ItemRecord.id == items[1])) is None


def test_what_was_decided_here_never_meets_in_a_paper(session, city, items):
    decide(city, [items[1], items[2]], "enemies")
    alike.make_variants([items[2], items[3]], by=city.people["bank"], now=NINE)
    with pytest.raises(NotEnoughItems):
        compiled(make_blueprint(section("true_false", 4)))
    apart = [{items[1], items[2]}, {items[2], items[3]}]
    for n in range(20):
        paper_id = compiled(make_blueprint(section("true_false", 2), seed=f"seed {n}")).paper_ids[0]
        rows = select(ItemVersion.item_id).join(PaperItem).where(PaperItem.paper_id == paper_id)
        drawn = set(session.scalars(rows))
        session.rollback()
        assert drawn not in apart


def test_a_retired_item_is_no_longer_in_question(session, city, items):
    search(city)
    bulk.apply_changes("retire", [], [items[2]], by=city.people["bank"], now=NINE)
    assert groups(session) == [(items[1], items[3])]
    assert search(city) == 1


@pytest.mark.parametrize("chosen", [(), (1,), (1, 1), (1, 2**60)])
def test_a_verdict_needs_two_items_of_the_bank(session, city, items, chosen):
    ids = [items.get(one, one) for one in chosen]
    with pytest.raises(Invalid):
        decide(city, ids, "enemies")
    with pytest.raises(Invalid):
        alike.make_variants(ids, by=city.people["bank"], now=NINE)
    assert session.scalar(select(func.count()).select_from(ItemPair)) == 0


def test_what_comes_in_is_compared_with_the_bank_and_with_itself(session, city, items):
    author, bank = Viewer(city.people["author"]), Viewer(city.people["bank"], manages=True)
    bulk.apply_changes("pool", ["reserved"], [items[2]], by=city.people["bank"], now=NINE)
    new = [
        statement(1, STEMS[1]),
        statement(20, STEMS[1].replace("十五", "二十")),
        statement(21, STEMS[1].replace("十五", "二十"), variant_group="fine"),
        statement(22, "听证应当公开举行，涉及国家秘密的除外。", variant_group="fine"),
    ]
    found = alike.alike_to(session, new, viewer=bank)
    assert sorted(found) == ["penalty-law-0001", "penalty-law-0020", "penalty-law-0021"]
    assert found["penalty-law-0020"][0] == alike.Alike("penalty-law-0021", None, 100)
    assert {(one.code, one.item_id) for one in found["penalty-law-0020"][1:]} == {
        ("penalty-law-0001", None),
        ("penalty-law-0002", items[2]),
        ("penalty-law-0003", items[3]),
    }
    seen = alike.alike_to(session, new, viewer=author)
    assert "penalty-law-0002" not in {one.code for one in seen["penalty-law-0020"]}
    assert alike.alike_to(session, [statement(30, "完全不同的另一个问题。")], viewer=bank) == {}


def test_a_failed_search_leaves_the_result_that_stands(session, city, items, monkeypatch, tmp_path):
    search(city)
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit(1)")
    monkeypatch.setattr(alike, "FINDER", broken)
    with pytest.raises(alike.SearchFailed):
        search(city)
    assert groups(session) == [(items[1], items[2], items[3])]


def test_the_search_and_the_check_of_the_shipped_bank_find_the_same(session, city):
    load_shipped(now=NINE)
    search(city)
    held = {item.id: item for item in load()}
    wanted = [
        pair
        for pair in similar_pairs({code: words(item) for code, item in held.items()})
        if held[pair.left].variant_group is None or held[pair.left].variant_group != held[pair.right].variant_group
    ]
    code_of = dict(session.execute(select(ItemRecord.id, ItemRecord.code)).all())
    assert {tuple(sorted(code_of[one] for one in ids)) for ids in groups(session)} == set(hanging_together(wanted))


def test_the_pages_are_for_managers_alone(as_user, items):
    for role in ("author", "reviewer"):
        assert as_user(role).get("/items/alike").status_code == 403
        assert as_user(role).post("/items/alike").status_code == 403
        assert as_user(role).get(f"/items/alike/{items[1]}").status_code == 403
        assert as_user(role).post("/items/alike/decide", data={"verdict": "retire"}).status_code == 403
        assert as_user(role).post(f"/items/alike/take-back/{items[1]}/{items[2]}").status_code == 403


def test_a_manager_searches_compares_and_decides(as_user, session, items):
    bank = as_user("bank")
    assert "还没有查过" in bank.get("/items/alike").text
    told = bank.post("/items/alike", follow_redirects=True).text
    assert "找到 3 对" in told
    assert "penalty-law-0002" in told
    page = bank.get(f"/items/alike/{items[1]}").text
    assert "<del>十五</del>" in page
    ids = [items[n] for n in (1, 2, 3)]
    left = bank.post(
        "/items/alike/decide", data={"verdict": "enemies", "item": ids[:2], "at": ids[0]}, follow_redirects=True
    )
    assert "已设为互斥" in left.text
    refused = bank.post(
        "/items/alike/decide",
        data={"verdict": "unlike", "item": ["x", "²", ids[0]], "at": ids[0]},
        follow_redirects=True,
    )
    assert "请至少勾选两道题" in refused.text
    bank.post("/items/alike/decide", data={"verdict": "variants", "item": ids[1:], "at": ids[1]})
    bank.post("/items/alike/decide", data={"verdict": "retire", "item": ids[2], "at": ids[0]})
    assert session.get(ItemRecord, ids[2]).state == "retired"
    session.rollback()
    assert "没有待判定的相似题" in bank.get("/items/alike").text
    assert bank.get(f"/items/alike/{items[9]}").status_code == 302
    assert "互斥" in bank.get("/items/alike/verdicts").text
    assert "penalty-law-0002" in bank.get(f"/items/{ids[0]}").text
    bank.post(f"/items/alike/take-back/{ids[0]}/{ids[1]}")
    assert "还没有判定" in bank.get("/items/alike/verdicts").text


def test_what_an_item_is_kept_apart_from_is_named_to_those_who_may_see_it(as_user, session, city, items):
    decide(city, [items[1], items[2]], "enemies")
    alike.make_variants([items[1], items[3]], by=city.people["bank"], now=NINE)
    for number in (2, 3):
        session.get(ItemRecord, items[number]).pool = "reserved"
    session.commit()
    names = ("penalty-law-0002", "penalty-law-0003")
    bank, author = (as_user(name).get(f"/items/{items[1]}").text for name in ("bank", "author"))
    assert all(name in bank for name in names)
    assert not any(name in author for name in names)
