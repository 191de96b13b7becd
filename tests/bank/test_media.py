"""Pictures of items reach those who may see the item, and nobody else."""

from decimal import Decimal

import pytest

from tests.attempts.factories import make_drawn_exam
from tests.conftest import NINE
from tests.question_bank.samples import make_rich_item
from trainer.bank.models import ItemMedia
from trainer.bank.rules.rich import stem_in_words
from trainer.core.database import transaction
from trainer.core.files import media_folder
from trainer.papers.rules.blueprint import SectionSpec

SCENE, ANSWER = "a" * 64, "b" * 64


@pytest.fixture
def exam(app, city, clock):
    """An exam of the officer's over one reserved item, whose stem shows SCENE and whose explanation shows ANSWER."""
    clock(NINE)
    folder = media_folder(app.config["SETTINGS"].instance)
    with transaction() as session:
        for digest in (SCENE, ANSWER):
            (folder / digest).write_bytes(b"picture " + digest.encode())
            session.add(ItemMedia(sha256=digest, media_type="image/png", bytes=72, created_at=NINE))
    item = make_rich_item(id="rich-1", enemies=[])
    section = SectionSpec("单选题", "single_choice", 1, Decimal(1), pool="reserved")
    return make_drawn_exam(city, NINE, [item], section, usernames=("officer",), release="after_submit")


def seen(client, *digests):
    answers = [client.get(f"/media/{digest}") for digest in digests]
    for answer in answers:
        answer.close()
    return [answer.status_code for answer in answers]


def test_a_picture_is_sent_by_its_type_to_be_kept_by_this_person_alone(exam, as_user):
    with as_user("author").get(f"/media/{SCENE}") as answer:
        assert (answer.status_code, answer.mimetype) == (200, "image/png")
        assert answer.data.startswith(b"picture a")
        assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"


def test_a_candidate_sees_what_the_paper_shows_and_the_rest_with_the_result(exam, as_user):
    officer = as_user("officer")
    assert seen(officer, SCENE, ANSWER) == [404, 404]
    made = officer.post(f"/api/v1/exams/{exam.exam_id}/attempts").json
    assert f'src=\\"/media/{SCENE}\\"' in officer.get(f"/api/v1/attempts/{made['attempt_id']}").text
    assert seen(officer, SCENE, ANSWER) == [200, 404]
    officer.post(f"/api/v1/attempts/{made['attempt_id']}/submit", json={"epoch": made["epoch"]})
    assert seen(officer, SCENE, ANSWER) == [200, 200]


def test_others_see_nothing(exam, as_user, client):
    assert seen(as_user("officer2"), SCENE, "c" * 64, "..") == [404, 404, 404]
    assert client.get(f"/media/{SCENE}").status_code == 302


def test_a_list_tells_a_stem_in_words_and_a_picture_by_what_it_shows():
    entry = {"name": "a.png", "type": "image/png", "sha256": "0" * 64, "bytes": 9, "alt": "摊位图"}
    public = {"stem": "**摊位**有几处？\n\n![](media:a.png)", "format": "markdown", "media": [entry]}
    assert stem_in_words(public) == "摊位有几处？ [摊位图]"
    assert stem_in_words({"stem": "**2** ____ 处"}) == "**2** ____ 处"
    assert stem_in_words({"stem": "在____日内", "format": "markdown", "media": None}) == "在____日内"
