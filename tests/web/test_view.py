"""What pages share: addresses with other arguments."""

from datetime import timedelta

import pytest

from tests.conftest import NINE
from trainer.web.locale import until_time


@pytest.mark.parametrize("odd", ["_scheme=x", "_external=1", "_anchor=a", "_method=POST"])
def test_an_address_with_a_name_that_means_something_to_flask_is_no_error(as_user, odd):
    page = as_user("supervisor").get(f"/reports/hours?{odd}")
    assert page.status_code == 200
    assert f"&amp;{odd}" not in page.text


@pytest.mark.parametrize(
    ("hours", "told"), [(0, "09:00"), (14.75, "23:45"), (15, "2026年11月24日 00:00"), (24, "2026年11月24日 09:00")]
)
def test_the_end_of_a_span_repeats_no_day(app, hours, told):
    with app.test_request_context():
        assert until_time(NINE + timedelta(hours=hours), NINE) == told
