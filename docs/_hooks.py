"""What MkDocs does beside its plugins: formulas, pages made from the code, and two checks.

A build fails when something the library exports is missing from the reference or has no docstring,
and when a page would load something from another server.
"""

import ast
import html
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeGuard

import griffe
from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "glasshouse"
EXAMPLES = ROOT / "examples"

FORMULA = re.compile(
    r'<(span|div) class="arithmatex">\\(?:\(|\[)(.*?)\\(?:\)|\])</\1>', flags=re.DOTALL
)
STUDY_FIGURE = re.compile(r"\]\((?:\.\./)*examples/(\w+)/(\w+)\.svg\)")
SEARCH, FORMULAS = 'data-md-component="search" role="dialog"', '1998/Math/MathML" display="block"'
EVERYBODY = {
    SEARCH: f'{SEARCH} aria-label="Search"',
    FORMULAS: f'{FORMULAS} tabindex="0"',
}
"""What the theme and MathML lack for those who read by ear or by keyboard."""

GALLERY = "<!-- gallery of {} -->"
STUDY_ROWS = re.compile(r"^<!-- rows of examples/(\w+).toml -->$", flags=re.MULTILINE)
LOADED = re.compile(
    r'<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)="((?:https?:)?//[^"]*)'
)
DIRECTIVE = re.compile(r"^::: (glasshouse[\w.]*)", flags=re.MULTILINE)
OTHERS = re.compile(r"^<!-- others of (glasshouse[\w.]+)(, deeper)? -->$", flags=re.MULTILINE)
COMMANDS = {"challenge": ["challenge", "--part", "independent-random", "--steps", "500"]}
"""Figures that other commands draw than `glasshouse run`, by the folder pages show them from."""

STUDIES = sorted(path.stem for path in EXAMPLES.glob("*.toml"))
TUTORIAL = re.compile(r'^```toml title="mine.toml"\n(.*?)^```$', flags=re.MULTILINE | re.DOTALL)

GALLERIES: dict[str, list[str]] = {"programs": [], "studies": []}
"""The entries of the gallery."""

RUN: dict[str, dict[str, Any]] = {}
"""Summaries of the example studies that pages show."""

PYTHON = os.environ.get("GLASSHOUSE_PYTHON", sys.executable)
"""What plays the examples; the gate names one that has the library installed from its wheel."""

LATER = frozenset(os.environ.get("GLASSHOUSE_LATER", "").split())
"""Examples, by their stems, and figures of `COMMANDS` that this build does not play: the gate
leaves those that take long to `make docs` and to the night. Their pages say so, where their output
and figures would be."""

NOT_PLAYED = "Not played in this build of the site: `make docs` without GLASSHOUSE_LATER does."
BLANK = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 60">
<text x="450" y="36" text-anchor="middle" font-size="16">{NOT_PLAYED.replace("`", "")}</text>
</svg>"""
SAVED = re.compile(r'savefig\("([\w.]+\.svg)"\)')

AT_ONCE = 2
"""Studies and scripts that run at the same time: one alone leaves a core idle now and then."""

DEEPER = "\n    options:\n      heading_level: 3"


def on_pre_build(config: MkDocsConfig) -> None:
    """Refuse to build a reference with gaps, and to leave for later what is no example."""
    if unknown := LATER - {path.stem for path in EXAMPLES.iterdir()} - COMMANDS.keys():
        raise PluginError(f"GLASSHOUSE_LATER names {min(unknown)!r}, which is no example")
    pages = (Path(config.docs_dir) / "reference").rglob("*.md")
    check_reference(SOURCE, "".join(page.read_text("utf-8") for page in pages))


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for every example script, with what it prints and draws, and the gallery."""
    docs, scripts = Path(config.docs_dir), sorted(EXAMPLES.glob("*.py"))
    shown = sorted(shown_studies(docs).items())
    with ThreadPoolExecutor(AT_ONCE) as pool:  # each is a process of its own; the longest first
        ran = {study: pool.submit(study_results, study, names) for study, names in shown}
        played = {script: pool.submit(example_page, script) for script in scripts}
        try:
            for script, found in played.items():
                page, figures = found.result()
                add(files, config, f"examples/{script.stem}.md", page)
                for name, figure in figures.items():
                    add(files, config, f"examples/{name}", figure)
                GALLERIES["programs"].append(program_card(script, sorted(figures)))
            for study, found in ran.items():
                drawn, RUN[study] = found.result()
                for name, content in drawn.items():
                    add(files, config, f"examples/{study}/{name}", content)
                if study in STUDIES:
                    GALLERIES["studies"].append(study_card(EXAMPLES / f"{study}.toml", drawn))
        except PluginError:
            pool.shutdown(cancel_futures=True)
            raise
    for path in sorted(EXAMPLES.iterdir()):
        if path.is_file():
            add(files, config, f"examples/{path.name}", path.read_bytes())
    return files


def add(files: Files, config: MkDocsConfig, name: str, content: str | bytes) -> None:
    """A file of the site that no folder holds."""
    files.append(File.generated(config, name, content=content))


def shown_studies(docs: Path) -> dict[str, set[str]]:
    """All example studies, and what else pages show, with the figures that they show."""
    found: dict[str, set[str]] = {study: set() for study in STUDIES}
    for page in sorted(docs.rglob("*.md")):
        text = page.read_text("utf-8")
        for study, figure in STUDY_FIGURE.findall(text):
            found.setdefault(study, set()).add(figure)
        for study in STUDY_ROWS.findall(text):
            found.setdefault(study, set())
    return found


def study_results(study: str, names: set[str]) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The report and the figures of an example study, and its summary.

    From the folder of results that the environment names, else by running it; of another command,
    and of the study that the tutorial writes, by their names here.
    """
    if study in LATER:
        blank = {f"{name}.svg": BLANK.encode() for name in names}
        page = f'<!doctype html><html lang="en"><title>{study}</title><p>{NOT_PLAYED}</p></html>'
        return {**blank, "report.html": page.encode()}, {}
    with tempfile.TemporaryDirectory() as folder:
        results = Path(os.environ.get("GLASSHOUSE_RESULTS", folder)) / study
        if not (results / "report.html").is_file():
            results = Path(folder) / "results"
            run_example(study, Path(folder))
        paths = [*results.rglob("*.svg"), *results.glob("report.html")]
        written = {path.name: path.read_bytes() for path in paths}
        file = results / "summary.json"
        summary = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    if lost := sorted(name for name in names if f"{name}.svg" not in written):
        raise PluginError(f"{study} draws no figure {lost[0]!r}: it has {', '.join(written)}")
    return written, summary


def run_example(study: str, folder: Path) -> None:
    """Run a study, or what goes by its name here, into `results` in a folder."""
    file = EXAMPLES / f"{study}.toml"
    if study == "tutorial":
        file = folder / "mine.toml"
        page = (Path(__file__).parent / "tutorial.md").read_text("utf-8")
        file.write_text(TUTORIAL.findall(page)[0], "utf-8")
    given = COMMANDS.get(study, ["run", str(file)])
    command = [PYTHON, "-m", "glasshouse", *given, "--out", f"{folder}/results"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PluginError(f"{study} fails: {done.stderr}")


def program_card(script: Path, figures: list[str]) -> str:
    """What the gallery shows of a program: its title, first words, figure, page and file."""
    kind, text = cells(script.read_text("utf-8"))[0]
    title, _, words = text.partition("\n\n") if kind == "markdown" else (script.stem, "", "")
    words = " ".join(words.partition("\n\n")[0].split())
    files = f"[page]({script.stem}.md) · [`{script.name}`]({script.name})"
    return card(title.lstrip("# "), words, next(iter(figures), None), f"{script.stem}.md", files)


def study_card(study: Path, drawn: dict[str, bytes]) -> str:
    """What the gallery shows of a study: what its file says first, its figure, report and file."""
    comment = itertools.takewhile(
        lambda line: line.startswith("#"), study.read_text("utf-8").splitlines()
    )
    words = " ".join(line.lstrip("# ") for line in comment if "Run it with" not in line)
    title, end, rest = re.split(r"(?<=[a-zκ½0-9])([.?:])(?= |$)", words, maxsplit=1)
    from glasshouse.study.report.index import PICTURES

    figure = next((f"{name}.svg" for name in PICTURES if f"{name}.svg" in drawn), None)
    place = f"{study.stem}/report.html"
    files = f"[report]({place}) · [`{study.name}`]({study.name})"
    shown = None if figure is None else f"{study.stem}/{figure}"
    rest = rest.strip()  # after a colon it began with a small letter
    return card(title + end.strip(".:"), rest[:1].upper() + rest[1:], shown, place, files)


def card(title: str, words: str, figure: str | None, place: str, files: str) -> str:
    """An entry of the gallery."""
    image = "" if figure is None else f"[![{title}]({figure}){{ loading=lazy }}]({place})\n\n    "
    return f"-   {image}**[{title}]({place})**\n\n    {words}\n\n    {files}\n"


def rows_of(match: re.Match) -> str:
    """What learners compared in an example study are paid or lose.

    Beside their references or, without any, by player.
    """
    if match[1] in LATER:
        return NOT_PLAYED
    found = RUN[match[1]]["rows"]
    reported = any(row["reference"] for row in found)
    ends = (
        ("to compare with", "standard errors apart")
        if reported
        else ("first player", "second player")
    )
    titles = ["learners", "mean ± standard deviation", *ends]
    lines = [titles, ["---"] * len(titles)]
    for row in found:
        if reported:
            last = [f"{row['reference']['mean']:.3f}", f"{row['z']:+.1f}"]
        else:
            last = [f"{player['mean']:.3f}" for player in row["players"]]
        lines.append([row["name"], f"{row['mean']:.3f} ± {row['std']:.3f}", *last])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put tables made from the code where their markers stand."""
    for table in (catalogue, core_names, primitives):
        marker = f"<!-- {table.__name__.replace('_', ' ')} -->"
        if marker in markdown:
            markdown = markdown.replace(marker, table())
    for name, cards in GALLERIES.items():
        entries = "\n".join(cards)  # a blank line between them, or they are one
        grid = f'<div class="grid cards" markdown>\n\n{entries}\n</div>'
        markdown = markdown.replace(GALLERY.format(name), grid)
    markdown = STUDY_ROWS.sub(rows_of, markdown)
    return with_others(SOURCE, markdown)


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn formulas into MathML, which browsers set without help."""
    return to_mathml(content)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Refuse a page that loads something from another server."""
    for before, after in EVERYBODY.items():
        output = output.replace(before, after)
    foreign = LOADED.findall(re.sub(r'<link rel="canonical"[^>]*>', "", output))
    if foreign:
        raise PluginError(f"{page.file.src_uri} would load {foreign[0]}: serve it from docs/")
    return output


def to_mathml(content: str) -> str:
    """HTML with every formula that arithmatex marked replaced by MathML."""

    def formula(match: re.Match) -> str:
        display = "block" if match[1] == "div" else "inline"
        return convert(html.unescape(match[2]).strip(), display=display)

    return FORMULA.sub(formula, content)


def check_reference(source: Path, reference: str) -> None:
    """Everything exported has a docstring and a place in the reference.

    **Raises:** `PluginError` naming what has not.
    """
    shown = set(DIRECTIVE.findall(with_others(source, reference)))
    names = sorted(set(exported(source)))
    missing = [name for name in names if name not in shown]
    if missing:
        raise PluginError(
            f"no page under docs/reference has '::: {missing[0]}' ({len(missing)} missing)"
        )
    package = griffe.load("glasshouse", search_paths=[source.parent])
    mute = [name for name in names if not package[name.partition(".")[2]].has_docstring]
    if mute:
        raise PluginError(f"{mute[0]} is exported and has no docstring ({len(mute)} without)")


def with_others(source: Path, page: str) -> str:
    """A page with a place for all that a folder exports and the page does not name itself.

    So that a rule, say, needs no line in the reference.
    """
    shown = set(DIRECTIVE.findall(page))

    def others(match: re.Match) -> str:
        names = [x for x in exported(source) if x.rpartition(".")[0] == match[1]]
        options = DEEPER if match[2] else ""
        return "\n\n".join(f"::: {name}{options}" for name in names if name not in shown)

    return OTHERS.sub(others, page)


def exported(source: Path) -> Iterator[str]:
    """What the `__init__.pyi` files export, by the outermost folder that does; no modules."""
    stubs = {
        stub.parent: [x for x in ast.parse(stub.read_text("utf-8")).body if named(x)]
        for stub in sorted(source.rglob("__init__.pyi"))
    }
    for parent, lines in stubs.items():
        folder = [source.name, *parent.relative_to(source).parts]
        above = {
            alias.name
            for line in stubs.get(parent.parent, [])
            if line.module == parent.name and len(folder) > 2
            for alias in line.names
        }
        for line in lines:
            if line.module == "elsewhere":  # names of earlier versions: they stand where they are
                continue
            # The top level repeats what folders export: its names stand where they belong.
            owner = folder if len(folder) > 1 else [*folder, line.module]
            yield from (".".join([*owner, a.name]) for a in line.names if a.name not in above)


def named(line: ast.stmt) -> TypeGuard[ast.ImportFrom]:
    """Whether this line of a stub exports names of a module."""
    return isinstance(line, ast.ImportFrom) and line.module is not None


def core_names() -> str:
    """A table of what `import glasshouse as gh` offers, linked to where it is explained."""
    package = griffe.load("glasshouse", search_paths=[SOURCE.parent])
    rows = []
    for line in ast.parse((SOURCE / "__init__.pyi").read_text("utf-8")).body:
        if isinstance(line, ast.ImportFrom) and line.module is not None:
            for alias in line.names:
                path = f"{line.module}.{alias.name}"
                docstring = package[path].docstring
                first = docstring.value.splitlines()[0] if docstring else ""
                rows.append(f"| [`gh.{alias.name}`][glasshouse.{path}] | {first} |")
    return "\n".join(["| name | |", "|---|---|", *rows])


def catalogue() -> str:
    """A table of the catalogue's games."""
    from glasshouse.games.registry import CATALOGUE

    rows = []
    for name, game in CATALOGUE.items():
        defaults = ", ".join(f"{key} = {value:g}" for key, value in game.defaults.items())
        link = f"[`{name}`][glasshouse.games.catalogue.{name}]"
        rows.append(f"| {link} | {defaults or '—'} | {game.condition or '—'} | {game.source} |")
    head = ["| game | parameters | condition | source |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def primitives() -> str:
    """A table of what the programs of certificates consist of."""
    from glasshouse.certificates import PRIMITIVES

    rows = [f"| `{name}` | {primitive.meaning} |" for name, primitive in PRIMITIVES.items()]
    return "\n".join(["| primitive | computes |", "|---|---|", *rows])


def cells(script: str) -> list[tuple[str, str]]:
    """The cells of a script in percent format: ("markdown" or "python", text)."""
    parts = re.split(r"^# %%(.*)\n", script, flags=re.MULTILINE)[1:]
    found = []
    for kind, text in zip(parts[::2], parts[1::2], strict=True):
        if "[markdown]" in kind:
            found.append(("markdown", re.sub(r"^# ?", "", text.strip(), flags=re.MULTILINE)))
        elif text.strip():
            found.append(("python", text.strip("\n") + "\n"))
    return found


def example_page(script: Path) -> tuple[str, dict[str, bytes]]:
    """An example as a page: prose, code, what the code printed, and the figures it saved."""
    parts = cells(script.read_text("utf-8"))
    code = [part for part in parts if part[0] == "python"]
    if script.stem in LATER:
        saved = [name for _, text in code for name in SAVED.findall(text)]
        return page_of(
            parts, [NOT_PLAYED, *[""] * (len(code) - 1)], dict.fromkeys(saved, BLANK.encode())
        )
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [PYTHON, Path(__file__).with_name("_play.py")],
            input=json.dumps(code),
            capture_output=True,
            text=True,
            cwd=folder,
            check=False,
        )
        if done.returncode:
            raise PluginError(f"{script.name} fails: {done.stderr}")
        figures = {path.name: path.read_bytes() for path in Path(folder).glob("*.svg")}
    return page_of(parts, json.loads(done.stdout), figures)


def page_of(
    parts: list[tuple[str, str]], outputs: list[str], figures: dict[str, bytes]
) -> tuple[str, dict[str, bytes]]:
    """The page of an example whose cells of code have printed and drawn these."""
    printed, page = iter(outputs), []
    for kind, text in parts:
        if kind == "markdown":
            page.append(text)
            continue
        page.append(f"```python\n{text}```")
        if output := next(printed):
            page.append(f'```text title="output"\n{output}```')
        page.extend(f"![{name}]({name})" for name in figures if name in text)
    return "\n\n".join(page), figures
