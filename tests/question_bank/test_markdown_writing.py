"""Blocks that become Markdown are read as the same blocks again; what cannot be said gives up marks, never words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from question_bank.richtext import Blank, Break, Listing, Paragraph, Picture, Quote, Table, Text, parse, to_markdown
from question_bank.richtext.markdown import tidied

words = st.text("ab甲乙（）。*_-+>|!1.[]\\ #`“”:\n", min_size=1, max_size=8)
inlines = st.one_of(
    st.builds(Text, words, st.booleans(), st.booleans()),
    st.just(Break()),
    st.just(Blank(1)),
    st.builds(Picture, st.just("a.png"), st.text("ab甲[]*", max_size=4)),
)
paragraphs = st.lists(inlines, min_size=1, max_size=5).map(lambda row: Paragraph(tuple(row)))
cells = st.lists(st.sampled_from([Text("a"), Text("b|c", True), Text("x*"), Blank(1)]), max_size=2).map(tuple)
tables = st.lists(st.tuples(cells, cells), min_size=1, max_size=3).map(lambda rows: Table(tuple(rows), ("", "end")))


def _nested(inner):
    entries = st.lists(st.lists(inner, min_size=1, max_size=2).map(tuple), min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Listing, entries, st.sampled_from([None, 1, 3])),
        st.lists(inner, min_size=1, max_size=2).map(lambda row: Quote(tuple(row))),
    )


blocks = st.lists(st.recursive(st.one_of(paragraphs, tables), _nested, max_leaves=4), max_size=3)


@settings(max_examples=300, deadline=None)
@given(blocks)
def test_what_is_written_exactly_reads_the_same(found):
    made = to_markdown(found)
    if made.exact:
        assert parse(made.words, "markdown") == tuple(tidied(found))


@settings(max_examples=200, deadline=None)
@given(st.lists(paragraphs, max_size=3))
def test_no_word_is_ever_lost(found):
    def bare(blocks):
        told = [one.words for block in blocks for one in block.inlines if isinstance(one, Text)]
        return "".join("".join(told).split())

    assert bare(parse(to_markdown(found).words, "markdown")) == bare(tidied(found))


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ([Paragraph((Text("应当"), Text("听证 ", strong=True), Text("的")))], "应当**听证** 的"),
        ([Paragraph((Text("1. 甲"), Break(), Text("- 乙")))], "1\\. 甲\n\\- 乙"),
        ([Listing(((Paragraph((Text("甲"),)),),)), Listing(((Paragraph((Text("乙"),)),),))], "- 甲\n\n+ 乙"),
        ([Paragraph((Text("a_"), Blank(1)))], "a\\_____"),
        ([], ""),
    ],
)
def test_marks_are_written_where_they_hold(found, wanted):
    assert to_markdown(found).words == wanted
