"""The class-focused loss against the same formulas written out pixel by pixel."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from lulc_engine.losses.class_focused import class_focused, tversky
from lulc_engine.losses.context import FocusSettings, LossContext
from lulc_engine.losses.cross_entropy import loss as cross_entropy
from lulc_engine.losses.focal import loss as focal
from lulc_engine.losses.pixels import class_weights

NONE = FocusSettings(cross_entropy_share=0, focal_share=0, tversky_share=0)
TERMS = {
    "cross entropy": replace(NONE, cross_entropy_share=1),
    "focal": replace(NONE, focal_share=1),
    "tversky": replace(NONE, tversky_share=1),
    "published": FocusSettings(),
    "other numbers": FocusSettings(0.2, 1.5, 0.7, 1.0, 0.9, 0.3, 0.6),
}


def softmax(values):
    largest = max(values)
    exponentials = [math.exp(value - largest) for value in values]
    return [value / sum(exponentials) for value in exponentials]


def written_out(logits, labels, weights, focus, s):
    """Return the loss as the definition reads, with loops and Python's own numbers."""
    count, classes, height, width = logits.shape
    cross_entropy_sum = focal_sum = 0.0
    valid = 0
    indices = []
    for n in range(count):
        tp, fp, fn, support = ([0.0] * classes for _ in range(4))
        for row in range(height):
            for column in range(width):
                y = labels[n, row, column]
                if y < 0:
                    continue
                p = softmax([float(value) for value in logits[n, :, row, column]])
                valid += 1
                cross_entropy_sum += weights[y] * -math.log(p[y])
                focal_sum += s.focal_alpha * (1 - p[y]) ** s.gamma * -math.log(p[y])
                for k in range(classes):
                    if k == y:
                        tp[k] += p[k]
                        fn[k] += 1 - p[k]
                        support[k] += 1
                    else:
                        fp[k] += p[k]
        for k in focus:
            if support[k]:
                below = tp[k] + s.alpha * fp[k] + s.beta * fn[k] + 1e-6
                indices.append((tp[k] + 1e-6) / below)
    total = s.tversky_share * (1 - sum(indices) / len(indices)) if indices else 0.0
    if valid:
        total += s.cross_entropy_share * cross_entropy_sum / valid
        total += s.focal_share * focal_sum / valid
    return total


def random_case(seed):
    """Logits, labels with gaps and absent classes, weights and focus classes."""
    rng = np.random.default_rng(seed)
    count, classes = int(rng.integers(1, 4)), int(rng.integers(2, 7))
    height, width = rng.integers(1, 7, 2)
    logits = rng.normal(0, 3, (count, classes, height, width))
    present = rng.choice(classes, int(rng.integers(1, classes + 1)), replace=False)
    labels = rng.choice(present, (count, height, width))
    labels[rng.random(labels.shape) < rng.choice([0, 0.4, 0.9])] = -1
    weights = rng.uniform(0.9, 1.6, classes)
    focus = tuple(int(k) for k in rng.choice(classes, rng.integers(0, classes), replace=False))
    return logits, labels, weights, focus


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("seed", range(20))
def test_it_is_the_definition(term, seed):
    logits, labels, weights, focus = random_case(seed)
    found = class_focused(
        torch.from_numpy(logits), torch.from_numpy(labels), torch.from_numpy(weights), focus,
        TERMS[term],
    )  # fmt: skip
    expected = written_out(logits, labels, weights, focus, TERMS[term])
    assert float(found) == pytest.approx(expected, abs=1e-6, rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_single_precision_is_good_enough(seed):
    logits, labels, weights, focus = random_case(seed)
    found = class_focused(
        torch.from_numpy(logits).float(), torch.from_numpy(labels),
        torch.from_numpy(weights).float(), focus,
    )  # fmt: skip
    expected = written_out(logits, labels, weights, focus, FocusSettings())
    assert float(found) == pytest.approx(expected, rel=2e-6, abs=1e-6)


def test_the_cases_hold_what_they_are_for():
    cases = [random_case(seed) for seed in range(20)]
    assert any((labels < 0).any() for _, labels, _, _ in cases)
    assert any(set(focus) - set(np.unique(labels)) for _, labels, _, focus in cases)
    assert any(not focus for _, _, _, focus in cases)


def test_weights_are_not_renormalised():
    logits = torch.zeros(1, 2, 2, 2)
    labels = torch.tensor([[[0, 0], [0, 1]]])
    found = cross_entropy(logits, labels, LossContext(torch.tensor([1.0, 3.0])))
    assert float(found) == pytest.approx(math.log(2) * (3 * 1 + 3) / 4)


def test_focal_by_hand():
    logits = torch.tensor([[[[math.log(3.0)]], [[0.0]]]])  # p = 3/4, 1/4
    expected = 0.5 * 0.25**2.5 * -math.log(0.75)
    assert float(focal(logits, torch.tensor([[[0]]]), LossContext())) == pytest.approx(expected)
    weighted = focal(logits, torch.tensor([[[0]]]), LossContext(torch.tensor([1.5, 9.0])))
    assert float(weighted) == pytest.approx(1.5 * expected)


def test_tversky_counts_by_image_and_leaves_absent_classes_out():
    even = torch.zeros(2, 2, 1, 2)  # p is 1/2 everywhere
    labels = torch.tensor([[[1, 0]], [[0, 0]]])  # class 1 only in the first image
    index = (0.5 + 1e-6) / (0.5 + 0.8 * 0.5 + 0.2 * 0.5 + 1e-6)
    assert float(tversky(even, labels, [1], 0.8, 0.2)) == pytest.approx(1 - index)
    assert float(tversky(even[1:], labels[1:], [1], 0.8, 0.2)) == 0


# --- the direction of the gradient ---------------------------------------------------------------


@pytest.mark.parametrize("term", ["cross entropy", "focal", "tversky", "published"])
@pytest.mark.parametrize("seed", range(4))
def test_raising_the_right_logit_lowers_the_loss(term, seed):
    """Labelled pixels of focus classes: right logit down the slope, each wrong one up."""
    rng = np.random.default_rng(seed)
    logits = torch.from_numpy(rng.normal(0, 1.5, (2, 3, 4, 4))).requires_grad_()
    labels = torch.from_numpy(rng.integers(-1, 3, (2, 4, 4)))
    class_focused(logits, labels, torch.ones(3).double(), (0, 1, 2), TERMS[term]).backward()
    for n, row, column in np.argwhere(labels.numpy() >= 0):
        gradient = logits.grad[n, :, row, column]
        assert gradient[labels[n, row, column]] < 0
    assert (logits.grad.movedim(1, -1)[labels < 0] == 0).all()


def one_step(labels, pixel, k, focus=(1,)):
    """Return the slope of the Tversky term for logit k of a pixel, all logits being 0."""
    logits = torch.zeros(1, 3, 1, len(labels), dtype=torch.float64, requires_grad=True)
    tversky(logits, torch.tensor([[labels]]), focus, 0.8, 0.2).backward()
    return float(logits.grad[0, k, 0, pixel])


def test_a_false_positive_of_a_focus_class_costs():
    assert one_step([1, 0], 1, 1) > 0


def test_a_false_negative_of_a_focus_class_costs():
    assert one_step([1, 0], 0, 1) < 0
    assert one_step([1, 0], 0, 2) > 0


def test_other_classes_among_each_other_cost_nothing():
    """Class 0 and class 2 at a pixel of class 0 differ only in what they take from class 1."""
    assert one_step([1, 0], 1, 0) == pytest.approx(one_step([1, 0], 1, 2))


def test_without_a_focus_class_in_the_image_there_is_no_pull():
    assert one_step([0, 2], 0, 1) == 0


def test_false_positives_weigh_four_times_what_false_negatives_do():
    """With hard decisions TI = TP / (TP + 0.8 FP + 0.2 FN)."""
    sure = 60.0

    def loss(predicted, labels):
        logits = torch.zeros(1, 2, 1, len(labels), dtype=torch.float64)
        for place, k in enumerate(predicted):
            logits[0, k, 0, place] = sure
        return float(tversky(logits, torch.tensor([[labels]]), [1], 0.8, 0.2))

    assert loss([1, 1, 0], [1, 0, 0]) == pytest.approx(1 - 1 / 1.8, abs=1e-6)  # one FP
    assert loss([1, 0, 0], [1, 1, 0]) == pytest.approx(1 - 1 / 1.2, abs=1e-6)  # one FN


# --- class weights -------------------------------------------------------------------------------


def test_class_weights_are_inverse_frequencies_between_bounds():
    counts = torch.tensor([600, 300, 200, 100])  # N / (4 n) = 0.5, 1, 1.5, 3
    assert class_weights(counts).tolist() == pytest.approx([0.9, 1.0, 1.5, 1.6])
    unbounded = class_weights(counts, low=0, high=1000)
    assert unbounded.tolist() == pytest.approx([0.5, 1.0, 1.5, 3.0])


def test_focus_classes_count_twice_before_clipping():
    counts = torch.tensor([600, 300, 200, 100])
    assert class_weights(counts, (0, 1)).tolist() == pytest.approx([1.0, 1.6, 1.5, 1.6])


def test_a_class_without_pixels_gets_the_upper_bound():
    assert class_weights(torch.tensor([10, 0])).tolist() == pytest.approx([0.9, 1.6])
    assert class_weights(torch.tensor([10, 0]), (1,)).tolist() == pytest.approx([0.9, 1.6])
