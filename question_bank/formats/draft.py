"""One question on its way from a foreign file to a ``Found``: texts are gathered rich and settled at the end.

Only when all texts of a question are known can it be said whether the item has to be in Markdown: it is as soon as one
of them has markup that a plain text would lose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from question_bank.fields import MARKDOWN, MAX_OPTIONS, MAX_TAG, MAX_TAGS, Problem
from question_bank.formats import labels
from question_bank.formats.files import Pictures, Shelf
from question_bank.formats.report import CERTAIN, DOUBTFUL, LIKELY, Found, ImportReport, Medium, Place, Repair, tidy
from question_bank.formats.rich import Rich, from_html
from question_bank.richtext import Picture

LONGEST_TOLD = 300


@dataclass(slots=True)
class Draft:
    """A question as it is being read. ``data`` may hold ``Rich`` texts anywhere; ``finish`` makes strings of them."""

    place: Place
    raw: dict[str, Any] = field(default_factory=dict)
    shelf: Shelf = field(default_factory=Shelf)
    data: dict[str, Any] = field(default_factory=dict)
    repairs: list[Repair] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unsupported: dict[str, None] = field(default_factory=dict)
    pictures: Pictures = field(default_factory=Pictures)
    extras: dict[str, str] = field(default_factory=dict)

    def repair(self, place: str, code: str, confidence: str, before: str = "", after: str = "", **params: Any) -> None:
        """Tell something put right or inferred."""
        told = Repair(place, code, confidence, before[:LONGEST_TOLD], after[:LONGEST_TOLD], params)
        if told not in self.repairs:  # a text may be read twice, such as a note
            self.repairs.append(told)

    def problem(self, place: str, code: str, **params: Any) -> None:
        """Tell a fault that keeps the question out."""
        self.problems.append(Problem(place, code, params))

    def lose(self, *names: str) -> None:
        """Tell what the file has and an item does not keep."""
        self.unsupported.update(dict.fromkeys(names))

    def html(self, words: str) -> Rich:
        """Return a text of HTML whose pictures are those of the question."""
        return from_html(words, self.show)

    def show(self, source: str, alt: str) -> Picture | None:
        """Return a picture; one that is not in the file is told, and its words stand in for it."""
        if source.startswith(("http:", "https:", "//")):
            self.repair("", "picture_elsewhere", DOUBTFUL, before=source, after=alt)
            return None
        if source.startswith("data:"):
            self.repair("", "picture_of_unknown_type", DOUBTFUL, before=source[:40], after=alt)
            return None
        content = self.shelf.get(source)
        if content is None:
            content = self.shelf.likely(source)
            if content is None:
                self.repair("", "picture_missing", DOUBTFUL, before=source, after=alt)
                return None
            self.repair("", "picture_found_elsewhere", LIKELY, before=source)
        name = self.pictures.name_of(content, source, alt)
        if name is None:
            self.repair("", "picture_of_unknown_type", DOUBTFUL, before=source, after=alt)
        elif not alt:
            self.repair("media", "picture_without_words", LIKELY, before=source, after=name)
        if name is None:
            return None
        return Picture(name, "" if alt in ("", self.pictures.alt_of(name)) else alt)

    def take_labels(self, words: Iterable[str]) -> None:
        """Take what labels say of filing and basis, and the others as tags."""
        read = labels.read(words)
        for name, value in read.data.items():
            self.data.setdefault(name, value)
        self.extras.update(read.extras)
        tags: list[str] = list(self.data.get("tags", []))
        for tag in read.tags:
            short = tidy(tag.replace("\n", " "))[:MAX_TAG].strip()
            if short != tag:
                self.repair("tags", "tag_cut", CERTAIN, before=tag, after=short)
            if short and short not in tags:
                tags.append(short)
        if len(tags) > MAX_TAGS:
            self.repair("tags", "tags_left_out", CERTAIN, before=", ".join(tags[MAX_TAGS:]))
        if tags:
            self.data["tags"] = tags[:MAX_TAGS]

    def take_category(self, path: str) -> None:
        """Take the topic that a path of categories names, where labels have not said it."""
        self.raw["category"] = path
        if "topic" in self.data or "part" in self.extras:
            return
        topic = labels.topic_of(path)
        if topic is None:
            return
        self.data["topic"], self.data["wing"] = topic.slug, topic.wing
        self.repair("topic", "topic_from_category", LIKELY, before=path, after=topic.zh)

    def explain(self, explanation: Rich) -> None:
        """Take the explanation, without the line of the legal basis that our own export adds to it."""
        self.data["explanation"] = labels.without_basis(explanation, self.data.get("basis", ()))

    def options(self, texts: Iterable[Rich | tuple[Rich, Rich | None]]) -> list[dict[str, Any]]:
        """Return options with the letters A, B, C … in order; those beyond Z are told as a problem."""
        made = []
        for index, entry in enumerate(texts):
            text, note = entry if isinstance(entry, tuple) else (entry, None)
            if index >= MAX_OPTIONS:
                self.problem("options", "too_many", count=index + 1, most=MAX_OPTIONS)
                break
            option: dict[str, Any] = {"key": chr(ord("A") + index), "text": text}
            made.append(option | ({"note": note} if note else {}))
        return made

    def finish(self) -> tuple[Found, tuple[Medium, ...]]:
        """Return the question as it was found, and the media that came with it."""
        names = self.pictures.rename_low_lines() if self._is_fill_in() else {}
        data, rich, losses, exact = _settled(self.data, names)
        self.lose(*sorted(losses))
        if rich:
            data["format"] = MARKDOWN
            shown = dict.fromkeys(names.get(name, name) for one in _texts(self.data) for name in one.pictures())
            if shown:
                data["media"] = self.pictures.entries(shown)
        if not exact:
            self.repair("", "markup_simplified", LIKELY)
        data = {name: value for name, value in data.items() if value != [] or name == "basis"}
        found = Found(
            place=self.place,
            data=data,
            raw=self.raw,
            repairs=tuple(self.repairs),
            problems=tuple(self.problems),
            unsupported=tuple(self.unsupported),
        )
        return found, self.pictures.media()

    def _is_fill_in(self) -> bool:
        kinds = [self.data.get("kind"), *(part.get("kind") for part in self.data.get("parts", ()))]
        return "fill_blank" in kinds


def report(format: str, drafts: Iterable[Draft], notes: Iterable[Repair] = ()) -> ImportReport:
    """Return the report on a whole file from its questions, in order; each medium is in it once."""
    found = []
    media: dict[str, Medium] = {}
    for draft in drafts:
        one, shown = draft.finish()
        found.append(one)
        media |= {medium.sha256: medium for medium in shown}
    return ImportReport(format, tuple(found), tuple(notes), tuple(media.values()))


def _texts(value: Any) -> Iterable[Rich]:
    if isinstance(value, Rich):
        yield value
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from _texts(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _texts(entry)


def _settled(data: Mapping[str, Any], names: Mapping[str, str]) -> tuple[dict[str, Any], bool, set[str], bool]:
    """Return the data with strings for texts, whether in Markdown, what was lost, whether the rest is whole."""
    texts = list(_texts(data))
    rich = any(not one.plain for one in texts)
    exact = True

    def made(value: Any) -> Any:
        nonlocal exact
        if isinstance(value, Rich):
            if not rich:
                return value.text()
            words, kept = value.renamed(names).markdown()
            exact = exact and kept
            return words
        if isinstance(value, Mapping):
            return {name: made(entry) for name, entry in value.items()}
        if isinstance(value, list | tuple):
            return [made(entry) for entry in value]
        return value

    settled = {name: made(value) for name, value in data.items()}
    return settled, rich, {loss for one in texts for loss in one.losses}, exact
