"""An item of a result in words, as the candidate's page prints it."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from trainer.laws.queries import Citation, CitedArticle
from trainer.laws.wording import place_name


def shown(item: dict[str, Any], articles: dict[Citation, CitedArticle]) -> dict[str, Any]:
    """Return an item of a result with what its template prints: letters by position, and answers in words."""
    options = [{**option, "letter": chr(ord("A") + place)} for place, option in enumerate(item["options"] or [])]
    letters = {option["key"]: option["letter"] for option in options}

    def told(answer: Any) -> str:
        if answer is None or answer == []:
            return ""
        if isinstance(answer, bool):
            return _("正确") if answer else _("错误")
        if isinstance(answer, str):
            return letters.get(answer, answer)
        if isinstance(answer, dict):
            return _("、").join(f"{prompt}–{letters[key]}" for prompt, key in answer.items())
        if item["kind"] == "error_finding":
            return _("第 %(numbers)s 处", numbers=_("、").join(answer))
        if item["kind"] == "fill_blank":
            return _("；").join(" / ".join(one) if isinstance(one, list) else (one or "＿") for one in answer)
        marked = [letters.get(one, one) for one in answer]
        return " → ".join(marked) if item["kind"] == "ordering" else _("、").join(sorted(marked))

    chosen = item["answer"] if isinstance(item["answer"], list) else [item["answer"]]
    right = item["right_answer"] if isinstance(item["right_answer"], list) else [item["right_answer"]]
    outcome = item["repair"] and item["repair"]["remedy"]
    if item["correct"] and item["answered"] and outcome == "also_accept":
        # One of several right answers: what was chosen is right, although another one is shown.
        right = chosen
    for option in options:
        option["chosen"], option["right"] = option["key"] in chosen, option["key"] in right
    part = not item["correct"] and str(item["points"]) not in ("0", "0.00")
    verdict = "right" if item["correct"] else "part" if part else "wrong"
    return {
        **item,
        "case_name": item["case"] and item["case"]["case"],
        "options": options,
        "own": told(item["answer"]),
        "key": told(item["right_answer"]),
        "verdict": outcome if outcome in ("drop", "full_marks") else verdict,
        "remark": item["remark"]
        and item["remark"] | {"told": _("、").join(f"{one.normalize():f}" for one in item["remark"]["lines"])},
        "also_right": [told(one) for one in item["repair"]["also_right"]] if item["repair"] else [],
        "basis": [
            {
                **one,
                "place": place_name(one["article"], one["paragraph"], one["item"]),
                "text": articles.get((one["law"], one["version"], one["article"])),
            }
            for one in item["basis"]
        ],
    }
