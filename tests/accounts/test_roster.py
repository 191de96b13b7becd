"""The officer list: compared row by row, applied all or nothing, the same when applied again."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from tests.conftest import NINE
from trainer.accounts import roster
from trainer.accounts.models import Grant, User
from trainer.accounts.queries import fields_of_people, person_by_id
from trainer.accounts.roster_sheet import Line
from trainer.audit.models import Entry
from trainer.certificates.models import Certificate
from trainer.certificates.roster import CertificateBook
from trainer.core.database import transaction
from trainer.core.errors import Conflict
from trainer.orgs.models import Unit
from trainer.orgs.rules import Reach, Scope, path_of

EVERYWHERE = Scope((Reach(""),))
BOOK = CertificateBook()
SINCE, UNTIL = date(2024, 5, 1), date(2029, 4, 30)


def line(number=2, **changes) -> Line:
    return Line(**({"number": number, "username": "chen.new", "name": "陈新", "unit": "PJ-CGJ"} | changes))


def known(number=2, **changes) -> Line:
    return line(number, **({"username": "officer", "name": "张officer"} | changes))


def compare(session, *lines, scope=EVERYWHERE):
    return roster.compare(session, list(lines), scope, BOOK)


def apply(*lines, scope=EVERYWHERE, **more):
    return roster.apply(list(lines), scope=scope, book=BOOK, by=1, now=NINE, **more)


def outcome(session, one, scope=EVERYWHERE):
    verdict = compare(session, one, scope=scope).verdicts[0]
    return verdict.outcome, [(at.field, at.code) for at in verdict.problems]


FULL = {
    "post": "执法队员",
    "category": "auxiliary",
    "fields": ("market", "urban_mgmt"),
    "certificate_number": "A1",
    "valid_from": SINCE,
    "valid_until": UNTIL,
}


def test_a_preview_stores_nothing(city, session):
    report = compare(session, line(**FULL), known(3))
    assert report.counts == {"new": 1, "changed": 0, "unchanged": 1, "refused": 0}
    assert session.scalar(select(User.id).where(User.username == "chen.new")) is None


def test_applying_enters_everything_and_a_second_time_changes_nothing(city, session):
    for counts in ({"new": 1}, {"unchanged": 1}):
        report = apply(line(**FULL))
        assert {name: count for name, count in report.counts.items() if count} == counts
    user = session.scalar(select(User).where(User.username == "chen.new"))
    assert (user.name, user.post, user.category, user.password_hash) == ("陈新", "执法队员", "auxiliary", None)
    assert user.unit_id == city.units["PJ-CGJ"]
    assert fields_of_people(session, [user.id])[user.id] == ["market", "urban_mgmt"]
    grants = session.execute(select(Grant.role, Grant.unit_id, Grant.field).where(Grant.user_id == user.id)).all()
    assert grants == [("officer", city.units["PJ-CGJ"], None)]
    held = session.execute(select(Certificate.number, Certificate.valid_from, Certificate.valid_until)).all()
    assert held == [("A1", SINCE, UNTIL)]
    said = session.scalars(select(Entry.action).where(Entry.target == f"user:{user.id}")).all()
    assert said == ["person.entered"]


def test_what_changes_is_told_with_old_and_new_and_then_done(city, session):
    one = known(name="张改", unit="新会区城市管理和综合执法局", post="队长", category="staff", fields=("water",))
    changes = compare(session, one).verdicts[0].changes
    assert [(change.column, change.old, change.new) for change in changes] == [
        ("name", "张officer", "张改"),
        ("unit", "蓬江区城市管理和综合执法局", "新会区城市管理和综合执法局"),
        ("post", "", "队长"),
        ("category", "officer", "staff"),
        ("fields", ("urban_mgmt",), ("water",)),
    ]
    apply(one)
    user = session.get(User, city.people["officer"], populate_existing=True)
    assert (user.name, user.unit_id, user.post, user.category) == ("张改", city.units["XH-CGJ"], "队长", "staff")
    assert fields_of_people(session, [user.id])[user.id] == ["water"]
    assert person_by_id(session, user.id).grants == ()
    assert compare(session, one).counts["unchanged"] == 1


def test_people_with_different_changes_are_changed_together(city, session):
    apply(
        known(2, name="甲"),
        line(3, username="officer2", name="张officer2", post="乙"),
        line(4, username="clerk", name="丙"),
    )
    rows = session.execute(
        select(User.username, User.name, User.post).where(User.username.in_(["officer", "officer2", "clerk"]))
    )
    assert sorted(tuple(row) for row in rows) == [
        ("clerk", "丙", ""),
        ("officer", "甲", ""),
        ("officer2", "张officer2", "乙"),
    ]


def test_empty_cells_and_people_who_are_not_listed_stay_as_they_are(city, session):
    before = session.execute(select(User.id, User.name, User.unit_id, User.state).order_by(User.id)).all()
    assert compare(session, known()).counts["unchanged"] == 1
    apply(known())
    assert session.execute(select(User.id, User.name, User.unit_id, User.state).order_by(User.id)).all() == before


def test_a_renewed_certificate_is_changed_and_another_one_added(city, session):
    apply(known(certificate_number="A1", valid_from=SINCE, valid_until=UNTIL))
    later = date(2034, 4, 30)
    assert outcome(session, known(certificate_number="A1", valid_until=UNTIL))[0] == "unchanged"
    apply(known(certificate_number="A1", valid_until=later))
    apply(known(certificate_number="B2", valid_from=SINCE, valid_until=UNTIL))
    rows = session.execute(select(Certificate.number, Certificate.valid_until).order_by(Certificate.number)).all()
    assert rows == [("A1", later), ("B2", UNTIL)]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"username": "x"}, ("username", "bad_username")),
        ({"unit": "XX"}, ("unit", "unknown_unit")),
        ({"post": "x" * 81}, ("post", "too_long")),
        ({"certificate_number": "A1"}, ("valid_from", "required")),
        ({"certificate_number": "A1", "valid_from": UNTIL, "valid_until": SINCE}, ("valid_until", "dates_reversed")),
        ({"valid_from": SINCE}, ("certificate_number", "required")),
        (
            {"certificate_number": "T1", "valid_from": SINCE, "valid_until": UNTIL},
            ("certificate_number", "certificate_taken"),
        ),
    ],
)
def test_a_row_is_refused_at_its_cell(city, session, changes, problem):
    apply(known(certificate_number="T1", valid_from=SINCE, valid_until=UNTIL))
    result, problems = outcome(session, line(**changes))
    assert result == "refused"
    assert problem in problems


def test_what_stands_twice_is_refused_the_second_time(city, session):
    lines = [line(2), line(3), line(4, username="x.y.z", certificate_number="A", valid_from=SINCE, valid_until=UNTIL)]
    lines.append(line(5, username="x.y.w", certificate_number="A", valid_from=SINCE, valid_until=UNTIL))
    verdicts = compare(session, *lines).verdicts
    assert [one.outcome for one in verdicts] == ["new", "refused", "new", "refused"]
    assert [(p.field, p.code, p.params["row"]) for one in verdicts for p in one.problems] == [
        ("username", "twice_in_file", 2),
        ("certificate_number", "twice_in_file", 4),
    ]


def test_who_has_left_is_not_brought_back_by_a_list(city, session):
    with transaction() as opened:
        opened.get(User, city.people["officer"]).state = "left"
    assert outcome(session, known()) == ("refused", [("username", "person_left_in_list")])


@pytest.mark.parametrize("text", ["pj-cgj", "PJ-CGJ 蓬江区城市管理和综合执法局", "蓬江区城市管理和综合执法局"])
def test_a_unit_is_found_by_code_or_name(city, session, text):
    assert compare(session, line(unit=text)).verdicts[0].unit_id == city.units["PJ-CGJ"]


def test_a_name_that_two_units_bear_asks_for_the_code(city, session):
    with transaction() as opened:
        for code in ("PJ-CGJ", "XH-CGJ"):
            opened.get(Unit, city.units[code]).short_name = "城管局"
    assert outcome(session, line(unit="城管局")) == ("refused", [("unit", "ambiguous_unit")])
    assert outcome(session, line(unit="城管局"), Scope((Reach(city.paths["PJ"]),)))[0] == "new"


def test_a_closed_unit_takes_nobody(city, session):
    with transaction() as opened:
        opened.get(Unit, city.units["PJ-CGJ"]).state = "closed"
    assert outcome(session, line()) == ("refused", [("unit", "unknown_unit")])


def test_a_list_reaches_no_further_than_its_sender(city, session):
    scope = person_by_id(session, city.people["clerk"]).scope("people.manage")
    assert outcome(session, line(username="foreign_officer"), scope) == ("refused", [("username", "taken")])
    assert outcome(session, line(unit="XH-CGJ"), scope) == ("refused", [("unit", "unknown_unit")])
    assert outcome(session, known(unit="PJ-SCJ"), scope) == ("refused", [("unit", "unknown_unit")])


def test_one_refused_row_keeps_all_others_out(city, session):
    with pytest.raises(Conflict, match="roster_has_refused_rows") as refused:
        apply(line(2), line(3, username="x"))
    assert refused.value.params["count"] == 1
    assert session.scalar(select(User.id).where(User.username == "chen.new")) is None


def test_what_changed_after_the_preview_asks_for_a_new_look(city, session):
    seen = compare(session, known(name="张改")).fingerprint
    with transaction() as opened:
        opened.get(User, city.people["officer"]).name = "张另改"
    with pytest.raises(Conflict, match="roster_changed"):
        apply(known(name="张改"), expected=seen)
    apply(known(name="张改"), expected=compare(session, known(name="张改")).fingerprint)


def test_a_list_that_changes_nothing_records_nothing(city, session):
    apply(known())
    assert session.scalar(select(func.count()).select_from(Entry)) == 0


def test_a_failure_in_the_middle_leaves_nothing(city, session):
    class Broken(CertificateBook):
        def put(self, session, entries, *, new):
            raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError):
        roster.apply([line(**FULL)], scope=EVERYWHERE, book=Broken(), by=1, now=NINE)
    assert session.scalar(select(User.id).where(User.username == "chen.new")) is None


@pytest.mark.slow
def test_ten_thousand_rows_are_read_compared_and_stored_in_portions(app, tmp_path, session, count_queries):
    from trainer.accounts.roster_sheet import read_list
    from trainer.core.sheet_forms import FormColumn, FormSheet, write_form
    from trainer.core.sheet_intake import read_rows

    with transaction() as opened:
        root = Unit(code="JM", name="江门市", short_name="江门", kind="city", path="-", created_at=NINE)
        opened.add(root)
        opened.flush()
        root.path = path_of("", root.id)
    heads = ["用户名", "姓名", "单位", "职务", "人员类别", "执法领域", "执法证号", "有效期起", "有效期止"]
    tail = ["执法队员", "行政执法人员", "城市管理、市场监管"]
    rows = [[f"user{n:05}", f"人{n}", "JM", *tail, f"1907{n:07}", SINCE, UNTIL] for n in range(10_000)]
    path = tmp_path / "list.xlsx"
    path.write_bytes(write_form([FormSheet("名单", [FormColumn(head) for head in heads], rows)]))
    lines = read_list(read_rows(path))
    with count_queries() as seen:
        preview = roster.compare(session, lines, EVERYWHERE, BOOK)
        report = roster.apply(lines, scope=EVERYWHERE, book=BOOK, by=None, now=NINE, expected=preview.fingerprint)
    assert len(seen) <= 250
    assert report.counts["new"] == 10_000
    assert session.scalar(select(func.count()).select_from(Certificate)) == 10_000
    assert roster.compare(session, lines, EVERYWHERE, BOOK).counts["unchanged"] == 10_000
