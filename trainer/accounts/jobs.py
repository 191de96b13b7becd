"""What the scheduler does about people: it deletes uploaded officer lists once nobody can be working with them."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import current_app

from trainer.core.files import drop_older, uploads_folder

# From the upload to the preview and on to the import it is a matter of minutes; a day leaves room for questions.
KEPT = timedelta(days=1)


def drop_uploads(now: datetime) -> int:
    """Delete uploads that nobody has touched for ``KEPT`` and return how many. A second call finds none."""
    return drop_older(uploads_folder(current_app.config["SETTINGS"].instance), KEPT.total_seconds())
