"""Whether two models differ by more than chance, where both answered the same samples.

McNemar (1947, doi:10.1007/BF02295996) looks only at samples that one model has right and the other
wrong: under equal models each of them is as likely to fall to one as to the other. Dietterich
(1998, doi:10.1162/089976698300017197) found this test to be right for two classifiers that were
trained once. Samples must be independent: patches are, pixels of one map are not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# From here on the normal approximation holds; below it the binomial distribution is summed up.
EXACT_BELOW = 25


@dataclass(frozen=True)
class McNemar:
    """The outcome of a test.

    Attributes:
        first_only: samples that only the first model has right.
        second_only: samples that only the second has right.
        p: two-sided probability of so unequal counts, or more so, under equal models.
        exact: whether p is from the binomial distribution.
    """

    first_only: int
    second_only: int
    p: float
    exact: bool


def mcnemar(first_only: int, second_only: int) -> McNemar:
    """Return the test of two counts of discordant samples.

    Fewer than 25: p = min(1, 2 P(X <= smaller count)), X binomial with probability 1/2. Else the
    chi-squared distribution with one degree of freedom of (|b - c| - 1)^2 / (b + c), with the
    correction for continuity of Edwards (1948, doi:10.1007/BF02289261).

    Example:
        >>> mcnemar(1, 5).p
        0.21875
    """
    both = first_only + second_only
    if both < EXACT_BELOW:
        smaller = min(first_only, second_only)
        tail = sum(math.comb(both, k) for k in range(smaller + 1)) / 2**both
        return McNemar(first_only, second_only, min(1.0, 2 * tail), True)
    statistic = max(0, abs(first_only - second_only) - 1) ** 2 / both
    return McNemar(first_only, second_only, math.erfc(math.sqrt(statistic / 2)), False)


def holm(probabilities: Sequence[float]) -> list[float]:
    """Return p values adjusted for being many (Holm 1979), in the order given.

    The k-th smallest of m is multiplied by m - k + 1, and none is below a smaller one's.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(probabilities)), key=lambda i: probabilities[i])
    adjusted = [0.0] * len(probabilities)
    largest = 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * probabilities[i]))
        adjusted[i] = largest
    return adjusted
