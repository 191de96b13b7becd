"""The demonstration accounts: who may try out which role, and where in the tree.

At least one account for every role of the product. Duties that must be kept apart are kept apart
here too: the author of an item does not review it, the two markers are two people, the
administrator does not audit. Passwords are not made here: the loader draws and prints them.
"""

from dataclasses import dataclass

from trainer.demo.rules.people import SHOW_UNIT, Seat
from trainer.demo.rules.tree import CITY, CITY_JUSTICE_BUREAU

ROLES = (
    "officer",
    "training_clerk",
    "unit_head",
    "supervisor",
    "line_supervisor",
    "judicial_office",
    "item_author",
    "item_reviewer",
    "bank_manager",
    "exam_officer",
    "organiser",
    "invigilator",
    "marker",
    "scorer",
    "arbitrator",
    "mentor",
    "lay_supervisor",
    "auditor",
    "system_administrator",
)


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role over the subtree of a unit; ``field`` narrows it to one line, None means all."""

    role: str
    unit_code: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """A demonstration account.

    ``unit_code`` is where the person works. ``description`` tells in one Chinese sentence what the
    person does on the site. ``post`` is set for officers alone: they hold a certificate, owe hours
    and stand in the roll; everybody else is staff and owes none. ``certificate`` tells how an
    officer's certificate stands, in the labels of ``people.CERTIFICATE_SHARES``.
    """

    username: str
    name: str
    unit_code: str
    grants: tuple[RoleGrant, ...]
    description: str
    post: str | None = None
    certificate: str = "valid"

    @property
    def category(self) -> str:
        """``officer``, ``staff``, or ``lay`` for lay supervisors (社会监督员), who are citizens."""
        if self.post is not None:
            return "officer"
        return "lay" if self.grants[0].role == "lay_supervisor" else "staff"


def _account(
    username: str, name: str, unit: str, role: str, description: str,
    scope: str = CITY, field: str | None = None,
) -> AccountSpec:  # fmt: skip
    return AccountSpec(username, name, unit, (RoleGrant(role, scope, field),), description)


def _officer(
    username: str, name: str, unit: str, role: str | None, post: str, description: str,
    certificate: str = "valid",
) -> AccountSpec:  # fmt: skip
    grants: tuple[RoleGrant, ...] = (RoleGrant("officer", unit),)
    if role is not None:
        grants += (RoleGrant(role, unit),)
    return AccountSpec(username, name, unit, grants, description, post, certificate)


ACCOUNTS: tuple[AccountSpec, ...] = (
    _officer("officer", "陈嘉朗", SHOW_UNIT, None, "执法队员",
             "街道执法队员：练习、考试、参赛，查看本人学时与登记卡，申报学时。"),
    _officer("officer2", "伍婉莹", "JM-SCJGJ", None, "办案人员",
             "市直部门执法人员：证件即将到期，正在参加全市大比武。", "due_soon"),
    _officer("mentor", "谭柏坚", SHOW_UNIT, "mentor", "主办人员",
             "导师：按导师制带教新进人员，填写带教记录。"),
    _officer("clerk", "余慧敏", SHOW_UNIT, "training_clerk", "案件审核人员",
             "单位培训管理员：登记培训班和签到名册，代录本单位学时。"),
    _officer("head", "梁振源", SHOW_UNIT, "unit_head", "执法办副主任",
             "单位负责人：确认或退回本单位人员的学时申报，查看达标情况。"),
    _account("supervisor", "容颖怡", CITY_JUSTICE_BUREAU, "supervisor",
             "市司法局监督人员：查看全市学时与证件情况，督促整改。"),
    _account("county", "黄宏斌", "JM-PJ-SFJ", "supervisor",
             "区司法局监督人员：查看蓬江区各部门和镇街的学时与证件情况。", "JM-PJ"),
    _account("justice_office", "关秀兰", "JM-PJ-BSJD-SFS", "judicial_office",
             "司法所工作人员：协助监督白沙街道，只能查看和提醒。", "JM-PJ-BSJD"),
    _account("line", "甄耀权", "JM-SCJGJ", "line_supervisor",
             "条线指导人员：跨县（市、区）查看市场监管条线的培训情况。", CITY, "market"),
    _account("author", "吴诗琪", "JM-STHJJ", "item_author",
             "命题人员：起草试题，写明法律依据和答案解析。"),
    _account("reviewer", "邓文彬", CITY_JUSTICE_BUREAU, "item_reviewer",
             "审题人员：复核他人起草的试题和标准答案。"),
    _account("bank", "何静仪", CITY_JUSTICE_BUREAU, "bank_manager",
             "题库管理员：导入导出、发布和停用试题，处理法律修改后被隔离的试题。"),
    _account("examiner", "罗健铭", CITY_JUSTICE_BUREAU, "exam_officer",
             "考务人员：组卷、安排场次和考生，发布成绩。"),
    _account("organiser", "区彩燕", CITY_JUSTICE_BUREAU, "organiser",
             "竞赛组织人员：从报名到公示，组织全市大比武。"),
    _account("invigilator", "冯永恒", "JM-PJ-SFJ", "invigilator",
             "监考人员：查看考场进度，记录异常情况，必要时补时。"),
    _account("marker", "麦佩珊", CITY_JUSTICE_BUREAU, "marker",
             "阅卷人员（一评）：评阅主观题。"),
    _account("marker2", "钟海峰", "JM-XH-SFJ", "marker",
             "阅卷人员（二评）：独立评阅同一份答卷，差距过大时交仲裁。"),
    _account("scorer", "温雅婷", CITY_JUSTICE_BUREAU, "scorer",
             "计分员：在决赛现场录入得分，可撤销更正。"),
    _account("arbitrator", "苏志成", CITY_JUSTICE_BUREAU, "arbitrator",
             "仲裁人员：裁定申诉和评分争议。"),
    _account("lay_supervisor", "汤春红", CITY, "lay_supervisor",
             "社会监督员：查看已公布的竞赛结果，反映意见。"),
    _account("auditor", "岑玉涵", "JM-SJJ", "auditor",
             "审计人员：查看操作记录并核验其完整性。"),
    _account("admin", "卢景良", CITY_JUSTICE_BUREAU, "system_administrator",
             "系统管理员：管理账号、单位和系统设置，查看运行状况。"),
)  # fmt: skip


def officer_seats() -> tuple[Seat, ...]:
    """Return the accounts that are officers, for ``people.make_people``, in the order above."""
    return tuple(
        Seat(account.username, account.name, account.unit_code, account.post, account.certificate)
        for account in ACCOUNTS
        if account.post is not None
    )
