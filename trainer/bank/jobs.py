"""What the scheduler does about imports: it goes on with those left over, and forgets the files of old ones."""

from __future__ import annotations

from datetime import datetime

from trainer.bank.import_batches import begin, forget_old, left_over
from trainer.core.database import transaction


def go_on_with_imports(now: datetime) -> int:
    """Take up the imports that a process which ended has left over and return how many; each in its own thread."""
    with transaction() as session:
        found = left_over(session, now)
    for batch_id in found:
        # Other jobs wait for this one, an import for nobody.
        begin(batch_id, wait=0)
    return len(found)


def forget_imports(now: datetime) -> int:
    """Forget the files of imports that are two weeks old, and return how many were still open."""
    return forget_old(now)
