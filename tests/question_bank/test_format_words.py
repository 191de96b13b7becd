"""Every code that a format tells has its sentence in both languages, and every sentence names only its parameters."""

import re
from pathlib import Path

from question_bank import formats
from question_bank.formats import words

FOLDER = Path(formats.__file__).parent
CALLS = (
    r'\.(?:repair|problem)\(\s*f?"[^"]*",\s*"(\w+)"',
    r'\bRepair\(\s*"[^"]*",\s*"(\w+)"',
    r'\bProblem\(\s*f?"[^"]*",\s*"(\w+)"',
    r'\bUnreadable\(\s*"(\w+)"',
    r'\bLoss\(\s*[\w.]+,\s*"(\w+)"',
    r'\.lose\("(\w+)"',
    r'_note\(\s*"(\w+)"',
    r'losses\.add\("(\w+)"',
)


def test_no_code_of_a_format_lacks_its_sentence():
    used = set()
    for path in [*FOLDER.glob("*.py"), FOLDER.parent / "incoming.py"]:
        source = path.read_text(encoding="utf-8")
        for call in CALLS:
            used |= set(re.findall(call, source))
    assert len(used) > 100
    assert sorted(used - set(words.table())) == []


def test_both_languages_name_the_same_parameters():
    for code, (zh, en) in words.table().items():
        assert zh, code
        assert en, code
        assert set(re.findall(r"\{(\w+)\}", zh)) == set(re.findall(r"\{(\w+)\}", en)), code


def test_a_sentence_takes_its_parameters_and_an_unknown_code_stays():
    assert words.say("unknown_key", {"key": "E"}) == "答案“E”不在选项之中。"
    assert words.say("unknown_key", {"key": "E"}, "en") == "The key E is not among the options."
    assert words.say("no_such_code") == "no_such_code"
