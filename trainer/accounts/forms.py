"""Shape of what is typed when signing in and about people."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import PasswordField
from wtforms.validators import EqualTo, InputRequired, Length

from trainer.web.forms import BaseForm, LineField


class SignInForm(BaseForm):
    """User name and password."""

    username = LineField(_l("用户名"), [InputRequired(_l("请填写用户名。")), Length(max=64)])
    password = PasswordField(_l("密码"), [InputRequired(_l("请填写密码。")), Length(max=200)])


class PasswordForm(BaseForm):
    """A new password, typed twice."""

    current = PasswordField(_l("当前密码"), [InputRequired(_l("请填写当前密码。")), Length(max=200)])
    new = PasswordField(_l("新密码"), [InputRequired(_l("请填写新密码。")), Length(max=200)])
    again = PasswordField(_l("再输入一次新密码"), [EqualTo("new", _l("两次输入的新密码不一致。"))])
