"""The findings on the newer kinds, on rich text and on variants: each defect is found, and sound items have none."""

import pytest

from tests.question_bank.checking import findings, found
from tests.question_bank.samples import BASIS, DATA, make_data, make_item, make_rich_item


def bend_part(number, **changes):
    parts = make_data("case_study")["parts"]
    parts[number] |= changes
    return parts


@pytest.mark.parametrize(
    ("changes", "level", "code", "place"),
    [
        ({"parts": bend_part(0, basis=[BASIS | {"article": "87"}])}, "error", "no_such_article", "parts[0].basis[0]"),
        ({"parts": bend_part(0, stem="应选A。")}, "error", "letter_reference", "parts[0].stem"),
        ({"parts": bend_part(0, explanation="")}, "warning", "no_explanation", "parts[0].explanation"),
        (
            {"parts": bend_part(0, explanation="见第八十六条。")},
            "warning",
            "article_not_in_basis",
            "parts[0].explanation",
        ),
        ({"parts": bend_part(0, basis=[]), "basis": []}, "error", "no_basis", "parts[0].basis"),
        ({"parts": bend_part(2, sample="长" * 1001)}, "error", "sample_too_long", "parts[2].sample"),
        ({"documents": [{"title": "笔录", "text": "故选B。"}]}, "error", "letter_reference", "documents[0].text"),
    ],
)
def test_the_parts_of_a_case_are_looked_at_like_items(changes, level, code, place):
    told = {(finding.level, finding.code, finding.place) for finding in findings(make_item("case_study", **changes))}
    assert (level, code, place) in told


def test_a_case_may_leave_its_basis_and_explanation_to_its_parts():
    parts = [part | {"basis": [BASIS], "explanation": "见条文。"} for part in make_data("case_study")["parts"]]
    assert found(make_item("case_study", basis=[], explanation="", parts=parts)) == set()
    assert found(make_item("case_study", explanation="见第三十六条第二款。")) == set()


def test_a_letter_in_any_text_of_a_question_is_found_but_not_in_a_document():
    prompts = [row | {"note": "应当选择C。"} for row in DATA["matching"]["prompts"]]
    assert ("error", "letter_reference") in found(make_item("matching", prompts=prompts))
    assert ("error", "letter_reference") in found(make_item("short_answer", sample="正确选C。"))
    document = [{"text": "附件：选项A、选项B。"}, *DATA["error_finding"]["document"]]
    assert found(make_item("error_finding", document=document)) == set()


def test_columns_that_stand_in_the_order_of_the_key_are_a_warning():
    assert found(make_item("matching", key={"1": "A", "2": "B", "3": "C"})) == {("warning", "columns_in_order")}


def test_prompts_that_say_the_same_are_an_error():
    prompts = [row | {"text": "缴纳罚款"} for row in DATA["matching"]["prompts"]]
    assert found(make_item("matching", prompts=prompts)) == {("error", "prompt_twice")}


@pytest.mark.parametrize(("length", "wrong"), [(300, False), (301, True)])
def test_a_sample_longer_than_an_answer_may_be_is_an_error(length, wrong):
    assert (("error", "sample_too_long") in found(make_item("short_answer", sample="字" * length))) is wrong


@pytest.mark.parametrize("kind", DATA)
def test_a_rich_item_has_no_findings_but_its_absent_enemies_and_variants(kind):
    told = found(make_rich_item(kind))
    assert told == {("error", "unknown_enemy"), ("warning", "lonely_variant")}


@pytest.mark.parametrize("words", ["<p>甲</p>", "甲<br/>", "&nbsp;甲", '<span style="x">甲', "&#160;甲"])
def test_html_left_in_markdown_is_a_warning(words):
    assert ("warning", "html_in_markdown") in found(make_item(stem=words, format="markdown"))
    assert ("warning", "html_in_markdown") not in found(make_item(stem=words))


@pytest.mark.parametrize("words", ["不足<5%", "a < b > c", "甲&乙", "A&B;"])
def test_signs_that_are_no_html_are_none(words):
    assert ("warning", "html_in_markdown") not in found(make_item(stem=words, format="markdown"))


def test_a_medium_that_is_shown_nowhere_is_a_warning():
    assert ("warning", "unused_medium") in found(make_rich_item(explanation="没有图。"))
    assert ("warning", "unused_medium") not in found(make_rich_item())
    parts = bend_part(0, explanation="![](media:answer.png)")
    assert ("warning", "unused_medium") not in found(make_rich_item("case_study", explanation="见小题。", parts=parts))


def test_an_enemy_must_be_in_the_bank():
    one, two = make_item(id="penalty-law-0001", enemies=["penalty-law-0003"]), make_item("true_false")
    assert ("error", "unknown_enemy") in found(one)
    assert ("error", "unknown_enemy") not in found(one, two)


def test_variants_may_be_alike_and_share_a_stem_but_not_be_the_same():
    stem = "违法行为在二年内未被发现的，不再给予行政处罚，法律另有规定的除外"
    variants = [
        make_item("true_false", id=f"penalty-law-000{n}", stem=stem + end, variant_group="two_years")
        for n, end in ((1, "。"), (2, "情形。"))
    ]
    assert found(*variants) == set()
    assert ("error", "duplicate_item") in found(variants[0], make_item("true_false", stem=variants[0].stem))
    assert found(variants[0], make_item(id="penalty-law-0005")) == {("warning", "lonely_variant")}


def test_documents_with_faults_may_share_their_instruction_but_not_everything():
    other = [
        {"text": "送达回证\n"},
        *(row | {"text": f"另一份的{n}。"} for n, row in enumerate(DATA["error_finding"]["document"])),
    ]
    one, two = make_item("error_finding"), make_item("error_finding", id="penalty-law-0017", document=other)
    assert found(one, two) == set()
    assert ("error", "duplicate_item") in found(one, make_item("error_finding", id="penalty-law-0017"))
