"""Pages that are filled in, without logic of their own."""

import jinja2


def page_template(name: str) -> jinja2.Template:
    """A page of this folder, to be filled in; what is no HTML is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("glasshouse.study.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
