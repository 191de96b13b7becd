"""Shape of what is typed about units; which units may be chosen is passed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, FieldList, Form, FormField, IntegerField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from trainer.orgs.wording import KIND_NAMES, field_choices
from trainer.web.forms import BaseForm, LineField
from trainer.web.sentences import sentence

Choices = Sequence[tuple[int, str]]
SPARE_LINES = 2


class UnitForm(BaseForm):
    """A unit's entry. ``parent_id`` is asked for a new unit only."""

    name = LineField(_l("单位名称"), [InputRequired(_l("请填写单位名称。")), Length(max=120)])
    short_name = LineField(_l("简称"), [Length(max=60)], description=_l("表格和排行榜中使用，不填则与名称相同。"))
    code = LineField(
        _l("单位代码"),
        [InputRequired(_l("请填写单位代码。")), Length(max=40)],
        description=_l("大写字母、数字和 - ，如 JM-PJ-SFJ；导入名单和接口用它认单位。"),
    )
    kind = SelectField(_l("单位类型"))
    sort = IntegerField(
        _l("排序号"),
        [Optional(), NumberRange(0, 9999, _l("应在 0 到 9999 之间。"))],
        default=0,
        description=_l("同级单位按它从小到大排列。"),
    )
    parent_id = SelectField(_l("上级单位"), coerce=int)

    def __init__(self, *args: Any, parents: Choices | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = list(KIND_NAMES.items())
        if parents is None:
            del self.parent_id
        else:
            self.parent_id.choices = list(parents)


class MoveForm(BaseForm):
    """The new place of a unit."""

    parent_id = SelectField(_l("新的上级单位"), coerce=int)

    def __init__(self, *args: Any, parents: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parent_id.choices = list(parents)


class HeldFieldForm(Form):
    """One line: a field and its days. A line without a field is left out."""

    field = SelectField(_l("执法领域"))
    since = DateField(_l("开始日期"), [Optional()])
    until = DateField(_l("结束日期"), [Optional()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.field.choices = [("", _l("（不填）")), *field_choices()]


class FieldsForm(BaseForm):
    """All enforcement fields of a unit."""

    entries = FieldList(FormField(HeldFieldForm), max_entries=60)

    def filled(self) -> list[dict[str, Any]]:
        """Return the lines that name a field, in their order."""
        return [line for line in self.entries.data if line["field"]]

    def _say(self, name: str, code: str, params: dict[str, Any]) -> bool:
        top, _dot, rest = name.partition(".")
        number, _dot, inner = rest.partition(".")
        if top != "entries":
            return super()._say(name, code, params)
        # The refusal counts the lines that were filled in; the page also has empty ones between them.
        lines = [entry.form for entry in self.entries if entry.form["field"].data]
        target = lines[int(number)][inner]
        target.errors = [*target.errors, sentence(code, params)]
        return True
