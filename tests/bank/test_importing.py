"""Taking items into the bank."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, select

from tests.conftest import NINE
from tests.question_bank.samples import make_item
from trainer.audit.models import Entry
from trainer.bank.importing import OPERATOR, TO_REVIEW, filing_problems, import_items, load_shipped
from trainer.bank.models import ItemBasis, ItemEnemy, ItemField, ItemRecord, ItemVersion

LATER = NINE + timedelta(days=1)


def count(session, table):
    return session.scalar(select(func.count()).select_from(table))


def test_the_shipped_content_is_published_and_a_second_run_writes_nothing(session, count_queries):
    with count_queries() as seen:
        first = load_shipped(now=NINE)
    # In parts of some hundred rows, never one statement for an item.
    assert len(seen) <= 20 + len(first.added) // 25
    assert len(first.added) >= 300
    assert not first.problems
    assert count(session, ItemRecord) == len(first.added) == count(session, ItemVersion)
    assert set(session.scalars(select(ItemRecord.state))) == {"published"}
    entries = count(session, Entry)
    session.rollback()
    second = load_shipped(now=LATER)
    assert (second.added, second.changed) == ((), ())
    assert len(second.unchanged) == len(first.added)
    assert count(session, ItemVersion) == len(first.added)
    assert count(session, Entry) == entries


def test_a_changed_item_gets_a_further_version_and_the_old_one_stays(session):
    import_items([make_item()], by=None, now=NINE, publish=True)
    changed = make_item(stem="其次应当（　　）。", difficulty=4, fields=["market", "food_drug"][:1])
    report = import_items([changed], by=None, now=LATER, publish=True)
    assert report.changed == (changed.id,)
    versions = session.scalars(select(ItemVersion).order_by(ItemVersion.number)).all()
    assert [version.number for version in versions] == [1, 2]
    assert versions[0].body["stem"] == "首先应当（　　）。"
    item = session.scalar(select(ItemRecord))
    assert (item.version_id, item.difficulty, item.state) == (versions[1].id, 4, "published")
    assert list(session.scalars(select(ItemField.field))) == ["market"]
    assert count(session, ItemBasis) == 1


def test_the_same_file_twice_changes_nothing(session):
    import_items([make_item()], by=None, now=NINE)
    report = import_items([make_item()], by=None, now=LATER)
    assert report.unchanged == ("penalty-law-0001",)
    assert count(session, ItemVersion) == 1


def test_new_items_are_drafts_unless_they_are_to_be_published(session):
    import_items([make_item()], by=None, now=NINE)
    assert session.scalar(select(ItemRecord.state)) == "draft"


def test_a_dry_run_tells_and_stores_nothing(session):
    report = import_items([make_item()], by=None, now=NINE, dry_run=True)
    assert report.added == ("penalty-law-0001",)
    assert count(session, ItemRecord) == 0


def test_a_retired_item_stays_retired_when_its_text_changes(session):
    import_items([make_item()], by=None, now=NINE, publish=True)
    session.scalar(select(ItemRecord)).state = "retired"
    session.commit()
    import_items([make_item(stem="另外（　　）。")], by=None, now=LATER, publish=True)
    assert session.scalar(select(ItemRecord.state)) == "retired"


def test_what_candidates_get_holds_neither_key_nor_note(session):
    import_items([make_item()], by=None, now=NINE)
    public = session.scalar(select(ItemVersion.public))
    assert set(public) == {"kind", "stem", "options"}
    assert all(set(option) == {"key", "text"} for option in public["options"])


def test_one_bad_row_keeps_the_whole_file_out(session):
    unknown = make_item(id="penalty-law-0009", topic="no_such_topic")
    report = import_items([make_item(), unknown], by=None, now=NINE)
    assert [(one.row, one.code) for one in report.problems] == [(2, "unknown_topic")]
    assert count(session, ItemRecord) == 0


def test_filing_is_checked():
    items = [
        make_item(),
        make_item(),
        make_item(id="x-1", wing="procedures"),
        make_item(id="x-2", fields=["no_such_field"]),
    ]
    assert [(one.row, one.code) for one in filing_problems(items)] == [
        (2, "duplicate_id"),
        (3, "topic_of_other_wing"),
        (4, "unknown_enforcement_field"),
    ]


def test_shipped_content_does_not_overwrite_what_was_edited_here(session, city, monkeypatch):
    monkeypatch.setattr("trainer.bank.importing.load", lambda: [make_item()])
    load_shipped(now=NINE)
    import_items([make_item(stem="本地改过（　　）。")], by=city.people["author"], now=LATER, publish=True)
    assert load_shipped(now=LATER).unchanged == ("penalty-law-0001",)
    monkeypatch.setattr("trainer.bank.importing.load", lambda: [make_item(stem="新的一版（　　）。")])
    assert load_shipped(now=LATER).kept == ("penalty-law-0001",)
    assert count(session, ItemVersion) == 2


def test_a_case_is_found_by_what_its_parts_cite(session):
    import_items([make_item("case_study")], by=None, now=NINE)
    assert count(session, ItemBasis) == 2


def enemies(session):
    codes = dict(session.execute(select(ItemRecord.id, ItemRecord.code)).all())
    return {frozenset((codes[row.item_id], codes[row.enemy_id])) for row in session.scalars(select(ItemEnemy))}


def test_enemies_stand_once_whoever_declares_them_and_go_when_nobody_does(session):
    one, two, three = (make_item(id=f"q-{n}") for n in (1, 2, 3))
    import_items([one, replace(two, enemies=("q-1",)), replace(three, enemies=("q-2",))], by=None, now=NINE)
    both = {frozenset(("q-1", "q-2")), frozenset(("q-2", "q-3"))}
    assert enemies(session) == both
    import_items([replace(one, enemies=("q-2",))], by=None, now=LATER)
    assert enemies(session) == both
    import_items([two], by=None, now=LATER)
    assert enemies(session) == both
    import_items([one, three], by=None, now=LATER)
    assert enemies(session) == set()


def test_an_enemy_that_is_nowhere_is_refused(session):
    report = import_items([make_item(enemies=["q-9"])], by=None, now=NINE)
    assert [(problem.place, problem.code) for problem in report.problems] == [("enemies", "unknown_enemy")]
    assert count(session, ItemRecord) == 0


def test_pool_and_group_of_variants_are_put_down(session):
    import_items([make_item(pool="reserved", variant_group="g")], by=None, now=NINE)
    row = session.scalar(select(ItemRecord))
    assert (row.pool, row.variant_group) == ("reserved", "g")


def standing(session):
    session.rollback()
    session.expire_all()
    row = session.scalar(select(ItemRecord))
    found = (row.state, row.proposed_state, session.get(ItemVersion, row.version_id).number)
    session.rollback()
    return found


def test_a_new_text_of_a_published_item_waits_for_a_reviewer(session):
    import_items([make_item()], by=None, now=NINE, publish=True)
    report = import_items([make_item(stem="其次应当（　　）。")], by=None, now=LATER)
    assert (report.proposed, report.changed) == (("penalty-law-0001",), ())
    assert standing(session) == ("published", "in_review", 1)
    assert import_items([make_item(stem="其次应当（　　）。")], by=None, now=LATER).unchanged == ("penalty-law-0001",)
    third = import_items([make_item(stem="再次应当（　　）。")], by=None, now=LATER)
    assert third.busy == ("penalty-law-0001",)
    assert standing(session) == ("published", "in_review", 1)


def test_a_change_of_key_needs_a_second_person_whatever_the_operator_says(session):
    import_items([make_item()], by=None, now=NINE, publish=True)
    mended = import_items([make_item(stem="其次应当（　　）。")], by=None, now=LATER, terms=OPERATOR)
    assert mended.changed == ("penalty-law-0001",)
    assert standing(session) == ("published", None, 2)
    other = "A" if make_item().key != "A" else "B"
    report = import_items([make_item(stem="其次应当（　　）。", key=other)], by=None, now=LATER, terms=OPERATOR)
    assert report.proposed == ("penalty-law-0001",)
    assert standing(session) == ("published", "in_review", 2)
    assert session.scalar(select(ItemVersion.changes_key).where(ItemVersion.number == 3))


def test_what_is_retired_or_in_review_is_left_alone(session):
    import_items([make_item()], by=None, now=NINE, terms=TO_REVIEW)
    changed = make_item(stem="其次应当（　　）。")
    assert import_items([changed], by=None, now=LATER).busy == ("penalty-law-0001",)
    assert standing(session) == ("in_review", None, 1)
    session.scalar(select(ItemRecord)).state = "retired"
    session.commit()
    assert import_items([changed], by=None, now=LATER, terms=OPERATOR).busy == ("penalty-law-0001",)
    assert standing(session) == ("retired", None, 1)


def test_a_draft_takes_the_new_text_as_its_own(session):
    import_items([make_item()], by=None, now=NINE)
    assert import_items([make_item(stem="其次应当（　　）。")], by=None, now=LATER).changed == ("penalty-law-0001",)
    assert standing(session) == ("draft", None, 2)
