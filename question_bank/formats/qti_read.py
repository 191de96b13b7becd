"""Reading QTI of every version, as single files and as packages: which items there are, in which order, with what.

The order is that of the test in the package, else that of its manifest. Labels of our own export are the keywords of a
resource; the title of a section is a hint at the topic. Items that share a stimulus are the parts of a case.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from question_bank.formats import cases
from question_bank.formats.draft import Draft, report
from question_bank.formats.markup import Node, parse_xml
from question_bank.formats.qti_classic import read_classic
from question_bank.formats.qti_items import read_item
from question_bank.formats.qti_names import old_names
from question_bank.formats.qti_package import Package, PackageShelf, opened
from question_bank.formats.report import DOUBTFUL, LIKELY, ImportReport, Place, Repair, Unreadable
from question_bank.formats.rich import Rich, from_node

# Where Canvas and common cartridges keep the pictures of their questions.
MEDIA_FOLDERS = ("web_resources", "web_resources/Uploaded Media", "media", "images")
ITEM, TEST, STIMULUS, CLASSIC = "assessmentItem", "assessmentTest", "assessmentStimulus", "questestinterop"
REFERENCES = ("assessmentItemRef", "assessmentSectionRef", "assessmentStimulusRef")


@dataclass(frozen=True, slots=True)
class _Resource:
    """A file of the manifest, with the keywords and the description that its metadata have."""

    path: str
    keywords: tuple[str, ...] = ()
    description: str = ""


@dataclass(slots=True)
class _Reading:
    """What is gathered while a package is read."""

    package: Package
    notes: list[Repair] = field(default_factory=list)
    resources: dict[str, _Resource] = field(default_factory=dict)
    trees: dict[str, Node] = field(default_factory=dict)
    sections: dict[str, str] = field(default_factory=dict)


def read_qti(content: bytes, file_name: str, format: str) -> ImportReport:
    """Return every question of a package or of a single file. Raises ``Unreadable`` for the file as a whole."""
    package = opened(content, file_name)
    reading = _Reading(package)
    _take_manifest(reading)
    for path in reading.resources or package.names:
        if package.single or path.lower().endswith((".xml", ".qti")):
            _take_tree(reading, path, single=package.single)
    _take_named_by_tests(reading)
    if not reading.trees:
        raise Unreadable("no_questions_inside")
    _tell_of_unnamed(reading)
    return report(format, _drafts(reading), reading.notes)


def _take_manifest(reading: _Reading) -> None:
    path = reading.package.manifest()
    if path is None:
        if len(reading.package.names) > 1:
            reading.notes.append(Repair("", "no_manifest", DOUBTFUL))
        return
    if "/" in path:
        reading.notes.append(Repair("", "manifest_in_folder", LIKELY, before=path))
    content = reading.package.read(path)
    if content is None:
        raise Unreadable("zip_damaged", reason=path)
    base = posixpath.dirname(path)
    for node in parse_xml(content).walk():
        if node.tag != "resource":
            continue
        href = node.attributes.get("href") or next((file.attributes.get("href", "") for file in node.all("file")), "")
        found = reading.package.find(base, href) if href else None
        type = node.attributes.get("type", "")
        if found is None:
            if href and "qti" in type.lower():
                reading.notes.append(Repair("", "file_missing", DOUBTFUL, before=href))
            continue
        reading.resources[found] = _Resource(found, tuple(_keywords(node)), _description(node))
        for file in node.all("file"):
            # Canvas names the questions of a quiz only as a further file of its settings.
            other = reading.package.find(base, file.attributes.get("href", ""))
            if other is not None and other.lower().endswith((".xml", ".qti")):
                reading.resources.setdefault(other, _Resource(other))


def _take_named_by_tests(reading: _Reading) -> None:
    """Take what a test or an item refers to and the manifest does not name, as some systems write it."""
    folders = {path: posixpath.dirname(path) for path in reading.trees}
    waiting = list(reading.trees)
    while waiting:
        path = waiting.pop()
        base = folders[path]
        for node in reading.trees[path].walk():
            if node.tag not in REFERENCES:
                continue
            found = reading.package.find(base, node.attributes.get("href", ""))
            if found is None or found in folders:
                continue
            folders[found] = posixpath.dirname(found)
            _take_tree(reading, found, single=False)
            if found in reading.trees:
                waiting.append(found)


def _tell_of_unnamed(reading: _Reading) -> None:
    """Tell of items that lie in a package though nothing in it refers to them; they are no part of it."""
    for path in reading.package.names:
        if path in reading.trees or path in reading.resources or not path.lower().endswith((".xml", ".qti")):
            continue
        content = reading.package.read(path)
        with suppress(Unreadable):
            if content is not None and old_names(parse_xml(content)).tag in (ITEM, CLASSIC):
                reading.notes.append(Repair("", "item_not_named", DOUBTFUL, before=path))


def _keywords(resource: Node) -> Iterator[str]:
    for node in resource.walk():
        if node.tag == "keyword":
            yield node.text().strip()


def _description(resource: Node) -> str:
    found = [node for node in resource.walk() if node.tag == "description"]
    return found[0].text().strip() if found else ""


def _take_tree(reading: _Reading, path: str, *, single: bool) -> None:
    content = reading.package.read(path)
    if content is None:
        reading.notes.append(Repair("", "file_unreadable", DOUBTFUL, before=path))
        return
    try:
        tree = old_names(parse_xml(content))
    except Unreadable as error:
        if single:
            raise
        reading.notes.append(Repair("", "file_unreadable", DOUBTFUL, before=path, after=error.code))
        return
    if tree.tag in (ITEM, TEST, STIMULUS, CLASSIC):
        reading.trees[path] = tree
    elif single:
        raise Unreadable("not_qti", root=tree.tag)


def _drafts(reading: _Reading) -> list[Draft]:
    order = list(dict.fromkeys([*_order(reading), *reading.trees]))
    drafts: list[Draft] = []
    shared: dict[str, list[Draft]] = {}
    seen: set[tuple[str, str, int]] = set()
    for path in order:
        tree = reading.trees[path]
        if tree.tag == CLASSIC:
            for draft in read_classic(tree, path, _shelf(reading, path)):
                # Canvas packs the same quiz twice, once for other systems.
                mark = (str(draft.raw["ident"]), str(draft.raw["title"]), hash(draft.data["stem"].text()))
                if mark not in seen:
                    seen.add(mark)
                    drafts.append(draft)
        elif tree.tag == ITEM:
            draft, stimulus = _item(reading, path, tree)
            drafts.append(draft)
            if stimulus is not None:
                shared.setdefault(stimulus, []).append(draft)
    for path, parts in shared.items():
        _take_stimulus(reading, path, parts, drafts)
    return drafts


def _order(reading: _Reading) -> Iterator[str]:
    """Return the items in the order of the tests of the package, and note in which section each stands."""
    for path, tree in reading.trees.items():
        if tree.tag == TEST:
            lost = {"preCondition", "branchRule", "selection", "timeLimits", "outcomeProcessing", "testFeedback"}
            found = sorted({node.tag for node in tree.walk()} & lost)
            if found:
                reading.notes.append(Repair("", "test_rules_not_kept", LIKELY, before=path, after=", ".join(found)))
            yield from _refs(reading, tree, posixpath.dirname(path), ())


def _refs(reading: _Reading, node: Node, base: str, titles: tuple[str, ...]) -> Iterator[str]:
    for child in node.elements():
        if child.tag == "assessmentItemRef":
            found = reading.package.find(base, child.attributes.get("href", ""))
            if found in reading.trees:
                reading.sections.setdefault(found, "/".join(titles))
                yield found
            else:
                told = child.attributes.get("href", "")
                reading.notes.append(Repair("", "file_missing", DOUBTFUL, before=told))
        elif child.tag in ("testPart", "assessmentSection"):
            title = child.attributes.get("title", "").strip()
            yield from _refs(reading, child, base, (*titles, title) if title else titles)


def _shelf(reading: _Reading, path: str) -> PackageShelf:
    return PackageShelf(package=reading.package, base=posixpath.dirname(path), folders=MEDIA_FOLDERS)


def _item(reading: _Reading, path: str, tree: Node) -> tuple[Draft, str | None]:
    """Return an item, and the path of the stimulus that others may share with it."""
    draft = Draft(Place(file=path), shelf=_shelf(reading, path))
    resource = reading.resources.get(path)
    draft.take_labels(resource.keywords if resource else ())
    if reading.sections.get(path):
        draft.take_category(reading.sections[path])
    stimulus = None
    for node in tree.all("assessmentStimulusRef"):
        stimulus = reading.package.find(posixpath.dirname(path), node.attributes.get("href", "")) or stimulus
    read_item(tree, draft)
    draft.raw["file"] = path
    return draft, stimulus


def _take_stimulus(reading: _Reading, path: str, parts: Sequence[Draft], drafts: list[Draft]) -> None:
    """Join the items that share a stimulus; a single one has it before its own text."""
    tree = reading.trees.get(path)
    if tree is None or tree.tag != STIMULUS:
        for part in parts:
            part.repair("stem", "stimulus_missing", DOUBTFUL, before=path)
        return
    case = Draft(Place(file=path), raw={"title": tree.attributes.get("title", "")}, shelf=_shelf(reading, path))
    resource = reading.resources.get(path)
    case.take_labels(resource.keywords if resource else ())
    own = case.extras.get("kind") == "case_study"
    body = tree.find("stimulusBody") or Node("stimulusBody")
    case.data["stem"] = cases.split_documents(body, case) if own else from_node(body, case.show)
    if own and resource and resource.description:
        case.explain(case.html(resource.description))
    place = drafts.index(parts[0])
    if len(parts) < cases.FEWEST_PARTS:
        _put_before(case, parts[0])
        return
    for name in ("topic", "wing", "fields", "difficulty", "level"):
        told = {str(part.data.get(name)): part.data[name] for part in parts if name in part.data}
        if name not in case.data and len(told) == 1:
            case.data[name] = next(iter(told.values()))
    if not own:
        case.repair("kind", "items_as_case", LIKELY, after=str(len(parts)))
    cases.fold(case, parts)
    drafts[:] = [*drafts[:place], case, *(draft for draft in drafts[place:] if draft not in parts)]


def _put_before(case: Draft, part: Draft) -> None:
    stem = part.data.get("stem")
    part.data["stem"] = case.data["stem"].joined(stem) if isinstance(stem, Rich) else case.data["stem"]
    part.repairs += case.repairs
    part.pictures.take(case.pictures)
