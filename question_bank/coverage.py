"""What the bank covers, as the Markdown that stands in ``docs/bank.md`` between two marks.

``python -m question_bank stats --write FILE`` puts it there, ``--check FILE`` tells whether the bank still says so.
Nothing here reads a clock, so that a bank gives one text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal

from question_bank.blueprints import ReadyBlueprint, ReadySection
from question_bank.fields import DIFFICULTIES, LEVELS
from question_bank.guessing import CHOICES, lean_to_longest, letters_of, pieces_of
from question_bank.item import Item
from question_bank.kinds.case_study import expand
from question_bank.store import Bank, Check
from question_bank.topics import Taxonomy

START = "<!-- coverage: written by `python -m question_bank stats --write` -->"
END = "<!-- end of coverage -->"
KIND_TITLES = {
    "single_choice": "单选",
    "multiple_choice": "多选",
    "true_false": "判断",
    "fill_blank": "填空",
    "ordering": "排序",
    "matching": "配对",
    "error_finding": "纠错",
    "short_answer": "简答",
    "case_study": "案例",
}
LEVEL_TITLES = {"recall": "记忆", "understand": "理解", "apply": "应用", "case": "案例"}
LAWS_SHOWN = 12


class NoPlace(ValueError):
    """A document without the two marks, each once and in order."""


def replaced(document: str, made: str) -> str:
    """Return the document with its coverage replaced. Raises ``NoPlace``."""
    before, start, rest = document.partition(START)
    _old, end, after = rest.partition(END)
    if not start or not end or START in rest or END in after or END in before:
        raise NoPlace(f"not once {START!r} and then {END!r}")
    return f"{before}{START}\n\n{made}\n{END}{after}"


def coverage(
    bank: Bank, taxonomy: Taxonomy, blueprints: Sequence[ReadyBlueprint] = (), checks: Sequence[Check] = ()
) -> str:
    """Return the coverage of a bank as Markdown that ends with a line feed."""
    items = list(bank)
    parts = sum(len(expand(item)) for item in items if item.kind == "case_study")
    cases = sum(item.kind == "case_study" for item in items)
    lines = [
        f"{len(items):,} items, of them {cases} case studies with {parts} questions. "
        f"{sum(item.pool == 'reserved' for item in items)} lie in the reserved pool.",
        "",
        "### By topic, kind and difficulty",
        "",
        "A cell counts the items of difficulty 1·2·3·4·5; an empty one has none. A case study counts once.",
        "",
    ]
    for wing in taxonomy.wings:
        own = [item for item in items if item.wing == wing.slug]
        lines += [f"**{wing.zh} `{wing.slug}` ({wing.en}): {len(own)}**", ""]
        rows = [
            [f"{topic.zh} `{topic.slug}`", *_by_kind([item for item in own if item.topic == topic.slug])]
            for topic in wing.topics
        ]
        lines += _table(["topic", "items", *KIND_TITLES.values()], [*rows, ["together", *_by_kind(own)]], text=1)
        lines.append("")
    lines += ["### By kind, level and difficulty", ""]
    rows = [
        [f"{title} `{kind}`", *_counts([item for item in items if item.kind == kind])]
        for kind, title in KIND_TITLES.items()
    ]
    head = ["kind", "items", *(f"{LEVEL_TITLES[one]} `{one}`" for one in LEVELS), *map(str, DIFFICULTIES)]
    lines += _table(head, [*rows, ["together", *_counts(items)]], text=1)
    lines += ["", "Difficulty is the writer's judgement (1 easiest); it is not yet measured from answers.", ""]
    lines += ["### By enforcement field", "", "An item may lie in several fields; `general` means every officer.", ""]
    rows = [
        [f"{one.zh} `{one.slug}`", *_by_kind([item for item in items if one.slug in item.fields])]
        for one in taxonomy.fields
    ]
    lines += _table(["field", "items", *KIND_TITLES.values()], rows, text=1)
    lines += ["", *_guessing(items), *_laws(items), *_ready(blueprints), *_checks(checks)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _by_kind(items: Sequence[Item]) -> list[str]:
    """Return how many there are and, for each kind, how many of each difficulty."""
    cells = [str(len(items))]
    for kind in KIND_TITLES:
        levels = Counter(item.difficulty for item in items if item.kind == kind)
        cells.append("·".join(str(levels[one]) for one in DIFFICULTIES) if levels else "")
    return cells


def _counts(items: Sequence[Item]) -> list[str]:
    levels = Counter(item.level for item in items)
    difficulties = Counter(item.difficulty for item in items)
    return [str(len(items)), *(str(levels[one]) for one in LEVELS), *(str(difficulties[one]) for one in DIFFICULTIES)]


def _guessing(items: Sequence[Item]) -> list[str]:
    """Return what a guesser would find, parts of cases included."""
    made = ["### What a guesser finds", "", "The parts of cases are counted with the items.", ""]
    single = letters_of(pieces_of(items, "single_choice"))
    statements = pieces_of(items, "true_false")
    true = sum(item.key is True for item in statements)
    letters = ", ".join(f"{letter} {count}" for letter, count in single.items())
    made += [
        f"- The key of a single choice with four options is {letters}.",
        f"- Of {len(statements)} statements {true} are true and {len(statements) - true} false.",
    ]
    for kind in CHOICES:
        lean = lean_to_longest(pieces_of(items, kind))
        made.append(
            f"- {KIND_TITLES[kind]}: in {lean.judged} of {lean.items} one option is longer than all others; it is "
            f"right in {lean.hits}, {lean.expected:.1f} by chance (as many or more: probability {lean.chance:.4f})."
        )
    return [*made, ""]


def _laws(items: Sequence[Item]) -> list[str]:
    cited = Counter(law for item in items for law in {basis.law for basis in item.citations()})
    shown = sorted(cited.items(), key=lambda one: (-one[1], one[0]))[:LAWS_SHOWN]
    told = ", ".join(f"{law} {count}" for law, count in shown)
    return ["### Laws", "", f"The items cite {len(cited)} laws; most often: {told}.", ""]


def _ready(blueprints: Sequence[ReadyBlueprint]) -> list[str]:
    if not blueprints:
        return []
    rows = []
    for one in blueprints:
        parts = "，".join(map(_told, one.sections))
        rows.append([one.zh, one.en, str(one.minutes), f"{_plain(one.pass_mark)} of {_plain(one.points)}", parts])
    table = _table(["blueprint", "in English", "minutes", "pass mark", "sections"], rows, text=2, last=True)
    return ["### Ready blueprints", "", *table, ""]


def _told(section: ReadySection) -> str:
    return f"{section.zh or KIND_TITLES[section.kind]} {section.count}×{_plain(section.points_each)}"


def _checks(checks: Sequence[Check]) -> list[str]:
    if not checks:
        return []
    rows = []
    for day in sorted({one.checked_on for one in checks}):
        outcomes = Counter(one.outcome for one in checks if one.checked_on == day)
        rows.append([day.isoformat(), *(str(outcomes[one]) for one in ("confirmed", "mended"))])
    return ["### Second readings", "", *_table(["day", "confirmed", "mended"], rows, text=1)]


def _plain(points: Decimal) -> str:
    told = f"{points:f}"
    return told.rstrip("0").rstrip(".") if "." in told else told


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, text: int, last: bool = False) -> list[str]:
    """Return a table whose first ``text`` columns hold words and the others numbers; ``last`` ends with words too."""
    sides = ["---" if place < text or (last and place == len(head) - 1) else "---:" for place in range(len(head))]
    return [f"| {' | '.join(row)} |" for row in (head, sides, *rows)]
