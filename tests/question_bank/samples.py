"""Sound items of every kind, as JSON data that a test may bend. Every secret text has a canary in it."""

from copy import deepcopy

from question_bank import Item

BASIS = {"law": "行政处罚法", "version": "2021-01-22", "article": "36", "paragraph": 1, "item": None}

NOTE_CANARY = "canary-note-7f3a"
EXPLANATION_CANARY = "canary-explanation-91bc"
KEY_CANARY = "canary-key-5d20"
ORIGIN_CANARY = "canary-origin-c4e8"
CANARIES = (NOTE_CANARY, EXPLANATION_CANARY, KEY_CANARY, ORIGIN_CANARY)

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
    "matching": {
        "id": "penalty-law-0006",
        "kind": "matching",
        "stem": "为每个事项选择期限。",
        "options": options(5),
        "key": {"1": "C", "2": "A", "3": "E"},
        "prompts": [
            {"key": str(number), "text": text, "note": f"见条文。{NOTE_CANARY}"}
            for number, text in enumerate(["缴纳罚款", "登记保存", "要求听证"], start=1)
        ],
    },
    "error_finding": {
        "id": "penalty-law-0007",
        "kind": "error_finding",
        "stem": "标出告知书中的错误。",
        "key": ["2", "5"],
        "document": [
            {"text": "告知书\n"},
            {"key": "1", "text": "拟罚款五万元。"},
            {"key": "2", "text": "申辩的从重处罚。", "note": f"应当删去。{NOTE_CANARY}"},
            {"text": "\n　　"},
            {"key": "3", "text": "有权陈述和申辩。", "note": f"没有错误。{NOTE_CANARY}"},
            {"key": "4", "text": "听证由非本案调查人员主持。"},
            {"key": "5", "text": "三日内要求听证。", "note": f"应为五日。{NOTE_CANARY}"},
            {"key": "6", "text": "听证不收费用。"},
        ],
    },
    "short_answer": {
        "id": "penalty-law-0008",
        "kind": "short_answer",
        "stem": "当事人逾期不缴纳罚款怎么办？",
        "max_length": 300,
        "rubric": [
            {"point": f"加处罚款。{KEY_CANARY}", "weight": 2, "note": f"只答一半给一半。{NOTE_CANARY}"},
            {"point": f"申请法院强制执行。{KEY_CANARY}", "weight": 1},
        ],
        "sample": f"可以加处罚款，或者申请法院强制执行。{KEY_CANARY}",
    },
    "case_study": {
        "id": "penalty-law-0009",
        "kind": "case_study",
        "stem": "李某占道经营，执法人员当场罚款一百五十元。",
        "documents": [{"title": "现场笔录", "text": "执法人员出示了证件。"}],
        "parts": [
            {
                "kind": "true_false",
                "stem": "本案可以当场作出处罚决定。",
                "key": True,
                "explanation": f"数额在限额之内。{EXPLANATION_CANARY}",
                "basis": [BASIS],
            },
            {
                "kind": "multiple_choice",
                "weight": 3,
                "difficulty": 4,
                "level": "case",
                "stem": "本案中应当做到的有（　　）。",
                "options": options(4),
                "key": ["B", "D"],
                "indefinite": True,
                "explanation": EXPLANATION_CANARY,
                "basis": [BASIS | {"paragraph": 2}],
            },
            {
                "kind": "short_answer",
                "weight": 2,
                "stem": "当场收缴是否合法？",
                "rubric": [{"point": f"不合法。{KEY_CANARY}", "weight": 1}],
                "sample": f"不合法。{KEY_CANARY}",
                "explanation": "",
                "basis": [],
            },
        ],
    },
}
# The parts of a rich item that a plain one lacks; the photo of the explanation is as secret as the explanation.
RICH = {
    "pool": "reserved",
    "variant_group": "first_step",
    "enemies": ["penalty-law-0801", "penalty-law-0802"],
    "tags": [f"决赛 {ORIGIN_CANARY}"],
    "source": f"自编 {ORIGIN_CANARY}",
    "format": "markdown",
    "media": [
        {"name": "scene.png", "sha256": "a" * 64, "type": "image/png", "alt": "现场照片", "bytes": 48213},
        {"name": "answer.png", "sha256": "b" * 64, "type": "image/png", "alt": KEY_CANARY, "bytes": 9000},
    ],
    "explanation": f"见图：![答案](media:answer.png) {EXPLANATION_CANARY}",
}


def make_data(kind="single_choice", /, **changes):
    """The JSON form of a sound item; a change to ``...`` leaves the field out."""
    data = deepcopy(COMMON | DATA[kind] | changes)
    return {name: value for name, value in data.items() if value is not ...}


def make_item(kind="single_choice", /, **changes):
    return Item.from_dict(make_data(kind, **changes))


def make_rich_data(kind="single_choice", /, **changes):
    """The JSON form of a sound item in Markdown, with every optional field and a picture at the end of its stem."""
    return make_data(kind, **{**RICH, "stem": f"{DATA[kind]['stem']}\n\n![](media:scene.png)", **changes})


def make_rich_item(kind="single_choice", /, **changes):
    return Item.from_dict(make_rich_data(kind, **changes))
