"""The two writers: the same words in Word and PDF, on pages that are numbered."""

import io

import docx
import pytest
from PIL import Image as Pictures

from tests.conftest import NINE
from trainer.documents.blocks import Grid, Image, Line, NewPage, Ruled
from trainer.documents.pdf import to_pdf
from trainer.documents.word import to_word


def picture():
    held = io.BytesIO()
    Pictures.new("RGB", (400, 200), "blue").save(held, "PNG")
    return held.getvalue()


BLOCKS = [
    Line("执法资格考试", "title", centred=True),
    Line("一、单选题（共 2 题）", "head", keeps_next=True),
    Line("1. 首先应当（　　）。\x0b", keeps_next=True),
    Line("A. 立案", indent=1),
    Grid((("题号", "答案"), *((str(number), "正确") for number in range(1, 60))), (1, 3), head=True),
    Ruled(3),
    Image(picture(), "现场照片"),
    Image(b"not a picture", "损坏的照片"),
    NewPage(),
    Line("𠮷", "small"),
]
ABOUT = {"title": "执法资格考试", "page_words": "第 {n} 页，共 {all} 页", "made_at": NINE}


def test_word_has_it_all():
    document = docx.Document(io.BytesIO(to_word(BLOCKS, **ABOUT)))
    told = "\n".join(paragraph.text for paragraph in document.paragraphs)
    for words in ("执法资格考试", "A. 立案", "[损坏的照片]", "𠮷"):
        assert words in told
    assert len(document.tables[0].rows) == 60
    assert len(document.inline_shapes) == 1
    assert document.core_properties.author == ""


def test_pdf_embeds_its_font_and_numbers_its_pages():
    content = to_pdf(BLOCKS, **ABOUT)
    assert content.startswith(b"%PDF-")
    assert content.count(b"/Type /Page\n") >= 3
    assert b"NotoSansSC" in content
    # Only the signs that are used are embedded, not the eight megabytes of the whole font.
    assert len(content) < 200_000


def test_the_same_document_gives_the_same_pdf():
    assert to_pdf(BLOCKS, **ABOUT) == to_pdf(BLOCKS, **ABOUT)


@pytest.mark.parametrize("writer", [to_word, to_pdf])
def test_a_document_without_blocks_is_a_document(writer):
    assert writer([], **ABOUT)
