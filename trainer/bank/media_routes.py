"""Pictures, sound and film of items, by the hash of their content and only to those who may see the item."""

from __future__ import annotations

from flask import Blueprint, current_app, send_file
from flask_login import current_user

from trainer.attempts.queries import sat_with_medium
from trainer.bank.queries import medium_type
from trainer.bank.rules.rich import MEDIA_PATH
from trainer.core.database import db, end_read
from trainer.core.errors import Missing
from trainer.core.files import media_folder, path_of
from trainer.marking.queries import released_with_medium
from trainer.marking.queries.work import marked_with_medium
from trainer.practice.queries import practised_with_medium
from trainer.web.access import SIGNED_IN, needs
from trainer.web.arrival import arrived_at

bp = Blueprint("media", __name__)

# A file never changes under its name; it is kept by the browser of this person alone.
KEPT = "private, max-age=31536000, immutable"


@bp.get(f"{MEDIA_PATH}<digest>")
@needs(SIGNED_IN)
def show(digest):
    session, now = db.session(), arrived_at()
    media_type = medium_type(session, digest)
    may = media_type is not None and (
        current_user.may("item.view")
        or sat_with_medium(session, current_user, digest)
        or released_with_medium(session, current_user, digest, now)
        or marked_with_medium(session, current_user, digest)
        or (current_user.may("practice.own") and practised_with_medium(session, current_user.id, digest, arrived_at()))
    )
    end_read()
    if not may:
        raise Missing
    path = path_of(media_folder(current_app.config["SETTINGS"].instance), digest)
    answer = send_file(path, mimetype=media_type, conditional=True, etag=digest)
    answer.headers["Cache-Control"] = KEPT
    return answer
