"""Start, save, resume, take over, extend, hand in, close, mark, release and repair in any order, against a small model.

The model below is the contract in a few lines of its own: what the real API answers, and what stands in the tables
after each step, must be what it says. The server's clock goes on, jumps to the edges of a deadline, and back.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from tests.attempts.factories import RIGHT, make_exam
from tests.conftest import NINE
from tests.walking import walk
from trainer.attempts.jobs import close_overdue
from trainer.attempts.models import Attempt, Response, ResponseEvent
from trainer.core.clock import CITY_ZONE, iso_z
from trainer.core.database import db
from trainer.exams.models import Candidate, Exam, Sitting
from trainer.hours.models import LedgerEntry
from trainer.marking.jobs import credit_left_over, regrade_left_over, settle_left_over
from trainer.marking.models import Result
from trainer.papers.models import PaperItem

API = "/api/v1"
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
TICK = timedelta(microseconds=1)
MINUTES, GRACE, ALLOWED = 30, 10 * SECOND, 2
OFFICERS = ("officer", "officer2", "officer3")
WRONG = {1: "C", 2: ["B"], 3: False, 4: ["1", "2"], 5: ["A", "B", "C", "D"]}
# A key for each item that a repair may bring; where it is an answer of WRONG, that one is right by it.
OTHER_KEYS = {1: "C", 2: ["B", "D"], 3: False, 4: [["1"], ["2"]], 5: ["A", "B", "C", "D"]}
BROKEN = {1: "Z", 2: "A", 3: "true", 4: ["15"], 5: ["A", "A"]}

numbers = st.sampled_from(sorted(RIGHT))
seqs = st.integers(1, 5)
worth = st.sampled_from(("right", "right", "wrong", "none"))


def answer_for(number, kind):
    return {"right": RIGHT, "wrong": WRONG, "broken": BROKEN}[kind][number] if kind != "none" else None


@dataclass
class Go:
    """One attempt as the model knows it. ``events`` holds every answer by (number, seq)."""

    id: int
    started: object
    deadline: object
    epoch: int = 1
    by: str | None = None
    handed_in: object = None
    settled: bool = False
    stand: dict = field(default_factory=dict)
    events: dict = field(default_factory=dict)
    sequential: bool = False

    def over(self, now):
        return now > self.deadline + GRACE

    def close(self, by, at):
        self.by, self.handed_in = by, at

    def keep(self, rows):
        """Take answers in; return the (number, seq) of those that stand."""
        saved = []
        for number, answer, seq in rows:
            self.events.setdefault((number, seq), answer)
            if seq > self.stand.get(number, (0, None))[0]:
                self.stand[number] = (seq, answer)
            if self.stand[number] == (seq, answer):
                saved.append((number, seq))
        return saved

    def split(self, rows):
        """Return (rows that are kept, (number, seq) of those refused): an item is left once a later one was seen."""
        seen = [*self.events, *((number, seq) for number, _answer, seq in rows)] if self.sequential else []
        late = {(n, s) for n, _answer, s in rows if any(other > n and earlier < s for other, earlier in seen)}
        left = [(n, s) for n, _answer, s in rows if (n, s) in late - self.events.keys()]
        return [row for row in rows if (row[0], row[2]) not in left], left

    def answer(self, number):
        return self.stand.get(number, (0, None))[1]


@dataclass
class Judged:
    """How the model judges an item: by the answers that are right, unless a repair decides for all."""

    right: list
    outcome: str = ""

    def after(self, remedy, key):
        """Return what is judged after a repair, None where that would be no change."""
        if remedy in ("drop", "full_marks"):
            return None if self.outcome == remedy else Judged(self.right, remedy)
        if remedy == "change_key":
            return None if not self.outcome and self.right == [key] else Judged([key])
        return None if not self.outcome and key in self.right else Judged([*self.right, key])


@dataclass
class Officer:
    """A candidate as the model knows them."""

    candidate_id: int
    extra: int = 0
    goes: list = field(default_factory=list)

    @property
    def latest(self):
        return self.goes[-1] if self.goes else None


class HallWalk(RuleBasedStateMachine):
    """The hall, walked. ``tools`` gives the app, the city, a way to sign in and the clock."""

    pages = Bundle("pages")

    def __init__(self, tools):
        super().__init__()
        self.app, self.city, self.sign_in, self.set_clock = tools
        self.now = NINE

    @initialize(
        release=st.sampled_from(("after_submit", "after_close", "manual")),
        closes_in=st.sampled_from((40, 90)),
        navigation=st.sampled_from(("free", "sequential")),
    )
    def put_up(self, release, closes_in, navigation):
        self.set_clock(self.now)
        about = {"minutes": MINUTES, "closes_in": closes_in, "opens_in": 0, "attempts": ALLOWED}
        about["navigation"] = self.navigation = navigation
        self.exam = make_exam(self.city, NINE, release=release, credit_hours=Decimal(2), **about)
        self.release, self.released_at = release, None
        self.closes = NINE + closes_in * MINUTE
        self.url = f"{API}/exams/{self.exam.exam_id}/attempts"
        self.officers = {}
        # Walks follow each other in one city, and the ledger only grows.
        self.earlier = {row.id for row in db.session.query(LedgerEntry.id)}
        self.judged = {number: Judged([answer]) for number, answer in RIGHT.items()}
        for name in OFFICERS:
            row = db.session.query(Candidate).filter_by(exam_id=self.exam.exam_id, user_id=self.city.people[name]).one()
            self.officers[name] = Officer(row.id)

    # --- what the model says

    def score(self, go):
        """Ten points in all: those of dropped items go to the others, what no hundredth divides to the earliest."""
        kept = [number for number, one in self.judged.items() if one.outcome != "drop"]
        each, left = divmod(1000, len(kept))
        earned = 0
        for place, number in enumerate(kept):
            one = self.judged[number]
            if one.outcome == "full_marks" or go.answer(number) in one.right:
                earned += each + (place < left)
        return Decimal(earned) / 100

    def passes(self, one):
        return any(go.settled and self.score(go) >= 6 for go in one.goes)

    def ends(self):
        return self.closes + max(one.extra for one in self.officers.values()) * MINUTE

    def all_over(self):
        """Nobody can hand anything in any more: the last deadline and its grace are over."""
        return self.now >= self.ends() + GRACE

    def results_out(self):
        by_hand = self.released_at is not None and self.released_at <= self.now
        return by_hand or (self.release == "after_close" and self.all_over())

    def visible(self, go):
        return go.settled and (self.release == "after_submit" or self.results_out())

    def refusal(self, one):
        if self.now < NINE:
            return "not_open"
        if self.now >= self.closes + one.extra * MINUTE:
            return "closed"
        return "attempts_used_up" if len(one.goes) >= ALLOWED else ""

    # --- time

    @rule(seconds=st.sampled_from((1, 7, 60, 600, 1500, 3600)))
    def time_passes(self, seconds):
        self.now += seconds * SECOND
        self.set_clock(self.now)

    @rule(name=st.sampled_from(OFFICERS), grace=st.booleans(), by=st.sampled_from((-TICK, 0 * TICK, TICK)))
    def the_edge_of_a_deadline_comes(self, name, grace, by):
        go = self.officers[name].latest
        edge = go.deadline if go else self.closes + self.officers[name].extra * MINUTE
        self.now = max(self.now, edge + (GRACE if grace else 0 * SECOND) + by)
        self.set_clock(self.now)

    @rule(seconds=st.sampled_from((1, 90, 3600)))
    def the_servers_clock_is_set_back(self, seconds):
        self.now -= seconds * SECOND
        self.set_clock(self.now)

    # --- the candidate

    @rule(target=pages, name=st.sampled_from(OFFICERS))
    def start_or_resume(self, name):
        one = self.officers[name]
        answer = self.sign_in(name).post(self.url)
        go, expected = one.latest, ""
        if go and go.by is None and not go.over(self.now):
            go.epoch += 1
            assert (answer.status_code, answer.json["epoch"]) == (200, go.epoch)
            assert {row["number"]: row["seq"] for row in answer.json["responses"]} == {
                number: seq for number, (seq, _answer) in go.stand.items()
            }
        else:
            if go and go.by is None:
                go.close("deadline", go.deadline)
            expected = self.refusal(one)
            if expected:
                assert (answer.status_code, answer.json["code"]) == (409, expected)
                return multiple()
            ends = min(self.now + MINUTES * MINUTE, self.closes) + one.extra * MINUTE
            go = Go(int(answer.json["attempt_id"]), self.now, ends, sequential=self.navigation == "sequential")
            one.goes.append(go)
            assert (answer.status_code, answer.json["epoch"]) == (201, 1)
        assert (answer.json["attempt_id"], answer.json["deadline"]) == (str(go.id), iso_z(go.deadline))
        at = max(go.stand, default=1) if go.sequential else None
        assert (answer.json["navigation"], answer.json["furthest"]) == (self.navigation, at)
        return (name, go, go.epoch)

    def rows(self, given):
        return [(number, answer_for(number, kind), seq) for number, kind, seq in given]

    def body(self, epoch, rows):
        return {"epoch": epoch, "responses": [{"number": n, "answer": a, "seq": s} for n, a, s in rows]}

    @rule(page=pages, given=st.lists(st.tuples(numbers, worth, seqs), min_size=1, max_size=3))
    def save(self, page, given):
        name, go, epoch = page
        rows = self.rows(given)
        answer = self.sign_in(name).put(f"{API}/attempts/{go.id}/responses", json=self.body(epoch, rows))
        if go.by is not None or go.over(self.now):
            assert (answer.status_code, answer.json["code"]) == (409, "attempt_closed")
        elif epoch != go.epoch:
            assert (answer.status_code, answer.json["code"]) == (409, "taken_over")
        else:
            assert answer.status_code == 200
            kept, left = go.split(rows)
            for told, expected in (("saved", go.keep(kept)), ("refused", left)):
                assert Counter((one["number"], one["seq"]) for one in answer.json[told]) == Counter(expected)
            assert answer.json["deadline"] == iso_z(go.deadline)

    @rule(page=pages, number=numbers, seq=seqs)
    def save_something_misshapen(self, page, number, seq):
        name, go, epoch = page
        rows = [(number, RIGHT[number], 5), (number, BROKEN[number], seq)]
        answer = self.sign_in(name).put(f"{API}/attempts/{go.id}/responses", json=self.body(epoch, rows))
        assert answer.status_code == (409 if go.by is not None or go.over(self.now) or epoch != go.epoch else 422)

    @rule(page=pages, given=st.lists(st.tuples(numbers, worth, seqs), max_size=2))
    def hand_in(self, page, given):
        name, go, epoch = page
        rows = self.rows(given)
        answer = self.sign_in(name).post(f"{API}/attempts/{go.id}/submit", json=self.body(epoch, rows))
        late = go.by is None and go.over(self.now)
        if late:
            go.close("deadline", go.deadline)
        if go.by is None and epoch != go.epoch:
            assert (answer.status_code, answer.json["code"]) == (409, "taken_over")
            return
        if go.by is None:
            go.keep(go.split(rows)[0])
            go.close("candidate", self.now)
        elif go.by != "candidate" and any(go.stand.get(n) != (s, a) for n, a, s in rows):
            assert (answer.status_code, answer.json["code"]) == (409, "attempt_closed")
            return
        go.settled = True
        assert (answer.status_code, answer.json["submitted_at"]) == (200, iso_z(go.handed_in))
        assert bool(answer.json.get("result")) == self.visible(go)

    @rule(page=pages)
    def look(self, page):
        name, go, _epoch = page
        client = self.sign_in(name)
        seen = client.get(f"{API}/attempts/{go.id}").json
        assert {one["number"]: (one["seq"], one["answer"]) for one in seen["responses"]} == go.stand
        tick = client.get(f"{API}/attempts/{go.id}/clock").json
        assert (tick["epoch"], tick["deadline"]) == (go.epoch, iso_z(go.deadline))

    @rule(page=pages)
    def ask_for_the_result(self, page):
        name, go, _epoch = page
        client = self.sign_in(name)
        answer = client.get(f"{API}/attempts/{go.id}/result")
        html = client.get(f"/attempts/{go.id}/result")
        if not self.visible(go):
            assert (answer.status_code, answer.json["code"], html.status_code) == (403, "not_released", 403)
            return
        assert (answer.status_code, html.status_code, Decimal(answer.json["score"])) == (200, 200, self.score(go))
        if self.release != "after_submit":
            # Who reads keys can tell nobody who may still write, but for the very last moment that both share.
            for name, one in self.officers.items():
                writes = one.latest and one.latest.by is None and not one.latest.over(self.now + TICK)
                assert not writes, name
                assert self.refusal(one), name

    # --- the organisers

    @rule(name=st.sampled_from(OFFICERS), minutes=st.sampled_from((1, 15)))
    def give_minutes(self, name, minutes):
        one = self.officers[name]
        url = f"/exams/{self.exam.exam_id}/watch/{one.candidate_id}/extend"
        answer = self.sign_in("invigilator").post(url, data={"minutes": str(minutes), "reason": "停电"})
        assert answer.status_code == 303
        go = one.latest
        done = go and (go.by is not None or go.over(self.now))
        # Released by hand stays out when the clock goes back: who writes then could know the keys.
        if self.released_at is not None or self.all_over() or (done and len(one.goes) >= ALLOWED):
            return
        one.extra += minutes
        if go and not done:
            go.deadline += minutes * MINUTE

    @rule(minutes=st.sampled_from((-5, 5, 30)))
    def close_later(self, minutes):
        closes = self.closes + minutes * MINUTE
        local = closes.astimezone(CITY_ZONE).strftime("%Y-%m-%dT%H:%M")
        answer = self.sign_in("organiser").post(f"/exams/{self.exam.exam_id}/extend", data={"closes_at": local})
        assert answer.status_code == 303
        out = self.released_at is not None or self.all_over()
        if out or closes < self.closes or closes <= self.now:
            return
        self.closes = closes
        for one in self.officers.values():
            go = one.latest
            if go and go.by is None and not go.over(self.now):
                ends = min(go.started + MINUTES * MINUTE, closes) + one.extra * MINUTE
                go.deadline = max(go.deadline, ends)

    @rule(name=st.sampled_from(OFFICERS))
    def take_in(self, name):
        one = self.officers[name]
        url = f"/exams/{self.exam.exam_id}/watch/{one.candidate_id}/force"
        answer = self.sign_in("invigilator").post(url, data={"reason": "违纪"})
        go = one.latest
        assert answer.status_code == (303 if go else 409)
        if go is None:
            return
        if go.by is None:
            go.close("invigilator", min(self.now, go.deadline))
        go.settled = True

    @rule()
    def release_by_hand(self):
        answer = self.sign_in("organiser").post(f"/exams/{self.exam.exam_id}/release")
        assert answer.status_code == 303
        if self.released_at is None and self.all_over():
            self.released_at = self.now

    @rule(
        number=numbers,
        remedy=st.sampled_from(("change_key", "also_accept", "drop", "full_marks")),
        back=st.booleans(),
        alone=st.booleans(),
    )
    def an_item_is_repaired(self, number, remedy, back, alone):
        """Proposed by one and signed by another, or not at all; ``back`` brings the printed key again."""
        row = db.session.query(PaperItem).filter_by(paper_id=self.exam.paper_id, number=number).one()
        printed = [["15", "十五日"], ["60"]] if number == 4 else RIGHT[number]
        key = printed if back else OTHER_KEYS[number]
        body = {"item": f"{row.item_version_id}-0", "remedy": remedy, "reason": "答案有误"}
        if remedy in ("change_key", "also_accept"):
            body["answer"] = key
        right = [one[0] for one in key] if number == 4 else key
        made = self.sign_in("examiner").post(f"{API}/exams/{self.exam.exam_id}/repairs", json=body)
        after = self.judged[number].after(remedy, right)
        others = [one for place, one in self.judged.items() if place != number and one.outcome != "drop"]
        if self.now < NINE or (self.release != "after_submit" and not self.all_over()):
            assert (made.status_code, made.json["code"]) == (409, "repair_too_early")
            return
        if after is None:
            assert made.status_code == 422
            return
        if remedy == "drop" and not others:
            assert (made.status_code, made.json["code"]) == (409, "nothing_left_on_paper")
            return
        assert made.status_code == 201
        url = f"{API}/repairs/{made.json['id']}"
        assert self.sign_in("examiner").post(f"{url}/sign").status_code == 403
        if alone:
            assert self.sign_in("examiner").post(f"{url}/withdraw").status_code == 200
            return
        for _time in range(2):
            assert self.sign_in("organiser").post(f"{url}/sign").status_code == 200
        self.judged[number] = after
        assert regrade_left_over(self.now) == 0

    # --- the scheduler

    @rule()
    def sweep(self):
        close_overdue(self.now)
        for one in self.officers.values():
            go = one.latest
            if go and go.by is None and go.over(self.now):
                go.close("deadline", go.deadline)
                go.settled = True

    @rule()
    def mark_what_is_left(self):
        settle_left_over(self.now)
        for one in self.officers.values():
            for go in one.goes:
                go.settled = go.settled or go.by is not None
        assert settle_left_over(self.now) == 0

    @rule()
    def credit(self):
        credit_left_over(self.now)
        assert credit_left_over(self.now) == 0

    # --- what stands

    @invariant()
    def the_tables_say_what_the_model_says(self):
        if not hasattr(self, "exam"):
            return
        db.session.rollback()
        db.session.expire_all()
        exam_id = self.exam.exam_id
        goes = {go.id: go for one in self.officers.values() for go in one.goes}
        kept = db.session.query(Attempt).filter_by(exam_id=exam_id).all()
        assert {row.id for row in kept} == set(goes)
        for row in kept:
            go = goes[row.id]
            assert row.state == ("open" if go.by is None else "submitted")
            assert (row.epoch, row.deadline_at, row.started_at) == (go.epoch, go.deadline, go.started)
            assert (row.submitted_by, row.submitted_at) == (go.by, go.handed_in)
            assert (row.settled_at is not None) == go.settled
        ids = list(goes)
        stand = {go: {} for go in ids}
        for row in db.session.query(Response).filter(Response.attempt_id.in_(ids)):
            stand[row.attempt_id][row.number] = (row.seq, json.loads(row.answer))
        assert stand == {go.id: go.stand for go in goes.values()}
        events = Counter(
            row.attempt_id
            for row in db.session.query(ResponseEvent.attempt_id).filter(ResponseEvent.attempt_id.in_(ids))
        )
        assert events == {go.id: len(go.events) for go in goes.values() if go.events}
        scores = {row.attempt_id: row.score for row in db.session.query(Result).filter_by(exam_id=exam_id)}
        assert scores == {go.id: self.score(go) for go in goes.values() if go.settled}
        extra = {row.id: row.extra_minutes for row in db.session.query(Candidate).filter_by(exam_id=exam_id)}
        assert extra == {one.candidate_id: one.extra for one in self.officers.values()}
        assert db.session.get(Sitting, self.exam.sitting_id).closes_at == self.closes
        assert db.session.get(Exam, exam_id).released_at == self.released_at
        people = [row.user_id for row in db.session.query(LedgerEntry).filter_by(source="exam", source_id=str(exam_id))]
        assert len(people) == len(set(people))
        for name, one in self.officers.items():
            entries = db.session.query(LedgerEntry).filter_by(user_id=self.city.people[name])
            hours = sum(row.hours for row in entries if row.id not in self.earlier)
            assert hours in (0, 2), name
            assert hours == 0 or self.passes(one), name
        db.session.rollback()

    def teardown(self):
        if not hasattr(self, "exam"):
            return
        self.now = max(self.now, self.ends()) + timedelta(hours=1)
        self.set_clock(self.now)
        self.sweep()
        self.mark_what_is_left()
        self.the_tables_say_what_the_model_says()


@pytest.fixture
def hall(app, city, as_user, clock):
    clients = {}
    names = (*OFFICERS, "invigilator", "organiser", "examiner")

    def sign_in(name):
        if name not in clients:
            clients[name] = as_user(name)
        # A browser reads what it is told on the page it is sent to; these go to none, and the cookie would overflow.
        clients[name].delete_cookie("flashes")
        return clients[name]

    for name in names:
        sign_in(name)
    return app, city, sign_in, clock


def test_any_order_of_events_leaves_what_the_contract_says(hall, request):
    walk(request, lambda: HallWalk(hall), usual=(50, 12), soak=(5000, 1000))
