from lulc_qgis_plugin.algorithms.base import command_line, in_parameter_names
from lulc_qgis_plugin.engine_source import options


def test_only_what_differs_from_the_default_is_shown():
    given = options.TrainSegmenterOptions(
        image=("a.tif", "b c.tif"), labels="l.gpkg", model="m.safetensors",
        indices="ndvi,ndwi", keep_best=True, epochs=3, seed=0,
    )  # fmt: skip
    assert command_line("train-segmenter", given) == (
        "lulc train-segmenter --image a.tif --image 'b c.tif' --labels l.gpkg "
        "--model m.safetensors --indices ndvi --indices ndwi --epochs 3 --keep-best"
    )


def test_messages_speak_of_parameters():
    assert in_parameter_names("--class-field is missing; see --image.") == (
        "CLASS_FIELD is missing; see INPUT."
    )
    assert in_parameter_names("a--b /x/--y-- 5 --") == "a--b /x/Y-- 5 --"
