"""Sentences that pages, the hall's screen and the workbook of a competition share."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

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


def unit_rule() -> str:
    """Return how units are scored, in one sentence."""
    return _("单位成绩为实考人员的平均分，四舍五入到 0.01 分；参与率为实考人数除以应考人数，免考、缓考不计入应考。")
