"""The network that a recipe names, made from its model file as one graph."""

from __future__ import annotations

from pathlib import Path

from lulc_engine.errors import ModelFileError
from lulc_engine.inference.runtimes.recipe import EVERY_WINDOW, Recipe
from lulc_engine.inference.runtimes.stored_graph import InnerNetwork, StoredGraph
from lulc_engine.models.build import load_network, load_patch_network
from lulc_engine.models.card import ModelSpec, read_spec
from lulc_engine.models.every_window import EveryWindow
from lulc_engine.models.mobile_unet import MobileUNet
from lulc_engine.models.model_file import Tensors, read_model
from lulc_engine.models.split_mobile_unet import SplitMobileUNet


def recipe_graph(model: str | Path, recipe: Recipe) -> StoredGraph:
    """Return the graph of a recipe, in eval mode.

    Args:
        model: the model file.
        recipe: of that model.

    Raises:
        ModelFileError: the file is damaged, or no longer the one that the recipe is of.
    """
    card, tensors = read_model(model)
    if card["model_sha256"] != recipe.model_sha256:
        raise ModelFileError(f"{model} was changed while it was in use.", "Run it again.")
    network = _network(read_spec(card), tensors, recipe)
    network.input.set_radiometry(recipe.scale, recipe.offset)
    return StoredGraph(network, recipe.wanted).eval()


def _network(spec: ModelSpec, tensors: Tensors, recipe: Recipe) -> InnerNetwork:
    if spec.patch is None:
        network = load_network(spec, tensors)
        if isinstance(network.body, MobileUNet):
            network.body = SplitMobileUNet(network.body)
        return network
    patches = load_patch_network(spec, tensors)
    return EveryWindow(patches, recipe.step) if recipe.form == EVERY_WINDOW else patches
