"""Standings as a workbook for the files of a competition, with the rules by which they were made."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from trainer.competitions.board import View
from trainer.competitions.rules.prizes import prize_at
from trainer.competitions.rules.standings import Entry
from trainer.competitions.words import prize_lists, prize_rule, team_rule, tie_rule, unit_rule
from trainer.core.sheets import Column, Sheet, write_book
from trainer.web.locale import duration, local_time


def standings_book(views: Sequence[View], *, zone: ZoneInfo) -> bytes:
    """Return a workbook of the boards of one round, by people, teams and units; a board without lines is left out.

    Names are in full: only those who run the competition get it.
    """
    first = views[0]
    sheets = [_rules(first)]
    sheets += [_board(view) for view in views if view.entries or view.by == "individual"]
    return write_book(sheets, zone)


def _rules(view: View) -> Sheet:
    outline = view.outline
    rows = [
        (_("竞赛"), outline.title),
        (_("赛程"), view.round.title),
        (_("所用考试"), _("%(title)s（编号 %(id)s）", title=view.round.exam_title, id=view.round.exam_id)),
        (_("名次规则"), tie_rule(outline.tie_break)),
        (_("代表队成绩"), team_rule(outline.team_score, outline.team_best_n)),
        (_("单位成绩"), unit_rule()),
        *((_("%(board)s奖项", board=board), told) for board, told in prize_lists(outline.prizes_of(view.round))),
        *([(_("授奖规则"), prize_rule())] if outline.prizes_of(view.round) else ()),
        (_("状态"), _("暂定，名次仍可能变动") if view.provisional else _("已定")),
        (_("数据截至"), local_time(view.as_of, seconds=True)),
    ]
    return Sheet(_("说明"), outline.title, [Column(_("项目"), 14), Column(_("内容"), 100)], rows)


def _board(view: View) -> Sheet:
    title = f"{view.outline.title} {view.round.title}"
    prize = [Column(_("奖项"), 14)] if view.cuts else []
    if view.by == "individual":
        columns = [
            Column(_("名次"), 8),
            Column(_("姓名"), 16),
            Column(_("单位"), 36),
            Column(_("成绩（分）"), 12),
            Column(_("客观题（分）"), 14),
            Column(_("用时"), 12),
            *prize,
        ]
        rows = [
            (
                one.place,
                one.name,
                one.unit,
                one.score,
                one.objective_score,
                duration(one.seconds_used),
                *_won(view, one),
            )
            for one in view.entries
        ]
        return Sheet(_("个人"), title, columns, rows)
    columns = [
        Column(_("名次"), 8),
        Column(_("代表队") if view.by == "team" else _("单位"), 36),
        Column(_("成绩（分）"), 12),
        Column(_("客观题（分）"), 14),
        Column(_("平均用时"), 12),
        Column(_("实考（人）"), 12),
        Column(_("应考（人）"), 12),
        Column(_("参与率"), 10, percent=True),
        *prize,
    ]
    return Sheet(
        _("代表队") if view.by == "team" else _("单位"),
        title,
        columns,
        [(*_group(one), *_won(view, one)) for one in view.entries],
    )


def _won(view: View, one: Entry) -> tuple[object, ...]:
    """Return the cell of the prize, no cell at all where there are no prizes."""
    return (prize_at(one.place, view.cuts),) if view.cuts else ()


def _group(one: Entry) -> tuple[object, ...]:
    return (
        one.place,
        one.name,
        one.score,
        one.objective_score,
        duration(one.seconds_used),
        one.participants,
        one.due,
        one.participation_rate,
    )
