"""What becomes of a form that is sent after the session has ended: told, not taken in, and the way back kept."""

from urllib.parse import parse_qs, urlsplit

import pytest

from trainer.accounts.models import User
from trainer.core.crypto import hash_password
from trainer.core.database import transaction

PASSWORD = "梅花 烧鹅 石板 1919"


@pytest.fixture
def with_password(city):
    with transaction() as session:
        session.get(User, city.people["officer"]).password_hash = hash_password(PASSWORD)
    return city


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://localhost/people?unit=PJ#top", "/people?unit=PJ"),
        ("http://localhost/sign-out", None),
        ("http://localhost/nowhere-at-all", None),
        ("https://evil.example/people", None),
        ("http://localhost.evil.example/people", None),
        ("http://localhost//evil.example", None),
        (None, None),
    ],
)
def test_who_sends_a_form_after_the_session_ended_is_told_so_and_comes_back_to_its_page(
    client, with_password, referer, back
):
    headers = {"Referer": referer} if referer else {}
    answer = client.post("/exams/1/repairs/appeal-days", data={"days": "3"}, headers=headers)
    assert (answer.status_code, urlsplit(answer.location).path) == (302, "/sign-in")
    assert parse_qs(urlsplit(answer.location).query) == ({"next": [back]} if back else {})
    assert "刚才提交的内容没有收下" in client.get(answer.location).text
    assert "刚才提交的内容没有收下" not in client.get(answer.location).text
    signed_in = client.post(answer.location, data={"username": "officer", "password": PASSWORD})
    assert signed_in.location == (back or "/")


def test_who_signs_out_twice_or_only_looks_is_told_of_nothing_lost(client, city):
    for answer in (client.post("/sign-out", headers={"Referer": "http://localhost/people"}), client.get("/profile")):
        assert answer.status_code == 302
        assert "刚才提交的内容没有收下" not in client.get(answer.location).text
    assert client.post("/api/v1/me", headers={"Referer": "http://localhost/people"}).status_code in (401, 405)
