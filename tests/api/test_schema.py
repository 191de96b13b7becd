"""Requests made from our own OpenAPI document: no answer that it does not describe, and never a 500."""

from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import insert

from tests import factories
from tests.attempts.factories import make_exam
from trainer import modules_of
from trainer.accounts.models import ApiToken
from trainer.api.resource import OPERATIONS
from trainer.core.clock import utcnow
from trainer.core.crypto import token_hash
from trainer.core.database import transaction
from trainer.features import STACK

for feature in STACK:
    for name in modules_of(feature) if find_spec(f"trainer.{feature}") else ():
        if name.endswith((".api", "_api")):
            import_module(name)

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
ROLES = ("officer", "organiser", "supervisor", "bank", "auditor")
# Signing in hashes a password for each try; its shapes are tested by hand.
LEFT_OUT = {("POST", "/session")}


@pytest.fixture
def tokens(app):
    """A city with an exam under way, and a bearer token for each of the roles."""
    now = utcnow()
    city = factories.make_city(now)
    make_exam(city, now - timedelta(minutes=1))
    made = {role: f"token-of-{role}" for role in ROLES}
    with transaction() as session:
        rows = [
            {"token_hash": token_hash(token), "user_id": city.people[role], "created_at": now}
            for role, token in made.items()
        ]
        session.execute(insert(ApiToken), rows)
    return made


@pytest.mark.database
@pytest.mark.parametrize(("method", "path"), sorted(set(OPERATIONS) - LEFT_OUT))
def test_every_answer_is_described_and_none_is_a_defect(site, tokens, method, path):
    site.config["RAISE_DEFECTS"] = False
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", site)
    operation = schema[path.replace("<id:", "{").replace(">", "}")][method]

    @settings(
        max_examples=20,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def requests(case):
        for token in tokens.values():
            case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=list(CHECKS))
        case.call_and_validate(checks=list(CHECKS))

    requests()


def test_the_document_is_openapi_3_1_and_names_every_problem(client):
    document = client.get("/api/v1/openapi.json").json
    assert document["openapi"] == "3.1.0"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert "503" in operation["responses"], (method, path)
            assert operation["summary"]
