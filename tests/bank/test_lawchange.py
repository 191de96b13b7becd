"""A law gets another version: which items that touches, and since when they are in quarantine."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update

from tests.conftest import NINE
from tests.laws.factories import (
    FIRST,
    LAW,
    NEW,
    OLD,
    OUTCOMES,
    SECOND,
    TAKES_FORCE,
    THIRD,
    checks,
    citing,
    law_text,
    load,
    load_both,
    put_items,
    put_one_of_each,
    quarantine,
)
from trainer.audit.models import Entry
from trainer.bank.bulk import apply_changes, undo_operation
from trainer.bank.importing import load_shipped
from trainer.bank.lawchange import StartUnknown
from trainer.bank.models import ItemBasis, ItemLawCheck, ItemRecord, LawChange
from trainer.bank.queries import ItemFilter, counts_by, items_matching, read_pool, row_of
from trainer.bank.service import bring_back, retire_item
from trainer.core.clock import day_starts_at
from trainer.core.database import transaction
from trainer.core.errors import Missing
from trainer.laws.models import LawArticle, LawText
from trainer.laws.service import load_text
from trainer.notices.models import Notice
from trainer.practice.queries import item_by_code, search_items

DAY = timedelta(days=1)


def drawn(session, until):
    found = [item.item_id for item in read_pool(session, until=until)]
    session.rollback()
    return found


def test_exactly_the_items_whose_article_changed_moved_or_vanished_go_into_quarantine(session, city):
    items = put_one_of_each()
    report = load_both()
    assert {one.articles[0]["old"]: one.outcome for one in report.verdicts} == OUTCOMES
    assert quarantine(session) == {items[number]: TAKES_FORCE for number in "2345"}
    assert checks(session) == {(items[number], SECOND): (OUTCOMES[number], "waiting") for number in OLD}


def test_the_day_before_it_takes_force_they_are_drawn_and_on_that_day_they_are_not(session, city):
    items = put_one_of_each()
    load_both()
    assert drawn(session, TAKES_FORCE - DAY) == sorted(items.values())
    assert drawn(session, TAKES_FORCE) == [items["1"]]
    assert drawn(session, TAKES_FORCE + 365 * DAY) == [items["1"]]


def test_the_report_names_the_successor_and_how_alike_it_is(session, city):
    put_one_of_each()
    found = {one.articles[0]["old"]: one.articles[0] for one in load_both().verdicts}
    assert (found["3"]["new"], found["3"]["likeness"]) == ("4", 1.0)
    assert found["2"]["new"] == "3"
    assert 0.9 <= found["2"]["likeness"] < 1
    assert found["5"]["new"] is None


def test_an_item_takes_the_gravest_of_its_citations(session, city):
    both = [{"law": LAW, "version": FIRST, "article": one, "paragraph": None, "item": None} for one in ("1", "4")]
    (item,) = put_items(citing(1, "1", basis=both))
    report = load_both()
    assert report.verdicts[0].outcome == "changed"
    assert quarantine(session) == {item: TAKES_FORCE}


def test_without_the_old_text_fingerprints_of_the_register_are_compared(session, city):
    """行政处罚法 is in the shipped register as of 2021, without its text."""
    (item,) = put_items(citing(1, "36", version="2021-01-22", law="行政处罚法"))
    report = load(law_text("2027-01-01", {"1": "第一", "36": "甲"}, starts_on=date(2027, 6, 1), law="行政处罚法"))
    assert [(one.outcome, one.articles[0]["new"]) for one in report.verdicts] == [("changed", "36")]
    assert report.verdicts[0].articles[0]["likeness"] is None
    assert quarantine(session) == {item: date(2027, 6, 1)}


def test_of_a_version_that_nobody_knows_nothing_says_that_it_still_stands(session, city):
    (item,) = put_items(citing(1, "1"))
    load(law_text())
    assert quarantine(session) == {item: TAKES_FORCE}


def test_a_second_load_changes_nothing(session, city):
    put_one_of_each()
    load_both()
    before = (checks(session), quarantine(session))
    entries = session.scalar(select(func.count()).select_from(Entry))
    notices = session.scalar(select(func.count()).select_from(Notice))
    report = load(law_text())
    assert report.loaded == "unchanged"
    assert (checks(session), quarantine(session)) == before
    assert session.scalar(select(func.count()).select_from(Entry)) == entries
    assert session.scalar(select(func.count()).select_from(Notice)) == notices
    assert session.scalar(select(func.count()).select_from(LawArticle)) == len(OLD) + len(NEW)


def test_a_dry_run_tells_the_same_and_stores_nothing(session, city):
    put_one_of_each()
    load(law_text(FIRST, OLD, starts_on=date(2020, 3, 1)))
    report = load(law_text(), dry_run=True)
    assert (report.loaded, {one.articles[0]["old"]: one.outcome for one in report.verdicts}) == ("tried", OUTCOMES)
    assert checks(session) == quarantine(session) == {}
    assert session.scalar(select(func.count()).select_from(LawText)) == 1


def test_the_order_in_which_versions_arrive_does_not_matter(session, city):
    items = put_one_of_each()
    load(law_text())
    assert set(quarantine(session)) == set(items.values())
    load(law_text(FIRST, OLD, starts_on=date(2020, 3, 1)))
    assert quarantine(session) == {items[number]: TAKES_FORCE for number in "2345"}
    assert checks(session)[(items["1"], SECOND)] == ("unchanged", "waiting")


def test_another_day_of_force_moves_the_quarantine(session, city):
    items = put_one_of_each()
    load_both()
    assert load(law_text(), in_force_from=date(2027, 1, 1)).loaded == "dated"
    assert quarantine(session)[items["4"]] == date(2027, 1, 1)
    assert session.scalar(select(LawChange.takes_force_on)) == date(2027, 1, 1)


def test_a_corrected_copy_is_compared_anew(session, city):
    items = put_one_of_each()
    load_both()
    assert load(law_text(articles=NEW | {"5": OLD["4"], "4": OLD["4"], "6": OLD["3"]})).loaded == "replaced"
    assert items["4"] not in quarantine(session)
    assert checks(session)[(items["4"], SECOND)] == ("unchanged", "waiting")


def test_a_version_whose_start_nobody_tells_is_refused_where_items_cite_an_older_one(session, city):
    load(law_text(FIRST, OLD, starts_on=None))
    put_one_of_each()
    with pytest.raises(StartUnknown):
        load(law_text(starts_on=None))
    assert session.scalar(select(func.count()).select_from(LawText)) == 1
    load(law_text(starts_on=None), in_force_from=TAKES_FORCE)
    assert set(quarantine(session).values()) == {TAKES_FORCE}
    # What was told once is remembered.
    assert load(law_text(starts_on=None)).loaded == "unchanged"


def test_of_two_newer_versions_the_earlier_quarantine_counts(session, city):
    items = put_one_of_each()
    load_both()
    load(law_text(THIRD, {**NEW, "1": "本条例另有规定。"}, starts_on=date(2027, 5, 1)))
    found = quarantine(session)
    assert found[items["4"]] == TAKES_FORCE
    assert found[items["1"]] == date(2027, 5, 1)


def test_an_item_that_comes_in_later_citing_the_old_version_is_caught_as_well(session, city):
    load_both()
    items = put_one_of_each()
    assert quarantine(session) == {items[number]: TAKES_FORCE for number in "2345"}


def test_a_new_text_of_the_item_that_cites_the_new_version_leaves(session, city):
    items = put_one_of_each()
    load_both()
    put_items(citing(4, "5", version=SECOND))
    assert items["4"] not in quarantine(session)
    assert checks(session)[(items["4"], SECOND)] == ("changed", "rewritten")


def test_a_new_text_that_still_cites_the_old_version_stays(session, city):
    items = put_one_of_each()
    load_both()
    put_items(citing(4, "4", stem="换了说法（　　）。"))
    assert quarantine(session)[items["4"]] == TAKES_FORCE


def test_nobody_publishes_an_item_out_of_quarantine(session, city):
    items = put_one_of_each()
    load_both()
    retire_item(items["4"], by=None)
    assert checks(session)[(items["4"], SECOND)] == ("changed", "retired")
    bring_back(items["4"], by=None)
    assert quarantine(session)[items["4"]] == TAKES_FORCE
    assert checks(session)[(items["4"], SECOND)] == ("changed", "waiting")
    assert items["4"] not in drawn(session, TAKES_FORCE)


def test_items_given_back_by_an_undone_operation_are_looked_through(session, city):
    items = put_one_of_each()
    retired = apply_changes("retire", [], items.values(), by=1, now=NINE)
    load_both()
    assert quarantine(session) == {}
    assert undo_operation(retired, by=1, now=NINE) == len(items)
    assert quarantine(session) == {items[number]: TAKES_FORCE for number in "2345"}


def test_a_law_cited_by_its_full_title_is_found(session, city):
    (item,) = put_items(citing(1, "36", version="2021-01-22", law="中华人民共和国行政处罚法"))
    load(law_text("2027-01-01", {"36": "甲"}, starts_on=date(2027, 6, 1), law="行政处罚法"))
    assert quarantine(session) == {item: date(2027, 6, 1)}


def test_authors_are_told_of_their_items_and_managers_of_those_without_one(session, city):
    put_items(citing(1, "1"), citing(2, "4"), by=city.people["author"])
    put_items(citing(3, "4"))
    load_both()
    rows = session.scalars(select(Notice).where(Notice.code == "law_changed")).all()
    assert {(row.user_id, row.params["count"]) for row in rows} == {
        (city.people["author"], 2),
        (city.people["bank"], 1),
    }
    assert rows[0].params["force_on"] == TAKES_FORCE.isoformat()


def test_an_author_who_writes_no_more_hands_the_work_to_the_managers(session, city):
    (item,) = put_items(citing(1, "4"))
    with transaction() as open_session:
        open_session.execute(update(ItemRecord).where(ItemRecord.id == item).values(author_id=city.people["officer"]))
    load_both()
    assert session.scalars(select(Notice.user_id).where(Notice.code == "law_changed")).all() == [city.people["bank"]]


def test_what_was_done_stands_in_the_audit(session, city):
    put_one_of_each()
    load_both()
    entry = session.scalars(select(Entry).where(Entry.action == "law.items_looked_through")).one()
    assert entry.target == f"law:{LAW}"
    counts = {"unchanged": 1, "renumbered": 2, "changed": 1, "vanished": 1}
    assert entry.detail == {"from": FIRST, "to": SECOND, **counts}


def test_a_load_takes_few_statements_however_many_items_there_are(session, city, count_queries):
    put_items(*(citing(number, str(number % 5 + 1)) for number in range(1, 201)))
    load(law_text(FIRST, OLD, starts_on=date(2020, 3, 1)))
    with count_queries() as seen:
        load(law_text())
    assert len(seen) <= 40
    assert session.scalar(select(func.count()).select_from(ItemLawCheck)) == 200


def test_a_draft_is_looked_through_too(session, city):
    (item,) = put_items(citing(1, "4"), publish=False)
    load_both()
    assert quarantine(session) == {item: TAKES_FORCE}


def test_practice_stops_on_the_day_of_force(session, city):
    put_items(citing(1, "4"))
    load_both()
    me = city.people["officer"]
    midnight = day_starts_at(TAKES_FORCE)
    assert item_by_code(session, me, "cite-1", now=midnight - timedelta(seconds=1)).code == "cite-1"
    assert [row.code for row in search_items(session, me, "示例", midnight - timedelta(seconds=1))] == ["cite-1"]
    assert search_items(session, me, "示例", midnight) == []
    with pytest.raises(Missing):
        item_by_code(session, me, "cite-1", now=midnight)


def test_loading_the_shipped_bank_looks_at_what_came_with_its_register(session, city):
    """A newer register is like a text that somebody stored without looking at the items."""
    load_shipped(now=NINE)
    text = law_text("2027-01-01", {"36": "甲"}, starts_on=date(2027, 6, 1), law="行政处罚法")
    load_text(text, in_force_from=None, source="", by=None, now=NINE)
    assert quarantine(session) == {}
    load_shipped(now=NINE)
    cited = select(ItemBasis.item_id).where(ItemBasis.law == "行政处罚法").distinct()
    assert set(quarantine(session)) == set(session.scalars(cited))


def test_lists_show_the_quarantine_from_its_day_on(session, city):
    put_one_of_each()
    load_both()
    assert counts_by(session, "state", TAKES_FORCE - DAY) == {"published": 5}
    assert counts_by(session, "state", TAKES_FORCE) == {"published": 1, "quarantined": 4}
    wanted = items_matching(ItemFilter(state="quarantined"), TAKES_FORCE)
    assert [row_of(row).state for row in session.execute(wanted)] == ["quarantined"] * 4
