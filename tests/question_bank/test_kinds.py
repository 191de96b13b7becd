"""Marking and the shape of answers, kind by kind, on both sides of every limit."""

import json
from decimal import Decimal
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank import grade, kinds
from question_bank.kinds import KINDS, RULES, UnknownRule, WrongShape
from question_bank.kinds.base import Kind
from question_bank.kinds.case_study import expand
from tests.question_bank.samples import CANARIES, DATA, make_item, make_rich_item

ITEMS = {kind: make_item(kind) for kind in DATA}
ANY_ORDER = make_item(
    "fill_blank", stem="____、____和____。", key=[["公正"], ["公开", "公正"], ["效率"]], any_order=True
)
INDEFINITE = make_item("multiple_choice", key=["C"], indefinite=True)
REUSE = make_item(
    "matching",
    prompts=[{"key": str(number), "text": f"事项{number}"} for number in range(1, 5)],
    key={"1": "C", "2": "A", "3": "C", "4": "E"},
    reuse=True,
)
SELF_MARKED = [item for item in [*ITEMS.values(), ANY_ORDER, INDEFINITE, REUSE] if KINDS[item.kind].keyed]


def thirds(count):
    return Decimal(count) / Decimal(3)


def full_answer(item):
    if item.kind == "fill_blank":
        return [accepted[0] for accepted in item.key]
    return item.to_dict()["key"]


def everything(item):
    """The answer that ticks, marks or pairs all there is, without any knowledge."""
    shape = kinds.answer_shape(item)
    return dict.fromkeys(shape["prompts"], "C") if item.kind == "matching" else shape["keys"]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("item", SELF_MARKED, ids=lambda item: item.kind)
def test_the_full_key_earns_everything_under_every_rule(item, rule):
    result = grade(item, full_answer(item), rule)
    assert (result.fraction, result.correct, result.answered) == (1, True, True)
    assert all(part.right for part in result.parts)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("answer", [None, "", "  ", [], [""], ["", ""], ["", "　"]])
def test_an_empty_answer_is_unanswered_in_every_kind(kind, rule, answer):
    result = grade(ITEMS[kind], answer, rule)
    assert (result.fraction, result.correct, result.answered, result.parts) == (0, False, False, ())
    assert kinds.normal_answer(kinds.answer_shape(ITEMS[kind]), answer) is None


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("answer", "earned"), [("A", 0), ("B", 1), ("C", 0), ("D", 0)])
def test_single_choice_is_right_or_wrong(rule, answer, earned):
    assert grade(ITEMS["single_choice"], answer, rule).fraction == earned


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("key", [True, False])
@pytest.mark.parametrize("answer", [True, False])
def test_true_false_is_right_or_wrong(rule, key, answer):
    result = grade(make_item("true_false", key=key), answer, rule)
    assert result.answered
    assert result.fraction == (1 if key is answer else 0)


# The key is A, C, D of A to E.
@pytest.mark.parametrize(
    ("answer", "nothing", "half", "share", "plus"),
    [
        ("ACD", 1, 1, 1, 1),
        ("AC", 0, Decimal("0.5"), thirds(2), thirds(2)),
        ("D", 0, Decimal("0.5"), thirds(1), thirds(1)),
        ("B", 0, 0, 0, 0),
        ("BE", 0, 0, 0, 0),
        ("AB", 0, 0, 0, 0),
        ("ABC", 0, 0, 0, thirds(1)),
        ("ABCD", 0, 0, 0, thirds(2)),
        ("ABCDE", 0, 0, 0, thirds(1)),
        ("ABE", 0, 0, 0, 0),
    ],
)
def test_multiple_choice_under_each_rule(answer, nothing, half, share, plus):
    earned = [grade(ITEMS["multiple_choice"], list(answer), rule).fraction for rule in RULES]
    assert earned == [nothing, half, share, plus]


def test_the_order_of_chosen_options_does_not_matter():
    assert grade(ITEMS["multiple_choice"], ["D", "A", "C"]).correct


@pytest.mark.parametrize("size", [3, 4, 5])
def test_ticking_everything_never_pays_more_than_the_right_options_alone(size):
    for count in range(2, size + 1):
        for key in combinations("ABCDE"[:size], count):
            item = make_item(
                "multiple_choice", options=make_item("multiple_choice").to_dict()["options"][:size], key=key
            )
            everything = {rule: grade(item, list("ABCDE"[:size]), rule).fraction for rule in RULES}
            if count == size:
                assert set(everything.values()) == {1}
                continue
            assert everything["all_or_nothing"] == everything["half_for_incomplete"] == 0
            assert everything["proportional"] == 0
            assert everything["plus_minus"] == max(Decimal(0), Decimal(2 * count - size) / count) < 1


@pytest.mark.parametrize("rule", RULES)
def test_one_more_wrong_option_never_earns_more(rule):
    item = ITEMS["multiple_choice"]
    for size in range(1, 4):
        for right in combinations("ACD", size):
            earned = [grade(item, [*right, *"BE"[:wrong]], rule).fraction for wrong in range(3)]
            assert earned == sorted(earned, reverse=True)


# The key of the indefinite one is C alone.
@pytest.mark.parametrize(
    ("answer", "nothing", "half", "share", "plus"),
    [("C", 1, 1, 1, 1), ("A", 0, 0, 0, 0), ("AC", 0, 0, 0, 0), ("ABCDE", 0, 0, 0, 0)],
)
def test_an_indefinite_choice_may_have_one_right_option(answer, nothing, half, share, plus):
    earned = [grade(INDEFINITE, list(answer), rule).fraction for rule in RULES]
    assert earned == [nothing, half, share, plus]


def test_an_indefinite_choice_says_so_and_another_does_not():
    assert kinds.public(INDEFINITE)["indefinite"] is True
    assert "indefinite" not in kinds.public(ITEMS["multiple_choice"])


@pytest.mark.parametrize("item", [REUSE, ITEMS["matching"], ITEMS["error_finding"]], ids=lambda item: item.kind)
def test_marking_everything_earns_nothing(item):
    assert {grade(item, everything(item), rule).fraction for rule in RULES} == {0}


# The right order is C A B E D, so there are four pairs of neighbours: CA AB BE ED.
@pytest.mark.parametrize(
    ("answer", "nothing", "half", "share", "plus"),
    [
        ("CABED", 1, 1, 1, 1),
        ("CABE", 0, Decimal("0.5"), Decimal("0.75"), Decimal("0.75")),
        ("C", 0, Decimal("0.5"), 0, 0),
        ("A", 0, 0, 0, 0),
        ("ABED", 0, 0, Decimal("0.75"), Decimal("0.75")),
        ("DCABE", 0, 0, Decimal("0.75"), Decimal("0.5")),
        ("CABDE", 0, 0, Decimal("0.5"), 0),
        ("DEBAC", 0, 0, 0, 0),
        ("ABCDE", 0, 0, Decimal("0.25"), 0),
    ],
)
def test_ordering_under_each_rule(answer, nothing, half, share, plus):
    earned = [grade(ITEMS["ordering"], list(answer), rule).fraction for rule in RULES]
    assert earned == [nothing, half, share, plus]


@pytest.mark.parametrize("rule", RULES)
def test_no_other_order_is_correct_or_earns_everything(rule):
    item = ITEMS["ordering"]
    for order in permutations("ABCDE"):
        result = grade(item, list(order), rule)
        assert result.correct is (order == item.key) is (result.fraction == 1)


@pytest.mark.parametrize("kind", DATA)
def test_an_unknown_rule_is_refused(kind):
    with pytest.raises(UnknownRule):
        grade(ITEMS[kind], None, "generous")


TOLERANT = make_item(
    "fill_blank",
    stem="罚款____元，加处____，共____天。",
    key=[["2592.45"], ["3%"], ["七天"]],
    tolerance=["0.5", "0.25", None],
)


FITTING = {
    "single_choice": ["A", "D"],
    "multiple_choice": [["A"], ["E", "A"], ["A", "B", "C", "D", "E"]],
    "true_false": [True, False],
    "fill_blank": [["a", "b"], ["", "b"], ["字" * 2000, "x"], ["多\n行", "制\t表"]],
    "ordering": [["A"], ["E", "D", "C", "B", "A"]],
    "matching": [{}, {"1": "A"}, {"1": "A", "2": "A", "3": "A"}, {"3": ""}, {"1": "", "2": "E"}],
    "error_finding": [["1"], ["6", "1"], ["1", "2", "3", "4", "5", "6"]],
    "short_answer": ["字", "字" * 300, "一\r\n二", " 前后有空格 ", "e\u0301" * 300],
}
WRONG = {
    "single_choice": ["E", "a", "AB", ["A"], 0, True, {"key": "A"}, "A\x00", " A", 1.5],
    "multiple_choice": [
        "A",
        ["F"],
        ["A", "A"],
        [1],
        [None],
        ["A", ""],
        {"A": True},
        True,
        [["A"]],
        ["A\x00"],
    ],
    "true_false": [1, 0, "true", "对", [True], {}, 1.0],
    "fill_blank": [
        "a",
        ["a"],
        ["a", "b", "c"],
        ["a", 1],
        ["a", None],
        {"0": "a"},
        ["a\x00", "b"],
        ["字" * 2001, "b"],
        ["\ud800", "b"],
        True,
        5,
        ["a", ["b"]],
    ],
    "matching": [
        "A",
        ["A", "B", "C"],
        {"1": "F"},
        {"4": "A"},
        {"1": ["A"]},
        {"1": None},
        {"1": True},
        {"": "A"},
        {"1": "AB"},
        {"1": "A\x00"},
        True,
        1,
    ],
    "error_finding": ["1", ["7"], ["1", "1"], [1], {"1": True}, [None], ["1", ""], list("1234561"), True],
    "short_answer": ["字" * 301, "\x00字", "\ud800", ["字"], {"1": "字"}, True, 3, "\u0344" * 200],
    "case_study": [True, "A", ["A"], {"1": True}, 0, [[]]],
    "ordering": ["ABCDE", ["A", "A"], ["Z"], [1, 2], ["A", None], {"A": 1}, list("ABCDEA"), True],
}


@pytest.mark.parametrize(("kind", "answer"), [(kind, answer) for kind in FITTING for answer in FITTING[kind]])
def test_an_answer_of_the_right_shape_fits(kind, answer):
    assert kinds.check_answer(ITEMS[kind], answer) is None


@pytest.mark.parametrize(("kind", "answer"), [(kind, answer) for kind in WRONG for answer in WRONG[kind]])
def test_an_answer_of_the_wrong_shape_is_refused(kind, answer):
    assert kinds.check_answer(ITEMS[kind], answer) is not None
    assert not kinds.shape_fits(kinds.answer_shape(ITEMS[kind]), answer)
    with pytest.raises(WrongShape):
        grade(ITEMS[kind], answer)


@pytest.mark.parametrize("kind", DATA)
def test_a_flood_of_empty_strings_is_no_empty_answer(kind):
    assert kinds.check_answer(ITEMS[kind], [""] * 100) is None
    assert kinds.check_answer(ITEMS[kind], [""] * 101) is not None


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("single_choice", {"kind": "single_choice", "keys": ["A", "B", "C", "D"]}),
        ("multiple_choice", {"kind": "multiple_choice", "keys": ["A", "B", "C", "D", "E"]}),
        ("true_false", {"kind": "true_false"}),
        ("fill_blank", {"kind": "fill_blank", "blanks": 2}),
        ("ordering", {"kind": "ordering", "keys": ["A", "B", "C", "D", "E"]}),
        ("matching", {"kind": "matching", "prompts": ["1", "2", "3"], "keys": ["A", "B", "C", "D", "E"]}),
        ("error_finding", {"kind": "error_finding", "keys": ["1", "2", "3", "4", "5", "6"]}),
        ("short_answer", {"kind": "short_answer", "max_length": 300}),
        ("case_study", {"kind": "case_study"}),
    ],
)
def test_the_shape_of_answers_is_small_and_free_of_the_key(kind, shape):
    assert kinds.answer_shape(ITEMS[kind]) == shape
    assert json.loads(json.dumps(shape)) == shape


def test_the_shape_does_not_change_with_the_key():
    for kind, keys in {
        "single_choice": "ABCD",
        "multiple_choice": [["A", "B"], ["A", "B", "C", "D", "E"]],
    }.items():
        shapes = [kinds.answer_shape(make_item(kind, key=key)) for key in keys]
        assert all(shape == shapes[0] for shape in shapes)


ANSWERS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("AB CDE九十x\x00。", max_size=4),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=8,
)
# Answers that mostly fit: the wild ones above seldom do.
LIKELY = (
    st.lists(st.sampled_from("ABCDE123456"), unique=True, max_size=6)
    | st.dictionaries(st.sampled_from("123"), st.sampled_from(["", *"ABCDE"]))
    | st.text("一\r\n \u0301\u0344eU\u3000", max_size=12)
    | st.lists(st.text("九十 \u0344\r\n", max_size=4), min_size=2, max_size=2)
)


@given(st.sampled_from(sorted(DATA)), st.sampled_from(RULES), ANSWERS | LIKELY)
def test_any_json_is_graded_between_nothing_and_everything_or_refused(kind, rule, answer):
    item = ITEMS[kind]
    shape = kinds.answer_shape(item)
    if not kinds.shape_fits(shape, answer):
        with pytest.raises(WrongShape):
            kinds.normal_answer(shape, answer)
        return
    kept = kinds.normal_answer(shape, answer)
    assert kinds.normal_answer(shape, kept) == kept
    assert json.loads(json.dumps(kept)) == kept
    result = grade(item, answer, rule)
    assert 0 <= result.fraction <= 1
    assert result.correct is (result.fraction == 1)
    assert result == grade(item, kept, rule)
    assert result.answered is (kept is not None)
    assert result.needs_person is (result.answered and kind == "short_answer")


@given(
    st.sampled_from([item for item in SELF_MARKED if item.kind in ("multiple_choice", "error_finding", "matching")]),
    st.sampled_from(RULES),
    st.data(),
)
def test_adding_a_wrong_piece_never_pays_and_leaving_out_a_right_one_neither(item, rule, data):
    key = full_answer(item)
    if isinstance(key, dict):
        given = data.draw(st.dictionaries(st.sampled_from(sorted(key)), st.sampled_from("ABCDE"), min_size=1))
        honest = {prompt: choice for prompt, choice in given.items() if choice == key[prompt]}
    else:
        given = data.draw(st.lists(st.sampled_from(kinds.answer_shape(item)["keys"]), unique=True, min_size=1))
        honest = [one for one in given if one in key]
    assert grade(item, given, rule).fraction <= grade(item, honest, rule).fraction <= grade(item, key, rule).fraction


@given(st.sets(st.sampled_from("ABCDE"), min_size=2), st.sets(st.sampled_from("ABCDE"), min_size=1))
def test_no_rule_is_kinder_than_counting_the_right_options(key, chosen):
    item = make_item("multiple_choice", key=sorted(key))
    hits = Decimal(len(key & chosen)) / len(key)
    assert all(grade(item, list(chosen), rule).fraction <= hits for rule in RULES if rule != "half_for_incomplete")
    assert (grade(item, list(chosen), "half_for_incomplete").fraction > 0) is (chosen <= key)


def test_normal_answers_have_one_form():
    def shape(kind):
        return kinds.answer_shape(ITEMS[kind])

    assert kinds.normal_answer(shape("multiple_choice"), ["D", "A"]) == ["A", "D"]
    assert kinds.normal_answer(shape("ordering"), ["D", "A"]) == ["D", "A"]
    assert kinds.normal_answer(shape("fill_blank"), [" 九十 ", "e\u0301"]) == ["九十", "é"]
    assert kinds.normal_answer(shape("true_false"), False) is False
    assert kinds.normal_answer(shape("matching"), {"3": "A", "2": "", "1": "B"}) == {"1": "B", "3": "A"}
    assert kinds.normal_answer(shape("matching"), {"2": ""}) is None
    assert kinds.normal_answer(shape("error_finding"), ["6", "2"]) == ["2", "6"]
    assert kinds.normal_answer(shape("short_answer"), " 一\r\n二\r三 ") == "一\n二\n三"
    assert kinds.normal_answer(shape("short_answer"), " " * 200) is None
    assert kinds.normal_answer(shape("fill_blank"), [" " * 200, "　"]) is None


SEEN = {
    "kind", "stem", "format", "media", "options", "blanks", "indefinite", "prompts", "reuse", "document", "max_length",
    "documents", "parts", "case", "weight",
}  # fmt: skip


def fields_in(value):
    if isinstance(value, list):
        return set().union(*map(fields_in, value))
    return set(value).union(*map(fields_in, value.values())) if isinstance(value, dict) else set()


EXTRA = [ANY_ORDER, INDEFINITE, REUSE, TOLERANT]


@pytest.mark.parametrize(
    "item", [*ITEMS.values(), *EXTRA, *(make_rich_item(kind) for kind in DATA)], ids=lambda item: item.kind
)
def test_what_a_candidate_sees_holds_no_secret(item):
    for one in (item, *expand(item)):
        seen = kinds.public(one)
        assert set(seen) <= SEEN
        assert fields_in(seen) <= SEEN | {"key", "text", "title", "name", "sha256", "type", "alt", "bytes"}
        told = json.dumps(seen, ensure_ascii=False)
        secrets = [*CANARIES, "行政处罚法", "2021-01-22", "answer.png", "b" * 64, item.id, "first_step"]
        if one.kind == "fill_blank":
            secrets += [entry for accepted in one.key for entry in accepted]
        assert not [secret for secret in secrets if secret in told]
        assert json.loads(told) == seen


@pytest.mark.parametrize("kind", DATA)
def test_every_secret_text_has_a_canary_and_the_right_answer_is_shown_by_itself(kind):
    item = ITEMS[kind]
    assert [
        one.place for one in item.passages() if one.secret and not any(word in one.words for word in CANARIES)
    ] == []
    assert kinds.right_answer(item) == (DATA[kind].get("sample") or DATA[kind].get("key"))


@pytest.mark.parametrize("kind", DATA)
def test_a_picture_of_the_stem_is_seen_and_one_of_the_explanation_is_not(kind):
    seen = kinds.public(make_rich_item(kind))
    assert seen["format"] == "markdown"
    assert [medium["name"] for medium in seen["media"]] == ["scene.png"]


@pytest.mark.parametrize(("kind", "keys"), [("single_choice", "ABCD"), ("true_false", [True, False])])
def test_what_a_candidate_sees_does_not_change_with_the_key(kind, keys):
    seen = [kinds.public(make_item(kind, key=key)) for key in keys]
    assert all(one == seen[0] for one in seen)


def test_every_kind_of_the_folder_is_registered_under_its_name():
    assert set(kinds.KINDS) == set(DATA)
    assert all(isinstance(kind, Kind) and kind.name == name for name, kind in kinds.KINDS.items())
    assert kinds.find("riddle") is None
