"""The sentences of notices, made when they are read, in the reader's language.

A notice stores a code and parameters, so that one row serves both languages and a better sentence reaches old notices.
One table for all features, as for refusals: a code that is queued and missing here is found by a test. Titles
stand in 《》, because they may hold quotation marks themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import lazy_gettext as _l

from trainer.web.locale import decimal_text, local_date, local_time

WORDING: dict[str, Any] = {
    # --- feedback
    "feedback_answered": _l("您的意见反馈已有答复。"),
    # --- work on items
    "item_to_review": _l("试题 {code} 等待审题。"),
    "item_approved": _l("试题 {code} 已审定并发布。"),
    "item_reported": _l("有人报告试题 {code} 有误，等待处理。"),
    "item_task_given": _l("您有一项新的题库任务。"),
    "report_accepted": _l("您报告的题目错误已采纳，题目将修改。{answer}"),
    "report_declined": _l("您报告的题目经核对没有错误：{answer}"),
    "item_returned": _l("试题 {code} 被退回，请按审题意见修改。"),
    # --- exams
    "exam_published": _l("您被列为《{title}》的考生，{opens_at} 开考，{closes_at} 截止，答题 {minutes} 分钟。"),
    "exam_extended": _l("《{title}》延长到 {closes_at} 截止。"),
    "exam_moved": _l("《{title}》您的场次有变化：{opens_at} 开考，{closes_at} 截止。{room}"),
    "exam_cancelled": _l("《{title}》已取消。"),
    "exam_cancelled_because": _l("《{title}》已取消，原因：{reason}"),
    "exam_candidate_removed": _l("您已不在《{title}》的考生名单中。"),
    "results_released": _l("《{title}》的成绩已公布。"),
    # --- marking
    "marking_given": _l("您被选为《{title}》的阅卷人，请到阅卷页领取答题。"),
    "marking_returned": _l("《{title}》有 {count} 份答题退回给您重评，理由：{reason}"),
    "result_marked": _l("您在《{title}》中的答题已经评完，可以查看成绩。"),
    "result_repaired": _l(
        "《{title}》有一道题已更正，您的得分由 {before} 分变为 {after} 分，原来的成绩可在成绩页查看。"
    ),
    "result_repaired_passed": _l("《{title}》有一道题已更正，您的得分由 {before} 分变为 {after} 分，结论改为合格。"),
    "result_repaired_failed": _l("《{title}》有一道题已更正，您的得分由 {before} 分变为 {after} 分，结论改为不合格。"),
    "result_repaired_reversed": _l(
        "《{title}》有一道题已更正，您的得分由 {before} 分变为 {after} 分，结论改为不合格，已认定的学时同时冲正。"
    ),
    "appeal_upheld": _l("您对《{title}》第 {number} 题的申诉已被采纳，题目已经更正，请查看成绩页。"),
    "appeal_remarked": _l(
        "您对《{title}》第 {number} 题的申诉已经复核，该题由 {before} 分改判为 {after} 分，请查看成绩页。"
    ),
    "result_remarked_passed": _l("《{title}》有一道题改判，您的得分由 {before} 分变为 {after} 分，结论改为合格。"),
    "result_remarked_failed": _l("《{title}》有一道题改判，您的得分由 {before} 分变为 {after} 分，结论改为不合格。"),
    "result_remarked_reversed": _l(
        "《{title}》有一道题改判，您的得分由 {before} 分变为 {after} 分，结论改为不合格，已认定的学时同时冲正。"
    ),
    "appeal_rejected": _l("您对《{title}》第 {number} 题的申诉没有被采纳：{answer}"),
    # --- competitions
    "competition_published": _l("您被列入竞赛《{title}》，可以查看赛程安排。"),
    "competition_cancelled": _l("竞赛《{title}》已取消，原因：{reason}"),
    "competition_results_posted": _l("竞赛《{title}》的结果已经公示。"),
    "prize_changed": _l("竞赛《{title}》的成绩有更正，您的奖项由{before}改为{after}。"),
    "prize_won": _l("竞赛《{title}》的成绩有更正，您获得{after}。"),
    "prize_lost": _l("竞赛《{title}》的成绩有更正，您不再获得{before}。"),
    "team_prize_changed": _l("竞赛《{title}》的成绩有更正，您所在代表队的奖项由{before}改为{after}。"),
    "team_prize_won": _l("竞赛《{title}》的成绩有更正，您所在代表队获得{after}。"),
    "team_prize_lost": _l("竞赛《{title}》的成绩有更正，您所在代表队不再获得{before}。"),
    # --- laws
    "law_changed": _l("《{law}》有新文本，自{force_on}起施行，您有 {count} 道试题需要核对。"),
    "exam_rests_on_old_law": _l(
        "《{title}》的试卷里有 {count} 道题所依据的《{law}》，自{force_on}起适用新文本，请查看考试页。"
    ),
    # --- training and hours
    "hours_credited": _l("《{title}》的 {hours} 学时已记入您的学时。"),
    "hours_taken_back": _l("《{title}》的 {hours} 学时已冲正，原因：{reason}"),
    "class_to_confirm": _l("培训班《{title}》等待您确认。"),
    "class_confirmed": _l("培训班《{title}》已确认，{people} 人已记学时。"),
    "class_rejected": _l("培训班《{title}》被退回，原因：{reason}"),
}
_GENERAL = _l("您有一条新通知。")


def worded(code: str, params: Mapping[str, Any]) -> str:
    """Return the sentence of a notice; a general one for a code or a parameter that is no longer known.

    Parameters named ``…_at`` and ``…_on`` hold ISO 8601 moments and days, ``hours`` a decimal; they are written as the
    reader's language does.
    """
    try:
        return str(WORDING[code]).format_map({name: _readable(name, value) for name, value in params.items()})
    except (KeyError, ValueError, IndexError, InvalidOperation):
        return str(_GENERAL)


def _readable(name: str, value: Any) -> Any:
    if isinstance(value, str) and name.endswith("_at"):
        return local_time(datetime.fromisoformat(value))
    if isinstance(value, str) and name.endswith("_on"):
        return local_date(date.fromisoformat(value))
    return decimal_text(Decimal(value)) if name == "hours" else value
