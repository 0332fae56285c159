"""How far a rate may be from what was counted.

Clopper and Pearson, Biometrika 26 (1934): the bound that holds whatever the true rate is. Wilson, JASA 22
(1927), for rates that are not rare. Both without a statistics package: n may be millions, and few of them
wrong.
"""

from __future__ import annotations

import math

CONFIDENCE = 0.95
Z_TWO_SIDED = 1.959963984540054
"""The normal quantile of 0.975."""
STEPS = 100
"""Halvings of [0, 1]: beyond what a float can tell apart."""
NEGLIGIBLE = 1e-17


def clopper_pearson_upper(wrong: int, n: int, confidence: float = CONFIDENCE) -> float:
    """The rate that `wrong` of `n` stays below with so much confidence (one-sided); 1.0 of nothing.

    >>> round(clopper_pearson_upper(0, 1000), 5)  # the rule of three: about 3/n
    0.00299
    """
    if not 0 <= wrong <= n:
        raise ValueError(f"{wrong} of {n}")
    if wrong == n:
        return 1.0
    low, high = wrong / n, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        if _at_most(wrong, n, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def clopper_pearson_lower(wrong: int, n: int, confidence: float = CONFIDENCE) -> float:
    """The rate that `wrong` of `n` stays above with so much confidence (one-sided); 0.0 of nothing.

    >>> round(clopper_pearson_lower(1, 128), 4), clopper_pearson_lower(0, 1000)
    (0.0004, 0.0)
    """
    return 1.0 - clopper_pearson_upper(n - wrong, n, confidence) if n else 0.0


def _at_most(wrong: int, n: int, rate: float) -> float:
    """The probability of at most `wrong` of `n` at a rate above `wrong / n`, so that terms fall downwards."""
    if not 0 < rate < 1:
        return 1.0 if rate <= 0 else 0.0
    logarithm = (
        math.lgamma(n + 1)
        - math.lgamma(wrong + 1)
        - math.lgamma(n - wrong + 1)
        + wrong * math.log(rate)
        + (n - wrong) * math.log1p(-rate)
    )
    share, term, odds = 0.0, 1.0, (1 - rate) / rate
    for count in range(wrong, -1, -1):
        share += term
        term *= count / (n - count + 1) * odds
        if term < NEGLIGIBLE * share:
            break
    return math.exp(logarithm) * share


def wilson(k: int, n: int) -> tuple[float, float]:
    """The interval that holds the rate behind `k` of `n` with 95 %; (0, 1) where nothing was counted.

    >>> [round(edge, 3) for edge in wilson(50, 100)]
    [0.404, 0.596]
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n}")
    if n == 0:
        return 0.0, 1.0
    z2, rate = Z_TWO_SIDED**2, k / n
    middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_TWO_SIDED / (1 + z2 / n) * math.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
    return max(0.0, middle - half) if k else 0.0, min(1.0, middle + half) if k < n else 1.0
