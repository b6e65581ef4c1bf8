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

# By their packages' names, the faster one first.
_NAMES = {"openvino": "OpenVINO", "onnxruntime": "ONNX Runtime"}
_FOR_PROCESSORS = tuple(_NAMES)
_MOST_READERS = 8


@dataclass(frozen=True)
class Machine:
    """What executes a network.

    Attributes:
        runtime: openvino, onnxruntime or torch.
        device: as the user named it, for torch.
        threads: processor threads, at least 1.
        precision: f32, bf16, or auto where both are possible.
        on_gpu: whether it computes elsewhere than on the processor.
        together: whether all threads compute one window, which is soonest for a single one.
    """

    runtime: str
    device: str
    threads: int
    precision: str
    on_gpu: bool = False
    together: bool = False

    @property
    def streams(self) -> int:
        """How many windows are computed at once."""
        return 1 if self.together or self.runtime == "torch" else self.threads

    @property
    def readers(self) -> int:
        """How many threads read: one keeps several busy that compute, but hardly a GPU."""
        if self.on_gpu:
            return max(1, min(_MOST_READERS, _cores() // 2))
        return max(1, min(_MOST_READERS, self.threads // 4))

    def torch_device(self) -> torch.device:
        """Return the device for PyTorch, after telling it the number of threads."""
        from lulc_engine.devices import choose_device, use_threads

        use_threads(self.threads)
        return choose_device(self.device)

    def at(self, precision: str, together: bool = False) -> Machine:
        """Return the same machine with one precision, and as wanted for a single window."""
        return dataclasses.replace(self, precision=precision, together=together)


def choose_machine(options: ClassifyOptions, is_patch_classifier: bool) -> Machine:
    """Return what the options and the machine allow.

    OpenVINO computes on processors, ONNX Runtime where that is not installed, PyTorch on GPUs.
    OpenVINO on processors that have it, and PyTorch on GPUs, may compute in bf16, but not patch
    classifiers: their labels are those of a loop over patches.

    Raises:
        OptionsError: the options contradict each other.
        EnvironmentFailure: the runtime asked for is not installed, or this processor has no
            bfloat16.
    """
    on_gpu = options.device not in ("auto", "cpu") or (options.device == "auto" and _has_gpu())
    runtime = options.runtime
    if runtime == "auto":
        usable = () if on_gpu else _FOR_PROCESSORS
        runtime = next((name for name in usable if _is_installed(name)), "torch")
    elif runtime in _FOR_PROCESSORS:
        _check_runtime(options)
    precision = options.precision
    able = (runtime == "openvino" or (runtime == "torch" and on_gpu)) and not is_patch_classifier
    if precision == "bf16" and not able:
        raise OptionsError(
            "--precision bf16 is for segmenters, in OpenVINO or on a GPU.",
            "Leave PRECISION at auto.",
        )
    if runtime == "openvino" and precision != "f32" and not _has_bf16():
        if precision == "bf16":
            raise EnvironmentFailure(
                "This processor does not compute in bf16.", "Leave PRECISION at auto."
            )
        able = False
    threads = options.threads or _cores()
    return Machine(runtime, options.device, threads, precision if able else "f32", on_gpu)


def _check_runtime(options: ClassifyOptions) -> None:
    """Refuse a runtime for processors where it cannot be used."""
    name = _NAMES[options.runtime]
    if options.device not in ("auto", "cpu"):
        raise OptionsError(
            f"{name} computes on the processor, not on {options.device}.",
            "Choose the runtime torch for a GPU.",
        )
    if not _is_installed(options.runtime):
        raise EnvironmentFailure(
            f"{name} is not installed in the engine's environment.",
            f"Install it (pip install {options.runtime}), or leave RUNTIME at auto.",
        )


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _is_installed(runtime: str) -> bool:
    return importlib.util.find_spec(runtime) is not None


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
