"""What MkDocs does beside its plugins: formulas, pages made from the code, and two checks.

A build fails when something the library exports is missing from the reference or has no docstring,
and when a page would load something from another server.
"""

import ast
import html
import json
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
STUDY_ROWS = re.compile(r"^<!-- rows of examples/(\w+).toml -->$", flags=re.MULTILINE)
LOADED = re.compile(
    r'<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)="((?:https?:)?//[^"]*)'
)
DIRECTIVE = re.compile(r"^::: (glasshouse[\w.]*)", flags=re.MULTILINE)
OTHERS = re.compile(r"^<!-- others of (glasshouse[\w.]+)(, deeper)? -->$", flags=re.MULTILINE)
COMMANDS = {"challenge": ["challenge", "--part", "independent-random", "--steps", "500"]}
"""Figures that other commands draw than `glasshouse run`, by the folder pages show them from."""

RUN: dict[str, dict[str, Any]] = {}
"""Summaries of the example studies that pages show."""

AT_ONCE = 2
"""Studies and scripts that run at the same time: one alone leaves a core idle now and then."""

DEEPER = "\n    options:\n      heading_level: 3"


def on_pre_build(config: MkDocsConfig) -> None:
    """Refuse to build a reference with gaps."""
    pages = (Path(config.docs_dir) / "reference").rglob("*.md")
    check_reference(SOURCE, "".join(page.read_text("utf-8") for page in pages))


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for every example script, with what it prints and draws."""
    shown = sorted(shown_studies(Path(config.docs_dir)).items())
    scripts = sorted(EXAMPLES.glob("*.py"))
    with ThreadPoolExecutor(AT_ONCE) as pool:  # each is a process of its own; the longest first
        ran = {
            study: pool.submit(study_results, EXAMPLES / f"{study}.toml", names)
            for study, names in shown
        }
        played = {script: pool.submit(example_page, script) for script in scripts}
        try:
            for script, found in played.items():
                page, figures = found.result()
                files.append(File.generated(config, f"examples/{script.stem}.md", content=page))
                for name, figure in figures.items():
                    files.append(File.generated(config, f"examples/{name}", content=figure))
            for study, found in ran.items():
                figures, RUN[study] = found.result()
                for name, figure in figures.items():
                    name = f"examples/{study}/{name}.svg"
                    files.append(File.generated(config, name, content=figure))
        except PluginError:
            pool.shutdown(cancel_futures=True)
            raise
    return files


def shown_studies(docs: Path) -> dict[str, set[str]]:
    """Of which example studies pages show figures or rows, and which figures."""
    found: dict[str, set[str]] = {}
    for page in sorted(docs.rglob("*.md")):
        text = page.read_text("utf-8")
        for study, figure in STUDY_FIGURE.findall(text):
            found.setdefault(study, set()).add(figure)
        for study in STUDY_ROWS.findall(text):
            found.setdefault(study, set())
    return found


def study_results(study: Path, names: set[str]) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Figures of an example study and its summary, by running it.

    Or those of another command, by the name it has here.
    """
    with tempfile.TemporaryDirectory() as folder:
        given = COMMANDS.get(study.stem, ["run", study])
        command = [sys.executable, "-m", "glasshouse", *given, "--out", f"{folder}/results"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise PluginError(f"{study.name} fails: {done.stderr}")
        drawn = {path.stem: path.read_bytes() for path in Path(folder).rglob("*.svg")}
        file = Path(f"{folder}/results/summary.json")
        summary = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    if lost := sorted(names - set(drawn)):
        raise PluginError(f"{study.name} draws no figure {lost[0]!r}: it has {', '.join(drawn)}")
    return {name: drawn[name] for name in names}, summary


def rows_of(match: re.Match) -> str:
    """What learners compared in an example study are paid or lose.

    Beside their references or, without any, by player.
    """
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
    markdown = STUDY_ROWS.sub(rows_of, markdown)
    return with_others(SOURCE, markdown)


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn formulas into MathML, which browsers set without help."""
    return to_mathml(content)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Refuse a page that loads something from another server."""
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
    package = griffe.load("glasshouse", search_paths=[source.parent])
    names = sorted(set(exported(source)))
    missing = [name for name in names if name not in shown]
    if missing:
        raise PluginError(
            f"no page under docs/reference has '::: {missing[0]}' ({len(missing)} missing)"
        )
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
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, Path(__file__).with_name("_play.py")],
            input=json.dumps(code),
            capture_output=True,
            text=True,
            cwd=folder,
            check=False,
        )
        if done.returncode:
            raise PluginError(f"{script.name} fails: {done.stderr}")
        figures = {path.name: path.read_bytes() for path in Path(folder).glob("*.svg")}
    printed = iter(json.loads(done.stdout))
    page = []
    for kind, text in parts:
        if kind == "markdown":
            page.append(text)
            continue
        page.append(f"```python\n{text}```")
        if output := next(printed):
            page.append(f'```text title="output"\n{output}```')
        page.extend(f"![{name}]({name})" for name in figures if name in text)
    return "\n\n".join(page), figures
