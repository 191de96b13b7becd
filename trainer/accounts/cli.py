"""Commands about people: the first administrator, the officer list, API tokens."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import click
from flask.cli import AppGroup, with_appcontext
from flask_babel import gettext as _

from trainer.accounts import roster, service
from trainer.accounts.queries import user_by_name
from trainer.accounts.roster_sheet import TITLES, read_list
from trainer.accounts.sessions import make_token
from trainer.certificates.roster import CertificateBook
from trainer.core.clock import utcnow
from trainer.core.database import db, end_read
from trainer.core.errors import Invalid, Missing, Refused
from trainer.core.sheet_intake import read_rows
from trainer.orgs.rules import Reach, Scope
from trainer.web.sentences import sentence

accounts = AppGroup("accounts", help="People, their passwords and tokens.")
commands = (accounts,)

EVERYWHERE = Scope((Reach(""),))


def _refuse(refusal: Refused) -> None:
    """Say a refusal and end with status 1."""
    problems = refusal.problems if isinstance(refusal, Invalid) else []
    for problem in problems:
        click.echo(sentence(problem.code, problem.params), err=True)
    if not problems:
        click.echo(sentence(refusal.code, refusal.params), err=True)
    sys.exit(1)


@accounts.command("create-admin")
@click.argument("username")
@with_appcontext
def create_admin(username: str) -> None:
    """Make a system administrator over the whole tree. At a terminal the password is asked for; an empty answer, or no
    terminal, means that one is made and shown once."""
    password = None
    if sys.stdin.isatty():
        asked = _("密码（直接回车则随机生成）")
        password = click.prompt(asked, hide_input=True, default="", show_default=False) or None
        if password and click.prompt(_("再输入一次"), hide_input=True) != password:
            click.echo(_("两次输入的密码不一致，没有建立账号。"), err=True)
            sys.exit(1)
    try:
        _id, made = service.create_admin(username, password, now=utcnow())
    except Refused as refusal:
        _refuse(refusal)
        return
    click.echo(_("已建立系统管理员 %(username)s。", username=username.strip().lower()))
    if made:
        click.echo(_("初始密码（只显示这一次，首次登录须更改）：%(password)s", password=made))


@accounts.command("import-roster")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen and store nothing.")
@with_appcontext
def import_roster(file: Path, dry_run: bool) -> None:
    """Enter and change people from an officer list (.xlsx), all or nothing, with a report of each row that matters."""
    book = CertificateBook()
    try:
        lines = read_list(read_rows(file))
        report = roster.compare(db.session(), lines, EVERYWHERE, book)
        end_read()
        _tell(report)
        if report.counts["refused"]:
            raise Refused("roster_has_refused_rows", count=report.counts["refused"])
        if not dry_run:
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            roster.apply(lines, scope=EVERYWHERE, book=book, by=None, now=utcnow(), source=digest)
    except Refused as refusal:
        _refuse(refusal)
    click.echo(_("试运行，没有写入。") if dry_run else _("已写入。"))
    if report.counts["new"] and not dry_run:
        click.echo(_("新增的人员还没有密码，请管理员在人员页面生成初始密码。"))


def _tell(report: roster.Report) -> None:
    for one in report.verdicts:
        for problem in one.problems:
            said = sentence(problem.code, problem.params)
            place = {"row": one.line.number, "column": str(TITLES[problem.field])}
            click.echo(_("第 %(row)s 行，%(column)s：%(why)s", why=said, **place))
        if one.outcome == "changed":
            columns = _("、").join(str(TITLES[change.column]) for change in one.changes)
            click.echo(
                _(
                    "第 %(row)s 行，%(name)s：更新%(columns)s",
                    row=one.line.number,
                    name=one.line.username,
                    columns=columns,
                )
            )
    click.echo(
        _("新增 %(new)s 人，更新 %(changed)s 人，没有变化 %(unchanged)s 人，未通过 %(refused)s 行。", **report.counts)
    )


@accounts.command("token")
@click.argument("username")
@click.option("--read-only", is_flag=True, help="The token may only read.")
@click.option("--label", default="command line", help="What it is for, as the profile page shows it.")
@with_appcontext
def token(username: str, read_only: bool, label: str) -> None:
    """Make an API token that acts with the rights of USERNAME, and print it; it is shown this once."""
    try:
        user = user_by_name(db.session(), EVERYWHERE, username)
    except Missing:
        _refuse(Refused("unknown_person", value=username))
        return
    if user.state != "active":
        _refuse(Refused("account_not_active", value=username))
    user_id = user.id
    end_read()
    click.echo(make_token(user_id, by=None, label=label, read_only=read_only, now=utcnow()))
