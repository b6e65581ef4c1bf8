"""Losses of patch classifiers against torch's own, scikit-learn's and the formulas written out."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional

from lulc_engine import options
from lulc_engine.losses import get_patch_loss
from lulc_engine.losses.context import PatchLossContext
from lulc_engine.losses.rarity import balanced_weights, positive_weights

WEIGHTS = torch.tensor([0.5, 1.0, 2.0, 0.8])
POSITIVE = torch.tensor([3.0, 1.0, 0.5, 7.0])
PLAIN = PatchLossContext()
FULL = PatchLossContext(WEIGHTS, POSITIVE, 0.1)
CONTEXTS = {"plain": PLAIN, "weights and smoothing": FULL}

every_loss = pytest.mark.parametrize("name", options.PATCH_LOSSES)
every_context = pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS)


@pytest.fixture
def logits():
    return torch.randn(9, 4, generator=torch.Generator().manual_seed(3)) * 3


@pytest.fixture
def one_hot():
    return functional.one_hot(torch.tensor([0, 1, 2, 3, 1, 1, 2, 0, 3]), 4).float()


@pytest.fixture
def several():
    rng = np.random.default_rng(1)
    return torch.from_numpy((rng.random((9, 4)) < 0.4).astype(np.float32))


def soft(targets):
    """Return targets as mixup leaves them."""
    return 0.7 * targets + 0.3 * targets.flip(0)


def value_of(name, logits, targets, context=PLAIN):
    return float(get_patch_loss(name)(logits, targets, context))


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def mean_of(logits, targets, context, positive, negative):
    """Return the mean of weighted terms, cell by cell, in Python's own numbers."""
    total = 0.0
    for n in range(len(logits)):
        for k in range(logits.shape[1]):
            p = sigmoid(float(logits[n, k]))
            t = float(targets[n, k]) * (1 - context.label_smoothing) + context.label_smoothing / 2
            w = 1.0 if context.weights is None else float(context.weights[k])
            v = 1.0 if context.positive_weights is None else float(context.positive_weights[k])
            total += w * (v * t * positive(p) + (1 - t) * negative(p))
    return total / logits.numel()


@every_context
def test_cross_entropy_is_torchs(logits, one_hot, context):
    for targets in (one_hot, soft(one_hot)):
        expected = functional.cross_entropy(
            logits, targets, context.weights, label_smoothing=context.label_smoothing
        )
        assert value_of("cross_entropy", logits, targets, context) == pytest.approx(float(expected))


@every_context
def test_binary_cross_entropy_is_torchs(logits, several, context):
    for targets in (several, soft(several)):
        smooth = targets * (1 - context.label_smoothing) + context.label_smoothing / 2
        expected = functional.binary_cross_entropy_with_logits(
            logits, smooth, context.weights, pos_weight=context.positive_weights
        )
        found = value_of("binary_cross_entropy", logits, targets, context)
        assert found == pytest.approx(float(expected))


@every_context
def test_focal_is_torchvisions_and_the_formula(logits, several, context):
    ops = pytest.importorskip("torchvision.ops")
    for gamma, alpha in ((3.0, 0.5), (2.0, 0.25), (0.0, 0.5), (0.5, 0.9)):
        given = dataclasses.replace(context, gamma=gamma, alpha=alpha)
        expected = mean_of(
            logits, several, given,
            lambda p, g=gamma, a=alpha: -a * (1 - p) ** g * math.log(p),
            lambda p, g=gamma, a=alpha: -(1 - a) * p**g * math.log(1 - p),
        )  # fmt: skip
        assert value_of("focal_bce", logits, several, given) == pytest.approx(expected, rel=1e-5)
        if context is PLAIN:
            theirs = ops.sigmoid_focal_loss(logits, several, alpha, gamma, "mean")
            assert value_of("focal_bce", logits, several, given) == pytest.approx(float(theirs))


@every_context
@pytest.mark.parametrize("clip", [0.05, 0.0, 0.3])
def test_asymmetric_is_the_formula(logits, several, context, clip):
    given = dataclasses.replace(context, clip=clip)

    def negative(p):
        shifted = max(p - clip, 0)
        return -(shifted**4) * math.log(1 - shifted)

    expected = mean_of(logits, several, given, lambda p: -(1 - p) * math.log(p), negative)
    assert value_of("asymmetric", logits, several, given) == pytest.approx(expected, rel=1e-5)


def test_asymmetric_forgives_negatives_that_are_nearly_right():
    logits = torch.logit(torch.tensor([[0.049, 0.02]])).requires_grad_()
    value = get_patch_loss("asymmetric")(logits, torch.zeros(1, 2), PLAIN)
    value.backward()
    assert float(value.detach()) == 0
    assert logits.grad.tolist() == [[0, 0]]


def test_losses_without_focus_or_clip_are_cross_entropies(logits, several):
    expected = value_of("binary_cross_entropy", logits, several)
    flat = PatchLossContext(gamma=0, alpha=0.5, gamma_positive=0, gamma_negative=0, clip=0)
    assert value_of("asymmetric", logits, several, flat) == pytest.approx(expected, rel=1e-6)
    assert value_of("focal_bce", logits, several, flat) == pytest.approx(expected / 2, rel=1e-6)


def test_soft_f1_of_sure_answers_is_the_score(several):
    said = several.roll(1, 0)
    assert (several.sum(0) > 0).all()
    scores = f1_score(several, said, average=None, zero_division=0)
    assert value_of("soft_f1", said * 200 - 100, several) == pytest.approx(1 - scores.mean())
    weighted = PatchLossContext(weights=WEIGHTS)
    expected = ((1 - scores) * WEIGHTS.numpy()).mean()
    assert value_of("soft_f1", said * 200 - 100, several, weighted) == pytest.approx(expected)


def test_soft_f1_by_hand():
    """p = 3/4 and 1/4 of one class of which the first patch is; the other class is absent."""
    logits = torch.logit(torch.tensor([[0.75, 0.9], [0.25, 0.9]]))
    targets = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    assert value_of("soft_f1", logits, targets) == pytest.approx(1 - 2 * 0.75 / (1 + 1))


@every_loss
@every_context
def test_an_empty_batch_is_zero_with_a_gradient(name, context):
    logits = torch.zeros(0, 4, requires_grad=True)
    value = get_patch_loss(name)(logits, torch.zeros(0, 4), context)
    value.backward()
    assert float(value.detach()) == 0
    assert logits.grad.shape == (0, 4)


@every_loss
@every_context
@pytest.mark.parametrize("strength", [100.0, 1e4])
def test_extreme_logits_give_finite_values_and_gradients(name, several, one_hot, context, strength):
    targets = one_hot if name == "cross_entropy" else several
    for signs in (targets * 2 - 1, 1 - targets * 2):
        logits = (signs * strength).requires_grad_()
        value = get_patch_loss(name)(logits, targets, context)
        value.backward()
        assert torch.isfinite(value)
        assert torch.isfinite(logits.grad).all()


@every_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_left_behind(name, one_hot, dtype):
    logits = (one_hot * 8 - 4).to(dtype)
    value = get_patch_loss(name)(logits, one_hot, FULL)
    assert value.dtype == torch.float32
    assert float(value) == value_of(name, logits.float(), one_hot, FULL)


@every_loss
@every_context
def test_a_step_down_the_slope_lowers_it(name, logits, several, one_hot, context):
    targets = soft(one_hot if name == "cross_entropy" else several)
    given = logits.clone().requires_grad_()
    value = get_patch_loss(name)(given, targets, context)
    value.backward()
    step = 0.01 * given.grad / given.grad.norm()
    assert value_of(name, logits - step, targets, context) < float(value.detach())


@every_loss
def test_gradients_are_the_slopes(name, logits, one_hot):
    """Double precision is out of reach (float32 by contract), so slopes are taken coarsely."""
    given = logits[:3].clone().requires_grad_()
    get_patch_loss(name)(given, soft(one_hot)[:3], FULL).backward()
    for n, k in np.ndindex(3, 4):
        step = torch.zeros(3, 4)
        step[n, k] = 0.02
        rise = value_of(name, logits[:3] + step, soft(one_hot)[:3], FULL)
        fall = value_of(name, logits[:3] - step, soft(one_hot)[:3], FULL)
        assert float(given.grad[n, k]) == pytest.approx((rise - fall) / 0.04, abs=2e-4)


@pytest.mark.parametrize("name", [name for name in options.PATCH_LOSSES if name != "soft_f1"])
def test_mixing_targets_mixes_losses(name, logits, one_hot):
    other = one_hot.roll(2, 0)
    mixed = value_of(name, logits, 0.7 * one_hot + 0.3 * other, FULL)
    apart = 0.7 * value_of(name, logits, one_hot, FULL) + 0.3 * value_of(name, logits, other, FULL)
    assert mixed == pytest.approx(apart, rel=1e-5)


@every_loss
def test_perfect_is_nothing_and_all_wrong_is_worst(name, logits, one_hot):
    perfect = value_of(name, one_hot * 60 - 30, one_hot)
    worst = value_of(name, one_hot.roll(1, 1) * 60 - 30, one_hot)
    assert 0 <= perfect < 1e-5
    assert perfect < value_of(name, logits, one_hot) < worst


# --- weights -------------------------------------------------------------------------------------


def test_balanced_weights_are_scikit_learns():
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    assert balanced_weights(np.array([50, 30, 20])).tolist() == pytest.approx(expected.tolist())


def test_weights_by_rarity_have_bounds():
    given = balanced_weights(np.array([0, 999_999, 1]))
    assert given.tolist() == pytest.approx([1, 1_000_000 / 3 / 999_999, 10])
    given = positive_weights(np.array([0, 100, 50, 20, 1, 99]), 100)
    assert given.tolist() == pytest.approx([1, 1, 1, 4, 10, 0.1])
