"""Sound items of every kind, as JSON data that a test may bend."""

from copy import deepcopy

from question_bank import Item

BASIS = {"law": "行政处罚法", "version": "2021-01-22", "article": "36", "paragraph": 1, "item": None}

NOTE_CANARY = "canary-note-7f3a"
EXPLANATION_CANARY = "canary-explanation-91bc"

COMMON = {
    "wing": "legal_theory",
    "topic": "penalty_law",
    "fields": ["general"],
    "difficulty": 2,
    "level": "recall",
    "explanation": f"理由见条文。{EXPLANATION_CANARY}",
    "basis": [BASIS],
}

WORDS = ["立案", "调查取证", "告知听证", "作出决定", "送达执行"]


def options(count):
    return [
        {"key": "ABCDE"[index], "text": WORDS[index], "note": f"第{index}个说明。{NOTE_CANARY}"}
        for index in range(count)
    ]


DATA = {
    "single_choice": {
        "id": "penalty-law-0001",
        "kind": "single_choice",
        "stem": "首先应当（　　）。",
        "options": options(4),
        "key": "B",
    },
    "multiple_choice": {
        "id": "penalty-law-0002",
        "kind": "multiple_choice",
        "stem": "下列属于程序的有（　　）。",
        "options": options(5),
        "key": ["A", "C", "D"],
    },
    "true_false": {
        "id": "penalty-law-0003",
        "kind": "true_false",
        "stem": "执法人员不得少于两人。",
        "key": True,
    },
    "fill_blank": {
        "id": "penalty-law-0004",
        "kind": "fill_blank",
        "stem": "应当在____日内由____作出。",
        "key": [["九十", "90天内"], ["行政机关", "执法机关"]],
    },
    "ordering": {
        "id": "penalty-law-0005",
        "kind": "ordering",
        "stem": "将下列步骤排序。",
        "options": options(5),
        "key": ["C", "A", "B", "E", "D"],
    },
}


def make_data(kind="single_choice", /, **changes):
    """The JSON form of a sound item; a change to ``...`` leaves the field out."""
    data = deepcopy(COMMON | DATA[kind] | changes)
    return {name: value for name, value in data.items() if value is not ...}


def make_item(kind="single_choice", /, **changes):
    return Item.from_dict(make_data(kind, **changes))
