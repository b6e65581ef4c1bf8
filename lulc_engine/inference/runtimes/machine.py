"""Where and how to compute, decided without loading PyTorch where it is not needed."""

from __future__ import annotations

import ctypes.util
import dataclasses
import importlib.util
import os
import platform
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lulc_engine.errors import EnvironmentFailure, OptionsError
from lulc_engine.options import ClassifyOptions

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Machine:
    """What executes a network.

    Attributes:
        runtime: openvino or torch.
        device: as the user named it, for torch.
        threads: processor threads, at least 1.
        precision: f32, bf16, or auto where both are possible.
    """

    runtime: str
    device: str
    threads: int
    precision: str

    def torch_device(self) -> torch.device:
        """Return the device for PyTorch, after telling it the number of threads."""
        from lulc_engine.devices import choose_device, use_threads

        use_threads(self.threads)
        return choose_device(self.device)

    def at(self, precision: str) -> Machine:
        """Return the same machine with one precision."""
        return dataclasses.replace(self, precision=precision)


def choose_machine(options: ClassifyOptions, is_patch_classifier: bool) -> Machine:
    """Return what the options and the machine allow.

    OpenVINO runs segmenters on processors. PyTorch runs everything else, in float32.

    Raises:
        OptionsError: the options contradict each other.
        EnvironmentFailure: OpenVINO is asked for and not installed, or this processor has no
            bfloat16.
    """
    threads = options.threads or _cores()
    runtime = options.runtime
    if runtime == "auto":
        on_processor = options.device == "cpu" or (options.device == "auto" and not _has_gpu())
        can = on_processor and not is_patch_classifier and _has_openvino()
        runtime = "openvino" if can else "torch"
    elif runtime == "openvino":
        _check_openvino(options, is_patch_classifier)
    precision = options.precision
    if runtime == "torch":
        if precision == "bf16":
            raise OptionsError(
                "--precision bf16 needs the runtime openvino, which was not chosen here.",
                "Leave PRECISION at auto.",
            )
        return Machine(runtime, options.device, threads, "f32")
    if precision != "f32" and not _has_bf16():
        if precision == "bf16":
            raise EnvironmentFailure(
                "This processor does not compute in bf16.", "Leave PRECISION at auto."
            )
        precision = "f32"
    return Machine(runtime, options.device, threads, precision)


def _check_openvino(options: ClassifyOptions, is_patch_classifier: bool) -> None:
    if options.device not in ("auto", "cpu"):
        raise OptionsError(
            f"--runtime openvino computes on the processor, not on {options.device}.",
            "Choose the runtime torch for a GPU.",
        )
    if is_patch_classifier:
        raise OptionsError(
            "--runtime openvino is for segmenters; the model is a patch classifier.",
            "Leave RUNTIME at auto.",
        )
    if not _has_openvino():
        raise EnvironmentFailure(
            "OpenVINO is not installed in the engine's environment.",
            "Set the engine up again, or choose the runtime torch.",
        )


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _has_openvino() -> bool:
    return importlib.util.find_spec("openvino") is not None


def _has_bf16() -> bool:
    from lulc_engine.inference.runtimes.openvino_runtime import has_fast_bf16

    return has_fast_bf16()


def _has_gpu() -> bool:
    """Return whether PyTorch has a GPU; it is only asked where a driver is there."""
    if sys.platform == "darwin":
        likely = platform.machine() == "arm64"
    else:
        likely = ctypes.util.find_library("nvcuda" if os.name == "nt" else "cuda") is not None
    if not likely:
        return False
    from lulc_engine.devices import choose_device

    return choose_device("auto").type != "cpu"
