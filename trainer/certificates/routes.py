"""The own certificate on the home page."""

from __future__ import annotations

from datetime import datetime

from flask import Flask

from trainer.accounts.rules import Person
from trainer.certificates.queries import certificate_of
from trainer.core.clock import local_day
from trainer.core.database import db
from trainer.web.home import Card, offer_card
from trainer.web.locale import zone


def _home_card(person: Person, now: datetime) -> Card:
    certificate = certificate_of(db.session(), person.id, local_day(now, zone()))
    return Card("certificates/_home.html", {"certificate": certificate}, side=True)


def register(app: Flask) -> None:
    """Offer the card below the hours."""
    offer_card("certificate", _home_card, order=35, permission="hours.own")
