"""What somebody of a given ability answers to an item, right or wrong in a way that people err.

Whether an answer is right is decided by marking alone: what is made here as a wrong one may turn out right.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from question_bank import Item

MIDDLE = 3
STEP = 0.08
NUMBERS = ("三", "五", "七", "十", "十五", "二十", "三十", "六十", "3", "5", "10", "15", "30", "60")


def chance_right(ability: float, difficulty: int, lift: float = 0.0) -> float:
    """Return the chance, 0.05 to 0.98, that an item of ``difficulty`` (1 to 5) is answered rightly.

    ``ability`` is the chance at middle difficulty; ``lift`` comes on top, such as for an item seen before.
    """
    return min(0.98, max(0.05, ability + lift + (MIDDLE - difficulty) * STEP))


def draw_answer(random: Random, item: Item, ability: float, lift: float = 0.0) -> Any:
    """Return an answer of the shape that the item takes. Raises ``KeyError`` for a kind not in ``ANSWERED``."""
    right, wrong = ANSWERED[item.kind]
    if random.random() < chance_right(ability, item.difficulty, lift):
        return right(item)
    return wrong(random, item)


def _key(item: Item) -> Any:
    return list(item.key) if isinstance(item.key, tuple) else item.key


def _another_option(random: Random, item: Item) -> str:
    return random.choice([key for key in item.option_keys if key != item.key])


def _other_options(random: Random, item: Item) -> list[str]:
    # The usual slips: one right option not seen, or one taken along that only looks right.
    chosen = list(item.key)
    spare = [key for key in item.option_keys if key not in item.key]
    if not spare or random.random() < 0.55:
        chosen.remove(random.choice(chosen))
    if spare and (len(chosen) == len(item.key) or random.random() < 0.25):
        chosen.append(random.choice(spare))
    return sorted(chosen)


def _other_words(random: Random, item: Item) -> list[str]:
    blanks = [accepted[0] for accepted in item.key]
    blanks[random.randrange(len(blanks))] = random.choice(NUMBERS)
    return blanks


def _neighbours_swapped(random: Random, item: Item) -> list[str]:
    order = list(item.key)
    place = random.randrange(len(order) - 1)
    order[place], order[place + 1] = order[place + 1], order[place]
    return order


def _some_points(random: Random, item: Item) -> str:
    # Who does not know it all names some of it, in the words of the rubric and in their order.
    points = [row["point"] for row in item.settings["rubric"]]
    known = sorted(random.sample(range(len(points)), random.randint(1, max(1, len(points) - 1))))
    return "；".join(points[place] for place in known) + "。"


# kind: the right answer, a wrong one
ANSWERED: dict[str, tuple[Callable[[Item], Any], Callable[[Random, Item], Any]]] = {
    "single_choice": (_key, _another_option),
    "multiple_choice": (_key, _other_options),
    "true_false": (_key, lambda random, item: not item.key),
    "fill_blank": (lambda item: [accepted[0] for accepted in item.key], _other_words),
    "ordering": (_key, _neighbours_swapped),
    "short_answer": (lambda item: item.settings["sample"], _some_points),
}
