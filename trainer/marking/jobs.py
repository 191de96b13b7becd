"""What follows a hand-in or a mark, called by the route at once and by the scheduler for whatever was left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import and_, bindparam, exists, select

from trainer.attempts.models import Attempt
from trainer.competitions.awarding import tell_prizes
from trainer.competitions.leaderboard import take_settled
from trainer.competitions.models import Round
from trainer.core.columns import UTCDateTime
from trainer.core.database import grouped, single_read
from trainer.core.prepared import prepared
from trainer.exams.models import Exam
from trainer.marking.models import Result
from trainer.marking.queries import RELEASE, is_released
from trainer.marking.regrading import exams_to_regrade, regrade
from trainer.marking.service import credit_passes, may_be_visible
from trainer.marking.settle import keep, results, settle, unsettled_ids

T = TypeVar("T")
TURNS = 4
NOW: Any = bindparam("now", type_=UTCDateTime)


class Gathered(Generic[T]):
    """Work on things that threads bring at the same time, done for several of them at once.

    Who comes while another thread works leaves its things to that one, which goes on for at most ``TURNS`` turns; the
    next comer takes what is left then. So each is worked on by somebody, but not always before ``take`` returns. What
    is gathered must be found by a job too: what is left when nobody comes any more, or when the work raises, is not
    kept anywhere else.
    """

    def __init__(self, work: Callable[[Sequence[T]], object]) -> None:
        self._work = work
        self._mutex = threading.Lock()
        self._waiting: list[T] = []
        self._busy = False

    def take(self, things: Sequence[T]) -> None:
        """Work on ``things`` or leave them to who works already. Raises what the work raises."""
        with self._mutex:
            self._waiting += things
            if self._busy:
                return
            self._busy = True
        try:
            for _turn in range(TURNS):
                with self._mutex:
                    mine, self._waiting = self._waiting, []
                    if not mine:
                        # Said under the lock of this look, or somebody would still leave things to who goes.
                        self._busy = False
                        return
                self._work(mine)
        except BaseException:
            self._rest()
            raise
        self._rest()

    def _rest(self) -> None:
        with self._mutex:
            self._busy = False


_boards = Gathered(take_settled)


@prepared
def _outlook() -> Any:
    """Return the statement that tells of an attempt whether a board or hours wait for its result, and who may see it.

    ``passed`` and ``unmarked`` are None without a result.
    """
    return (
        select(
            exists().where(Round.exam_id == Attempt.exam_id).label("competes"),
            and_(Exam.credit_hours > 0, ~Exam.is_mock, may_be_visible(NOW)).label("earns"),
            Result.passed,
            *RELEASE,
        )
        .join(Exam, Exam.id == Attempt.exam_id)
        .outerjoin(Result, Result.attempt_id == Attempt.id)
        .where(Attempt.id == bindparam("attempt_id"))
    )


def settle_one(attempt_id: int, now: datetime) -> bool:
    """Settle an attempt that was handed in just now and return whether its candidate may see the result already.

    While results are held back nobody waits for this one: of many that come at once one thread settles all.
    """
    with single_read() as connection:
        row = _outlook(connection).first(connection, {"attempt_id": attempt_id, "now": now})
        if row is None:
            return False
        at_once = is_released(row._replace(unmarked=0), now)
        made = results(connection, [attempt_id], now) if at_once and row.unmarked is None else []
        if at_once and row.unmarked is None and not made:
            # Somebody else has settled it between the two reads.
            row = _outlook(connection).first(connection, {"attempt_id": attempt_id, "now": now})
    if not at_once:
        if row.unmarked is None:
            _settling.take([(attempt_id, row, now)])
        return False
    unmarked = row.unmarked
    for values, _waiting in made:
        unmarked = values["unmarked"]
        if grouped(lambda connection: keep(connection, made, now)):
            _pass_on([attempt_id] if row.competes else [], [attempt_id] if row.earns and values["passed"] else [], now)
    return unmarked == 0


def _settle_several(waiting: Sequence[tuple[int, Any, datetime]]) -> None:
    """Settle attempts whose results are held back, so that they bring no hours yet."""
    now = max(one[2] for one in waiting)
    settled = set(settle([one[0] for one in waiting], now))
    _pass_on([attempt_id for attempt_id, row, _now in waiting if row.competes and attempt_id in settled], [], now)


_settling = Gathered(_settle_several)


def settle_and_spread(attempt_ids: Sequence[int], now: datetime) -> list[int]:
    """Settle attempts and let their results reach boards and ledger. Returns the ids settled now.

    Should the process end between the steps, ``settle_left_over``, ``credit_left_over`` and the competitions' own
    job do the rest.
    """
    settled = settle(attempt_ids, now)
    spread(settled, now)
    return settled


def spread(attempt_ids: Sequence[int], now: datetime) -> None:
    """Let results that are new or another now reach boards and ledger. Harmless however often it runs.

    An exam without competition and without hours, or whose results are held back, pays one small read for each.
    """
    competing, earning = [], []
    if attempt_ids:
        with single_read() as connection:
            for attempt_id in attempt_ids:
                row = _outlook(connection).first(connection, {"attempt_id": attempt_id, "now": now})
                if row is not None and row.competes:
                    competing.append(attempt_id)
                if row is not None and row.earns and row.passed:
                    earning.append(attempt_id)
    _pass_on(competing, earning, now)


def _pass_on(competing: Sequence[int], earning: Sequence[int], now: datetime) -> None:
    if competing:
        _boards.take(competing)
    if earning:
        credit_passes(now, earning)


def settle_left_over(now: datetime) -> int:
    """Settle what is handed in and unsettled, as after a crash between hand-in and marking; return how many."""
    return len(settle_and_spread(unsettled_ids(), now))


def regrade_and_spread(exam_id: int, now: datetime) -> list[int]:
    """Bring the results of an exam up to its repairs and let them reach boards and ledger; return those changed.

    Whose prize in a competition is another one then is told.
    """
    changed = regrade(exam_id, now)
    spread(changed, now)
    tell_prizes(now, exam_id)
    return changed


def regrade_left_over(now: datetime) -> int:
    """Carry out what is left of published repairs, as after a crash in between; return how many results changed."""
    return sum(len(regrade_and_spread(exam_id, now)) for exam_id in exams_to_regrade())


def credit_left_over(now: datetime) -> int:
    """Enter the hours of passes that have been released meanwhile; return how many people got them."""
    return credit_passes(now)
