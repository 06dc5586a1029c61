"""How Sphinx builds the pages: `make docs`. What they are made from, tools/docs.py gathers in docs/_source."""

from mlops_nb import __version__

project, author, copyright, release = "mlops_nb", "the mlops_nb authors", "the mlops_nb authors", __version__
extensions = ["myst_nb"]
html_theme, html_title = "furo", f"mlops_nb {__version__}"
html_copy_source = html_show_sourcelink = False
html_theme_options = {"footer_icons": [], "top_of_page_buttons": []}
html_static_path, html_css_files = ["static"], ["docs.css"]
html_last_updated_fmt = None

nb_execution_mode = "off"  # notebooks are committed with what they gave; `make notebooks` runs them
nb_ipywidgets_js: dict[str, object] = {}  # else pages with a widget ask a CDN for it
nb_merge_streams = True
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type"]  # cells go on below any heading; HTML is taken before other forms
toc_object_entries_show_parents = "hide"
add_module_names = False
python_maximum_signature_line_length = 100
