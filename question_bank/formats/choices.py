"""From the weights that other systems give to options to a key of ours.

An item says which options are right; what a partial answer earns is the rule of the exam. So equal weights carry over,
unequal ones leave the key as near as it can be and a repair that says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from question_bank.formats.draft import Draft
from question_bank.formats.report import CERTAIN, DOUBTFUL, LIKELY

FULL = Decimal(100)
# Moodle writes a third as 33.33333.
NEARLY = Decimal("0.01")


def take_weights(draft: Draft, weights: Sequence[Decimal], *, several: bool) -> None:
    """Set kind and key of the draft from the weight of each option, in percent, in the order of its options.

    ``several`` says that the file lets a candidate choose more than one.
    """
    letters = [str(option["key"]) for option in draft.data.get("options", [])]
    weights = list(weights)[: len(letters)]
    told = ", ".join(f"{letter} {_number(weight)}%" for letter, weight in zip(letters, weights, strict=True))
    right = [letter for letter, weight in zip(letters, weights, strict=True) if weight > 0]
    if not right:
        draft.data["kind"] = "multiple_choice" if several else "single_choice"
        draft.problem("key", "no_right_option")
    elif several:
        _several(draft, letters, weights, right, told)
    else:
        _one(draft, letters, weights, right, told)


def _several(draft: Draft, letters: list[str], weights: Sequence[Decimal], right: list[str], told: str) -> None:
    gains = [weight for weight in weights if weight > 0]
    losses = {weight for weight in weights if weight <= 0}
    draft.data |= {"kind": "multiple_choice", "key": right}
    if len(right) == 1 and len(letters) < 3:
        draft.data |= {"kind": "single_choice", "key": right[0]}
        draft.repair("kind", "single_instead_of_several", LIKELY, before=told, after=right[0])
    elif len(right) == 1:
        draft.data["indefinite"] = True
        if "indefinite" not in draft.extras:
            draft.repair("kind", "one_right_of_several", LIKELY, before=told, after=right[0])
    elif "indefinite" in draft.extras:
        draft.data["indefinite"] = True
    if max(gains) - min(gains) > NEARLY or len(losses) > 1:
        draft.repair("key", "weights_not_kept", DOUBTFUL, before=told, after="".join(right))
    elif abs(sum(gains) - FULL) > 1:
        draft.repair("key", "weights_not_kept", LIKELY, before=told, after="".join(right))


def _one(draft: Draft, letters: list[str], weights: Sequence[Decimal], right: list[str], told: str) -> None:
    best = max(weights)
    full = [letter for letter, weight in zip(letters, weights, strict=True) if weight == best]
    if len(full) > 1 and len(letters) >= 3:
        # Any of them would do there; here the nearest is to ask for all of them.
        draft.data |= {"kind": "multiple_choice", "key": full}
        draft.repair("kind", "several_right_of_one", DOUBTFUL, before=told, after="".join(full))
        return
    draft.data |= {"kind": "single_choice", "key": full[0]}
    if len(full) > 1:
        draft.problem("key", "several_right_of_one", keys="".join(full))
    elif best < FULL:
        draft.repair("key", "best_option_taken", DOUBTFUL, before=told, after=full[0])
    elif len(right) > 1 or any(weight < 0 for weight in weights):
        draft.repair("key", "weights_not_kept", DOUBTFUL if len(right) > 1 else CERTAIN, before=told, after=full[0])


def _number(weight: Decimal) -> str:
    return f"{weight.normalize():f}"


def even_share(count: int) -> Decimal:
    """Return the percentage of each of so many equal right options, as Moodle's list has it: 33.33333 for three."""
    return (FULL / count).quantize(Decimal("0.00001")).normalize()
