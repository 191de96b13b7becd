"""The register of laws: which text is in force, which articles there are, how it is made from texts."""

import json
import re
from datetime import date

import pytest

from question_bank import laws
from question_bank.laws import Law, Register, Version, fingerprint, items_by_paragraph

DAY = date(2026, 11, 23)

OLD = Version("2010-03-01", in_force_from=date(2010, 5, 1), repealed_on=date(2020, 1, 1), articles={"1": "a"})
NEW = Version("2019-11-05", in_force_from=date(2020, 1, 1), articles={"1": "b", "2": "c", "2-1": "d"})
REGISTER = Register([Law("养犬法", "中华人民共和国养犬法", "law", (OLD, NEW))])


@pytest.mark.parametrize(
    "name", ["养犬法", "中华人民共和国养犬法", "《养犬法》", "《中华人民共和国养犬法》", " 养犬法 "]
)
def test_a_law_is_found_by_each_of_its_names(name):
    assert REGISTER.find(name).short_title == "养犬法"


@pytest.mark.parametrize("name", ["", "养猫法", "养犬"])
def test_an_unknown_law_is_not_found(name):
    assert REGISTER.find(name) is None
    assert not REGISTER.article_exists(name, "1")
    assert REGISTER.text_in_force(name, DAY) is None


@pytest.mark.parametrize(
    ("article", "version", "there"),
    [
        ("1", None, True),
        ("2", None, True),
        ("2-1", None, True),
        ("3", None, False),
        ("2", "2010-03-01", False),
        ("1", "2010-03-01", True),
        ("1", "2015-01-01", False),
    ],
)
def test_an_article_exists_in_a_version(article, version, there):
    assert REGISTER.article_exists("养犬法", article, version) is there


@pytest.mark.parametrize(
    ("day", "version"),
    [
        (date(2010, 4, 30), None),
        (date(2010, 5, 1), "2010-03-01"),
        (date(2019, 12, 31), "2010-03-01"),
        (date(2020, 1, 1), "2019-11-05"),
        (DAY, "2019-11-05"),
    ],
)
def test_one_text_is_in_force_on_a_day(day, version):
    found = REGISTER.text_in_force("养犬法", day)
    assert (found.version if found else None) == version


@pytest.mark.parametrize(
    ("version", "day", "holds"),
    [
        (Version("2012-10-26"), date(2012, 10, 25), False),
        (Version("2012-10-26"), date(2012, 10, 26), True),
        (Version("2012-10-26", in_force=False), DAY, False),
        (Version("2012-10-26", in_force=False, repealed_on=date(2026, 1, 1)), date(2025, 12, 31), True),
        (Version("2012-10-26", in_force=False, repealed_on=date(2026, 1, 1)), date(2026, 1, 1), False),
    ],
)
def test_a_version_without_a_stated_start_holds_from_its_date(version, day, holds):
    assert version.holds_on(day) is holds


def test_a_fingerprint_ignores_space_width_and_punctuation_and_nothing_else():
    one = fingerprint("违法行为在二年内未被发现的，不再给予行政处罚。")
    assert re.fullmatch("[0-9a-f]{16}", one)
    assert fingerprint("违法行为在二年内未被发现的,\n 不再给予行政处罚.") == one
    assert fingerprint("违法行为在三年内未被发现的，不再给予行政处罚。") != one


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        ("一款。", (0,)),
        ("一款。\n二款。", (0, 0)),
        ("有下列情形的：\n（一）甲；\n（二）乙。", (2,)),
        ("一款。\n有下列情形的：\n（一）甲：\n1.子目；\n2.子目；\n（十）乙。\n末款。", (0, 2, 0)),
        ("行使下列职权：\n甲，\n乙；\n丙。\n末款。", (0, 0)),
    ],
)
def test_paragraphs_and_items_are_counted(body, shape):
    assert items_by_paragraph(body) == shape


@pytest.mark.parametrize(
    ("closing", "version", "status", "start"),
    [
        ("本法自2021年7月15日起施行。", "2021-01-22", "", date(2021, 7, 15)),
        ("本法自2021年1月22日起施行。", "2021-01-22", "", date(2021, 1, 22)),
        ("本法自1996年10月1日起施行。", "2021-01-22", "", None),
        ("本规定自公布之日起施行。", "2022-03-01", "2022年3月1日 令第52号公布", date(2022, 3, 1)),
        ("本规定自公布之日起施行。", "2022-03-01", "2022年3月1日 修订 公布", None),
        ("解释权在本局。", "2021-01-22", "", None),
    ],
)
def test_the_start_is_what_the_text_states_of_this_version(closing, version, status, start):
    assert laws.stated_start(["第一条的内容。", closing], version, status) == start


TEXT = {
    "title": "中华人民共和国养犬法",
    "short_title": "养犬法",
    "version_date": "2019-11-05",
    "status_note": "版本 2019-11-05（常务委员会第一次会议修订）。",
    "articles": [
        {"number": 1, "label": "第一条", "chapter": "", "text": "有下列情形的：\n（一）甲；\n（二）乙。"},
        {"number": "1-1", "label": "第一条之一", "chapter": "", "text": "牵引犬只。"},
        {"number": 2, "label": "第二条", "chapter": "", "text": "本法自2020年1月1日起施行。"},
    ],
}


def write_text(folder, **changes):
    folder.mkdir(exist_ok=True)
    (folder / "养犬法.json").write_text(json.dumps(TEXT | changes, ensure_ascii=False), encoding="utf-8")
    return folder


def test_the_register_is_made_from_texts_and_holds_none_of_them(tmp_path):
    texts, into = write_text(tmp_path / "texts"), tmp_path / "laws"
    assert laws.build(texts, into, source="公报") == 1
    entry = laws.load_register(into).find("养犬法").versions[0]
    assert (entry.version, entry.in_force, entry.in_force_from) == ("2019-11-05", True, date(2020, 1, 1))
    assert set(entry.articles) == {"1", "1-1", "2"}
    assert entry.items_by_paragraph("1") == (2,)
    assert entry.items_by_paragraph("1-1") == (0,)
    content = (into / "养犬法.json").read_text(encoding="utf-8")
    assert "牵引犬只" not in content
    assert '"source_note": "公报"' in content


def test_a_second_run_changes_nothing_and_keeps_the_source(tmp_path):
    texts, into = write_text(tmp_path / "texts"), tmp_path / "laws"
    laws.build(texts, into, source="公报")
    first = (into / "养犬法.json").read_bytes()
    laws.build(texts, into)
    assert (into / "养犬法.json").read_bytes() == first


def test_a_new_version_stands_beside_the_old_one(tmp_path):
    texts, into = write_text(tmp_path / "texts"), tmp_path / "laws"
    laws.build(texts, into)
    laws.build(write_text(texts, version_date="2025-06-01"), into)
    assert [entry.version for entry in laws.load_register(into).find("养犬法").versions] == [
        "2019-11-05",
        "2025-06-01",
    ]


@pytest.mark.parametrize(
    ("status", "until"),
    [
        ("【非现行文本】2025年6月27日修订、2026年1月1日起施行；快照只有旧文本。", date(2026, 1, 1)),
        ("【非现行文本】法典2026年3月12日通过、2026年8月15日起施行（须核对附则）。", None),
        ("【非现行文本】据记忆2020年8月6日另有修正。", None),
    ],
)
def test_a_superseded_text_is_marked(tmp_path, status, until):
    laws.build(write_text(tmp_path / "texts", status_note=status), tmp_path / "laws")
    entry = laws.load_register(tmp_path / "laws").find("养犬法").versions[0]
    assert (entry.in_force, entry.repealed_on) == (False, until)
    assert entry.note
    assert "快照" not in entry.note
    assert not entry.holds_on(DAY)


def test_only_the_wanted_laws_are_written(tmp_path):
    texts = write_text(tmp_path / "texts")
    assert laws.build(texts, tmp_path / "laws", only=["养猫法"]) == 0
    assert laws.build(texts, tmp_path / "laws", only=["养犬法"]) == 1


@pytest.mark.parametrize("content", ["{}", "[]", "no json"])
def test_a_folder_with_something_else_is_refused(tmp_path, content):
    (tmp_path / "x.json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError):
        laws.read_texts(tmp_path)


def test_an_empty_folder_of_texts_is_refused(tmp_path):
    with pytest.raises(ValueError):
        laws.read_texts(tmp_path)


@pytest.mark.parametrize(
    ("title", "status", "level"),
    [
        ("中华人民共和国宪法", "", "constitution"),
        ("中华人民共和国行政处罚法", "", "law"),
        ("中华人民共和国民法典", "", "law"),
        ("中华人民共和国行政复议法实施条例", "国务院令第499号", "administrative_regulation"),
        ("无证无照经营查处办法", "国务院令第684号公布", "administrative_regulation"),
        ("信访工作条例", "中共中央、国务院发布", "joint_regulation"),
        ("侵害消费者权益行为处罚办法", "国家工商行政管理总局令第73号公布", "department_rule"),
        ("广东省实施《中华人民共和国消防法》办法", "", "local_regulation"),
        ("江门市文明行为促进条例", "", "local_regulation"),
        ("最高人民法院关于行政诉讼证据若干问题的规定", "", "judicial_interpretation"),
        ("交通警察道路执勤执法工作规范", "", "normative_document"),
    ],
)
def test_the_level_follows_title_and_issuer(title, status, level):
    assert laws.level_of(title, status) == level


# What follows is about the shipped register.


def test_the_shipped_register_knows_the_penalty_law():
    law = laws.find("中华人民共和国行政处罚法")
    assert law.level == "law"
    assert len(law.versions[0].articles) == 86
    assert law.versions[0].in_force_from == date(2021, 7, 15)
    assert laws.article_exists("行政处罚法", "86", "2021-01-22")
    assert not laws.article_exists("行政处罚法", "87", "2021-01-22")
    assert laws.text_in_force("行政处罚法", DAY).version == "2021-01-22"
    assert laws.text_in_force("行政处罚法", date(2021, 7, 14)) is None


def test_a_superseded_law_has_no_text_in_force_in_the_shipped_register():
    assert laws.find("治安管理处罚法").versions[0].in_force is False
    assert laws.text_in_force("治安管理处罚法", DAY) is None
    assert laws.text_in_force("治安管理处罚法", date(2025, 12, 31)).version == "2012-10-26"


def test_the_shipped_register_is_whole_and_holds_no_law_text():
    register = laws.register()
    assert len(register.laws) >= 98
    for law in register.laws:
        assert law.level in laws.LEVELS
        for version in law.versions:
            date.fromisoformat(version.version)
            assert version.articles
            assert all(re.fullmatch("[0-9a-f]{16}", mark) for mark in version.articles.values())
            assert set(version.paragraphs) <= set(version.articles)
            assert version.in_force or version.note
            assert max(len(version.note), len(version.source_note)) < 80


def test_the_shipped_register_is_in_its_canonical_form():
    for law in laws.register().laws:
        path = laws.LAWS / f"{law.short_title}.json"
        assert path.read_text(encoding="utf-8") == laws.law_to_json(law)
