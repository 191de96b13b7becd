"""Forms of the organiser's pages about competitions."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from trainer.web.forms import BaseForm, LineField, LocalDateTimeField, TextField

# The score always comes first and is no choice.
LINKS = ("objective_score", "seconds_used", "submitted_at", "draw_lots")


class CheckboxesField(SelectMultipleField):
    """Several choices as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class RoundForm(BaseForm):
    """A round on an exam."""

    round_title = LineField(_l("赛程名称"), [InputRequired(), Length(max=120)], default=_l("初赛"))
    exam = SelectField(_l("所用考试"), [InputRequired()], coerce=int)
    top = IntegerField(_l("晋级名额"), [Optional(), NumberRange(1, 100_000)])
    per_unit = IntegerField(_l("每单位至少晋级"), [Optional(), NumberRange(0, 1000)])


class TitleForm(BaseForm):
    """The title of a competition, all that may be changed once there are scores."""

    title = LineField(_l("竞赛名称"), [InputRequired(), Length(max=120)])


class RulesForm(TitleForm):
    """The title and the rules of a competition."""

    ties = CheckboxesField(
        _l("总分相同时依次比较"),
        choices=[
            SelectChoice("objective_score", _l("客观题得分高的在前")),
            SelectChoice("seconds_used", _l("用时少的在前")),
            SelectChoice("submitted_at", _l("先交卷的在前")),
            SelectChoice("draw_lots", _l("抽签（由封存的随机种子产生，可复核）")),
        ],
        default=["objective_score", "seconds_used", "submitted_at"],
    )
    team_score = RadioField(
        _l("代表队成绩"),
        choices=[
            SelectChoice("best_n", _l("取成绩最好的若干名队员之和")),
            SelectChoice("mean", _l("全体应赛队员的平均分，缺赛按 0 分计")),
            SelectChoice("sum", _l("全体队员之和")),
        ],
        default="best_n",
    )
    team_best_n = IntegerField(_l("取最好的人数"), [Optional(), NumberRange(1, 200)], default=3)
    prizes_individual = TextField(_l("个人奖项"), [Length(max=2000)])
    prizes_team = TextField(_l("代表队奖项"), [Length(max=2000)])
    prizes_unit = TextField(_l("单位奖项"), [Length(max=2000)])
    names = RadioField(
        _l("榜上如何显示姓名"),
        choices=[
            SelectChoice("full", _l("显示全名")),
            SelectChoice("masked", _l("只显示姓，如“张**”")),
            SelectChoice("unit_only", _l("只显示单位")),
        ],
        default="masked",
    )
    public = BooleanField(_l("对全部登录人员公开（否则只有参赛人员和管理范围内的人员可见）"))


class CompetitionForm(RoundForm, RulesForm):
    """A competition with its first round."""


class ReasonForm(BaseForm):
    """Why a competition is called off."""

    reason = LineField(_l("取消原因"), [InputRequired(_l("请写明理由。")), Length(max=200)])


class TeamForm(Form):
    """One team; ``members`` are usernames, one a line. An entry without name and members is no team."""

    name = LineField(_l("队名"), [Length(max=80)])
    unit = SelectField(_l("所属单位"), validate_choice=False)
    members = TextAreaField(_l("队员用户名"), [Length(max=20_000)])

    def is_empty(self) -> bool:
        """Return whether nothing was written here."""
        return not (self.name.data or "").strip() and not (self.members.data or "").split()


class TeamsForm(BaseForm):
    """All teams of a competition. How many there may be is asked by the verb: a limit here would drop the rest."""

    teams = FieldList(FormField(TeamForm), _l("代表队"))

    def filled(self) -> list[Any]:
        """Return the forms of the teams that were written down."""
        return [entry.form for entry in self.teams if not entry.form.is_empty()]


class PostForm(BaseForm):
    """The end of the public notice."""

    until = LocalDateTimeField(_l("公示截止"), [InputRequired()])
