"""Blended windows: hand-made predictions, a real network, parts of a scene, the seam score."""

import numpy as np
import pytest
import rasterio
from factories import write_raster
from landscape import make_spec, write_untrained_model
from seamless import logits_of, read_map, run_classify
from test_seamless import smooth_image

from lulc_engine.inference.blending import MARGIN_PX, BlendingSink, blended_plan, ramp
from lulc_engine.inference.plan import Cover
from lulc_engine.inference.runtimes import Prediction
from lulc_engine.rasters.grid import Window

WHOLE = Window(0, 0, 320, 500)
SIDE = 256


class Paper:
    """Takes what writers are given."""

    classes = 2

    def __init__(self, part):
        self.labels = np.full((part.height, part.width), -1)
        self.shares = np.zeros((2, part.height, part.width), np.float32)
        self.times = np.zeros((part.height, part.width), int)

    def put(self, row, column, prediction, valid):
        place = (slice(row, row + valid.shape[0]), slice(column, column + valid.shape[1]))
        self.labels[place] = np.where(valid, prediction.classes, -1)
        self.shares[(slice(None), *place)] = prediction.probabilities
        self.times[place] += 1

    def complete_rows(self, row_stop):
        assert (self.times[:row_stop] == 1).all()


def paint(part, share_of, valid_of=None):
    """Blend windows whose probability of class 1 is `share_of(window)`."""
    plan = blended_plan(WHOLE, part, SIDE, 32)
    paper = Paper(part)
    sink = BlendingSink(paper, WHOLE, part)
    for number, job in enumerate(plan.jobs):
        share = np.full((job.place.height, job.place.width), share_of(job.window), np.float32)
        valid = np.ones(share.shape, bool) if valid_of is None else valid_of(job)
        prediction = Prediction(None, None, np.stack([1 - share, share]))
        sink.put(job, Cover(valid, valid), prediction)
        more = number + 1 < len(plan.jobs)
        below = plan.jobs[number + 1].place.row_off if more else plan.height
        if below > job.place.row_off:
            sink.complete_rows(below)
    return paper, sink.seam_score


def test_windows_that_agree_leave_no_trace():
    paper, seams = paint(WHOLE, lambda window: 0.75)
    np.testing.assert_allclose(paper.shares[1], 0.75, atol=1e-6)
    assert (paper.times == 1).all()
    assert seams == 0


def test_the_share_goes_from_one_window_to_the_next_without_a_step():
    paper, seams = paint(WHOLE, lambda window: float(window.col_off > 0))
    row = paper.shares[1, 5]
    plan = blended_plan(WHOLE, WHOLE, SIDE, 32)
    second = plan.jobs[1].window.col_off
    assert row[second - 1] == 0
    assert row[SIDE] == 1
    assert (np.diff(row) >= 0).all()
    assert np.diff(row).max() < 1.5 / (SIDE - second)
    assert row[(second + SIDE) // 2] == pytest.approx(0.5, abs=0.01)
    assert 0 < seams < 1  # the second and the third column agree


def test_seam_score_of_windows_that_never_agree():
    one_row = Window(0, 0, 60, 384)
    _, seams = paint(one_row, lambda window: float(window.col_off // 100 % 2))
    assert seams == 1


def test_one_window_has_no_seams():
    _, seams = paint(Window(0, 0, 10, 20), lambda window: 0.3)
    assert seams is None


@pytest.mark.parametrize("part", [Window(100, 30, 60, 200), Window(300, 480, 20, 20)])
def test_a_part_is_blended_as_within_the_whole(part):
    def share(window):
        return (window.row_off + 3 * window.col_off) % 7 / 7

    whole, _ = paint(WHOLE, share)
    some, _ = paint(part, share)
    rows = slice(part.row_off, part.row_stop)
    columns = slice(part.col_off, part.col_stop)
    np.testing.assert_allclose(some.shares, whole.shares[:, rows, columns], atol=1e-6)


def test_pixels_that_are_not_valid_stay_empty():
    hole = np.zeros((WHOLE.height, WHOLE.width), bool)
    hole[40:90, 200:300] = True

    def valid(job):
        rows = slice(job.place.row_off, job.place.row_stop)
        return ~hole[rows, job.place.col_off : job.place.col_stop]

    paper, _ = paint(WHOLE, lambda window: 0.9, valid)
    np.testing.assert_array_equal(paper.labels == -1, hole)


def test_weights_are_one_at_the_edges_of_the_scene():
    np.testing.assert_array_equal(ramp(0, 50, 50), 1)
    assert ramp(0, 300, 1000)[-MARGIN_PX] == pytest.approx(0.5, abs=0.01)


def test_a_real_network_in_windows_is_near_to_the_whole_image(tmp_path):
    spec = make_spec(
        architecture="segformer", settings={"encoder": "mobilenet_v2"}, halo_px=None, stride=32
    )
    path, network = write_untrained_model(tmp_path / "m.safetensors", spec)
    image = smooth_image(260, 420)
    scene = write_raster(tmp_path / "scene.tif", image)
    options = {"tile_px": 256, "probabilities": str(tmp_path / "p.tif")}
    done = run_classify(scene, path, tmp_path / "map.tif", **options)
    assert 0 <= done["seam_score"] < 0.5
    logits = logits_of(network, image, np.ones(image.shape[1:], bool))
    share = np.exp(logits) / np.exp(logits).sum(axis=0)
    with rasterio.open(tmp_path / "p.tif") as dataset:
        found = dataset.read()
    assert np.abs(found - share).mean() < 0.05
    np.testing.assert_array_equal(read_map(tmp_path / "map.tif"), found.argmax(axis=0) + 1)
