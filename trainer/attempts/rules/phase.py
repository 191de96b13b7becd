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
# A page says every 2.5 s that it is there, and that is written down every 3 s. So twelve seconds are a line that is
# down, or two beats lost on end. In the background browsers let a page speak once a minute only.
OFFLINE_SECONDS = 12
HIDDEN_SECONDS = 90


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
    heard_at: datetime | None = None,
    hidden: bool = False,
) -> str:
    """Return what the board says: ``waiting, working, silent, hidden, offline, done`` or ``forced``.

    Silent is who has saved nothing for longer than ``SILENT_SECONDS``, counted from the start before the first save,
    though the page is there: somebody may be reading. Hidden is whose page said that it lies in the background, and
    offline is of whom nothing was heard, no beat and no save, for longer than ``OFFLINE_SECONDS``, or
    ``HIDDEN_SECONDS`` once it was hidden. Both call for a look, nothing more. Of whom no page ever said anything, such
    as a program that only saves (``heard_at`` None), only silence can be told.
    """
    if state is None:
        return "waiting"
    if state == "submitted":
        return "forced" if submitted_by == "invigilator" else "done"
    if heard_at is not None:
        unheard = (now - max(heard_at, last_saved_at or heard_at)).total_seconds()
        if unheard > (HIDDEN_SECONDS if hidden else OFFLINE_SECONDS):
            return "offline"
        if hidden:
            return "hidden"
    since = last_saved_at or started_at
    return "silent" if since is not None and (now - since).total_seconds() > SILENT_SECONDS else "working"
