"""Content files: fixed order, canonical form, whole banks in one file."""

import json
from datetime import date

import pytest

from question_bank import Item, load, store
from question_bank.store import Bank, InvalidBank
from question_bank.topics import CONTENT
from tests.question_bank.samples import DATA, make_data, make_item, make_rich_item


def put(folder, file, *entries):
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"items": list(entries)}, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path):
    put(
        tmp_path,
        "procedures/hearing/b.json",
        make_data(id="hearing-0001", wing="procedures", topic="hearing"),
    )
    put(tmp_path, "legal_theory/penalty_law/b.json", make_data(id="penalty-law-0003"))
    put(
        tmp_path,
        "legal_theory/penalty_law/a.json",
        make_data(id="penalty-law-0009"),
        make_data(id="penalty-law-0002"),
    )
    put(tmp_path, "legal_theory/rule_of_law_thought/a.json", make_data(id="rule-of-law-thought-0001"))
    (tmp_path / "topics.json").write_text("{}", encoding="utf-8")
    (tmp_path / "checks.json").write_text('{"checks": []}', encoding="utf-8")
    (tmp_path / "laws").mkdir()
    (tmp_path / "laws" / "x.json").write_text("no json", encoding="utf-8")
    return tmp_path


def test_items_come_in_the_order_of_taxonomy_file_and_place(folder):
    assert [item.id for item in load(folder)] == [
        "rule-of-law-thought-0001",
        "penalty-law-0009",
        "penalty-law-0002",
        "penalty-law-0003",
        "hearing-0001",
    ]


def test_an_item_is_found_with_its_file(folder):
    bank = load(folder)
    assert bank.get("hearing-0001").topic == "hearing"
    assert bank.file_of("hearing-0001") == "procedures/hearing/b.json"
    with pytest.raises(KeyError):
        bank.get("hearing-9999")


def test_an_empty_folder_is_an_empty_bank(tmp_path):
    assert len(load(tmp_path)) == 0


def test_every_fault_of_every_file_is_told_at_once(folder):
    put(folder, "procedures/hearing/c.json", make_data(id="hearing-0002", key="Z"), make_data(id=5))
    (folder / "procedures/hearing/d.json").write_bytes(b"\xff\xfe")
    (folder / "procedures/hearing/e.json").write_text("[]", encoding="utf-8")
    put(folder, "procedures/hearing/f.json", make_data(id="hearing-0001"))
    with pytest.raises(InvalidBank) as caught:
        load(folder)
    assert {(fault.file[-6:], fault.item, fault.problem.code) for fault in caught.value.faults} == {
        ("c.json", "hearing-0002", "unknown_key"),
        ("c.json", "#2", "bad_id"),
        ("d.json", "", "not_json"),
        ("e.json", "", "not_a_content_file"),
        ("f.json", "hearing-0001", "duplicate_id"),
    }
    bank, faults = store.read(folder)
    assert len(bank) == 6  # an id used twice is no fault of one file
    assert len(faults) == 4


def test_format_sorts_and_lays_out_and_finds_nothing_the_second_time(folder):
    changed = store.format_files(folder)
    assert "legal_theory/penalty_law/a.json" in changed
    assert len(changed) == 4
    assert [item.id for item in load(folder)][1:3] == ["penalty-law-0002", "penalty-law-0009"]
    assert store.format_files(folder) == []


def test_format_keeps_the_content(folder):
    before = {item.id: item for item in load(folder)}
    store.format_files(folder)
    assert {item.id: item for item in load(folder)} == before


def test_format_can_look_without_touching(folder):
    path = folder / "procedures/hearing/b.json"
    before = path.read_bytes()
    assert len(store.format_files(folder, write=False)) == 4
    assert path.read_bytes() == before


def test_format_leaves_a_file_with_a_fault_alone(folder):
    path = put(
        folder,
        "procedures/hearing/c.json",
        make_data(id="hearing-0002"),
        make_data(id="hearing-0003", key="Z"),
    )
    before = path.read_bytes()
    assert "procedures/hearing/c.json" not in store.format_files(folder)
    assert path.read_bytes() == before


def test_the_canonical_form_has_a_line_for_each_field_and_option():
    content = store.to_json([make_item()])
    assert json.loads(content) == {"items": [make_data()]}
    lines = content.splitlines()
    assert sum(line.startswith('        {"key": ') for line in lines) == 4
    assert '      "fields": ["general"],' in lines
    assert content.endswith("}\n")
    assert "\\u" not in content


def test_objects_have_a_line_each_and_the_parts_of_a_case_are_laid_out_like_items():
    lines = store.to_json([make_item("matching"), make_item("case_study")]).splitlines()
    assert sum(line.startswith('        {"key": "1", "text": ') for line in lines) == 1
    assert '          "kind": "true_false",' in lines
    assert '            {"key": "A", "text": "立案", "note": "第0个说明。canary-note-7f3a"},' in lines
    assert '        {"title": "现场笔录", "text": "执法人员出示了证件。"}' in lines


@pytest.mark.parametrize("kind", DATA)
def test_the_canonical_form_is_read_back_and_stays(kind):
    content = store.to_json([make_item(kind), make_rich_item(kind, id="penalty-law-0999")])
    items = [Item.from_dict(entry) for entry in json.loads(content)["items"]]
    assert items == [make_item(kind), make_rich_item(kind, id="penalty-law-0999")]
    assert store.to_json(items) == content


def test_the_shipped_files_are_in_canonical_form():
    assert store.format_files(write=False) == []


def test_no_items_have_a_canonical_form_too():
    assert json.loads(store.to_json([])) == {"items": []}


def test_a_bank_goes_into_one_file_and_back(folder):
    bank = load(folder)
    again = store.from_bundle(store.to_bundle(bank))
    assert again == bank
    assert again.file_of("hearing-0001") == bank.file_of("hearing-0001")


def test_a_written_bank_is_read_back(folder, tmp_path_factory):
    bank = load(folder)
    store.format_files(folder)
    target = tmp_path_factory.mktemp("other")
    assert len(store.write(bank, target)) == 4
    assert load(target) == load(folder)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"format": "question_bank", "version": 2, "files": []}',
        '{"format": "question_bank", "version": 1, "files": {}}',
        '{"format": "question_bank", "version": 1, "files": [{"path": "../../x.json", "items": []}]}',
        '{"format": "question_bank", "version": 1, "files": [{"path": "/a/x.json", "items": []}]}',
        '{"format": "question_bank", "version": 1, "files": [{"path": "a/b/c.txt", "items": []}]}',
        '{"format": "question_bank", "version": 1, "files": [{"path": "a/b/c.json", "items": [{}]}]}',
        '{"format": "question_bank", "version": 1, "files": [3]}',
    ],
)
def test_a_bundle_of_another_form_is_refused(content):
    with pytest.raises(InvalidBank):
        store.from_bundle(content)


def test_a_bank_of_every_kind_survives_a_bundle():
    bank = Bank.of((make_item(kind), "legal_theory/penalty_law/a.json") for kind in DATA)
    assert store.from_bundle(store.to_bundle(bank)) == bank


def test_the_record_of_checks_is_sorted_and_names_items_of_the_bank():
    checks = json.loads((CONTENT / "checks.json").read_text(encoding="utf-8"))["checks"]
    named = [check["item"] for check in checks]
    assert named == sorted(set(named))
    assert set(named) <= {item.id for item in load()}
    assert {check["outcome"] for check in checks} <= {"confirmed", "mended"}
    assert all(check["against"] and date.fromisoformat(check["checked_on"]) for check in checks)
