"""What can be no id leads nowhere, by whatever method: never to "this address takes another method"."""

import pytest


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("number", ["0", "01", "-1", "9223372036854775808", "9" * 30, "１"])
def test_no_id_is_not_found(client, method, number):
    answer = client.open(f"/api/v1/exams/{number}/candidates", method=method)
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
