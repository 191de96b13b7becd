"""What leaving the page means on the invigilator's board: a mark, and nothing else. Pure.

Our decision of 2026-11-27. The page counts a time away from one second on, and two that lie less than two seconds
apart as one (``static/js/exam/away.js``), so that a notice of the system or a key pressed by mistake is none.
"""

from __future__ import annotations


def is_over_threshold(focus_losses: int, threshold: int | None) -> bool:
    """Return whether the board marks an attempt that left its page so often; never where ``threshold`` is None."""
    return threshold is not None and focus_losses >= threshold
