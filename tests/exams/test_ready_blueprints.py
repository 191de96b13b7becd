"""Ready blueprints on the page of a new exam."""

import html
import json
import re

from question_bank.kinds import KINDS
from tests.papers.factories import fill_bank


def choices(page):
    return [json.loads(html.unescape(one)) for one in re.findall(r'<option value="({[^"]+})">', page)]


def test_a_new_exam_starts_from_a_ready_blueprint(as_user):
    fill_bank(**dict.fromkeys(KINDS, 1))
    page = as_user("organiser").get("/exams/new").text
    assert "案卷评查卷（31 题，90 分钟，100 分）" in page
    ready = choices(page)
    assert len(ready) == 12
    market = next(one for one in ready if one["sections"][0]["fields"] == ["market"])
    assert (market["minutes"], market["pass_mark"], market["sections"][0]["count"]) == ("60", "60", "20")


def test_a_ready_blueprint_is_not_offered_while_the_bank_lacks_one_of_its_kinds(as_user):
    fill_bank(single_choice=1, multiple_choice=1, true_false=1)
    ready = choices(as_user("organiser").get("/exams/new").text)
    kinds = {part["kind"] for one in ready for part in one["sections"]}
    assert len(ready) == 2
    assert kinds <= {"single_choice", "multiple_choice", "true_false"}


def test_ready_blueprints_are_named_in_english_too(as_user):
    organiser = as_user("organiser")
    organiser.set_cookie("locale", "en")
    page = organiser.get("/exams/new").text
    assert "Review of case files (31 items, 90 minutes, 100 points)" in page
