"""The demonstration accounts with their passwords, as they are printed and shown on the sign-in page.

The passwords are drawn by chance at each load and lie in ``INSTANCE/keys``, readable by the owner of the site alone.
A demonstration is served on loopback only (``trainer.config``), so whoever can read the page could read the file.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from unicodedata import east_asian_width

import orjson
from flask_babel import gettext as _

from trainer.accounts.wording import role_name
from trainer.core.crypto import new_password
from trainer.demo.rules.accounts import AccountSpec
from trainer.demo.rules.tree import unit_by_code

FILE = "demo_accounts.json"


@dataclass(frozen=True)
class PrintedAccount:
    """An account that a visitor may sign in with. ``unit`` is the code of the unit where the person works."""

    role: str
    username: str
    password: str
    unit: str
    unit_name: str


def draw_accounts(specs: Sequence[AccountSpec]) -> list[PrintedAccount]:
    """Return the accounts with fresh passwords, in the order of ``specs``. Each call draws others."""
    return [
        PrintedAccount(
            role=main_role(spec),
            username=spec.username,
            password=new_password(),
            unit=spec.unit_code,
            unit_name=unit_by_code()[spec.unit_code].short_name,
        )
        for spec in specs
    ]


def main_role(spec: AccountSpec) -> str:
    """Return the role that the account is there for: what an officer does beside being one, if anything."""
    return spec.grants[-1].role


def keep_accounts(instance: Path, accounts: Sequence[PrintedAccount]) -> None:
    """Keep the accounts for ``read_accounts``: whole or not at all, synced, mode 0600. Replaces older ones."""
    path = instance / "keys" / FILE
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(orjson.dumps([asdict(one) for one in accounts], option=orjson.OPT_INDENT_2))
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)


def read_accounts(instance: Path) -> list[PrintedAccount]:
    """Return the accounts kept by the last load; an empty list where there was none."""
    try:
        content = (instance / "keys" / FILE).read_bytes()
    except FileNotFoundError:
        return []
    return [PrintedAccount(**one) for one in orjson.loads(content)]


def accounts_table(accounts: Sequence[PrintedAccount]) -> str:
    """Return the accounts as lines with aligned columns and a heading, in the language in force."""
    heads = (_("角色"), _("用户名"), _("密码"), _("单位"))
    rows = [heads, *((role_name(one.role), one.username, one.password, one.unit_name) for one in accounts)]
    widths = [max(_width(row[place]) for row in rows) for place in range(len(heads))]
    return "\n".join(
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _width(text: str) -> int:
    # A Chinese character takes two columns of a terminal.
    return sum(2 if east_asian_width(one) in "WF" else 1 for one in text)
