"""Where a candidate stands with an exam, decided from stored moments alone. All times are aware UTC."""

from __future__ import annotations

from datetime import datetime

from trainer.attempts.rules.timing import is_over, may_start

RESUMABLE = "resumable"
STARTABLE = "startable"
UPCOMING = "upcoming"
HANDED_IN = "handed_in"
MISSED = "missed"
EXCUSED = "excused"

SILENT_SECONDS = 120


def candidate_phase(
    now: datetime,
    opens_at: datetime,
    closes_at: datetime,
    *,
    candidate_state: str,
    extra_minutes: int,
    attempts_allowed: int,
    attempts_made: int,
    open_until: datetime | None,
    grace_seconds: int,
    awaits_signal: bool = False,
) -> str:
    """Return ``resumable``, ``startable``, ``upcoming``, ``handed_in``, ``missed`` or ``excused``.

    ``open_until`` is the deadline of the latest attempt while it is open, None when there is no open one. An attempt
    whose deadline and grace are over counts as handed in, whether or not the scheduler has said so yet. Somebody
    exempt or deferred is ``excused`` unless an attempt is under way or has been made. While the sitting
    ``awaits_signal`` it has not opened, whatever the time.
    """
    if open_until is not None and not is_over(now, open_until, grace_seconds):
        return RESUMABLE
    if candidate_state != "due":
        return HANDED_IN if attempts_made else EXCUSED
    window = may_start(now, opens_at, closes_at, extra_minutes=extra_minutes)
    if window == "not_open" or (window == "yes" and awaits_signal):
        return UPCOMING
    if window == "yes" and attempts_made < attempts_allowed:
        return STARTABLE
    return HANDED_IN if attempts_made else MISSED


def desk_state(
    now: datetime,
    *,
    state: str | None,
    started_at: datetime | None,
    last_saved_at: datetime | None,
    submitted_by: str | None,
) -> str:
    """Return what the invigilator's board says of a candidate: ``waiting, working, silent, done`` or ``forced``.

    Silent is who has saved nothing for longer than ``SILENT_SECONDS``, counted from the start before the first save.
    It calls for a look, nothing more: somebody may be reading.
    """
    if state is None:
        return "waiting"
    if state == "submitted":
        return "forced" if submitted_by == "invigilator" else "done"
    since = last_saved_at or started_at
    return "silent" if since is not None and (now - since).total_seconds() > SILENT_SECONDS else "working"
