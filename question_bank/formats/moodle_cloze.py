r"""The embedded answers of Moodle's cloze questions, read and written: ``{1:SHORTANSWER:=九十~=90#feedback}``.

The number is a weight. Answers are parted by ``~``; ``=`` or a percentage before one says what it earns, feedback
follows a ``#``. A backslash takes the meaning from the sign after it; so does an entity in HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from html import escape as escape_html

TYPED = {"SHORTANSWER": False, "SA": False, "MW": False, "SHORTANSWER_C": True, "SAC": True, "MWC": True}
NUMBERS = frozenset(("NUMERICAL", "NM"))
CHOICES = frozenset(
    f"{name}{shown}{mixed}"
    for name, shown, mixed in (
        (name, shown, mixed)
        for name, ways in (("MULTICHOICE", ("", "_V", "_H")), ("MC", ("", "V", "H")))
        for shown in ways
        for mixed in ("", "_S" if not shown and name == "MULTICHOICE" else "S")
    )
)
SEVERAL = frozenset(
    ("MULTIRESPONSE", "MR", "MULTIRESPONSE_H", "MRH", "MULTIRESPONSE_S", "MRS", "MULTIRESPONSE_HS", "MRHS")
)
EMBEDDED = re.compile(
    r"\{([0-9]*):([A-Za-z_]{2,20}):((?:[^}\\]|\\.)*)\}",
    re.DOTALL,
)
ALTERNATIVE = re.compile(r"(?<!\\)~")
FEEDBACK = re.compile(r"(?<![\\&])#")
# A backslash of the answer itself is an entity: before another sign it would take the meaning from that one.
SLASH = "\ue001"
WEIGHT = re.compile(r"%(-?[0-9.]+)%")


@dataclass(frozen=True, slots=True)
class Alternative:
    """One answer of a field: its source text, its weight in percent and its feedback, both without escapes."""

    words: str
    weight: Decimal
    feedback: str


@dataclass(frozen=True, slots=True)
class Embedded:
    """One field of a cloze question. ``type`` is Moodle's word for it, in upper case."""

    weight: int
    type: str
    alternatives: tuple[Alternative, ...]

    @property
    def typed(self) -> bool:
        return self.type in TYPED or self.type in NUMBERS

    @property
    def several(self) -> bool:
        return self.type in SEVERAL

    @property
    def known(self) -> bool:
        return self.typed or self.several or self.type in CHOICES


def parse(source: str, slot: str) -> tuple[str, list[Embedded]]:
    """Return the text with ``slot`` in the place of each field, and the fields in order."""
    found: list[Embedded] = []

    def take(match: re.Match[str]) -> str:
        alternatives = [_alternative(piece) for piece in ALTERNATIVE.split(match[3]) if piece.strip()]
        found.append(Embedded(int(match[1][:4] or 1), match[2].upper(), tuple(alternatives)))
        return slot

    return EMBEDDED.sub(take, source), found


def field(weight: int, type: str, alternatives: Iterable[tuple[str, str]]) -> str:
    """Return the source of a field, in HTML. ``alternatives`` are right answers with what follows them unescaped."""
    answers = "~".join(f"={escaped(words)}{tail}" for words, tail in alternatives)
    return f"{{{weight}:{type}:{answers}}}"


def escaped(words: str) -> str:
    """Return a text for a field of a question in HTML."""
    made = re.sub(r"([}#~/\"])", r"\\\1", escape_html(words, quote=False).replace("\\", SLASH))
    return made.replace(SLASH, "&#92;")


def tolerance_of(words: str) -> tuple[str, str]:
    """Return the number and the tolerance of a numerical alternative such as ``3.14:0.01``; "" without one."""
    number, _, within = words.partition(":")
    return number.strip(), within.strip()


def _alternative(piece: str) -> Alternative:
    piece = piece.strip()
    weight = Decimal(0)
    if piece.startswith("="):
        weight, piece = Decimal(100), piece[1:]
    else:
        told = WEIGHT.match(piece)
        if told:
            weight, piece = _decimal(told[1]), piece[told.end() :]
    words, *feedback = FEEDBACK.split(piece, maxsplit=1)
    return Alternative(_unescaped(words), weight, _unescaped(feedback[0]) if feedback else "")


def _unescaped(words: str) -> str:
    return re.sub(r"\\([\\}#~/\"{=])", r"\1", words).strip()


def _decimal(words: str) -> Decimal:
    try:
        return Decimal(words)
    except InvalidOperation:
        return Decimal(0)
