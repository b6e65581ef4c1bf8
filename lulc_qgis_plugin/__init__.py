"""Land-cover mapping for QGIS Processing.

QGIS imports this package at start-up, so nothing is imported here. The package knows neither torch
nor rasterio: the work is done by `lulc_engine` in a process of its own (see docs/architecture.md).
"""


def classFactory(iface: object) -> object:
    """Return the plugin; iface is None in qgis_process."""
    from .plugin import LulcPlugin

    return LulcPlugin(iface)
