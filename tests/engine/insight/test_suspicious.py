import numpy as np
import pytest
from invented import fields, make_samples
from scipy.stats import multivariate_normal

from lulc_engine.errors import Cancelled
from lulc_engine.insight.separability import RIDGE, Normal, standardised
from lulc_engine.insight.suspicious import find_suspicious, log_likelihood


def nothing():
    pass


def by_hand(samples):
    """Return feature, best class, share and margin of suspicious units, fitting everything anew."""
    values, ridge = standardised(samples.values), RIDGE * np.eye(samples.values.shape[1])

    def fitted(rows):
        return multivariate_normal(rows.mean(axis=0), np.cov(rows, rowvar=False) + ridge)

    found = {}
    for number, unit in enumerate(samples.units):
        members = samples.unit_of == number
        own = fitted(values[(samples.targets == unit.target) & ~members]).logpdf(values[members])
        best = None
        for other in set(samples.targets.tolist()) - {unit.target}:
            gains = fitted(values[samples.targets == other]).logpdf(values[members]) - own
            if best is None or np.median(gains) > best[1]:
                best = (other, np.median(gains), (gains > 0).mean())
        if best[2] > 0.5:
            found[unit.name] = best
    return found


def test_agrees_with_fitting_everything_anew():
    samples = make_samples(fields(apart=0.4, each=9, pixels=5, unlike=0.05))  # classes that overlap
    found, unjudged = find_suspicious(samples, nothing)
    expected = by_hand(samples)
    assert unjudged == []
    assert 0 < len(expected) < len(samples.units)
    assert {item.unit.name for item in found} == set(expected)
    for item in found:
        fits, margin, share = expected[item.unit.name]
        assert (item.fits, item.share) == (fits, share)
        assert item.margin == pytest.approx(margin, rel=1e-6)
    assert [item.margin for item in found] == sorted((i.margin for i in found), reverse=True)


def test_log_likelihood_is_that_of_scipy_but_for_the_constant():
    rng = np.random.default_rng(0)
    values, root = rng.normal(size=(20, 4)), rng.normal(size=(4, 4))
    given = Normal(rng.normal(size=4), root @ root.T + np.eye(4))
    expected = multivariate_normal(given.mean, given.covariance).logpdf(values)
    constant = 2 * np.log(2 * np.pi)
    assert log_likelihood(values, given) - constant == pytest.approx(expected, abs=1e-10)


def test_a_wrong_label_is_found_and_right_ones_are_not():
    parts = fields(apart=8)
    parts[2] = (1, parts[2][1])  # of class 0
    found, _ = find_suspicious(make_samples(parts), nothing)
    assert [(item.unit.name, item.fits, item.share) for item in found] == [("feature 2", 0, 1.0)]
    assert found[0].margin > 0
    assert found[0].pixels == 30


def test_the_only_polygon_of_a_class_cannot_be_judged():
    alone = (3, np.random.default_rng(5).normal(size=(40, 3)) - 9)
    found, unjudged = find_suspicious(make_samples([*fields(apart=8), alone]), nothing)
    assert [unit.name for unit in unjudged] == ["feature 18"]
    assert found == []


def test_one_class_alone_cannot_be_judged():
    parts = [part for part in fields() if part[0] == 0]
    found, unjudged = find_suspicious(make_samples(parts), nothing)
    assert (found, len(unjudged)) == ([], 6)


def test_can_be_cancelled():
    def stop():
        raise Cancelled

    with pytest.raises(Cancelled):
        find_suspicious(make_samples(fields()), stop)
