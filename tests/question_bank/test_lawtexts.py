"""Law texts from files: three formats, one value, and a report instead of guesses. All laws here are invented."""

import io
import json
import zipfile
from datetime import date

import pytest
from docx import Document

from question_bank import laws
from question_bank.lawtexts import read_law, tidy

NAME = "示例管理条例(2024-03-05).md"
MARKDOWN = """# 示例管理条例

2019年6月1日 示例大会通过

2024年3月5日 示例大会修订

<!-- INFO END -->

## 第一章 总　则

第一条 为了示例，制定本条例。

\u200b第二条 示例机关负责下列工作:

（一）登记示例；

（二）检查示例。

示例机关应当公开名单。

## 第二章 监督

### 第一节 检查

第三条　检查人员不得少于二人。

第三条之一 检查应当出示证件。

## 附则

第四条 本条例自2024年5月1日起施行。

## 附件：示例清单

清单不是条文。
"""


def read(content: str | bytes, name=NAME, register=None):
    data = content if isinstance(content, bytes) else content.encode()
    return read_law(data, name, register or laws.Register([]))


def codes(reading):
    return [problem.code for problem in reading.problems]


def changed(old: str, new: str) -> str:
    assert old in MARKDOWN
    return MARKDOWN.replace(old, new)


def test_markdown_gives_title_version_start_chapters_and_articles():
    law = read(MARKDOWN).law
    assert (law.title, law.short_title, law.version) == ("示例管理条例", "示例管理条例", "2024-03-05")
    assert law.in_force_from == date(2024, 5, 1)
    assert [(one.number, one.label, one.chapter) for one in law.articles] == [
        ("1", "第一条", "第一章 总则"),
        ("2", "第二条", "第一章 总则"),
        ("3", "第三条", "第二章 监督 第一节 检查"),
        ("3-1", "第三条之一", "第二章 监督 第一节 检查"),
        ("4", "第四条", "附则"),
    ]
    assert law.articles[1].text.split("\n") == [
        "示例机关负责下列工作：",
        "（一）登记示例；",
        "（二）检查示例。",
        "示例机关应当公开名单。",
    ]


def test_what_stands_behind_the_articles_is_left_out_and_told():
    reading = read(MARKDOWN)
    assert codes(reading) == ["law_annex_left_out"]
    assert "清单" not in reading.law.articles[-1].text


def test_the_full_title_loses_the_name_of_the_state_in_citations():
    assert read(MARKDOWN.replace("# 示例", "# 中华人民共和国示例")).law.short_title == "示例管理条例"


def test_the_register_says_how_questions_cite_a_law():
    known = laws.Register([laws.Law("示例条例", "示例管理条例", "law", ())])
    assert read(MARKDOWN, register=known).law.short_title == "示例条例"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("第三条之一", "第五条", "article_out_of_order"),
        ("第一条 ", "第二条 ", "article_out_of_order"),
        ("第三条之一 检", "第三条　检", "article_out_of_order"),
        ("第三条之一 检查应当出示证件。", "第三条之一", "article_empty"),
        ("第三条之一 检查应当", "第四条检查应当", "article_runs_on"),
        ("# 示例管理条例", "示例管理条例", "law_has_no_title"),
        ("2024年3月5日", "2026年3月5日", "version_disagrees"),
        ("2024年3月5日", "2021年3月5日", "version_disagrees"),
    ],
)
def test_what_is_not_clear_stops(old, new, code):
    reading = read(changed(old, new))
    assert code in codes(reading)
    assert reading.law is None


def test_a_reference_at_the_beginning_of_a_line_is_no_article():
    law = read(changed("示例机关应当公开名单。", "第三条第一款规定的检查，示例机关应当公开。")).law
    assert law.articles[1].text.endswith("第三条第一款规定的检查，示例机关应当公开。")
    assert len(law.articles) == 5


def test_a_file_without_any_day_stops():
    plain = MARKDOWN.replace("2019年6月1日 ", "").replace("2024年3月5日 ", "")
    assert codes(read(plain, "示例.md"))[0] == "law_has_no_version"
    assert read(plain).law.version == "2024-03-05"


def test_local_rules_are_filed_under_the_day_of_publication():
    reading = read(MARKDOWN, "示例管理条例(2024-04-01).md")
    assert reading.law.version == "2024-04-01"
    assert "version_is_publication" in codes(reading)


def test_the_start_of_the_first_version_is_not_that_of_an_amended_one():
    reading = read(changed("自2024年5月1日起施行", "自2019年9月1日起施行"))
    assert reading.law.in_force_from is None
    assert "law_start_unknown" in codes(reading)


def test_the_history_may_tell_the_start_of_an_amended_version():
    text = changed("自2024年5月1日起施行", "自2019年9月1日起施行").replace("大会修订", "大会修订，2024年7月1日起施行")
    assert read(text).law.in_force_from == date(2024, 7, 1)


def as_json(**changes) -> bytes:
    law = read(MARKDOWN).law
    data = {
        "title": law.title,
        "short_title": law.short_title,
        "version_date": law.version,
        "status_note": "",
        "articles": [
            {"number": one.number, "label": one.label, "chapter": one.chapter, "text": one.text} for one in law.articles
        ],
    }
    return json.dumps(data | changes, ensure_ascii=False).encode()


def test_json_and_markdown_of_one_text_have_the_same_fingerprints():
    assert read(as_json(), "示例.json").law.fingerprints() == read(MARKDOWN).law.fingerprints()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"[]", "law_json_shape"),
        (as_json(articles={}), "law_json_shape"),
        (as_json(version_date="unknown"), "law_has_no_version"),
        (as_json(articles=[]), "law_has_no_articles"),
        (as_json(articles=[{"number": "one", "text": "x"}]), "law_json_article"),
        (as_json(articles=["x"]), "law_json_article"),
        (as_json(articles=[{"number": 1, "text": "甲"}, {"number": 3, "text": "丙"}]), "article_out_of_order"),
        (as_json(title=" "), "law_has_no_title"),
    ],
)
def test_json_of_another_shape_stops(content, code):
    reading = read(content, "示例.json")
    assert code in codes(reading)
    assert reading.law is None


@pytest.mark.parametrize(
    ("name", "code"), [("a.pdf", "law_format_unknown"), ("a", "law_format_unknown"), ("a.docx", "word_unreadable")]
)
def test_other_files_are_refused(name, code):
    assert codes(read(b"nothing", name)) == [code]


def test_a_text_that_differs_from_the_register_is_told():
    law = read(MARKDOWN).law
    articles = law.fingerprints() | {"3": "0" * 16}
    known = laws.Register(
        [laws.Law(law.short_title, law.title, "law", (laws.Version(law.version, articles=articles),))]
    )
    problem = next(one for one in read(MARKDOWN, register=known).problems if one.code == "law_differs_from_register")
    assert problem.params == {"count": 1, "articles": "第三条"}


def test_signs_between_chinese_characters_become_full_width_and_others_stay():
    assert tidy("职责:（一）10:30 ２０日\u200b") == "职责：（一）10:30 20日"


WORD = (
    "示例管理",
    "条例",
    "（2019年6月1日示例大会通过　2024年3月5日示例大会修订）",
    "目　　录",
    "第一章　总　　则",
    "第二章　附　　则",
    "第一章　总　　则",
    "第一条　为了示例，制定本条例。",
    "第二条　示例机关负责登记。",
    "第二章　附　　则",
    "第三条　本条例自2024年5月1日起施行。",
)


def as_word(lines=WORD) -> bytes:
    document = Document()
    for line in lines:
        document.add_paragraph(line)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_word_is_read_as_the_national_database_hands_it_out():
    reading = read(as_word(), "示例管理条例_20240305.docx")
    assert codes(reading) == []
    law = reading.law
    assert (law.title, law.version, law.in_force_from) == ("示例管理条例", "2024-03-05", date(2024, 5, 1))
    assert [(one.number, one.chapter) for one in law.articles] == [
        ("1", "第一章 总则"),
        ("2", "第一章 总则"),
        ("3", "第二章 附则"),
    ]


def repacked(content: bytes, name: str, text: bytes, **how) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, text if part.filename == name else old.read(part))
        for extra, data in how.items():
            new.writestr(extra, data)
    return out.getvalue()


BOMB = (
    b"""<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><d>&b;</d>"""
)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "word_is_old"),
        (b"PK\x03\x04nothing", "word_unreadable"),
        (repacked(as_word(), "word/document.xml", BOMB), "word_declares_types"),
        (repacked(as_word(), "word/styles.xml", BOMB), "word_declares_types"),
        (repacked(as_word(), "word/document.xml", "<d/>".encode("utf-16")), "word_unreadable"),
        (repacked(as_word(), "word/document.xml", b"<broken"), "word_unreadable"),
        (repacked(as_word(), "word/document.xml", b"<a>" + b" " * 30_000_000 + b"</a>"), "word_unpacks_too_large"),
        (repacked(as_word(), "", b"", filler=b"x" * 9_000_000), "word_unpacks_too_large"),
        (repacked(as_word(), "[Content_Types].xml", b""), "word_unreadable"),
    ],
    ids=["old Word", "no archive", "bomb", "bomb elsewhere", "utf-16", "broken", "swollen", "swollen other", "empty"],
)
def test_a_word_file_that_is_no_honest_one_is_refused(content, code):
    reading = read(content, "x.docx")
    assert codes(reading) == [code]
    assert reading.law is None
