"""The commands: what they print, what they refuse, and that a load is whole or not at all."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.conftest import NINE
from trainer import create_app
from trainer.accounts.models import User
from trainer.accounts.rules import ROLES
from trainer.attempts.models import Attempt
from trainer.audit.models import Entry
from trainer.bank.models import ItemRecord
from trainer.config import DEMO_MARK
from trainer.core.database import db
from trainer.demo import loading
from trainer.demo.accounts import FILE, draw_accounts, keep_accounts, read_accounts
from trainer.demo.loading import load_city
from trainer.demo.rules.accounts import ACCOUNTS
from trainer.exams.models import Exam
from trainer.hours.models import LedgerEntry
from trainer.marking.grading import forget_keys
from trainer.marking.models import Result
from trainer.orgs.models import Unit
from trainer.practice.models import PracticeAnswer


@pytest.fixture(autouse=True)
def no_old_papers():
    forget_keys()
    yield
    forget_keys()


@pytest.fixture
def demonstration(app, monkeypatch, tmp_path):
    """The site in demonstration mode, with a folder of its own."""
    (tmp_path / "keys").mkdir()
    monkeypatch.setitem(app.config, "DEMO", True)
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], instance=tmp_path))
    return app


@pytest.fixture
def run(app):
    """Run a command of the site and return its result."""
    return lambda *args: app.test_cli_runner().invoke(args=["demo", *args])


def _count(table):
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table))


def test_a_load_prints_the_accounts_and_leaves_its_mark(demonstration, run, tmp_path):
    done = run("load", "--officers", "12", "--seed", "5")
    assert done.exit_code == 0, done.output
    assert "行政执法人员 12 人" in done.output
    kept = read_accounts(tmp_path)
    assert {one.role for one in kept} == set(ROLES)
    assert all(one.username in done.output and one.password in done.output for one in kept)
    assert (tmp_path / DEMO_MARK).exists()
    assert (tmp_path / "keys" / FILE).stat().st_mode & 0o777 == 0o600
    assert _count(ItemRecord) > 300


def test_a_second_load_is_refused_in_one_sentence_and_keeps_the_passwords(demonstration, run, tmp_path):
    assert run("load", "--officers", "5").exit_code == 0
    before = read_accounts(tmp_path), _count(User)
    again = run("load", "--officers", "5")
    assert again.exit_code == 1
    assert "演示城市只能载入空数据库" in again.output
    assert (read_accounts(tmp_path), _count(User)) == before


def test_a_load_beside_people_who_are_there_already_is_refused(demonstration, run, city, tmp_path):
    refused = run("load", "--officers", "5")
    assert refused.exit_code == 1
    assert read_accounts(tmp_path) == []


def test_nothing_is_loaded_outside_the_demonstration(app, run):
    assert app.config["DEMO"] is False
    for command in ("load", "accounts"):
        refused = run(command)
        assert refused.exit_code == 1
        assert "DEMO=1" in refused.output
    assert _count(Unit) == 0


@pytest.mark.parametrize("officers", ["0", "-3", "many", "200001"])
def test_a_wrong_number_of_officers_is_wrong_usage(demonstration, run, officers):
    assert run("load", "--officers", officers).exit_code == 2
    assert _count(Unit) == 0


def test_without_a_city_there_are_no_accounts_to_print(demonstration, run):
    refused = run("accounts")
    assert refused.exit_code == 1
    assert "flask demo load" in refused.output


def test_accounts_are_printed_as_a_table_and_as_json(demonstration, run, tmp_path):
    accounts = draw_accounts(ACCOUNTS)
    keep_accounts(tmp_path, accounts)
    lines = run("accounts").output.splitlines()
    assert lines[0].split() == ["角色", "用户名", "密码", "单位"]
    assert [line.split()[1:3] for line in lines[1:]] == [[one.username, one.password] for one in accounts]
    told = json.loads(run("accounts", "--json").output)
    assert told == [
        {"role": one.role, "username": one.username, "password": one.password, "unit": one.unit} for one in accounts
    ]


def test_a_crash_leaves_an_empty_database(demonstration, run, monkeypatch, tmp_path):
    def crash(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr(loading, "load_feedback", crash)
    assert run("load", "--officers", "8").exit_code == 1
    assert [_count(table) for table in (Unit, User, ItemRecord, Entry)] == [0, 0, 0, 0]
    assert not (tmp_path / DEMO_MARK).exists()
    monkeypatch.undo()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_city_but_for_the_passwords(demonstration, site, tmp_path):
    from tests.conftest import _empty

    seen, passwords = [], []
    for _ in range(2):
        forget_keys()
        made = load_city(40, seed=9, now=NINE, instance=tmp_path)
        passwords.append([one.password for one in made.accounts])
        db.session.rollback()
        people = db.session.execute(select(User.username, User.name, User.post, User.created_at).order_by(User.id))
        answers = db.session.execute(
            select(
                User.username,
                ItemRecord.code,
                PracticeAnswer.answer,
                PracticeAnswer.sent_key,
                PracticeAnswer.answered_at,
            )
            .join(User, User.id == PracticeAnswer.user_id)
            .join(ItemRecord, ItemRecord.id == PracticeAnswer.item_id)
            .order_by(PracticeAnswer.answered_at, PracticeAnswer.sent_key)
        )
        results = db.session.execute(
            select(Exam.title, User.username, Result.score, Result.submitted_at, Result.seconds_used)
            .join(Exam, Exam.id == Result.exam_id)
            .join(User, User.id == Result.user_id)
            .order_by(Exam.title, User.username)
        )
        seen.append((people.all(), answers.all(), results.all()))
        db.session.rollback()
        db.session.remove()
        _empty(db)
    assert all(seen[0])
    assert seen[0] == seen[1]
    assert passwords[0] != passwords[1]


def test_the_sign_in_page_shows_the_accounts_in_the_demonstration_alone(site, app, tmp_path):
    (tmp_path / "keys").mkdir()
    accounts = draw_accounts(ACCOUNTS)
    keep_accounts(tmp_path, accounts)
    shown = create_app(replace(site.config["SETTINGS"], demo=True, instance=Path(tmp_path)))
    shown.testing = True
    page = shown.test_client().get("/sign-in").text
    assert all(one.password in page for one in accounts)
    with shown.app_context():
        db.engine.dispose()
    assert "DEMO_ACCOUNTS" not in site.config
    assert accounts[0].password not in app.test_client().get("/sign-in").text


@pytest.mark.parametrize("officers", [1, 30])
@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 12, 31, 16, 30, tzinfo=UTC),  # half past midnight of New Year's day in the city
        datetime(2027, 1, 5, 2, 0, tzinfo=UTC),
        datetime(2028, 2, 29, 15, 59, tzinfo=UTC),
        datetime(2027, 10, 1, 4, 0, tzinfo=UTC),
    ],
)
def test_a_city_of_any_size_can_be_loaded_on_any_day(demonstration, now, officers, tmp_path):
    made = load_city(officers, seed=1, now=now, instance=tmp_path)
    assert made.officers == officers
    db.session.rollback()
    assert db.session.scalar(select(func.max(Attempt.started_at))) is None or officers > 1
    for column in (Attempt.submitted_at, LedgerEntry.entered_at, PracticeAnswer.answered_at, User.created_at):
        latest = db.session.scalar(select(func.max(column)))
        assert latest is None or latest <= now, column
