"""An exam that is over, with an answer in it that was wrong by its key."""

from decimal import Decimal

import pytest

from tests.attempts.factories import RIGHT, make_exam
from tests.conftest import NINE
from tests.marking.factories import AFTER, sit


@pytest.fixture
def exam(city, clock):
    made = make_exam(city, NINE, credit_hours=Decimal(2))
    clock(AFTER)
    return made


@pytest.fixture
def attempt(city, exam):
    return sit(city, exam.exam_id, "officer", RIGHT | {1: "C"})
