"""Flags: which items a candidate wants to come back to. Kept with the attempt, so that another device shows them.

They are no answers: nothing is graded by them, and they have no log. The page sends the whole list after a change.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, update

from trainer.attempts.caller import Caller
from trainer.attempts.models import Attempt
from trainer.attempts.save import demand_open, hold_attempt, shapes_of
from trainer.core.database import grouped
from trainer.core.errors import FieldProblem, Invalid


def keep_flags(caller: Caller, attempt_id: int, epoch: int, numbers: Sequence[int], now: datetime) -> list[int]:
    """Store the numbers of all flagged items and return them sorted; an empty list takes every flag away.

    The same list again changes nothing. Raises as ``save`` does, ``Invalid`` for a number that the paper lacks.
    """

    def write(connection: Connection) -> list[int]:
        row = hold_attempt(connection, caller, attempt_id, now)
        demand_open(row, epoch, now)
        last = len(shapes_of(connection, row.paper_id))
        problems = [
            FieldProblem(f"flags.{place}", "no_such_item", {"number": number})
            for place, number in enumerate(numbers)
            if not 1 <= number <= last
        ]
        if problems:
            raise Invalid(problems)
        flags = sorted(set(numbers))
        connection.execute(update(Attempt).where(Attempt.id == attempt_id).values(flags=flags))
        return flags

    return grouped(write)
