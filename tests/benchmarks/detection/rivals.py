"""How others judge: each as it is used, so that its faults can be seen beside ours. Each says whether a window ever called a breach.

A window is a list of polls, each with the failures and units of the new version and of the one before.
"""

import math

LIMIT = 0.05
_FEWEST_POINTS = 5
"""Kayenta advises about fifty points and takes as few as this."""


def latest(polls):
    """The newest sample against the threshold: a plain alert."""
    return any(bad > LIMIT * total for bad, total, _, _ in polls if total)


def cumulative(polls):
    """All since the release against the threshold."""
    bad = total = 0
    for more, units, _, _ in polls:
        bad, total = bad + more, total + units
        if total and bad > LIMIT * total:
            return True
    return False


def in_a_row(polls, wanted=3):
    """So many samples over the threshold, one after the other (Flagger, Argo Rollouts)."""
    row = 0
    for bad, total, _, _ in polls:
        row = row + 1 if total and bad > LIMIT * total else 0
        if row >= wanted:
            return True
    return False


def mann_whitney(polls):
    """The rank test of all samples of both versions, at every poll (Kayenta: 98 %, and a rise of the mean)."""
    new, old = [], []
    for bad, total, bad_before, total_before in polls:
        if total and total_before:
            new.append(bad / total)
            old.append(bad_before / total_before)
        if len(new) >= _FEWEST_POINTS and len(new) % 2 and _is_higher(new, old):
            return True
    return False


def _is_higher(new, old):
    """Whether the new samples rank higher, by the normal approximation with ties, and their mean is a quarter above."""
    ranked = sorted([(value, 0) for value in new] + [(value, 1) for value in old])
    ranks, ties, position = 0.0, 0.0, 0
    while position < len(ranked):
        end = position
        while end < len(ranked) and ranked[end][0] == ranked[position][0]:
            end += 1
        same = end - position
        ranks += sum((position + end + 1) / 2 for item in ranked[position:end] if item[1] == 0)
        ties += same**3 - same
        position = end
    count, whole = len(new), len(ranked)
    spread = count * len(old) / 12 * ((whole + 1) - ties / (whole * (whole - 1)))
    if spread <= 0:
        return False
    statistic = (ranks - count * (count + 1) / 2 - count * len(old) / 2) / math.sqrt(spread)
    return statistic > 2.326 and sum(new) > 1.25 * sum(old)


RIVALS = {"latest sample": latest, "cumulative": cumulative, "3 in a row": in_a_row, "Mann-Whitney": mann_whitney}
