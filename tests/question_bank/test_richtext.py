"""Rich text: the subset and nothing else, safe as HTML, readable as text, and plain texts left alone."""

import html
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from question_bank import load
from question_bank.item import Medium
from question_bank.richtext import (
    Blank,
    Break,
    Listing,
    Paragraph,
    Picture,
    Quote,
    Table,
    Text,
    count_blanks,
    escape,
    media_names,
    parse,
    problems,
    to_html,
    to_text,
)

PHOTO = Medium("photo.png", "a" * 64, "image/png", '现场 "照片"', 10)
FILM = Medium("film.mp4", "b" * 64, "video/mp4", "执法视频", 20)
SOUND = Medium("sound.mp3", "c" * 64, "audio/mpeg", "录音", 30)
MEDIA = (PHOTO, FILM, SOUND)


def shown(words, **options):
    return to_html(words, "markdown", media=MEDIA, media_url=lambda medium: f"/media/{medium.sha256[:4]}", **options)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("一段", "<p>一段</p>"),
        ("一段\n\n二段", "<p>一段</p><p>二段</p>"),
        ("一行\n二行", "<p>一行<br>二行</p>"),
        ("一行\r\n二行", "<p>一行<br>二行</p>"),
        ("*轻*与**重**与***都***", "<p><em>轻</em>与<strong>重</strong>与<strong><em>都</em></strong></p>"),
        ("**“两书同达”**制度、**（一）**款", "<p><strong>“两书同达”</strong>制度、<strong>（一）</strong>款</p>"),
        ("3 * 4 * 5", "<p>3 * 4 * 5</p>"),
        (r"\*不是强调\*", "<p>*不是强调*</p>"),
        ("第_条_ a__b__c", "<p>第_条_ a__b__c</p>"),
        (
            "在____日内由____作出",
            '<p>在<span class="blank" data-blank="1">____</span>日内由'
            '<span class="blank" data-blank="2">____</span>作出</p>',
        ),
        ("________", "<p>________</p>"),
        ("- 甲\n- 乙", "<ul><li>甲</li><li>乙</li></ul>"),
        ("3. 甲\n4. 乙", '<ol start="3"><li>甲</li><li>乙</li></ol>'),
        ("1. 甲\n   - 子", "<ol><li>甲<ul><li>子</li></ul></li></ol>"),
        ("1. 甲\n\n   续", "<ol><li><p>甲</p><p>续</p></li></ol>"),
        ("> 引\n> 文", "<blockquote><p>引<br>文</p></blockquote>"),
        (
            "|项|数|\n|:-:|-:|\n|a\\|b||",
            '<table class="table"><thead><tr><th class="text-center">项</th><th class="text-end">数</th></tr></thead>'
            '<tbody><tr><td class="text-center">a|b</td><td class="text-end"></td></tr></tbody></table>',
        ),
        ("![图](media:photo.png)", '<p><img src="/media/aaaa" alt="图" loading="lazy"></p>'),
        ("![](media:photo.png)", '<p><img src="/media/aaaa" alt="现场 &quot;照片&quot;" loading="lazy"></p>'),
        ("![](media:gone.png)", '<p><span class="medium">gone.png</span></p>'),
        (
            "![](media:film.mp4)",
            '<p><video src="/media/bbbb" controls="" preload="metadata" aria-label="执法视频"></video></p>',
        ),
        (
            "![](media:sound.mp3)",
            '<p><audio src="/media/cccc" controls="" preload="metadata" aria-label="录音"></audio></p>',
        ),
    ],
)
def test_the_subset_becomes_html(words, wanted):
    assert shown(words) == wanted


@pytest.mark.parametrize(
    "words",
    [
        "# 标题",
        "`代码` 与 ``` 围栏",
        "[链接](https://example.org)",
        "[链接](javascript:alert(1))",
        "<https://example.org>",
        "<b>粗</b> <script>alert(1)</script> <img src=x onerror=alert(1)>",
        "&lt;b&gt; &nbsp; <5% 与 a&b",
        "![图](https://example.org/a.png)",
        "![图](data:image/png;base64,AAAA)",
        "![图](//example.org/a.png)",
        "![图](photo.png)",
        "***",
        "---",
        "    四个空格",
        "~~删~~ ==标== H~2~O",
        "标题\"与'",
    ],
)
def test_what_is_not_in_the_subset_is_shown_as_it_stands(words):
    assert shown(words) == f"<p>{html.escape(words.strip(), quote=False)}</p>"


def test_a_label_needs_no_paragraph():
    assert shown("**甲**", inline=True) == "<strong>甲</strong>"
    assert shown("甲\n\n乙", inline=True) == "<p>甲</p><p>乙</p>"


def test_a_picture_without_an_address_shows_its_words():
    assert to_html("![](media:film.mp4)", "markdown", media=MEDIA) == '<p><span class="medium">执法视频</span></p>'


def test_an_address_with_a_scheme_never_reaches_the_page():
    made = to_html("![](media:photo.png)", "markdown", media=MEDIA, media_url=lambda _: "javascript:alert(1)")
    assert "javascript" not in made


PLAIN = [
    "1. 甲\n2. 乙",
    "《办法》第*条与第*条",
    "在____日内",
    "<5%",
    "# 甲",
    "a_b_c",
    "  前",
    "![](media:photo.png)",
    "A&B",
]


@pytest.mark.parametrize("words", PLAIN)
def test_a_plain_text_is_left_alone(words):
    assert to_text(words) == words
    assert html.unescape(to_html(words)).replace("<br>", "\n") == words
    [paragraph] = parse(words)
    pieces = {Break: "\n", Blank: "____"}
    assert "".join(pieces.get(type(one)) or one.words for one in paragraph.inlines) == words


def test_every_stem_of_the_shipped_bank_is_plain_and_unchanged():
    for item in load():
        assert item.format == "plain"
        assert to_html(item.stem) == html.escape(item.stem).replace("\n", "<br>")


def test_a_bank_of_plain_items_needs_neither_parser_nor_sanitiser():
    code = "import question_bank, sys; question_bank.load(); sys.exit(bool({'nh3', 'markdown_it'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_empty_text_has_no_blocks():
    assert parse("") == parse("", "markdown") == ()


def test_the_tree_is_neutral():
    assert parse("**甲**乙____\n丙 ![图](media:a.png)", "markdown") == (
        Paragraph((Text("甲", strong=True), Text("乙"), Blank(1), Break(), Text("丙 "), Picture("a.png", "图"))),
    )
    assert parse("2. *甲*\n\n> 乙\n\n|a|\n|-|\n|____|", "markdown") == (
        Listing(((Paragraph((Text("甲", emphasis=True),)),),), start=2),
        Quote((Paragraph((Text("乙"),)),)),
        Table((((Text("a"),),), ((Blank(1),),)), ("",)),
    )
    assert parse("- 甲", "markdown")[0].start is None


def test_text_for_search_and_mail():
    words = "**甲**\n\n1. 乙\n2. 丙\n\n> 丁\n\n|a|b|\n|-|-|\n|____|![](media:photo.png)|"
    assert to_text(words, "markdown", media=MEDIA) == '甲\n\n1. 乙\n2. 丙\n\n> 丁\n\na | b\n____ | [现场 "照片"]'


def test_blanks_and_media_are_counted_where_they_are_shown():
    assert count_blanks(r"____ 与 \____ 与 ________ 与 **____**") == 2
    assert media_names("![](media:b.png) ![](media:a.png) > ![](media:b.png) \\![](media:c.png)") == ["b.png", "a.png"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("![](media:gone.png)", "unknown_medium"),
        ("![](http://example.org/a.png)", "external_image"),
        ("> " * 7 + "深", "nested_too_deep"),
        ("> " * 60 + "深", "nested_too_deep"),
        ("> ", "empty"),
    ],
)
def test_a_text_that_would_not_show_what_is_meant_is_named(words, code):
    assert [problem.code for problem in problems(words, {"photo.png"})] == [code]


@pytest.mark.parametrize("words", ["![](media:photo.png)", "> " * 5 + "深", r"\![](http://example.org)", "甲"])
def test_a_sound_text_has_no_problem(words):
    assert problems(words, {"photo.png"}) == []


class Tags(HTMLParser):
    """Collects what a browser would see: tags with attributes, and the text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)


WILD = st.text("甲乙 \n\t*_-+>|`~#![]()<>&\"':;=/\\.0123abmedia", max_size=60) | st.lists(
    st.sampled_from(
        ["![", "](", "media:photo.png", "javascript:", ")", "<script>", "**", "*", "____", "|", "\n", "> ", "- ", "1. "]
    ),
    max_size=20,
).map("".join)


@given(WILD)
@example("|a|\n|-|\n" + "|" * 50)
@example("*" * 60)
def test_no_text_makes_a_tag_or_address_that_is_not_ours(words):
    for tag, attributes in Tags(shown(words)).tags:
        assert tag in {
            "p", "br", "strong", "em", "ol", "ul", "li", "blockquote",
            "table", "thead", "tbody", "tr", "th", "td", "span", "img",
        }  # fmt: skip
        assert set(attributes) <= {"class", "start", "data-blank", "src", "alt", "loading"}
        assert attributes.get("src", "/media/aaaa") == "/media/aaaa"
    assert isinstance(problems(words, {"photo.png"}), list)
    to_text(words, "markdown", media=MEDIA)


@given(WILD)
def test_nothing_of_a_text_is_lost(words):
    def kept(text):
        return [sign for sign in text if sign in "甲乙"]

    assert kept(to_text(words, "markdown")) == kept(words)


@given(st.text("甲乙 \n*_-+>|`~#![]()<>&\"':;=/\\.0123ab", max_size=60))
@example("a | b\n---")
@example("1. 甲\n2) 乙")
@example("\\\n*")
@example("![图](media:photo.png)")
def test_an_escaped_plain_text_is_shown_as_it_was(words):
    lines = [line.strip() for line in words.split("\n")]
    wanted = re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    assert to_text(escape(words), "markdown", media=MEDIA) == wanted
    assert media_names(escape(words)) == []
