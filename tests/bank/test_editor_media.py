"""Pictures that are added to an item in the editor."""

import hashlib
import io

import pytest
from sqlalchemy import func, select

from tests.bank.pictures import PNG
from tests.bank.test_editor_forms import inputs_of
from tests.question_bank.samples import make_item
from trainer.bank.models import ItemMedia, ItemRecord, ItemVersion

DIGEST = hashlib.sha256(PNG).hexdigest()


def form_of(**more):
    return inputs_of(make_item().to_dict()) | {"media_shown": "1"} | more


def add(client, content=PNG, name="限行 标志.PNG", alt="一块限行标志", **more):
    form = form_of(more="media", picture_alt=alt, **more)
    form["picture"] = (io.BytesIO(content), name)
    return client.post("/items/new?kind=single_choice", data=form, content_type="multipart/form-data")


def test_a_picture_is_added_shown_and_saved_with_the_item(as_user, session):
    author = as_user("author")
    page = add(author)
    assert page.status_code == 200
    assert f"/media/{DIGEST}" in page.text
    assert "![](media:file.png)" in page.text
    assert session.scalar(select(func.count()).select_from(ItemRecord)) == 0
    stem = f"{make_item().stem}\n\n![](media:file.png)"
    form = form_of(stem=stem, format="markdown", media_name="file.png", media_sha256=DIGEST, media_alt="限行标志")
    sent = author.post("/items/new?kind=single_choice", data=form)
    assert sent.status_code == 303, sent.text
    session.rollback()
    medium = session.scalar(select(ItemVersion.body))["media"]
    assert medium == [{"name": "file.png", "sha256": DIGEST, "type": "image/png", "alt": "限行标志", "bytes": len(PNG)}]
    session.rollback()
    assert f'src="/media/{DIGEST}"' in author.get(sent.location).text
    with author.get(f"/media/{DIGEST}") as shown:
        assert shown.data == PNG


def test_a_plain_text_reads_as_before_when_it_becomes_markdown(as_user):
    page = add(as_user("author"), stem="1. *依法*应当（　　）。").text
    assert "1\\. \\*依法\\*应当" in page


def test_the_preview_shows_the_pictures_of_the_form(as_user):
    author = as_user("author")
    add(author)
    form = form_of(
        stem="看图（　　）。\n\n![](media:a.png)",
        format="markdown",
        media_name="a.png",
        media_sha256=DIGEST,
        media_alt="标志",
    )
    told = author.post("/items/preview", data=form).json["html"]
    assert f"/media/{DIGEST}" in told
    gone = author.post("/items/preview", data=form | {"media_gone": "a.png"}).json["html"]
    assert "不在题中" in gone


@pytest.mark.parametrize(
    ("content", "alt", "said"),
    [
        (b"<svg onload='x'/>", "图", "只接受"),
        (b"", "图", "请选择文件"),
        (PNG, " ", "请填写"),
        (PNG + b"\0" * 2000, "图", "文件太大"),
    ],
)
def test_what_an_item_may_not_show_is_refused_and_what_was_typed_stays(
    as_user, session, monkeypatch, content, alt, said
):
    monkeypatch.setattr("trainer.bank.media.MOST_BYTES", 1000)
    page = add(as_user("author"), content, alt=alt, source="自己编的")
    assert page.status_code == 422
    assert said in page.text
    assert "自己编的" in page.text
    assert "media:" not in page.text.replace("(media:名称)", "")
    assert session.scalar(select(func.count()).select_from(ItemRecord)) == 0


def test_a_medium_that_the_bank_does_not_hold_is_not_taken(as_user, session):
    form = form_of(media_name="a.png", media_sha256="f" * 64, media_alt="x")
    assert as_user("author").post("/items/new?kind=single_choice", data=form).status_code == 303
    assert "media" not in session.scalar(select(ItemVersion.body))
    assert session.scalar(select(func.count()).select_from(ItemMedia)) == 0
