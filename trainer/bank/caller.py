"""The caller of a page of the bank: as whom they look at items, on which day, and how texts reach their page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from question_bank.fields import MARKDOWN
from question_bank.item import Medium
from question_bank.laws import find as find_law
from question_bank.richtext import to_html
from trainer.accounts.rules import Person
from trainer.bank.comments import note_reserved_seen
from trainer.bank.rules.rich import media_address
from trainer.bank.work_queries import Viewer
from trainer.core.clock import day_starts_at, local_day
from trainer.laws.queries import laws_beside_register
from trainer.web.arrival import arrived_at
from trainer.web.locale import zone


def viewer(person: Person) -> Viewer:
    """Return the caller as somebody who looks at the bank."""
    return Viewer(person.id, person.may("item.manage"), person.may("item.review"))


def rich(words: str, media: Any = ()) -> Markup:
    """Return a Markdown text as safe HTML, with those of its pictures that are among ``media`` (JSON form)."""
    shown = [Medium(**one) for one in media or ()]
    return Markup(to_html(words, MARKDOWN, media=shown, media_url=media_address))  # noqa: S704  # it escapes every text


def today() -> date:
    """Return the local day of the request."""
    return local_day(arrived_at(), zone())


def look_at_reserved(person: Person, *item_ids: int) -> int:
    """Put down that the caller sees items, key and all, as far as they are reserved ones; return how many are new."""
    return note_reserved_seen(item_ids, by=person.id, day_began=day_starts_at(today(), zone()))


def list_reserved(person: Person, item_ids: Iterable[int]) -> int:
    """As ``look_at_reserved``, for a list that tells stems alone."""
    ids = set(item_ids)
    return note_reserved_seen(ids, by=person.id, day_began=day_starts_at(today(), zone()), whole=False)


def loaded_laws(session: Session) -> list[str]:
    """Return the short titles of the laws that are loaded beside those of the register, to choose from."""
    return [versions[-1].law for versions in laws_beside_register(session).values()]


def cited(basis: dict[str, Any]) -> str:
    """Return a citation of an item's JSON form in words, the law by its full title."""
    law = find_law(basis.get("law", ""))
    words = _(
        "《%(title)s》第%(article)s条", title=law.title if law else basis.get("law"), article=basis.get("article")
    )
    if basis.get("paragraph"):
        words += _("第%(n)s款", n=basis["paragraph"])
    return words + (_("第（%(n)s）项", n=basis["item"]) if basis.get("item") else "")
