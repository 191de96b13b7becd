"""Findings on a whole bank: what makes it wrong (errors) and what makes it weak (warnings).

An error is a fact: an id used twice, an article that does not exist, a law not in force. A warning is a
judgement by rule of thumb that a person should look at: a key that leans to one letter, a right option that is
always the longest, a wording that is hard to read. Nothing here reads a clock; the day is an argument.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from question_bank import text
from question_bank.findings import ERROR, WARNING, Finding
from question_bank.guessing import guessing_findings
from question_bank.item import Item, LegalBasis
from question_bank.kinds import case_study
from question_bank.laws import Register, Version, fingerprint
from question_bank.similar import similar_groups
from question_bank.store import Bank, Fault
from question_bank.topics import GENERAL, Taxonomy
from question_bank.wording import wording_findings

MAX_PER_FILE = 100

ARTICLE_IN_TEXT = re.compile("第([零〇一二三四五六七八九十百千0-9]+)条(?:之([一二三四五六七八九十]))?")
QUOTED_LAW = re.compile("《([^《》]+)》")


def check(
    bank: Bank,
    register: Register,
    taxonomy: Taxonomy,
    *,
    faults: Iterable[Fault] = (),
    day: date | None = None,
    texts: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Finding]:
    """Return every finding on a bank, in the order of the bank, those on the whole of it last.

    ``faults`` are what ``store.read`` could not read. ``day`` (local) is the day on which the laws must be in
    force; None only asks whether the register marks them as superseded. ``texts`` are full law texts by short
    title, as ``laws.read_texts`` returns them; None compares with the register alone.
    """
    findings = [
        Finding(ERROR, fault.problem.code, fault.item, fault.file, fault.problem.place, fault.problem.params)
        for fault in faults
    ]
    fresh = _Texts(texts) if texts is not None else None
    for item, file in zip(bank.items, bank.files, strict=True):
        for found in _item_findings(item, file, register, taxonomy, day, fresh):
            findings.append(Finding(found.level, found.code, item.id, file, found.place, found.params))
    findings += _doubles(bank)
    findings += _rivals(bank)
    findings += _files(bank)
    findings += guessing_findings(bank)
    findings += _alike(bank)
    return findings


class _Texts:
    """Fingerprints of full texts, each article computed once and only when it is cited."""

    def __init__(self, texts: Mapping[str, Mapping[str, Any]]) -> None:
        self._laws = texts
        self._articles: dict[str, dict[str, str]] = {}

    def version(self, law: str) -> str | None:
        return str(self._laws[law]["version_date"]) if law in self._laws else None

    def article(self, law: str, article: str) -> str | None:
        if law not in self._articles:
            self._articles[law] = {str(entry["number"]): str(entry["text"]) for entry in self._laws[law]["articles"]}
        body = self._articles[law].get(article)
        return None if body is None else fingerprint(body)


def _item_findings(
    item: Item, file: str, register: Register, taxonomy: Taxonomy, day: date | None, texts: _Texts | None
) -> Iterator[Finding]:
    yield from _filing(item, file, taxonomy)
    if not item.citations():
        yield Finding(ERROR, "no_basis", place="basis")
    yield from _law(item, item.citations(), register, day, texts)
    yield from wording_findings(item)
    if item.kind != case_study.KIND.name:
        return
    for index, part in enumerate(case_study.expand(item)):
        found = [*_law(part, (*part.basis, *item.basis), register, day, texts), *wording_findings(part)]
        if not part.basis and not item.basis:
            found.append(Finding(ERROR, "no_basis", place="basis"))
        for one in found:
            yield replace(one, place=f"parts[{index}].{one.place}")


def _filing(item: Item, file: str, taxonomy: Taxonomy) -> Iterator[Finding]:
    wing, topic = taxonomy.find_wing(item.wing), taxonomy.find_topic(item.topic)
    if wing is None:
        yield Finding(ERROR, "unknown_wing", place="wing", params={"wing": item.wing})
    if topic is None:
        yield Finding(ERROR, "unknown_topic", place="topic", params={"topic": item.topic})
    elif topic.wing != item.wing:
        yield Finding(ERROR, "topic_of_other_wing", place="topic", params={"topic": item.topic, "wing": topic.wing})
    for index, slug in enumerate(item.fields):
        if taxonomy.find_field(slug) is None:
            yield Finding(ERROR, "unknown_field_of_enforcement", place=f"fields[{index}]", params={"field": slug})
    if GENERAL in item.fields and len(item.fields) > 1:
        yield Finding(WARNING, "general_and_more", place="fields")
    folder = file.rpartition("/")[0]
    if folder and folder != f"{item.wing}/{item.topic}":
        yield Finding(ERROR, "wrong_folder", params={"folder": folder, "wanted": f"{item.wing}/{item.topic}"})
    stem = item.topic.replace("_", "-")
    if not re.fullmatch(rf"{re.escape(stem)}-\d{{4}}", item.id):
        yield Finding(ERROR, "id_of_other_form", place="id", params={"wanted": f"{stem}-0000"})


def _law(
    item: Item, cited: Sequence[LegalBasis], register: Register, day: date | None, texts: _Texts | None
) -> Iterator[Finding]:
    for index, basis in enumerate(item.basis):
        place = f"basis[{index}]"
        if basis in item.basis[:index]:
            yield Finding(WARNING, "basis_twice", place=place)
        law = register.find(basis.law)
        if law is None:
            yield Finding(ERROR, "unknown_law", place=place, params={"law": basis.law})
            continue
        if law.short_title != basis.law:
            yield Finding(ERROR, "not_the_short_title", place=place, params={"wanted": law.short_title})
        version = law.version(basis.version)
        if version is None:
            known = ", ".join(entry.version for entry in law.versions)
            yield Finding(ERROR, "unknown_version", place=place, params={"version": basis.version, "known": known})
            continue
        yield from _article(basis, version, place)
        if version.repealed_on is None and not version.in_force:
            yield Finding(ERROR, "law_not_in_force", place=place, params={"law": basis.law})
        elif not (version.in_force if day is None else version.holds_on(day)):
            yield Finding(
                ERROR,
                "law_not_in_force",
                place=place,
                params={
                    "law": basis.law,
                    "from": version.starts_on,
                    "until": version.repealed_on or "",
                },
            )
        if texts is not None:
            yield from _compare(basis, version, texts, place)
    yield from _articles_named(item.explanation, cited, register)


def _article(basis: LegalBasis, version: Version, place: str) -> Iterator[Finding]:
    if not version.has_article(basis.article):
        yield Finding(ERROR, "no_such_article", place=place, params={"law": basis.law, "article": basis.article})
        return
    shape = version.items_by_paragraph(basis.article)
    number = basis.paragraph
    if number is not None and number > len(shape):
        yield Finding(
            ERROR,
            "no_such_paragraph",
            place=place,
            params={
                "law": basis.law,
                "article": basis.article,
                "paragraph": number,
                "paragraphs": len(shape),
            },
        )
        return
    if basis.item is None:
        return
    if number is None and len(shape) > 1:
        yield Finding(WARNING, "item_without_paragraph", place=place)
    held = max(shape) if number is None else shape[number - 1]
    if basis.item > held:
        yield Finding(
            ERROR,
            "no_such_item",
            place=place,
            params={
                "law": basis.law,
                "article": basis.article,
                "item": basis.item,
                "items": held,
            },
        )


def _compare(basis: LegalBasis, version: Version, texts: _Texts, place: str) -> Iterator[Finding]:
    params = {"law": basis.law, "article": basis.article}
    there = texts.version(basis.law)
    if there is None:
        yield Finding(WARNING, "no_text_to_compare", place=place, params={"law": basis.law})
    elif there != basis.version:
        yield Finding(WARNING, "text_of_other_version", place=place, params=params | {"version": there})
    elif texts.article(basis.law, basis.article) != version.articles.get(basis.article):
        yield Finding(ERROR, "article_text_differs", place=place, params=params)


def _articles_named(explanation: str, basis: Sequence[LegalBasis], register: Register) -> Iterator[Finding]:
    """Find articles that the explanation names and the basis lacks: one of the two is likely wrong."""
    cited = {one.article for one in basis}
    law_titles = {one.law for one in basis}
    for match in ARTICLE_IN_TEXT.finditer(explanation):
        named = QUOTED_LAW.findall(explanation[: match.start()])
        law = register.find(named[-1]) if named else None
        if named and (law is None or law.short_title not in law_titles):
            continue
        digits = text.normal(match.group(1))
        article = digits + (f"-{text.normal(match.group(2))}" if match.group(2) else "")
        if article not in cited:
            yield Finding(WARNING, "article_not_in_basis", place="explanation", params={"article": match.group()})


def _doubles(bank: Bank) -> Iterator[Finding]:
    files: dict[str, str] = {}
    stems: dict[str, Item] = {}
    wholes: dict[tuple[str, ...], Item] = {}
    for item, file in zip(bank.items, bank.files, strict=True):
        if item.id in files:
            yield Finding(ERROR, "duplicate_id", item.id, file, "id", {"other": files[item.id]})
        files.setdefault(item.id, file)
        stem = text.normal(item.stem)
        others = [one.words for one in item.passages() if not one.secret and one.place != "stem"]
        whole = (stem, *sorted(text.normal(words) for words in others))
        if whole in wholes:
            yield Finding(ERROR, "duplicate_item", item.id, file, "stem", {"other": wholes[whole].id})
        elif stem in stems and not _may_share_a_stem(item, stems[stem]):
            yield Finding(WARNING, "duplicate_stem", item.id, file, "stem", {"other": stems[stem].id})
        wholes.setdefault(whole, item)
        stems.setdefault(stem, item)


def _may_share_a_stem(one: Item, other: Item) -> bool:
    # The stem of these kinds often is but an instruction: "请标出其中的错误".
    return one.kind in ("matching", "error_finding") or _are_variants((one, other))


def _are_variants(items: Iterable[Item]) -> bool:
    groups = {item.variant_group for item in items}
    return len(groups) == 1 and None not in groups


def _rivals(bank: Bank) -> Iterator[Finding]:
    known = {item.id for item in bank}
    groups = Counter(item.variant_group for item in bank)
    for item, file in zip(bank.items, bank.files, strict=True):
        for index, enemy in enumerate(item.enemies):
            if enemy not in known:
                yield Finding(ERROR, "unknown_enemy", item.id, file, f"enemies[{index}]", {"enemy": enemy})
        if item.variant_group is not None and groups[item.variant_group] == 1:
            params = {"group": item.variant_group}
            yield Finding(WARNING, "lonely_variant", item.id, file, "variant_group", params)


def _alike(bank: Bank) -> Iterator[Finding]:
    items = {item.id: item for item in bank}
    for group in similar_groups(items.values()):
        if not _are_variants(items[item_id] for item_id in group.ids):
            params = {"items": ", ".join(group.ids), "overlap": f"{group.least:.2f}"}
            yield Finding(WARNING, "near_duplicates", group.ids[0], bank.file_of(group.ids[0]), "", params)


def _files(bank: Bank) -> Iterator[Finding]:
    for file, items in bank.by_file().items():
        if len(items) > MAX_PER_FILE:
            yield Finding(ERROR, "too_many_items", "", file, "", {"count": len(items), "most": MAX_PER_FILE})
