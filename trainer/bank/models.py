"""Items (试题), their immutable versions (题目版本), and the work on them: reviews, reports, tasks, changes of law."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql_text
from sqlalchemy.orm import Mapped, mapped_column

from trainer.core.columns import RowId, StateText, UTCDateTime
from trainer.core.database import db

ITEM_STATES = ("draft", "in_review", "published", "retired", "quarantined")
CHECK_STATES = ("waiting", "proposed", "confirmed", "rewritten", "retired")
BATCH_STATES = ("reading", "preview", "refused", "applying", "applied", "cancelled")
OPEN_CHECKS = ("waiting", "proposed")


class ItemRecord(db.Model):
    """An item of the bank (试题) with what a draw needs to know of its current version.

    ``version_id`` is the text that stands: what is drawn and practised once the item is published. While somebody
    works on another text of a published item, that one is ``proposed_version_id`` with ``proposed_state``, and the
    old text goes on being drawn. An item that was never published has no proposal: ``version_id`` is its newest text.
    From the local day ``quarantine_on`` on the item is in no draw, whatever its state says; None means no such day.
    ``was_published`` is put down on retirement: it tells a published item from a draft that was thrown away.
    """

    __tablename__ = "items"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    state: Mapped[str] = mapped_column(StateText(*ITEM_STATES), default="draft")
    pool: Mapped[str] = mapped_column(StateText("open", "reserved"), default="open")
    kind: Mapped[str] = mapped_column(String(24))
    wing: Mapped[str] = mapped_column(String(24))
    topic: Mapped[str] = mapped_column(String(40))
    difficulty: Mapped[int] = mapped_column(Integer)
    level: Mapped[str] = mapped_column(String(16))
    version_id: Mapped[int | None] = mapped_column(BigInteger)
    proposed_version_id: Mapped[int | None] = mapped_column(BigInteger)
    proposed_state: Mapped[str | None] = mapped_column(StateText("draft", "in_review"))
    quarantine_on: Mapped[date | None] = mapped_column(Date)
    was_published: Mapped[bool] = mapped_column(Boolean, default=False, server_default="0")
    variant_group: Mapped[str | None] = mapped_column(String(60))
    author_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (
        Index(None, "state", "kind", "wing", "topic"),
        Index(None, "topic"),
        Index(None, "author_id"),
        Index(None, "variant_group"),
        Index(None, "proposed_state"),
    )


class ItemField(db.Model):
    """An enforcement field to which an item belongs; ``general`` is one of them."""

    __tablename__ = "item_fields"

    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    field: Mapped[str] = mapped_column(String(32), primary_key=True)

    __table_args__ = (Index(None, "field"),)


class ItemVersion(db.Model):
    """The frozen text of an item (题目版本). ``body`` is the whole item of ``question_bank``, key and all.

    ``public`` is its key-free JSON as sent to candidates, rendered once. ``content_hash`` is over ``body``.
    ``changes_key`` tells whether the key, or what earns points, differs from the version before; the first one's
    does not. ``note`` says why the version was made. ``is_shipped`` tells that the wording is that of the content which
    comes with the product: such an item follows that content, whatever newer laws it was made to cite here.
    """

    __tablename__ = "item_versions"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    number: Mapped[int] = mapped_column(Integer)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    public: Mapped[dict[str, Any]] = mapped_column(JSON)
    content_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_by: Mapped[int | None] = mapped_column(BigInteger)
    changes_key: Mapped[bool] = mapped_column(Boolean, default=False, server_default="0")
    note: Mapped[str] = mapped_column(String(300), default="", server_default="")
    is_shipped: Mapped[bool] = mapped_column(Boolean, default=False, server_default="0")

    __table_args__ = (UniqueConstraint("item_id", "number"),)


class ItemBasis(db.Model):
    """The law article on which an item's current version rests (法律依据)."""

    __tablename__ = "item_bases"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    law: Mapped[str] = mapped_column(String(80))
    law_version: Mapped[str] = mapped_column(String(10))
    article: Mapped[str] = mapped_column(String(12))
    paragraph: Mapped[int | None] = mapped_column(Integer)
    point: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (Index(None, "law", "article"), Index(None, "item_id"))


class ItemEnemy(db.Model):
    """Two items that must never meet in one paper. The smaller id stands first; a group of variants needs no pairs."""

    __tablename__ = "item_enemies"

    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    enemy_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)

    __table_args__ = (Index(None, "enemy_id"),)


class ItemPair(db.Model):
    """What a manager of the bank decided on two items that look alike: ``enemies``, or ``unlike`` after all.

    The smaller id stands first. Enemies stand in ``item_enemies`` too, with those that texts declare.
    """

    __tablename__ = "item_pairs"

    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    verdict: Mapped[str] = mapped_column(StateText("enemies", "unlike"))
    decided_by: Mapped[int] = mapped_column(BigInteger)
    decided_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (Index(None, "other_id"),)


class AlikeSearch(db.Model):
    """A search for near-duplicates over the whole bank (查重); the newest is kept.

    ``items`` counts the items compared; ``pairs`` are ``[item id, item id, percent]``, the smaller id first.
    """

    __tablename__ = "alike_searches"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    items: Mapped[int] = mapped_column(Integer)
    pairs: Mapped[list[list[int]]] = mapped_column(JSON)
    made_by: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)


class ItemReview(db.Model):
    """What a reviewer decided on one version (审题). Rows only come; the newest of a version counts."""

    __tablename__ = "item_reviews"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("item_versions.id"))
    reviewer_id: Mapped[int] = mapped_column(BigInteger)
    verdict: Mapped[str] = mapped_column(StateText("approved", "returned"))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (Index(None, "item_id"), Index(None, "reviewer_id"))


class ItemComment(db.Model):
    """A remark of who works on an item. ``place`` is a path such as ``options[2].text``, empty for the whole."""

    __tablename__ = "item_comments"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("item_versions.id"))
    place: Mapped[str] = mapped_column(String(80), default="")
    author_id: Mapped[int] = mapped_column(BigInteger)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    resolved_by: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (Index(None, "item_id"),)


class ItemReport(db.Model):
    """An error that somebody who met the item reports (题目报错); answered by who manages the bank."""

    __tablename__ = "item_reports"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("item_versions.id"))
    reporter_id: Mapped[int] = mapped_column(BigInteger)
    origin: Mapped[str] = mapped_column(StateText("practice", "exam", "bank"))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(StateText("new", "accepted", "declined"), default="new")
    answer: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (
        Index(None, "state"),
        Index(None, "item_id"),
        Index(None, "reporter_id"),
        Index(
            "uq_item_reports_open",
            "version_id",
            "reporter_id",
            unique=True,
            sqlite_where=sql_text("state = 'new'"),
            postgresql_where=sql_text("state = 'new'"),
        ),
    )


class ItemTask(db.Model):
    """Work given to an author or a reviewer: write ``count`` items on a topic, mend one item, review one item.

    ``due_on`` is a local day, None means no term. A task on an item is done when that work is done.
    """

    __tablename__ = "item_tasks"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    role: Mapped[str] = mapped_column(StateText("author", "reviewer"))
    assignee_id: Mapped[int] = mapped_column(BigInteger)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("items.id"))
    topic: Mapped[str | None] = mapped_column(String(40))
    count: Mapped[int] = mapped_column(Integer, default=1)
    note: Mapped[str] = mapped_column(String(500), default="")
    due_on: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(StateText("open", "done", "cancelled"), default="open")
    created_by: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (Index(None, "assignee_id", "state"), Index(None, "item_id"))


class BankOperation(db.Model):
    """A change of many items at once (批量操作), with what they were before, so that it can be undone once.

    ``before`` is a list of ``{"item_id", "values"}`` with the old values of the columns that were changed.
    """

    __tablename__ = "bank_operations"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    before: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    done_by: Mapped[int] = mapped_column(BigInteger)
    done_at: Mapped[datetime] = mapped_column(UTCDateTime)
    undone_by: Mapped[int | None] = mapped_column(BigInteger)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ImportBatch(db.Model):
    """Files of questions: read (``reading``), looked at (``preview``), then taken in once (``applying``, ``applied``).

    ``digest`` (SHA-256, hex) is that of the upload, or over those of several files; ``options`` holds the files and
    what the person chose. ``report`` sums up what was found; the questions themselves lie in ``INSTANCE/imports/<id>``.
    ``progress`` counts the rows done of ``total`` while they are read or taken in.
    """

    __tablename__ = "import_batches"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    format: Mapped[str] = mapped_column(String(24))
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(StateText(*BATCH_STATES))
    progress: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[int | None] = mapped_column(Integer)
    report: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_by: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    applied_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (Index(None, "created_by"),)


class ItemMedia(db.Model):
    """A picture, sound or film by the SHA-256 (hex) of its content; the bytes lie in ``INSTANCE/media``."""

    __tablename__ = "item_media"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(60))
    bytes: Mapped[int] = mapped_column(Integer)
    created_by: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class LawChange(db.Model):
    """A law got another version (修法): the items that cite the old one are looked through.

    ``takes_force_on`` is the local day from which the items whose article changed are in no draw.
    """

    __tablename__ = "law_changes"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    law: Mapped[str] = mapped_column(String(80))
    old_version: Mapped[str] = mapped_column(String(10))
    new_version: Mapped[str] = mapped_column(String(10))
    takes_force_on: Mapped[date] = mapped_column(Date)
    created_by: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (UniqueConstraint("law", "old_version", "new_version"),)


class ItemLawCheck(db.Model):
    """One item in the queue of a change of law. ``outcome`` is the gravest of its citations of the old version.

    ``articles`` lists ``{"old", "new", "outcome", "likeness", "mark"}`` for each cited article; ``new`` and ``mark``,
    the fingerprint of the new words, are null for one that vanished, ``likeness`` (0 to 1) where a text is not at hand.
    A check is open while it is ``waiting``, or ``proposed``: somebody (``decided_by``) says that the item still holds,
    and a second person is to agree.
    """

    __tablename__ = "item_law_checks"

    change_id: Mapped[int] = mapped_column(ForeignKey("law_changes.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    outcome: Mapped[str] = mapped_column(StateText("unchanged", "renumbered", "changed", "vanished"))
    articles: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(StateText(*CHECK_STATES), default="waiting")
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (Index(None, "item_id"), Index(None, "state"))


class ItemStatistic(db.Model):
    """What answers tell of an item, exams and practice apart; computed anew by a job, never by a request.

    Counted are the text that stands and all older ones with the same key. ``figures`` holds the numbers with their
    sample sizes and intervals, other versions too; the columns beside it are for sorting and filters: ``shown`` people,
    ``facility``, ``discrimination`` (point-biserial) and ``upper_lower`` in ten-thousandths, None where the sample
    tells nothing. ``advice`` lists codes of ``reports.rules.advice``.
    """

    __tablename__ = "item_statistics"

    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    origin: Mapped[str] = mapped_column(StateText("exam", "practice"), primary_key=True)
    shown: Mapped[int] = mapped_column(Integer)
    facility: Mapped[int | None] = mapped_column(Integer)
    discrimination: Mapped[int | None] = mapped_column(Integer)
    upper_lower: Mapped[int | None] = mapped_column(Integer)
    median_seconds: Mapped[int | None] = mapped_column(Integer)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    advice: Mapped[list[str]] = mapped_column(JSON)
    computed_at: Mapped[datetime] = mapped_column(UTCDateTime)
