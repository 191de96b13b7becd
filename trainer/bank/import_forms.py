"""What is asked when files of questions are imported, and the choices of an export."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import MultipleFileField, SelectField, SelectMultipleField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from question_bank.converting import USUAL
from question_bank.fields import DIFFICULTIES, MAX_SOURCE, OPEN
from question_bank.formats import FORMATS
from question_bank.topics import GENERAL, taxonomy
from trainer.bank.forms import LEVEL_NAMES, choices_of, field_choices, topic_choices
from trainer.bank.import_words import FORMAT_NAMES
from trainer.bank.wording import POOL_NAMES
from trainer.core.errors import Invalid
from trainer.web.forms import BaseForm, LineField

MEGABYTE = 1024 * 1024
# The site takes no larger request; what is larger is imported by command.
MOST_BYTES = 15 * MEGABYTE
MOST_FILES = 20
LONGEST_PASTED = 1_000_000
PASTED = "pasted.txt"


class AssumedForm(BaseForm):
    """What holds for questions whose file does not say it, and the format of the files."""

    format = SelectField(_l("格式"), validate_choice=False)
    topic = SelectField(_l("专题"), validate_choice=False)
    fields = SelectMultipleField(
        _l("执法领域"), validate_choice=False, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    difficulty = SelectField(_l("难度"), validate_choice=False)
    level = SelectField(_l("层次"), validate_choice=False)
    pool = SelectField(_l("题池"), validate_choice=False)
    source = LineField(_l("来源"))

    def __init__(self, *, chosen: dict[str, Any] | None = None, format: str = "") -> None:
        """Fill the form with what was chosen before, or with what is usual."""
        held = {**USUAL, **(chosen or {})}
        super().__init__(data={"format": format, **held, "difficulty": str(held["difficulty"])})
        self.format.choices = [
            SelectChoice("", _l("自动识别")),
            *(SelectChoice(name, FORMAT_NAMES[name]) for name, one in FORMATS.items() if one.reader),
        ]
        self.topic.choices = [SelectChoice("", _l("请选择（文件里写明的不受影响）")), *topic_choices()]
        self.fields.choices = field_choices()
        self.difficulty.choices = [SelectChoice(str(one), str(one)) for one in DIFFICULTIES]
        self.level.choices = choices_of(LEVEL_NAMES)
        self.pool.choices = choices_of(POOL_NAMES)

    def assumed(self) -> dict[str, Any]:
        """Return the fields of items for a reader."""
        return assumed(
            topic=self.topic.data,
            fields=self.fields.data,
            difficulty=self.difficulty.data,
            level=self.level.data,
            pool=self.pool.data,
            source=self.source.data,
        )


class ImportForm(AssumedForm):
    """Files, or a text that was pasted in."""

    files = MultipleFileField(_l("文件"))
    text = TextAreaField(_l("或者粘贴试题文字"))


def assumed(
    *,
    topic: str | None = None,
    fields: list[str] | None = None,
    difficulty: Any = None,
    level: str | None = None,
    pool: str | None = None,
    source: str | None = None,
) -> dict[str, Any]:
    """Return what holds where a file is silent, as fields of items; what is not said here is as usual.

    Raises ``Invalid`` for what does not exist.
    """
    known = taxonomy()
    made = dict(USUAL)
    if topic:
        found = known.find_topic(topic)
        if found is None:
            raise Invalid.at("topic", "unknown_topic", value=topic[:40])
        made |= {"topic": found.slug, "wing": found.wing}
    wanted = list(dict.fromkeys(fields or [])) or [GENERAL]
    for one in wanted:
        if known.find_field(one) is None:
            raise Invalid.at("fields", "unknown_value", value=one[:40])
    made["fields"] = wanted
    if difficulty not in (None, ""):
        if str(difficulty) not in map(str, DIFFICULTIES):
            raise Invalid.at("difficulty", "out_of_range", least=DIFFICULTIES[0], most=DIFFICULTIES[-1])
        made["difficulty"] = int(difficulty)
    if level:
        if level not in LEVEL_NAMES:
            raise Invalid.at("level", "unknown_value", value=level[:40])
        made["level"] = level
    if pool and pool != OPEN:
        if pool not in POOL_NAMES:
            raise Invalid.at("pool", "unknown_value", value=pool[:40])
        made["pool"] = pool
    if source and source.strip():
        if len(source) > MAX_SOURCE:
            raise Invalid.at("source", "too_long", most=MAX_SOURCE)
        made["source"] = source.strip()
    return made
