"""Shape of what is typed about a training class."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, DecimalField, IntegerField, RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from trainer.hours.rules.crediting import MOST_DAYS
from trainer.training.models import CLASS_KINDS
from trainer.web.forms import BaseForm, LineField

KINDS = dict(zip(CLASS_KINDS, (_l("公共法律知识"), _l("业务法律知识"), _l("行政执法技能")), strict=True))


class ClassForm(BaseForm):
    """A training class; the roll's ticks are read by the route, because their number is not known here."""

    title = LineField(_l("培训班名称"), [InputRequired(_l("请填写培训班名称。")), Length(max=120)])
    unit_id = SelectField(_l("举办单位"), coerce=int)
    kind = RadioField(
        _l("内容类别"),
        [InputRequired(_l("请选择内容类别。"))],
        choices=[SelectChoice(value, label) for value, label in KINDS.items()],
    )
    held_on = DateField(_l("开班日期"), [InputRequired(_l("请填写开班日期。"))])
    days = IntegerField(_l("培训天数"), [InputRequired(_l("请填写培训天数。")), NumberRange(1, MOST_DAYS)], default=1)
    hours = DecimalField(_l("认定学时"), [InputRequired(_l("请填写认定学时。"))], places=None)
    place = LineField(_l("地点"), [Length(max=120)])
    evidence = LineField(_l("依据"), [Length(max=200)])
    pasted = TextAreaField(_l("粘贴用户名"), [Optional(), Length(max=60_000)])

    def __init__(self, units: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.unit_id.choices = [SelectChoice(value, label) for value, label in units]


class ReasonForm(BaseForm):
    """Why a class goes back, or why its hours are taken back."""

    reason = LineField(_l("理由"), [InputRequired(_l("请写明理由。")), Length(max=200)])
