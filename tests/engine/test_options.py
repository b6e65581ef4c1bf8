"""Options: every value is checked where it is given, whoever gives it."""

import dataclasses
import json
import subprocess
import sys

import pytest

from lulc_engine import options
from lulc_engine.commands import COMMANDS
from lulc_engine.errors import OptionsError
from lulc_engine.options import (
    AssessOptions,
    ClassifyOptions,
    InfoOptions,
    TrainSegmenterOptions,
    option_name,
)

ALL = [command.options for command in COMMANDS.values()]
TRAIN = {"image": "a.tif", "labels": "b.gpkg", "model": "m.safetensors"}
CLASSIFY = {"image": "a.tif", "model": "m.safetensors", "output": "map.tif"}


def train(**values):
    return TrainSegmenterOptions.from_mapping({**TRAIN, **values})


def refusal(**values):
    with pytest.raises(OptionsError) as caught:
        train(**values)
    assert caught.value.exit_code == 2
    return caught.value.message


@pytest.mark.parametrize("module", ["errors", "options", "protocol"])
def test_what_the_plugin_imports_needs_nothing(module):
    code = f"import sys; before = set(sys.modules); import lulc_engine.{module}; "
    code += "import json; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules} "
    code += "- set(sys.stdlib_module_names))))"
    found = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {root()!r}); {code}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(found.stdout) in (["__main__", "lulc_engine"], ["lulc_engine"])


def root():
    import lulc_engine

    return lulc_engine.__path__[0].rsplit("lulc_engine", 1)[0]


def test_the_list_of_commands_loads_no_torch():
    code = "import sys, lulc_engine.cli.main, lulc_engine.worker\n"
    code += "print(sorted({'torch', 'rasterio', 'numpy'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("made_by", ALL)
def test_every_option_says_what_it_is(made_by):
    assert made_by.__doc__.strip().splitlines()[0].endswith(".")
    for item in dataclasses.fields(made_by):
        assert item.metadata["kind"] in ("text", "texts", "integer", "number", "switch")
        assert len(item.metadata["help"]) > 8, item.name
        assert item.metadata["help"].endswith((".", ").", "'none'.")), item.name
        assert option_name(item.name) == "--" + item.name.rstrip("_").replace("_", "-")


def test_shared_options_are_spelt_alike():
    image = {field.name for field in dataclasses.fields(options.SceneOptions)}
    machine = {field.name for field in dataclasses.fields(options.MachineOptions)}
    for made_by in (TrainSegmenterOptions, ClassifyOptions):
        assert image | machine < {field.name for field in dataclasses.fields(made_by)}


def test_defaults_are_what_is_published():
    given = train()
    assert (given.cross_entropy_share, given.focal_share, given.tversky_share) == (0.5, 0.5, 0.3)
    assert (given.focal_gamma, given.focal_alpha) == (2.5, 0.5)
    assert (given.tversky_alpha, given.tversky_beta) == (0.8, 0.2)
    assert (given.class_weight_low, given.class_weight_high) == (0.9, 1.6)
    assert given.image == ("a.tif",)
    assert given.seed == 0
    assert given.architecture == "mobile_unet"


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_means_the_default(nothing):
    given = train(epochs=nothing, seed=nothing, loss=nothing, scale=nothing, keep_best=nothing)
    assert given == train()


@pytest.mark.parametrize(
    ("name", "nothing"),
    [("model", None), ("model", ""), ("image", None), ("image", []), ("image", ["", " "])],
)
def test_a_required_option_must_be_there(name, nothing):
    assert refusal(**{name: nothing}) == f"--{name} is missing."


def test_unknown_options_are_named():
    assert refusal(learning_rat=1) == "Unknown option learning_rat."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("epochs", 2.5),
        ("epochs", "many"),
        ("epochs", float("nan")),
        ("epochs", float("inf")),
        ("epochs", [3]),
        ("seed", -1),
        ("seed", 2**32),
        ("window_px", 15),
        ("batch_size", 0),
        ("learning_rate", 0),
        ("learning_rate", float("nan")),
        ("validation_share", 0.6),
        ("validation_share", 0),
        ("test_share", -0.1),
        ("scale", "1e-4x"),
        ("scale", float("inf")),
        ("threads", 1025),
        ("keep_best", "maybe"),
        ("architecture", "MobileUNet"),
        ("architecture", 3),
        ("loss", "Dice"),
        ("indices", ["ndvi", "gndvi"]),
        ("indices", "ndvi,evi2"),
        ("device", "tpu"),
        ("recipe", "best"),
        ("labels", ["a.gpkg"]),
        ("labels", 7),
        ("labels", "a\0b"),
        ("image", ["a\0b"]),
    ],
)
def test_wrong_values_name_the_option_and_the_value(name, value):
    message = refusal(**{name: value})
    assert option_name(name) in message
    assert message.endswith(".")


def test_lists_may_be_repeated_or_hold_commas():
    assert train(bands="red,nir").bands == ("red", "nir")
    assert train(bands=["red, nir", "swir16"]).bands == ("red", "nir", "swir16")
    assert train(bands=[1, 2]).bands == ("1", "2")
    assert train(image=["a,b.tif", "c.tif"]).image == ("a,b.tif", "c.tif")
    assert train(focus_classes=["Wald, licht", "3"]).focus_classes == ("Wald, licht", "3")


def test_numbers_may_come_as_text():
    given = train(epochs="12", learning_rate="1e-3", keep_best="yes", seed=3.0)
    assert (given.epochs, given.learning_rate, given.keep_best, given.seed) == (12, 1e-3, True, 3)
    assert isinstance(given.seed, int)


@pytest.mark.parametrize(
    "given",
    [
        train(bands=["1", "2"], indices=["ndvi"], epochs=3, keep_best=True, scale=1e-4),
        ClassifyOptions.from_mapping({**CLASSIFY, "extent": "0,1,0,1 [EPSG:4326]"}),
        AssessOptions(map="a.tif", reference="b.tif", sampling="simple"),
        InfoOptions(model="m.safetensors"),
    ],
)
def test_json_and_back_is_the_same(given):
    assert type(given).from_mapping(json.loads(json.dumps(given.as_dict()))) == given


def test_options_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        train().seed = 3


def test_one_window_in_a_batch_is_too_few_for_large_encoders():
    """Batch norm over one value has no spread, which torch refuses in the middle of a training."""
    assert "--batch-size" in refusal(architecture="unet", batch_size=1)
    assert train(architecture="unet", batch_size=2).batch_size == 2
    assert train(batch_size=1).batch_size == 1
