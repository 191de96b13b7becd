"""Words from keys, notes, explanations and origins of items reach no candidate before the release, by any address.

Every address of the site is asked for, reading and writing, by candidates of four sorts, at each step of an exam that
holds an item of every kind. What comes back is searched byte by byte, headers and the insides of files included. The
same search finds the words after the release, so it could have found them before.
"""

import io
import re
import zipfile
import zlib
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from urllib.parse import unquote

import orjson
import pytest
from sqlalchemy import insert, select

from question_bank import Item
from tests.attempts.factories import make_drawn_exam
from tests.conftest import NINE
from tests.question_bank.samples import (
    DATA,
    EXPLANATION_CANARY,
    KEY_CANARY,
    NOTE_CANARY,
    ORIGIN_CANARY,
    make_rich_data,
)
from trainer.accounts.models import ApiToken, Grant
from trainer.accounts.rules import PERMISSIONS
from trainer.attempts.jobs import close_overdue
from trainer.attempts.models import Attempt
from trainer.bank.models import ItemMedia, ItemRecord
from trainer.core.clock import utcnow
from trainer.core.crypto import new_token, token_hash
from trainer.core.database import db, transaction
from trainer.core.files import media_folder
from trainer.exams.models import Candidate
from trainer.exams.tickets import issue_tickets
from trainer.marking.jobs import credit_left_over, settle_left_over
from trainer.papers.rules.blueprint import SectionSpec
from trainer.web.access import PUBLIC, SIGNED_IN
from trainer.web.csrf import csrf_token

API = "/api/v1"
MINUTE = timedelta(minutes=1)
KINDS = tuple(DATA)
BASIS_CANARY = "canary-basis-e17d"
ID_CANARY = "canary-id-44c0"
GROUP_CANARY = "canary_group_44c0"
FILE_CANARY = b"canary-file-0b8e"
TOLD_LATER = (EXPLANATION_CANARY, KEY_CANARY, NOTE_CANARY, BASIS_CANARY)
CANARIES = (*(word.encode() for word in (*TOLD_LATER, ORIGIN_CANARY, ID_CANARY, GROUP_CANARY)), FILE_CANARY)
SCENE, ANSWER = "a" * 64, "b" * 64

# Leaving, and what ends the sessions of the walk itself.
LEAVING = {"accounts.sign_out", "accounts.sign_out_everywhere", "accounts.change_password", "session_api.sign_out"}
# The files of the site itself: the same for everybody, and none of an item.
SITE_FILES = {"static"}


def secret_item(kind, number):
    """A rich, reserved item of a kind: a word of ours in each place that a candidate must not see."""
    basis = {"law": BASIS_CANARY, "version": "2021-01-22", "article": "36", "paragraph": 1, "item": None}
    data = make_rich_data(kind, id=f"{ID_CANARY}-{number}", enemies=[], variant_group=f"{GROUP_CANARY}_{number}")
    data |= {"basis": [basis], "explanation": data["explanation"] + EXPLANATION_CANARY}
    if kind == "fill_blank":
        data["key"] = [["九十", KEY_CANARY], ["行政机关"]]
    for part in data.get("parts", []):
        part["basis"] = [basis] if part["basis"] else []
    return Item.from_dict(data)


def inside(answer):
    """Return every byte of an answer: head, body, what is packed in it, and both with percent signs undone."""
    head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    body = answer.data
    parts = [head.encode(), unquote(head).encode(), body]
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            parts += [packed.read(name) for name in packed.namelist()]
    for packed in re.findall(rb"stream\r?\n(.*?)endstream", body, re.DOTALL) if body[:4] == b"%PDF" else ():
        # What is not packed stands in the body as it is.
        with suppress(zlib.error):
            parts.append(zlib.decompressobj().decompress(packed))
    return b"\n".join(parts)


def words_in(answer):
    found = inside(answer)
    return sorted({word.decode() for word in CANARIES if word in found})


class Visitor:
    """One candidate with a way of signing in; ``sign_in`` gives a fresh client."""

    def __init__(self, name, sign_in, *roles):
        self.name, self._sign_in, self.client = name, sign_in, sign_in()
        self.held = {PUBLIC, SIGNED_IN}.union(*(PERMISSIONS[role] for role in ("officer", *roles)))

    def open(self, address, method, **more):
        answer = self.client.open(address, method=method, **more)
        if answer.status_code == 401 and not address.startswith(f"{API}/session"):
            self.client = self._sign_in()
            answer = self.client.open(address, method=method, **more)
        return answer


class TheSite:
    """All addresses with real ids in their places. Where a permission bars the way, ``tests/test_access.py`` looks."""

    def __init__(self, app, city, exam):
        self.app, self.city, self.exam = app, city, exam

    def fillings(self):
        attempts = list(db.session.scalars(select(Attempt.id))) or [1]
        items = list(db.session.scalars(select(ItemRecord.id)))
        candidate = db.session.scalar(select(Candidate.id))
        db.session.rollback()
        self.items = items
        return {
            "attempt_id": attempts,
            "exam_id": [self.exam.exam_id],
            "item_id": items[:2],
            "other_id": items[1:2],
            "candidate_id": [candidate],
            "user_id": [self.city.people["officer"]],
            "digest": [SCENE, ANSWER],
            "sha256": [ANSWER],
            "law": ["nothing-of-that-name"],
        }

    def addresses(self):
        """Return (permission, method, address) of every address of the site, once for each real id."""
        fillings = self.fillings()
        found = []
        for one in self.app.url_map.iter_rules():
            if one.endpoint in LEAVING | SITE_FILES:
                continue
            made, permission = [one.rule], self.app.view_functions[one.endpoint].permission
            for whole, name in re.findall(r"(<(?:[^:<>]+:)?([^<>]+)>)", one.rule):
                values = fillings.get(name, [1])
                made = [address.replace(whole, str(value)) for address in made for value in values]
            found += [(permission, method, a) for method in one.methods - {"HEAD", "OPTIONS"} for a in made]
        return sorted(found)

    def leaks(self, visitors):
        """Ask for everything, reading first, and return what was found where."""
        found, asked = [], 0
        addresses = sorted(self.addresses(), key=lambda one: one[1] != "GET")
        for visitor in visitors:
            for permission, method, address in addresses:
                if permission not in visitor.held:
                    continue
                answer = visitor.open(address, method, **self.body(method, address))
                asked += 1
                assert answer.status_code < 500, (visitor.name, method, address)
                words = words_in(answer)
                answer.close()
                if words:
                    found.append((visitor.name, method, address, words))
        assert asked > 50 * len(visitors)
        return found

    def body(self, method, address):
        if method == "GET":
            return {}
        if address.startswith(API):
            sent = {"epoch": 99, "responses": [], "flags": [1], "kind": "other", "at": "2026-11-23T01:00:00Z"}
            wanted = {"/flags": ("epoch", "flags"), "/incidents": ("kind", "at"), "/answers": ()}
            names = next((names for end, names in wanted.items() if address.endswith(end)), ("epoch", "responses"))
            body = {name: sent[name] for name in names} or {"item_id": str(self.items[0]), "answer": "B"}
            return {"json": body}
        form = {"text": "答案有误", "answer": "B", "item": self.items[0], "item_id": self.items[0], "reason": "x"}
        return {"data": form | {"exam": self.exam.exam_id, "minutes": "1"}}


@pytest.fixture
def made(app, city, clock):
    """An exam over an item of every kind for people of four sorts; it opens in ten minutes and is released by hand."""
    clock(NINE)
    folder = media_folder(app.config["SETTINGS"].instance)
    with transaction() as session:
        for digest in (SCENE, ANSWER):
            (folder / digest).write_bytes(FILE_CANARY if digest == ANSWER else b"a scene")
            session.add(ItemMedia(sha256=digest, media_type="image/png", bytes=16, created_at=NINE))
        # Who sees exams and files of results by their office may be a candidate as well.
        grant = {"role": "officer", "unit_id": city.units["JM"], "granted_at": NINE}
        session.add_all([Grant(user_id=city.people[name], **grant) for name in ("supervisor", "head")])
    sections = [SectionSpec(kind, kind, 1, Decimal(2), pool="reserved") for kind in KINDS]
    items = [secret_item(kind, number) for number, kind in enumerate(KINDS, 1)]
    about = {"opens_in": 10, "closes_in": 100, "release": "manual", "pass_mark": Decimal(0)}
    names = ("officer", "officer2", "officer3", "supervisor")
    return make_drawn_exam(city, NINE, items, *sections, usernames=names, credit_hours=Decimal(1), **about)


@pytest.fixture
def site_map(app, city, made):
    return TheSite(app, city, made)


def by_ticket(app, code):
    def sign_in():
        client = app.test_client()
        client.post("/sign-in/ticket", data={"ticket": code})
        token = client.get_cookie("session").value
        with app.test_request_context():
            client.csrf = csrf_token(token)
        return client

    return sign_in


def by_token(app, city, name):
    def sign_in():
        token = new_token()
        with transaction() as session:
            row = {"token_hash": token_hash(token), "user_id": city.people[name], "created_at": utcnow()}
            session.execute(insert(ApiToken), [row])
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    return sign_in


@pytest.fixture
def visitors(app, city, made, as_user):
    codes = {one.username: one.code for one in issue_tickets(made.exam_id, by=None)}
    return [
        Visitor("officer", lambda: as_user("officer")),
        Visitor("officer2, by entry ticket", by_ticket(app, codes["officer2"])),
        Visitor("officer3, by token", by_token(app, city, "officer3")),
        Visitor("supervisor", lambda: as_user("supervisor"), "supervisor"),
    ]


def sit(visitor, exam, *, short=None):
    """Start, save an answer to each item, look, and hand in; return (attempt id, every answer of the site)."""
    told = [visitor.open(f"{API}/exams/{exam.exam_id}/attempts", "POST")]
    attempt_id, epoch = told[0].json["attempt_id"], told[0].json["epoch"]
    responses = []
    for part in told[0].json["paper"]["sections"]:
        for item in part["items"]:
            given = given_to(item, short)
            if given is not None:
                responses.append({"number": item["number"], "answer": given, "seq": 1})
    body = {"epoch": epoch, "responses": responses}
    told.append(visitor.open(f"{API}/attempts/{attempt_id}/responses", "PUT", json=body))
    bad = body | {"responses": [{"number": one["number"], "answer": {"x": 1}, "seq": 2} for one in responses]}
    told.append(visitor.open(f"{API}/attempts/{attempt_id}/responses", "PUT", json=bad))
    told.append(visitor.open(f"{API}/exams/{exam.exam_id}/attempts", "POST"))
    # The walk may have started the attempt already.
    assert [one.status_code for one in told[1:]] == [200, 422, 200]
    return attempt_id, told


def given_to(item, short):
    kind, keys = item["kind"], [one["key"] for one in item.get("options") or []]
    if kind == "single_choice":
        return "B"
    if kind == "multiple_choice":
        return keys[:2]
    if kind == "true_false":
        return True
    if kind == "fill_blank":
        return ["九十", "x"]
    if kind == "ordering":
        return keys
    if kind == "matching":
        return {item["prompts"][0]["key"]: keys[0]}
    if kind == "error_finding":
        return ["2"]
    return short


def test_no_byte_of_a_key_reaches_a_candidate_before_the_release_and_then_it_does(
    site_map, made, visitors, as_user, clock
):
    assert site_map.leaks(visitors[:2]) == [], "upcoming"
    clock(NINE + 10 * MINUTE)
    assert site_map.leaks(visitors[:1]) == [], "open, not started but by the walk itself"
    sat = {}
    for visitor in visitors:
        # One leaves the short answers to nobody, so that the result can be released without a marker.
        sat[visitor.name], told = sit(visitor, made, short=None if visitor.name == "officer" else "加处罚款")
        assert [words_in(one) for one in told] == [[]] * len(told), visitor.name
    assert site_map.leaks(visitors) == [], "open, working"
    # The walk asked for the start again and again: the newest page hands in.
    for visitor in visitors:
        made_again = visitor.open(f"{API}/exams/{made.exam_id}/attempts", "POST").json
        body = {"epoch": made_again["epoch"]}
        answer = visitor.open(f"{API}/attempts/{sat[visitor.name]}/submit", "POST", json=body)
        assert (answer.status_code, words_in(answer)) == (200, [])
    assert site_map.leaks(visitors) == [], "handed in"
    clock(NINE + 101 * MINUTE)
    close_overdue(NINE + 101 * MINUTE)
    settle_left_over(NINE + 101 * MINUTE)
    credit_left_over(NINE + 101 * MINUTE)
    # The draw that anybody can repeat names its items once no answer can arrive any more, and tells nothing else.
    plans = [
        ("GET", f"/exams/{made.exam_id}/draw.json", [ID_CANARY]),
        ("GET", f"{API}/exams/{made.exam_id}/draw", [ID_CANARY]),
    ]
    assert [one for one in site_map.leaks(visitors) if one[1:] not in plans] == [], "closed, not released"
    assert as_user("organiser").post(f"/exams/{made.exam_id}/release").status_code == 303
    credit_left_over(NINE + 101 * MINUTE)
    told = {}
    for name, _method, address, words in site_map.leaks(visitors):
        told.setdefault(name, {})[address] = set(words)
    mine = sat["officer"]
    for address in (f"{API}/attempts/{mine}/result", f"/attempts/{mine}/result"):
        assert set(TOLD_LATER) <= told["officer"][address]
    assert told["officer"][f"/media/{ANSWER}"] == {FILE_CANARY.decode()}
    # Answers that wait for a marker hold their result back, and nobody reads what is another's.
    assert all(f"/attempts/{mine}/" not in address for name in told if name != "officer" for address in told[name])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "short_answer"])
def test_a_paper_is_the_same_to_the_byte_whatever_its_key_is(city, clock, as_user, kind):
    """Two items that differ in nothing but what is secret make the same paper, so nothing can be read from it."""
    clock(NINE)
    papers = []
    for turn in (0, 1):
        data = secret_item(kind, turn + 1).to_dict()
        if turn:
            data = with_another_key(data)
        section = SectionSpec("部分", kind, 1, Decimal(2), pool="reserved")
        exam = make_drawn_exam(city, NINE, [Item.from_dict(data)], section, usernames=("officer",))
        paper = as_user("officer").post(f"{API}/exams/{exam.exam_id}/attempts").json["paper"]
        with transaction() as session:
            session.query(ItemRecord).update({"state": "retired"})
        papers.append(orjson.dumps(paper))
    assert papers[0] == papers[1]


def with_another_key(data):
    """Return the data of an item with another key, other notes and another explanation."""
    data = orjson.loads(orjson.dumps(data).replace(b"canary", b"other"))
    data["media"][0]["name"] = "scene.png"
    turned = {
        "single_choice": "C",
        "multiple_choice": ["B", "D"],
        "true_false": False,
        "fill_blank": [["三十"], ["司法所"]],
        "ordering": ["D", "E", "B", "A", "C"],
        "matching": {"1": "B", "2": "E", "3": "A"},
        "error_finding": ["3"],
    }
    if data["kind"] in turned:
        data["key"] = turned[data["kind"]]
    for part in data.get("parts", []):
        part.update({"true_false": {"key": False}, "multiple_choice": {"key": ["A", "C"]}}.get(part["kind"], {}))
    return data
