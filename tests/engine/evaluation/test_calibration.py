"""The temperature against scipy's minimiser, calibration errors against hand-worked ones."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, softmax

from lulc_engine.evaluation.calibration import (
    BINS,
    HIGHEST,
    LOWEST,
    expected_calibration_error,
    fit_temperature,
    reliability,
)


def single_case(seed, temperature, n=2000, classes=5):
    """Labels that occur as often as the softmax of logits / temperature says."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (n, classes)).astype(np.float32)
    p = softmax(logits.astype(float) / temperature, axis=1)
    targets = (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    return logits, targets.clip(max=classes - 1).astype(np.int16)


def several_case(seed, temperature, n=2000, classes=4):
    rng = np.random.default_rng(seed)
    logits = rng.normal(-1, 3, (n, classes)).astype(np.float32)
    return logits, (rng.random(logits.shape) < expit(logits / temperature)).astype(np.uint8)


def likelihood(logits, targets, temperature):
    z = logits.astype(float) / temperature
    if targets.ndim == 2:
        return (np.logaddexp(0, z) - z * targets).mean()
    return -log_softmax(z, axis=1)[np.arange(len(z)), targets].mean()


@pytest.mark.parametrize("make", [single_case, several_case])
@pytest.mark.parametrize(("seed", "temperature"), [(0, 1.0), (1, 2.7), (2, 0.4), (3, 6.0)])
def test_the_temperature_is_scipys_minimum(make, seed, temperature):
    logits, targets = make(seed, temperature)
    found = fit_temperature(logits, targets)
    best = minimize_scalar(
        lambda t: likelihood(logits, targets, t), bounds=(LOWEST, HIGHEST), method="bounded",
        options={"xatol": 1e-7},
    )  # fmt: skip
    assert found == pytest.approx(best.x, rel=2e-4)
    assert found == pytest.approx(temperature, rel=0.15)  # the one the labels were drawn with
    assert likelihood(logits, targets, found) <= likelihood(logits, targets, 1.0) + 1e-12


def test_the_temperature_of_very_large_logits():
    logits, targets = single_case(4, 3.0)
    assert fit_temperature(logits * 1e4, targets) == HIGHEST
    found = fit_temperature(logits.astype(np.float64) + 1e6, targets)
    assert found == pytest.approx(fit_temperature(logits, targets), rel=1e-3)


def test_small_pieces_give_the_same(monkeypatch):
    logits, targets = single_case(5, 2.0)
    whole = fit_temperature(logits, targets)
    monkeypatch.setattr("lulc_engine.evaluation.calibration._CHUNK", 999)
    assert fit_temperature(logits, targets) == whole


@pytest.mark.parametrize(
    ("logits", "targets"),
    [
        (np.zeros((0, 3)), np.zeros(0, int)),
        (np.eye(3), np.arange(3)),  # no error: the colder the better, for ever
        (np.array([[5.0, -5.0]]), np.array([[1, 0]])),
        (np.zeros((0, 3)), np.zeros((0, 3), int)),
    ],
)
def test_where_nothing_tells_the_temperature_is_1(logits, targets):
    assert fit_temperature(logits, targets) == 1


def test_the_temperature_has_bounds():
    assert fit_temperature(np.eye(2) * 9, np.array([1, 0])) == HIGHEST  # always wrong
    almost = np.array([[1.0, 0.0]] * 999 + [[0.0, 1e-6]])
    assert fit_temperature(almost, np.zeros(1000, int)) == LOWEST


def test_scaling_halves_an_error_of_calibration():
    logits, targets = single_case(6, 3.0, n=20000)
    errors = []
    for temperature in (1.0, fit_temperature(logits, targets)):
        p = softmax(logits.astype(float) / temperature, axis=1)
        rows = reliability(p.max(axis=1), p.argmax(axis=1) == targets)
        errors.append(expected_calibration_error(rows))
    assert errors[0] > 0.2
    assert errors[1] < 0.02


def ece_by_hand(said, right):
    """Equation 3 of Guo et al., bin by bin, as it stands in the paper."""
    total = 0.0
    for m in range(1, BINS + 1):
        inside = (said > (m - 1) / BINS) & (said <= m / BINS)
        if inside.any():
            total += inside.sum() / len(said) * abs(right[inside].mean() - said[inside].mean())
    return total


@pytest.mark.parametrize("seed", range(4))
def test_the_calibration_error_is_that_of_the_paper(seed):
    rng = np.random.default_rng(seed)
    said = rng.random(500) * 0.999 + 0.001
    right = rng.random(500) < said**2
    rows = reliability(said, right)
    assert expected_calibration_error(rows) == pytest.approx(ece_by_hand(said, right), abs=1e-12)
    assert sum(row["n"] for row in rows) == 500
    assert len(rows) == BINS


def test_bins_are_closed_at_their_upper_end():
    said = np.array([0.0, 1 / 15, 0.0667, 2 / 15, 1.0])
    counts = [row["n"] for row in reliability(said, said > 2)]
    assert counts[:2] == [2, 2]
    assert counts[-1] == 1
    assert reliability(said, said > 2)[5] == {"n": 0, "said": None, "right": None}


def test_no_samples_have_no_error():
    assert expected_calibration_error(reliability(np.zeros(0), np.zeros(0, bool))) is None
