"""Loading law texts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from question_bank.laws import fingerprint
from question_bank.lawtexts import LawText as ReadText
from trainer.audit.service import record
from trainer.core.database import transaction
from trainer.laws.models import LawArticle, LawText

SOURCE_MOST = 300


@dataclass(frozen=True)
class Loaded:
    """What a load did: ``added``, ``replaced`` (other words of the same version), ``dated`` or ``unchanged``."""

    text_id: int
    outcome: str


def digest_of(text: ReadText) -> str:
    """Return the SHA-256 (hex) over titles, version and articles; what else a file holds does not count."""
    parts = [text.short_title, text.title, text.version]
    parts += [[one.number, one.label, one.chapter, one.text] for one in text.articles]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def load_text(text: ReadText, *, in_force_from: date | None, source: str, by: int | None, now: datetime) -> Loaded:
    """Store a version of a law and return what that changed; the same text a second time changes nothing.

    ``in_force_from`` (local day) is what the operator says, None takes what the text says. A version whose words differ
    from those loaded before is replaced: the operator has a better copy. ``source`` is the name of the file.
    """
    digest = digest_of(text)
    starts_on = in_force_from or text.in_force_from
    with transaction() as session:
        row = session.scalar(
            select(LawText)
            .where(LawText.short_title == text.short_title, LawText.version == text.version)
            .with_for_update()
        )
        if row is None:
            row = LawText(short_title=text.short_title, version=text.version)
            outcome = "added"
            session.add(row)
        elif row.digest != digest:
            outcome = "replaced"
            session.execute(delete(LawArticle).where(LawArticle.text_id == row.id))
        elif (starts_on and row.in_force_from != starts_on) or (
            text.repealed_on and row.repealed_on != text.repealed_on
        ):
            outcome = "dated"
        else:
            return Loaded(row.id, "unchanged")
        row.title, row.digest, row.source = text.title, digest, source[:SOURCE_MOST]
        # What a copy does not tell does not undo what was known.
        row.in_force_from = starts_on or row.in_force_from
        row.repealed_on = text.repealed_on or row.repealed_on
        row.loaded_by, row.loaded_at = by, now
        session.flush()
        if outcome != "dated":
            _put_articles(session, row.id, text)
        detail = {"version": text.version, "articles": len(text.articles), "digest": digest}
        start = row.in_force_from.isoformat() if row.in_force_from else None
        record(f"law.{outcome}", by=by, target=f"law:{text.short_title}", detail=detail | {"in_force_from": start})
        return Loaded(row.id, outcome)


def _put_articles(session: Session, text_id: int, text: ReadText) -> None:
    session.execute(
        insert(LawArticle),
        [
            {
                "text_id": text_id,
                "number": one.number,
                "position": position,
                "label": one.label,
                "chapter": one.chapter,
                "text": one.text,
                "fingerprint": fingerprint(one.text),
            }
            for position, one in enumerate(text.articles, start=1)
        ],
    )
