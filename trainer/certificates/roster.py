"""Certificates as the officer list gives them: what is known, whose a number is, and the writing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from trainer.accounts.roster import CertificateEntry
from trainer.certificates.models import Certificate

CHUNK = 500


def certificates_of(session: Session, user_ids: Sequence[int]) -> dict[int, list[Certificate]]:
    """Return the certificates of people by user id, the one valid longest first; who has none is left out."""
    found: dict[int, list[Certificate]] = {}
    for start in range(0, len(user_ids), CHUNK):
        rows = select(Certificate).where(Certificate.user_id.in_(user_ids[start : start + CHUNK]))
        for one in session.scalars(rows.order_by(Certificate.valid_until.desc(), Certificate.id)):
            found.setdefault(one.user_id, []).append(one)
    return found


class CertificateBook:
    """The certificates, for ``accounts.roster``, which lies below this feature and gets them as an argument."""

    def known(self, session: Session, numbers: Iterable[str]) -> dict[str, tuple[int, CertificateEntry]]:
        """Return, for those of ``numbers`` that are registered, whose they are and what they say."""
        wanted = sorted(set(numbers))
        found: dict[str, tuple[int, CertificateEntry]] = {}
        for start in range(0, len(wanted), CHUNK):
            rows = select(Certificate).where(Certificate.number.in_(wanted[start : start + CHUNK]))
            for one in session.scalars(rows):
                found[one.number] = (one.user_id, CertificateEntry(one.number, one.valid_from, one.valid_until))
        return found

    def put(self, session: Session, entries: Sequence[tuple[int, CertificateEntry]], *, new: bool) -> None:
        """Write entries (user id, entry): with ``new`` as further rows, else over those of the same number."""
        if new and entries:
            rows = [
                {"user_id": owner, "number": one.number, "valid_from": one.valid_from, "valid_until": one.valid_until}
                for owner, one in entries
            ]
            session.execute(insert(Certificate), rows)
            return
        for owner, one in entries:
            session.execute(
                update(Certificate)
                .where(Certificate.number == one.number, Certificate.user_id == owner)
                .values(valid_from=one.valid_from, valid_until=one.valid_until)
            )
