"""``python -m question_bank``: what each command does and with which exit status it ends."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import question_bank
from question_bank.__main__ import main
from tests.question_bank.samples import BASIS, make_data


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "content" / "legal_theory" / "penalty_law" / "a.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"items": [make_data()]}, ensure_ascii=False), encoding="utf-8")
    return tmp_path / "content"


def spoil(folder, **changes):
    path = folder / "legal_theory" / "penalty_law" / "a.json"
    path.write_text(json.dumps({"items": [make_data(**changes)]}, ensure_ascii=False), encoding="utf-8")


def test_check_of_a_sound_bank_ends_with_0(folder, capsys):
    assert main(["--content", str(folder), "check", "--day", "2026-11-23"]) == 0
    assert "1 items, 0 errors" in capsys.readouterr().err


def test_check_of_a_bank_with_an_error_ends_with_1_and_names_it(folder, capsys):
    spoil(folder, basis=[BASIS | {"article": "999"}])
    assert main(["--content", str(folder), "check"]) == 1
    assert "penalty-law-0001: error: no_such_article" in capsys.readouterr().out


def test_check_can_speak_json(folder, capsys):
    spoil(folder, basis=[BASIS | {"law": "养犬法"}])
    main(["--content", str(folder), "check", "--json"])
    row = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (row["code"], row["item"], row["params"]) == ("unknown_law", "penalty-law-0001", {"law": "养犬法"})


def test_check_tells_no_warnings_when_asked_for_errors(folder, capsys):
    spoil(folder, explanation="")
    assert main(["--content", str(folder), "check", "--errors"]) == 0
    assert capsys.readouterr().out == ""


def test_check_compares_with_texts(folder, tmp_path, capsys):
    texts = tmp_path / "texts"
    texts.mkdir()
    law = {
        "title": "中华人民共和国行政处罚法",
        "short_title": "行政处罚法",
        "version_date": "2021-01-22",
        "status_note": "",
        "articles": [{"number": 36, "text": "别的内容。"}],
    }
    (texts / "x.json").write_text(json.dumps(law, ensure_ascii=False), encoding="utf-8")
    assert main(["--content", str(folder), "check", "--laws-texts", str(texts)]) == 1
    assert "article_text_differs" in capsys.readouterr().out


def test_format_tells_then_does_then_has_nothing_to_do(folder, capsys):
    assert main(["--content", str(folder), "format", "--check"]) == 1
    assert main(["--content", str(folder), "format"]) == 0
    assert main(["--content", str(folder), "format", "--check"]) == 0
    assert capsys.readouterr().out.count("a.json") == 2


def test_format_of_a_file_with_a_fault_ends_with_1(folder, capsys):
    spoil(folder, key="Z")
    assert main(["--content", str(folder), "format"]) == 1
    assert "left alone" in capsys.readouterr().err


def test_stats_counts(folder, capsys):
    assert main(["--content", str(folder), "stats", "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert counts["items"] == {"all": 1}
    assert counts["law"] == {"行政处罚法": 1}
    assert main(["--content", str(folder), "stats"]) == 0
    assert "single_choice" in capsys.readouterr().out


def test_stats_count_the_parts_of_cases_and_what_they_rest_on(folder, capsys):
    items = [make_data("case_study", basis=[]), make_data(variant_group="first_step", pool="reserved")]
    path = folder / "legal_theory" / "penalty_law" / "a.json"
    path.write_text(json.dumps({"items": items}, ensure_ascii=False), encoding="utf-8")
    assert main(["--content", str(folder), "stats", "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert counts["part"] == {"true_false": 1, "multiple_choice": 1, "short_answer": 1}
    assert counts["pool"] == {"open": 1, "reserved": 1}
    assert counts["variant_group"] == {"first_step": 1}
    assert counts["law"] == {"行政处罚法": 2}


def test_stats_of_an_invalid_bank_ends_with_1(folder, capsys):
    spoil(folder, key="Z")
    assert main(["--content", str(folder), "stats"]) == 1
    assert "unknown_key" in capsys.readouterr().err


def test_convert_goes_both_ways(folder, tmp_path, capsys):
    bundle, back = tmp_path / "bank.json", tmp_path / "back"
    assert main(["convert", str(folder), str(bundle)]) == 0
    assert main(["convert", str(bundle), str(back)]) == 0
    assert question_bank.load(back) == question_bank.load(folder)
    assert capsys.readouterr().out == "1 items\n1 items\n"


def test_convert_refuses_what_it_cannot_read(folder, tmp_path, capsys):
    other = tmp_path / "other.json"
    other.write_text('{"questions": []}', encoding="utf-8")
    assert main(["convert", str(other), str(tmp_path / "back")]) == 1
    assert main(["convert", str(tmp_path / "nothing"), str(tmp_path / "back")]) == 2
    assert main(["convert", str(folder), str(tmp_path)]) == 2
    assert main(["convert", str(other), str(other)]) == 2
    assert not (tmp_path / "back").exists()


def test_register_writes_only_the_cited_laws_when_asked(folder, tmp_path, capsys):
    texts = tmp_path / "texts"
    texts.mkdir()
    for short in ("行政处罚法", "养犬法"):
        law = {
            "title": short,
            "short_title": short,
            "version_date": "2021-01-22",
            "status_note": "",
            "articles": [{"number": 1, "text": "内容。"}],
        }
        (texts / f"{short}.json").write_text(json.dumps(law, ensure_ascii=False), encoding="utf-8")
    into = tmp_path / "laws"
    command = ["--content", str(folder), "register", "--texts", str(texts), "--into", str(into)]
    assert main([*command, "--only-cited"]) == 0
    assert [path.name for path in into.iterdir()] == ["行政处罚法.json"]
    assert main(command) == 0
    assert len(list(into.iterdir())) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["--content", "no-such-folder", "check"],
        ["register", "--texts", "no-such-folder"],
        ["check", "--laws-texts", "no-such-folder"],
    ],
)
def test_a_missing_folder_ends_with_2(arguments, capsys):
    assert main(arguments) == 2
    assert "no-such-folder" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["dance"], ["check", "--day", "tomorrow"], ["register"]])
def test_wrong_usage_ends_with_2(arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_the_library_runs_with_the_standard_library_alone():
    root = Path(question_bank.__file__).parent.parent
    code = "import sys, question_bank, question_bank.__main__; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(root)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    ours = {name for name in run.stdout.split() if name not in sys.stdlib_module_names and name != "__main__"}
    assert ours == {"question_bank"}


def test_formats_are_listed_with_what_they_can_do(capsys):
    assert main(["formats"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert any(row.startswith("moodle_xml") and "read write" in row for row in rows)
    assert any(row.startswith("qti_12") and "write" not in row for row in rows)


def test_convert_goes_over_other_formats_and_back(folder, tmp_path, capsys):
    quiz, package, back = tmp_path / "quiz.xml", tmp_path / "pack.zip", tmp_path / "back.json"
    assert main(["convert", str(folder), str(quiz), "--to", "moodle_xml"]) == 0
    assert main(["convert", str(quiz), str(package), "--to", "qti_30"]) == 0
    assert main(["convert", str(package), str(back)]) == 0
    assert main(["convert", str(back), str(tmp_path / "folder")]) == 0
    assert list(question_bank.load(tmp_path / "folder")) == list(question_bank.load(folder))
    assert capsys.readouterr().out == "1 items\n" * 4


def test_convert_tells_what_was_refused_and_left_out_row_by_row(tmp_path, capsys):
    source = tmp_path / "in.gift"
    source.write_text("期限是？{=七日 ~五日}\n\n简述{}\n\n对{~%60%甲 ~%40%乙 ~丙}\n", encoding="utf-8")
    target = tmp_path / "out.aiken"
    assert main(["convert", str(source), str(target), "--topic", "hearing"]) == 1
    told = capsys.readouterr()
    assert told.out == "1 items\n"
    assert "第 2 题（in.gift line 3）：未读入：sample 简答题没有参考答案" in told.err
    assert "第 3 题（in.gift line 5）：请核对：key 选项的分值不能保留" in told.err
    assert "整题略去：这种格式没有这种题型（multiple_choice）" in told.err
    assert "文件没有说明的，按此补上" in told.err
    assert target.read_text(encoding="utf-8") == "期限是？\nA) 七日\nB) 五日\nANSWER: A\n"


def test_convert_asks_for_a_topic_and_for_the_format_where_they_are_not_told(tmp_path, capsys):
    source = tmp_path / "in.gift"
    source.write_text("期限是？{=七日 ~五日}\n", encoding="utf-8")
    assert main(["convert", str(source), str(tmp_path / "out.json")]) == 1
    assert "请用 --topic 指明" in capsys.readouterr().err
    assert main(["convert", str(source), str(tmp_path / "out.zip")]) == 2
    assert "--to: qti_22, qti_30" in capsys.readouterr().err
    assert main(["convert", str(source), str(tmp_path / "out.json"), "--topic", "no_such"]) == 2
    assert main(["convert", str(source), str(tmp_path / "out.json"), "--from", "moodle_xml"]) == 2
    assert "不是有效的 XML" in capsys.readouterr().err
    assert main(["convert", str(source), str(source), "--to", "gift"]) == 2
