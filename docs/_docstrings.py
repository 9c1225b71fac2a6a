"""Docstrings of the house on the page: each labelled part is a paragraph of its own."""

import re

import griffe

PARTS = re.compile(r"\n+(?=\*\*[A-Z][\w ]*:\*\*|Definition: )")


class LabelledParts(griffe.Extension):
    """Start a paragraph at **Arguments:**, **Returns:** and the other labels."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """Rewrite the docstring of an object that has one."""
        if obj.docstring is not None:
            obj.docstring.value = PARTS.sub("\n\n", obj.docstring.value)
