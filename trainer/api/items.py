"""Shapes of items that several features answer with: what an item shows, without its key."""

from __future__ import annotations

from trainer.api.resource import Shape


class OptionOut(Shape):
    """``html`` only in an item whose ``format`` is markdown: the text as safe HTML."""

    key: str
    text: str
    html: str | None = None


class SegmentOut(Shape):
    """A piece of a document; one without ``key`` cannot be marked."""

    text: str
    key: str | None = None


class DocumentOut(Shape):
    title: str
    text: str
    html: str | None = None


class QuestionOut(Shape):
    """An item, or a part of a case, as its kind shows it."""

    kind: str
    stem: str
    stem_html: str | None = None
    options: list[OptionOut] | None = None
    prompts: list[OptionOut] | None = None
    reuse: bool | None = None
    document: list[SegmentOut] | None = None
    indefinite: bool | None = None
    max_length: int | None = None
    blanks: int | None = None
