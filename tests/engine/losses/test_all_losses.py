"""One battery over all losses, and the two that have no test of their own."""

import itertools
import math

import numpy as np
import pytest
import torch

from lulc_engine import options
from lulc_engine.losses import get_loss
from lulc_engine.losses.context import LossContext
from lulc_engine.losses.dice import dice
from lulc_engine.losses.lovasz import lovasz

CLASSES = 4
CONTEXT = LossContext(weights=torch.tensor([0.9, 1.0, 1.2, 1.6]), focus=(1, 3))

every_loss = pytest.mark.parametrize("name", options.LOSSES)


def loss_of(name, logits, labels, context=CONTEXT):
    return get_loss(name)(logits, labels, context)


@pytest.fixture
def labels():
    """Two images of 6 x 5 with all classes and unlabelled pixels."""
    rng = np.random.default_rng(5)
    found = torch.from_numpy(rng.integers(-1, CLASSES, (2, 6, 5)))
    assert set(found.unique().tolist()) == {-1, 0, 1, 2, 3}
    return found


@pytest.fixture
def logits():
    return torch.randn(2, CLASSES, 6, 5, generator=torch.Generator().manual_seed(2))


def sure_of(classes, strength=30.0):
    """Return logits that name the given classes with certainty."""
    one_hot = torch.nn.functional.one_hot(classes.clamp(min=0), CLASSES).movedim(-1, 1)
    return strength * one_hot.float()


@every_loss
def test_every_name_leads_to_a_loss(name):
    assert callable(get_loss(name))


@every_loss
def test_perfect_is_nothing_and_all_wrong_is_worst(name, labels, logits):
    perfect = float(loss_of(name, sure_of(labels), labels))
    worst = float(loss_of(name, sure_of((labels + 1) % CLASSES), labels))
    assert 0 <= perfect < 1e-5
    assert worst > 0.7
    assert perfect < float(loss_of(name, logits, labels)) < worst


@every_loss
def test_unlabelled_pixels_change_neither_value_nor_gradient(name, labels, logits):
    other = torch.where((labels < 0).unsqueeze(1), logits * -7 + 100, logits)
    values, gradients = [], []
    for given in (logits, other):
        given = given.clone().requires_grad_()
        value = loss_of(name, given, labels)
        value.backward()
        values.append(float(value.detach()))
        gradients.append(given.grad)
    assert values[0] == values[1]
    assert torch.equal(*gradients)
    assert (gradients[0].movedim(1, -1)[labels < 0] == 0).all()
    assert (gradients[0].movedim(1, -1)[labels >= 0] != 0).any()


@every_loss
@pytest.mark.parametrize("focus", [(), (1, 3)])
def test_a_batch_without_labels_is_zero_with_a_gradient(name, logits, focus):
    given = logits.clone().requires_grad_()
    context = LossContext(weights=CONTEXT.weights, focus=focus)
    value = loss_of(name, given, torch.full((2, 6, 5), -1), context)
    value.backward()
    assert float(value.detach()) == 0
    assert torch.equal(given.grad, torch.zeros_like(given))


@every_loss
@pytest.mark.parametrize("right", [True, False])
def test_extreme_logits_give_finite_gradients(name, labels, right):
    named = labels if right else (labels + 1) % CLASSES
    given = (sure_of(named, 2e4) - 1e4).requires_grad_()
    value = loss_of(name, given, labels)
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(given.grad).all()


@every_loss
def test_the_order_of_the_batch_does_not_matter(name, labels, logits):
    value = float(loss_of(name, logits, labels))
    assert float(loss_of(name, logits.flip(0), labels.flip(0))) == pytest.approx(value, rel=1e-6)


@every_loss
def test_adding_a_constant_to_all_logits_does_not_matter(name, labels, logits):
    value = float(loss_of(name, logits, labels))
    assert float(loss_of(name, logits + 5, labels)) == pytest.approx(value, rel=1e-5)


@every_loss
def test_a_step_down_the_slope_lowers_it(name, labels, logits):
    given = logits.clone().requires_grad_()
    value = loss_of(name, given, labels)
    value.backward()
    step = 0.01 * given.grad / given.grad.norm()
    assert float(loss_of(name, logits - step, labels)) < float(value.detach())


@every_loss
def test_classes_absent_from_the_labels_do_no_harm(name, logits):
    given = logits.clone().requires_grad_()
    value = loss_of(name, given, torch.full((2, 6, 5), 2))
    value.backward()
    assert float(value.detach()) > 0
    assert torch.isfinite(given.grad).all()


# --- dice and lovasz -----------------------------------------------------------------------------


def test_dice_by_hand():
    """Two pixels of class 0 and 1, p = 3/4 and 1/2 for the right one; class 2 is absent."""
    p = torch.tensor([[0.75, 0.25, 1e-12], [0.5, 0.5, 1e-12], [0.1, 0.1, 0.8]])
    logits = p.log().T.reshape(1, 3, 1, 3)
    labels = torch.tensor([[[0, 1, -1]]])
    first = 2 * 0.75 / (1.25 + 1)
    second = 2 * 0.5 / (0.75 + 1)
    assert float(dice(logits, labels)) == pytest.approx(1 - (first + second) / 2, rel=1e-5)


def jaccard_loss(truth, wrong):
    """1 - IoU of a class when the pixels in ``wrong`` are mistaken."""
    members = {i for i, t in enumerate(truth) if t}
    found = members ^ set(wrong)
    return 1 - len(members & found) / len(members | found)


def lovasz_extension(truth, errors):
    """Definition of the extension: sum over the order of errors of m_i (J(S_i) - J(S_i-1))."""
    order = sorted(range(len(errors)), key=lambda i: -errors[i])
    return sum(
        errors[pixel] * (jaccard_loss(truth, order[: n + 1]) - jaccard_loss(truth, order[:n]))
        for n, pixel in enumerate(order)
    )


@pytest.mark.parametrize("seed", range(6))
def test_lovasz_is_the_extension_of_the_jaccard_loss(seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (2, 3, 3, 4))
    labels = rng.integers(-1, 3, (2, 3, 4))
    expected, pixels = [], []
    for n, row, column in itertools.product(range(2), range(3), range(4)):
        if labels[n, row, column] >= 0:
            raised = [math.exp(v) for v in logits[n, :, row, column]]
            pixels.append(([r / sum(raised) for r in raised], labels[n, row, column]))
    for k in sorted({y for _, y in pixels}):
        truth = [y == k for _, y in pixels]
        errors = [abs(t - p[k]) for (p, _), t in zip(pixels, truth, strict=True)]
        expected.append(lovasz_extension(truth, errors))
    found = lovasz(torch.from_numpy(logits), torch.from_numpy(labels))
    assert float(found) == pytest.approx(sum(expected) / len(expected), rel=1e-9)


def test_lovasz_of_hard_decisions_is_the_jaccard_loss():
    labels = torch.tensor([[[0, 0, 0, 1, 1]]])
    named = torch.tensor([[[0, 0, 1, 1, 0]]])
    logits = sure_of(named, 60.0)
    assert float(lovasz(logits, labels)) == pytest.approx(((1 - 2 / 4) + (1 - 1 / 3)) / 2)
