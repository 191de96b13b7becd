"""``flask bank``."""

import json

import pytest
from sqlalchemy import func, select

from tests.bank.import_files import ROW, book
from tests.conftest import NINE
from tests.question_bank.samples import make_data, make_item
from trainer.bank.importing import import_items
from trainer.bank.models import ItemRecord


@pytest.fixture
def run(app):
    return lambda *args: app.test_cli_runner().invoke(args=["bank", *map(str, args)])


def test_a_file_is_imported_once(run, session, tmp_path):
    file = tmp_path / "items.json"
    file.write_text(json.dumps({"items": [make_data(), make_data("true_false")]}), encoding="utf-8")
    assert "试运行，没有写入。新增 2 题" in run("import", file, "--dry-run").output
    assert session.scalar(select(func.count()).select_from(ItemRecord)) == 0
    session.rollback()
    assert "新增 2 题" in run("import", file, "--publish").output
    assert "新增 0 题，修改 0 题，没有变化 2 题" in run("import", file).output
    assert set(session.scalars(select(ItemRecord.state))) == {"published"}


def test_a_faulty_row_is_named_and_nothing_is_stored(run, session, tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps({"items": [make_data()]}), encoding="utf-8")
    bad.write_text(json.dumps({"items": [make_data("true_false", topic="nothing")]}), encoding="utf-8")
    done = run("import", good, bad)
    assert done.exit_code == 1
    assert "bad.json: 2 (1): refused: topic: 没有“nothing”这个主题。" in done.output
    assert session.scalar(select(func.count()).select_from(ItemRecord)) == 0
    bad.write_bytes(b"{")
    assert run("import", bad).exit_code == 1
    assert run("import", tmp_path / "missing.json").exit_code == 2


def test_an_export_can_be_imported_again(run, tmp_path):
    import_items([make_item(), make_item("ordering")], by=None, now=NINE, publish=True)
    file = tmp_path / "out.json"
    assert "已写入 2 题" in run("export", file, "--format", "json", "--topic", "penalty_law").output
    assert "没有变化 2 题" in run("import", file).output
    assert run("export", file, "--topic", "nothing").exit_code == 2
    assert run("export", file, "--topic", "hearing").output.startswith("已写入 0 题")


def test_the_shipped_content_is_loaded_by_command(run):
    assert run("load-shipped").exit_code == 0
    assert "新增 0 题，修改 0 题" in run("load-shipped").output


def test_files_of_other_systems_come_in_with_a_line_for_every_repair(run, session, tmp_path):
    file = tmp_path / "bank.xlsx"
    file.write_bytes(book((*ROW[:6], "c", ROW[7])))
    refused = run("import", file)
    assert refused.exit_code == 1
    assert "topic" in refused.output
    done = run("import", file, "--topic", "penalty_law", "--field", "market", "--difficulty", 4)
    assert done.exit_code == 0, done.output
    assert "新增 1 题" in done.output
    row = session.scalar(select(ItemRecord))
    assert (row.topic, row.difficulty, row.state) == ("penalty_law", 4, "draft")
    assert "新增 0 题，修改 0 题，没有变化 1 题" in run("import", file, "--topic", "penalty_law").output
    assert run("import", file, "--topic", "no_such").exit_code == 2
    assert run("import", file, "--format", "pdf").exit_code == 2


ENDINGS = {
    "aiken": "aiken",
    "excel": "xlsx",
    "gift": "gift",
    "json": "json",
    "moodle_xml": "xml",
    "qti_22": "zip",
    "qti_30": "zip",
    "word": "docx",
}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("x.zzz", "文件名要以 .aiken, .docx, .gift, .json, .txt, .xlsx, .xml, .zip 之一结尾"),
        ("x", "文件名要以"),
        ("x.zip", "请用 --format 选择：qti_22, qti_30"),
        ("x.txt", "请用 --format 选择：aiken, gift"),
    ],
)
def test_an_ending_that_names_no_format_is_refused_and_nothing_is_written(run, tmp_path, name, told):
    file = tmp_path / name
    done = run("export", file)
    assert (done.exit_code, file.exists()) == (2, False)
    assert told in done.output
    assert run("export", file, "--format", "excel").exit_code == 2


def test_the_ending_alone_says_the_format(run, tmp_path):
    import_items([make_item()], by=None, now=NINE, publish=True)
    file = tmp_path / "out.XLSX"
    assert run("export", file).exit_code == 0
    assert file.read_bytes().startswith(b"PK")


@pytest.mark.parametrize("name", sorted(ENDINGS))
def test_every_format_goes_out_by_command(run, tmp_path, name):
    import_items([make_item(), make_item("true_false")], by=None, now=NINE, publish=True)
    file = tmp_path / f"out.{ENDINGS[name]}"
    done = run("export", file, "--format", name)
    assert done.exit_code == 0, done.output
    assert file.stat().st_size > 50
    assert ("已写入 1 题" if name == "aiken" else "已写入 2 题") in done.output


def test_publish_lets_a_change_of_key_wait(run, session, tmp_path):
    import_items([make_item()], by=None, now=NINE, publish=True)
    file = tmp_path / "items.json"
    file.write_text(json.dumps({"items": [make_data(key="A" if make_data()["key"] != "A" else "B")]}), encoding="utf-8")
    assert "待审 1 题" in run("import", file, "--publish").output
    assert session.scalar(select(ItemRecord.proposed_state)) == "in_review"
