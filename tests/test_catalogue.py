"""The English catalogue is complete and says nothing that the source does not."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "trainer" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
NAMES = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")


def _wanted():
    found = set()
    for folder, methods in (
        (ROOT / "trainer", [("**.py", "python")]),
        (ROOT / "templates", [("**.html", "jinja2.ext.babel_extract")]),
    ):
        for _file, _line, message, _comments, _context in extract_from_dir(folder, methods, keywords=KEYWORDS):
            found.add(message if isinstance(message, str) else message[0])
    return found


@pytest.fixture(scope="module")
def english():
    with CATALOGUE.open("rb") as file:
        return {
            (m.id if isinstance(m.id, str) else m.id[0]): (m.string if isinstance(m.string, str) else m.string[0])
            for m in read_po(file)
            if m.id
        }


def test_every_sentence_has_its_english(english):
    assert sorted(sentence for sentence in _wanted() if not english.get(sentence)) == []


def test_the_catalogue_holds_nothing_that_is_not_said_any_more(english):
    assert sorted(set(english) - _wanted()) == []


def test_both_languages_name_the_same_parameters(english):
    different = {
        source: text
        for source, text in english.items()
        if sorted(filter(None, sum(NAMES.findall(source), ()))) != sorted(filter(None, sum(NAMES.findall(text), ())))
    }
    assert different == {}


def test_no_chinese_stands_in_the_english(english):
    allowed = re.compile(r"大比武|行政执法|国办函|〔|〕|号|粤府办|江府办|（|）|江门")
    left = {s: t for s, t in english.items() if re.search(r"[\u4e00-\u9fff]", allowed.sub("", t))}
    assert left == {}
