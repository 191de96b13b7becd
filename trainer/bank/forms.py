"""Words for what items are sorted by, and the filters of their list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice

from question_bank.fields import DIFFICULTIES, OPEN
from question_bank.laws import register
from question_bank.topics import taxonomy
from trainer.bank.models import ITEM_STATES
from trainer.bank.queries import ItemFilter
from trainer.bank.wording import ADVICE_NAMES, FACILITY_NAMES, POOL_NAMES, UPPER_LOWER_NAMES
from trainer.core.errors import Invalid
from trainer.web.forms import BaseForm
from trainer.web.locale import is_english

KIND_NAMES: dict[str, Any] = {
    "single_choice": _l("单选题"),
    "multiple_choice": _l("多选题"),
    "true_false": _l("判断题"),
    "fill_blank": _l("填空题"),
    "ordering": _l("排序题"),
    "matching": _l("配对题"),
    "error_finding": _l("纠错题"),
    "short_answer": _l("简答题"),
    "case_study": _l("案例分析题"),
}
STATE_NAMES: dict[str, Any] = {
    "draft": _l("草稿"),
    "in_review": _l("审题中"),
    "published": _l("已发布"),
    "retired": _l("已下架"),
    "quarantined": _l("已隔离"),
}
LEVEL_NAMES: dict[str, Any] = {
    "recall": _l("识记"),
    "understand": _l("理解"),
    "apply": _l("应用"),
    "case": _l("案例分析"),
}


def filed_name(entry: Any) -> str:
    """Return the name of a wing, topic or field in the reader's language; empty for None."""
    if entry is None:
        return ""
    return str(entry.en if is_english() else entry.zh)


def with_kind_names(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a sentence with the names of kinds in place of their codes."""
    return {name: str(KIND_NAMES.get(value, value)) if name == "kind" else value for name, value in params.items()}


def choices_of(names: dict[str, Any]) -> list[SelectChoice]:
    """Return the choices of a table of words."""
    return [SelectChoice(value, label) for value, label in names.items()]


def wing_choices() -> list[SelectChoice]:
    """Return the wings in their order."""
    return [SelectChoice(wing.slug, filed_name(wing)) for wing in taxonomy().wings]


def topic_choices() -> list[SelectChoice]:
    """Return the topics in their order, grouped by wing."""
    return [
        SelectChoice(one.slug, filed_name(one), optgroup=filed_name(wing))
        for wing in taxonomy().wings
        for one in wing.topics
    ]


def field_choices() -> list[SelectChoice]:
    """Return the enforcement fields in their order."""
    return [SelectChoice(one.slug, filed_name(one)) for one in taxonomy().fields]


class ItemFilterForm(BaseForm):
    """Filters of the list of items; their values live in the address."""

    words = StringField(_l("关键词"))
    kind = SelectField(_l("题型"), validate_choice=False)
    topic = SelectField(_l("专题"), validate_choice=False)
    field = SelectField(_l("执法领域"), validate_choice=False)
    law = SelectField(_l("法律"), validate_choice=False)
    difficulty = SelectField(_l("难度"), validate_choice=False)
    state = SelectField(_l("状态"), validate_choice=False)
    pool = SelectField(_l("题池"), validate_choice=False)
    use = SelectField(_l("用于试卷"), validate_choice=False)
    facility = SelectField(_l("考试得分率"), validate_choice=False)
    upper_lower = SelectField(_l("鉴别指数"), validate_choice=False)
    advice = SelectField(_l("统计建议"), validate_choice=False)

    def __init__(self, asked: Mapping[str, str], loaded_laws: Sequence[str] = ()) -> None:
        """Fill the filter from the arguments of the address.

        ``loaded_laws`` are short titles of laws whose text is loaded beside those of the register.
        """
        super().__init__()
        anything = SelectChoice("", _l("全部"))
        self.kind.choices = [anything, *choices_of(KIND_NAMES)]
        self.topic.choices = [anything, *topic_choices()]
        self.field.choices = [anything, *field_choices()]
        self.state.choices = [anything, *choices_of({one: STATE_NAMES[one] for one in ITEM_STATES})]
        names = [law.short_title for law in register().laws]
        self.law.choices = [anything, *(SelectChoice(name, name) for name in [*loaded_laws, *names])]
        self.difficulty.choices = [anything, *(SelectChoice(str(one), str(one)) for one in DIFFICULTIES)]
        self.pool.choices = [anything, *choices_of(POOL_NAMES)]
        self.use.choices = [anything, SelectChoice("used", _l("用过")), SelectChoice("unused", _l("没有用过"))]
        self.facility.choices = [anything, *choices_of(FACILITY_NAMES)]
        self.upper_lower.choices = [anything, *choices_of(UPPER_LOWER_NAMES)]
        self.advice.choices = [anything, *choices_of(ADVICE_NAMES)]
        for field in self:
            field.data = asked.get(field.name, "").replace("\x00", "")[:80]

    def wanted(self) -> ItemFilter:
        """Return what is asked for; unknown values filter everything away, as they should."""
        return ItemFilter(
            words=self.words.data,
            kind=self.kind.data,
            topic=self.topic.data,
            field=self.field.data,
            state=self.state.data,
            law=self.law.data,
            difficulty=int(self.difficulty.data) if self.difficulty.data in map(str, DIFFICULTIES) else None,
            pool=self.pool.data if self.pool.data in POOL_NAMES else "",
            facility=self.facility.data,
            upper_lower=self.upper_lower.data,
            advice=self.advice.data,
        )


class ExportForm(ItemFilterForm):
    """What to export and how; the values live in the address. Unless it is said otherwise: what is published."""

    format = SelectField(_l("格式"), validate_choice=False)
    answers = SelectField(_l("Word 文件里的答案"), validate_choice=False)
    title = StringField(_l("Word 文件的标题"))

    def __init__(
        self,
        asked: Mapping[str, str],
        formats: Mapping[str, Any],
        answers: Mapping[str, Any],
        loaded_laws: Sequence[str] = (),
    ) -> None:
        """Fill the form from the arguments of the address; ``formats`` and ``answers`` are words by name."""
        super().__init__(asked, loaded_laws)
        self.format.choices = choices_of(dict(formats))
        self.answers.choices = choices_of(dict(answers))
        self.pool.choices = choices_of(POOL_NAMES)
        self.pool.data = self.pool.data if self.pool.data in POOL_NAMES else OPEN
        if "state" not in asked:
            self.state.data = "published"
        if not self.format.data:
            self.format.data = "excel"

    def chosen_format(self) -> str:
        """Return the name of the format. Raises ``Invalid`` for one that cannot be written."""
        known = {str(one.value) for one in self.format.choices}
        if self.format.data not in known:
            raise Invalid.at("format", "unknown_value", value=str(self.format.data)[:24])
        return str(self.format.data)
