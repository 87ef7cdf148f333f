"""The site: `sphinx-build docs build/docs`. What it needs is in the extra `docs`; nothing is fetched from elsewhere."""

import sys
from inspect import getdoc
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import _reference  # noqa: E402

import framework  # noqa: E402

project = "framework"
author = "The framework authors"
copyright = "the framework authors, MIT licence"
version = release = framework.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton"]
exclude_patterns = ["_*"]
nitpicky = True
# What annotations name that has no page here: types of Python and of other packages, type variables,
# and what users may get but never name: of our private modules, and outside of __all__.
nitpick_ignore_regex = [
    ("py:.*", r"(?!framework\.).*"),
    ("py:.*", r"framework\.(.*\.)?_.*"),
    ("py:.*", r"framework\.(\w+\.T|routes\.Rings|routing\.Include)"),
]

myst_heading_anchors = 4
myst_links_external_new_tab = False

add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
maximum_signature_line_length = 72
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = "framework"
html_favicon = "_static/icon.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_use_index = False  # the search finds names, too
html_domain_indices = False
html_theme_options = {"sidebar_hide_name": False}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"

copybutton_prompt_text = "$ "


CONTENTS = """
```{toctree}
:hidden:
:glob:

*
```
"""


def add_contents(app: Sphinx, page: str, text: list[str]) -> None:
    """Let the first page of a folder lead to the others of it."""
    if page == "reference/index":
        text[0] += _reference.contents()
    if page.endswith("/index"):
        text[0] += CONTENTS


def process_docstring(
    app: Sphinx, kind: str, name: str, value: Any, options: Any, lines: list[str]
) -> None:
    text = "\n".join(lines) + "\n"
    is_of_its_type = kind == "data" and text.strip() == getdoc(type(value))
    lines[:] = [] if is_of_its_type else _reference.markup(text).splitlines()


def process_signature(
    app: Sphinx, kind: str, name: str, value: Any, options: Any, arguments: str, result: str
) -> tuple[str, str] | None:
    return _reference.signature(value) if arguments else None


def process_bases(app: Sphinx, name: str, value: Any, options: Any, bases: list[Any]) -> None:
    bases[:] = filter(_reference.is_public, bases)


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, child: nodes.TextElement
) -> nodes.reference | None:
    """Find a public name that is written without its module."""
    path = _reference.PUBLIC.get(node.get("reftarget", "").rpartition(".")[2])
    if node.get("refdomain") != "py" or path in (None, node["reftarget"]):
        return None
    domain = env.domains.python_domain
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", path, node, child)


def write_reference(app: Sphinx) -> None:
    _reference.write(HERE / "reference")


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", write_reference)
    app.connect("source-read", add_contents)
    app.connect("autodoc-process-docstring", process_docstring)
    app.connect("autodoc-process-signature", process_signature)
    app.connect("autodoc-process-bases", process_bases)
    app.connect("missing-reference", resolve)
