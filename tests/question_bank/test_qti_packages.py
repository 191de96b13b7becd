"""Packages that would do harm are refused at once; those we write keep the published rules of their version."""

import io
import re
import stat
import struct
import time
import zipfile
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from question_bank import formats
from tests.question_bank.inventing import MEDIA, items
from tests.question_bank.test_qti_reading import MANIFEST, zipped


def refused(content):
    started = time.monotonic()
    with pytest.raises(formats.Unreadable) as caught:
        formats.read(content, "x.zip", "qti_22")
    assert time.monotonic() - started < 2
    return caught.value.code


@pytest.mark.parametrize("name", ["../evil.xml", "a/../../evil.xml", "/etc/evil.xml", "C:/evil.xml", "..\\evil.xml"])
def test_paths_that_leave_the_package_are_refused(name):
    assert refused(zipped({"imsmanifest.xml": MANIFEST, name: "<x/>"})) == "zip_unsafe_path"


def test_bombs_links_floods_and_locks_are_refused():
    bomb = zipped({"imsmanifest.xml": MANIFEST, "a.xml": b" " * (64 * 1024 * 1024)})
    assert refused(bomb) == "zip_unpacks_too_large"
    assert refused(zipped({f"{number}.xml": "" for number in range(5001)})) == "zip_too_many_files"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("link.xml")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert refused(out.getvalue()) == "zip_has_links"
    assert refused(b"PK\x03\x04 broken") == "zip_damaged"
    assert formats.sniff(bomb, "x.zip") is None


def test_a_file_that_lies_about_its_length_is_not_unpacked():
    content = bytearray(zipped({"a.xml": b"<assessmentItem>" + b" " * 100_000}))
    place = content.rindex(b"PK\x01\x02") + 24
    content[place : place + 4] = struct.pack("<I", 100)
    with pytest.raises(formats.Unreadable):
        formats.read(bytes(content), "x.zip", "qti_22")


def test_entities_inside_a_package_are_told_and_the_rest_is_read():
    files = {
        "imsmanifest.xml": MANIFEST,
        "items/b.xml": '<!DOCTYPE a [<!ENTITY x "y">]><assessmentItem>&x;</assessmentItem>',
        "items/a one.xml": "<assessmentItem title='题'><itemBody><p>说明</p></itemBody></assessmentItem>",
    }
    report = formats.read(zipped(files), "x.zip")
    assert ("file_unreadable", "xml_with_entities") in [(note.code, note.after) for note in report.notes]
    assert len(report.found) == 1


# What follows encodes rules of the published bindings (IMS QTI 2.2 and 3.0 ASI, content packaging 1.1.4): which
# element may stand where, in which order, which names and references have to be. The schemas may not be passed on.
SPACES = {
    "qti_22": ("http://www.imsglobal.org/xsd/imsqti_v2p2", "http://www.imsglobal.org/xsd/imscp_v1p1"),
    "qti_30": ("http://www.imsglobal.org/xsd/imsqtiasi_v3p0", "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1"),
}
ORDER = {
    "assessmentItem": (
        "responseDeclaration outcomeDeclaration templateDeclaration templateProcessing assessmentStimulusRef "
        "stylesheet itemBody responseProcessing modalFeedback"
    ),
    "responseDeclaration": "defaultValue correctResponse mapping areaMapping",
    "assessmentTest": "outcomeDeclaration timeLimits stylesheet testPart outcomeProcessing testFeedback",
    "assessmentStimulus": "stylesheet stimulusBody",
}
NAME = re.compile(r"[A-Za-z_][\w.-]*")
BLOCKS = {"p", "div", "ul", "ol", "table", "blockquote", "h1", "h2", "h3", "h4"} | {
    f"{one}Interaction" for one in ("choice", "order", "match", "hottext", "extendedText")
}
FLOW = {"span", "strong", "em", "br", "img", "object", "textEntryInteraction", "hottext", "rubricBlock"} | BLOCKS


def plain(name):
    """An element's name as QTI 2.x has it."""
    bare = name.rpartition("}")[2]
    if bare.startswith("qti-"):
        return re.sub("-([a-z0-9])", lambda match: match[1].upper(), bare[4:])
    return bare


def attribute(node, name):
    """An attribute by its 2.x name."""
    kebab = re.sub("[A-Z]", lambda match: f"-{match.group().lower()}", name)
    return node.get(name, node.get(kebab))


def check_item(root, space):
    assert all(node.tag.startswith(f"{{{space}}}") for node in root.iter())
    names = [plain(child.tag) for child in root]
    order = ORDER[plain(root.tag)].split()
    assert set(names) <= set(order)
    assert names == sorted(names, key=order.index)
    for needed in ("identifier", "title"):
        assert root.get(needed)
    assert NAME.fullmatch(root.get("identifier"))
    if plain(root.tag) != "assessmentItem":
        return
    assert attribute(root, "timeDependent") == root.get("adaptive") == "false"
    declared = {}
    for node in root.iter():
        name = plain(node.tag)
        if name == "responseDeclaration":
            children = [plain(child.tag) for child in node]
            assert children == sorted(children, key=ORDER[name].split().index)
            declared[node.get("identifier")] = node
        elif name == "itemBody":
            assert {plain(child.tag) for child in node} <= BLOCKS | {"rubricBlock"}
            assert not (node.text or "").strip()
        elif name in ("p", "td", "li"):
            inner = FLOW - ({"p", "div", "table", "ul", "ol", "blockquote"} if name == "p" else set())
            assert {plain(child.tag) for child in node} <= inner
        elif name == "table":
            assert {plain(child.tag) for child in node} <= {"thead", "tbody", "caption"}
            assert "tbody" in [plain(child.tag) for child in node]
        elif name == "img":
            assert node.get("src")
            assert node.get("alt")
            assert set(node.attrib) <= {"src", "alt", "class"}
        elif name == "modalFeedback":
            assert {attribute(node, "outcomeIdentifier"), attribute(node, "showHide")} == {"FEEDBACK", "show"}
            assert "FEEDBACK" in [
                one.get("identifier") for one in root.iter() if plain(one.tag) == "outcomeDeclaration"
            ]
    check_responses(root, declared)


def check_responses(root, declared):
    filled = {attribute(node, "responseIdentifier") for node in root.iter() if plain(node.tag).endswith("Interaction")}
    assert filled == set(declared)
    choices = {
        node.get("identifier")
        for node in root.iter()
        if plain(node.tag) in ("simpleChoice", "hottext", "simpleAssociableChoice")
    }
    for name, node in declared.items():
        assert NAME.fullmatch(name)
        values = [value.text for value in node.iter() if plain(value.tag) == "value"]
        if node.get("cardinality") == "single":
            assert len(values) <= 1
        if attribute(node, "baseType") == "identifier":
            assert set(values) <= choices
        elif attribute(node, "baseType") == "directedPair":
            assert {one for value in values for one in value.split(" ")} <= choices


def check_package(content, name):
    item_space, package_space = SPACES[name]
    archive = zipfile.ZipFile(io.BytesIO(content))
    there = set(archive.namelist())
    manifest = ElementTree.fromstring(archive.read("imsmanifest.xml"))
    assert manifest.tag == f"{{{package_space}}}manifest"
    assert [plain(child.tag) for child in manifest] == ["metadata", "organizations", "resources"]
    resources = list(manifest.iter(f"{{{package_space}}}resource"))
    ids = [one.get("identifier") for one in resources]
    assert len(set(ids)) == len(ids)
    assert all(NAME.fullmatch(one) for one in ids)
    hrefs = {one.get("href") for one in manifest.iter() if one.get("href")}
    assert hrefs | {"imsmanifest.xml"} == there
    assert {one.get("identifierref") for one in manifest.iter() if one.get("identifierref")} <= set(ids)
    version = "3p0" if name == "qti_30" else "2p2"
    for one in resources:
        kinds = {f"imsqti_{what}_xmlv{version}" for what in ("item", "test", "stimulus")}
        assert one.get("type") in kinds | {"webcontent"}
        if one.get("type") == "webcontent":
            continue
        root = ElementTree.fromstring(archive.read(one.get("href")))
        check_item(root, item_space)
        base = one.get("href").rpartition("/")[0]
        for node in root.iter():
            href = node.get("href") or node.get("src") or node.get("data")
            if href:
                joined = f"{base}/{href}" if base else href
                assert re.sub(r"[^/]+/\.\./", "", joined) in there


@pytest.mark.parametrize("name", sorted(SPACES))
def test_a_package_keeps_the_published_rules(name):
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
    @given(st.lists(items(), min_size=1, max_size=3, unique_by=lambda item: item.id))
    def kept(rows):
        check_package(formats.find(name).writer(rows, media=MEDIA), name)

    kept()


def test_an_empty_package_is_still_one():
    for name in SPACES:
        check_package(formats.find(name).writer([]), name)
