"""Shape of feedback and of its answer."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField
from wtforms.validators import InputRequired, Length

from trainer.notices.service import FEEDBACK_MOST
from trainer.web.forms import BaseForm, TextField

TOO_LONG = _l("最多 %(most)s 字。", most=FEEDBACK_MOST)


class FeedbackForm(BaseForm):
    """A complaint or suggestion, and the page that it came from."""

    text = TextField(
        _l("您的意见"), [InputRequired(_l("请写下您的意见。")), Length(max=FEEDBACK_MOST, message=TOO_LONG)]
    )
    page = HiddenField()


class AnswerForm(BaseForm):
    """The answer to a feedback."""

    answer = TextField(_l("答复"), [InputRequired(_l("请写下答复。")), Length(max=FEEDBACK_MOST, message=TOO_LONG)])
