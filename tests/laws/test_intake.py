"""Uploads are read in a limited child process."""

import pytest

from trainer.laws import intake


@pytest.fixture(autouse=True)
def fresh():
    intake.read_upload.cache_clear()


def test_a_child_process_reads_the_file(tmp_path):
    file = tmp_path / "hash"
    file.write_text(
        "# 示例条例\n\n2024年3月5日 通过\n\n第一条 甲。\n\n第二条 本条例自2024年5月1日起施行。\n", encoding="utf-8"
    )
    law = intake.read_upload(file, "示例条例.md").law
    assert (law.short_title, law.version, law.in_force_from.isoformat()) == ("示例条例", "2024-03-05", "2024-05-01")
    assert law.articles[0].text == "甲。"


def test_problems_come_through(tmp_path):
    file = tmp_path / "hash"
    file.write_bytes(b"{")
    reading = intake.read_upload(file, "x.json")
    assert (reading.law, [one.code for one in reading.problems]) == (None, ["not_json"])


def test_a_file_that_costs_too_much_is_a_problem(tmp_path, monkeypatch):
    reader = tmp_path / "reader.py"
    reader.write_text("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True:\n    pass\n")
    monkeypatch.setattr(intake, "READER", reader)
    reading = intake.read_upload(tmp_path, "x.docx")
    assert [one.code for one in reading.problems] == ["law_reads_too_slowly"]


def test_a_child_that_stumbles_is_a_problem(tmp_path):
    reading = intake.read_upload(tmp_path / "missing", "x.json")
    assert [one.code for one in reading.problems] == ["law_unreadable"]
