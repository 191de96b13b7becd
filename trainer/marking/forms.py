"""Shape of what is typed about the marking of an exam."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from unicodedata import normalize

from flask_babel import lazy_gettext as _l
from wtforms import DecimalField, IntegerField, RadioField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from trainer.core.errors import FieldProblem, Invalid
from trainer.marking.planning import BATCH_USUAL, PlanSpec
from trainer.marking.reopening import REASON_MOST
from trainer.web.forms import BaseForm, LineField

MODES: dict[str, Any] = {
    "single": _l("单评：每份答题由一人评"),
    "double": _l("双评：两人各评一次，相差过大时由第三人评定"),
}
WHOM: dict[str, Any] = {
    "same": _l("退回原阅卷人重评（保留原来的给分作参考）"),
    "others": _l("交给其他阅卷人重评（原来的给分作废，留有记录）"),
}


class MarkersField(SelectMultipleField):
    """People as checkboxes; one who may not mark is left to the rules, which say why."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, coerce=int, validate_choice=False, **kwargs)


class PlanForm(BaseForm):
    """Who marks an exam and how."""

    mode = RadioField(
        _l("评阅方式"),
        [InputRequired(_l("请选择评阅方式。"))],
        choices=[SelectChoice(value, label) for value, label in MODES.items()],
        default="single",
    )
    tolerance = DecimalField(_l("允许分差"), [Optional()], places=None, default=Decimal(1))
    batch_size = IntegerField(_l("每批份数"), [InputRequired(_l("请填写每批份数。"))], default=BATCH_USUAL)
    markers = MarkersField(_l("阅卷人"))

    def __init__(self, people: Iterable[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.markers.choices = [SelectChoice(user_id, label) for user_id, label in people]

    def spec(self) -> PlanSpec:
        """Return the plan that was typed; an empty tolerance is none."""
        return PlanSpec(
            double=self.mode.data == "double",
            tolerance=self.tolerance.data or Decimal(0),
            batch_size=self.batch_size.data,
            marker_ids=frozenset(self.markers.data or ()),
        )


class ReopenForm(BaseForm):
    """Why a batch is marked again, and by whom."""

    to = RadioField(
        _l("由谁重评"),
        [InputRequired(_l("请选择由谁重评。"))],
        choices=[SelectChoice(value, label) for value, label in WHOM.items()],
        default="same",
    )
    reason = LineField(_l("理由"), [InputRequired(_l("请写明理由。")), Length(max=REASON_MOST)])


def read_points(texts: list[str]) -> list[Decimal]:
    """Return points by line as typed. Raises ``Invalid`` at what is empty or no number."""
    points, problems = [], []
    for place, text in enumerate(texts):
        try:
            points.append(Decimal(normalize("NFKC", text).replace("。", ".").replace(",", ".")))
        except ArithmeticError:
            problems.append(FieldProblem(f"lines.{place}", "bad_format" if text else "required"))
    if problems:
        raise Invalid(problems)
    return points
