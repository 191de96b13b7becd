"""A whole QTI package of our items: manifest, items, stimuli of cases, a test with sections, and the media.

The same items give the same bytes. Each item carries its labels (see ``labels``) as keywords in the manifest; a section
of the test is a topic, one inside it a case.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from question_bank.formats import labels
from question_bank.formats.cases import part_items
from question_bank.formats.files import ENDINGS
from question_bank.formats.kind_labels import extras_of, is_numeric, tolerance_of
from question_bank.formats.markup import Node
from question_bank.formats.qti_names import element, written
from question_bank.formats.qti_write import ItemWriter, blocks_of
from question_bank.formats.report import Loss
from question_bank.formats.web import Words, media_losses, pieces
from question_bank.item import Item, LegalBasis, Medium

DAY = (1980, 1, 1, 0, 0, 0)
ITEM_SPACE = {False: "http://www.imsglobal.org/xsd/imsqti_v2p2", True: "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"}
PACKAGE_SPACE = {
    False: "http://www.imsglobal.org/xsd/imscp_v1p1",
    True: "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1",
}
SCHEMA = {False: ("QTIv2.2 Package", "1.0.0"), True: ("QTI Package", "3.0.0")}
LOM = "http://ltsc.ieee.org/xsd/LOM"
TYPE = "imsqti_{}_xmlv{}"


@dataclass(slots=True)
class _Building:
    """What a package is made of as it grows."""

    new: bool
    media: Mapping[str, bytes]
    files: dict[str, bytes] = field(default_factory=dict)
    resources: list[Node] = field(default_factory=list)
    stored: dict[str, str] = field(default_factory=dict)

    @property
    def namespaces(self) -> str:
        return f'xmlns="{ITEM_SPACE[self.new]}"'

    def type(self, what: str) -> str:
        return TYPE.format(what, "3p0" if self.new else "2p2")

    def add(self, path: str, root: Node) -> None:
        self.files[path] = written(root, new=self.new, namespaces=self.namespaces)


def write_package(items: Iterable[Item], media: Mapping[str, bytes], *, new: bool) -> bytes:
    """Return a package of the items in order; ``new`` is QTI 3.0, else 2.2."""
    building = _Building(new, media)
    sections: list[Node] = []
    category: tuple[str, ...] = ()
    for item in items:
        if labels.category_of(item) != category:
            category = labels.category_of(item)
            sections.append(_section(f"SECTION-{len(sections) + 1}", " / ".join(category)))
        if item.kind == "case_study":
            sections[-1].children.append(_add_case(building, item))
        else:
            told = labels.write(item, extras_of(item) | {"kind": item.kind})
            sections[-1].children.append(_add_item(building, item, item.id, told, item.basis))
    if sections:
        _add_test(building, sections)
    return _zipped(building)


def package_losses(items: Iterable[Item], media: Mapping[str, bytes]) -> list[Loss]:
    """Return what a package of these items lacks."""
    found: list[Loss] = []
    for item in items:
        found += media_losses([item], media)
        for part in pieces(item):
            if part.kind == "fill_blank" and part.settings.get("any_order"):
                found.append(Loss(part.id, "any_order"))
            blanks = range(len(part.key)) if part.kind == "fill_blank" else ()
            if any(tolerance_of(part, blank) and not is_numeric(part, blank) for blank in blanks):
                found.append(Loss(part.id, "tolerance_with_unit"))
    return found


def _add_item(
    building: _Building,
    item: Item,
    name: str,
    told: Sequence[str],
    basis: Sequence[LegalBasis],
    stimulus: tuple[str, Node] | None = None,
) -> Node:
    """Add an item to the package and return the reference to it for the test."""
    words = Words(item, building.media, lambda medium: f"../{_path_of(medium)}")
    writer = ItemWriter(item, words, basis, new=building.new, stimulus=stimulus[1] if stimulus else None)
    identifier, path = f"ITEM-{name}", f"items/{name}.xml"
    building.add(path, writer.written(identifier))
    needs = _store_media(building, item, words, building.files[path])
    needs += [stimulus[0]] if stimulus else []
    building.resources.append(_resource(identifier, building.type("item"), path, told, needs))
    return element("assessmentItemRef", identifier=identifier, href=path)


def _add_case(building: _Building, item: Item) -> Node:
    words = Words(item, building.media, lambda medium: f"../{_path_of(medium)}")
    name, path = f"CASE-{item.id}", f"stimuli/{item.id}.xml"
    root = element(
        "assessmentStimulus",
        element("stimulusBody", *blocks_of(words.case())),
        identifier=name,
        title=words.title(),
        **{"xml:lang": "zh-CN"},
    )
    building.add(path, root)
    line = labels.basis_line(item.basis)
    told = (words.html(item.explanation) if item.explanation else "") + (f"<p>{line}</p>" if line else "")
    needs = _store_media(building, item, words, building.files[path] + told.encode())
    labels_of_case = labels.write(item, {"kind": item.kind})
    building.resources.append(_resource(name, building.type("stimulus"), path, labels_of_case, needs, told))
    section = _section(name, words.title())
    for part, extras, own in part_items(item):
        reference = element("assessmentStimulusRef", identifier=name, href=f"../{path}")
        rows = [*own, *(f"{key}:{value}" for key, value in (extras | extras_of(part) | {"kind": part.kind}).items())]
        child = _add_item(building, part, part.id, rows, part.basis, (name, reference))
        if extras["weight"] != "1":
            child.children.append(element("weight", identifier="WEIGHT", value=extras["weight"]))
        section.children.append(child)
    return section


def _path_of(medium: Medium) -> str:
    return f"media/{medium.sha256[:16]}/{medium.name}"


def _store_media(building: _Building, item: Item, words: Words, content: bytes) -> list[str]:
    """Put the media that a file shows into the package, and return the identifiers of their resources."""
    needs = []
    for medium in item.media if words.held else ():
        path = _path_of(medium)
        if path.encode() not in content or medium.type not in ENDINGS:
            continue
        if path not in building.stored:
            building.stored[path] = f"MEDIUM-{len(building.stored) + 1}"
            building.files[path] = building.media[medium.sha256]
            resource = Node("resource", {"identifier": building.stored[path], "type": "webcontent", "href": path})
            resource.children = [Node("file", {"href": path})]
            building.resources.append(resource)
        needs.append(building.stored[path])
    return needs


def _resource(
    identifier: str, type: str, path: str, told: Sequence[str], needs: Sequence[str], description: str = ""
) -> Node:
    general = Node("lom:general")
    # The order is that of the standard: description before keywords.
    if description:
        general.children.append(Node("lom:description", {}, [_string(description)]))
    general.children += [Node("lom:keyword", {}, [_string(label)]) for label in told]
    made = Node("resource", {"identifier": identifier, "type": type, "href": path})
    made.children = [
        Node("metadata", {}, [Node("lom:lom", {}, [general])]),
        Node("file", {"href": path}),
        *(Node("dependency", {"identifierref": one}) for one in needs),
    ]
    return made


def _string(words: str) -> Node:
    return Node("lom:string", {"language": "zh-CN"}, [words])


def _section(identifier: str, title: str) -> Node:
    return element("assessmentSection", identifier=identifier, title=title, visible="true")


def _add_test(building: _Building, sections: Sequence[Node]) -> None:
    part = element(
        "testPart", *sections, identifier="PART-1", navigationMode="nonlinear", submissionMode="simultaneous"
    )
    building.add("test.xml", element("assessmentTest", part, identifier="TEST-1", title="题目"))
    needs = [one.attributes["identifier"] for one in building.resources]
    resource = Node("resource", {"identifier": "TEST-1", "type": building.type("test"), "href": "test.xml"})
    resource.children = [Node("file", {"href": "test.xml"})]
    resource.children += [Node("dependency", {"identifierref": one}) for one in needs]
    building.resources.insert(0, resource)


def _zipped(building: _Building) -> bytes:
    schema, version = SCHEMA[building.new]
    manifest = Node("manifest", {"identifier": "PACKAGE-1"})
    manifest.children = [
        Node("metadata", {}, [Node("schema", {}, [schema]), Node("schemaversion", {}, [version])]),
        Node("organizations"),
        Node("resources", {}, list(building.resources)),
    ]
    spaces = f'xmlns="{PACKAGE_SPACE[building.new]}" xmlns:lom="{LOM}"'
    files = {"imsmanifest.xml": written(manifest, new=building.new, namespaces=spaces)} | building.files
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            info = zipfile.ZipInfo(path, DAY)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return out.getvalue()
