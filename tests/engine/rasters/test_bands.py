"""Names and roles of bands, choosing and matching them."""

import pytest

from lulc_engine.errors import BandError
from lulc_engine.rasters.bands import ROLES, Band, choose_bands, match_bands, name_bands, role_of


def bands(*roles, first=1):
    return [Band(n, role or f"band {n}", role) for n, role in enumerate(roles, first)]


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_names_itself(role):
    assert role_of(role) == role_of(role.upper()) == role_of(f" {role} ") == role


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("B02", "blue"),
        ("b2", "blue"),
        ("B8", "nir"),
        ("B8A", "nir08"),
        ("B08A", None),
        ("B11", "swir16"),
        ("B12", "swir22"),
        ("B1", "coastal"),
        ("B13", None),
        ("B02 blue", "blue"),
        ("B4 - Red", "red"),
        ("T32TLT_20200101T000000_B04_10m", "red"),
        ("SR_B5", "nir08"),
        ("LC08_SR_B4", "red"),
        ("Near Infrared", "nir"),
        ("near infra red", "nir"),
        ("thermal infra red", None),
        ("NIR1", "nir"),
        ("Red Edge", "rededge1"),
        ("rededge3", "rededge3"),
        ("red edge 2", "rededge2"),
        ("SWIR 1", "swir16"),
        ("swir_2", "swir22"),
        ("Sentinel-2 green", "green"),
        ("reddish", None),
        ("AB02", None),
        ("", None),
        ("band 4", None),
        ("ndvi", None),
    ],
)
def test_role_of_a_description(text, role):
    assert role_of(text) == role


def test_bands_are_named_by_descriptions():
    named = name_bands(["B03", None, "height"], "S2_B02B03B04.tif")
    assert named == [Band(1, "B03", "green"), Band(2, "band 2", None), Band(3, "height", None)]


def test_bands_are_named_by_the_file_name_without_descriptions():
    named = name_bands([None] * 4, "/data/neuchatel_B02B03B8AB12_2020.tif")
    assert [band.role for band in named] == ["blue", "green", "nir08", "swir22"]
    assert [band.number for band in named] == [1, 2, 3, 4]


@pytest.mark.parametrize("name", ["S2_B02B03.tif", "B02B03B04B08_data/scene.tif", "", "B02.tif"])
def test_a_file_name_with_another_count_names_nothing(name):
    assert [band.role for band in name_bands([None] * 4, name)] == [None] * 4


def test_choosing_by_number_description_and_role():
    available = name_bands(["B02", "B03", "height", "B08"])
    chosen = choose_bands(available, ["4", "HEIGHT", "blue", "b3"])
    assert [band.number for band in chosen] == [4, 3, 1, 2]
    assert choose_bands(available, []) == available


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (["5"], "no band '5'"),
        (["0"], "no band '0'"),
        (["-1"], "no band '-1'"),
        (["red"], "no band 'red'; the scene has 1 blue"),
        (["1", "blue"], "chosen twice"),
        (["nir"], "'nir' fits bands 3, 4"),
        ([""], "no band ''"),
    ],
)
def test_bands_that_cannot_be_chosen(wanted, message):
    with pytest.raises(BandError, match=message) as caught:
        choose_bands(bands("blue", "green", "nir", "nir"), wanted)
    assert caught.value.exit_code == 3


def test_models_find_their_bands_by_role():
    available = bands("nir", None, "red", "green", "blue")
    matched, how = match_bands(available, bands("blue", "nir"))
    assert ([band.number for band in matched], how) == ([5, 1], "role")


def test_without_roles_position_counts():
    for available, needed in [
        (bands(None, None), bands("red", "nir")),
        (bands("red", "nir"), bands(None, None)),
        (bands("red", None), bands("red", "nir")),
    ]:
        matched, how = match_bands(available, needed)
        assert (matched, how) == (available, "position")


@pytest.mark.parametrize(
    ("available", "needed", "message"),
    [
        (bands("red", "green"), bands("red", "nir"), "has no band nir; it has 1 red, 2 green"),
        (bands(None, None, None), bands("red", "nir"), "needs 2 bands .*the scene has 3"),
        (bands(None), bands(None, None), "needs 2 bands .*the scene has 1"),
        (bands("green", "red", None), bands("red", "green", "nir"), "green where .* red"),
        (bands("red", "red", "nir"), bands("nir", "red"), "'red' fits bands 1, 2"),
    ],
)
def test_bands_that_do_not_fit(available, needed, message):
    with pytest.raises(BandError, match=message):
        match_bands(available, needed)


def test_a_long_listing_is_cut():
    with pytest.raises(BandError) as caught:
        choose_bands(bands(*[None] * 400), ["401"])
    assert len(str(caught.value)) < 400


SENTINEL = bands(
    "coastal", "blue", "green", "red", "rededge1", "rededge2", "rededge3", "nir", "nir08", "nir09",
    "swir16", "swir22",
)  # fmt: skip
LANDSAT = bands("coastal", "blue", "green", "red", "nir08", "swir16", "swir22")


@pytest.mark.parametrize(
    ("wanted", "roles"),
    [
        ("rgb", "red green blue"),
        ("RGB", "red green blue"),
        ("RGB+NIR", "red green blue nir"),
        ("rgb+swir", "red green blue swir16 swir22"),
        ("RGB + NIR + SWIR", "red green blue nir swir16 swir22"),
        ("cir", "nir red green"),
        ("swir", "swir22 nir red"),
        ("red+nir", "red nir"),
        ("2+nir08", "blue nir08"),
    ],
)
def test_sets_of_bands_have_names(wanted, roles):
    assert [band.role for band in choose_bands(SENTINEL, [wanted])] == roles.split()


def test_the_set_of_all_bands():
    assert choose_bands(SENTINEL, ["ALL"]) == SENTINEL
    unnamed = bands(None, None)
    assert choose_bands(unnamed, ["all"]) == unnamed


def test_a_set_and_single_bands_can_be_listed_together():
    chosen = choose_bands(SENTINEL, ["rgb", "nir09"])
    assert [band.role for band in chosen] == ["red", "green", "blue", "nir09"]


def test_sensors_without_a_broad_near_infrared_give_their_own():
    assert [b.role for b in choose_bands(LANDSAT, ["cir"])] == ["nir08", "red", "green"]
    assert [b.role for b in choose_bands(LANDSAT, ["rgb+nir"])][-1] == "nir08"


def test_a_sum_takes_the_shortwave_infrared_that_is_there():
    chosen = choose_bands(bands("red", "green", "blue", "swir22"), ["rgb+swir"])
    assert [band.role for band in chosen] == ["red", "green", "blue", "swir22"]


def test_a_description_goes_before_a_set_of_the_same_name():
    available = [Band(1, "All", None), Band(2, "red+nir", None), Band(3, "b", "red")]
    assert choose_bands(available, ["all", "RED+NIR"]) == available[:2]


@pytest.mark.parametrize("wanted", ["rgb+swir", "rgb+nir", "cir", "swir", "rgb+", "rgb+rgb"])
def test_a_set_whose_bands_are_not_there_is_an_error(wanted):
    with pytest.raises(BandError):
        choose_bands(bands("blue", "green", "red"), [wanted])
