"""Time a training step alone and beside a second one, with idle threads spinning and sleeping.

    python benchmarks/waiting_threads.py

Prints seconds per step of the Mobile-UNet (16 windows of 64 px, 4 bands, two threads).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

STEPS = 20


def main() -> int:
    """Run every combination, each in processes of its own."""
    if "--step" in sys.argv:
        return step()
    for policy in ("ACTIVE", "PASSIVE"):
        for processes in (1, 2):
            environment = {**os.environ, "OMP_WAIT_POLICY": policy}
            command = [sys.executable, __file__, "--step"]
            running = [
                subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
                for _ in range(processes)
            ]
            seconds = [float(process.communicate()[0]) for process in running]
            shown = ", ".join(f"{value:.3f} s" for value in seconds)
            sys.stdout.write(f"{policy:8}{processes} at once: {shown} per step\n")
            sys.stdout.flush()
    return 0


def step() -> int:
    """Print the mean time of a training step."""
    import torch

    from lulc_engine.models.mobile_unet import MobileUNet

    torch.set_num_threads(2)
    network = MobileUNet(4, 5).to(memory_format=torch.channels_last)
    images = torch.randn(16, 4, 64, 64).contiguous(memory_format=torch.channels_last)
    started = time.perf_counter()
    for number in range(STEPS + 3):
        if number == 3:  # the first steps allocate
            started = time.perf_counter()
        network.zero_grad()
        network(images).mean().backward()
    sys.stdout.write(f"{(time.perf_counter() - started) / STEPS}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
