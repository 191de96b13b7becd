"""Signing in and out over the API, and who is calling."""

from __future__ import annotations

from typing import Any

from flask import current_app, g, request
from flask_login import current_user
from pydantic import Field, model_validator

from trainer.accounts import sessions
from trainer.accounts.queries import person_by_id
from trainer.accounts.routes import NOTHING_STAYS, TURN, drop_session_cookie, set_session_cookie, set_turn_cookie
from trainer.accounts.rules import Person
from trainer.api.resource import Id, Shape, Text, answer, api_blueprint, operation
from trainer.core.database import single_read
from trainer.web.access import PUBLIC, SIGNED_IN
from trainer.web.arrival import arrived_at
from trainer.web.csrf import csrf_token
from trainer.web.errors import answer_refusal

bp = api_blueprint("session_api")


class Credentials(Shape):
    """A username with its password, or an entry ticket alone."""

    username: Text | None = Field(None, max_length=64)
    password: Text | None = Field(None, max_length=200)
    ticket: Text | None = Field(None, max_length=64)

    @model_validator(mode="after")
    def _one_way(self) -> Credentials:
        by_password = self.username is not None and self.password is not None
        if by_password == (self.ticket is not None):
            raise ValueError("username and password, or a ticket")
        return self


class UserOut(Shape):
    id: Id
    username: str
    name: str
    unit: str = Field(description="code of the unit")


class SignedInOut(Shape):
    user: UserOut
    csrf_token: str


class Username(Shape):
    username: Text = Field(max_length=64)


class TurnOut(Shape):
    """The place in the line of those who sign in by password, kept by the cookie ``turn``; ``wait_ms`` 0 is now."""

    place: int = Field(description="how many are to be let in before")
    seconds: int = Field(description="about how long that takes; one is asked to come again sooner")
    wait_ms: int = Field(description="when to ask again, in milliseconds")


class RoleOut(Shape):
    role: str
    unit: str
    field: str | None = None


class MeOut(Shape):
    user: UserOut
    roles: list[RoleOut]
    csrf_token: str


def _user(person: Person) -> UserOut:
    return UserOut(id=str(person.id), username=person.username, name=person.name, unit=person.unit_code)


@operation(
    bp,
    "POST",
    "/session",
    needs_permission=PUBLIC,
    summary="Sign in with a password or an entry ticket",
    body=Credentials,
    answers={200: SignedInOut},
    problems={401: ("bad_credentials", "bad_ticket"), 429: ("locked", "in_line"), 403: ("cross_site_request",)},
)
def sign_in(body: Credentials) -> Any:
    address = request.remote_addr or ""
    if body.ticket is not None:
        from trainer.exams.tickets import sign_in_by_ticket

        opened = sign_in_by_ticket(body.ticket, address=address, now=arrived_at())
    else:
        turn, key = _turn_and_key()
        try:
            opened = sessions.sign_in(
                body.username or "", body.password or "", address=address, now=arrived_at(), turn=turn, key=key
            )
        except sessions.InLine as refusal:
            told = answer_refusal(refusal)
            set_turn_cookie(told, refusal.turn)
            return told
    g.new_session_token = opened.token
    with single_read() as connection:
        person = person_by_id(connection, opened.user_id)
    assert person is not None
    made = answer(SignedInOut(user=_user(person), csrf_token=csrf_token(opened.token)))
    set_session_cookie(made, opened.token)
    return made


def _turn_and_key() -> tuple[str, bytes]:
    return request.cookies.get(TURN, ""), current_app.secret_key.encode()  # type: ignore[union-attr]  # it is a str


@operation(
    bp,
    "POST",
    "/session/turn",
    needs_permission=PUBLIC,
    summary="Ask for the place in the line of those who sign in by password",
    body=Username,
    answers={200: TurnOut},
    problems={403: ("cross_site_request",)},
)
def take_turn(body: Username) -> Any:
    turn, key = _turn_and_key()
    told = TurnOut(place=0, seconds=0, wait_ms=0)
    try:
        turn = sessions.take_turn(body.username, turn=turn, key=key, now=arrived_at())
    except sessions.InLine as refusal:
        turn, told = refusal.turn, TurnOut(**{name: refusal.params[name] for name in TurnOut.model_fields})
    made = answer(told)
    set_turn_cookie(made, turn)
    return made


@operation(bp, "DELETE", "/session", needs_permission=PUBLIC, summary="Sign out", answers={204: None})
def sign_out() -> Any:
    if current_user.is_authenticated and current_user.session_hash:
        sessions.sign_out(current_user.session_hash, by=current_user.id)
    made = answer(None)
    drop_session_cookie(made)
    made.headers["Clear-Site-Data"] = NOTHING_STAYS
    return made


@operation(bp, "GET", "/me", needs_permission=SIGNED_IN, summary="Who is calling, with roles", answers={200: MeOut})
def me() -> Any:
    roles = [RoleOut(role=held.role, unit=held.unit_code, field=held.field) for held in current_user.grants]
    return MeOut(user=_user(current_user), roles=roles, csrf_token=csrf_token())
