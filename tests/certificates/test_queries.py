"""Which certificate of a person is shown."""

from datetime import date

import pytest

from trainer.certificates.models import Certificate
from trainer.certificates.queries import certificate_of
from trainer.core.database import transaction

OLD = (date(2022, 11, 1), date(2027, 10, 31))
RENEWED = (date(2027, 11, 1), date(2032, 10, 31))


@pytest.mark.parametrize(
    ("day", "number", "standing"),
    [
        (date(2027, 10, 31), "OLD", "expiring"),
        (date(2027, 11, 1), "RENEWED", "valid"),
        (date(2022, 10, 31), "RENEWED", "upcoming"),
    ],
)
def test_a_renewal_does_not_hide_the_certificate_that_is_valid_today(session, city, day, number, standing):
    officer = city.people["officer"]
    with transaction() as inner:
        inner.add_all(
            Certificate(user_id=officer, number=name, valid_from=begins, valid_until=ends)
            for name, (begins, ends) in (("RENEWED", RENEWED), ("OLD", OLD))
        )
    found = certificate_of(session, officer, day)
    assert (found.number, found.standing) == (number, standing)


def test_who_has_none_gets_none(session, city):
    assert certificate_of(session, city.people["officer"], OLD[0]) is None
