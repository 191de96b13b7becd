"""The coverage of a bank as it stands in docs/bank.md."""

import pytest

from question_bank.__main__ import main
from question_bank.coverage import END, KIND_TITLES, START, NoPlace, coverage, replaced
from question_bank.kinds import KINDS
from question_bank.store import Bank, load, read_checks
from question_bank.topics import taxonomy
from tests.question_bank.samples import make_item

FILE = "legal_theory/penalty_law/a.json"


def told(*items):
    return coverage(Bank.of((item, FILE) for item in items), taxonomy())


def test_every_kind_has_a_column():
    assert set(KIND_TITLES) == set(KINDS)


def test_a_topic_tells_each_kind_by_difficulty():
    items = [make_item(id=f"penalty-law-000{number}", difficulty=level) for number, level in enumerate((1, 3, 3), 1)]
    made = told(*items, make_item("true_false", id="penalty-law-0009", difficulty=5))
    assert "| 行政处罚法 `penalty_law` | 4 | 1·0·2·0·0 |  | 0·0·0·0·1 |" in made
    assert "| 听证 `hearing` | 0 |  |" in made


def test_the_parts_of_cases_are_counted_apart():
    assert told(make_item("case_study", basis=[])).startswith("1 items, of them 1 case studies with 3 questions.")


def test_what_stands_between_the_marks_is_replaced_and_a_second_time_changes_nothing():
    document = f"before\n{START}\nold\n{END}\nafter\n"
    made = replaced(document, "new\n")
    assert made == f"before\n{START}\n\nnew\n\n{END}\nafter\n"
    assert replaced(made, "new\n") == made


@pytest.mark.parametrize("document", ["", START, f"{END}{START}", f"{START}{END}{START}{END}"])
def test_a_document_without_one_place_is_refused(document):
    with pytest.raises(NoPlace):
        replaced(document, "new\n")


def test_a_document_that_is_out_of_date_ends_with_1_until_it_is_written(tmp_path, capsys):
    (tmp_path / "content").mkdir()
    file = tmp_path / "bank.md"
    file.write_text(f"{START}\n{END}\n", encoding="utf-8")
    command = ["--content", str(tmp_path / "content"), "stats"]
    assert main([*command, "--check", str(file)]) == 1
    assert "stats --write" in capsys.readouterr().err
    assert main([*command, "--write", str(file)]) == 0
    assert main([*command, "--check", str(file)]) == 0
    assert main([*command, "--check", str(tmp_path / "missing.md")]) == 2


def test_every_shipped_item_has_a_second_reading():
    assert {one.item for one in read_checks()} == {item.id for item in load()}
