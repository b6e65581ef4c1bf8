"""Optimisers by name, against their formulas."""

import pytest
import torch

from lulc_engine.training.optimiser import make_optimizer, parameter_groups

RATE, DECAY = 0.1, 0.5


def step(name, weight, gradients):
    parameter = torch.nn.Parameter(torch.tensor([[weight]], dtype=torch.float64))
    optimizer = make_optimizer(name, parameter_groups([([parameter], RATE)]), DECAY)
    for gradient in gradients:
        parameter.grad = torch.tensor([[gradient]], dtype=torch.float64)
        optimizer.step()
    return float(parameter.detach())


def test_sgd_is_nesterovs_with_decay_in_the_gradient():
    """By hand: v = 0.9 v + g, w -= rate (g + 0.9 v), with g the slope + decay w."""
    weight, velocity = 2.0, 0.0
    for slope in (1.0, -3.0):
        gradient = slope + DECAY * weight
        velocity = 0.9 * velocity + gradient
        weight -= RATE * (gradient + 0.9 * velocity)
    assert step("sgd", 2.0, [1.0, -3.0]) == pytest.approx(weight)


def test_adamw_decays_apart_from_the_gradient_and_adam_never():
    # The first step of Adam is the rate in the direction of the slope, whatever its size.
    assert step("adam", 2.0, [0.3]) == pytest.approx(2.0 - RATE, abs=1e-6)
    assert step("adamw", 2.0, [0.3]) == pytest.approx(2.0 * (1 - RATE * DECAY) - RATE, abs=1e-6)


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_biases_are_not_decayed(name):
    bias = torch.nn.Parameter(torch.ones(3))
    optimizer = make_optimizer(name, parameter_groups([([bias], RATE)]), DECAY)
    bias.grad = torch.zeros(3)
    optimizer.step()
    assert torch.equal(bias.data, torch.ones(3))
