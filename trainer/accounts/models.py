"""People, grants, sessions, tokens and failed sign-ins."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trainer.core.columns import RowId, StateText, UTCDateTime
from trainer.core.database import db


class User(db.Model):
    """A person with an account (人员). ``category`` officer (行政执法人员) counts for the yearly hours.

    ``password_hash`` None means that nobody can sign in with a password yet. ``username`` is kept in lower case.
    """

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    post: Mapped[str] = mapped_column(String(80), default="")
    category: Mapped[str] = mapped_column(StateText("officer", "auxiliary", "staff", "lay"), default="officer")
    state: Mapped[str] = mapped_column(StateText("active", "locked", "left"), default="active")
    password_hash: Mapped[str | None] = mapped_column(String(160))
    password_changed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    must_change_password: Mapped[bool] = mapped_column(Boolean, default=False)
    locale: Mapped[str | None] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (Index(None, "unit_id", "state"), Index(None, "name"))


class UserField(db.Model):
    """An enforcement field (执法领域) in which a person works."""

    __tablename__ = "user_fields"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    field: Mapped[str] = mapped_column(String(32), primary_key=True)

    __table_args__ = (Index(None, "field"),)


class Grant(db.Model):
    """A role of a person over the subtree of a unit, in one field or, with None, in all (授权)."""

    __tablename__ = "grants"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    role: Mapped[str] = mapped_column(String(32))
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    field: Mapped[str | None] = mapped_column(String(32))
    granted_by: Mapped[int | None] = mapped_column(Integer)
    granted_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (UniqueConstraint("user_id", "role", "unit_id", "field"), Index(None, "unit_id"))


class SignInSession(db.Model):
    """A signed-in browser (会话). Only the SHA-256 of the cookie's token is stored."""

    __tablename__ = "sessions"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ticket_exam_id: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (Index(None, "user_id"), Index(None, "expires_at"))


class ApiToken(db.Model):
    """A bearer token that acts with its owner's rights (接口令牌), reading only where ``read_only``."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    label: Mapped[str] = mapped_column(String(80), default="")
    read_only: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (Index(None, "user_id"),)


class SignInFailure(db.Model):
    """Failed sign-ins of one username from one address since ``first_at``.

    Counted by both, so that a stranger elsewhere cannot lock an officer out, and one officer's slips behind the
    shared address of a hall lock nobody else. The row with an empty address counts all addresses together.
    """

    __tablename__ = "sign_in_failures"

    username: Mapped[str] = mapped_column(String(64), primary_key=True)
    address: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    first_at: Mapped[datetime] = mapped_column(UTCDateTime)
    locked_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
