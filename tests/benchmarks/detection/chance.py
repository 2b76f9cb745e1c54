"""Seeded chance: exact draws with the standard library alone."""

import math
import random


def binomial(rng: random.Random, total: int, rate: float) -> int:
    """So many of ``total`` units fail: the gaps between failures are geometric, so it costs as much as there are failures."""
    if rate <= 0:
        return 0
    log_kept, failures, position = math.log1p(-rate), 0, 0
    while True:
        position += int(math.log(1.0 - rng.random()) / log_kept) + 1
        if position > total:
            return failures
        failures += 1


def poisson(rng: random.Random, mean: float) -> int:
    """So many events: the gaps between them are exponential."""
    events, passed = 0, rng.expovariate(1.0)
    while passed <= mean:
        events += 1
        passed += rng.expovariate(1.0)
    return events


def divergence(rate: float, limit: float) -> float:
    """Kullback-Leibler divergence of a rate from its limit: what a unit is worth as evidence, in nats."""
    return rate * math.log(rate / limit) + (1 - rate) * math.log((1 - rate) / (1 - limit))


def median(values: list[float]) -> float:
    """The middle one."""
    return sorted(values)[len(values) // 2]
