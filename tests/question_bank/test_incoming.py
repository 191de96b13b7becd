"""Questions of a file against a bank."""

import time

from question_bank.formats.report import Found, Place
from question_bank.incoming import Holdings, compared, completed, near_doubles, with_near
from tests.question_bank.samples import make_data, make_item

DEFAULTS = {"wing": "legal_theory", "topic": "penalty_law", "fields": ["general"], "difficulty": 3, "level": "recall"}
FILING = ("id", "wing", "topic", "fields", "difficulty", "level", "pool", "basis", "tags", "source", "variant_group")


def found(data):
    return Found(Place(), {name: value for name, value in data.items() if name not in FILING})


def bank(*items):
    held = Holdings()
    for item in items:
        held.add(item.id, item.content_hash(), item.to_dict())
    return held


def outcomes(rows, held):
    return [(one.outcome, one.other or one.row) for one in compared(completed(rows, DEFAULTS), held)]


def test_a_question_that_was_filed_and_explained_here_comes_again_without_a_change():
    item = make_item(difficulty=5, explanation="在这里写的解析。", tags=["重点"])
    row = found(item.to_dict() | {"explanation": ""})
    assert outcomes([row], bank(item)) == [("unchanged", item.id)]


def test_another_key_makes_it_another_text_of_the_same_question():
    item = make_item()
    other = "A" if item.key != "A" else "B"
    verdict = compared(completed([found(make_data(key=other))], DEFAULTS), bank(item))[0]
    assert (verdict.outcome, verdict.other, verdict.key) == ("again", item.id, True)
    assert verdict.differs == ("key",)
    assert (verdict.merged.topic, verdict.merged.basis, verdict.merged.key) == (item.topic, item.basis, other)


def test_the_same_stem_with_other_options_is_only_likely_the_same():
    options = [{"key": letter, "text": f"其他{letter}"} for letter in "ABCD"]
    assert outcomes([found(make_data(options=options))], bank(make_item())) == [("same_stem", make_item().id)]


def test_a_question_twice_in_the_file_is_told_with_its_first_place():
    assert outcomes([found(make_data()), found(make_data())], bank()) == [("new", 0), ("twice", 1)]


def test_a_file_with_our_ids_is_taken_at_its_word():
    item = make_item(tags=["重点"])
    row = Found(Place(), {name: value for name, value in make_data().items() if name != "tags"})
    verdict = compared(completed([row], DEFAULTS), bank(item))[0]
    assert (verdict.outcome, verdict.merged.tags) == ("again", ())


def test_pictures_that_are_nowhere_keep_a_question_out():
    from tests.question_bank.samples import make_rich_item

    item = make_rich_item()
    row = Found(Place(), item.to_dict())
    assert [one.code for one in completed([row], {})[0].problems] == ["medium_not_here"] * len(item.media)
    assert completed([row], {}, media=[one.sha256 for one in item.media])[0].item == item


def test_words_much_alike_are_found_in_bank_and_file():
    stem = "行政机关在作出责令停产停业的行政处罚决定之前，应当告知当事人有要求举行听证的权利（　　）。"
    held = bank(make_item(stem=stem))
    rows = [found(make_data(stem=stem.replace("停产停业", "停业整顿"))), found(make_data(stem=f"{stem}请选择"))]
    near = [one.near for one in with_near(compared(completed(rows, DEFAULTS), held), held)]
    assert near[0][0] == "penalty-law-0001"
    assert 2 in near[0]
    assert 1 in near[1]


def test_a_file_in_which_all_is_alike_takes_no_time():
    rows = {f"row-{n}": make_item(id=f"q-{n}", stem=f"第{n}题：行政机关应当依法（　　）。") for n in range(3000)}
    began = time.process_time()
    near_doubles(rows, {})
    assert time.process_time() - began < 10
