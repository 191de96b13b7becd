"""The three wings, their topics and the enforcement fields by which questions are filed.

A question belongs to one topic of one wing and to one or more enforcement fields (执法领域); the field
``general`` means every officer. The names are data: ``content/topics.json``, in the order for display.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CONTENT = Path(__file__).parent / "content"
GENERAL = "general"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of a wing."""

    slug: str
    wing: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Wing:
    """One of the three parts of the bank; ``drive_zh`` names the campaign it serves (业务技能大比武)."""

    slug: str
    zh: str
    en: str
    drive_zh: str
    drive_en: str
    topics: tuple[Topic, ...]


@dataclass(frozen=True, slots=True)
class EnforcementField:
    """One field of enforcement (执法领域)."""

    slug: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Wings and fields in the order for display."""

    wings: tuple[Wing, ...]
    fields: tuple[EnforcementField, ...]

    @property
    def topics(self) -> tuple[Topic, ...]:
        return tuple(topic for wing in self.wings for topic in wing.topics)

    def find_wing(self, slug: str) -> Wing | None:
        """Return the wing, or None where there is none."""
        return next((wing for wing in self.wings if wing.slug == slug), None)

    def find_topic(self, slug: str) -> Topic | None:
        """Return the topic, or None where there is none. Slugs of topics are unique over all wings."""
        return next((topic for topic in self.topics if topic.slug == slug), None)

    def find_field(self, slug: str) -> EnforcementField | None:
        """Return the field, or None where there is none."""
        return next((field for field in self.fields if field.slug == slug), None)


def load_topics(path: Path | None = None) -> Taxonomy:
    """Return the taxonomy of a file, None for the shipped one. Raises ``ValueError`` for a slug used twice."""
    data = json.loads((path or CONTENT / "topics.json").read_text(encoding="utf-8"))
    wings = tuple(
        Wing(
            slug=wing["slug"],
            zh=wing["zh"],
            en=wing["en"],
            drive_zh=wing["drive_zh"],
            drive_en=wing["drive_en"],
            topics=tuple(Topic(wing=wing["slug"], **topic) for topic in wing["topics"]),
        )
        for wing in data["wings"]
    )
    taxonomy = Taxonomy(wings, tuple(EnforcementField(**entry) for entry in data["fields"]))
    for slugs in (
        [wing.slug for wing in taxonomy.wings],
        [topic.slug for topic in taxonomy.topics],
        [field.slug for field in taxonomy.fields],
    ):
        twice = sorted({slug for slug in slugs if slugs.count(slug) > 1})
        if twice:
            raise ValueError(f"used twice: {', '.join(twice)}")
    return taxonomy


@cache
def taxonomy() -> Taxonomy:
    """Return the shipped taxonomy, read once."""
    return load_topics()
