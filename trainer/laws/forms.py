"""Forms for law texts."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import DateField, FileField
from wtforms.validators import Optional

from trainer.web.forms import BaseForm


class UploadForm(BaseForm):
    """A file with a law text."""

    file = FileField(_l("法规文本"))


class StartForm(BaseForm):
    """Since when a version holds, where the text does not say it or says it wrongly."""

    in_force_from = DateField(_l("施行日期"), [Optional()])
