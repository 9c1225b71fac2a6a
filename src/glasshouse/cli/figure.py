"""`glasshouse figure`: one figure of a study, at its size on paper."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glasshouse.cli.options import CooperateOption, JsonOption, TrustOption, print_json, say
from glasshouse.errors import InputError
from glasshouse.study.drawing.kinds import FIGURE_KINDS, figure_kind

if TYPE_CHECKING:
    from glasshouse.study.drawing.files import SavedFigure
    from glasshouse.study.drawing.source import Source

KINDS = "; ".join(f"{name}: {kind.shows}" for name, kind in FIGURE_KINDS.items())

SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="STUDY",
        help="A study (.toml), the folder of its results, or a game as in glasshouse check.",
        show_default=False,
    ),
]
OutOption = Annotated[Path, typer.Option(metavar="FILE", help="The file to write.")]
AtOption = Annotated[
    list[str] | None,
    typer.Option(
        "--at",
        metavar="KEY=VALUE",
        help="Hold a number of the study, by its key or the key's last part; may be repeated.",
    ),
]


def command(
    study: SourceArgument,
    kind: Annotated[
        str,
        typer.Option(metavar="KIND", help=f"{KINDS}."),
    ],
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The file to write: .pdf, .svg or .png.")
    ],
    at: AtOption = None,
    cooperate: CooperateOption = None,
    width: Annotated[
        str | None,
        typer.Option(
            metavar="LENGTH",
            help="86mm, 3.4in, 244pt, single (86mm) or double (178mm); usually the style's.",
        ),
    ] = None,
    height: Annotated[
        str | None,
        typer.Option(metavar="LENGTH", help="Usually what is drawn needs.", show_default=False),
    ] = None,
    style: Annotated[
        str,
        typer.Option(
            metavar="STYLE",
            help="paper (text of 8.5 pt), report, slides, or a Matplotlib style or style file.",
        ),
    ] = "paper",
    dpi: Annotated[int, typer.Option(metavar="N", help="Pixels per inch of a .png.")] = 300,
    trust: TrustOption = False,
    as_json: JsonOption = False,
) -> None:
    """Draw one figure of a study for a paper or for slides; fonts are embedded.

    Only what the figure shows is computed. Its caption is printed.
    """
    held = held_values(at)
    from glasshouse.study.drawing.draw import draw_figure
    from glasshouse.study.drawing.files import check_dpi, check_file, save_figure, size_words
    from glasshouse.study.drawing.pages import page_of
    from glasshouse.study.drawing.source import finished_table, study_source

    asked = figure_kind(kind)  # all is checked before anything is computed
    check_file(out)
    check_dpi(dpi, page_of(style, width, height)[0].width)
    source = study_source(study, trust=trust, cooperate=cooperate)
    figure = draw_figure(
        source.study,
        kind,
        folder=source.folder,
        at=held,
        width=width,
        height=height,
        style=style,
        trust=trust,
        table=None if held or not asked.axes else finished_table(source, trust=trust),
    )
    saved = save_figure(figure, out, dpi=dpi)
    if as_json:
        print_json({**saved.to_dict(), "kind": kind})
        return
    _tell(f"{out}: {size_words(saved)}. {saved.title}.", saved, source)


def _tell(first: str, saved: "SavedFigure", source: "Source") -> None:
    say(first)
    say_cooperation(source)
    say(f"Shows: {saved.alt}", "", "  ")
    say(f"Caption: {saved.caption}", "", "  ")


def say_cooperation(source: "Source") -> None:
    """Which action counts as cooperation, unless the figure looks at something else."""
    from glasshouse.parametric.observable import is_in_place
    from glasshouse.study.words.names import cooperation_said

    if not is_in_place(source.study.analysis.observe):
        game = source.study.game.build(source.folder)
        say(f"As cooperation counts: {cooperation_said(game)}.", "", "  ")


def held_values(given: list[str] | None) -> dict[str, float]:
    """Numbers by key from "coupling=0.5".

    **Raises:** `InputError` for what is no number, and for a key that is there twice.
    """
    found: dict[str, float] = {}
    for text in given or ():
        key, equals, value = (part.strip() for part in text.partition("="))
        try:
            number = float(value)
        except ValueError as error:
            said = f"--at {text!r:.60} must be a key and a number, as coupling=0.5"
            raise InputError(said) from error
        if not key or not equals or key in found:
            why = "is given twice" if key in found else "has no key"
            raise InputError(f"--at {text!r:.60} {why}: write each once, as coupling=0.5")
        found[key] = number
    return found
