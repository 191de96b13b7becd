"""Sentences that pages, the hall's screen and the workbook of a competition share."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

from trainer.competitions.rules.prizes import Prize
from trainer.competitions.rules.tiebreak import sentence_codes
from trainer.web.sentences import sentence


def tie_rule(chain: Sequence[str]) -> str:
    """Return a tie-break chain in one sentence, in the reader's language."""
    return _("；").join(sentence(code) for code in sentence_codes(chain)) + _("。")


def team_rule(rule: str, best_n: int | None) -> str:
    """Return how teams are scored, in one sentence."""
    if rule == "best_n":
        return _("代表队成绩取成绩最好的 %(n)s 名队员之和，缺赛按 0 分计。", n=best_n or 0)
    if rule == "mean":
        return _("代表队成绩为全体应赛队员的平均分，缺赛按 0 分计，四舍五入到 0.01 分。")
    return _("代表队成绩为全体队员之和，缺赛按 0 分计。")


def prize_lists(prizes: Sequence[Prize]) -> list[tuple[str, str]]:
    """Return (board in words, its prizes in one sentence) of each board that has prizes."""
    boards = {"individual": _("个人"), "team": _("代表队"), "unit": _("单位")}
    made = []
    for by, name in boards.items():
        each = [_prize(one) for one in prizes if one.by == by]
        if each:
            made.append((name, _("，").join(each) + _("。")))
    return made


def _prize(one: Prize) -> str:
    if one.percent is not None:
        return _("%(name)s %(n)s%%", name=one.name, n=one.percent)
    return _("%(name)s %(n)s 个", name=one.name, n=one.places)


def prize_rule() -> str:
    """Return how prizes go by place, in a few sentences."""
    return _(
        "按最后一轮的名次依次授奖；比例按榜上有名次的总数计算，四舍五入取整。"
        "名次相同的获同一奖项，因此多出的，从后面的奖项中扣减。"
    )


def unit_rule() -> str:
    """Return how units are scored, in one sentence."""
    return _("单位成绩为实考人员的平均分，四舍五入到 0.01 分；参与率为实考人数除以应考人数，免考、缓考不计入应考。")
