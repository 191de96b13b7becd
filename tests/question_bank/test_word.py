"""Word files: papers with lists, pictures and tables are read, and what is printed can be read back."""

import contextlib
import struct
import zlib
from io import BytesIO

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from question_bank import formats
from question_bank.formats import excel_write, word
from question_bank.formats.report import Unreadable, complete
from question_bank.formats.word_numbers import written
from question_bank.text import normal
from tests.question_bank.books import make_xlsx, ole, replaced
from tests.question_bank.inventing import MEDIA, items
from tests.question_bank.samples import CANARIES, DATA, make_item, make_rich_item

DEFAULTS = {"wing": "procedures", "topic": "hearing", "fields": ["general"], "difficulty": 3, "level": "recall"}


def png(width=2, height=2):
    """The bytes of a small sound PNG."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + b"\xff\0\0" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def saved(document):
    held = BytesIO()
    document.save(held)
    return held.getvalue()


def read(document):
    return complete(word.read(saved(document), "试卷.docx").found, DEFAULTS)


def texts_of(content):
    document = docx.Document(BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


def test_a_paper_is_read_line_by_line():
    document = docx.Document()
    for line in [
        "一、单选题",
        "1\t期限是（ ）。",
        " \t",
        "A、三日\tB、五日",
        "正确答案：B",
        "2. 谁？\nA.甲\nB.乙\n答案：A",
    ]:
        document.add_paragraph(line)
    assert [one.item.key for one in read(document)] == ["B", "A"]
    assert formats.sniff(saved(document), "x.docx").name == "word"


def numbered(document, words, number, depth=0):
    paragraph = document.add_paragraph(words)
    paragraph._p.get_or_add_pPr().append(
        parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr>')
    )


def test_numbers_and_letters_that_word_counts_itself_are_part_of_the_paper():
    document = docx.Document()
    numbering = document.part.numbering_part.element
    numbering.insert(
        0,
        parse_xml(
            f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">'
            '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1．"/></w:lvl>'
            '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="upperLetter"/><w:lvlText w:val="%2."/></w:lvl>'
            "</w:abstractNum>"
        ),
    )
    numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))
    for key in "BA":
        numbered(document, "期限是（ ）。", 77)
        for option in ("三日", "五日", "七日"):
            numbered(document, option, 77, 1)
        document.add_paragraph(f"答案：{key}")
    done = read(document)
    assert [(one.item.stem, one.item.key, len(one.item.options)) for one in done] == [
        ("期限是（ ）。", "B", 3), ("期限是（ ）。", "A", 3),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("count", "format", "words"),
    [
        (3, "decimal", "3"),
        (28, "upperLetter", "BB"),
        (12, "chineseCounting", "十二"),
        (4, "lowerRoman", "iv"),
        (0, "x", "0"),
    ],
)
def test_lists_are_counted_in_every_writing(count, format, words):
    assert written(count, format) == words


def test_pictures_and_tables_come_along_in_their_places():
    document = docx.Document()
    paragraph = document.add_paragraph("1. 图中的标志是（ ）。")
    paragraph.add_run().add_picture(BytesIO(png()))
    paragraph._p.xpath(".//wp:docPr")[0].set("descr", "红色圆形标志")
    table = document.add_table(2, 2)
    for cell, words in zip((cell for row in table.rows for cell in row.cells), "甲乙丙丁", strict=True):
        cell.text = words
    document.add_paragraph("A. 警告\tB. 禁止\tC. 指令")
    document.add_paragraph("答案：B")
    report = word.read(saved(document), "x")
    (one,) = complete(report.found, DEFAULTS)
    assert one.problems == ()
    assert one.item.format == "markdown"
    assert one.item.media[0].alt == "红色圆形标志"
    assert f"![](media:{one.item.media[0].name})" in one.item.stem
    assert "| 甲 | 乙 |" in one.item.stem
    assert [medium.content for medium in report.media] == [png()]
    assert "[图片]" in one.found.raw["text"]
    assert "[表格]" in one.found.raw["text"]


def test_a_table_of_questions_in_a_document_is_read_as_a_table():
    document = docx.Document()
    table = document.add_table(2, 5)
    rows = [["题型", "题干", "选项A", "选项B", "答案"], ["单选题", "期限？", "三日", "五日", "B"]]
    for row, cells in zip(table.rows, rows, strict=True):
        for cell, words in zip(row.cells, cells, strict=True):
            cell.text = words
    (one,) = read(document)
    assert (one.item.key, one.found.place.sheet, one.found.place.row) == ("B", "表格1", 2)


def test_answers_in_a_table_at_the_end_are_given_back():
    document = docx.Document()
    for line in ["1. 甲？", "A.一 B.二", "2. 乙？", "A.一 B.二", "参考答案"]:
        document.add_paragraph(line)
    table = document.add_table(2, 3)
    for row, cells in zip(table.rows, [["题号", "1", "2"], ["答案", "B", "A"]], strict=True):
        for cell, words in zip(row.cells, cells, strict=True):
            cell.text = words
    assert [one.item.key for one in read(document)] == ["B", "A"]


def test_underlined_spaces_raised_signs_and_tracked_changes():
    document = docx.Document()
    document.add_paragraph("一、填空题")
    paragraph = document.add_paragraph("1. 面积为10m")
    paragraph.add_run("2").font.superscript = True
    paragraph.add_run("的，应当在")
    paragraph.add_run("      ").underline = True
    paragraph.add_run("日内办理。")
    paragraph._p.append(parse_xml(f"<w:ins {nsdecls('w')}><w:r><w:t>须报告。</w:t></w:r></w:ins>"))
    paragraph._p.append(parse_xml(f"<w:del {nsdecls('w')}><w:r><w:delText>删去的</w:delText></w:r></w:del>"))
    document.add_paragraph("答案：五")
    report = word.read(saved(document), "x")
    (one,) = complete(report.found, DEFAULTS)
    assert one.item.stem == "面积为10m²的，应当在____日内办理。须报告。"
    assert "tracked_changes_taken" in [note.code for note in report.notes]


def test_text_in_content_controls_is_not_lost():
    document = docx.Document()
    control = (
        f"<w:sdt {nsdecls('w')}><w:sdtContent><w:p><w:r><w:t>1. 对吗。（√）</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    )
    document.element.body.insert(0, parse_xml(control))
    assert read(document)[0].item.key is True


PRINTED = ("single_choice", "multiple_choice", "true_false", "fill_blank", "ordering")


@pytest.mark.parametrize("answers", ["beside", "end"])
def test_a_printed_paper_can_be_read_back(answers):
    shown = [item for item in excel_write.examples() if item.kind in PRINTED]
    content = word.write(shown, answers=answers, title="练习卷")
    done = complete(word.read(content, "x").found, DEFAULTS)
    assert [(one.item.kind, normal(one.item.stem), one.item.options and one.item.key) for one in done] == [
        (item.kind, normal(item.stem), item.options and item.key) for item in shown
    ]
    assert [one.item.key for one in done if one.item.kind == "fill_blank"] == [
        item.key for item in shown if item.kind == "fill_blank"
    ]


@pytest.mark.parametrize("kind", DATA)
def test_nothing_secret_is_printed_without_answers(kind):
    rows = [make_item(kind), make_rich_item(kind, id="other-1")]
    content = word.write(rows, answers="none", media={"a" * 64: png(), "b" * 64: png(3, 3)})
    told = texts_of(content)
    assert rows[0].stem.replace("____", "________") in told
    assert not [canary for canary in CANARIES if canary.encode() in content or canary in told]
    with_answers = texts_of(word.write(rows, answers="end"))
    assert "解析：" in with_answers or kind == "short_answer"


def test_a_printed_paper_names_its_chinese_font_and_has_short_options_in_one_line():
    content = word.write([make_item()], answers="none")
    document = docx.Document(BytesIO(content))
    fonts = document.styles["Normal"].element.rPr.rFonts
    assert fonts.get(docx.oxml.ns.qn("w:eastAsia")) == "宋体"
    assert "A. 立案\tB. 调查取证\tC. 告知听证\tD. 作出决定" in [one.text for one in document.paragraphs]


def test_pictures_of_a_rich_item_are_printed_where_they_are_at_hand():
    item = make_rich_item()
    with_picture = docx.Document(BytesIO(word.write([item], answers="none", media={"a" * 64: png()})))
    assert len(with_picture.inline_shapes) == 1
    assert "[现场照片]" in texts_of(word.write([item], answers="none"))
    assert "medium_not_at_hand" in [loss.code for loss in word.losses([item])]


def test_another_place_for_answers_is_refused():
    with pytest.raises(ValueError, match="answers"):
        word.write([], answers="somewhere")


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(items(), max_size=3), st.sampled_from(["beside", "end", "none"]))
def test_every_invented_item_can_be_printed_and_the_paper_read(rows, answers):
    content = word.write(rows, answers=answers, media=MEDIA)
    with contextlib.suppress(Unreadable):
        complete(word.read(content, "x").found, DEFAULTS)


def broken(name):
    plain = saved(docx.Document())
    head = f"<w:document {nsdecls('w')}><w:body>"
    if name == "entities":
        return replaced(plain, "word/document.xml", f'<!DOCTYPE x [<!ENTITY a "a">]>{head}</w:body></w:document>')
    if name == "many":
        return replaced(plain, "word/document.xml", head + "<w:p/>" * 1_300_000 + "</w:body></w:document>")
    if name == "spaces":
        return replaced(plain, "word/document.xml", head + " " * 120_000_000)
    if name == "no_body":
        return make_xlsx([["a"]])
    if name == "old":
        return ole({"WordDocument": bytes(4096)})
    return plain[: len(plain) // 2]


@pytest.mark.parametrize("name", ["entities", "many", "spaces", "no_body", "old", "cut"])
def test_what_is_broken_or_made_for_harm_is_refused(name):
    with pytest.raises(Unreadable):
        word.read(broken(name), "x.docx")


PLAIN = word.write([make_item(), make_item("fill_blank")])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_mutated_files_never_raise_anything_else(data):
    content = bytearray(PLAIN)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Unreadable):
        word.read(bytes(content), "x")
