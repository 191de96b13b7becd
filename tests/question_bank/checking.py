"""A small register of laws, and the findings on items checked against it."""

from datetime import date

from question_bank import check
from question_bank.laws import Law, Register, Version, fingerprint, items_by_paragraph
from question_bank.store import Bank
from question_bank.topics import taxonomy

DAY = date(2026, 11, 23)
FILE = "legal_theory/penalty_law/a.json"

ARTICLES = {"9": "处罚的种类：\n（一）甲；\n（二）乙。", "36": "一款。\n二款。", "86": "附则。"}
REGISTER = Register(
    [
        Law(
            "行政处罚法",
            "中华人民共和国行政处罚法",
            "law",
            (
                Version(
                    "2021-01-22",
                    in_force_from=date(2021, 7, 15),
                    articles={number: fingerprint(body) for number, body in ARTICLES.items()},
                    paragraphs={number: items_by_paragraph(body) for number, body in ARTICLES.items()},
                ),
            ),
        ),
        Law(
            "旧法",
            "旧法",
            "law",
            (Version("2012-01-01", in_force=False, repealed_on=date(2026, 1, 1), articles={"1": "a"}),),
        ),
        Law("失效法", "失效法", "law", (Version("2012-01-01", in_force=False, articles={"1": "a"}),)),
    ]
)


def findings(*items, file=FILE, day=DAY, **options):
    bank = Bank.of((item, file) for item in items)
    return check(bank, REGISTER, taxonomy(), day=day, **options)


def found(*items, **options):
    return {(finding.level, finding.code) for finding in findings(*items, **options)}
