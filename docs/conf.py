"""The documentation site: the repository's own pages, as Sphinx reads them (``make docs``).

`scripts/docs.sh` lays the pages out as they lie in the repository, so that their links work on the
site as well as in an editor.
"""

project = "LULC"
author = "the LULC developers"
extensions = ["myst_parser"]
root_doc = "index"
html_theme = "alabaster"
html_theme_options = {
    "description": "Land-cover models in QGIS",
    "fixed_sidebar": True,
    "page_width": "1100px",
    "show_powered_by": False,
}
html_static_path = ["docs/static"]  # alabaster reads custom.css there
html_show_sphinx = False
html_show_copyright = False
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing"]  # links to files that are no pages, such as LICENSE
