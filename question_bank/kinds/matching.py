"""Matching (连线题、配对题): give each prompt on the left its choice on the right.

``prompts`` are the left column, ``[{"key": "1", "text": …, "note": …}, …]``, the options the right one; the key is
an object prompt → option. There may be more options than prompts, as distractors. With ``"reuse": true`` an option
may serve several prompts, but at most half of them, so that giving one option to every prompt earns nothing under
any rule. The answer is an object too; a prompt left out, or given ``""``, is neither right nor wrong.

With n prompts, the full key earns 1 under every rule; otherwise

- all_or_nothing: 0;
- half_for_incomplete: one half where the pairs given are right but not all, 0 as soon as one is wrong;
- proportional: right pairs ÷ n, 0 as soon as one is wrong;
- plus_minus: (right − wrong) ÷ n, never below 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from question_bank.fields import MAX_NOTE, MAX_OPTION, MAX_OPTIONS, Problem, text_problems
from question_bank.item import Item, Passage
from question_bank.kinds.base import Grade, Kind, Part, Shape, flag_problems, options_problems, rows_problems
from question_bank.kinds.multiple_choice import earned

MAX_PROMPTS = 20


class Matching(Kind):
    name = "matching"
    settings = ("prompts", "reuse")
    rows = MappingProxyType({"prompts": ("key", "text", "note")})
    partial_credit = True

    def problems(self, item: Item) -> list[Problem]:
        problems = options_problems(item, most=MAX_OPTIONS)
        prompts = item.settings.get("prompts")
        found = rows_problems("prompts", prompts, self.rows["prompts"], fewest=2, most=MAX_PROMPTS)
        if not found:
            for index, prompt in enumerate(prompts or ()):
                place = f"prompts[{index}]"
                if prompt.get("key") != str(index + 1):
                    found.append(Problem(f"{place}.key", "key_out_of_order", {"key": prompt.get("key")}))
                found += text_problems(f"{place}.text", prompt.get("text"), longest=MAX_OPTION)
                found += text_problems(f"{place}.note", prompt.get("note", ""), longest=MAX_NOTE, empty=True)
        problems += found + flag_problems(item, "reuse")
        if not isinstance(item.key, Mapping):
            problems.append(Problem("key", "not_an_object"))
        elif not problems:
            problems += _key_problems(item)
        return problems

    def answer_shape(self, item: Item) -> dict[str, Any]:
        return {"prompts": [prompt["key"] for prompt in item.settings["prompts"]], "keys": list(item.option_keys)}

    def shape_problem(self, shape: Shape, answer: Any) -> Problem | None:
        if not isinstance(answer, Mapping):
            return Problem("", "not_an_object")
        for prompt, choice in answer.items():
            if prompt not in shape["prompts"]:
                return Problem("", "unknown_prompt")
            if not isinstance(choice, str):
                return Problem(f"[{prompt}]", "not_text")
            if choice and choice not in shape["keys"]:
                return Problem(f"[{prompt}]", "unknown_key")
        return None

    def normal_answer(self, shape: Shape, answer: Any) -> dict[str, str] | None:
        return {prompt: answer[prompt] for prompt in shape["prompts"] if answer.get(prompt)} or None

    def judge(self, item: Item, answer: Any, rule: str) -> Grade:
        parts = tuple(Part(prompt, choice == item.key[prompt]) for prompt, choice in answer.items())
        hits = sum(part.right for part in parts)
        return Grade(
            fraction=earned(hits, len(parts) - hits, len(item.key), rule),
            correct=hits == len(item.key),
            answered=True,
            parts=parts,
        )

    def public(self, item: Item) -> dict[str, Any]:
        seen = super().public(item)
        seen["prompts"] = [{"key": prompt["key"], "text": prompt["text"]} for prompt in item.settings["prompts"]]
        return seen | ({"reuse": True} if item.settings.get("reuse") else {})

    def passages(self, item: Item) -> list[Passage]:
        found = []
        for index, prompt in enumerate(item.settings["prompts"]):
            found.append(Passage(f"prompts[{index}].text", prompt["text"]))
            if prompt.get("note"):
                found.append(Passage(f"prompts[{index}].note", prompt["note"], secret=True))
        return found


def _key_problems(item: Item) -> list[Problem]:
    wanted = [prompt["key"] for prompt in item.settings["prompts"]]
    problems = [Problem("key", "prompt_without_key", {"prompt": prompt}) for prompt in wanted if prompt not in item.key]
    for prompt, choice in item.key.items():
        if prompt not in wanted:
            problems.append(Problem("key", "unknown_prompt", {"prompt": prompt}))
        if choice not in item.option_keys:
            problems.append(Problem(f"key[{prompt}]", "unknown_key", {"key": choice}))
    if not problems:
        used = Counter(item.key.values()).most_common(1)[0]
        if not item.settings.get("reuse") and used[1] > 1:
            problems.append(Problem("key", "duplicate", {"key": used[0]}))
        elif 2 * used[1] > len(wanted):
            problems.append(Problem("key", "used_too_often", {"key": used[0], "most": len(wanted) // 2}))
    return problems


KIND = Matching()
