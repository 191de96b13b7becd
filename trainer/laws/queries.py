"""Reads of law texts: which versions are known, the articles of a version, the articles that citations name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, func, select, tuple_
from sqlalchemy.orm import Session

from question_bank.laws import ITEM_LINE, SUB_ITEM_LINE, Register, find, items_by_paragraph, name_key, register
from trainer.core.errors import Missing
from trainer.laws.models import LawArticle, LawText
from trainer.laws.rules import Span, spans_of, standing


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """A version of a law that the register knows, or whose text is loaded (then it has a ``text_id``).

    ``in_force_from`` is None where neither text nor operator nor register tells since when it holds; ``starts_on`` is
    the day of adoption then. ``digest`` changes whenever the loaded text does.
    """

    law: str
    version: str
    in_force_from: date | None
    text_id: int | None = None
    digest: str = ""

    @property
    def starts_on(self) -> date:
        return self.in_force_from or date.fromisoformat(self.version)


def known_versions(
    session: Session, names: Collection[str] | None = None, *, shipped: Register | None = None
) -> dict[str, list[KnownVersion]]:
    """Return the versions of laws by ``name_key`` of their short title, oldest first; of all laws for None.

    One statement for any number of laws. What is loaded counts for more than what the register says of it.
    """
    rows = select(LawText.id, LawText.short_title, LawText.version, LawText.in_force_from, LawText.digest)
    wanted = None if names is None else {name_key(name) for name in names}
    found: dict[str, dict[str, KnownVersion]] = {}
    for law in (shipped or register()).laws:
        key = name_key(law.short_title)
        if wanted is None or key in wanted or name_key(law.title) in wanted:
            found[key] = {
                one.version: KnownVersion(law.short_title, one.version, one.in_force_from) for one in law.versions
            }
    for row in session.execute(rows):
        key = name_key(row.short_title)
        if wanted is None or key in wanted or key in found:
            versions = found.setdefault(key, {})
            registered = versions.get(row.version)
            starts_on = row.in_force_from or (registered.in_force_from if registered else None)
            versions[row.version] = KnownVersion(row.short_title, row.version, starts_on, row.id, row.digest)
    return {key: sorted(versions.values(), key=lambda one: one.version) for key, versions in found.items()}


def laws_beside_register(session: Session) -> dict[str, list[KnownVersion]]:
    """Return the versions of the laws that are loaded and unknown to the register, as ``known_versions`` does."""
    known = known_versions(session)
    return {key: versions for key, versions in known.items() if find(key) is None}


def version_in_force(versions: Sequence[KnownVersion], day: date) -> KnownVersion:
    """Return the version of a law that holds on a day, of its versions oldest first; the last where none does."""
    held = [one for one in versions if one.starts_on <= day]
    return (held or list(versions))[-1]


def fingerprints_of(session: Session, known: KnownVersion) -> Mapping[str, str]:
    """Return the fingerprints of a version by article, in the order of the text: of the loaded one where there is."""
    if known.text_id is None:
        law = find(known.law)
        entry = law.version(known.version) if law else None
        return entry.articles if entry else {}
    rows = select(LawArticle.number, LawArticle.fingerprint).where(LawArticle.text_id == known.text_id)
    return {row.number: row.fingerprint for row in session.execute(rows.order_by(LawArticle.position))}


def texts_of(session: Session, known: KnownVersion) -> dict[str, str]:
    """Return the texts of a version by article, in their order; empty where it is not loaded."""
    if known.text_id is None:
        return {}
    rows = select(LawArticle.number, LawArticle.text).where(LawArticle.text_id == known.text_id)
    return {row.number: row.text for row in session.execute(rows.order_by(LawArticle.position))}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an article. ``paragraph`` (款) and ``item`` (项) count from 1; ``item`` None: the paragraph's own."""

    text: str
    paragraph: int
    item: int | None = None
    part: bool = False


def lines_of(article_text: str) -> list[Line]:
    """Return the lines of an article with the place that a citation gives them, as ``items_by_paragraph`` counts."""
    lines: list[Line] = []
    before: list[str] = []
    for text in article_text.split("\n"):
        before.append(text)
        shape = items_by_paragraph("\n".join(before))
        if ITEM_LINE.match(text):
            lines.append(Line(text, len(shape), shape[-1]))
        elif lines and len(shape) == lines[-1].paragraph:
            # A part of the item or of the list above it.
            lines.append(Line(text, len(shape), lines[-1].item, part=bool(SUB_ITEM_LINE.match(text))))
        else:
            lines.append(Line(text, len(shape)))
    return lines


@dataclass(frozen=True, slots=True)
class CitedArticle:
    """An article as a citation opens it beside a question."""

    law: str
    version: str
    number: str
    label: str
    chapter: str
    lines: tuple[Line, ...]

    def names(self, line: Line, paragraph: int | None, item: int | None) -> bool:
        """Return whether a citation of this paragraph and item means the line; without them it means the whole."""
        if paragraph is not None and line.paragraph != paragraph:
            return False
        if item is not None and line.item != item:
            # The words that open the list belong to the sentence of each of its items.
            return line.item is None
        return paragraph is not None or item is not None


Citation = tuple[str, str, str]


def cited_articles(session: Session, citations: Iterable[Citation]) -> dict[Citation, CitedArticle]:
    """Return the loaded articles of citations (law, version, article): one statement, none without citations.

    What is not loaded is missing from it. The law may be cited by its short or its full title.
    """
    asked: dict[Citation, list[Citation]] = {}
    for law, version, article in citations:
        known = find(law)
        asked.setdefault((known.short_title if known else law, version, article), []).append((law, version, article))
    if not asked:
        return {}
    key = tuple_(LawText.short_title, LawText.version, LawArticle.number)
    rows = session.execute(
        select(
            LawText.short_title,
            LawText.version,
            LawArticle.number,
            LawArticle.label,
            LawArticle.chapter,
            LawArticle.text,
        )
        .join(LawArticle, LawArticle.text_id == LawText.id)
        .where(key.in_(sorted(asked)))
    )
    found: dict[Citation, CitedArticle] = {}
    for row in rows:
        article = CitedArticle(
            row.short_title, row.version, row.number, row.label, row.chapter, tuple(lines_of(row.text))
        )
        for citation in asked[(row.short_title, row.version, row.number)]:
            found[citation] = article
    return found


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A loaded version as a list shows it; ``standing`` as in the rules."""

    id: int
    version: str
    span: Span
    standing: str
    source: str
    loaded_at: Any


@dataclass(frozen=True, slots=True)
class LawLine:
    """A law with its loaded versions, newest first. ``current`` is the one in force, else the newest."""

    short_title: str
    title: str
    versions: tuple[VersionLine, ...]

    @property
    def current(self) -> VersionLine:
        return next((one for one in self.versions if one.standing == "in_force"), self.versions[0])

    def of(self, version: str) -> VersionLine | None:
        """Return the version of this day, None where it is not loaded."""
        return next((one for one in self.versions if one.version == version), None)


def loaded_laws(session: Session, today: date, *, words: str = "", law: str | None = None) -> list[LawLine]:
    """Return the laws whose titles hold every word, by title, or the one that is named: one statement."""
    rows = select(LawText).order_by(LawText.short_title, LawText.version)
    if law is not None:
        rows = rows.where(LawText.short_title == law)
    for word in words.split()[:8]:
        rows = rows.where(LawText.title.contains(word, autoescape=True))
    groups: dict[str, list[LawText]] = {}
    for text in session.scalars(rows):
        groups.setdefault(text.short_title, []).append(text)
    return [_law_line(texts, today) for texts in groups.values()]


def _law_line(texts: list[LawText], today: date) -> LawLine:
    spans = spans_of([(text.in_force_from, text.repealed_on) for text in texts])
    lines = [
        VersionLine(text.id, text.version, span, standing(span, today), text.source, text.loaded_at)
        for text, span in zip(texts, spans, strict=True)
    ]
    return LawLine(texts[-1].short_title, texts[-1].title, tuple(reversed(lines)))


def loaded_law(session: Session, law: str, today: date) -> LawLine:
    """Return a law with its versions. Raises ``Missing`` for one of which no text is loaded."""
    found = loaded_laws(session, today, law=law)
    if not found:
        raise Missing
    return found[0]


@dataclass(frozen=True, slots=True)
class ArticleLine:
    """An article of a text as its page shows it."""

    number: str
    label: str
    chapter: str
    text: str

    @property
    def lines(self) -> list[Line]:
        return lines_of(self.text)


def articles_of(session: Session, text_id: int) -> list[ArticleLine]:
    """Return the articles of a text in their order."""
    rows = select(LawArticle.number, LawArticle.label, LawArticle.chapter, LawArticle.text)
    rows = rows.where(LawArticle.text_id == text_id).order_by(LawArticle.position)
    return [ArticleLine(*row) for row in session.execute(rows)]


def articles_with(words: str) -> Select[Any]:
    """Return the select, for ``paged``, of articles of the newest loaded version of each law that hold every word."""
    newest = (
        select(LawText.short_title, func.max(LawText.version).label("version")).group_by(LawText.short_title).subquery()
    )
    rows = (
        select(
            LawText.short_title,
            LawText.title,
            LawText.version,
            LawArticle.number,
            LawArticle.label,
            LawArticle.text,
        )
        .join(LawArticle, LawArticle.text_id == LawText.id)
        .join(newest, and_(newest.c.short_title == LawText.short_title, newest.c.version == LawText.version))
        .order_by(LawText.short_title, LawArticle.position)
    )
    for word in words.split()[:8]:
        rows = rows.where(LawArticle.text.contains(word, autoescape=True))
    return rows
