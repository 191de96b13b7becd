"""What the builder's page sends while it is being typed, read without refusing anything.

What is missing, of another type or not printable counts as not yet filled in.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from trainer.accounts.rules import pasted_usernames
from trainer.bank.forms import KIND_NAMES
from trainer.exams.forms import DRAW_NAMES, LEAK_SENTENCES, MIX_VALUES, ids_in
from trainer.exams.rules import FORMS_MOST, FORMS_USUAL, key_leaks
from trainer.papers.rules.blueprint import DrawRules, SectionSpec

WORDS_MOST = 80


def section_from_json(value: Any) -> SectionSpec:
    """Return a section from what the builder's page sends while it is being typed.

    What is missing, of another type or not printable counts as not yet filled in, so that the answer says what is
    wrong with it and the database never meets a sign that it cannot hold.
    """
    given = value if isinstance(value, dict) else {}

    def text(name: str) -> str:
        held = given.get(name)
        return held if isinstance(held, str) and held.isprintable() else ""

    def texts(name: str) -> tuple[str, ...]:
        held = given.get(name)
        return (
            tuple(one for one in held if isinstance(one, str) and one.isprintable())[:200]
            if isinstance(held, list)
            else ()
        )

    try:
        points = Decimal(text("points_each"))
    except InvalidOperation:
        points = Decimal(0)
    return SectionSpec(
        title=text("title"),
        kind=text("kind"),
        count=_whole(text("count")),
        points_each=points,
        wing=text("wing") or None,
        topics=texts("topics"),
        fields=texts("fields"),
        difficulty=tuple(int(level) for level in texts("difficulty") if level in "12345" and len(level) == 1),
        item_ids=ids_in(text("item_ids")),
        pool=text("pool") or "open",
        laws=texts("laws"),
        levels=texts("levels"),
        mix=tuple((value, count) for value in MIX_VALUES if (count := _whole(text(f"mix_{value}")))),
        order=text("order") or "drawn",
    )


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0


def rules_from_json(value: Any) -> tuple[DrawRules, str, int]:
    """Return what the draw keeps out, how it draws, and how many parallel forms, as the builder's page sends it."""
    given = value if isinstance(value, dict) else {}
    days, most = (_whole(str(given.get(name) or "")) for name in ("avoid_days", "exposure_most"))
    rules = DrawRules(days, bool(given.get("avoid_practice")), most)
    draw = given.get("draw")
    many = min(_whole(str(given.get("forms") or "")) or FORMS_USUAL, FORMS_MOST)
    return (DrawRules() if rules.problems() else rules), draw if draw in DRAW_NAMES else "one_paper", many


def naming_from_json(value: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (unit codes, usernames) from what the builder's page sends while people are being named."""
    given = value if isinstance(value, dict) else {}
    units, text = given.get("units"), given.get("usernames")
    codes = tuple(one for one in units if isinstance(one, str))[:1000] if isinstance(units, list) else ()
    return codes, tuple(pasted_usernames(text if isinstance(text, str) else "")[:20_000])


def search_from_json(value: Any) -> tuple[str, str]:
    """Return (words, kind) for which the builder's page looks for items; both empty for what cannot be looked for."""
    given = value if isinstance(value, dict) else {}
    words, kind = given.get("words"), given.get("kind")
    if not (isinstance(words, str) and isinstance(kind, str) and words.isprintable()) or kind not in KIND_NAMES:
        return "", ""
    return words.strip()[:WORDS_MOST], kind


def leaks_from_json(value: Any) -> list[str]:
    """Return what the rules, as the builder's page sends them while they are typed, would give away, as sentences."""
    given = value if isinstance(value, dict) else {}

    def number(name: str) -> Decimal:
        try:
            held = Decimal(str(given.get(name) or 0))
        except InvalidOperation:
            return Decimal(0)
        return held if held.is_finite() and 0 <= held < 10_000 else Decimal(0)

    leaks = key_leaks(
        str(given.get("release")),
        str(given.get("draw")),
        forms=int(number("forms")),
        attempts=int(number("attempts")),
        credit_hours=number("credit_hours"),
    )
    return [str(LEAK_SENTENCES[one]) for one in leaks]
