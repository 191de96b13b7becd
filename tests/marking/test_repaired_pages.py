"""What the pages tell once a repair has been carried out: scores, notes, measures, sections."""

import re
from decimal import Decimal

from tests.attempts.factories import make_drawn_exam
from tests.conftest import NINE
from tests.marking.factories import AFTER, HOUR, make_judged, remark, repair, sit
from tests.question_bank.samples import make_item
from trainer.papers.rules.blueprint import SectionSpec


def test_a_signed_repair_lists_the_score_before_and_after_it_whatever_came_later(city, as_user, exam, attempt):
    first = repair(city, exam.exam_id, 1, "change_key", "C")
    second = repair(city, exam.exam_id, 2, "change_key", ["A", "B"], now=AFTER + HOUR)
    organiser = as_user("organiser")

    def row(repair_id):
        page = organiser.get(f"/repairs/{repair_id}").text
        cells = re.findall(r'class="num">([^<]*) ?(?:<span class="cell-note">([^<]*)</span>)?</td>', page)
        return [(one.strip(), note) for one, note in cells]

    assert row(first) == [("8", ""), ("10", "+2")]
    assert row(second) == [("10", ""), ("8", "−2")]


def test_a_changed_key_takes_contradicting_notes_along_and_says_that_the_explanation_is_older(
    city, as_user, exam, attempt
):
    officer = as_user("officer")
    address = f"/attempts/{attempt}/result"
    before = officer.get(address).text
    assert "解析写于更正之前" not in before
    repair(city, exam.exam_id, 1, "change_key", "C", reason="第三十六条已经修改")
    repair(city, exam.exam_id, 3, "full_marks")
    page = officer.get(address).text
    assert page.count("解析写于更正之前") == 1
    first = page[page.index('id="item-1"') : page.index('id="item-2"')]
    assert "第三十六条已经修改" in first
    assert [f"说明{key}" in first for key in "ABCD"] == [True, False, False, True]
    document = officer.get(f"/api/v1/attempts/{attempt}/result").json["items"]
    assert [one["repair"] and one["repair"]["explains_old_key"] for one in document[:3]] == [True, None, False]
    assert [bool(one["note"]) for one in document[0]["options"]] == [True, False, False, True]


def test_a_judgement_and_a_dropped_item_are_told_in_one_measure(city, as_user, clock):
    waiting = make_judged(city)
    own = waiting.attempts["officer"]
    remark(city, waiting.exam_id, own, "4", "1")
    clock(AFTER)
    officer = as_user("officer")
    told = officer.get(f"/attempts/{own}/result").text
    assert ("由 3 分改为 5 分" in told, "卷面满分" in told) == (True, False)
    repair(city, waiting.exam_id, 1, "drop", now=AFTER + HOUR)
    told = officer.get(f"/attempts/{own}/result").text
    assert "由 3 分改为 5 分，按卷面满分 6 分计" in told
    assert "本题满分现为 8 分，按同样的比例计 6.67 分" in told


def test_a_judgement_after_a_dropped_item_tells_what_a_marker_gave(city, as_user, clock):
    waiting = make_judged(city)
    own = waiting.attempts["officer"]
    repair(city, waiting.exam_id, 1, "drop")
    remark(city, waiting.exam_id, own, "4", "1", now=AFTER + HOUR)
    clock(AFTER + HOUR)
    officer = as_user("officer")
    told = officer.get(f"/attempts/{own}/result").text
    assert "由 3 分改为 5 分，按卷面满分 6 分计" in told
    assert "本题满分现为 8 分，按同样的比例计 6.67 分" in told
    anew = officer.get(f"/api/v1/attempts/{own}/result").json["items"][1]["remark"]
    assert (anew["before"], anew["points"], anew["announced_points"]) == ("3.00", "5.00", "6.00")


def test_a_section_of_which_nothing_counts_says_so(city, as_user, clock):
    items = [
        make_item("true_false", id="section-true-false-0001"),
        make_item("single_choice", id="section-single-choice-0001"),
    ]
    sections = [
        SectionSpec("判断", "true_false", 1, Decimal(2), item_ids=(items[0].id,)),
        SectionSpec("单选", "single_choice", 1, Decimal(4), item_ids=(items[1].id,)),
    ]
    exam = make_drawn_exam(city, NINE, items, *sections)
    own = sit(city, exam.exam_id, "officer", {1: True, 2: "B"})
    clock(AFTER)
    repair(city, exam.exam_id, 1, "drop")
    told = as_user("officer").get(f"/attempts/{own}/result").text
    assert ("题目已作废，不计分" in told, "0/0" in told, "0 / 0" in told) == (True, False, False)
