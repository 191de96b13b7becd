"""What files of other systems taught the readers."""

import io
import zipfile

from question_bank import formats
from question_bank.formats.rich import from_html
from question_bank.formats.table_heads import read_head
from tests.bank.pictures import PNG


def test_bare_letters_beside_stem_and_key_are_options_whatever_else_stands_there():
    pictures = [f"图片名称{number}" for number in range(1, 12)]
    head = read_head(["是否启用", *"ABCDEFGHIJK", "题干", "答案", *pictures, "钩子"])
    assert head is not None
    assert sorted(head.options) == list("ABCDEFGHIJ")
    assert len(head.columns("picture")) == 11
    assert [head.words[number] for number in head.unknown] == ["是否启用", "K", "钩子"]


def test_a_formula_in_a_line_does_not_read_as_another_one():
    for markup, said in (
        ("<mfrac><mn>1</mn><mn>6</mn></mfrac>", "1/6"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>", "(a+b)/2"),
        ("<msup><mi>x</mi><mn>2</mn></msup>", "x^(2)"),
        ("<msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt>", "√(x+1)"),
        ("<mfrac><msup><mi>x</mi><mn>2</mn></msup><mn>3</mn></mfrac>", "(x^(2))/3"),
    ):
        rich = from_html(f"<p>约 <math>{markup}</math> 。</p>")
        assert rich.text() == f"约 {said} 。"
        assert "formula" in rich.losses


QUIZ = """<questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2"><assessment ident="a" title="t"><section>
<item ident="i" title="q"><itemmetadata><qtimetadata><qtimetadatafield><fieldlabel>question_type</fieldlabel>
<fieldentry>multiple_choice_question</fieldentry></qtimetadatafield></qtimetadata></itemmetadata>
<presentation><material>
<mattext texttype="text/html">&lt;p&gt;看图 &lt;img src="{source}" alt="图"&gt;&lt;/p&gt;</mattext></material>
<response_lid ident="r" rcardinality="Single"><render_choice>
<response_label ident="1"><material><mattext>甲</mattext></material></response_label>
<response_label ident="2"><material><mattext>乙</mattext></material></response_label></render_choice></response_lid>
</presentation><resprocessing><respcondition><conditionvar><varequal respident="r">1</varequal></conditionvar>
<setvar action="Set" varname="SCORE">100</setvar></respcondition></resprocessing></item></section></assessment>
</questestinterop>"""


def quiz(source, *paths):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as package:
        package.writestr("quiz.xml", QUIZ.format(source=source))
        for path in paths:
            package.writestr(path, PNG)
    return formats.read(held.getvalue(), "quiz.zip")


def test_a_picture_that_lies_deeper_in_its_package_is_found_and_told():
    for source in ("org0/images/a.png", "$IMS_CC_FILE_BASE$/org0/images/a.png"):
        report = quiz(source, "exam/files/org0/images/a.png")
        assert len(report.media) == 1
        assert "picture_found_elsewhere" in [one.code for one in report.found[0].repairs]


def test_of_two_pictures_of_the_same_name_none_is_guessed():
    report = quiz("images/a.png", "one/images/a.png", "two/images/a.png")
    assert not report.media
    assert "picture_missing" in [one.code for one in report.found[0].repairs]
