"""Shape of the dialogs on the list of candidates: lists of usernames, what changes for these people, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, RadioField, SelectMultipleField, TextAreaField, ValidationError
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from trainer.accounts.rules import pasted_usernames
from trainer.bank.forms import choices_of
from trainer.core.errors import FieldProblem, Invalid, Refused
from trainer.exams.rules import EXTRA_MINUTES_MOST
from trainer.web.forms import BaseForm, LineField, LocalDateTimeField
from trainer.web.sentences import sentence

STATE_NAMES: dict[str, Any] = {
    "deferred": _l("缓考（另行安排）"),
    "exempt": _l("免考（不再要求）"),
    "due": _l("应考（撤销免考、缓考）"),
}
NAMED_PATH = re.compile(r"(?:candidates\.)?(units|usernames)\.\d+")
# Problems with single people, and how they are told of several.
SEVERAL = {
    "unknown_person": "unknown_persons",
    "person_inactive": "persons_inactive",
    "not_an_officer": "not_officers",
    "not_on_list": "several_not_on_list",
}
# Refusals whose sentences tell whom of the list they are about.
TELLS_NAMES = ("excused_has_begun", "has_started", "have_no_time", "minutes_in_use")


class Checkboxes(SelectMultipleField):
    """Several choices as checkboxes; unknown ones are left to the rules, which name them."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()
    validate_choice = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, validate_choice=False, **kwargs)


class NamesForm(BaseForm):
    """A form with a list of ``usernames``: what is wrong with many of them is told once, at the list."""

    def named(self) -> tuple[str, ...]:
        """Return the usernames typed, lower case, each once, in their order."""
        return tuple(pasted_usernames(self["usernames"].data or ""))

    def blame(self, refusal: Refused) -> bool:
        """Put a refusal at its fields, one that tells of people by name at the list of them."""
        if refusal.code in TELLS_NAMES:
            return self._say("usernames", refusal.code, refusal.params)
        return super().blame(Invalid(told_once(refusal.problems)) if isinstance(refusal, Invalid) else refusal)


class ListForm(NamesForm):
    """A list of candidates for whom something changes, with a reason for whatever is not taken back."""

    def takes_back(self) -> bool:
        """Return whether the form only takes something back, which needs no reason."""
        raise NotImplementedError

    def validate_usernames(self, field: Any) -> None:
        """Refuse a list of nothing but separators."""
        if not self.named():
            raise ValidationError(_("请填写考生用户名。"))


class DemandsReason:
    """A reason is demanded unless the form takes something back: the label says so, but no browser insists on it."""

    field_flags: ClassVar[dict[str, bool]] = {"demanded": True}

    def __call__(self, form: Any, field: Any) -> None:
        if not field.data and not form.takes_back():
            raise ValidationError(sentence("reason_needed"))


class WordsForm(NamesForm):
    """Who else is named for an exam that stands."""

    units = Checkboxes(_l("参考单位"))
    usernames = TextAreaField(_l("考生用户名"), id="name-usernames")

    def validate_usernames(self, field: Any) -> None:
        """Refuse a form that names nobody at all."""
        if not self.units.data and not self.named():
            raise ValidationError(_("请选择单位，或填写考生用户名。"))


class StatesForm(ListForm):
    """Exempt or deferred people, or due again, by a list of usernames."""

    usernames = TextAreaField(_l("考生用户名"), [InputRequired()], id="states-usernames")
    state = RadioField(_l("登记为"), choices=choices_of(STATE_NAMES), default="deferred", id="states-state")
    reason = LineField(_l("理由"), [DemandsReason(), Length(max=200)], id="states-reason")

    def takes_back(self) -> bool:
        """Return whether people are made due again."""
        return self.state.data == "due"


class ShiftForm(ListForm):
    """A start of one's own for some candidates; without a moment they start with their sitting again."""

    usernames = TextAreaField(_l("考生用户名"), [InputRequired()], id="shift-usernames")
    opens_at = LocalDateTimeField(_l("个人开考时间"), [Optional()], id="shift-opens_at")
    reason = LineField(_l("理由"), [DemandsReason(), Length(max=200)], id="shift-reason")

    def takes_back(self) -> bool:
        """Return whether no moment was typed, not even one that cannot be read."""
        return not any(self.opens_at.raw_data or ())

    def _say(self, name: str, code: str, params: dict[str, Any]) -> bool:
        # A shift that is taken back is one of 0 minutes, which nobody typed.
        return super()._say("opens_at" if name == "minutes" else name, code, params)


class MinutesForm(ListForm):
    """Extra minutes for some candidates; 0 takes back what those had who have not started."""

    usernames = TextAreaField(_l("考生用户名"), [InputRequired()], id="minutes-usernames")
    minutes = IntegerField(
        _l("延长的分钟数"), [InputRequired(), NumberRange(0, EXTRA_MINUTES_MOST)], id="minutes-minutes"
    )
    reason = LineField(_l("理由"), [DemandsReason(), Length(max=200)], id="minutes-reason")

    def takes_back(self) -> bool:
        """Return whether minutes that were given are to end."""
        return self.minutes.data == 0


def told_once(problems: Sequence[FieldProblem]) -> list[FieldProblem]:
    """Return problems so that those alike with several of the people named are one, at the list and not at its parts.

    The one tells in ``count`` how many people it is about, and in ``names`` the first ten.
    """
    alike: dict[tuple[str, str], list[FieldProblem]] = {}
    told = []
    for one in problems:
        named = NAMED_PATH.fullmatch(one.field)
        if named is None:
            told.append(one)
        else:
            alike.setdefault((named[1], one.code), []).append(one)
    for (name, code), those in alike.items():
        if len(those) > 1 and code in SEVERAL:
            first = _("、").join(str(one.params["value"]) for one in those[:10])
            names = first if len(those) <= 10 else _("%(names)s 等", names=first)
            told.append(FieldProblem(name, SEVERAL[code], {"count": len(those), "names": names}))
        else:
            told += [FieldProblem(name, code, one.params) for one in those]
    return told
