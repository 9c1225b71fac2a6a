"""Pages that are filled in, without logic of their own."""

import re

import jinja2
from markupsafe import Markup, escape

UNBROKEN = re.compile(r"[\d.e-]+ ± [\d.e-]+|[\d.]+e-\d+")
"""A number with what is not known of it, and a power of ten, which lines must not break."""


def page_template(name: str) -> jinja2.Template:
    """A page of this folder, to be filled in; what is no HTML is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("glasshouse.study.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = unbroken
    return environment.get_template(name)


def unbroken(prose: str) -> Markup:
    """Prose as HTML whose lines do not break within 0.43 ± 1e-10."""
    return Markup(UNBROKEN.sub(r'<span class="whole">\g<0></span>', str(escape(prose))))
