"""Items of every kind as hypothesis invents them, and what makes two of them show the same."""

import hashlib

from hypothesis import strategies as st

from question_bank import Item, text
from question_bank.fields import DIFFICULTIES, LEVELS
from question_bank.formats.files import media_type
from question_bank.formats.rich import Rich
from question_bank.richtext import escape, parse
from question_bank.richtext.markdown import tidied

# The signs that formats have a meaning for, beside what a question in Chinese is made of.
SIGNS = "行政处罚法听证第三十条的（）《》：，。？“”%123AB xyz{}~=#:\\/*&<>\"'[]-|;$@!^`+.\U00020bb7é"
WORDS = st.text(SIGNS, min_size=1, max_size=14).filter(lambda words: words.strip())
FORMATTED = ("plain", "markdown")
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(40))
HASH = hashlib.sha256(PICTURE).hexdigest()
MEDIA = {HASH: PICTURE}
assert media_type(PICTURE) == "image/png"


def _line(words):
    return " ".join(words.split())


lines = WORDS.map(_line)
plain_texts = st.lists(lines, min_size=1, max_size=3).map("\n".join)
rich_texts = st.one_of(
    lines.map(escape),
    st.sampled_from(
        [
            "**应当**在*七日*内",
            "第一段\n换行\n\n第二段",
            "- 甲\n- 乙\n  1. 丙\n  2. 丁",
            "> 引用\n\n正文",
            "| 事项 | 期限 |\n| --- | ---: |\n| 听证 | **五日** |",
            "见图：![](media:scene.png)",
            "![](media:scene.png)\n\n3. 从三开始",
            r"\*不是强调\* 1\. a\_b < c & d",
        ]
    ),
)


def texts(format):
    return plain_texts if format == "plain" else rich_texts


def distinct(texts, least, most):
    return st.lists(texts, min_size=least, max_size=most, unique_by=_shown)


def _shown(words):
    return "".join(words.split())


def optional(name, value):
    return st.one_of(st.just({}), value.map(lambda found: {name: found}))


@st.composite
def options(draw, format, least, most):
    words = draw(distinct(texts(format), least, most))
    return [
        {"key": "ABCDEFGHIJ"[index], "text": one} | draw(optional("note", texts(format)))
        for index, one in enumerate(words)
    ]


@st.composite
def single_choice(draw, format):
    made = draw(options(format, 2, 10))
    return {"stem": draw(texts(format)), "options": made, "key": draw(st.sampled_from(made))["key"]}


@st.composite
def multiple_choice(draw, format):
    made = draw(options(format, 3, 10))
    indefinite = draw(st.booleans())
    key = draw(st.sets(st.sampled_from([one["key"] for one in made]), min_size=1 if indefinite else 2))
    data = {"stem": draw(texts(format)), "options": made, "key": sorted(key)}
    return data | ({"indefinite": True} if indefinite else {})


@st.composite
def true_false(draw, format):
    return {"stem": draw(texts(format)), "key": draw(st.booleans())}


accepted = st.text('七日五天行政机关ABab*}#~\\/"=:{&<>%;', min_size=1, max_size=8).filter(
    lambda words: words == words.strip() and text.normal(words)
)
numbers = st.one_of(st.integers(-50, 5000).map(str), st.decimals(0, 99, places=2, allow_nan=False).map(str))


@st.composite
def fill_blank(draw, format):
    count = draw(st.integers(1, 4))
    between = [draw(lines) for _ in range(count + 1)]
    if format == "markdown":
        between = [escape("x" + words)[1:] for words in between]
    data = {"stem": "____".join(between), "key": [], "any_order": draw(st.booleans())}
    tolerance = []
    for _ in range(count):
        if draw(st.booleans()):
            tolerance.append(draw(st.sampled_from(["0.5", "2", "0.01"])))
            unit = draw(st.sampled_from(["", "元"]))
            data["key"].append([f"{one}{unit}" for one in draw(st.lists(numbers, min_size=1, max_size=2, unique=True))])
        else:
            tolerance.append(None)
            data["key"].append(draw(st.lists(accepted, min_size=1, max_size=3, unique=True)))
    if any(tolerance):
        data["tolerance"] = tolerance
    if not data["any_order"]:
        del data["any_order"]
    return data


@st.composite
def ordering(draw, format):
    made = draw(options(format, 3, 8))
    keys = [one["key"] for one in made]
    return {
        "stem": draw(texts(format)),
        "options": made,
        "key": draw(st.permutations(keys).filter(lambda key: list(key) != keys)),
    }


@st.composite
def matching(draw, format):
    prompts = draw(distinct(texts(format), 2, 6))
    reuse = len(prompts) in (4, 6) and draw(st.booleans())
    made = draw(options(format, 2 if reuse else len(prompts), len(prompts) + 2))
    if reuse:
        pair = made[:2]
        key = {str(number): pair[number % 2]["key"] for number in range(1, len(prompts) + 1)}
    else:
        letters = draw(st.permutations([one["key"] for one in made]))
        key = {str(number): letters[number - 1] for number in range(1, len(prompts) + 1)}
    data = {
        "stem": draw(texts(format)),
        "options": made,
        "key": key,
        "prompts": [
            {"key": str(number), "text": words} | draw(optional("note", texts(format)))
            for number, words in enumerate(prompts, start=1)
        ],
    }
    return data | ({"reuse": True} if reuse else {})


@st.composite
def error_finding(draw, format):
    count = draw(st.integers(2, 6))
    faulty = draw(st.sets(st.integers(1, count), min_size=1, max_size=count // 2))
    document = []
    for number in range(1, count + 1):
        if draw(st.booleans()):
            document.append({"text": draw(st.sampled_from(["\n", "　　", "告知书\n　　", "；", " "]))})
        segment = {"key": str(number), "text": draw(lines)}
        if number in faulty:
            segment["note"] = draw(texts(format))
        document.append(segment)
    return {"stem": draw(texts(format)), "document": document, "key": [str(number) for number in sorted(faulty)]}


@st.composite
def short_answer(draw, format):
    rubric = [
        {"point": draw(texts(format)), "weight": draw(st.integers(1, 100))} | draw(optional("note", texts(format)))
        for _ in range(draw(st.integers(1, 3)))
    ]
    data = {"stem": draw(texts(format)), "rubric": rubric, "sample": draw(texts(format))}
    return data | draw(optional("max_length", st.integers(20, 5000)))


KINDS = {
    "single_choice": single_choice,
    "multiple_choice": multiple_choice,
    "true_false": true_false,
    "fill_blank": fill_blank,
    "ordering": ordering,
    "matching": matching,
    "error_finding": error_finding,
    "short_answer": short_answer,
}

bases = st.lists(
    st.fixed_dictionaries(
        {
            "law": st.sampled_from(["行政处罚法", "行政强制法"]),
            "version": st.just("2021-01-22"),
            "article": st.sampled_from(["3", "64", "120-1"]),
            "paragraph": st.sampled_from([None, 1, 2]),
            "item": st.sampled_from([None, 3]),
        }
    ),
    max_size=2,
)


@st.composite
def case_study(draw, format):
    parts = []
    for _ in range(draw(st.integers(2, 3))):
        kind = draw(st.sampled_from([name for name in KINDS if name not in ("error_finding", "matching")]))
        part = {"kind": kind} | draw(KINDS[kind](format))
        part |= draw(optional("weight", st.integers(2, 9))) | draw(optional("difficulty", st.integers(1, 5)))
        part |= {"explanation": draw(st.one_of(st.just(""), texts(format))), "basis": draw(bases)}
        parts.append(part)
    documents = [{"title": draw(lines), "text": draw(texts(format))} for _ in range(draw(st.integers(0, 2)))]
    return {"stem": draw(texts(format)), "parts": parts} | ({"documents": documents} if documents else {})


KINDS_AND_CASES = KINDS | {"case_study": case_study}


@st.composite
def items(draw, kinds=tuple(KINDS_AND_CASES), formats=FORMATTED):
    """One sound item of one of the kinds."""
    kind, format = draw(st.sampled_from(kinds)), draw(st.sampled_from(formats))
    number = draw(st.integers(1, 9999))
    data = {
        "id": f"hearing-{number:04d}",
        "kind": kind,
        "wing": "procedures",
        "topic": "hearing",
        "fields": draw(st.sampled_from([["general"], ["market", "transport"]])),
        "difficulty": draw(st.sampled_from(list(DIFFICULTIES))),
        "level": draw(st.sampled_from(LEVELS)),
        "explanation": draw(st.one_of(st.just(""), texts(format))),
        "basis": draw(bases),
    }
    data |= draw(optional("pool", st.just("reserved"))) | draw(optional("variant_group", st.just("first_step")))
    data |= draw(optional("enemies", st.just(["other-1", "other-2"])))
    data |= draw(optional("tags", st.lists(lines, min_size=1, max_size=2, unique_by=_shown)))
    data |= draw(optional("source", lines))
    data |= draw(KINDS_AND_CASES[kind](format))
    if format == "markdown":
        data["format"] = format
        if "media:scene.png" in str(data):
            data["media"] = [
                {"name": "scene.png", "sha256": HASH, "type": "image/png", "alt": "现场", "bytes": len(PICTURE)}
            ]
    return Item.from_dict(data)


def shown(item, *, without=()):
    """The item with its Markdown as blocks, so that two spellings of one text are equal; ``without`` names fields."""
    data = item.to_dict()
    rich = any(_has_markup(words) for words in _strings(data)) if data.get("format") == "markdown" else False

    def walk(value, place=""):
        if isinstance(value, dict):
            if place == "document":  # its texts are plain, their notes are not
                return value | ({"note": walk(value["note"], "note")} if "note" in value else {})
            return {name: walk(one, name) for name, one in value.items() if name not in without}
        if isinstance(value, list):
            return [walk(one, place) for one in value]
        if isinstance(value, str) and place in TEXTS and data.get("format") == "markdown":
            blocks = tuple(tidied(parse(value, "markdown")))
            return blocks if rich else "\n".join(_words(block) for block in blocks)
        return value

    made = walk({name: value for name, value in data.items() if name not in without})
    if not rich:
        made.pop("format", None)
    return made


def without_notes(item):
    """The item without the notes of its choices, and without media that nothing shows then."""
    data = item.to_dict()
    for row in [*data.get("options", []), *data.get("prompts", []), *data.get("document", [])]:
        row.pop("note", None)
    told = str({name: value for name, value in data.items() if name != "media"})
    data["media"] = [one for one in data.get("media", []) if f"media:{one['name']}" in told]
    return Item.from_dict(data)


TEXTS = ("stem", "text", "note", "explanation", "point", "sample")


def _strings(value, place=""):
    if isinstance(value, dict):
        for name, one in value.items():
            if name != "document":
                yield from _strings(one, name)
            else:
                for segment in one:
                    yield from _strings({"note": segment.get("note", "")})
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one, place)
    elif isinstance(value, str) and place in TEXTS:
        yield value


def _has_markup(words):
    return not Rich(parse(words, "markdown")).plain


def _words(block):
    return Rich((block,)).text()
