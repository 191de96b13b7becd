"""What the commands say of a chain; the site's pages have sentences of their own."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainer.core.chain import Break

SAID: dict[str, Any] = {
    "changed": _l("第 {entry} 号记录（链上第 {number} 条）与封存时不同，被改动过"),
    "missing": _l("链上第 {number} 条缺失，有记录被删除"),
    "cut": _l("链在第 {number} 条之前就结束，末尾的记录被删除"),
    "no_key": _l("INSTANCE/keys 里没有 {name}.key，无法核验"),
}


def said_of(name: str, sealed: int, waiting: int, found: Break | None) -> tuple[bool, str]:
    """Return whether a chain holds, and the line that a command prints about what ``sealing.verify`` found."""
    if found is None:
        told = {"sealed": sealed, "waiting": waiting}
        return True, f"{name}: " + _("%(sealed)s 条已封存的记录都与写入时一致，%(waiting)s 条等待封存", **told)
    said = str(SAID[found.kind]).format(entry=found.entry_id, number=found.number, name=name)
    return False, f"{name}: {said}"
