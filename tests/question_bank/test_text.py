"""Typed answers compared fairly."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank import text


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("十五", "15"),
        ("十五", "１５"),
        ("15", "１５"),
        ("二百", "200"),
        ("贰佰", "200"),
        ("两", "二"),
        ("三千元", "3000元"),
        ("3,000元", "三千元"),
        ("３，０００元", "3000元"),
        ("两万元", "20000元"),
        ("5万元", "五万元"),
        ("1.5万", "15000"),
        ("一亿二千万", "120000000"),
        ("一百零五", "105"),
        ("十万", "100000"),
        ("百分之三", "3%"),
        ("百分之三", "３％"),
        ("千分之五", "5‰"),
        ("三分之二", "2/3"),
        ("零点五", "0.5"),
        ("0.50", "0.5"),
        ("015", "15"),
        ("二〇二一年", "2021年"),
        ("第三十六条", "第36条"),
        (" 行政 机关 ", "行政机关"),
        ("行政　机关", "行政机关"),
        ("行政\u200b机关", "行政机关"),
        ("行政机关。", "行政机关"),
        ("《行政处罚法》", "行政处罚法"),
        ("“首违不罚”", "首违不罚"),
        ("公正、公开", "公正，公开"),
        ("公正;公开", "公正；公开"),
        ("ＡＢＣ", "abc"),
        ("（一）", "(一)"),
        ("2021—2025", "2021-2025"),
        ("２０％", "20%"),
    ],
)
def test_the_same_answer_in_another_form(left, right):
    assert text.same(left, right)
    assert text.same(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("15日", "15"),
        ("15日", "15个工作日"),
        ("十五", "五十"),
        ("10²", "102"),
        ("①", "1"),
        ("½", "12"),
        ("1/2", "12"),
        ("三五天", "35天"),
        ("一百五", "105"),
        ("1.5", "15"),
        ("-5", "5"),
        ("3%", "3‰"),
        ("二万", "二"),
        ("公正公开", "公正、公开"),
        ("行政机关", "行政机构"),
        ("可以", "不可以"),
        ("3,00", "300"),
        ("5万", "5"),
    ],
)
def test_another_answer_stays_another(left, right):
    assert not text.same(left, right)


@pytest.mark.parametrize("empty", ["", " ", "。", "　", "“”", "\u200b"])
def test_an_empty_answer_is_never_the_same(empty):
    assert not text.same(empty, empty)
    assert not text.same(empty, "15")


@given(st.text(alphabet="一二十百千万亿零两点分之年日条0123456789０１.,，、。%-—（）()《》 　AaＡ²①法", max_size=12))
def test_the_normal_form_is_stable(words):
    assert text.normal(text.normal(words)) == text.normal(words)


@given(st.integers(0, 9999))
def test_a_numeral_read_back_is_the_number(value):
    assert text.number(text.numeral(value)) == value
    assert text.same(text.numeral(value), str(value))


@pytest.mark.parametrize("words", ["", "百", "零百", "十二三", "二十百", "一百五", "三万二", "天", "万"])
def test_what_is_no_number_is_refused(words):
    with pytest.raises(ValueError):
        text.number(words)


@pytest.mark.parametrize("value", [-1, 10_000])
def test_numerals_end_at_four_digits(value):
    with pytest.raises(ValueError):
        text.numeral(value)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("二万元", (20000, "元")),
        ("３，０００元", (3000, "元")),
        ("百分之三", (3, "%")),
        ("-2.50", (Decimal("-2.5"), "")),
        ("+7 天", (7, "天")),
        ("约10元", None),
        ("10至20元", None),
        ("三分之一", None),
        ("十日内三次", None),
        ("", None),
    ],
)
def test_a_quantity_is_one_number_and_its_unit(words, found):
    assert text.quantity(words) == found


@pytest.mark.parametrize(
    ("answer", "near"),
    [
        ("9.5元", True),
        ("10.5元", True),
        ("9.49元", False),
        ("10.51元", False),
        ("10", False),
        ("十元", True),
        ("", False),
    ],
)
def test_a_number_is_near_up_to_the_tolerance_itself(answer, near):
    assert text.near(answer, "10元", Decimal("0.5")) is near


@given(st.text("0123456789.,，十百千万零两%％元天/-−+ ", max_size=12))
def test_any_text_is_near_itself_or_no_quantity(words):
    assert text.near(words, words, Decimal(0)) is (text.quantity(words) is not None)
