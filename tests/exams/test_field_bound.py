"""A grant that is cut to an enforcement field sees exams of its units and runs none of them."""

import pytest

from tests.conftest import NINE
from tests.exams.factories import HOUR, make_exam, person
from trainer.accounts.models import Grant
from trainer.attempts.cancel import cancel_exam
from trainer.core.database import transaction
from trainer.core.errors import Missing
from trainer.exams.queries import read_exam


@pytest.fixture
def exam(city):
    """An exam of a unit, and somebody who is exam officer there for urban management alone."""
    with transaction() as session:
        at = {"unit_id": city.units["JM"], "granted_at": NINE}
        session.add(Grant(user_id=city.people["invigilator"], role="exam_officer", field="urban_mgmt", **at))
    return make_exam(city)


def test_it_is_seen_and_neither_run_nor_cancelled(session, city, exam):
    line = person(city, "invigilator")
    assert read_exam(session, exam, line).id == exam
    with pytest.raises(Missing):
        read_exam(session, exam, line, permission="exam.manage")
    session.rollback()
    with pytest.raises(Missing):
        cancel_exam(exam, by=line, now=NINE - HOUR)
