"""Whatever stands in a file, a reader reports it or refuses the file; it never falls over."""

import re
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from question_bank import formats
from question_bank.formats.report import complete
from tests.question_bank.inventing import MEDIA, items
from tests.question_bank.test_qti_reading import (
    CHOICE,
    ENTRY,
    MAP,
    OWN,
    WATER,
    canvas,
    condition,
    declared,
    equal,
    item,
    lid,
)

ASKED = {"wing": "procedures", "topic": "hearing", "fields": ["general"], "difficulty": 3, "level": "recall"}
ODD = ("", "NaN", "-1e999", "\u0000", "____", "{", "99999999999", "\ue000", "é")
some = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def survive(content, name):
    with suppress(formats.Unreadable):
        for one in complete(formats.find(name).reader(content, "x").found, ASKED):
            assert (one.item is None) == bool(one.problems)


@st.composite
def damage(draw, words):
    """A text with pieces cut out, doubled or replaced, so that most of its marks are still there."""
    pieces = re.split(r"(<[^>]*>|[{}~=#:\"])", words)
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(pieces) - 1))
        how = draw(st.sampled_from(["cut", "double", "swap", "odd"]))
        if how == "cut":
            pieces[place] = ""
        elif how == "double":
            pieces[place] *= 2
        elif how == "swap":
            other = draw(st.integers(0, len(pieces) - 1))
            pieces[place], pieces[other] = pieces[other], pieces[place]
        else:
            pieces[place] = draw(st.sampled_from(ODD))
    return "".join(pieces)


@pytest.mark.parametrize("name", ["moodle_xml", "gift", "aiken", "json"])
def test_damaged_files_of_ours_are_survived(name):
    @some
    @given(st.data())
    def survived(data):
        words = formats.find(name).writer([data.draw(items())], media=MEDIA).decode()
        survive(data.draw(damage(words or "x")).encode("utf-8", "replace"), name)

    survived()


WHOLE = {
    "qti_22": [
        item(CHOICE, declared("H", "O", cardinality="multiple", mapping=WATER), MAP),
        item(ENTRY + CHOICE.replace("RESPONSE", "R2"), declared("七", type="string") + declared("H", name="R2"), OWN),
    ],
    "qti_12": [
        canvas("multiple_choice_question", lid("r", "甲", "乙"), condition(equal("r", "2"))),
        canvas("matching_question", lid("a", "甲", "乙") + lid("b", "甲", "乙"), condition(equal("a", "1"))),
        canvas("fill_in_multiple_blanks_question", lid("response_a", "七"), condition(equal("response_a", "1"))),
    ],
}


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_damaged_items_of_others_are_survived(name):
    @some
    @given(st.data())
    def survived(data):
        survive(data.draw(damage(data.draw(st.sampled_from(WHOLE[name])))).encode("utf-8", "replace"), name)

    survived()


@pytest.mark.parametrize("name", ["qti_22", "qti_30"])
def test_damaged_packages_are_survived(name):
    @some
    @given(st.data())
    def survived(data):
        content = bytearray(formats.find(name).writer([data.draw(items())], media=MEDIA))
        for _ in range(data.draw(st.integers(1, 5))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        survive(bytes(content), name)

    survived()


@some
@given(st.binary(max_size=300), st.sampled_from([name for name, one in formats.FORMATS.items() if one.reader]))
def test_any_bytes_are_survived(content, name):
    survive(content, name)
    survive(b"PK\x03\x04" + content, name)
    formats.sniff(content, "x.zip")
