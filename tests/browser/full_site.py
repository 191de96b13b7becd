"""A served site with something on every page, and the address of each page for somebody who may open it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from tests.attempts.factories import make_exam
from tests.bank.import_files import OTHER, ROW, book, moodle
from tests.browser.real_site import RealSite
from tests.competitions.factories import make_competition
from tests.factories import add_user
from tests.hours.factories import give_hours
from tests.laws.factories import FIRST, LAW, OLD, SECOND, citing, law_text, load
from tests.marking.factories import HOUR, hold_batch, make_judged, place_of_number, propose_repair, repair
from tests.marking.factories import person as caller
from tests.practice.factories import WRONG, add_items, small_item
from tests.reports.answers import items_of, practise, sit_many
from tests.training.factories import make_class
from trainer.accounts.models import Grant
from trainer.accounts.queries import person_by_id
from trainer.accounts.rules import ROLES
from trainer.attempts.models import Attempt
from trainer.bank.alike import search_bank
from trainer.bank.import_batches import ask_to_take_in, create_batch, go_on
from trainer.bank.importing import import_items
from trainer.bank.models import ItemLawCheck, ItemRecord
from trainer.bank.reports import report_item
from trainer.competitions.service import NewRound
from trainer.core import files
from trainer.core.clock import utcnow
from trainer.core.database import db, transaction
from trainer.core.sheet_forms import FormColumn, FormSheet, write_form
from trainer.exams.models import Candidate, Sitting
from trainer.jobs.models import JobRun
from trainer.marking.appealing import lodge
from trainer.marking.models import Result
from trainer.marking.queries.repairs import place_name
from trainer.marking.settle import settle
from trainer.notices.service import give_feedback
from trainer.practice.service import answer_item
from trainer.reports.counting import count_exam
from trainer.reports.merging import merge_due
from trainer.reports.practice_counting import count_practice
from trainer.web.access import PUBLIC, SIGNED_IN

# What a browser asks for that is no page. Anything else that answers to GET is one, a new one as well.
NO_PAGES = re.compile(
    r"^/(static|media|api/v1/(?!docs)|healthz|readyz)|\.(xlsx|json|pdf)$|/watch/(state|news)$|^/items/find$|^/laws/upload/<"
    r"|^/items/import/<id:batch_id>/(progress|media|report)|^/items/export/file$|^/redraw\.py$"
    # Where a refused form stands; reloaded, the address leads back to the page that the form is on.
    r"|/candidates/(minutes|move|shift|states)$|/items/<id:number>/appeal$|/appeals/reject$"
)

# What a page must be asked for besides.
ASKED = {
    "exports.show": "?format=aiken",
    "laws.compare": f"?old={FIRST}&new={SECOND}",
    "marking.batch": "?all=1",
}

# Whoever comes first in the city and holds the permission opens a page, but for these.
BY = {
    "repairs.show": "organiser",
    "attempts.result": "officer",
    "attempts.receipt": "officer",
    "exam_builder.edit": "organiser",
    "bank_editor.edit": "bank",
    "hours.person": "supervisor",
    "hours.person_card": "supervisor",
    "people.show": "admin",
    "people.index": "admin",
    "people.edit": "admin",
    "people.new": "admin",
    "reports.hours": "supervisor",
    "reports.people": "supervisor",
    "competitions.index": "organiser",
    "competitions.show": "organiser",
    "competitions.leaderboard": "organiser",
}


@dataclass
class FullSite:
    """The site and, by the name in the address, one id of each kind of thing that lies in it."""

    site: RealSite
    ids: dict[str, Any] = field(default_factory=dict)
    exams: dict[str, int] = field(default_factory=dict)
    classes: dict[str, int] = field(default_factory=dict)
    imports: dict[str, int] = field(default_factory=dict)

    def pages(self) -> list[tuple[str, str | None, str]]:
        """Return (endpoint, username or None for nobody, address) of every page of the url map, by address.

        An address with a part for which ``ids`` holds nothing raises ``KeyError``: whoever adds such a page says here
        what it shows.
        """
        app, found = self.site.app, []
        for rule in app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or NO_PAGES.search(rule.rule):
                continue
            ids = {name: self._id(rule.endpoint, name) for name in rule.arguments}
            with app.test_request_context():
                address = rule.build(ids, append_unknown=False)
            path = (address[1] if address else rule.rule) + ASKED.get(rule.endpoint, "")
            found.append((rule.endpoint, self._who(rule.endpoint), path))
        return sorted(found, key=lambda one: one[2])

    def homes(self) -> list[str]:
        """Return one person of each role, and one without any."""
        with self.site.at_hand() as session:
            held = session.execute(select(Grant.role, Grant.user_id).order_by(Grant.id)).all()
        first = dict(reversed([(row.role, row.user_id) for row in held]))
        assert set(first) == set(ROLES)
        names = {user_id: name for name, user_id in self.site.city.people.items()}
        return [*(names[first[role]] for role in ROLES), "nobody"]

    def _id(self, endpoint: str, name: str) -> Any:
        if name == "exam_id":
            shown = {"exam_builder.edit": "draft", "attempts.hall": "coming"}
            shown |= {"statistics.exam": "over", "exam_results.show": "over"}
            if endpoint.startswith("marking_manage."):
                return self.exams["marked"]
            return self.exams[shown.get(endpoint, "running")]
        if endpoint.startswith(("marking.", "marking_manage.")) and name == "batch_id":
            return self.ids["marking_batch_id"]
        if endpoint == "statistics.item":
            return self.ids["measured_item_id"]
        if endpoint == "bank_alike.show":
            return self.ids["alike_item_id"]
        if endpoint == "law_checks.show" and name == "item_id":
            return self.ids["checked_item_id"]
        if name == "class_id":
            return self.classes["draft" if endpoint == "training.edit" else "submitted"]
        return self.ids[name]

    def _who(self, endpoint: str) -> str | None:
        permission = getattr(self.site.app.view_functions[endpoint], "permission", None)
        if permission == PUBLIC:
            return None
        if endpoint in BY or permission == SIGNED_IN:
            return BY.get(endpoint, "officer")
        with self.site.at_hand() as session:
            for username, user_id in self.site.city.people.items():
                person = person_by_id(session, user_id)
                if person is not None and person.may(permission):
                    return username
        raise LookupError(f"nobody in the city holds {permission}")


def furnish(site: RealSite) -> FullSite:
    """Put something of each kind into a site of the small city."""
    full, now = FullSite(site), utcnow()
    city, people, units = site.city, site.city.people, site.city.units
    with site.at_hand():
        _fill_roles(full)
        full.exams = {
            "running": make_exam(city, now).exam_id,
            "coming": make_exam(city, now, opens_in=600, closes_in=900).exam_id,
            "held back": make_exam(city, now, opens_in=-600, closes_in=-60, release="manual").exam_id,
            "draft": make_exam(city, now, opens_in=600, closes_in=900, state="draft").exam_id,
        }
        full.ids["sitting_id"] = db.session.scalar(
            select(Sitting.id).where(Sitting.exam_id == full.exams["running"]).order_by(Sitting.number)
        )
        full.ids["attempt_id"] = _hand_in(full.exams["running"], people["officer"], now)
        # The result page tells of a repair.
        repair(city, full.exams["running"], 2, "full_marks", now=now)
        # Whoever answered nothing has not passed, and there would be no certificate to look at.
        with transaction() as session:
            session.execute(update(Result).where(Result.attempt_id == full.ids["attempt_id"]).values(passed=True))
        made = make_exam(city, now, usernames=("officer", "officer2"))
        for username in ("officer", "officer2"):
            _hand_in(made.exam_id, people[username], now)
        full.ids["competition_id"] = make_competition(city, made, now, rounds=(NewRound("初赛", made.exam_id),))
        full.exams["marked"], full.ids["marking_batch_id"] = hold_batch(city, "marker", now)
        full.ids["position"] = 2
        judged = make_judged(city, markers=("marker",), at=now, now=now - 5 * HOUR, prefix="judged-")
        appealed = {"by": caller(city, "officer"), "now": now}
        full.ids["appeal_id"] = lodge(judged.attempts["officer"], 2, "第二点我写了", **appealed)
        # Item 1 waits for a signature, with an appeal beside it.
        running = full.exams["running"]
        full.ids["repair_id"] = propose_repair(city, running, 1, "also_accept", "C", now=now)
        lodge(full.ids["attempt_id"], 1, "选项 C 也符合条文", by=caller(city, "officer"), now=now)
        full.ids["place"] = place_name(place_of_number(running, 1))
        full.classes = {
            state: make_class(city, state=state, now=now, title=f"证据收集培训班（{state}）")
            for state in ("draft", "submitted", "rejected", "confirmed", "withdrawn")
        }
        give_hours(people["officer"], 12)
        give_hours(people["officer2"], 60)
        _practise(full, now)
        _measure(full, now)
        _find_alike(full, now)
        for text in ("希望错题本能按法律分类。", "网络不好时答案会不会丢？"):
            full.ids["feedback_id"] = give_feedback(
                people["officer"], units["PJ-CGJ"], page="/practice", text=text, now=now
            )
        _change_a_law(full)
        full.ids |= {"user_id": people["officer2"], "unit_id": units["PJ-CGJ"], "digest": _roster(site)}
        full.imports = _imports(people["bank"])
        full.ids["batch_id"] = full.imports["preview"]
        with transaction() as session:
            for state in ("done", "failed"):
                error = "KeyError: x" if state == "failed" else ""
                session.add(JobRun(job="seal_chains", started_at=now, ended_at=now, state=state, count=3, error=error))
    return full


def _imports(by: int) -> dict[str, int]:
    """Bring files in as far as each of the steps goes, and return their imports by the step."""
    assumed = {
        "wing": "legal_theory",
        "topic": "penalty_law",
        "fields": ["general"],
        "difficulty": 3,
        "level": "recall",
    }
    bad = ("单选题", "答案不在选项中（　　）。", "甲", "乙", "", "", "E", "")
    rows = {"applied": (ROW,), "preview": ((*ROW[:6], "D", ROW[7]), OTHER, OTHER, bad), "waiting": (ROW,)}
    made = {"refused": create_batch([("x.bin", b"\0\1")], format="", defaults=assumed, language="zh", by=by)}
    go_on(made["refused"])
    for step, held in rows.items():
        files_sent = [(f"{step}.xlsx", book(*held)), ("quiz.xml", moodle())]
        made[step] = create_batch(files_sent, format="", defaults=assumed, language="zh", by=by)
        if step != "waiting":
            go_on(made[step])
        if step == "applied":
            ask_to_take_in(made[step])
            go_on(made[step])
    return made


def _fill_roles(full: FullSite) -> None:
    """Give every role that the city lacks to somebody, and add one person without any."""
    city, now = full.site.city, utcnow()
    with transaction() as session:
        held = set(session.scalars(select(Grant.role)))
        for role in (*ROLES, None):
            if role in held:
                continue
            username = role or "nobody"
            city.people[username] = add_user(session, username, city.units["JM-SFJ"], now, category="staff")
            if role:
                grant = Grant(user_id=city.people[username], role=role, unit_id=city.units["JM"], granted_at=now)
                session.add(grant)


def _hand_in(exam_id: int, user_id: int, now: Any) -> int:
    with transaction() as session:
        one = session.scalar(select(Candidate).where(Candidate.exam_id == exam_id, Candidate.user_id == user_id))
        values = {
            "exam_id": exam_id,
            "sitting_id": one.sitting_id,
            "candidate_id": one.id,
            "user_id": user_id,
            "paper_id": one.paper_id,
            "ordinal": 1,
            "epoch": 1,
            "state": "submitted",
            "started_at": now - timedelta(minutes=4),
            "deadline_at": now + timedelta(minutes=56),
            "grace_seconds": 10,
            "submitted_at": now,
            "submitted_by": "candidate",
        }
        session.execute(insert(Attempt).values(values))
        attempt_id = session.scalar(select(Attempt.id).where(Attempt.exam_id == exam_id, Attempt.user_id == user_id))
    settle([attempt_id], now)
    return attempt_id


def _change_a_law(full: FullSite) -> None:
    """Let an item cite a law that then gets another text."""
    load(law_text(FIRST, OLD, starts_on=date(2020, 3, 1)))
    import_items([citing(1, "4")], by=None, now=utcnow(), publish=True)
    load(law_text())
    check = db.session.execute(select(ItemLawCheck)).scalars().first()
    full.ids |= {"law": LAW, "change_id": check.change_id, "checked_item_id": check.item_id}
    db.session.rollback()


def _find_alike(full: FullSite, now: Any) -> None:
    """Let the bank hold two questions that differ in a number and have been found, one of them reported as wrong."""
    stems = [f"当事人应当自收到行政处罚决定书之日起{days}日内缴纳罚款。" for days in ("十五", "三十")]
    pair = [small_item(900 + number, "true_false", stem=stem) for number, stem in enumerate(stems)]
    full.ids["alike_item_id"] = add_items(pair, now)[0]
    version_id = db.session.get(ItemRecord, full.ids["alike_item_id"]).version_id
    db.session.rollback()
    officer = full.site.city.people["officer"]
    report_item(version_id, by=officer, origin="practice", text="期限与法条不符。", now=now)
    search_bank(by=full.site.city.people["bank"], now=now)


def _practise(full: FullSite, now: Any) -> None:
    for kind in WRONG:
        item_id = add_items([small_item(kind=kind)], now)[0]
        version_id = db.session.get(ItemRecord, item_id).version_id
        full.ids["answer_id"] = answer_item(
            full.site.city.people["officer"],
            item_id,
            version_id,
            WRONG[kind],
            sent_key=f"furnish-{item_id:04}",
            now=now,
        )
        full.ids["item_id"] = item_id
        db.session.rollback()


def _measure(full: FullSite, now: Any) -> None:
    """Let an exam be over that many sat, with an item that brings advice and was practised too."""
    able = {1: "A", 2: ["A", "C"], 3: True, 4: ["15", "60"], 5: ["C", "A", "D", "B"]}
    weak = {1: "B", 2: ["A"], 3: False, 5: ["C", "A", "D", "B"]}
    sheets = [dict(able) if number < 80 else dict(weak) for number in range(120)]
    made, people = sit_many(full.site.city, sheets, now=now - timedelta(days=100))
    item_id = full.ids["measured_item_id"] = items_of(made)[1]
    full.exams["over"] = made.exam_id
    for number, person in enumerate(people[:40]):
        practise(person, item_id, "AB"[number % 2], correct=number % 2 == 1, at=now - timedelta(days=1), seconds=20)
    count_exam(made.exam_id, now)
    count_practice(now)
    while merge_due(now):
        pass


def _roster(site: RealSite) -> str:
    """Keep an upload with one new person, one change and one row that is refused, and return its digest."""
    rows = [
        ["chen.new", "陈新", "PJ-CGJ", "执法队员"],
        ["officer2", "张官", "PJ-CGJ", "中队长"],
        ["bad user", "", "NOWHERE", ""],
    ]
    heads = [FormColumn(head) for head in ("用户名", "姓名", "单位", "职务")]
    content = write_form([FormSheet("名单", heads, rows)])
    return files.keep(files.uploads_folder(site.settings.instance), content)
