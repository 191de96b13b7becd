"""Commands about people: 0 done, 1 refused with a clear sentence, 2 wrong usage."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from trainer.accounts.models import User
from trainer.accounts.queries import person_by_id, person_of_token
from trainer.core.crypto import token_hash
from trainer.core.sheet_forms import FormColumn, FormSheet, write_form


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()

    def command(*arguments):
        return runner.invoke(args=["accounts", *[str(one) for one in arguments]])

    return command


@pytest.fixture
def roster_file(tmp_path):
    def write(*rows):
        path = tmp_path / "list.xlsx"
        columns = [FormColumn(head) for head in ("用户名", "姓名", "单位", "职务")]
        path.write_bytes(write_form([FormSheet("名单", columns, rows)]))
        return path

    return write


def test_the_first_administrator_gets_a_password_shown_once(run, session):
    done = run("create-admin", "Root.Admin")
    assert done.exit_code == 0
    assert re.search(r"：([a-z0-9]{16})\n", done.output)
    user_id = session.scalar(select(User.id).where(User.username == "root.admin"))
    assert person_by_id(session, user_id).may("site.manage")


def test_a_taken_name_is_refused(run, city):
    done = run("create-admin", "officer")
    assert done.exit_code == 1
    assert "“officer”已经存在" in done.stderr


def test_a_list_is_tried_and_then_entered(run, city, roster_file, session):
    path = roster_file(["chen.new", "陈新", "PJ-CGJ", ""], ["officer", "张officer", "PJ-CGJ", "队长"])
    tried = run("import-roster", path, "--dry-run")
    assert tried.exit_code == 0
    assert "新增 1 人，更新 1 人，没有变化 0 人，未通过 0 行" in tried.output
    assert session.scalar(select(User.id).where(User.username == "chen.new")) is None
    assert run("import-roster", path).exit_code == 0
    assert session.scalar(select(User.id).where(User.username == "chen.new")) is not None
    assert "没有变化 2 人" in run("import-roster", path).output


@pytest.mark.parametrize("dry", [True, False])
def test_a_list_with_a_bad_row_is_refused_and_the_row_is_named(run, city, roster_file, session, dry):
    path = roster_file(["chen.new", "陈新", "PJ-CGJ", ""], ["x", "陈二", "NO", ""])
    done = run("import-roster", path, *(["--dry-run"] if dry else []))
    assert done.exit_code == 1
    assert "第 3 行，单位：" in done.output
    assert "一行都没有导入" in done.stderr
    assert session.scalar(select(User.id).where(User.username == "chen.new")) is None


def test_a_file_that_is_no_sheet_is_refused(run, city, tmp_path):
    path = tmp_path / "list.xlsx"
    path.write_bytes(b"a,b")
    done = run("import-roster", path)
    assert done.exit_code == 1
    assert ".xlsx" in done.stderr


@pytest.mark.parametrize(
    "arguments", [("create-admin",), ("import-roster", "/no/such/file.xlsx"), ("token",), ("emperor",)]
)
def test_wrong_usage_is_two(run, city, arguments):
    assert run(*arguments).exit_code == 2


def test_a_token_is_printed_alone_and_acts_for_its_owner(run, city, session):
    done = run("token", "OFFICER", "--read-only", "--label", "test")
    assert done.exit_code == 0
    person = person_of_token(session, token_hash(done.stdout.strip()))
    assert (person.username, person.read_only) == ("officer", True)


@pytest.mark.parametrize(("username", "state"), [("nobody-here", "active"), ("officer", "locked")])
def test_no_token_for_nobody_and_for_who_is_locked(run, city, session, username, state):
    from trainer.core.database import transaction

    with transaction() as opened:
        opened.get(User, city.people["officer"]).state = state
    done = run("token", username)
    assert (done.exit_code, done.stdout) == (1, "")
