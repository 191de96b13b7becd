"""The words for roles, categories and states of people: the one place for their Chinese and English names."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainer.accounts.rules import ROLES

ROLE_NAMES: dict[str, Any] = {
    "officer": _l("学员"),
    "training_clerk": _l("培训管理员"),
    "unit_head": _l("单位负责人"),
    "supervisor": _l("执法监督人员"),
    "line_supervisor": _l("条线指导人员"),
    "judicial_office": _l("司法所人员"),
    "item_author": _l("命题人员"),
    "item_reviewer": _l("审题人员"),
    "bank_manager": _l("题库管理员"),
    "exam_officer": _l("考务人员"),
    "organiser": _l("竞赛组织人员"),
    "invigilator": _l("监考人员"),
    "marker": _l("阅卷人员"),
    "scorer": _l("计分员"),
    "arbitrator": _l("仲裁人员"),
    "mentor": _l("导师"),
    "lay_supervisor": _l("社会监督员"),
    "auditor": _l("审计人员"),
    "system_administrator": _l("系统管理员"),
}

# What a role may do, in a sentence for those who hand it out. The exact table is accounts.rules.PERMISSIONS.
ROLE_DUTIES: dict[str, Any] = {
    "officer": _l("练习、参加考试和竞赛，查看并申报自己的学时。由人员类别自动给予。"),
    "training_clerk": _l("维护本单位人员名单，登记培训班和签到名册，查看学时，导出表格。"),
    "unit_head": _l("确认或退回本单位人员的学时，查看人员和达标情况，导出表格。"),
    "supervisor": _l("查看范围内的单位、人员、学时、考试和竞赛，导出表格；不能修改。"),
    "line_supervisor": _l("跨地区查看一个执法领域的单位、人员和学时，导出表格；必须限定领域。"),
    "judicial_office": _l("查看镇街范围内的单位、人员和学时；不能修改。"),
    "item_author": _l("起草和修改试题，写明依据和解析；不能审自己的题。"),
    "item_reviewer": _l("审核他人起草的试题和答案。"),
    "bank_manager": _l("导入、导出、发布和停用试题，处理因法律修改被隔离的试题。"),
    "exam_officer": _l("组卷、安排场次和考生、查看考场、发布成绩。"),
    "organiser": _l("组织竞赛和考试，从报名到公示。"),
    "invigilator": _l("查看考场进度，记录异常，必要时补时。"),
    "marker": _l("评阅分到自己名下的主观题。"),
    "scorer": _l("在决赛现场录入得分。"),
    "arbitrator": _l("裁定申诉和评分争议。"),
    "mentor": _l("填写带教记录，查看所带人员。"),
    "lay_supervisor": _l("查看已公布的结果，反映意见。"),
    "auditor": _l("查看操作记录并核验其完整性，查看各类数据；不能修改。"),
    "system_administrator": _l("管理人员、单位、授权和系统设置，答复意见反馈。"),
}

CATEGORY_NAMES: dict[str, Any] = {
    "officer": _l("行政执法人员"),
    "auxiliary": _l("执法辅助人员"),
    "staff": _l("工作人员"),
    "lay": _l("社会人士"),
}

STATE_NAMES: dict[str, Any] = {"active": _l("正常"), "locked": _l("已锁定"), "left": _l("已调离")}

assert tuple(ROLE_NAMES) == tuple(ROLE_DUTIES) == ROLES


def role_name(role: str) -> str:
    """Return the name of a role in the reader's language."""
    return str(ROLE_NAMES[role])
