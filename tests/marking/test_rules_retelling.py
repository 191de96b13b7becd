"""What may still be told of an item with its old words after its key has changed."""

import pytest

from tests.attempts.factories import item
from tests.question_bank.samples import make_item
from trainer.marking.rules.regrade import Remedy, ruling
from trainer.marking.rules.retelling import without_old_notes


def noted(one, *remedies):
    told = without_old_notes(one, ruling(one, remedies))
    return "".join(option.key for option in told.options if option.note)


@pytest.mark.parametrize(
    ("kind", "remedies", "left"),
    [
        ("single_choice", [Remedy("change_key", "C")], "AD"),
        ("single_choice", [Remedy("also_accept", "C")], "ABD"),
        ("single_choice", [Remedy("change_key", "C"), Remedy("change_key", "B")], "ABCD"),
        ("single_choice", [Remedy("change_key", "C"), Remedy("full_marks")], "AD"),
        ("single_choice", [Remedy("drop")], "ABCD"),
        ("multiple_choice", [Remedy("change_key", ["A", "B"])], "AD"),
        ("multiple_choice", [Remedy("also_accept", ["A", "B"])], "ACD"),
        ("ordering", [Remedy("change_key", ["C", "A", "B", "D"])], "AC"),
        ("ordering", [Remedy("also_accept", ["C", "A", "B", "D"])], "ABCD"),
    ],
)
def test_a_note_goes_where_its_option_counts_otherwise_than_it_says(kind, remedies, left):
    assert noted(item(kind, 1), *remedies) == left


def test_notes_of_prompts_and_of_places_in_a_document_go_in_the_same_way():
    matching = make_item("matching")
    told = without_old_notes(matching, ruling(matching, [Remedy("change_key", {"1": "B", "2": "A", "3": "E"})]))
    assert [bool(one.get("note")) for one in told.settings["prompts"]] == [False, True, True]
    assert all(one["note"] for one in matching.settings["prompts"])
    finding = make_item("error_finding")
    sound = next(one["key"] for one in finding.settings["document"] if one.get("key") not in (None, *finding.key))
    told = without_old_notes(finding, ruling(finding, [Remedy("change_key", [sound])]))
    assert not any(one.get("note") for one in told.settings["document"] if one.get("key") in (*finding.key, sound))
