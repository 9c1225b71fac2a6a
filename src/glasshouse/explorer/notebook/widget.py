"""What a notebook shows of the explorer; needs anywidget, the extra "notebook"."""

import anywidget
import traitlets

from glasshouse.explorer.content import page_file


class ExplorerWidget(anywidget.AnyWidget):
    """A frame with the explorer's page: its text, its height in pixels, and the scene as a link."""

    _esm = page_file("notebook.js")
    page = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int().tag(sync=True)
    link = traitlets.Unicode().tag(sync=True)
