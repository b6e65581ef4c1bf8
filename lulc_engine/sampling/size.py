"""How many points an accuracy sample needs, and how many of them each map class gets.

After Olofsson et al. (2014), Good practices for estimating area and assessing accuracy of land
change, Remote Sensing of Environment 148, 42-57, doi:10.1016/j.rse.2014.02.015, section 5.1, and
Cochran (1977), Sampling techniques, chapters 4 and 5. A class is a stratum; W_i is its share of the
map, U_i the user's accuracy expected of it, S_i = sqrt(U_i (1 - U_i)) its standard deviation.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.int64]
Rates = npt.NDArray[np.float64]


def stratified_size(pixels: Pixels, expected: Rates, standard_error: float) -> int:
    """Return the number of points that gives overall accuracy a standard error when stratified.

    n = (sum W_i S_i)^2 / (S(O)^2 + sum W_i S_i^2 / N), equation 13 of Olofsson et al., for the
    allocation that suits overall accuracy best; rounded up.

    Args:
        pixels: int64 (K,), the map's pixels of each class.
        expected: float64 (K,), the user's accuracies expected, 0 to 1.
        standard_error: S(O), as a share of 1.

    Example:
        >>> paper = np.array([200_000, 150_000, 3_200_000, 6_450_000])
        >>> stratified_size(paper, np.array([0.7, 0.6, 0.9, 0.95]), 0.01)
        641
    """
    weights = pixels / pixels.sum()
    variances = expected * (1 - expected)
    spread = float((weights * np.sqrt(variances)).sum())
    finite = float((weights * variances).sum()) / int(pixels.sum())
    return max(1, math.ceil(spread**2 / (standard_error**2 + finite)))


def simple_size(pixels: Pixels, expected: Rates, standard_error: float) -> int:
    """Return the number of points that gives overall accuracy a standard error when simple random.

    n = O (1 - O) / (S(O)^2 + O (1 - O) / N) with the accuracy expected overall O = sum W_i U_i:
    equation 12 of Olofsson et al. with d = z S(O), corrected for a finite map (Cochran, 4.2).

    Args:
        pixels: int64 (K,), the map's pixels of each class.
        expected: float64 (K,), the user's accuracies expected, 0 to 1.
        standard_error: S(O), as a share of 1.
    """
    total = int(pixels.sum())
    overall = float((pixels * expected).sum()) / total
    variance = overall * (1 - overall)
    return max(1, math.ceil(variance / (standard_error**2 + variance / total)))


def allocate(size: int, pixels: Pixels, minimum: int) -> Pixels:
    """Return how many points each class gets: in proportion to its pixels, but a minimum each.

    Classes that their share would give fewer than the minimum get the minimum; what is left is
    divided among the others in proportion to their pixels, as in the paper's table 5. No class gets
    more points than it has pixels.

    Args:
        size: points in all; raised to what the minima need, lowered to the pixels there are.
        pixels: int64 (K,), the map's pixels of each class, all above 0.
        minimum: points that each class gets at least.

    Example:
        >>> allocate(641, np.array([200_000, 150_000, 3_200_000, 6_450_000]), 75).tolist()
        [75, 75, 163, 328]
    """
    least = np.minimum(minimum, pixels)
    size = min(max(size, int(least.sum())), int(pixels.sum()))
    fixed = np.full(len(pixels), -1, np.int64)
    while (fixed < 0).any():
        free = fixed < 0
        left = size - int(fixed[~free].sum())
        share = left * pixels / int(pixels[free].sum())
        small = free & (share < least)
        if not small.any():
            fixed[free] = _rounded(share[free], left, pixels[free])
        fixed[small] = least[small]
    return fixed


def stratified_error(pixels: Pixels, expected: Rates, points: Pixels) -> float:
    """Return the standard error of overall accuracy to expect of a stratified sample.

    sqrt(sum W_i^2 S_i^2 / n_i (1 - n_i / N_i)): Cochran (1977), equation 5.7.

    Args:
        pixels: int64 (K,), the map's pixels of each class.
        expected: float64 (K,), the user's accuracies expected.
        points: int64 (K,), points of each class, all above 0.
    """
    weights = pixels / pixels.sum()
    variances = expected * (1 - expected) / points * (1 - points / pixels)
    return math.sqrt(float((weights**2 * variances).sum()))


def simple_error(pixels: Pixels, expected: Rates, points: int) -> float:
    """Return the standard error of overall accuracy to expect of a simple random sample.

    sqrt(O (1 - O) / n (1 - n / N)): Cochran (1977), equation 3.6.
    """
    total = int(pixels.sum())
    overall = float((pixels * expected).sum()) / total
    return math.sqrt(overall * (1 - overall) / points * (1 - points / total))


def _rounded(shares: Rates, total: int, most: Pixels) -> Pixels:
    """Return whole numbers near the shares that sum to the total (largest remainders)."""
    whole = np.minimum(np.floor(shares).astype(np.int64), most)
    order = np.argsort(whole - shares, kind="stable")
    for index in order[: total - int(whole.sum())]:
        whole[index] += 1
    return whole
