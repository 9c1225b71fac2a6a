"""An animation as a file: HTML with a slider, GIF, or MP4 by ffmpeg."""

import dataclasses
import importlib.metadata
import os
import tempfile
from pathlib import Path
from typing import Any

from matplotlib import animation as films
from matplotlib import style

from glasshouse._foundation.files import write_file
from glasshouse._foundation.progress import progress
from glasshouse._foundation.results import Result
from glasshouse.errors import InputError
from glasshouse.plots.coupling import Marker
from glasshouse.plots.motion import plot_motion
from glasshouse.study.drawing.files import check_file
from glasshouse.study.drawing.motion import Animation

FILM_SUFFIXES = (".html", ".gif", ".mp4")

FRAMES_PER_SECOND, FILM_DPI = 8, 100


@dataclasses.dataclass(frozen=True, repr=False)
class SavedAnimation(Result):
    """A file with an animation.

    **Arguments:** `file`; `title`; `caption`; `axis`, the dotted key of the number that grows;
    `values` of it, one a frame; `marks`, thresholds by name; `shares`, of each outcome at each
    value; `size` in bytes.
    """

    file: str
    title: str
    caption: str
    axis: str
    values: tuple[float, ...]
    marks: dict[str, float]
    shares: dict[str, tuple[float, ...]]
    size: int


def check_film(out: Path) -> None:
    """Refuse a file of another kind, one that cannot be written, and MP4 without ffmpeg.

    **Raises:** `InputError` saying why.
    """
    check_file(out, FILM_SUFFIXES)
    if out.suffix.lower() == ".mp4" and not films.FFMpegWriter.isAvailable():
        raise InputError(
            f"{out}: MP4 is written by the program ffmpeg, which is not installed here: install it "
            "(as by apt, brew or conda install ffmpeg), or write .html or .gif"
        )


def save_animation(animation: Animation, out: Path) -> SavedAnimation:
    """Write an animation as HTML with a slider, as GIF, or as MP4 where ffmpeg is installed.

    **Arguments:** `out`, whose suffix says which.
    **Raises:** `InputError` for another suffix, and for what cannot be written.
    """
    check_film(out)
    if out.suffix.lower() == ".html":
        from glasshouse.study.report.motion import motion_html

        content = motion_html(animation, importlib.metadata.version("glasshouse")).encode()
    else:
        content = _film(animation, out.suffix.lower())
    write_file(out, content)
    return SavedAnimation(
        file=os.fspath(out),
        title=animation.title,
        caption=animation.caption,
        axis=animation.key,
        values=animation.values,
        marks={mark.label: mark.value for mark in animation.marks},
        shares={name: tuple(x.tolist()) for name, x in animation.shares.items()},
        size=len(content),
    )


def _film(animation: Animation, suffix: str) -> bytes:
    """All frames drawn and put together by Pillow or by ffmpeg, which write files themselves."""
    writer: Any = films.PillowWriter(fps=FRAMES_PER_SECOND)
    if suffix == ".mp4":
        even = ["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2:color=white", "-pix_fmt", "yuv420p"]
        writer = films.FFMpegWriter(fps=FRAMES_PER_SECOND, extra_args=even)
    markers = [Marker(mark.value, mark.formula, mark.kind) for mark in animation.marks]
    words = {"label": animation.label, "symbol": animation.symbol, "names": animation.players}
    with tempfile.TemporaryDirectory() as folder, style.context("default"):
        file = Path(folder) / f"film{suffix}"
        frames = plot_motion(animation.portraits, animation.values, markers, **words)
        figure = next(frames)
        drawing = progress("drawing", len(animation.values))
        with writer.saving(figure, str(file), FILM_DPI), drawing as advance:
            for _ in animation.values:
                writer.grab_frame()
                advance()
                next(frames, None)
        return file.read_bytes()
