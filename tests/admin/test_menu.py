"""Which line of the menu is marked as the place where one is."""

import re

import pytest

from tests.attempts.factories import make_exam
from tests.conftest import NINE

MARKED = re.compile(r'<a href="([^"]+)"[^>]* aria-current="page"')


@pytest.mark.parametrize(
    ("username", "path", "marked"),
    [
        ("admin", "/people", "/people"),
        ("admin", "/people/new", "/people"),
        ("admin", "/people/roster", "/people"),
        ("admin", "/grants", "/people"),
        ("admin", "/units", "/units"),
        ("admin", "/feedback/desk", "/feedback/desk"),
        ("admin", "/feedback", None),
        ("admin", "/notices", None),
        ("admin", "/profile", None),
        ("admin", "/", None),
        ("supervisor", "/reports/hours/people", "/reports/hours"),
        ("supervisor", "/hours/people/1", "/reports/hours"),
        ("officer", "/hours", "/hours"),
        ("officer", "/exams/mine", "/exams/mine"),
        ("officer", "/practice/wrong", "/practice"),
        ("organiser", "/exams/new", "/exams"),
        ("organiser", "/competitions/new", "/competitions"),
    ],
)
def test_the_nearest_line_is_marked(as_user, city, username, path, marked):
    page = as_user(username).get(path).text
    nav = page[page.index('class="topnav-list"') :]
    found = MARKED.findall(nav[: nav.index("</ul>")])
    assert found == ([marked] if marked else [])


def test_who_both_sits_and_runs_exams_is_told_which_it_is(as_user, city, clock):
    exam = make_exam(city, NINE)
    page = as_user("organiser").get(f"/exams/{exam.exam_id}").text
    nav = page[page.index('class="topnav-list"') :]
    assert MARKED.findall(nav[: nav.index("</ul>")]) == ["/exams"]
