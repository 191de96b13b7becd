"""The print edition: what stands on paper, sheet and key, who gets which when, and that it is recorded."""

import io
import re
import zipfile
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
    [({"part": "all"}, 422), ({"as": "odt"}, 422), ({"form": "3"}, 303), ({"form": "0"}, 303), ({"form": "x"}, 303)],
)
def test_what_there_is_not_is_not_printed(as_user, exam_id, clock, change, status):
    clock(NINE - HOUR)
    asked = {"part": "paper", "as": "docx", "form": "1"} | change
    assert as_user("organiser").post(f"/exams/{exam_id}/print", data=asked).status_code == status


def test_forms_are_chosen_and_a_wrong_number_is_told_on_the_page(as_user, exam_id, clock, session):
    clock(NINE - HOUR)
    organiser = as_user("organiser")
    page = organiser.get(f"/exams/{exam_id}").text
    assert re.findall(r'<option value="(\d+)">第 \1 套</option>', page) == ["1", "2"]
    for wrong in ("99", "abc", ""):
        answer = print_it(organiser, exam_id, "paper", form=wrong)
        assert answer.location == f"/exams/{exam_id}"
        assert "没有印制：这场考试只有 2 套试卷，请填写 1 至 2。" in organiser.get(answer.location).text
    assert session.scalar(select(Entry.action).where(Entry.action.like("exam.%_printed"))) is None


def unpacked(answer):
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def folders(parts, forms):
    return [f"第 {form} 套/{part}.{suffix}" for form in forms for part in parts for suffix in ("docx", "pdf")]


@pytest.mark.parametrize("over", [False, True])
def test_all_forms_at_once_hold_each_part_and_the_key_only_after(as_user, session, exam_id, clock, over):
    clock(OVER if over else NINE - HOUR)
    organiser = as_user("organiser")
    parts = ["试卷", "答题卡", "参考答案"][: 3 if over else 2]
    answer = print_it(organiser, exam_id, "paper", "zip")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    files = unpacked(answer)
    assert list(files) == folders(parts, [1, 2])
    told = {name: words_of(content) for name, content in files.items() if name.endswith("docx")}
    assert all(name.split("/")[0] in words for name, words in told.items())
    assert {name for name, words in told.items() if CANARIES[1] in words} == {name for name in told if "答案" in name}
    assert all(content.startswith(b"%PDF-") for name, content in files.items() if name.endswith("pdf"))
    later = organiser.post(f"/api/v1/exams/{exam_id}/print-forms", json={"first": 2})
    assert list(unpacked(later)) == folders(parts, [2])
    kept = ["paper", "sheet", "key"][: len(parts)]
    entries = session.scalars(select(Entry).where(Entry.action == "exam.edition_printed").order_by(Entry.id)).all()
    assert [one.detail for one in entries] == [{"forms": [1, 2], "parts": kept}, {"forms": [2], "parts": kept}]


def test_many_forms_come_in_several_files(as_user, city, clock, monkeypatch):
    monkeypatch.setattr("trainer.exams.edition.FORMS_AT_ONCE_MOST", 2)
    monkeypatch.setattr("trainer.exams.routes.FORMS_AT_ONCE_MOST", 2)
    exam_id = make_exam(city, draw="per_form", forms=3, items=12)
    clock(NINE - HOUR)
    organiser = as_user("organiser")
    assert "每包最多 2 套，共 3 套" in organiser.get(f"/exams/{exam_id}").text
    found = [list(unpacked(print_it(organiser, exam_id, "", "zip", form))) for form in ("1", "3")]
    assert found == [folders(["试卷", "答题卡"], forms) for forms in ([1, 2], [3])]
    assert print_it(organiser, exam_id, "", "zip", "4").status_code == 303


@pytest.mark.parametrize(
    ("who", "status"),
    [("organiser", 200), ("county_organiser", 404), ("foreign_organiser", 404), ("supervisor", 403), ("officer", 403)],
)
def test_the_api_prints_for_who_manages_the_exam(as_user, session, exam_id, clock, who, status):
    clock(NINE - HOUR)
    caller, address = as_user(who), f"/api/v1/exams/{exam_id}"
    asked = {"form": 1, "part": "sheet", "as": "docx"}
    assert caller.post(f"{address}/print", json=asked).status_code == status
    assert caller.post(f"{address}/print-forms", json={}).status_code == status
    assert print_it(caller, exam_id, "", "zip").status_code == status
    kept = session.scalars(select(Entry.action).where(Entry.action.like("exam.%_printed")).order_by(Entry.id)).all()
    assert kept == (["exam.sheet_printed"] + ["exam.edition_printed"] * 2 if status == 200 else [])


def test_the_api_refuses_what_the_page_refuses(as_user, city, exam_id, clock):
    clock(NINE - HOUR)
    organiser, address = as_user("organiser"), f"/api/v1/exams/{exam_id}"
    key = organiser.post(f"{address}/print", json={"form": 1, "part": "key", "as": "pdf"})
    assert (key.status_code, key.json["code"]) == (403, "key_not_printable")
    assert organiser.post(f"{address}/print", json={"form": 3, "part": "paper", "as": "pdf"}).status_code == 404
    assert organiser.post(f"{address}/print", json={"form": 1, "part": "all", "as": "odt"}).status_code == 422
    assert organiser.post(f"{address}/print-forms", json={"first": 3}).status_code == 404
    draft = make_exam(city, publish=False)
    for asked in ("print-forms", "print"):
        body = {"form": 1, "part": "paper", "as": "pdf"} if asked == "print" else {}
        refused = organiser.post(f"/api/v1/exams/{draft}/{asked}", json=body)
        assert (refused.status_code, refused.json["code"]) == (403, "exam_not_published")


def test_printing_many_is_held_back_like_printing_one(as_user, exam_id, clock):
    clock(NINE - HOUR)
    organiser = as_user("organiser")
    asked = [organiser.post(f"/api/v1/exams/{exam_id}/print-forms", json={"first": 9}).status_code for _ in range(21)]
    assert asked == [404] * 20 + [429]


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
