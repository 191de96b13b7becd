"""What goes out of the bank in a format comes back the same, but for what the format cannot hold."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from question_bank import formats, load
from question_bank.formats.report import CERTAIN, complete
from tests.question_bank import inventing
from tests.question_bank.inventing import MEDIA, items, shown, without_notes

CHOICES = ("single_choice", "multiple_choice", "true_false")
some = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def there_and_back(name, item):
    """The item that a reader makes of what its writer wrote; every repair on the way has to be certain."""
    chosen = formats.find(name)
    content = chosen.writer([item], media=MEDIA)
    assert formats.sniff(content, f"bank{chosen.suffixes[0]}").name == name
    (done,) = complete(chosen.reader(content, "bank").found, {})
    assert done.problems == ()
    assert [one for one in done.found.repairs if one.confidence != CERTAIN] == []
    return done.item


@some
@given(items())
def test_our_json_keeps_every_letter(item):
    assert there_and_back("json", item) == item
    content = formats.find("json").writer([item], media=MEDIA)
    assert {one.sha256: one.content for one in formats.read(content, "x").media} == {
        medium.sha256: MEDIA[medium.sha256] for medium in item.media
    }


@some
@given(items(kinds=(*CHOICES, "fill_blank", "ordering", "error_finding", "short_answer", "case_study")))
def test_moodle_xml_keeps_what_its_kinds_can_say(item):
    assert shown(there_and_back("moodle_xml", item)) == shown(item)


@some
@given(items(kinds=("matching",), formats=("plain",)))
def test_moodle_xml_keeps_a_matching_with_its_notes(item):
    assert there_and_back("moodle_xml", item) == item


def _one_blank(item):
    return item.kind != "fill_blank" or len(item.key) == 1


@some
@given(items(kinds=(*CHOICES, "fill_blank")).filter(lambda item: _one_blank(item) and not item.media))
def test_gift_keeps_what_its_kinds_can_say(item):
    assert shown(there_and_back("gift", item)) == shown(item)


@some
@given(items(kinds=("matching",), formats=("plain",)))
def test_gift_keeps_a_matching_but_for_its_notes(item):
    assert there_and_back("gift", item) == without_notes(item)


@some
@given(st.lists(items(kinds=CHOICES, formats=("plain",)), min_size=2, max_size=4))
def test_gift_keeps_the_order_and_parts_the_questions(rows):
    chosen = formats.find("gift")
    done = complete(chosen.reader(chosen.writer(rows), "x").found, {})
    assert [one.item.stem for one in done] == [item.stem for item in rows]


@pytest.mark.parametrize("name", ["qti_22", "qti_30"])
def test_qti_keeps_every_kind(name):
    @some
    @given(items())
    def kept(item):
        assert shown(there_and_back(name, item)) == shown(item)

    kept()


@pytest.mark.parametrize("name", ["qti_22", "qti_30"])
def test_qti_keeps_the_order_of_the_items_and_is_the_same_each_time(name):
    @some
    @given(st.lists(items(kinds=(*CHOICES, "case_study")), min_size=2, max_size=4, unique_by=lambda item: item.id))
    def kept(rows):
        chosen = formats.find(name)
        content = chosen.writer(rows, media=MEDIA)
        assert content == chosen.writer(rows, media=MEDIA)
        assert [one.item.id for one in complete(chosen.reader(content, "x").found, {})] == [item.id for item in rows]

    kept()


def test_the_shipped_bank_comes_back_whole_over_three_formats():
    bank = list(load())
    rows = bank
    for name in ("qti_30", "moodle_xml", "json"):
        chosen = formats.find(name)
        rows = [one.item for one in complete(chosen.reader(chosen.writer(rows), "x").found, {})]
    changed = [item.id for item, other in zip(bank, rows, strict=True) if item != other]
    assert changed == []


def test_gift_leaves_out_of_the_shipped_bank_only_what_it_tells():
    bank = list(load())
    gift = formats.find("gift")
    left_out = {loss.item.split(".")[0] for loss in gift.losses(bank) if loss.whole}
    read = {str(one.item.id) for one in complete(gift.reader(gift.writer(bank), "x").found, {}) if one.item}
    assert {item.id for item in bank} - read <= left_out


ASKED = {"wing": "procedures", "topic": "hearing", "fields": ["general"], "difficulty": 3, "level": "recall"}


@some
@given(items(kinds=("single_choice",)).filter(lambda item: not formats.find("aiken").losses([item])[0].whole))
def test_aiken_keeps_stem_options_and_key_as_one_line_each(item):
    chosen = formats.find("aiken")
    (done,) = complete(chosen.reader(chosen.writer([item]), "x").found, ASKED)
    assert done.problems == ()
    assert done.item.key == item.key
    assert len(done.item.options) == len(item.options)
    assert "\n" not in done.item.stem


@pytest.mark.parametrize("name", sorted(formats.FORMATS))
def test_every_invented_item_is_written_or_told(name):
    chosen = formats.find(name)
    if chosen.writer is None:
        return

    @some
    @given(st.lists(items(), max_size=3, unique_by=lambda item: item.id))
    def told(rows):
        content = chosen.writer(rows, media=MEDIA)
        lost = {loss.item.split(".")[0] for loss in chosen.losses(rows, media=MEDIA) if loss.whole}
        found = {str(one.data.get("id")) for one in chosen.reader(content, "x").found} if rows and content else set()
        assert name in ("aiken", "word") or {item.id for item in rows} <= found | lost

    told()


def test_the_inventions_are_of_every_kind():
    from question_bank.kinds import KINDS

    assert set(inventing.KINDS_AND_CASES) == set(KINDS)
