"""Import the published Keras models and compare with their reference outputs.

    LULC_DATA=FOLDER python benchmarks/keras_import.py

Takes ``keras/`` in that folder: the Mobile-UNet (.keras) and the 5x5 DCNN (.h5) with inputs and
outputs (.npz) of Keras itself. Prints the largest difference of probabilities, for `RESULTS.md`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from lulc_engine.feedback import Feedback
from lulc_engine.models.build import load_network, load_patch_network
from lulc_engine.models.card import read_spec
from lulc_engine.models.keras_import import import_model
from lulc_engine.models.model_file import read_model
from lulc_engine.options import ImportModelOptions

TOLERANCE = 1e-4
# File, reference, and the names of inputs and outputs in it.
MODELS = (
    ("dcnn5_4bands.h5", "dcnn5_reference.npz", "features_dn", "probabilities"),
    ("mobile_unet.keras", "mobile_unet_reference.npz", "x", "y"),
)


def main() -> int:
    """Compare both models; the exit code is 1 where one is further off than allowed."""
    data = os.environ.get("LULC_DATA")
    if not data or not (Path(data) / "keras").is_dir():
        sys.stdout.write("Skipped: LULC_DATA names no folder with the published Keras models.\n")
        return 0
    worst = 0.0
    for file, reference, inputs, outputs in MODELS:
        arrays = np.load(Path(data) / "keras" / reference)
        found = probabilities(Path(data) / "keras" / file, arrays[inputs])
        difference = float(np.abs(found - arrays[outputs]).max())
        worst = max(worst, difference)
        sys.stdout.write(f"{file}: {found.shape}, largest difference {difference:.1e}\n")
    return 0 if worst <= TOLERANCE else 1


def probabilities(file: Path, values: np.ndarray) -> np.ndarray:
    """Return what the imported model says of inputs (N, H, W, C), with the classes last."""
    with tempfile.TemporaryDirectory() as folder:
        model = f"{folder}/model.safetensors"
        import_model(ImportModelOptions(input=str(file), model=model), Feedback())
        card, tensors = read_model(model)
    spec = read_spec(card)
    network = (load_network if spec.patch is None else load_patch_network)(spec, tensors)
    raw = torch.from_numpy(values.astype(np.float32)).permute(0, 3, 1, 2)
    with torch.inference_mode():
        found = network(raw).softmax(dim=1).movedim(1, -1)
    return np.asarray(found)


if __name__ == "__main__":
    sys.exit(main())
