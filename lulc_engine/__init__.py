"""Train, apply and assess land-use/land-cover models on georeferenced rasters.

Importing the package loads nothing but this file: torch and rasterio are imported by the
modules that need them, so that the command line and the QGIS plugin start at once.
"""

__version__ = "0.1.0"
