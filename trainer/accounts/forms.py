"""Shape of what is typed when signing in and about people; units to choose from are passed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, PasswordField, SelectField, SelectMultipleField
from wtforms.validators import EqualTo, InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from trainer.accounts.wording import CATEGORY_NAMES, ROLE_NAMES
from trainer.orgs.wording import field_choices
from trainer.web.forms import BaseForm, LineField


class SignInForm(BaseForm):
    """User name and password."""

    username = LineField(_l("用户名"), [InputRequired(_l("请填写用户名。")), Length(max=64)])
    password = PasswordField(_l("密码"), [InputRequired(_l("请填写密码。")), Length(max=200)])


class TicketForm(BaseForm):
    """The entry ticket of a sitting."""

    ticket = LineField(_l("准考码"), [InputRequired(_l("请填写准考码。")), Length(max=64)])


class PasswordForm(BaseForm):
    """A new password, typed twice."""

    current = PasswordField(_l("当前密码"), [InputRequired(_l("请填写当前密码。")), Length(max=200)])
    new = PasswordField(_l("新密码"), [InputRequired(_l("请填写新密码。")), Length(max=200)])
    again = PasswordField(_l("再输入一次新密码"), [EqualTo("new", _l("两次输入的新密码不一致。"))])


class PersonForm(BaseForm):
    """A person's entry. The username is asked for once, when the person is entered."""

    username = LineField(
        _l("用户名"),
        [InputRequired(_l("请填写用户名。")), Length(max=64)],
        description=_l("登录用，录入后不能更改；小写字母、数字或 . _ - 。"),
    )
    name = LineField(_l("姓名"), [InputRequired(_l("请填写姓名。")), Length(max=80)])
    unit_code = SelectField(_l("所在单位"))
    post = LineField(_l("职务"), [Length(max=80)])
    category = SelectField(
        _l("人员类别"), description=_l("行政执法人员计入学时要求；执法辅助人员可以学习和考试，不计要求。")
    )
    fields = SelectMultipleField(
        _l("执法领域"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description=_l("决定练习和抽题的范围，可选多个。"),
    )

    def __init__(self, *args: Any, units: Sequence[tuple[str, str]], is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit_code.choices = list(units)
        self.category.choices = list(CATEGORY_NAMES.items())
        self["fields"].choices = field_choices()
        if not is_new:
            del self.username


class GrantForm(BaseForm):
    """A role over a unit's subtree, in one field or in all."""

    role = SelectField(_l("角色"), [InputRequired(_l("请选择角色。"))])
    unit_id = SelectField(_l("管理范围"), coerce=int, description=_l("包括所选单位及其全部下级。"))
    field = SelectField(_l("限定领域"), description=_l("不限定则覆盖全部领域；条线指导人员必须限定。"))

    def __init__(self, *args: Any, units: Sequence[tuple[int, str]], roles: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.role.choices = [("", _l("请选择角色")), *((role, ROLE_NAMES[role]) for role in roles)]
        self.unit_id.choices = list(units)
        self.field.choices = [("", _l("全部领域")), *field_choices()]


class TokenForm(BaseForm):
    """A new API token."""

    label = LineField(_l("用途"), [InputRequired(_l("请填写用途，以便日后辨认。")), Length(max=80)])
    read_only = BooleanField(_l("只能读取，不能修改"), default=True)


class RosterForm(BaseForm):
    """The officer list to look through."""

    file = FileField(_l("名单文件（.xlsx）"))
