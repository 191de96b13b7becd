"""How far a competition has come, as a line of steps, and what its organiser does next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True)
class RoundState:
    """A round's phase (``cancelled upcoming open closed released``) and whether its places may still change."""

    phase: str
    provisional: bool

    @property
    def final(self) -> bool:
        """Return whether nothing more is expected of the round."""
        return self.phase == "cancelled" or (self.phase in ("closed", "released") and not self.provisional)


@dataclass(frozen=True)
class Step:
    """One step: ``name`` is notice, entry, round, public_notice or signed; ``number`` counts rounds from 1.

    ``state`` is ``done``, ``now``, ``next`` or ``stopped``.
    """

    name: str
    state: str
    number: int = 0


def steps(state: str, rounds: Sequence[RoundState], objections_until: datetime | None, now: datetime) -> list[Step]:
    """Return the steps from the notice to the signed result in their order.

    ``state`` is the competition's; of a cancelled one whatever was not done is ``stopped``. Entry is over as soon as
    the first round has begun.
    """
    made = _steps(state, rounds, objections_until, now)
    if state == "cancelled":
        return [one if one.state == "done" else replace(one, state="stopped") for one in made]
    return made


def _steps(state: str, rounds: Sequence[RoundState], objections_until: datetime | None, now: datetime) -> list[Step]:
    draft = state == "draft"
    begun = any(one.phase not in ("upcoming", "cancelled") for one in rounds)
    made = [
        Step("notice", "now" if draft else "done"),
        Step("entry", "next" if draft else "done" if begun else "now"),
    ]
    made += [Step("round", _of_round(one), number) for number, one in enumerate(rounds, 1)]
    posted = objections_until is not None
    over = posted and objections_until is not None and now >= objections_until
    if state == "closed":
        return [*made, Step("public_notice", "done"), Step("signed", "done")]
    ready = not draft and bool(rounds) and all(one.final for one in rounds)
    notice = "done" if over else "now" if posted or ready else "next"
    return [*made, Step("public_notice", notice), Step("signed", "now" if over else "next")]


def _of_round(one: RoundState) -> str:
    if one.phase == "cancelled":
        return "stopped"
    if one.phase == "upcoming":
        return "next"
    return "done" if one.final else "now"


def next_action(
    state: str, rounds: Sequence[RoundState], objections_until: datetime | None, frozen: bool, now: datetime
) -> str:
    """Return what the organiser does next.

    ``publish``, ``wait_round`` (a round is still to come, open or unmarked), ``release`` (over, results held back),
    ``unfreeze``, ``post_results``, ``wait_objections``, ``sign`` or ``none``.
    """
    if state in ("closed", "cancelled"):
        return "none"
    if state == "draft":
        return "publish"
    open_rounds = [one for one in rounds if not one.final]
    if open_rounds:
        return "release" if all(one.phase == "closed" for one in open_rounds) else "wait_round"
    if frozen:
        return "unfreeze"
    if objections_until is None:
        return "post_results"
    return "sign" if now >= objections_until else "wait_objections"
