"""Every route × nobody, the wrong role, the right role: generated from the address map and the declared permissions.

A route that states no permission fails here, so does one that states another than the one it checks. Places (the wrong
unit) are each feature's own tests, because only they know whose thing an id is.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.conftest import NINE
from trainer.accounts.models import Grant
from trainer.accounts.rules import PERMISSIONS, ROLES
from trainer.config import Settings
from trainer.core.database import transaction
from trainer.web.access import PUBLIC, SAFE_METHODS, SIGNED_IN

# Views of ours that stand for no page of the site.
KNOWN_PERMISSIONS = {PUBLIC, SIGNED_IN} | {one for held in PERMISSIONS.values() for one in held}


def _routes(site):
    """Return (endpoint, method, address) of every route; parameters are filled with what is nobody's."""
    found = []
    for rule in site.url_map.iter_rules():
        address = re.sub(r"<(?:[^:<>]+:)?[^<>]+>", _filler, rule.rule)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            found.append((rule.endpoint, method, address))
    return sorted(found)


def _filler(match) -> str:
    return "987654321" if match.group(0).startswith(("<id:", "<int:")) else "nothing-of-that-name"


@pytest.fixture(autouse=True)
def defects_are_answers(app, monkeypatch):
    """Let a view that fails answer 500, as it does for real, so that each test names all that are wrong."""
    monkeypatch.setitem(app.config, "RAISE_DEFECTS", False)


@pytest.fixture
def routes(site):
    return _routes(site)


@pytest.fixture
def permission_of(site):
    def permission(endpoint: str) -> str:
        return getattr(site.view_functions[endpoint], "permission", "")

    return permission


def test_every_route_states_a_permission_that_exists(site, routes, permission_of):
    silent = sorted({endpoint for endpoint, _method, _address in routes if not permission_of(endpoint)})
    unknown = sorted({permission_of(endpoint) for endpoint, _m, _a in routes} - KNOWN_PERMISSIONS - {""})
    assert (silent, unknown) == ([], [])


def _sent(client, method: str, address: str):
    kind = {"content_type": "application/json", "data": b"{}"} if address.startswith("/api/") else {}
    if method in SAFE_METHODS:
        kind = {}
    return client.open(address, method=method, **kind)


def _is_shut(answer) -> bool:
    """Say whether an answer sends somebody unknown away: to the door, or with 401."""
    return answer.status_code == 401 or (answer.status_code in (302, 303) and "/sign-in" in answer.location)


def test_nobody_gets_in_where_a_permission_is_needed(client, city, routes, permission_of):
    open_doors = [
        f"{method} {address}: {answer.status_code}"
        for endpoint, method, address in routes
        if permission_of(endpoint) != PUBLIC and not _is_shut(answer := _sent(client, method, address))
    ]
    assert open_doors == []


def test_nobody_gets_in_where_nothing_is_needed(client, city, routes, permission_of):
    shut = [
        f"{method} {address}"
        for endpoint, method, address in routes
        # Signing in wrongly is 401 as well, by right.
        if permission_of(endpoint) == PUBLIC
        and endpoint not in ("session_api.sign_in", "accounts.sign_in", "accounts.sign_in_by_ticket", "static")
        and _is_shut(_sent(client, method, address))
    ]
    # Taking leave leads to the door.
    assert [line for line in shut if "/sign-out" not in line] == []


def _person_with(city, name: str, roles: list[str]) -> None:
    from tests.factories import add_user

    with transaction() as session:
        city.people[name] = add_user(session, name, city.units["JM"], NINE, category="staff")
        for role in roles:
            field = "urban_mgmt" if role == "line_supervisor" else None
            row = {"role": role, "unit_id": city.units["JM"], "field": field, "granted_at": NINE}
            session.add(Grant(user_id=city.people[name], **row))


@pytest.mark.parametrize("permission", sorted(KNOWN_PERMISSIONS - {PUBLIC, SIGNED_IN}))
def test_only_the_right_role_gets_in(site, as_user, city, routes, permission_of, permission):
    """One person holds every role but those with the permission, another only those with it."""
    holders = [role for role in ROLES if permission in PERMISSIONS[role]]
    _person_with(city, "without", [role for role in ROLES if role not in holders])
    _person_with(city, "with", holders)
    without, with_it = as_user("without"), as_user("with")
    wrong = []
    for endpoint, method, address in routes:
        if permission_of(endpoint) != permission:
            continue
        refused = _sent(without, method, address).status_code
        # A view that decides in its own statement reads its input first, and finds no row for a stranger.
        itself = site.view_functions[endpoint].checks_itself
        if refused != 403 and not (itself and refused in (404, 422)):
            wrong.append(f"{method} {address} without: {refused}")
        answer = _sent(with_it, method, address)
        if answer.status_code in (401, 403) or answer.status_code >= 500 or _is_shut(answer):
            wrong.append(f"{method} {address} with: {answer.status_code}")
    assert wrong == []


def test_whoever_is_signed_in_gets_in_where_that_is_enough(as_user, city, routes, permission_of):
    _person_with(city, "plain", [])
    wrong = []
    for endpoint, method, address in routes:
        # Each of these ends the session in use, or the caller's other ones; they have tests of their own.
        if permission_of(endpoint) != SIGNED_IN or "sign_out" in endpoint:
            continue
        answer = _sent(as_user("plain"), method, address)
        if answer.status_code in (401, 403) or answer.status_code >= 500 or _is_shut(answer):
            wrong.append(f"{method} {address}: {answer.status_code}")
    assert wrong == []


def test_a_token_that_may_only_read_changes_nothing(app, client, city, routes, permission_of):
    from trainer.accounts.sessions import make_token

    token = make_token(city.people["admin"], by=None, label="test", read_only=True, now=NINE + timedelta(hours=1))
    held = set().union(*(PERMISSIONS[role] for role in ("system_administrator",))) | {SIGNED_IN}
    wrong = []
    for endpoint, method, address in routes:
        if method in SAFE_METHODS or permission_of(endpoint) not in held:
            continue
        status = client.open(address, method=method, headers={"Authorization": f"Bearer {token}"}).status_code
        if status != 403:
            wrong.append(f"{method} {address}: {status}")
    assert wrong == []


def test_who_must_choose_a_password_reaches_nothing_else(as_user, city, routes, permission_of):
    from trainer.accounts.models import User

    _person_with(city, "fresh", ["system_administrator"])
    with transaction() as session:
        session.get(User, city.people["fresh"]).must_change_password = True
    client = as_user("fresh")
    reached = [
        f"{method} {address}"
        for endpoint, method, address in routes
        if permission_of(endpoint) in (PERMISSIONS["system_administrator"] | {SIGNED_IN})
        and endpoint not in ("accounts.change_password", "accounts.sign_out")
        and not _is_password_due(_sent(client, method, address))
    ]
    assert reached == []


def _is_password_due(answer) -> bool:
    return answer.status_code == 403 or (answer.status_code in (302, 303) and "/profile/password" in answer.location)


def test_the_settings_used_here_are_not_a_demonstration(site):
    """The matrix would prove nothing for the real site if the demonstration opened other doors."""
    settings: Settings = site.config["SETTINGS"]
    assert not settings.demo
