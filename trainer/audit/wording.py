"""The words of the record: families of actions, each action, what it was done to, and the names of its details."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainer.web.locale import number

FAMILIES: dict[str, Any] = {
    "account": _l("账号"),
    "attempt": _l("答卷"),
    "class": _l("培训班"),
    "competition": _l("竞赛"),
    "demo": _l("演示数据"),
    "exam": _l("考试"),
    "feedback": _l("意见反馈"),
    "grant": _l("授权"),
    "hours": _l("学时"),
    "kind": _l("类型"),
    "import": _l("试题导入"),
    "item": _l("试题"),
    "items": _l("题库"),
    "law": _l("法规"),
    "marking": _l("阅卷"),
    "password": _l("密码"),
    "person": _l("人员"),
    "roster": _l("人员名单"),
    "session": _l("登录"),
    "token": _l("接口令牌"),
    "unit": _l("单位"),
}

ACTIONS: dict[str, Any] = {
    "attempt.allowed_again": _l("允许再考一次"),
    "attempt.extended": _l("给考生补时"),
    "attempt.forced": _l("强制交卷"),
    "attempt.taken_over": _l("停止原设备作答"),
    "class.changed": _l("修改培训班"),
    "class.confirmed": _l("确认培训班"),
    "class.discarded": _l("删除培训班草稿"),
    "class.entered": _l("登记培训班"),
    "class.recalled": _l("收回待确认的培训班"),
    "class.rejected": _l("退回培训班"),
    "class.submitted": _l("提交培训班"),
    "class.withdrawn": _l("撤回培训班学时"),
    "competition.cancelled": _l("取消竞赛"),
    "competition.changed": _l("修改竞赛"),
    "competition.closed": _l("签发竞赛结果"),
    "competition.created": _l("新建竞赛"),
    "competition.deleted": _l("删除竞赛草稿"),
    "competition.exported": _l("导出竞赛名次"),
    "competition.frozen": _l("排行榜封榜"),
    "competition.prizes_moved": _l("奖项随成绩变动"),
    "competition.published": _l("发布竞赛"),
    "competition.rebuilt": _l("重算竞赛名次"),
    "competition.results_posted": _l("公示竞赛结果"),
    "competition.round_added": _l("增加赛程"),
    "competition.teams_saved": _l("保存代表队"),
    "competition.thawed": _l("解除封榜"),
    "demo.loaded": _l("载入演示城市"),
    "exam.appeal_days_set": _l("设定申诉期限"),
    "exam.appealed": _l("提出申诉"),
    "exam.appeals_rejected": _l("驳回申诉"),
    "exam.cancelled": _l("取消考试"),
    "exam.candidate_excused": _l("登记免考、缓考"),
    "exam.candidate_removed": _l("移除考生"),
    "exam.candidates_added": _l("增加考生"),
    "exam.candidates_seated": _l("安排考生场次"),
    "exam.changed": _l("修改考试"),
    "exam.drafted": _l("拟定考试"),
    "exam.edition_printed": _l("印制多套试卷"),
    "exam.extended": _l("延长考试时间"),
    "exam.key_printed": _l("印制答案"),
    "exam.minutes_added": _l("给一场或全体补时"),
    "exam.minutes_granted": _l("给指定考生补时"),
    "exam.paper_printed": _l("印制试卷"),
    "exam.papers_added": _l("为后补考生组卷"),
    "exam.papers_redrawn": _l("重新组卷"),
    "exam.published": _l("发布考试"),
    "exam.released": _l("公布成绩"),
    "exam.results_exported": _l("导出考试成绩"),
    "exam.transcript_made": _l("出具成绩单"),
    "exam.repair_proposed": _l("提出试题更正"),
    "exam.repair_published": _l("签发试题更正"),
    "exam.repair_withdrawn": _l("撤回试题更正"),
    "exam.sheet_printed": _l("印制答题卡"),
    "exam.signal_given": _l("发令开考"),
    "exam.start_shifted": _l("错时开考"),
    "exam.sitting_added": _l("增加场次"),
    "exam.sitting_changed": _l("修改场次"),
    "exam.sitting_removed": _l("删除场次"),
    "exam.ticket_used": _l("用准考码登录"),
    "exam.tickets_issued": _l("发放准考码"),
    "feedback.answered": _l("答复意见"),
    "grant.given": _l("授予角色"),
    "grant.taken": _l("收回角色"),
    "hours.credited": _l("学时入账"),
    "hours.exempted": _l("登记免修"),
    "hours.exemption_ended": _l("取消免修"),
    "hours.exported": _l("导出学时情况"),
    "hours.requirement_set": _l("设定年度学时要求"),
    "hours.reversed": _l("冲正学时"),
    "import.applied": _l("导入试题文件"),
    "item.approved": _l("审定试题"),
    "item.created": _l("新建试题"),
    "item.filed": _l("批量修改试题"),
    "item.law_change_confirmed": _l("确认试题改引新文本"),
    "item.law_change_given_back": _l("退回法规变动的试题"),
    "item.law_change_proposed": _l("提出试题仍然成立"),
    "item.pair_decided": _l("判定相似题"),
    "item.proposal_dropped": _l("放弃修改稿"),
    "item.published": _l("发布试题"),
    "item.quarantined": _l("隔离试题"),
    "item.report_accepted": _l("采纳题目报错"),
    "item.report_declined": _l("答复题目报错"),
    "item.reserved_seen": _l("查看保留题"),
    "item.reserved_listed": _l("在列表中看到保留题"),
    "item.retired": _l("下架试题"),
    "item.revived": _l("恢复下架的草稿"),
    "item.returned": _l("退回试题"),
    "item.saved": _l("保存试题"),
    "item.submitted": _l("提交审题"),
    "item.task_cancelled": _l("取消试题任务"),
    "item.task_given": _l("分派试题任务"),
    "item.withdrawn": _l("撤回审题"),
    "items.compared": _l("题库查重"),
    "items.exported": _l("导出试题"),
    "items.imported": _l("导入试题"),
    "items.operation_undone": _l("撤销批量操作"),
    "law.added": _l("载入法规文本"),
    "law.dated": _l("更改法规施行日期"),
    "law.items_looked_through": _l("核对法规变动涉及的试题"),
    "law.replaced": _l("更正法规文本"),
    "marking.corrected": _l("更正给分"),
    "marking.planned": _l("保存阅卷方案"),
    "marking.reopened": _l("退回重评"),
    "password.changed": _l("更改密码"),
    "password.first_made": _l("生成初始密码"),
    "password.reset": _l("重置密码"),
    "person.active": _l("恢复账号"),
    "person.changed": _l("修改人员资料"),
    "person.entered": _l("录入人员"),
    "person.left": _l("标记为调离"),
    "person.locked": _l("锁定账号"),
    "roster.applied": _l("写入人员名单"),
    "session.all_closed": _l("退出全部设备"),
    "session.closed": _l("退出登录"),
    "session.locked": _l("登录失败过多，暂停登录"),
    "session.opened": _l("登录"),
    "token.made": _l("生成接口令牌"),
    "token.revoked": _l("作废接口令牌"),
    "unit.changed": _l("修改单位资料"),
    "unit.closed": _l("停用单位"),
    "unit.entered": _l("新建单位"),
    "unit.fields_set": _l("设定执法领域"),
    "unit.moved": _l("移动单位"),
    "unit.reopened": _l("恢复单位"),
}

TARGETS: dict[str, Any] = {
    "attempt": _l("答卷"),
    "bank": _l("题库"),
    "candidate": _l("考生"),
    "class": _l("培训班"),
    "competition": _l("竞赛编号"),
    "exam": _l("考试编号"),
    "feedback": _l("意见"),
    "import": _l("试题导入编号"),
    "item": _l("试题"),
    "law": _l("法规"),
    "people": _l("全部人员"),
    "site": _l("本站"),
    "unit": _l("单位"),
    "user": _l("用户"),
    "year": _l("年度"),
}

DETAILS: dict[str, Any] = {
    "added": _l("新增"),
    "answer": _l("答题编号"),
    "answers": _l("答题数"),
    "appeal": _l("申诉编号"),
    "appeals": _l("申诉"),
    "articles": _l("条文"),
    "attempts": _l("作答次数"),
    "batch": _l("批次"),
    "batch_size": _l("每批份数"),
    "before": _l("原代码"),
    "candidates": _l("考生数"),
    "changed": _l("更改"),
    "changes_key": _l("改动答案"),
    "code": _l("代码"),
    "columns": _l("栏目"),
    "commitment": _l("承诺值"),
    "count": _l("数量"),
    "digest": _l("文本摘要"),
    "double": _l("双评"),
    "everywhere": _l("全部设备"),
    "exam": _l("考试"),
    "field": _l("执法领域"),
    "fields": _l("执法领域"),
    "file": _l("文件摘要"),
    "format": _l("格式"),
    "from": _l("原来"),
    "from_unit": _l("原单位"),
    "hours": _l("学时"),
    "in_force_from": _l("施行日期"),
    "item_version": _l("试题版本编号"),
    "kind": _l("类型"),
    "law": _l("法规"),
    "made_by": _l("提出人编号"),
    "marker": _l("阅卷人编号"),
    "markers": _l("阅卷人编号"),
    "minutes": _l("分钟"),
    "name": _l("名称"),
    "new": _l("新增"),
    "number": _l("序号"),
    "officers": _l("执法人员"),
    "operation": _l("批量操作"),
    "outcome": _l("结果"),
    "papers": _l("试卷"),
    "parent": _l("上级单位"),
    "part": _l("案例小题"),
    "people": _l("人数"),
    "pool": _l("题库摘要"),
    "position": _l("第几份"),
    "present": _l("到课"),
    "proposed": _l("待审的新文本"),
    "published": _l("已发布"),
    "read_only": _l("只读"),
    "reason": _l("理由"),
    "refused": _l("未通过"),
    "remedy": _l("更正方式"),
    "renumbered": _l("条号变动"),
    "repair": _l("更正编号"),
    "report": _l("报错"),
    "reserved": _l("保留题"),
    "role": _l("角色"),
    "round": _l("赛程"),
    "rounds": _l("赛程数"),
    "scores": _l("成绩数"),
    "seed": _l("随机种子"),
    "shipped": _l("随附"),
    "standings_no": _l("名次版本"),
    "state": _l("状态"),
    "teams": _l("代表队"),
    "then": _l("导入之后"),
    "tickets": _l("准考码"),
    "to": _l("改为"),
    "token": _l("令牌"),
    "tolerance": _l("允许分差"),
    "unchanged": _l("未变"),
    "unit": _l("单位"),
    "units": _l("单位数"),
    "until": _l("截止"),
    "vanished": _l("已删去"),
    "version": _l("版本"),
    "whole": _l("全班"),
    "year": _l("年度"),
}

LONGEST = 28


@dataclass(frozen=True)
class Detail:
    """One detail of an entry. ``short`` is what a row shows; ``full`` is empty where nothing was cut."""

    name: str
    short: str
    full: str = ""


def action_name(action: str) -> str:
    """Return what an action is called, the code itself where it has no name."""
    return str(ACTIONS.get(action, action))


def is_action(text: str, recorded: Iterable[str]) -> bool:
    """Return whether a text names an action or a family of actions, of those known and of those ``recorded``."""
    return any(text == one or text == one.split(".", 1)[0] for one in (*ACTIONS, *recorded))


def target_name(target: str, names: Mapping[str, str]) -> str:
    """Return what something was done to: its kind with its name out of ``names``, or else its number."""
    kind, _mark, rest = target.partition(":")
    if kind not in TARGETS:
        return target
    return f"{TARGETS[kind]} {names.get(target, rest)}".strip()


def details(entry_detail: Mapping[str, Any], words: Mapping[str, Mapping[str, Any]]) -> list[Detail]:
    """Return the details of an entry in the order in which they were written; what holds nothing is left out.

    ``words`` are the words of values by the detail's name, such as those of roles.
    """
    found = []
    for name, value in entry_detail.items():
        if name == "people" and isinstance(value, list):
            value = len(value)
        known = words.get(name, {})
        text = str(known[value]) if isinstance(value, str) and value in known else _text(value)
        if text:
            found.append(_cut(str(DETAILS.get(name, name)), text))
    return found


def _cut(name: str, text: str) -> Detail:
    if len(text) <= LONGEST:
        return Detail(name, text)
    # A digest is told by its beginning; a sentence needs its words.
    most = LONGEST if " " in text or not text.isascii() else 12
    return Detail(name, text[:most] + "…", text)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, int):
        return number(value) if abs(value) >= 10_000 else str(value)
    if isinstance(value, list | tuple):
        return _("、").join(filter(None, map(_text, value)))
    if isinstance(value, dict):
        return _("、").join(f"{key} {_text(one)}" for key, one in value.items())
    return "" if value is None else str(value)
