"""The print edition: what stands on paper, sheet and key, who gets which when, and that it is recorded."""

import io
from datetime import timedelta

import docx
import pytest
from sqlalchemy import select

from tests.conftest import NINE
from tests.exams.factories import HOUR, make_exam, make_spec, person
from tests.papers.factories import fill_bank, section
from tests.question_bank.samples import CANARIES, DATA, make_item
from trainer.audit.models import Entry
from trainer.bank.importing import import_items
from trainer.core.database import db
from trainer.documents.blocks import Grid, Line
from trainer.exams import printing, service
from trainer.exams.queries import read_exam

OVER = NINE + 2 * HOUR + timedelta(seconds=11)
KINDS = tuple(DATA)


def words_of(content):
    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def print_it(client, exam_id, part, suffix="docx", form="1"):
    return client.post(f"/exams/{exam_id}/print", data={"part": part, "as": suffix, "form": form})


@pytest.fixture
def exam_id(city):
    fill_bank(**dict.fromkeys(KINDS, 2))
    sections = tuple(section(kind, 2, "6") for kind in KINDS)
    spec = make_spec(sections=sections, draw="per_form", forms=2, shuffle_options=True)
    return service.create_exam(spec, by=person(city, "organiser"), now=NINE - HOUR)


@pytest.mark.parametrize("part", ["paper", "sheet"])
def test_paper_and_sheet_hold_no_key(as_user, exam_id, clock, part):
    clock(NINE - HOUR)
    answer = print_it(as_user("organiser"), exam_id, part)
    assert answer.status_code == 200
    told = words_of(answer.data)
    assert not [secret for secret in CANARIES if secret in told]
    assert not [secret.encode() for secret in CANARIES if secret.encode() in answer.data]
    assert "第 1 套" in told
    assert ("首先应当（　　）。" in told) is (part == "paper")
    assert ("[√]　[×]" in told) is (part == "sheet")


def test_the_paper_shows_what_a_candidate_is_sent(as_user, session, city, exam_id, clock):
    clock(NINE - HOUR)
    told = words_of(print_it(as_user("organiser"), exam_id, "paper", form="2").data)
    exam = read_exam(db.session(), exam_id, person(city, "organiser"))
    printed = printing.paper_to_print(db.session(), exam, 2)
    numbers = [item["number"] for one in printed.document["sections"] for item in one["items"]]
    assert all(f"\n{number}. " in told for number in numbers)
    assert "【案例】李某占道经营" in told
    assert "现场笔录" in told
    assert "〔3〕有权陈述和申辩。" in told


def test_the_key_waits_for_everybody(as_user, session, exam_id, clock):
    organiser = as_user("organiser")
    for moment in (NINE - HOUR, NINE, NINE + 2 * HOUR):
        clock(moment)
        assert print_it(organiser, exam_id, "key").status_code == 403
        assert 'value="key"' not in organiser.get(f"/exams/{exam_id}").text
    clock(OVER)
    page = organiser.get(f"/exams/{exam_id}").text
    assert 'value="key"' in page
    # The page stays where it is, so that the next part can be fetched from it.
    assert 'class="form" data-download' in page
    answer = print_it(organiser, exam_id, "key")
    assert answer.status_code == 200
    told = words_of(answer.data)
    assert CANARIES[1] in told
    assert "评分要点" in told
    entries = session.scalars(select(Entry).where(Entry.action.like("exam.%_printed"))).all()
    assert [(one.action, one.target, one.detail) for one in entries] == [
        ("exam.key_printed", f"exam:{exam_id}", {"form": 1})
    ]


def test_letters_follow_the_order_of_the_page(session, city, exam_id):
    exam = read_exam(db.session(), exam_id, person(city, "organiser"))
    for form in (1, 2):
        printed = printing.paper_to_print(db.session(), exam, form)
        item = next(one for one in printed.document["sections"][1]["items"])
        shown = [one.text for one in printing.paper_blocks(exam, printed, lambda _digest: None) if one_is_option(one)]
        grid = next(one for one in printing.key_blocks(db.session(), exam, printed) if isinstance(one, Grid))
        answer = next(row[1] for row in grid.rows if row[0] == str(item["number"]))
        texts = {option["key"]: option["text"] for option in item["options"]}
        right = {texts[key] for key in DATA["multiple_choice"]["key"]}
        place = [one["number"] for one in printed.document["sections"][0]["items"]]
        own = shown[4 * len(place) :][:5]
        assert {line[3:] for line in own if line[0] in answer.split("、")} == right
        assert [line[0] for line in own] == list("ABCDE")


def one_is_option(block):
    return isinstance(block, Line) and block.indent == 1


@pytest.mark.parametrize("part", ["paper", "sheet", "key"])
def test_each_part_is_a_pdf_too_and_recorded(as_user, session, exam_id, clock, part):
    clock(OVER)
    answer = print_it(as_user("organiser"), exam_id, part, "pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF-")
    assert session.scalar(select(Entry.action).where(Entry.action.like("exam.%_printed"))) == f"exam.{part}_printed"


@pytest.mark.parametrize(
    ("who", "status"),
    [("organiser", 200), ("county_organiser", 404), ("foreign_organiser", 404), ("supervisor", 403), ("officer", 403)],
)
def test_only_who_manages_the_exam_prints_it(as_user, exam_id, clock, who, status):
    clock(NINE - HOUR)
    assert print_it(as_user(who), exam_id, "paper").status_code == status


@pytest.mark.parametrize(
    ("change", "status"),
    [({"part": "all"}, 422), ({"as": "odt"}, 422), ({"form": "3"}, 404), ({"form": "0"}, 404), ({"form": "x"}, 404)],
)
def test_what_there_is_not_is_not_printed(as_user, exam_id, clock, change, status):
    clock(NINE - HOUR)
    asked = {"part": "paper", "as": "docx", "form": "1"} | change
    assert as_user("organiser").post(f"/exams/{exam_id}/print", data=asked).status_code == status


def test_a_draft_is_not_printed(as_user, city, clock):
    exam_id = make_exam(city, publish=False)
    clock(NINE - HOUR)
    assert print_it(as_user("organiser"), exam_id, "paper").status_code == 403
    assert "印制纸质试卷" not in as_user("organiser").get(f"/exams/{exam_id}").text


def test_rich_texts_are_printed_in_words(as_user, city, clock):
    stem = "按下表**处理**：\n\n| 情形 | 期限 |\n| --- | --- |\n| 简易 | 当场 |\n\n应当（　　）。"
    import_items([make_item(id="r-1", format="markdown", stem=stem)], by=None, now=NINE, publish=True)
    spec = make_spec(sections=(section(count=1),))
    exam_id = service.create_exam(spec, by=person(city, "organiser"), now=NINE - HOUR)
    clock(NINE - HOUR)
    told = words_of(print_it(as_user("organiser"), exam_id, "paper").data)
    assert "1. 按下表处理：" in told
    assert "\n当场" in told
    assert "**" not in told
