"""Files beside a map that make it look right when it is dragged into QGIS."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from lulc_engine.rasters.legend import Legend

# GDAL lists a category for every value from 0 up; beyond this the list would be mostly empty.
_MOST_CATEGORIES = 4096
_SHARES = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")  # viridis
_NOT_IN_XML = re.compile("[\\x00-\\x1f\\ud800-\\udfff\\ufffe\\uffff]")


def qml(legend: Legend) -> str:
    """Return a QGIS style: one palette entry per class with its name and colour."""
    entries = "\n".join(
        f'        <paletteEntry value="{c.id}" label="{_attribute(c.name)}" '
        f'color="{c.hex_color}" alpha="255"/>'
        for c in legend.classes
    )
    return _style(f"""\
    <rasterrenderer type="paletted" band="1" opacity="1" alphaBand="-1" nodataColor="">
      <rasterTransparency/>
      <colorPalette>
{entries}
      </colorPalette>
    </rasterrenderer>""")


def share_qml(high: float, unit: str = "") -> str:
    """Return a QGIS style for shares from 0 to high in the first band, with a unit in the legend.

    Dark violet to yellow: readable with colour-blind eyes and in grey.
    """
    steps = len(_SHARES) - 1
    return ramp_qml([(high * n / steps, color, 255) for n, color in enumerate(_SHARES)], unit)


def ramp_qml(stops: Sequence[tuple[float, str, int]], unit: str = "") -> str:
    """Return a QGIS style for one quantity: the first band, coloured between stops.

    Args:
        stops: value, colour as ``#rrggbb`` and opacity (0 to 255), in rising order of the values.
        unit: what the legend puts after a number.
    """
    low, high = stops[0][0], stops[-1][0]
    items = "\n".join(
        f'          <item value="{value!r}" label="{value:.3g}{unit}" color="{color}" '
        f'alpha="{alpha}"/>'
        for value, color, alpha in stops
    )
    return _style(f"""\
    <rasterrenderer type="singlebandpseudocolor" band="1" opacity="1" alphaBand="-1" \
nodataColor="" classificationMin="{low!r}" classificationMax="{high!r}">
      <rasterTransparency/>
      <rastershader>
        <colorrampshader colorRampType="INTERPOLATED" classificationMode="1" clip="0" \
minimumValue="{low!r}" maximumValue="{high!r}">
{items}
          <rampLegendSettings useContinuousLegend="1" orientation="2" suffix="{unit}"/>
        </colorrampshader>
      </rastershader>
    </rasterrenderer>""")


def category_names(legend: Legend) -> str | None:
    """Return GDAL's ``.aux.xml`` with the class names; None where ids do not suit a list."""
    if min(legend.ids) < 0 or max(legend.ids) >= _MOST_CATEGORIES:
        return None
    names = {c.id: c.name for c in legend.classes}
    rows = "\n".join(
        f"      <Category>{escape(_printable(names.get(value, '')))}</Category>"
        for value in range(max(legend.ids) + 1)
    )
    return f"""<PAMDataset>
  <PAMRasterBand band="1">
    <CategoryNames>
{rows}
    </CategoryNames>
  </PAMRasterBand>
</PAMDataset>
"""


def _style(renderer: str) -> str:
    return f"""<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22.0" styleCategories="AllStyleCategories">
  <pipe>
{renderer}
    <brightnesscontrast brightness="0" contrast="0" gamma="1"/>
    <huesaturation saturation="0" grayscaleMode="0" colorizeOn="0"/>
    <rasterresampler maxOversampling="2"/>
  </pipe>
  <blendMode>0</blendMode>
</qgis>
"""


def _attribute(text: str) -> str:
    return escape(_printable(text), quote=True)


def _printable(text: str) -> str:
    """Replace what XML cannot hold, such as control characters, by spaces."""
    return _NOT_IN_XML.sub(" ", text)
