"""On which days an officer practised, and which item came next.

Practice is taken up in short spells at noon or in the evening. Items come new from the wing that the officer likes,
mixed with others, and come back on later days, those answered wrongly first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from trainer.demo.rules.dealing import apportion
from trainer.demo.rules.story import PracticeSpec

AGAIN = 0.4
FAVOURITE = 0.6
# Having seen the explanation, people do better the next time.
LIFT = 0.15


def practice_moments(random: Random, spec: PracticeSpec, today: date) -> list[tuple[date, int]]:
    """Return a local day and the second of that day for each answer, in order; all days lie before ``today``."""
    days = sorted(random.sample(range(1, spec.span_days + 1), spec.active_days), reverse=True)
    moments = []
    for back, count in zip(days, apportion(spec.answers, [random.uniform(0.5, 1.5) for _ in days]), strict=True):
        second = random.choice((12 * 3600 + 1200, 19 * 3600 + 1800)) + random.randrange(3600)
        for _ in range(count):
            moments.append((today - timedelta(days=back), second))
            second += random.randint(20, 75)
    return moments


@dataclass
class Deck:
    """The items of one officer: numbers of items by wing to draw from, and those seen, with their last answer's day."""

    random: Random
    wing: str
    new: dict[str, list[int]]
    wrong: dict[int, date] = field(default_factory=dict)
    right: dict[int, date] = field(default_factory=dict)

    @classmethod
    def shuffled(cls, random: Random, wing: str, items: Sequence[tuple[int, str]]) -> "Deck":
        """Return a full deck of (item, wing)."""
        new: dict[str, list[int]] = {}
        for number, own in random.sample(items, len(items)):
            new.setdefault(own, []).append(number)
        return cls(random, wing, new)

    def next(self, day: date) -> tuple[int, bool]:
        """Return an item for ``day`` and whether it has been seen before."""
        rested = next(self._rested(day), None)
        left = {wing: items for wing, items in self.new.items() if items}
        if rested is not None and (not left or self.random.random() < AGAIN):
            return rested, True
        if not left:
            return self.random.choice(sorted(self.wrong | self.right)), True
        liked = self.wing in left and self.random.random() < FAVOURITE
        return left[self.wing if liked else self.random.choice(sorted(left))].pop(), False

    def note(self, item: int, day: date, *, correct: bool) -> None:
        """Remember how an item was answered."""
        self.wrong.pop(item, None)
        self.right.pop(item, None)
        (self.right if correct else self.wrong)[item] = day

    def _rested(self, day: date) -> Iterator[int]:
        # Dictionaries keep the order of answering: the oldest first.
        for seen in (self.wrong, self.right):
            for item, last in seen.items():
                if last < day:
                    yield item
                # Later ones have been answered later still.
                break
