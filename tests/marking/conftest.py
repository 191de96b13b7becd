"""What the tests of marking share."""

import threading

import pytest

from trainer.core.database import db
from trainer.core.errors import Refused


@pytest.fixture
def together(site):
    """Run pieces of work at the same moment, each in a context of its own; return what came of them, in order."""

    def run(*works):
        came, gate = [None] * len(works), threading.Barrier(len(works))

        def one(place, work):
            with site.app_context():
                try:
                    gate.wait(30)
                    came[place] = work()
                except Refused as refusal:
                    came[place] = refusal.code
                finally:
                    db.session.remove()

        threads = [threading.Thread(target=one, args=pair) for pair in enumerate(works)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        db.session.rollback()
        db.session.expire_all()
        return came

    return run
