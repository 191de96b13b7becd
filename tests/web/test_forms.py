"""Fields of our own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from trainer.web.forms import BaseForm, LocalDateTimeField


class _Form(BaseForm):
    at = LocalDateTimeField()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("2026-11-23T09:00", datetime(2026, 11, 23, 1, tzinfo=UTC)),
        ("2999-12-31T23:59", datetime(2999, 12, 31, 15, 59, tzinfo=UTC)),
        ("9999-12-31T23:59", None),
        ("0001-01-01T00:00", None),
        ("soon", None),
    ],
)
def test_a_moment_is_read_in_the_citys_time_or_refused_at_the_field(app, typed, found):
    with app.test_request_context(method="POST", data={"at": typed}):
        form = _Form()
        assert form.sent() is (found is not None)
        assert form.at.data == found
        assert bool(form.at.errors) is (found is None)
        assert ("1900 年至 2999 年" in "".join(form.at.errors)) is (typed[:4] in ("9999", "0001"))
