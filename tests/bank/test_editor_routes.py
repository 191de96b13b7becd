"""The pages on which items are written and reviewed."""

from html.parser import HTMLParser

import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from tests.bank.test_editor_forms import inputs_of
from tests.conftest import NINE
from tests.laws.factories import FIRST, LAW, load_both
from tests.question_bank.samples import DATA, make_item
from trainer.audit.models import Entry
from trainer.bank.importing import import_items
from trainer.bank.models import ItemComment, ItemRecord, ItemVersion

KINDS = sorted(DATA)


def form_of(kind="single_choice", **changes):
    return inputs_of(make_item(kind, **changes).to_dict())


@pytest.fixture
def published(session, city):
    import_items([make_item(kind) for kind in KINDS], by=city.people["author"], now=NINE, publish=True)
    found = dict(session.execute(select(ItemRecord.kind, ItemRecord.id)).all())
    session.rollback()
    return found


def newest(session, item_id):
    session.rollback()
    row = session.get(ItemRecord, item_id, populate_existing=True)
    found = row.proposed_version_id or row.version_id
    session.rollback()
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_an_item_of_every_kind_is_written_and_opened_again(as_user, session, kind):
    author = as_user("author")
    assert author.get(f"/items/new?kind={kind}").status_code == 200
    sent = author.post(f"/items/new?kind={kind}", data=form_of(kind))
    assert sent.status_code == 303
    code = session.scalar(select(ItemRecord.code))
    session.rollback()
    assert code in author.get(sent.location).text
    page = author.get(sent.location.split("?")[0] + "/edit").text
    assert make_item(kind).stem.split("____")[0] in page


@pytest.mark.parametrize("kind", KINDS)
def test_the_editor_sends_what_it_was_given(as_user, session, published, kind):
    """Sending the form as the page holds it changes nothing."""
    sent = []

    class Form(HTMLParser):
        inside = ""
        words = ""

        def handle_starttag(self, tag, attrs):
            given = dict(attrs)
            if tag == "input" and given.get("name") and given.get("type") not in ("submit",):
                if given.get("type") in ("radio", "checkbox") and "checked" not in given:
                    return
                sent.append((given["name"], given.get("value", "")))
            if tag in ("textarea", "select"):
                self.inside, self.words = given.get("name", ""), ""
                self.first = None
            if tag == "option" and self.inside:
                if self.first is None:
                    self.first = given.get("value", "")
                if "selected" in given:
                    self.words = given.get("value", "")
                    self.first = self.words

        def handle_data(self, data):
            if self.lasttag == "textarea":
                self.words += data

        def handle_endtag(self, tag):
            if tag == "textarea" and self.inside:
                sent.append((self.inside, self.words.removeprefix("\n")))
                self.inside = ""
            if tag == "select" and self.inside:
                sent.append((self.inside, self.first or ""))
                self.inside = ""

    author = as_user("author")
    page = author.get(f"/items/{published[kind]}/edit").text
    Form().feed(page[page.index('class="editor"') : page.index('class="editor-side"')])
    assert author.post(f"/items/{published[kind]}/edit", data=MultiDict(sent)).status_code == 303
    numbers = session.scalar(select(func.count()).select_from(ItemVersion))
    assert numbers == len(KINDS)


def test_problems_stand_at_their_fields_and_what_was_typed_stays(as_user, session):
    form = form_of() | {"stem": "", "topic": "", "source": "自己编的"}
    answer = as_user("author").post("/items/new?kind=single_choice", data=form)
    assert answer.status_code == 422
    assert 'id="stem-error"' in answer.text
    assert "自己编的" in answer.text
    # Once each in the list above the form, at the field and beside the preview.
    assert answer.text.count("请从列表中选择一项。") == 3
    assert session.scalar(select(func.count()).select_from(ItemRecord)) == 0


def test_a_row_more_saves_nothing(as_user, session):
    answer = as_user("author").post("/items/new?kind=single_choice", data=form_of() | {"more": "options"})
    assert answer.status_code == 200
    assert 'name="options[4].text"' in answer.text
    assert session.scalar(select(func.count()).select_from(ItemRecord)) == 0


def test_the_preview_shows_what_a_candidate_sees_and_quiet_notes(as_user, published):
    author = as_user("author")
    form = form_of(explanation="见《行政处罚法》第九十九条。") | {"basis[0].article": "9999"}
    told = author.post("/items/preview", data=form).json["html"]
    assert "首先应当" in told
    assert "没有第 9999 条" in told
    assert "很相似" in told
    own = author.post("/items/preview", data=form_of() | {"item_id": published["single_choice"]}).json["html"]
    assert "很相似" not in own
    assert "请填写这一项" in author.post("/items/preview", data={"kind": "single_choice"}).json["html"]


def test_texts_are_escaped_in_every_view(as_user, published):
    told = as_user("author").post("/items/preview", data=form_of(stem="<script>x</script>（　　）。")).json["html"]
    assert "<script>" not in told


@pytest.mark.parametrize(("who", "status"), [("author", 200), ("bank", 200), ("reviewer", 403), ("officer", 403)])
def test_ones_own_items_are_edited_and_all_by_the_manager(as_user, published, who, status):
    assert as_user(who).get(f"/items/{published['true_false']}/edit").status_code == status


def test_another_authors_item_is_not_edited(as_user, session, city):
    import_items([make_item()], by=city.people["bank"], now=NINE, publish=True)
    item_id = session.scalar(select(ItemRecord.id))
    session.rollback()
    author = as_user("author")
    assert author.get(f"/items/{item_id}/edit").status_code == 403
    assert author.post(f"/items/{item_id}/edit", data=form_of()).status_code == 403
    assert f"/items/{item_id}/edit" not in author.get(f"/items/{item_id}").text


def test_from_proposal_to_publication_by_pages_alone(as_user, session, published):
    item_id = published["single_choice"]
    author, reviewer = as_user("author"), as_user("reviewer")
    base = newest(session, item_id)
    form = form_of(key="A") | {"base": base, "note": "答案有误", "submit_too": "1"}
    saved = author.post(f"/items/{item_id}/edit", data=form)
    assert saved.status_code == 303
    assert author.get(f"/items/{item_id}/edit").status_code == 409
    version = newest(session, item_id)
    page = reviewer.get(f"/items/{item_id}?version=2").text
    assert "审定并发布" in page
    assert "这一版改动了答案" in page
    assert "<del>B</del>" in page
    assert "答案有误" in page
    assert "审定并发布" not in author.get(f"/items/{item_id}?version=2").text
    assert author.post(f"/items/{item_id}/approve", data={"version": version}).status_code == 403
    answer = reviewer.post(f"/items/{item_id}/return", data={"version": version, "text": ""}, follow_redirects=True)
    assert "请写明理由" in answer.text
    reviewer.post(f"/items/{item_id}/approve", data={"version": version, "text": "同意。"})
    session.rollback()
    assert session.get(ItemRecord, item_id).version_id == version
    session.rollback()
    assert "同意。" in author.get(f"/items/{item_id}").text


def test_a_stale_form_is_told_so_and_keeps_what_was_typed(as_user, session, published):
    item_id = published["single_choice"]
    base = newest(session, item_id)
    author = as_user("author")
    author.post(f"/items/{item_id}/edit", data=form_of(key="A") | {"base": base})
    answer = as_user("bank").post(f"/items/{item_id}/edit", data=form_of(stem="我改的（　　）。") | {"base": base})
    assert answer.status_code == 409
    assert "我改的" in answer.text
    assert "别人又保存了一版" in answer.text


def test_managers_retire_and_publish_again_but_never_a_draft(as_user, session, published):
    item_id, bank = published["true_false"], as_user("bank")
    bank.post(f"/items/{item_id}/retire")
    assert session.get(ItemRecord, item_id, populate_existing=True).state == "retired"
    session.rollback()
    bank.post(f"/items/{item_id}/republish")
    assert session.get(ItemRecord, item_id, populate_existing=True).state == "published"
    session.rollback()
    as_user("author").post("/items/new", data=form_of())
    draft = session.scalar(select(ItemRecord.id).where(ItemRecord.state == "draft"))
    session.rollback()
    for act in ("republish", "retire", "republish"):
        told = bank.post(f"/items/{draft}/{act}", follow_redirects=True).text
    assert session.get(ItemRecord, draft, populate_existing=True).state == "draft"
    assert "须经审题才能发布" in told


def test_comments_are_written_and_settled(as_user, session, published):
    item_id, reviewer = published["true_false"], as_user("reviewer")
    reviewer.post(f"/items/{item_id}/comments", data={"text": "题干太长"})
    found = session.scalar(select(ItemComment.id))
    session.rollback()
    assert "题干太长" in reviewer.get(f"/items/{item_id}").text
    reviewer.post(f"/items/{item_id}/comments/{found}/settle")
    assert "已处理" in reviewer.get(f"/items/{item_id}").text
    other = published["single_choice"]
    assert reviewer.post(f"/items/{other}/comments/{found}/settle").status_code == 404


def test_reserved_items_are_for_managers_authors_and_their_reviewers(as_user, session, city):
    import_items([make_item(pool="reserved")], by=city.people["bank"], now=NINE, publish=True)
    item_id = session.scalar(select(ItemRecord.id))
    session.rollback()
    for who, status in (("author", 404), ("reviewer", 404), ("bank", 200), ("bank", 200)):
        client = as_user(who)
        assert client.get(f"/items/{item_id}").status_code == status
        assert ("首先应当" in client.get("/items").text) is (status == 200)
        assert client.post(f"/items/{item_id}/comments", data={"text": "x"}).status_code == (
            404 if status == 404 else 303
        )
    seen = session.scalars(select(Entry.actor_id).where(Entry.action == "item.reserved_seen")).all()
    assert seen == [city.people["bank"]]


def test_an_item_in_review_may_be_seen_by_reviewers_though_reserved(as_user, session):
    as_user("author").post("/items/new", data=form_of(pool="reserved") | {"submit_too": "1"})
    item_id = session.scalar(select(ItemRecord.id))
    session.rollback()
    assert as_user("reviewer").get(f"/items/{item_id}").status_code == 200
    assert session.scalar(select(func.count()).select_from(Entry).where(Entry.action == "item.reserved_seen")) == 1


@pytest.mark.parametrize("page", ["/items", "/items/find?words=", "/items/work", "/api/v1/items"])
def test_a_list_puts_down_the_reserved_items_whose_stems_it_tells(as_user, session, city, published, page):
    row = session.get(ItemRecord, published["true_false"])
    row.pool, row.proposed_state, row.proposed_version_id = "reserved", "draft", row.version_id
    session.commit()
    for _ in range(2):
        assert as_user("bank").get(page).status_code == 200
    found = session.execute(select(Entry.target, Entry.actor_id).where(Entry.action == "item.reserved_listed")).all()
    assert found == [(f"item:{row.code}", city.people["bank"])]


def test_enemies_are_written_shown_and_refused_at_their_field(as_user, session, published):
    author, item_id = as_user("author"), published["single_choice"]
    enemy = session.get(ItemRecord, published["true_false"]).code
    form = form_of() | {"base": newest(session, item_id), "enemies[0]": enemy, "enemies[1]": "no-such-0001"}
    refused = author.post(f"/items/{item_id}/edit", data=form)
    assert refused.status_code == 422
    assert 'id="enemies[1]-error"' in refused.text
    assert "“no-such-0001”不在题库里" in refused.text
    form["enemies[1]"] = ""
    sent = author.post(f"/items/{item_id}/edit", data=form | {"submit_too": "1"})
    as_user("reviewer").post(f"/items/{item_id}/approve", data={"version": newest(session, item_id)})
    assert sent.status_code == 303
    assert enemy in as_user("bank").get(f"/items/{item_id}").text
    # The other side tells that it was declared here.
    assert "由对方题目或查重设为互斥" in author.get(f"/items/{published['true_false']}/edit").text


def test_items_are_found_by_words_and_only_those_that_may_be_seen(as_user, session, published):
    session.get(ItemRecord, published["true_false"]).pool = "reserved"
    session.get(ItemRecord, published["true_false"]).author_id = None
    session.commit()
    code = session.get(ItemRecord, published["single_choice"]).code
    session.rollback()
    found = as_user("author").get("/items/find", query_string={"words": code}).json["items"]
    assert [one["code"] for one in found] == [code]
    assert len(as_user("author").get("/items/find").json["items"]) <= len(KINDS)
    assert as_user("officer").get("/items/find").status_code == 403


def test_a_law_loaded_beside_the_register_is_offered_cited_and_filtered_by(as_user, session):
    load_both()
    author = as_user("author")
    assert f'<option value="{LAW}">' in author.get("/items/new").text
    form = form_of()
    form.update({"basis[0].law": f"《{LAW}》", "basis[0].article": "第三条", "basis[0].paragraph": ""})
    form.update({"basis[0].version": "", "basis[0].item": ""})
    looked_at = author.post("/items/preview", data=form).json["html"]
    assert "法律名录中没有" not in looked_at
    assert "检查人员不得少于二人，并应当出示证件。" in looked_at
    sent = author.post("/items/new", data=form)
    assert sent.status_code == 303
    body = session.scalar(select(ItemVersion.body))
    session.rollback()
    assert (body["basis"][0]["version"], body["basis"][0]["article"]) == (FIRST, "3")
    assert author.get(sent.location).text.count("检查人员不得少于二人") == 1
    assert "共 1 条" in author.get("/items", query_string={"law": LAW}).text
    form["basis[0].article"] = "99"
    assert "没有第 99 条" in author.post("/items/preview", data=form).json["html"]
