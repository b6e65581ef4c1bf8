"""The command ``detect-change``: what two maps of one area say has become of what."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np

import lulc_engine
from lulc_engine.change.pair import MapPair
from lulc_engine.change.summary import ChangeSummary
from lulc_engine.change.transitions import Transitions, find_transitions
from lulc_engine.evaluation.class_map import LEGEND_TAG
from lulc_engine.feedback import Feedback
from lulc_engine.options import DetectChangeOptions
from lulc_engine.outputs import Outputs, check_writable
from lulc_engine.rasters.areas import AreaCounter
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.rasters.geotiff import SUFFIXES, Layout, StripWriter, map_encoding
from lulc_engine.rasters.style import category_names, qml
from lulc_engine.reports.change import ChangeReport, render_change_report
from lulc_engine.reports.csv_table import csv_text

_ENDINGS = {"output": SUFFIXES, "table": (".csv",), "report": (".html", ".htm")}


def detect_change(options: DetectChangeOptions, feedback: Feedback) -> dict[str, Any]:
    """Compare two maps pixel by pixel and write a change map, its table and a report.

    Both maps are read twice, block by block: once to see which classes meet, once to write. The
    change map lies on the grid of the map before.

    Returns:
        Paths of what was written ('' where not asked for), ``changed_hectares`` (None without a
        CRS), ``changed_share``, the from-to matrix as ``transitions`` and the change map's legend.

    Raises:
        OptionsError: a path has the wrong ending or is an input.
        DataError: the maps do not overlap, have no classes in common or cannot be read.
    """
    inputs = (options.before, options.after)
    paths = {name: getattr(options, name) for name in _ENDINGS}
    for name, path in paths.items():
        if path:
            check_writable(path, _ENDINGS[name], inputs)
    with gdal_settings(), MapPair(*inputs) as maps, Outputs(inputs) as outputs:
        found = find_transitions(maps.before, maps.after, maps.count(feedback.part(0, 0.45)))
        notes = [*maps.notes, *maps.before.notes, *maps.after.notes]
        for note in notes:
            feedback.info(note)
        for note in found.matching.notes:
            feedback.warning(note)
        summary = _write_map(options.output, maps, found, outputs, feedback.part(0.45, 0.95))
        if options.table:
            outputs.write_text(options.table, csv_text(summary.rows()), _ENDINGS["table"])
        if options.report:
            names = Path(options.before).name, Path(options.after).name
            report = ChangeReport(summary, *names, found.matching.notes, tuple(notes))
            outputs.write_text(options.report, render_change_report(report), _ENDINGS["report"])
    feedback.progress(1.0, "Done")
    return {
        **paths,
        "changed_hectares": summary.changed_hectares,
        "changed_share": summary.changed_share,
        "matching": found.matching.by,
        "transitions": summary.as_dict(),
        "legend": [
            {"id": c.id, "name": c.name, "color": c.hex_color} for c in found.legend.classes
        ],
    }


def _write_map(
    path: str, maps: MapPair, found: Transitions, outputs: Outputs, feedback: Feedback
) -> ChangeSummary:
    """Write the change map with its style; return what was counted on the way."""
    grid, legend = maps.before.grid, found.legend
    dtype, nodata = map_encoding(legend)
    tags = {LEGEND_TAG: legend.to_json(), "LULC_VERSION": lulc_engine.__version__}
    areas = AreaCounter(legend, grid)
    values = np.array([*legend.ids, nodata], dtype)
    layout = Layout(dtype, nodata, tags=tags, legend=legend)
    with (
        StripWriter(path, grid, layout, outputs) as writer,
        contextlib.closing(maps.blocks()) as blocks,
    ):
        whole_rows = 0
        for share, window, before, after in blocks:
            feedback.check()
            feedback.progress(share, "Writing the change map")
            if window.row_off > whole_rows:
                whole_rows = window.row_off
                writer.complete_rows(whole_rows)
            index = found.of(before, after)
            areas.add(window.row_off, index)
            writer.put(window.row_off, window.col_off, values[index])
    outputs.write_text(f"{path[: path.rindex('.')]}.qml", qml(legend))
    names = category_names(legend)
    if names is not None:
        outputs.write_text(f"{path}.aux.xml", names)
    return ChangeSummary.of(found, areas.rows())
