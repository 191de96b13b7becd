"""Words for law texts: what became of an article, what a load did, where a version stands."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from question_bank.lawtexts import label_of
from question_bank.text import numeral
from trainer.web.locale import is_english

OUTCOME_NAMES: dict[str, Any] = {
    "unchanged": _l("未变"),
    "renumbered": _l("条号变动"),
    "changed": _l("内容变动"),
    "vanished": _l("已删去"),
}
LOADED_NAMES: dict[str, Any] = {
    "added": _l("已载入"),
    "replaced": _l("已更正原有文本"),
    "dated": _l("已更改施行日期"),
    "unchanged": _l("与已载入的文本相同"),
    "tried": _l("试运行，没有写入"),
}
STANDING_NAMES: dict[str, Any] = {
    "in_force": _l("现行有效"),
    "upcoming": _l("尚未施行"),
    "ended": _l("已失效"),
    "start_unknown": _l("施行日期未载明"),
}
CHECK_NAMES: dict[str, Any] = {
    "waiting": _l("待核对"),
    "proposed": _l("待复核"),
    "confirmed": _l("已改引新文本"),
    "rewritten": _l("题目已修改"),
    "retired": _l("已下架"),
}


def article_name(number: str) -> str:
    """Return an article as the reader's language names it: 第三十六条, Article 36."""
    return f"Article {number}" if is_english() else label_of(number)


def place_name(article: str, paragraph: int | None, item: int | None) -> str:
    """Return a place in a law as the reader's language names it: 第三十六条第一款, Article 36, paragraph 1."""
    parts = [article_name(article)]
    if paragraph is not None:
        parts.append(f"paragraph {paragraph}" if is_english() else f"第{numeral(paragraph)}款")
    if item is not None:
        parts.append(f"item {item}" if is_english() else f"第{numeral(item)}项")
    return (", " if is_english() else "").join(parts)
