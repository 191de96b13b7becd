"""Sharing out whole numbers by weights: shares come out exactly, not just on average."""

from collections.abc import Mapping, Sequence
from random import Random


def apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Split ``total`` by ``weights`` into whole numbers that add up to it.

    Largest remainders; of equal remainders the earlier one wins. All weights 0 counts as all equal.
    Raises ``ValueError`` without weights, with a negative weight or a negative total.
    """
    if not weights or total < 0 or min(weights) < 0:
        raise ValueError("apportion needs weights and a total that are not negative")
    if not any(weights):
        weights = [1.0] * len(weights)
    whole = sum(weights)
    quotas = [total * weight / whole for weight in weights]
    shares = [int(quota) for quota in quotas]
    by_remainder = sorted(range(len(weights)), key=lambda index: (shares[index] - quotas[index], index))
    for index in by_remainder[: total - sum(shares)]:
        shares[index] += 1
    return shares


def deal(random: Random, total: int, weights: Mapping[str, float]) -> list[str]:
    """Return ``total`` labels in shuffled order, each as often as its weight says."""
    counts = apportion(total, list(weights.values()))
    labels = [label for label, count in zip(weights, counts, strict=True) for _ in range(count)]
    random.shuffle(labels)
    return labels
