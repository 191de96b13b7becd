"""Shape of the blueprint builder and of the small forms on an exam's page.

The builder's sections are rows ``sections-N-name``; which N there are is the page's matter, only their order counts.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DecimalField,
    FieldList,
    Form,
    FormField,
    IntegerField,
    RadioField,
    SelectField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from trainer.bank.forms import KIND_NAMES, LEVEL_NAMES, choices_of, field_choices, topic_choices, wing_choices
from trainer.core.errors import FieldProblem
from trainer.exams.candidate_forms import Checkboxes, NamesForm, told_once
from trainer.exams.rules import (
    CANCEL_REASON_MOST,
    FOCUS_USUAL,
    FORMS_USUAL,
    ROOM_MOST,
    ExamSpec,
    SittingSpec,
)
from trainer.papers.rules.blueprint import (
    EXPOSURE_MOST,
    SECTIONS_MOST,
    DrawRules,
    Preset,
    SectionSpec,
    max_points,
    presets,
)
from trainer.web.forms import BaseForm, LineField, LocalDateTimeField
from trainer.web.locale import decimal_text, is_english
from trainer.web.sentences import sentence

PARTIAL_NAMES: dict[str, Any] = {
    "all_or_nothing": _l("全对才得分"),
    "half_for_incomplete": _l("少选得一半"),
    "proportional": _l("按选对比例得分"),
    "plus_minus": _l("选对加、选错减"),
}
POOL_NAMES: dict[str, Any] = {
    "open": _l("开放题库（平时可以练习）"),
    "reserved": _l("保留题库（不进入练习）"),
}
ORDER_NAMES: dict[str, Any] = {
    "drawn": _l("按抽取顺序"),
    "easy_first": _l("由易到难"),
}
RELEASE_NAMES: dict[str, Any] = {
    "after_close": _l("考试结束后自动公布"),
    "manual": _l("考试结束后由我公布"),
    "after_submit": _l("交卷后立即可看"),
}
NAVIGATION_NAMES: dict[str, Any] = {
    "free": _l("自由作答，可返回修改"),
    "sequential": _l("顺序作答，离开后不能返回"),
}
DRAW_NAMES: dict[str, Any] = {
    "one_paper": _l("全体同一套题"),
    "per_form": _l("多套平行试卷"),
    "per_candidate": _l("每人一套题"),
}
LEAK_SENTENCES: dict[str, Any] = {
    "keys_before_resit": _l(
        "交卷后立即可看答案，又允许多次作答，而全体用同一套题：看过答案的人可以再答同一套题，成绩不能说明真实水平。"
        "建议改为多套平行试卷、每人一套题，或考试结束后公布。"
    ),
    "keys_before_hours": _l(
        "交卷后立即可看答案，合格后认定学时，而全体用同一套题：先交卷的人可以把答案告诉还没有考的人，认定的学时会不可信。"
        "建议改为多套平行试卷、每人一套题，或考试结束后公布。"
    ),
}
SECTION_PATH = re.compile(r"sections\.(\d+)(?:\.(\w+))?")
MIX_VALUES = (*"12345", *LEVEL_NAMES)
MIX_FIELDS = {f"mix_{value}" for value in MIX_VALUES}
# Stands in for a time that cannot be read.
NO_DAY = datetime(2999, 1, 1, tzinfo=UTC)


class SectionForm(Form):
    """One section of the paper."""

    class Meta(BaseForm.Meta):
        csrf = False

    title = LineField(_l("大题名称"), [InputRequired(), Length(max=120)])
    kind = SelectField(_l("题型"), choices=choices_of(KIND_NAMES))
    count = IntegerField(_l("题数"), [InputRequired()], default=10)
    points_each = DecimalField(_l("每题分值"), [InputRequired()], default=Decimal(1), places=None)
    partial_credit = SelectField(_l("少选得分规则"), choices=choices_of(PARTIAL_NAMES))
    wing = SelectField(_l("板块"), validate_choice=False)
    topics = Checkboxes(_l("专题"))
    fields = Checkboxes(_l("执法领域"))
    difficulty = Checkboxes(_l("难度"), coerce=int, choices=[SelectChoice(level, str(level)) for level in range(1, 6)])
    item_ids = LineField(_l("指定试题"))
    pool = SelectField(_l("题库范围"), choices=choices_of(POOL_NAMES), default="open")
    laws = Checkboxes(_l("依据的法律"))
    levels = Checkboxes(_l("认知层次"), choices=choices_of(LEVEL_NAMES))
    mix_1 = IntegerField(_l("难度 1"), [Optional()])
    mix_2 = IntegerField(_l("难度 2"), [Optional()])
    mix_3 = IntegerField(_l("难度 3"), [Optional()])
    mix_4 = IntegerField(_l("难度 4"), [Optional()])
    mix_5 = IntegerField(_l("难度 5"), [Optional()])
    mix_recall = IntegerField(LEVEL_NAMES["recall"], [Optional()])
    mix_understand = IntegerField(LEVEL_NAMES["understand"], [Optional()])
    mix_apply = IntegerField(LEVEL_NAMES["apply"], [Optional()])
    mix_case = IntegerField(LEVEL_NAMES["case"], [Optional()])
    order = SelectField(_l("题目排列"), choices=choices_of(ORDER_NAMES), default="drawn")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wing.choices = [SelectChoice("", _l("全部板块")), *wing_choices()]
        self.topics.choices = topic_choices()
        self["fields"].choices = field_choices()
        self.laws.choices = []

    def mix_fields(self, sort: str = "") -> list[Any]:
        """Return the inputs of the mix by ``difficulty`` or by ``level``; without either both, difficulties first."""
        values = {"difficulty": tuple("12345"), "level": tuple(LEVEL_NAMES)}.get(sort, MIX_VALUES)
        return [self[f"mix_{value}"] for value in values]

    def offer_laws(self, names: Iterable[str]) -> None:
        """List the laws that items cite, and those chosen here."""
        self.laws.choices = [SelectChoice(name, name) for name in dict.fromkeys((*names, *(self.laws.data or ())))]

    def offer_kinds(self, published: set[str]) -> None:
        """List the kinds of which the bank has items, and the one that stands here; all of them in an empty bank."""
        if published:
            shown = published | {self.kind.data}
            self.kind.choices = [choice for choice in choices_of(KIND_NAMES) if choice.value in shown]

    def spec(self) -> SectionSpec:
        """Return the section as typed; something sound stands in for a number that cannot be read."""
        return SectionSpec(
            title=self.title.data,
            kind=self.kind.data or "",
            count=1 if self.count.data is None else self.count.data,
            points_each=Decimal(1) if self.points_each.data is None else self.points_each.data,
            partial_credit=self.partial_credit.data or "",
            wing=self.wing.data or None,
            topics=tuple(self.topics.data or ()),
            fields=tuple(self["fields"].data or ()),
            difficulty=tuple(self.difficulty.data or ()),
            # The database must not meet a sign for which the field was refused.
            item_ids=() if self.item_ids.errors else ids_in(self.item_ids.data),
            pool=self.pool.data,
            laws=tuple(self.laws.data or ()),
            levels=tuple(self.levels.data or ()),
            mix=tuple((value, self[f"mix_{value}"].data) for value in MIX_VALUES if self[f"mix_{value}"].data),
            order=self.order.data,
        )


class ExamForm(NamesForm):
    """The blueprint builder: what, when, who, and how it is made public."""

    title = LineField(_l("考试名称"), [InputRequired(), Length(max=120)])
    unit = SelectField(_l("主办单位"), validate_choice=False)
    opens_at = LocalDateTimeField(_l("开考时间"), [InputRequired()])
    closes_at = LocalDateTimeField(_l("截止时间"), [InputRequired()])
    minutes = IntegerField(_l("答题时长"), [InputRequired()], default=60)
    sections = FieldList(FormField(SectionForm), _l("试卷结构"), max_entries=SECTIONS_MOST)
    pass_mark = DecimalField(_l("合格线"), [Optional()], places=None)
    draw = RadioField(_l("组卷方式"), choices=choices_of(DRAW_NAMES), default="one_paper")
    forms = IntegerField(_l("平行试卷套数"), [Optional()], default=FORMS_USUAL)
    shuffle_items = BooleanField(_l("打乱题目顺序"), default=True)
    shuffle_options = BooleanField(_l("打乱选项顺序"), default=True)
    attempts = IntegerField(_l("作答次数"), [InputRequired()], default=1)
    release = RadioField(_l("成绩公布"), choices=choices_of(RELEASE_NAMES), default="after_close")
    credit_hours = DecimalField(_l("合格后认定学时"), [Optional()], places=None)
    is_mock = BooleanField(_l("模拟考"))
    navigation = RadioField(_l("作答顺序"), choices=choices_of(NAVIGATION_NAMES), default="free")
    focus_threshold = IntegerField(_l("离开页面提醒监考"), [Optional()], default=FOCUS_USUAL)
    seed = LineField(_l("随机种子"), [Length(max=64)])
    avoid_days = IntegerField(_l("避开考生近期见过的题"), [Optional()])
    avoid_practice = BooleanField(_l("练习中做过的也算见过"))
    exposure_most = IntegerField(_l("曝光上限"), [Optional()])
    units = Checkboxes(_l("参考单位"))
    usernames = TextAreaField(_l("另外指定的考生"))

    def offer(self, units: Iterable[Any], owners: Iterable[Any]) -> None:
        """Set the units that may be named and those that may own the exam (rows with code and name)."""
        self.units.choices = [SelectChoice(unit.code, unit.name) for unit in units]
        self.unit.choices = [SelectChoice(unit.code, unit.name) for unit in owners]

    def spec(self) -> ExamSpec:
        """Return the exam as typed.

        Where the form has not validated, something sound stands in for what cannot be read, so that the rest can be
        looked at: see ``blame_rest``.
        """
        opens_at = self.opens_at.data or self.closes_at.data or NO_DAY
        return ExamSpec(
            title=self.title.data,
            opens_at=opens_at,
            closes_at=self.closes_at.data or opens_at,
            minutes=1 if self.minutes.data is None else self.minutes.data,
            sections=tuple(entry.form.spec() for entry in self.sections),
            pass_mark=self.pass_mark.data,
            attempts=1 if self.attempts.data is None else self.attempts.data,
            release=self.release.data or "",
            draw=self.draw.data or "",
            forms=FORMS_USUAL if self.forms.data is None else self.forms.data,
            shuffle_items=self.shuffle_items.data,
            shuffle_options=self.shuffle_options.data,
            credit_hours=self.credit_hours.data,
            seed=self.seed.data or None,
            is_mock=self.is_mock.data,
            focus_threshold=self.focus_threshold.data,
            navigation=self.navigation.data or "",
            rules=DrawRules(self.avoid_days.data or 0, self.avoid_practice.data, self.exposure_most.data or 0),
            units=tuple(code for code in self.units.data or () if code),
            usernames=self.named(),
            unit_code=self.unit.data or None,
        )

    def blame_rest(self, problems: Iterable[FieldProblem]) -> None:
        """Tell, beside what cannot be read, what else is wrong with the form, so that nobody comes back for it.

        ``problems`` are those of ``spec()``. None is told at a field that has a complaint already, nor where it was
        measured against what only stands in.
        """
        told = {name for name, field in self._fields.items() if field.errors}
        for number, entry in enumerate(self.sections.entries):
            spoilt = {name for name, field in entry.form._fields.items() if field.errors}
            wrong = {"mix" if name in MIX_FIELDS else name for name in spoilt}
            if "count" in wrong:
                wrong |= {"mix", "item_ids"}
            if wrong & {"count", "points_each"}:
                told.add("pass_mark")
            told |= {f"sections.{number}.{name}" for name in wrong}
        for one in told_once(list(problems)):
            if one.field in told or (one.code == "closes_before_opens" and "opens_at" in told):
                continue
            if not self._say(one.field, one.code, one.params):
                self.form_errors.append(sentence(one.code, one.params))

    def validate_exposure_most(self, field: IntegerField) -> None:
        """Refuse 0, which would read as "an item may never have been used" and would mean no limit."""
        if field.data is not None and not 1 <= field.data <= EXPOSURE_MOST:
            raise ValidationError(_("应在 1 到 %(most)s 之间；不设上限请留空。", most=EXPOSURE_MOST))

    @property
    def has_problems(self) -> bool:
        """Whether anything is wrong, in a section too: a list of rows gathers its errors only while validating."""
        return bool(self.errors or self.form_errors or any(entry.form.errors for entry in self.sections))

    def fill(self, spec: ExamSpec) -> None:
        """Show an exam that exists."""
        for name in ("title", "opens_at", "closes_at", "minutes", "pass_mark", "attempts", "release", "draw"):
            self[name].data = _plain(getattr(spec, name))
        for name in ("forms", "shuffle_items", "shuffle_options", "credit_hours", "seed", "is_mock"):
            self[name].data = _plain(getattr(spec, name))
        for name in ("focus_threshold", "navigation"):
            self[name].data = _plain(getattr(spec, name))
        self.avoid_days.data, self.exposure_most.data = spec.rules.avoid_days or None, spec.rules.exposure_most or None
        self.avoid_practice.data = spec.rules.avoid_practice
        self.unit.data = spec.unit_code
        self.usernames.data = "\n".join(spec.usernames)
        self.show_sections(spec.sections)

    def show_sections(self, sections: Iterable[SectionSpec]) -> None:
        """Show these sections and no others."""
        while self.sections.entries:
            self.sections.pop_entry()
        for one in sections:
            shown = ("title", "kind", "count", "points_each", "partial_credit", "pool", "order")
            values = {name: _plain(getattr(one, name)) for name in shown}
            values |= {"wing": one.wing or "", "topics": list(one.topics), "fields": list(one.fields)}
            values |= {"difficulty": list(one.difficulty), "item_ids": " ".join(one.item_ids)}
            values |= {"laws": list(one.laws), "levels": list(one.levels)}
            values |= {f"mix_{value}": count for value, count in one.mix}
            self.sections.append_entry(values)

    def _say(self, name: str, code: str, params: dict[str, Any]) -> bool:
        """Put a problem at its field; those of sections have paths of their own."""
        section = SECTION_PATH.fullmatch(name)
        if section and int(section[1]) < len(self.sections.entries):
            form = self.sections.entries[int(section[1])].form
            wanted = section[2]
            if wanted == "mix":
                first = "recall" if params.get("sort") == "levels" else "1"
                wanted = f"mix_{params.get('quota', first)}"
            field = form[wanted] if wanted in form else form["title"]
            field.errors = [*field.errors, sentence(code, params)]
            return True
        return super()._say(name, code, params)


class ClosingForm(BaseForm):
    """A later closing time."""

    closes_at = LocalDateTimeField(_l("新的截止时间"), [InputRequired()])


class CancelForm(BaseForm):
    """Why an exam is cancelled, as its candidates read it."""

    reason = LineField(_l("取消的原因"), [DataRequired(), Length(max=CANCEL_REASON_MOST)])


class SittingForm(BaseForm):
    """A sitting: a window of time in a room."""

    opens_at = LocalDateTimeField(_l("开考时间"), [InputRequired()])
    closes_at = LocalDateTimeField(_l("截止时间"), [InputRequired()])
    room = LineField(_l("考场"), [Length(max=ROOM_MOST)])
    capacity = IntegerField(_l("座位数"), [Optional()])
    form = IntegerField(_l("试卷套号"), [Optional()])
    awaits_signal = BooleanField(_l("监考员发令后开考"))

    def spec(self) -> SittingSpec:
        """Return the sitting as typed. Only after the form has validated."""
        return SittingSpec(
            opens_at=self.opens_at.data,
            closes_at=self.closes_at.data,
            room=self.room.data or "",
            capacity=self.capacity.data,
            form=self.form.data,
            awaits_signal=self.awaits_signal.data,
        )


def ready_made(kinds: Container[str] = KIND_NAMES) -> list[Preset]:
    """Return the ready-made blueprints that need no other kinds than these, titles in the reader's language."""
    made = presets({kind: str(name) for kind, name in KIND_NAMES.items()}, "en" if is_english() else "zh")
    return [one for one in made if all(part.kind in kinds for part in one.sections)]


def _plain(value: Any) -> Any:
    """Return points and hours without idle zeros, so that an input shows 60 and not 60.00; all else as it is."""
    return Decimal(decimal_text(value)) if isinstance(value, Decimal) else value


def ids_in(text: str | None) -> tuple[str, ...]:
    """Return the ids of items in a text where spaces, commas or line breaks part them."""
    return tuple(name for name in re.split(r"[\s,，、;；]+", text or "") if name)


def preset_choice(one: Preset) -> tuple[str, dict[str, Any]]:
    """Return a ready-made blueprint for the page: its name with its size, and what to put into which input."""
    name = _(
        "%(name)s（%(items)s 题，%(minutes)s 分钟，%(points)s 分）",
        name=one.title,
        items=sum(part.count for part in one.sections),
        minutes=one.minutes,
        points=decimal_text(max_points(one.sections)),
    )
    sections = [
        {
            "title": part.title,
            "kind": part.kind,
            "count": str(part.count),
            "points_each": decimal_text(part.points_each),
            "partial_credit": part.partial_credit,
            "wing": part.wing or "",
            "topics": list(part.topics),
            "fields": list(part.fields),
            "difficulty": [str(level) for level in part.difficulty],
        }
        for part in one.sections
    ]
    return name, {"minutes": str(one.minutes), "pass_mark": decimal_text(one.pass_mark), "sections": sections}
