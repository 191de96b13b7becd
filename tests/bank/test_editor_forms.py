"""What the editor sends becomes the JSON form of an item."""

from datetime import date

import pytest
from werkzeug.datastructures import MultiDict

from question_bank import Item
from tests.question_bank.samples import DATA, make_item
from trainer.bank.editor_forms import FIRST_ROWS, Laws, new_data, padded, read_data

TODAY = date(2026, 11, 27)


def inputs_of(data, before=""):
    """Return the inputs of the editor for JSON data, as its template names them."""
    found = MultiDict()
    kind = data["kind"]
    letters = [row["key"] for row in data.get("options", ())]
    for name, value in data.items():
        if name in ("id", "wing", "media", "key", "tolerance"):
            continue
        if name in ("fields",):
            found.setlist(before + name, value)
        elif name == "enemies":
            found.update({f"{before}enemies[{number}]": code for number, code in enumerate(value)})
        elif isinstance(value, list) and name != "tags":
            for number, row in enumerate(value):
                place = f"{before}{name}[{number}]"
                if name == "parts":
                    found.update(inputs_of(row, f"{place}."))
                else:
                    found.update({f"{place}.{one}": "" if text is None else text for one, text in row.items()})
        else:
            found[before + name] = "、".join(value) if name == "tags" else value
    key = data.get("key")
    if kind == "single_choice":
        found[before + "key"] = letters.index(key)
    elif kind == "multiple_choice":
        found.setlist(before + "key", [str(letters.index(one)) for one in key])
    elif kind == "true_false":
        found[before + "key"] = "true" if key else "false"
    elif kind == "ordering":
        found.update({f"{before}options[{n}].place": key.index(one) + 1 for n, one in enumerate(letters)})
    elif kind == "matching":
        found.update({f"{before}prompts[{int(one) - 1}].answer": letters.index(two) for one, two in key.items()})
    elif kind == "fill_blank":
        found.update({f"{before}blanks[{n}].accepted": "\n".join(one) for n, one in enumerate(key)})
        for n, one in enumerate(data.get("tolerance", ())):
            found[f"{before}blanks[{n}].tolerance"] = one or ""
    elif kind == "error_finding":
        for n, row in enumerate(data["document"]):
            if "key" in row:
                found[f"{before}document[{n}].mark"] = "faulty" if row["key"] in key else "sound"
    return MultiDict((name, str(one)) for name, values in found.lists() for one in values)


@pytest.mark.parametrize("kind", sorted(DATA))
def test_every_kind_comes_back_as_it_was(kind):
    item = make_item(kind, pool="reserved", tags=["决赛", "程序"], source="自编", variant_group="first_step")
    data = item.to_dict()
    sent = read_data(inputs_of(data), data, Laws(TODAY))
    assert Item.from_dict(sent | {"id": item.id}) == item


def test_enemies_are_sent_and_what_the_editor_does_not_offer_is_kept():
    data = make_item(enemies=["penalty-law-0801", "penalty-law-0802"]).to_dict()
    sent = inputs_of(data)
    assert read_data(sent, data, Laws(TODAY))["enemies"] == ["penalty-law-0801", "penalty-law-0802"]
    assert read_data(sent, {"media": [1]}, Laws(TODAY))["media"] == [1]
    sent["enemies[0]"] = " "
    assert read_data(sent, data, Laws(TODAY))["enemies"] == ["penalty-law-0802"]


def test_empty_rows_are_left_out_and_letters_close_up():
    form = MultiDict({"kind": "single_choice", "stem": " 选（　　）。\r\n第二行 ", "key": "3"})
    form.update({"options[0].text": "甲", "options[2].text": "", "options[3].text": "丁"})
    data = read_data(form, {}, Laws(TODAY))
    assert data["stem"] == "选（　　）。\n第二行"
    assert data["options"] == [{"key": "A", "text": "甲"}, {"key": "B", "text": "丁"}]
    assert (data["key"], data["fields"], data["wing"]) == ("B", ["general"], "")


@pytest.mark.parametrize(
    ("typed", "article"),
    [("36", "36"), ("第三十六条", "36"), ("第一百二十条之一", "120-1"), ("", "")],
)
def test_a_citation_takes_the_version_in_force_and_articles_as_people_write_them(typed, article):
    form = MultiDict([("basis[0].law", "《行政处罚法》"), ("basis[0].article", typed), ("basis[0].paragraph", "1")])
    wanted = {"law": "行政处罚法", "version": "2021-01-22", "article": article, "paragraph": 1, "item": None}
    assert read_data(form, {}, Laws(TODAY))["basis"] == [wanted]


def test_a_law_that_is_loaded_beside_the_register_is_cited_in_its_version_in_force():
    laws = Laws(TODAY, {"集市办法": ("集市办法", "2024-01-15")})
    form = MultiDict([("basis[0].law", "《集市办法》"), ("basis[0].article", "3")])
    wanted = {"law": "集市办法", "version": "2024-01-15", "article": "3", "paragraph": None, "item": None}
    assert read_data(form, {}, laws)["basis"] == [wanted]
    assert read_data(form, {}, Laws(TODAY))["basis"] == [wanted | {"version": ""}]


def test_a_part_for_which_another_kind_was_chosen_stays_to_be_written():
    form = MultiDict({"kind": "case_study", "stem": "案情。", "parts[0].kind": "true_false", "parts[1].kind": ""})
    assert [part["kind"] for part in read_data(form, {}, Laws(TODAY))["parts"]] == ["true_false"]


@pytest.mark.parametrize(
    "name", ["options", "options[0]", "a" * 3000, "parts[0].parts[0].parts[0].stem", "stem[999]", "__class__", "[0]"]
)
def test_strange_inputs_do_no_harm(name):
    data = read_data(
        MultiDict([("kind", "case_study"), (name, "x"), ("options[0].text", "y"), ("stem", "z")]), {}, Laws(TODAY)
    )
    assert data["kind"] == "case_study"
    assert padded(data, name)["parts"]


@pytest.mark.parametrize("kind", sorted(DATA))
def test_a_new_item_begins_with_rows_to_write_in(kind):
    data = padded(new_data(kind), "basis")
    assert {name: len(data[name]) for name in FIRST_ROWS.get(kind, {})} == FIRST_ROWS.get(kind, {})
    assert len(data["basis"]) == 2


def test_a_row_more_goes_where_it_was_asked_for():
    data = make_item("case_study").to_dict()
    assert len(padded(data, "parts")["parts"]) == 4
    assert len(padded(data, "parts[1].options")["parts"][1]["options"]) == 5
    assert len(padded(data, "parts[1].basis")["parts"][1]["basis"]) == 2
    assert padded(data, "parts[9].basis") == padded(data)
