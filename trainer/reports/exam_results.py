"""The results of an exam as a workbook: the people, the items, the units, and what was noticed while they wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from trainer.attempts.incidents import IncidentLine
from trainer.attempts.wording import INCIDENT_NAMES
from trainer.core.sheets import Column, Sheet, write_book
from trainer.reports import wording
from trainer.reports.queries.exams import ResultLine
from trainer.reports.queries.results import UnitRow
from trainer.reports.queries.statistics import ExamItem


@dataclass(frozen=True)
class ToWrite:
    """What a workbook is made of. ``places`` by user id are those of a competition that ranks by the exam, else None,
    and ``prizes`` what those places bring, None where they bring nothing or are not final.

    ``items`` is None where they are not the reader's, or not counted. ``kinds`` and ``topics`` are names by slug.
    ``incidents`` are those of all attempts, of which no more than ``INCIDENTS_MOST`` are written.
    """

    title: str
    people: Sequence[ResultLine]
    places: Mapping[int, int] | None
    items: Sequence[ExamItem] | None
    units: Sequence[UnitRow]
    kinds: Mapping[str, Any]
    topics: Mapping[str, str]
    incidents: Sequence[IncidentLine] = ()
    prizes: Mapping[int, str] | None = None


# An exam of 10,000 people with five incidents each; beyond that nobody reads them, and the sheet says that it is cut.
INCIDENTS_MOST = 50_000


def results_book(what: ToWrite, zone: ZoneInfo) -> bytes:
    """Return the results of an exam as .xlsx; moments are local, texts are never formulas."""
    sheets = [_people_sheet(what)]
    if what.items is not None:
        sheets.append(_items_sheet(what, what.items))
    sheets.append(_units_sheet(what))
    if what.incidents:
        sheets.append(_incidents_sheet(what))
    return write_book(sheets, zone)


def _people_sheet(what: ToWrite) -> Sheet:
    columns = [
        Column(_("姓名"), 14),
        Column(_("用户名"), 16),
        Column(_("单位"), 34),
        Column(_("场次"), 16),
        Column(_("状态"), 10),
        Column(_("得分"), 10),
        Column(_("结果"), 10),
        *([Column(_("名次"), 8)] if what.places is not None else ()),
        *([Column(_("奖项"), 14)] if what.prizes is not None else ()),
        Column(_("答对题数"), 10),
        Column(_("交卷时间"), 18),
        Column(_("用时（秒）"), 12),
    ]
    states = {"submitted": _("已交卷"), "absent": _("缺考"), "exempt": _("免考"), "deferred": _("缓考")}
    outcomes = {"passed": _("合格"), "failed": _("不合格"), "unmarked": _("待阅卷"), "": None}
    sittings = _seats(what.people)
    rows = [
        (
            line.name,
            line.username,
            line.unit_name,
            sittings[line.sitting, line.room],
            states[_state(line)],
            line.score,
            outcomes[_outcome(line)],
            *((what.places.get(line.user_id),) if what.places is not None else ()),
            *((what.prizes.get(line.user_id),) if what.prizes is not None else ()),
            line.correct_count,
            line.submitted_at,
            line.seconds_used,
        )
        for line in what.people
    ]
    return Sheet(_("成绩"), what.title, columns, rows)


def _seats(lines: Sequence[ResultLine | IncidentLine]) -> dict[tuple[int, str], str]:
    """Return sittings and rooms in words; once for each, as a sentence of the catalogue costs more than its cell."""
    return {
        seat: f"{_('第 %(n)s 场', n=seat[0])} {seat[1]}".rstrip()
        for seat in {(line.sitting, line.room) for line in lines}
    }


def _incidents_sheet(what: ToWrite) -> Sheet:
    columns = [
        Column(_("姓名"), 14),
        Column(_("用户名"), 16),
        Column(_("单位"), 34),
        Column(_("场次"), 16),
        Column(_("第几次作答"), 12),
        Column(_("时间"), 18),
        Column(_("情况"), 18),
        Column(_("持续（秒）"), 12),
        Column(_("说明"), 30),
    ]
    shown = what.incidents[:INCIDENTS_MOST]
    sittings, kinds = _seats(shown), {kind: str(name) for kind, name in INCIDENT_NAMES.items()}
    rows = [
        (
            line.name,
            line.username,
            line.unit_name,
            sittings[line.sitting, line.room],
            line.ordinal,
            line.noticed_at,
            kinds[line.kind],
            line.seconds,
            line.detail or None,
        )
        for line in shown
    ]
    about = _("考试页面记下的异常和监考员的处置，供了解情况，不是违纪结论")
    if len(what.incidents) > len(shown):
        about = _("考试页面记下的异常和监考员的处置，供了解情况，不是违纪结论；只列出前 %(n)s 条", n=len(shown))
    return Sheet(_("异常记录"), f"{what.title} · {about}", columns, rows)


def _state(line: ResultLine) -> str:
    if line.score is not None:
        return "submitted"
    return "absent" if line.candidate_state == "due" else line.candidate_state


def _outcome(line: ResultLine) -> str:
    if line.score is None:
        return ""
    if line.unmarked:
        return "unmarked"
    return "" if line.passed is None else "passed" if line.passed else "failed"


def _items_sheet(what: ToWrite, items: Sequence[ExamItem]) -> Sheet:
    # Where papers have different items, one number would be true of one paper only.
    numbered = any(one.number is not None for one in items)
    columns = [
        *([Column(_("题号"), 8)] if numbered else ()),
        Column(_("试题"), 24),
        Column(_("题型"), 12),
        Column(_("知识点"), 24),
        Column(_("难度"), 8),
        Column(_("人数"), 8),
        Column(_("得分率"), 10, percent=True),
        Column(_("鉴别指数"), 10),
        Column(_("题总相关"), 10),
        Column(_("没有作答"), 10),
        Column(_("各选项人数"), 30),
        Column(_("建议"), 60),
    ]
    rows = [
        (
            *((one.number,) if numbered else ()),
            one.code,
            str(what.kinds.get(one.kind, one.kind)),
            what.topics.get(one.topic, one.topic),
            one.difficulty,
            one.people,
            one.facility,
            _two(one.upper_lower),
            _two(one.point_biserial),
            one.blank,
            wording.options_text(one.options) or None,
            " ".join(sentence for _name, sentence in wording.told_advice(one.advice, one.difficulty, seen=one.seen)),
        )
        for one in items
    ]
    title = what.title if numbered else _("%(title)s · 各套试卷的题目不同，不列题号", title=what.title)
    return Sheet(_("试题"), title, columns, rows)


def _units_sheet(what: ToWrite) -> Sheet:
    columns = [
        Column(_("单位"), 34),
        Column(_("应考（人）"), 10),
        Column(_("计入（人）"), 10),
        Column(_("平均分"), 10),
        Column(_("95% 区间下限"), 12),
        Column(_("95% 区间上限"), 12),
        Column(_("中位数"), 10),
        Column(_("合格（人）"), 10),
        Column(_("合格率"), 10, percent=True),
        Column(_("合格率下限"), 12, percent=True),
        Column(_("合格率上限"), 12, percent=True),
    ]
    rows = []
    for one in what.units:
        group = one.group
        low, high = group.interval or (None, None)
        least, most = group.pass_interval or (None, None)
        middle = group.quartiles[1] if group.quartiles else None
        name = _("%(unit)s（直属）", unit=one.name) if one.is_own else one.name
        points = [_two(value) for value in (group.mean, low, high, middle)]
        rows.append((name, one.due, group.people, *points, group.passed, group.pass_rate, least, most))
    return Sheet(_("单位"), what.title, columns, rows)


def _two(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{value:.2f}")
