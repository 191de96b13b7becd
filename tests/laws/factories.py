"""Invented laws in several versions, and items that cite them."""

from datetime import date

from question_bank.lawtexts import Article, LawText, label_of
from tests.conftest import NINE
from tests.question_bank.samples import make_item
from trainer.bank.importing import import_items
from trainer.bank.lawchange import take_in_law
from trainer.bank.models import ItemLawCheck, ItemRecord, LawChange
from trainer.core.database import db

LAW = "示例管理条例"
FIRST, SECOND, THIRD = "2020-01-10", "2026-10-01", "2026-11-20"
TAKES_FORCE = date(2026, 12, 1)

OLD = {
    "1": "为了规范示例活动，制定本条例。",
    "2": "示例机关应当自收到申请之日起六十日内作出决定，并书面告知申请人。",
    "3": "检查人员不得少于二人，并应当出示证件。\n检查应当记录：\n（一）时间；\n（二）地点。",
    "4": "违反本条例规定的，处五百元以上五千元以下罚款。",
    "5": "示例名单由示例机关每年公布一次。",
}
# 1 stays, 2 becomes 3 with another number of days, 3 becomes 4 word for word, 4 becomes 5 in other words, 5 is gone.
NEW = {
    "1": OLD["1"],
    "2": "示例工作坚持公开、公平、公正的原则。",
    "3": "示例机关应当自收到申请之日起三十日内作出决定，并书面告知申请人。",
    "4": OLD["3"],
    "5": "违反本条例规定的，由示例机关责令改正；拒不改正的，处一千元以上一万元以下罚款。",
}
OUTCOMES = {"1": "unchanged", "2": "renumbered", "3": "renumbered", "4": "changed", "5": "vanished"}


def law_text(version=SECOND, articles=NEW, *, starts_on=TAKES_FORCE, law=LAW, chapter="第一章 总则"):
    """A text as a reader of files returns it."""
    rows = tuple(Article(number, label_of(number), chapter, text) for number, text in articles.items())
    return LawText(law, law, version, rows, "", starts_on)


def load(text, *, now=NINE, by=None, **more):
    """Load a text and return the report."""
    return take_in_law(text, source="示例.md", by=by, now=now, **more)


def load_both(**more):
    """Load the old version, in force since 2020, and the new one; return the report of the second."""
    load(law_text(FIRST, OLD, starts_on=date(2020, 3, 1)))
    return load(law_text(**more))


def citing(number, article, *, version=FIRST, law=LAW, paragraph=None, point=None, kind="single_choice", **more):
    """An item that rests on one article of the invented law."""
    basis = [{"law": law, "version": version, "article": article, "paragraph": paragraph, "item": point}]
    words = {"explanation": "依据示例管理条例。", "stem": f"第{number}题：关于示例，正确的是（　　）。"}
    if kind == "fill_blank":
        words["stem"] = f"第{number}题：示例____。"
    return make_item(kind, **({"id": f"cite-{number}", "basis": basis} | words | more))


def put_items(*items, by=None, now=NINE, publish=True):
    """Take items into the bank, published, and return their ids in order."""
    report = import_items(list(items), by=by, now=now, publish=publish)
    assert not report.problems
    session = db.session()
    found = dict(session.query(ItemRecord.code, ItemRecord.id).all())
    session.rollback()
    return [found[item.id] for item in items]


def put_one_of_each(**more):
    """Put in an item for each article of the old version and return the ids by article."""
    return dict(zip(OLD, put_items(*(citing(number, number) for number in OLD), **more), strict=True))


def checks(session):
    """Return (outcome, state) of all checks by item and new version."""
    session.rollback()
    rows = session.query(ItemLawCheck, LawChange).join(LawChange, LawChange.id == ItemLawCheck.change_id)
    return {(check.item_id, change.new_version): (check.outcome, check.state) for check, change in rows}


def change_id(session, new=SECOND):
    """Return the id of the change of law to a version."""
    session.rollback()
    return session.query(LawChange.id).filter(LawChange.new_version == new).scalar()


def quarantine(session):
    """Return the day of quarantine by item, of those that have one."""
    session.rollback()
    rows = session.query(ItemRecord.id, ItemRecord.quarantine_on).filter(ItemRecord.quarantine_on.is_not(None))
    return dict(rows.all())
