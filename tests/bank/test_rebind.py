"""Deciding on items that a newer version of a law touches, and that nothing is ever drawn from quarantine."""

import random
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from question_bank import Item
from question_bank.laws import fingerprint
from tests.conftest import NINE
from tests.laws.factories import (
    FIRST,
    LAW,
    NEW,
    OLD,
    SECOND,
    THIRD,
    change_id,
    checks,
    citing,
    law_text,
    load,
    load_both,
    put_items,
    put_one_of_each,
    quarantine,
)
from tests.question_bank.samples import make_data
from trainer.audit.models import Entry
from trainer.bank import edit, importing, rebind, review
from trainer.bank.bulk import apply_changes, undo_operation
from trainer.bank.models import ItemBasis, ItemLawCheck, ItemRecord, ItemVersion
from trainer.bank.queries import read_pool
from trainer.bank.service import bring_back, retire_item
from trainer.core.errors import Missing, Refused
from trainer.practice.queries import studied

AUTHOR, REVIEWER = 11, 12


def versions(session, item_id):
    session.rollback()
    rows = select(ItemVersion).where(ItemVersion.item_id == item_id).order_by(ItemVersion.number)
    return session.scalars(rows).all()


def basis(session, item_id):
    session.rollback()
    row = session.scalars(select(ItemBasis).where(ItemBasis.item_id == item_id)).one()
    return row.law_version, row.article, row.paragraph, row.point


@pytest.fixture
def items(session, city):
    made = put_one_of_each()
    load_both()
    return made


def test_a_confirming_click_makes_a_version_that_cites_the_new_text_with_the_same_key(session, items):
    assert rebind.confirm_unchanged(change_id(session), [items["1"]], by=AUTHOR, now=NINE) == 1
    old, new = versions(session, items["1"])
    assert basis(session, items["1"])[:2] == (SECOND, "1")
    assert new.body == old.body | {"basis": [old.body["basis"][0] | {"version": SECOND}]}
    assert (new.public, new.changes_key, new.created_by) == (old.public, False, AUTHOR)
    assert new.note == f"{LAW} {FIRST} → {SECOND}"
    assert session.get(ItemRecord, items["1"]).version_id == new.id
    assert checks(session)[(items["1"], SECOND)] == ("unchanged", "confirmed")


def test_many_are_confirmed_at_once_and_only_the_unchanged(session, items):
    assert rebind.confirm_unchanged(change_id(session), items.values(), by=AUTHOR, now=NINE) == 1
    assert rebind.confirm_unchanged(change_id(session), items.values(), by=AUTHOR, now=NINE) == 0
    assert set(quarantine(session)) == {items[number] for number in "2345"}


def test_an_author_confirms_own_items_alone(session, city):
    own, foreign = put_items(citing(1, "1"), by=city.people["author"]) + put_items(citing(2, "1"))
    load_both()
    author = city.people["author"]
    assert rebind.confirm_unchanged(change_id(session), [own, foreign], by=author, now=NINE, author_id=author) == 1
    with pytest.raises(Missing):
        rebind.keep_item(change_id(session), foreign, by=author, now=NINE, author_id=author)


def test_word_for_word_under_another_number_takes_one_click(session, items):
    assert rebind.keep_item(change_id(session), items["3"], by=AUTHOR, now=NINE) == "confirmed"
    assert basis(session, items["3"])[:2] == (SECOND, "4")
    assert items["3"] not in quarantine(session)
    with pytest.raises(rebind.AlreadyDecided):
        rebind.keep_item(change_id(session), items["3"], by=AUTHOR, now=NINE)


def test_paragraph_and_item_go_along(session, city):
    (item,) = put_items(citing(1, "3", paragraph=2, point=1))
    load_both()
    rebind.keep_item(change_id(session), item, by=AUTHOR, now=NINE)
    assert basis(session, item) == (SECOND, "4", 2, 1)


@pytest.mark.parametrize("number", ["2", "4"])
def test_changed_words_take_a_second_person(session, items, number):
    change = change_id(session)
    assert rebind.keep_item(change, items[number], by=AUTHOR, now=NINE) == "proposed"
    assert rebind.keep_item(change, items[number], by=AUTHOR, now=NINE) == "proposed"
    assert items[number] in quarantine(session)
    assert len(versions(session, items[number])) == 1
    with pytest.raises(rebind.SecondPersonNeeded):
        rebind.agree(change, items[number], by=AUTHOR, now=NINE)
    rebind.agree(change, items[number], by=REVIEWER, now=NINE)
    rebind.agree(change, items[number], by=REVIEWER, now=NINE)
    assert items[number] not in quarantine(session)
    made = versions(session, items[number])
    assert (len(made), made[-1].created_by) == (2, AUTHOR)
    session.rollback()
    check = session.get(ItemLawCheck, (change, items[number]))
    assert (check.state, check.decided_by) == ("confirmed", REVIEWER)
    actions = [one.action for one in session.scalars(select(Entry).order_by(Entry.id)) if "law_change" in one.action]
    assert actions == ["item.law_change_proposed", "item.law_change_confirmed"]


def test_nobody_agrees_to_what_nobody_proposed(session, items):
    with pytest.raises(rebind.AlreadyDecided):
        rebind.agree(change_id(session), items["4"], by=REVIEWER, now=NINE)


def test_a_proposal_that_is_given_back_waits_again(session, items):
    rebind.keep_item(change_id(session), items["4"], by=AUTHOR, now=NINE)
    rebind.give_back(change_id(session), items["4"], by=REVIEWER, now=NINE)
    rebind.give_back(change_id(session), items["4"], by=REVIEWER, now=NINE)
    assert checks(session)[(items["4"], SECOND)] == ("changed", "waiting")
    with pytest.raises(rebind.AlreadyDecided):
        rebind.agree(change_id(session), items["4"], by=REVIEWER, now=NINE)


def test_a_proposal_falls_when_the_text_of_the_law_is_corrected(session, items):
    rebind.keep_item(change_id(session), items["4"], by=AUTHOR, now=NINE)
    load(law_text(articles=NEW | {"5": NEW["5"].replace("一千元", "二千元")}))
    assert checks(session)[(items["4"], SECOND)] == ("changed", "waiting")


def test_a_proposal_falls_when_another_text_of_the_item_comes_to_stand(session, items):
    rebind.keep_item(change_id(session), items["4"], by=AUTHOR, now=NINE)
    put_items(citing("4", "4", key="C"))
    assert checks(session)[(items["4"], SECOND)] == ("changed", "waiting")
    rebind.keep_item(change_id(session), items["4"], by=AUTHOR, now=NINE)
    publish_mend(session, items["4"])
    assert checks(session)[(items["4"], SECOND)] == ("changed", "waiting")


def publish_mend(session, item_id):
    session.rollback()
    row = session.get(ItemRecord, item_id)
    data = session.get(ItemVersion, row.version_id).body | {"explanation": "改了。"}
    edit.save_item(item_id, data, base_version_id=row.version_id, by=AUTHOR, manages=True, now=NINE)
    session.rollback()
    version = session.get(ItemRecord, item_id, populate_existing=True).proposed_version_id
    review.publish_wording(item_id, version, by=AUTHOR, now=NINE)


def test_the_author_of_an_item_does_not_agree_for_it(session, city):
    (item,) = put_items(citing(1, "4"), by=AUTHOR)
    load_both()
    rebind.keep_item(change_id(session), item, by=13, now=NINE)
    with pytest.raises(review.OwnText):
        rebind.agree(change_id(session), item, by=AUTHOR, now=NINE)
    rebind.agree(change_id(session), item, by=REVIEWER, now=NINE)
    assert item not in quarantine(session)


def test_a_vanished_article_is_for_the_editor(session, items):
    with pytest.raises(rebind.NotForOneClick):
        rebind.keep_item(change_id(session), items["5"], by=AUTHOR, now=NINE)


@pytest.mark.parametrize("words", [{"explanation": "依据第三条。"}, {"stem": "依照本条例第三条，应当（　　）。"}])
def test_an_item_that_names_the_old_number_is_for_the_editor(session, city, words):
    (item,) = put_items(citing(1, "3", **words))
    load_both()
    with pytest.raises(rebind.NotForOneClick):
        rebind.keep_item(change_id(session), item, by=AUTHOR, now=NINE)


def test_a_cited_paragraph_that_the_new_article_lacks_is_for_the_editor(session, city):
    (item,) = put_items(citing(1, "4", paragraph=1))
    load(law_text(FIRST, OLD | {"4": OLD["4"] + "\n情节轻微的，可以免予处罚。"}, starts_on=date(2020, 3, 1)))
    (second,) = put_items(citing(2, "4", paragraph=2))
    load(law_text())
    assert rebind.keep_item(change_id(session), item, by=AUTHOR, now=NINE) == "proposed"
    with pytest.raises(rebind.NotForOneClick):
        rebind.keep_item(change_id(session), second, by=AUTHOR, now=NINE)


def test_the_parts_of_a_case_are_looked_through_and_rewritten_too(session, city):
    part = {
        "kind": "true_false",
        "stem": "检查人员可以只有一人。",
        "key": False,
        "explanation": "不得少于二人。",
        "basis": [{"law": LAW, "version": FIRST, "article": "3", "paragraph": 1, "item": None}],
    }
    case = make_data("case_study")
    case["parts"][0] = case["parts"][0] | part
    (item,) = put_items(Item.from_dict(case))
    load_both()
    assert set(quarantine(session)) == {item}
    assert rebind.keep_item(change_id(session), item, by=AUTHOR, now=NINE) == "confirmed"
    assert quarantine(session) == {}
    made = versions(session, item)[-1].body
    assert made["parts"][0]["basis"][0] | {"law": LAW} == part["basis"][0] | {"version": SECOND, "article": "4"}


def test_retiring_closes_the_check(session, items):
    rebind.retire_checked(change_id(session), items["5"], by=AUTHOR, now=NINE)
    rebind.retire_checked(change_id(session), items["5"], by=AUTHOR, now=NINE)
    assert checks(session)[(items["5"], SECOND)] == ("vanished", "retired")


def test_who_confirms_one_version_is_asked_again_for_the_next(session, items):
    load(law_text(THIRD, {**NEW, "1": "本条例另有规定。"}, starts_on=date(2027, 5, 1)))
    rebind.confirm_unchanged(change_id(session), [items["1"]], by=AUTHOR, now=NINE)
    session.rollback()
    rows = select(ItemLawCheck.outcome).where(ItemLawCheck.item_id == items["1"], ItemLawCheck.state == "waiting")
    assert session.scalars(rows).all() == ["vanished"]
    assert quarantine(session)[items["1"]] == date(2027, 5, 1)


WORDS = ("甲应当公开名单", "乙不得少于二人", "丙处五百元罚款", "丁自收到之日起办理", "戊可以申请听证")
DAYS = [date(2026, 11, 20) + timedelta(days=days) for days in range(0, 60, 5)]


@pytest.mark.parametrize("seed", range(10))
def test_nothing_is_ever_drawn_from_quarantine(session, city, seed):
    """Whatever is done in whatever order: what can be drawn for a day rests on words that stand on that day."""
    chance = random.Random(seed)
    texts = {FIRST: {str(number): word + "。" for number, word in enumerate(WORDS, start=1)}}
    starts = {FIRST: date(2020, 3, 1)}
    load(law_text(FIRST, texts[FIRST], starts_on=starts[FIRST]))
    put_items(*(citing(number, str(number % 5 + 1)) for number in range(12)))
    for step in range(25):
        _do_something(session, chance, texts, starts, step)
        _nothing_stale_is_drawn(session, texts, starts)


def _do_something(session, chance, texts, starts, step):
    session.rollback()
    ids = session.scalars(select(ItemRecord.id)).all()
    open_checks = session.execute(select(ItemLawCheck.change_id, ItemLawCheck.item_id)).all()
    session.rollback()
    act = chance.choice(("load", "import", "confirm", "keep", "agree", "retire", "publish", "back", "bulk"))
    try:
        if act == "load" and len(texts) < 5:
            version = f"2026-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
            words = chance.sample(WORDS, chance.randint(3, 5))
            words = [word + chance.choice(("。", "。", "，另有规定的除外。")) for word in words]
            texts[version] = {str(number): word for number, word in enumerate(words, start=1)}
            starts[version] = chance.choice(DAYS)
            load(law_text(version, texts[version], starts_on=starts[version]))
        elif act == "import":
            version = chance.choice(sorted(texts))
            article = chance.choice(sorted(texts[version]))
            put_items(citing(chance.randint(0, 14), article, version=version, stem=f"第{step}步（　　）。"))
        elif act == "bulk":
            done = apply_changes("retire", [], chance.sample(ids, 3), by=AUTHOR, now=NINE)
            if done and chance.random() < 0.7:
                undo_operation(done, by=AUTHOR, now=NINE)
        elif act in ("retire", "publish"):
            (retire_item if act == "retire" else bring_back)(chance.choice(ids), by=None)
        elif open_checks:
            change, item = chance.choice(open_checks)
            if act == "confirm":
                rebind.confirm_unchanged(change, ids, by=AUTHOR, now=NINE)
            elif act == "keep":
                rebind.keep_item(change, item, by=chance.choice((AUTHOR, REVIEWER)), now=NINE)
            elif act == "agree":
                rebind.agree(change, item, by=chance.choice((AUTHOR, REVIEWER)), now=NINE)
            else:
                rebind.give_back(change, item, by=REVIEWER, now=NINE)
    except Refused:
        pass


def _nothing_stale_is_drawn(session, texts, starts):
    session.rollback()
    cited = {row.item_id: (row.law_version, row.article) for row in session.scalars(select(ItemBasis))}
    for day in DAYS:
        drawn = {item.item_id for item in read_pool(session, until=day)}
        noon = NINE.replace(year=day.year, month=day.month, day=day.day, hour=4)
        drawn |= set(session.scalars(select(ItemRecord.id).where(studied(noon))))
        for item_id in drawn:
            version, article = cited[item_id]
            mark = fingerprint(texts[version][article])
            for newer, starts_on in starts.items():
                if newer > version and starts_on <= day:
                    assert article in texts[newer]
                    assert fingerprint(texts[newer][article]) == mark
    session.rollback()


def test_a_shipped_item_that_cites_a_new_law_here_goes_on_following_what_is_shipped(session, city, monkeypatch):
    shipped = citing(1, "1")
    monkeypatch.setattr(importing, "load", lambda: [shipped])
    importing.load_shipped(now=NINE)
    load_both()
    item_id = session.scalar(select(ItemRecord.id))
    rebind.confirm_unchanged(change_id(session), [item_id], by=city.people["bank"], now=NINE)
    assert [one.is_shipped for one in versions(session, item_id)] == [True, True]
    assert importing.load_shipped(now=NINE).unchanged == ("cite-1",)
    assert basis(session, item_id)[0] == SECOND
    mended = citing(1, "1", version=SECOND, stem="第1题：换了说法，正确的是（　　）。")
    monkeypatch.setattr(importing, "load", lambda: [mended])
    assert importing.load_shipped(now=NINE).changed == ("cite-1",)
