"""OpenVINO used by several threads at once, from the first moment on."""

import subprocess
import sys

CODE = """
import os, sys, threading
from lulc_engine.quiet_openvino import ov
sys.setswitchinterval(1e-6)
together = threading.Barrier(8)

def ask():
    together.wait()
    ov.Type.f32.to_dtype()

threads = [threading.Thread(target=ask, daemon=True) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("all came back", flush=True)
os._exit(0)
"""


def test_threads_that_start_at_once_do_not_wait_for_each_other_for_ever():
    """Without the tables made beforehand three of four such processes never ended."""
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, timeout=90, check=False
    )
    assert done.stdout == "all came back\n", done.stderr
