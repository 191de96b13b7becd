"""What an invigilator fills in on the board."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from trainer.attempts.extend import REASON_MOST
from trainer.exams.rules import EXTRA_MINUTES_MOST
from trainer.web.forms import BaseForm, LineField


class ForceForm(BaseForm):
    """Hand in for a candidate."""

    reason = LineField(_l("理由"), [InputRequired(), Length(max=REASON_MOST)])


class RoomForm(BaseForm):
    """More minutes for everybody of a sitting, or of the exam where ``sitting`` is empty or 0."""

    sitting = IntegerField(_l("场次"), [Optional()])
    minutes = IntegerField(_l("延长的分钟数"), [InputRequired(), NumberRange(1, EXTRA_MINUTES_MOST)], default=5)
    reason = LineField(_l("理由"), [InputRequired(), Length(max=REASON_MOST)])


class ExtendForm(BaseForm):
    """More minutes for one candidate."""

    minutes = IntegerField(_l("延长的分钟数"), [InputRequired(), NumberRange(1, EXTRA_MINUTES_MOST)], default=5)
    reason = LineField(_l("理由"), [InputRequired(), Length(max=REASON_MOST)])
