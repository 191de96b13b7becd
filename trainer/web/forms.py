"""Forms: shape of input, choices passed in, problems said at the field.

``BaseForm`` reads the request by itself. CSRF is not its matter: ``web.csrf`` checks every unsafe request.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import CombinedMultiDict
from wtforms import DateTimeLocalField, Form, StringField, TextAreaField, ValidationError
from wtforms.validators import StopValidation

from trainer.core.errors import Invalid, Refused
from trainer.web.access import SAFE_METHODS
from trainer.web.locale import chosen_locale, zone
from trainer.web.sentences import sentence

LINE_ENDS = str.maketrans("", "", "\r\n\t")


_CHOICE, _LONG, _SHORT = _l("请从列出的选项中选择。"), _l("最多 %(max)d 个字符。"), _l("至少 %(min)d 个字符。")
# What WTForms says, in the words that the product has for it everywhere. By its own translation "at least 5" reads as
# "more than 5".
_WORDS = {
    "This field is required.": _l("请填写这一项。"),
    "Field must be at least %(min)d characters long.": _SHORT,
    "Field cannot be longer than %(max)d characters.": _LONG,
    "Field must be between %(min)d and %(max)d characters long.": _l("应为 %(min)d 到 %(max)d 个字符。"),
    "Number must be at least %(min)s.": _l("不能小于 %(min)s。"),
    "Number must be at most %(max)s.": _l("不能大于 %(max)s。"),
    "Number must be between %(min)s and %(max)s.": _l("应在 %(min)s 到 %(max)s 之间。"),
    "Not a valid choice.": _CHOICE,
    "Invalid Choice: could not coerce.": _CHOICE,
    "Invalid choice(s): one or more data inputs could not be coerced.": _CHOICE,
    "Not a valid datetime value.": _l("请填写日期和时间。"),
    "Not a valid date value.": _l("请填写日期。"),
    "Not a valid time value.": _l("请填写时间。"),
    "Not a valid integer value.": _l("请填写整数。"),
    "Not a valid decimal value.": _l("请填写数字。"),
}


class _Words:
    """The words of ``_WORDS`` in the caller's language, and those of WTForms for the rest."""

    def __init__(self, others: Any) -> None:
        self._others = others

    def gettext(self, text: str) -> str:
        return str(_WORDS[text]) if text in _WORDS else str(self._others.gettext(text))

    def ngettext(self, one: str, many: str, count: int) -> str:
        return str(_WORDS[many]) if many in _WORDS else str(self._others.ngettext(one, many, count))


class BaseForm(Form):
    """A form of ours. ``Form(obj=…)`` fills it; ``sent()`` says whether it came back and has a good shape."""

    class Meta:
        def get_translations(self, form: Form) -> Any:
            from wtforms.i18n import get_translations

            return _Words(get_translations(["zh"] if chosen_locale() == "zh_CN" else ["en"]))

    def __init__(self, *args: Any, empty: bool = False, **kwargs: Any) -> None:
        """``empty`` leaves the request alone: a second form on the page that answers to the first."""
        unsent = empty or request.method in SAFE_METHODS
        super().__init__(None if unsent else CombinedMultiDict((request.files, request.form)), *args, **kwargs)

    def sent(self) -> bool:
        """Return whether this is a submission whose shape is right; errors are at the fields otherwise."""
        return request.method not in SAFE_METHODS and self.validate()

    def blame(self, refusal: Refused) -> bool:
        """Put a refusal's problems at our fields; return whether every one found its field."""
        problems = refusal.problems if isinstance(refusal, Invalid) else []
        left = [problem for problem in problems if not self._say(problem.field, problem.code, problem.params)]
        for problem in left:
            self.form_errors.append(sentence(problem.code, problem.params))
        if not problems:
            self.form_errors.append(sentence(refusal.code, refusal.params))
        return not left and bool(problems)

    def _say(self, name: str, code: str, params: dict[str, Any]) -> bool:
        field = self._fields.get(name)
        if field is None:
            return False
        field.errors = [*field.errors, sentence(code, params)]
        return True


class LocalDateTimeField(DateTimeLocalField):
    """A moment typed in the city's time; ``data`` is aware UTC."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        if isinstance(self.data, datetime):
            local, self.data = self.data, None
            # Near the ends of the calendar the change of zone leaves it.
            if not 1900 <= local.year <= 2999:
                raise ValueError(sentence("date_out_of_range"))
            self.data = local.replace(tzinfo=zone()).astimezone(UTC)

    def _value(self) -> str:
        if self.raw_data:
            return " ".join(self.raw_data)
        return self.data.astimezone(zone()).strftime("%Y-%m-%dT%H:%M") if self.data else ""


class LineField(StringField):
    """One line of text, trimmed; control characters are refused, because no name and no title has any."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        self.data = (self.data or "").strip()

    def pre_validate(self, form: Any) -> None:
        _refuse_control_characters(self.data or "")


class TextField(TextAreaField):
    """Text of several lines; control characters other than the ends of lines and tabs are refused."""

    def pre_validate(self, form: Any) -> None:
        _refuse_control_characters((self.data or "").translate(LINE_ENDS))


def _refuse_control_characters(text: str) -> None:
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        raise StopValidation(str(_l("这里有无法识别的控制字符，请删去后重试。")))


def one_of(choices: Iterable[str]) -> Any:
    """Return a validator that lets only ``choices`` pass."""
    known = set(choices)

    def validate(form: Any, field: Any) -> None:
        if field.data not in known:
            raise ValidationError(str(_l("请从列表中选择一项。")))

    return validate
