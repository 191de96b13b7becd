"""The words of marking for pages: remedies, and answers of every kind as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from question_bank import Item

REMEDY_NAMES: dict[str, Any] = {
    "change_key": _l("改答案"),
    "also_accept": _l("增加可接受的答案"),
    "drop": _l("作废本题"),
    "full_marks": _l("全体满分"),
    "remark": _l("改判"),
}
REMEDY_EFFECTS: dict[str, Any] = {
    "change_key": _l("原来的答案不再算对，全部答卷按新答案和原来的少选得分规则重新评分。"),
    "also_accept": _l("原来的答案仍然算对，写出新答案的也算对；多种答案中按对考生最有利的一种评分。"),
    "drop": _l("本题对任何人都不计分。总分和合格线不变，本题的分值按比例加到同一份试卷的其余各题上。"),
    "full_marks": _l("凡是试卷里有这道题的人都得本题满分，没有作答的也得，不扣任何分。"),
    "remark": _l("只涉及一份由人评阅的答题：按评分要点重新给分，可以提高，也可以降低，其他人的成绩不变。"),
}


def answer_told(item: Item, answer: Any) -> str:
    """Return a key or an answer in words, options by their letters in the bank; an empty text for none."""
    if answer is None:
        return ""
    if item.kind == "true_false":
        return _("正确") if answer else _("错误")
    if item.kind == "fill_blank":
        return _("；").join(" / ".join(one) if isinstance(one, list | tuple) else str(one) for one in answer)
    if item.kind == "error_finding":
        return _("第 %(numbers)s 处", numbers=_("、").join(answer))
    if isinstance(answer, Mapping):
        return _("；").join(f"{prompt} → {choice}" for prompt, choice in answer.items())
    if isinstance(answer, str):
        return answer
    return " → ".join(answer) if item.kind == "ordering" else _("、").join(answer)
