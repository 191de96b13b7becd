"""What pages share: addresses with other arguments."""

import pytest


@pytest.mark.parametrize("odd", ["_scheme=x", "_external=1", "_anchor=a", "_method=POST"])
def test_an_address_with_a_name_that_means_something_to_flask_is_no_error(as_user, odd):
    page = as_user("supervisor").get(f"/reports/hours?{odd}")
    assert page.status_code == 200
    assert f"&amp;{odd}" not in page.text
