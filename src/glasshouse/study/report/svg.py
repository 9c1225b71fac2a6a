"""Figures inside a report: SVG whose colours follow light and dark, and whose ids are its own."""

import colorsys
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glasshouse.study.report.finished import StudyFigure

HEX = re.compile(r"#([0-9a-f]{6})\b")
REFERENCE = re.compile(r"url\(#([^)]+)\)")
VARIABLE = re.compile(r"var\(--c([0-9a-f]{6})\)")

INK, PAPER = "#000000", "#ffffff"
"""What figures draw with, and on."""

BLANKS = " \t\r\n"

DROPPED = ("metadata", "title", "style")
"""Said better here; and Matplotlib's style would apply to the whole page."""

DARK = {
    "0072b2": "5bb3e6",
    "d55e00": "f0883e",
    "7f7f7f": "9a9a9a",
    "009e73": "3cc79c",
    "cc79a7": "d994bb",
    "f0e442": "f0e442",
    "56b4e9": "56b4e9",
}
"""The palette on a dark background; all other colours change lightness only."""


def inline_svg(figure: "StudyFigure") -> str:
    """A figure as an `svg` element to be part of a page.

    Its ids begin with the figure's name; black becomes the colour of the text around it, white the
    background, and all other colours variables that `colours` declares. `title` and `desc` hold
    the alternative text.
    """
    root = _adopted(ElementTree.fromstring(figure.svg()), figure.name)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("role", "img")
    root.set("aria-labelledby", f"{figure.name}-title {figure.name}-desc")
    for position, (name, text) in enumerate((("title", figure.title), ("desc", figure.alt))):
        words = ElementTree.Element(name, {"id": f"{figure.name}-{name}"})
        words.text = text
        root.insert(position, words)
    return ElementTree.tostring(root, encoding="unicode")


def picture(svg: str) -> tuple[str, str]:
    """A figure's file as an image that follows light and dark, and what it shows in words.

    Images run no scripts and load nothing, so that files of strangers are safe as such.

    **Raises:** `ValueError` for what is no SVG.
    """
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise ValueError("it is no SVG") from error
    alt = " ".join(x.text or "" for x in root.iter() if _local(x.tag) == "description")
    shown = _adopted(root, "figure")
    shown.set("xmlns", "http://www.w3.org/2000/svg")
    light, dark = map(declared, colours([ElementTree.tostring(shown, encoding="unicode")]))
    style = ElementTree.Element("style")
    style.text = (
        "* { stroke-linejoin: round; stroke-linecap: butt; } "
        f":root {{ color: #1b1f24; --paper: #ffffff; fill: currentColor; {light} }} "
        "@media (prefers-color-scheme: dark) "
        f"{{ :root {{ color: #e6e8eb; --paper: #14171b; {dark} }} }}"
    )
    shown.insert(0, style)
    return ElementTree.tostring(shown, encoding="unicode"), alt


def _adopted(root: ElementTree.Element, name: str) -> ElementTree.Element:
    """A drawing with ids that begin with this name, and colours that follow the page."""
    for parent in list(root.iter()):
        for child in list(parent):
            if _local(child.tag) in DROPPED:
                parent.remove(child)
    for element in root.iter():
        # Line breaks between the letters of a formula would be drawn as spaces.
        element.text = (element.text or "").strip(BLANKS) and element.text
        element.tail = (element.tail or "").strip(BLANKS) and element.tail
        element.tag = _local(element.tag)
        attributes = {_local(k): v for k, v in element.attrib.items()}
        element.attrib.clear()
        element.attrib.update({k: _adapted(k, v, name) for k, v in attributes.items()})
    return root


def colours(svgs: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The variables that inline figures use, with their light and their dark values."""
    used = sorted({name for svg in svgs for name in VARIABLE.findall(svg)})
    light = {f"--c{name}": f"#{name}" for name in used}
    dark = {f"--c{name}": f"#{DARK.get(name) or _on_dark(name)}" for name in used}
    return light, dark


def declared(variables: dict[str, str]) -> str:
    """Variables as a style declares them."""
    return " ".join(f"{name}: {value};" for name, value in variables.items())


def _adapted(name: str, value: str, prefix: str) -> str:
    if name == "id":
        return f"{prefix}-{value}"
    if name == "href" and value.startswith("#"):
        return f"#{prefix}-{value[1:]}"
    value = REFERENCE.sub(rf"url(#{prefix}-\1)", value)
    if name != "style":
        return value
    value = value.replace(INK, "currentColor").replace(PAPER, "var(--paper)")
    # What one can see through takes on the background by itself, as it does inside images.
    return value if "opacity" in value else HEX.sub(r"var(--c\1)", value)


def _on_dark(name: str) -> str:
    """The same hue at the mirrored lightness, a little lighter than the background at least."""
    red, green, blue = (int(name[k : k + 2], 16) / 255 for k in (0, 2, 4))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    mirrored = colorsys.hls_to_rgb(hue, 0.12 + 0.82 * (1 - lightness), saturation)
    return "".join(f"{round(255 * part):02x}" for part in mirrored)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
