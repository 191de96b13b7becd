"""Blueprints and compiled papers."""

import json
from dataclasses import replace
from decimal import Decimal

import orjson
import pytest
from sqlalchemy import func, select

from docs import redraw
from question_bank.kinds import KINDS
from tests.conftest import NINE
from tests.papers.factories import fill_bank, section
from tests.question_bank.samples import CANARIES, EXPLANATION_CANARY, NOTE_CANARY, make_item
from trainer.bank.importing import import_items, load_shipped
from trainer.bank.models import ItemRecord, ItemStatistic, ItemVersion
from trainer.core.errors import Invalid, Missing
from trainer.marking.grading import keys_of
from trainer.papers.models import Paper, PaperItem
from trainer.papers.outlook import KeptOut, NotEnoughItems, look_ahead
from trainer.papers.publication import draw_file
from trainer.papers.queries import common_items, draws_of, items_of_paper, papers_of, plans_of, rules_of, sections_of
from trainer.papers.rules.apart import Sharing
from trainer.papers.rules.blueprint import DrawRules, presets
from trainer.papers.rules.plan import commitment
from trainer.papers.service import compile_papers, create_blueprint, paper_digest, replace_sections

TITLES = {kind: kind for kind in KINDS}


def make_blueprint(*sections, seed="seed"):
    return create_blueprint("春季考试", sections or (section(count=3),), seed=seed, by=None, now=NINE)


def compiled(blueprint_id, count=1, *, same_items=False, shuffle_items=False, shuffle_options=False, apart=False):
    return compile_papers(
        blueprint_id,
        count=count,
        same_items=same_items,
        shuffle_items=shuffle_items,
        shuffle_options=shuffle_options,
        apart=apart,
        until=NINE.date(),
        now=NINE,
    )


def documents(session):
    return [json.loads(document) for document in session.scalars(select(Paper.document).order_by(Paper.form))]


def items(document):
    return [item for one in document["sections"] for item in one["items"]]


def test_a_paper_has_all_a_candidate_needs_and_nothing_more(session):
    fill_bank(single_choice=5, fill_blank=2, true_false=2)
    blueprint_id = make_blueprint(
        section(count=2, points="1.5"), section("fill_blank", 1, "2"), section("true_false", 1)
    )
    compiled(blueprint_id)
    paper = session.scalar(select(Paper))
    text = paper.document.decode()
    for secret in (NOTE_CANARY, EXPLANATION_CANARY, '"key":"B"}', "basis", "行政处罚法", "s-1", "difficulty"):
        assert secret not in text
    document = json.loads(text)
    assert document["title"] == "春季考试"
    assert set(document["sections"][0]) == {"title", "partial_credit", "points_each", "items"}
    assert [item["number"] for item in items(document)] == [1, 2, 3, 4]
    assert [item["points"] for item in items(document)] == ["1.50", "1.50", "2.00", "1.00"]
    assert items(document)[2]["blanks"] == 2
    assert set(items(document)[0]) == {"number", "kind", "stem", "options", "points"}
    assert paper.shapes[0] == {"kind": "single_choice", "keys": ["A", "B", "C", "D"]}
    assert (paper.item_count, paper.max_points) == (4, Decimal("6.00"))
    assert paper.digest == paper_digest("seed", 1, paper.document)
    held = items_of_paper(session, paper.id)
    assert [(one.number, one.section, one.points) for one in held][2] == (3, 2, Decimal("2.00"))


def test_one_seed_gives_the_same_bytes_again(session):
    fill_bank(single_choice=20)
    for _ in range(2):
        compiled(make_blueprint(section(count=5)), 2, shuffle_items=True, shuffle_options=True)
    rows = session.scalars(select(Paper.document).order_by(Paper.blueprint_id, Paper.form)).all()
    assert rows[:2] == rows[2:]
    assert rows[0] != rows[1]


def test_variants_hold_the_same_items_in_other_orders_and_keep_option_keys(session):
    fill_bank(single_choice=20)
    compiled(make_blueprint(section(count=8)), 4, same_items=True, shuffle_items=True, shuffle_options=True)
    versions = {
        tuple(sorted(session.scalars(select(PaperItem.item_version_id).where(PaperItem.paper_id == paper_id))))
        for paper_id in session.scalars(select(Paper.id))
    }
    assert len(versions) == 1
    papers = documents(session)
    assert len({json.dumps(paper) for paper in papers}) == 4
    for item in (item for paper in papers for item in items(paper)):
        assert sorted(option["key"] for option in item["options"]) == ["A", "B", "C", "D"]
        assert {option["key"]: option["text"] for option in item["options"]}["B"] == "调查取证"


def test_an_ordering_item_is_never_shown_in_its_right_order(session):
    fill_bank(ordering=10)
    compiled(make_blueprint(section("ordering", 10)), 16, same_items=True, shuffle_options=True)
    shown = {
        "".join(option["key"] for option in item["options"]) for paper in documents(session) for item in items(paper)
    }
    assert len(shown) > 20
    assert "CABED" not in shown


def test_parallel_forms_differ_and_further_ones_are_numbered_on(session):
    fill_bank(single_choice=30, difficulty=2)
    blueprint_id = make_blueprint(section(count=5))
    compiled(blueprint_id, 2)
    before = session.scalars(select(Paper.document).order_by(Paper.form)).all()
    session.rollback()
    more = compiled(blueprint_id, 2)
    assert [paper.form for paper in papers_of(session, blueprint_id)] == [1, 2, 3, 4]
    assert len(more.paper_ids) == 2
    assert session.scalars(select(Paper.document).order_by(Paper.form)).all()[:2] == before


def test_further_variants_keep_the_items_of_the_first_even_when_the_bank_has_moved_on(session):
    fill_bank(single_choice=5)
    blueprint_id = make_blueprint(section(count=3))
    compiled(blueprint_id, 1, same_items=True, shuffle_items=True)
    session.execute(ItemRecord.__table__.update().values(state="retired"))
    session.commit()
    compiled(blueprint_id, 1, same_items=True, shuffle_items=True)
    first, second = papers_of(session, blueprint_id)
    ids = [{one.item_version_id for one in items_of_paper(session, paper.id)} for paper in (first, second)]
    assert ids[0] == ids[1]


@pytest.mark.parametrize("state", ["draft", "in_review", "retired", "quarantined"])
def test_only_published_items_are_drawn(session, state):
    fill_bank(single_choice=3)
    item = session.scalar(select(ItemRecord).order_by(ItemRecord.id))
    item.state = state
    session.commit()
    with pytest.raises(NotEnoughItems) as refusal:
        compiled(make_blueprint(section(count=3)))
    assert refusal.value.status == 422
    assert refusal.value.params["lacks"][0]["missing"] == 1


def test_a_lack_stands_at_its_section_and_nothing_is_stored(session):
    fill_bank(single_choice=3, true_false=1)
    blueprint_id = make_blueprint(section(count=3), section("true_false", 4), section(count=1, item_ids=("s-77",)))
    with pytest.raises(NotEnoughItems) as refusal:
        compiled(blueprint_id)
    assert [(one.field, one.code) for one in refusal.value.problems] == [
        ("sections.1.count", "section_lacks_items"),
        ("sections.2.item_ids", "unknown_items"),
        ("sections.2.count", "section_shares_items"),
    ]
    assert refusal.value.problems[0].params["missing"] == 3
    assert session.scalar(select(func.count()).select_from(Paper)) == 0


def test_supply_says_what_the_bank_has_for_each_section(session):
    fill_bank(single_choice=5, true_false=1)
    sections = [section(count=4), section(count=2), section("true_false", 1)]
    outlook = look_ahead(session, sections, NINE.date(), mends=True)
    assert [(one.wanted, one.found, one.missing) for one in outlook.standings] == [(4, 5, 0), (2, 5, 1), (1, 1, 0)]
    assert outlook.standings[1].mends == (("fewer", 1), ("write", 1))


def test_a_faulty_blueprint_is_refused_and_a_compiled_one_frozen(session):
    with pytest.raises(Invalid):
        make_blueprint(replace(section(), count=0))
    with pytest.raises(Missing):
        compiled(987654)
    fill_bank(single_choice=5)
    blueprint_id = make_blueprint(section(count=2))
    replace_sections(blueprint_id, "夏季考试", [section(count=3)])
    assert [one.count for one in sections_of(session, blueprint_id)] == [3]
    session.rollback()
    compiled(blueprint_id)
    with pytest.raises(RuntimeError):
        replace_sections(blueprint_id, "秋季考试", [section(count=4)])


def test_sections_are_read_as_they_were_written(session):
    spec = section(
        count=4,
        points="0.5",
        wing="procedures",
        topics=("hearing",),
        fields=("market",),
        difficulty=(1, 2),
        item_ids=("s-1",),
        laws=("行政处罚法",),
        levels=("recall", "apply"),
        mix=(("1", 2), ("2", 1)),
        order="easy_first",
    )
    assert sections_of(session, make_blueprint(spec)) == [replace(spec, points_each=Decimal("0.50"))]


def test_a_paper_for_each_of_three_hundred_candidates_takes_a_few_statements(session, count_queries):
    load_shipped(now=NINE)
    blueprint_id = create_blueprint("大考", presets(TITLES)[0].sections, seed="s", by=None, now=NINE)
    with count_queries() as seen:
        made = compiled(blueprint_id, 300, shuffle_options=True)
    assert len(seen) <= 30
    assert len(made.paper_ids) == 300
    assert session.scalar(select(func.count()).select_from(PaperItem)) == 300 * 80


def test_a_case_becomes_consecutive_items_under_one_stem_with_its_points_shared_out(session):
    fill_bank(single_choice=3, case_study=3)
    compiled(
        make_blueprint(section(count=2), section("case_study", 2, "10")), 2, shuffle_items=True, shuffle_options=True
    )
    paper = session.scalars(select(Paper)).first()
    text = bytes(paper.document).decode()
    assert not [secret for secret in CANARIES if secret in text]
    document = json.loads(text)
    assert [item["number"] for item in items(document)] == [1, 2, 3, 4, 5, 6, 7, 8]
    cases, parts = document["sections"][1]["cases"], document["sections"][1]["items"]
    assert [case["stem"] for case in cases] == ["李某占道经营，执法人员当场罚款一百五十元。"] * 2
    assert cases[0]["documents"] == [{"title": "现场笔录", "text": "执法人员出示了证件。"}]
    assert {item["case"] for item in parts} == {case["case"] for case in cases}
    assert [item["kind"] for item in parts] == ["true_false", "multiple_choice", "short_answer"] * 2
    assert [item["points"] for item in parts] == ["1.67", "5.00", "3.33"] * 2
    assert text.count("李某占道经营") == 2
    held = items_of_paper(session, paper.id)
    assert [one.part for one in held] == [None, None, 1, 2, 3, 1, 2, 3]
    assert paper.max_points == Decimal("22.00") == sum(one.points for one in held)
    assert len(paper.shapes) == paper.item_count == 8
    keys = keys_of(session, paper.id)
    assert [key.item.kind for key in keys[2:5]] == ["true_false", "multiple_choice", "short_answer"]


def test_the_parts_of_cases_are_counted_where_a_paper_is_full(session):
    fill_bank(case_study=101)
    with pytest.raises(Invalid) as refusal:
        compiled(make_blueprint(section("case_study", 101)))
    assert refusal.value.problems[0].code == "too_many_items"


def test_reserved_items_are_drawn_only_where_they_are_asked_for_or_named(session):
    open_, kept = make_item(id="q-1"), make_item(id="q-2", pool="reserved")
    import_items([open_, kept], by=None, now=NINE, publish=True)
    with pytest.raises(NotEnoughItems):
        compiled(make_blueprint(section(count=2)))
    compiled(make_blueprint(section(count=1, pool="reserved")))
    compiled(make_blueprint(section(count=2, item_ids=("q-2",))))
    codes = session.scalars(select(ItemVersion.body["id"].as_string()).join(PaperItem).order_by(PaperItem.paper_id))
    assert sorted(codes) == ["q-1", "q-2", "q-2"]


def test_variants_and_enemies_never_meet_in_a_paper_and_the_lack_is_told(session):
    items = [
        make_item(id="q-1", variant_group="g"),
        make_item(id="q-2", variant_group="g"),
        make_item("true_false", id="q-3", enemies=["q-4"]),
        make_item("true_false", id="q-4"),
    ]
    import_items(items, by=None, now=NINE, publish=True)
    with pytest.raises(NotEnoughItems) as refusal:
        compiled(make_blueprint(section(count=2), section("true_false", 2)))
    assert [(one["section"], one["found"], one["missing"]) for one in refusal.value.params["lacks"]] == [
        (1, 1, 1),
        (2, 1, 1),
    ]
    compiled(make_blueprint(section(count=1), section("true_false", 1)))


def test_a_section_draws_by_law_level_and_mix(session):
    basis = {"law": "行政强制法", "version": "2011-06-30", "article": "10", "paragraph": None, "item": None}
    import_items(
        [make_item(id=f"q-{n}", difficulty=1 + n % 2, level="apply" if n < 4 else "recall") for n in range(8)]
        + [make_item(id="f-1", basis=[basis])],
        by=None,
        now=NINE,
        publish=True,
    )
    compiled(
        make_blueprint(
            section(count=1, laws=("行政强制法",)), section(count=3, levels=("apply",), mix=(("1", 2), ("2", 1)))
        )
    )
    rows = session.execute(
        select(PaperItem.section, ItemRecord.code, ItemRecord.difficulty, ItemRecord.level)
        .join(ItemVersion, ItemVersion.id == PaperItem.item_version_id)
        .join(ItemRecord, ItemRecord.id == ItemVersion.item_id)
        .order_by(PaperItem.number)
    ).all()
    assert rows[0][:2] == (1, "f-1")
    assert sorted(row[2] for row in rows[1:]) == [1, 1, 2]
    assert {row[3] for row in rows[1:]} == {"apply"}


def test_a_lack_of_the_mix_is_told_at_its_line(session):
    fill_bank(single_choice=5, difficulty=2)
    with pytest.raises(NotEnoughItems) as refusal:
        compiled(make_blueprint(section(count=4, mix=(("2", 2), ("5", 2)))))
    (problem,) = refusal.value.problems
    assert (problem.field, problem.code, problem.params["missing"]) == ("sections.0.mix", "section_lacks_difficulty", 2)
    with pytest.raises(NotEnoughItems) as refusal:
        compiled(make_blueprint(section(count=2, mix=(("5", 2),), item_ids=("s-1",))))
    assert [one.code for one in refusal.value.problems] == ["section_lacks_difficulty", "surplus_items"]


def make_ruled(*sections, **rules):
    return create_blueprint("春季考试", sections, seed="seed", by=None, now=NINE, rules=DrawRules(**rules))


def test_items_that_stood_in_so_many_exams_of_a_year_are_not_drawn_and_the_lack_says_so(session):
    fill_bank(single_choice=5)
    compiled(make_blueprint(section(count=3)))
    used = {one.item_version_id for one in session.scalars(select(PaperItem))}
    session.rollback()
    blueprint_id = make_ruled(section(count=2), exposure_most=1)
    assert rules_of(session, blueprint_id) == DrawRules(exposure_most=1)
    session.rollback()
    made = compiled(blueprint_id)
    assert not used & {one.item_version_id for one in items_of_paper(session, made.paper_ids[0])}
    session.rollback()
    with pytest.raises(NotEnoughItems) as refusal:
        compiled(make_ruled(section(count=2), exposure_most=1))
    assert [(one.field, one.code) for one in refusal.value.problems] == [
        ("sections.0.count", "section_lacks_items"),
        ("sections.0.count", "section_items_exposed"),
    ]
    assert refusal.value.problems[1].params["count"] == 5
    assert compiled(make_ruled(section(count=2), exposure_most=2)).paper_ids
    # A second form of an exam is no second exam.
    assert compiled(blueprint_id).paper_ids


def test_named_items_are_taken_however_often_they_were_used(session):
    fill_bank(single_choice=2)
    compiled(make_blueprint(section(count=2)))
    assert compiled(make_ruled(section(count=1, item_ids=("s-1",)), exposure_most=1)).paper_ids


def test_what_was_met_is_kept_out_for_all_or_for_one_form(session):
    fill_bank(single_choice=4)
    ids = {row.code: row.id for row in session.scalars(select(ItemRecord))}
    session.rollback()
    blueprint_id = make_ruled(section(count=3), avoid_days=30)
    met = frozenset({ids["s-1"]})
    asked = {"shuffle_items": False, "shuffle_options": False, "until": NINE.date(), "now": NINE}
    made = compile_papers(blueprint_id, count=2, same_items=False, kept_out=KeptOut(for_form={2: met}), **asked)
    held = [one.item_version_id for one in items_of_paper(session, made.paper_ids[1])]
    session.rollback()
    versions = dict(session.execute(select(ItemRecord.code, ItemRecord.version_id)).all())
    session.rollback()
    assert versions["s-1"] not in held
    both = met | {ids["s-2"]}
    with pytest.raises(NotEnoughItems) as refusal:
        compile_papers(blueprint_id, count=2, same_items=False, kept_out=KeptOut(for_form={3: both}), **asked)
    assert [(one.field, one.code) for one in refusal.value.problems][-1] == ("avoid_days", "people_lack_items")
    assert refusal.value.problems[-1].params == {"people": 1, "days": 30}
    with pytest.raises(NotEnoughItems) as refusal:
        compile_papers(
            make_ruled(section(count=4), avoid_days=30),
            count=1,
            same_items=True,
            kept_out=KeptOut(for_all=met),
            **asked,
        )
    assert [one.code for one in refusal.value.problems] == ["section_lacks_items", "section_items_met"]


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize(("same_items", "apart"), [(True, False), (False, False), (False, True)])
def test_the_published_file_gives_every_paper_again(session, capsys, same_items, apart, shuffle):
    kinds = ("single_choice", "multiple_choice", "true_false", "ordering", "matching", "case_study")
    fill_bank(**dict.fromkeys(kinds, 6))
    blueprint_id = make_blueprint(*(section(kind, 2) for kind in kinds))
    asked = {"same_items": same_items, "apart": apart, "shuffle_items": shuffle, "shuffle_options": shuffle}
    compiled(blueprint_id, 8, **asked)
    compiled(blueprint_id, 2, **asked)
    told = orjson.loads(orjson.dumps(draw_file(session, blueprint_id, "春季考试")))
    redraw.main(told)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines if line.startswith("commitment")] == ["fits"] * (1 if same_items else 2)
    shown = [line.split()[1:] for line in lines if line.startswith("form")]
    assert shown == [[str(form)] for form in range(1, 11)]
    drawn = [line.split() for line in lines if line.startswith("  ")]
    code_of = {row.id: row.body["id"] for row in session.scalars(select(ItemVersion))}
    for form, paper in enumerate(papers_of(session, blueprint_id), start=1):
        rows = items_of_paper(session, paper.id)
        document = json.loads(session.get(Paper, paper.id).document)
        # How the options of ordering items were shuffled would tell their right order.
        orders = {
            one["number"]: "".join(option["key"] for option in one.get("options", []) if one["kind"] != "ordering")
            for one in items(document)
        }
        expected = [[] for _ in kinds]
        for row in rows:
            if row.part in (None, 1):
                expected[row.section - 1].append(code_of[row.item_version_id])
            if shuffle and orders[row.number]:
                expected[row.section - 1][-1] += "/" + orders[row.number]
        assert drawn[(form - 1) * len(kinds) : form * len(kinds)] == expected


def test_the_published_file_tells_no_right_order(session):
    fill_bank(ordering=6, single_choice=2)
    blueprint_id = make_blueprint(section("ordering", 2), section(count=2))
    compiled(blueprint_id, 300, same_items=False, shuffle_options=True)
    told = draw_file(session, blueprint_id, "春季考试")
    # Some of so many shuffles gave the right order and were thrown away; nobody may learn which.
    assert sorted(told) == ["draws", "forms", "options", "seed", "title"]
    assert sorted(told["options"]) == ["s-1", "s-2"]


def test_parallel_forms_share_what_the_bank_lacks_and_what_is_named(session):
    fill_bank(single_choice=8, true_false=4)
    asked = [section(count=5, item_ids=("s-1",)), section("true_false", 2)]
    outlook = look_ahead(session, asked, NINE.date(), forms=2)
    session.rollback()
    blueprint_id = make_blueprint(*asked)
    compiled(blueprint_id, 2, apart=True)
    assert common_items(session, blueprint_id) == [Sharing(1, 2, 1, 8, 7, 1), Sharing(2, 2, 0, 4, 4, 0)]
    assert outlook.sharing == tuple(common_items(session, blueprint_id))


def test_the_plan_is_kept_with_what_is_expected_of_each_form(session):
    fill_bank(single_choice=12, difficulty=3)
    blueprint_id = make_blueprint(section(count=4))
    made = compiled(blueprint_id, 3)
    (line,) = draws_of(session, blueprint_id)
    assert (line.first_form, line.expected, line.measured) == (1, (6500, 6500, 6500), 0)
    assert line.commitment == made.commitment
    ((promise, plan),) = plans_of(session, blueprint_id)
    assert promise == commitment("seed", plan)


def test_measured_items_count_by_their_measure(session):
    fill_bank(single_choice=4, difficulty=3)
    first = session.scalar(select(ItemRecord).where(ItemRecord.code == "s-1"))
    for origin, facility in (("practice", 2000), ("exam", 9000)):
        session.add(
            ItemStatistic(
                item_id=first.id, origin=origin, shown=30, facility=facility, figures={}, advice=[], computed_at=NINE
            )
        )
    session.commit()
    blueprint_id = make_blueprint(section(count=4))
    compiled(blueprint_id, 2)
    (line,) = draws_of(session, blueprint_id)
    assert (line.expected, line.measured) == ((7125, 7125), 1)
