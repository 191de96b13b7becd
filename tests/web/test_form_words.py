"""What a form says of its fields, in the product's own words."""

from pathlib import Path

import pytest
import wtforms
from wtforms import DecimalField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from trainer.web.forms import _WORDS, BaseForm, LocalDateTimeField


class Asked(BaseForm):
    name = StringField(validators=[InputRequired()])
    code = StringField(validators=[Optional(), Length(max=3)])
    least = IntegerField(validators=[Optional(), NumberRange(min=5)])
    between = IntegerField(validators=[Optional(), NumberRange(1, 9)])
    points = DecimalField(validators=[Optional()])
    kind = SelectField(choices=["a"], validators=[Optional()])
    at = LocalDateTimeField(validators=[Optional()])


SENT = {"code": "abcd", "least": "4", "between": "x", "points": "y", "kind": "z", "at": "tomorrow"}


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        (
            "zh_CN",
            {
                "name": "请填写这一项。",
                "code": "最多 3 个字符。",
                "least": "不能小于 5。",
                "between": "请填写整数。",
                "points": "请填写数字。",
                "kind": "请从列出的选项中选择。",
                "at": "请填写日期和时间。",
            },
        ),
        (
            "en",
            {
                "code": "At most 3 characters.",
                "least": "Should be 5 or more.",
                "between": "Please give a whole number.",
            },
        ),
    ],
)
def test_each_problem_is_said_in_our_words_and_in_the_language_of_the_reader(app, locale, said):
    with app.test_request_context("/", method="POST", data=SENT, headers={"Cookie": f"locale={locale}"}):
        form = Asked()
        assert not form.sent()
        found = {name: errors[0] for name, errors in form.errors.items()}
    assert {name: found[name] for name in said} == said


def test_every_sentence_that_is_put_in_others_words_exists_there():
    theirs = (Path(wtforms.__file__).parent / "locale/zh/LC_MESSAGES/wtforms.po").read_text(encoding="utf-8")
    assert [text for text in _WORDS if f'"{text}"' not in theirs] == []
