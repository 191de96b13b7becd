"""Reads of law texts."""

from datetime import date

from tests.laws.factories import FIRST, LAW, NEW, OLD, SECOND, law_text, load, load_both
from trainer.laws import queries


def test_lines_have_the_place_that_a_citation_gives_them():
    lines = queries.lines_of("检查应当：\n（一）记录：\n1.时间；\n2.地点；\n（二）签名。\n签名应当清楚。")
    assert [(line.paragraph, line.item, line.part) for line in lines] == [
        (1, None, False),
        (1, 1, False),
        (1, 1, True),
        (1, 1, True),
        (1, 2, False),
        (2, None, False),
    ]


def test_a_citation_means_its_paragraph_or_its_item_with_the_words_that_open_the_list(session):
    load(law_text(FIRST, OLD))
    key = (LAW, FIRST, "3")
    article = queries.cited_articles(session, [key])[key]

    def meant(*place):
        return [line.text for line in article.lines if article.names(line, *place)]

    assert meant(None, None) == []
    assert meant(1, None) == ["检查人员不得少于二人，并应当出示证件。"]
    assert meant(2, None) == ["检查应当记录：", "（一）时间；", "（二）地点。"]
    assert meant(2, 2) == ["检查应当记录：", "（二）地点。"]


def test_all_citations_are_one_statement_and_what_is_not_loaded_is_missing(session, count_queries):
    load_both()
    asked = [(LAW, FIRST, number) for number in OLD] + [
        (LAW, SECOND, "1"),
        (LAW, "1999-01-01", "1"),
        ("无", FIRST, "1"),
    ]
    with count_queries() as seen:
        found = queries.cited_articles(session, asked)
    assert len(seen) == 1
    assert set(found) == set(asked[:6])
    with count_queries() as seen:
        assert queries.cited_articles(session, []) == {}
    assert seen == []


def test_a_citation_by_the_full_title_finds_the_text(session):
    load(law_text("2021-01-22", {"1": "甲"}, law="行政处罚法"))
    key = ("中华人民共和国行政处罚法", "2021-01-22", "1")
    assert queries.cited_articles(session, [key])[key].label == "第一条"


def test_versions_come_from_register_and_texts_together(session):
    load(law_text("2027-01-01", {"1": "甲"}, law="行政处罚法", starts_on=date(2027, 6, 1)))
    (versions,) = queries.known_versions(session, ["行政处罚法"]).values()
    assert [(one.version, one.text_id is None, one.starts_on) for one in versions] == [
        ("2021-01-22", True, date(2021, 7, 15)),
        ("2027-01-01", False, date(2027, 6, 1)),
    ]


def test_search_looks_into_the_newest_text_of_each_law(session):
    load_both()
    numbers = [row.number for row in session.execute(queries.articles_with("示例机关 决定"))]
    assert numbers == ["3"]
    assert [row.number for row in session.execute(queries.articles_with("每年公布"))] == []
    assert len(NEW) == len(OLD)
