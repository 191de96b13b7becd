"""Who may pass an item's text on to where."""

import pytest

from trainer.bank.rules import Work, may_review, may_submit, needs_second_person, works_on


@pytest.mark.parametrize(
    ("state", "proposed", "works"),
    [
        ("draft", None, "draft"),
        ("in_review", None, "in_review"),
        ("published", None, None),
        ("published", "in_review", "in_review"),
        ("retired", "draft", "draft"),
        ("quarantined", "draft", "draft"),
    ],
)
def test_work_goes_on_in_the_item_until_it_is_published_and_beside_it_afterwards(state, proposed, works):
    assert works_on(state, proposed) == works


def test_only_a_draft_is_submitted():
    assert [may_submit(Work(state)) for state in ("draft", "in_review", None)] == [True, False, False]


@pytest.mark.parametrize(
    ("state", "reviewer", "may"),
    [("in_review", 3, True), ("in_review", 1, False), ("in_review", 2, False), ("draft", 3, False), (None, 3, False)],
)
def test_nobody_who_wrote_on_a_text_reviews_it(state, reviewer, may):
    assert may_review(Work(state, frozenset({1, 2})), reviewer) is may


@pytest.mark.parametrize(
    ("is_first", "changes_key", "needed"),
    [(True, False, True), (True, True, True), (False, True, True), (False, False, False)],
)
def test_a_first_text_and_a_change_of_key_take_a_second_person(is_first, changes_key, needed):
    work = Work("in_review", frozenset({1}), is_first=is_first, changes_key=changes_key)
    assert needs_second_person(work) is needed
