"""Every block of code in the documentation and the README runs as it stands.

Each page is played in a folder of its own, its blocks in order. A block is one of: Python (all of a
page share one namespace), shell, a file to write (its title is the file's name), the output of the
block before it, or a language on the list of those that nobody runs.
"""

import doctest
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import markdown
import pytest
from _pytest.mark import ParameterSet
from tests.outsiders import as_before

from glasshouse.study import read_study
from glasshouse.study.training import check_training

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))

FENCE = re.compile(r"^( *)```(?P<info>[^`\n]*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r'title="([^"]*)"')

SHOWN = {"text", "bibtex"}
"""Languages of blocks to read; with the title "output" a text is compared all the same."""

SETS_UP = {"python3 -m venv .venv && .venv/bin/pip install -c constraints.txt ."}
"""First words of blocks of the README that make an environment, which the gate does by itself."""


LONG = re.compile(
    r"^(glasshouse (?:animate|atlas|certify|challenge|check|figure|league|run|sceptic|thresholds"
    r"|verify)) .*$",
    re.MULTILINE,
)
"""Commands that are only asked for their help by day, where nothing of the page needs their work;
studies of the pages are read all the same, and tests of their own play the commands."""

NEED_WORK = {"docs/how-to/figure.md", "docs/how-to/many-runs.md", "docs/tutorial.md"}
"""Pages that go on with what a command has written."""

READ_BY_DAY = {
    f"docs/{name}.md"
    for name in (
        "background/branches",  # oracles/test_branches
        "background/equilibria",  # oracles/test_equilibria, oracles/test_existence
        "background/challenge",  # test_challenge
        "background/mixing",  # oracles/test_mixing
        "background/sceptic",  # test_sceptic
        "background/similarity",  # test_similarity
        "background/transparent",  # oracles/test_transparency
        "background/steps",  # oracles/test_periods, oracles/test_turns
        "how-to/animate",  # test_motion
        "how-to/atlas",  # test_atlas
        "how-to/access",  # oracles/test_access, test_study_access
        "how-to/compare",  # test_study_compare
        "how-to/certify",  # test_documents, certificates/, test_cli_certificates
        "how-to/equilibria",  # oracles/test_equilibria, test_study_equilibria
        "how-to/clusters",  # test_study_engines, test_study_map, test_queries
        "how-to/environments",  # oracles/test_stochastic_games, test_pettingzoo
        "how-to/finite",  # test_finite, leagues/test_opening
        "how-to/flow",  # oracles/test_flows
        "how-to/nfg-file",  # test_nfg
        "how-to/leagues",  # leagues/
        "how-to/maps",  # oracles/test_maps, test_study_map, test_study_engines
        "how-to/own-rule",  # test_outsider, contracts/test_outsiders
        "how-to/own-semantics",  # test_outsider, test_study
        "how-to/payoff-matrix",  # test_doors, test_study
        "how-to/plugins",  # test_outsider, contracts/test_outsiders
        "how-to/programs",  # oracles/test_{modal_agents,commitment,grounded}, test_cli_programs
        "how-to/python",  # test_documents, which runs it by day
        "how-to/repeated",  # oracles/test_repeated, test_study_repeated
        "how-to/rules",  # oracles/test_rules, oracles/test_shaping, test_study_rules
        "how-to/table",  # test_tables
        "reference/study",  # test_study, test_study_edges
        "index",  # test_documents, by the README
    )
}
"""Pages whose blocks take seconds, and what plays such things by day: then only their studies are
read, and their Python is compiled."""


class Block(NamedTuple):
    language: str
    title: str
    text: str


def blocks_of(page: str) -> list[Block]:
    """The fenced blocks of a page; a fence inside a list is indented and its text with it."""
    found = []
    for match in FENCE.finditer(page):
        info = match["info"].strip()
        title = TITLE.search(info)
        text = re.sub(rf"^{match[1]}", "", match["text"], flags=re.MULTILINE)
        found.append(Block(info.split(" ")[0], title[1] if title else "", text))
    return found


def loaded(name: str) -> ModuleType:
    """A module of the documentation, which is no package."""
    specification = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def player() -> Iterator[subprocess.Popen[str]]:
    """Has loaded the library, and plays each page in a process forked from it."""
    settings = {
        "JAX_ENABLE_X64": "0",
        "MPLBACKEND": "agg",
    }
    with subprocess.Popen(
        [sys.executable, DOCS / "_play.py", "--many"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **settings},
    ) as playing:
        yield playing


@pytest.fixture
def play(player, tmp_path_factory) -> Callable[[list[tuple[str, str]], Path], list[str]]:
    """What each block of a page printed that is played in a folder."""
    files = tmp_path_factory.mktemp("played")

    def played(blocks: list[tuple[str, str]], folder: Path) -> list[str]:
        (files / "blocks").write_text(json.dumps(blocks), "utf-8")
        player.stdin.write(json.dumps([str(folder), str(files)]) + "\n")
        player.stdin.flush()
        code = player.stdout.readline().strip()
        assert code == "0", (files / "errors").read_text("utf-8")
        return json.loads((files / "printed").read_text("utf-8"))

    return played


def drawing(blocks: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The blocks of a page; of one that draws, every figure is looked at where it is saved."""
    if not any(kind == "python" and "savefig" in text for kind, text in blocks):
        return blocks
    return [("python", f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{LOOKS}"), *blocks]


LOOKS = """
from tests.layout import report_faults_to
report_faults_to("faults.json")
"""


def assert_figures_are_laid_out_well(folder: Path, saves: int) -> None:
    """Every figure that was saved in a folder was looked at, and nothing was found."""
    found = json.loads((folder / "faults.json").read_text()) if saves else []
    assert len(found) == saves
    assert [name for name, faults in found if faults] == [], found


def kind_of(block: Block) -> str:
    """How `_play.py` plays a block: "python", "sh", the file it is, or "" for one to read."""
    if "." in block.title:
        return block.title
    if block.language in ("python", "sh"):
        sets_up = any(block.text.startswith(words) for words in SETS_UP)
        return "" if sets_up else block.language
    assert block.language in SHOWN, f"nobody runs a block of {block.language or 'no language'}"
    return ""


def plays(page: Path) -> list[ParameterSet]:
    """A page as it is played by day, and whole by night if that is another thing."""
    name, text = str(page.relative_to(ROOT)), page.read_text("utf-8")
    if name in READ_BY_DAY:
        return [pytest.param(page, True, marks=pytest.mark.slow, id=f"{name} whole")]
    if name in NEED_WORK or not LONG.search(text):
        return [pytest.param(page, True, id=name)]
    whole = pytest.param(page, True, marks=pytest.mark.slow, id=f"{name} whole")
    return [pytest.param(page, False, id=name), whole]


@pytest.mark.parametrize(("page", "whole"), [play for page in PAGES for play in plays(page)])
def test_every_block_runs_and_prints_what_the_page_says(page, whole, tmp_path, play):
    blocks = blocks_of(page.read_text("utf-8"))
    kinds = [kind_of(block) for block in blocks]
    assert not [b for b in blocks if b.title == "output" and b is blocks[0]]
    played = [k for k, kind in enumerate(kinds) if kind]
    if not played:
        return
    if page.name == "README.md":  # which speaks to a reader in the repository
        shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shown = {k for k, following in enumerate(blocks[1:]) if following.title == "output"}
    pieces = [
        (kinds[k], blocks[k].text if whole or k in shown else quick(blocks[k].text)) for k in played
    ]
    found = play(drawing(pieces), tmp_path)[-len(played) :]
    printed = dict(zip(played, found, strict=True))
    saves = sum(text.count(".savefig(") for kind, text in pieces if kind == "python")
    assert_figures_are_laid_out_well(tmp_path, saves)
    for k, block in enumerate(blocks):
        if block.title == "output":
            assert_prints(block.text, printed[k - 1])
        if block.title.endswith(".toml"):
            with as_before():  # a study may register things
                read_file(tmp_path / block.title)


@pytest.mark.parametrize("name", sorted(READ_BY_DAY))
def test_of_long_pages_studies_are_read_and_code_is_code(name, tmp_path):
    found = blocks_of((ROOT / name).read_text("utf-8"))
    files = [block for block in found if "." in block.title]
    for block in files:
        (tmp_path / block.title).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / block.title).write_text(block.text, "utf-8")
    for block in found:
        kind = kind_of(block)
        if kind == "python" or kind.endswith(".py"):
            compile(block.text, name, "exec")
        if kind.endswith(".toml"):
            with as_before():  # a study may register things
                read_file(tmp_path / kind)


def read_file(path: Path) -> object:
    """What a study or a training says; of a game in steps it is a training."""
    game = tomllib.loads(path.read_text("utf-8")).get("game", {})
    return check_training(path) if "kind" in game else read_study(path)


def quick(text: str) -> str:
    return LONG.sub(r"\1 --help", text)


def assert_prints(wanted: str, found: str) -> None:
    """Equal, but for what "..." stands for and blanks at the ends of lines."""
    found = re.sub(r" +$", "", found, flags=re.MULTILINE)
    assert doctest.OutputChecker().check_output(wanted, found, doctest.ELLIPSIS), (
        f"the page says\n{wanted}\nbut printed was\n{found}"
    )


def test_blocks_are_found_wherever_they_stand():
    page = (
        "Text\n\n```python\nx = 1\n```\n\n1. One\n\n    ```sh\n    ls\n    ```\n\n"
        '```text title="output"\na\n```\n'
    )
    assert blocks_of(page) == [
        Block("python", "", "x = 1\n"),
        Block("sh", "", "ls\n"),
        Block("text", "output", "a\n"),
    ]
    for path in PAGES:
        text = path.read_text("utf-8")
        assert text.count("```") == 2 * len(blocks_of(text)), path


def test_blocks_that_set_up_an_environment_are_those_of_the_readme():
    readme = PAGES[0].read_text("utf-8")
    assert {words for words in SETS_UP if f"```sh\n{words}" in readme} == SETS_UP


def test_by_day_long_commands_are_asked_for_help_and_others_played():
    assert quick("glasshouse games\nglasshouse run a.toml  # b\n") == (
        "glasshouse games\nglasshouse run --help\n"
    )
    assert all(LONG.search((ROOT / name).read_text("utf-8")) for name in NEED_WORK)


def test_unequal_output_is_noticed():
    assert_prints("a ... c\n", "a b c\n")
    with pytest.raises(AssertionError, match="the page says"):
        assert_prints("a\n", "b\n")


each_script = pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.name)


def code_of(script: Path) -> list[tuple[str, str]]:
    """The cells of an example that are code, after one that says what it is about."""
    hooks = pytest.importorskip("mkdocs") and loaded("_hooks")
    cells = hooks.cells(script.read_text("utf-8"))
    assert cells[0][0] == "markdown"
    assert cells[0][1].startswith("# ")
    return [cell for cell in cells if cell[0] == "python"]


@each_script
def test_example_scripts_consist_of_cells(script):
    for _, text in code_of(script):
        compile(text, script.name, "exec")


@pytest.mark.slow  # by day `.ci/run` plays each
@each_script
def test_cells_of_example_scripts_run(script, tmp_path, play):
    code = code_of(script)
    assert any(play(drawing(code), tmp_path))
    saves = sum(text.count(".savefig(") for _, text in code)
    assert_figures_are_laid_out_well(tmp_path, saves)


def test_the_reference_says_what_commands_and_study_files_take():
    generated = loaded("_generated")
    assert generated.missing() == set()
    for path in generated.PAGES:
        page = path.read_text("utf-8")
        assert generated.renewed(page) == page, "run make help-pages"


def test_reference_is_complete(tmp_path):
    pytest.importorskip("mkdocs")
    hooks = loaded("_hooks")
    reference = "".join(page.read_text("utf-8") for page in (DOCS / "reference").rglob("*.md"))
    hooks.check_reference(hooks.SOURCE, reference)
    for gap in ("theory.thresholds", "parametric.Tied", "explorer.notebook.explore"):
        with pytest.raises(Exception, match=rf"::: glasshouse.{gap}'"):
            hooks.check_reference(
                hooks.SOURCE, re.sub(rf"^::: glasshouse.{gap}$", "", reference, flags=re.MULTILINE)
            )


LINKED = re.compile(r"\]\((?!https?:|#|mailto:)([^)\s#]+)")
REFERRED = re.compile(r"\]\[(glasshouse[\w.]*)\]")


def made_for_the_site() -> set[Path]:
    """What the build adds to `docs/examples`: pages and figures of scripts, and all files."""
    hooks, files = loaded("_hooks"), [*(ROOT / "examples").iterdir()]
    scripts = [path for path in files if path.suffix == ".py"]
    figures = {x for path in scripts for x in hooks.SAVED.findall(path.read_text("utf-8"))}
    pages = {f"{path.stem}.md" for path in scripts}
    return {DOCS / "examples" / name for name in {x.name for x in files} | figures | pages}


def dangling(page: Path, text: str, shown: set[str], made: set[Path]) -> list[str]:
    """Links of a page to what is neither a file nor made for the site, and names nowhere shown."""
    hooks, found = loaded("_hooks"), []
    reported = {DOCS / "examples" / x for x in ["tutorial", *hooks.COMMANDS, *hooks.STUDIES]}
    for link in LINKED.findall(re.sub(r"^```.*?^```|`[^`\n]+`", "", text, flags=re.M | re.S)):
        target = Path(os.path.normpath(page.parent / link))
        if not (target.exists() or target in made or target.parent in reported):
            found.append(link)
    names = REFERRED.findall(text)
    return found + [x for x in names if not {x, x.rpartition(".")[0]} & shown]


def test_links_between_pages_lead_somewhere():
    """What a strict build says after minutes, page by page."""
    pytest.importorskip("mkdocs")
    hooks = loaded("_hooks")
    pages = {path: path.read_text("utf-8") for path in sorted(DOCS.rglob("*.md"))}
    shown = set(hooks.DIRECTIVE.findall(hooks.with_others(hooks.SOURCE, "".join(pages.values()))))
    made = made_for_the_site()
    lost = {str(path): dangling(path, text, shown, made) for path, text in pages.items()}
    assert not {path: links for path, links in lost.items() if links}
    page = DOCS / "how-to" / "maps.md"
    for link in (
        "[x](../examples/stag_hunt_map.md)",  # a study's page is a report
        "[x](../examples/stag_hunts/report.html)",
        "[x](mapping.md)",
        "[x][glasshouse.load_games]",
        "[x][glasshouse.interop.load_games]",
    ):
        assert dangling(page, link, shown, made) == [link[4:-1]]


def test_what_a_folder_lists_needs_no_line_in_the_reference():
    pytest.importorskip("mkdocs")
    hooks = loaded("_hooks")
    page = "::: glasshouse.rules.Gradient\n\n<!-- others of glasshouse.rules, deeper -->\n"
    found = hooks.DIRECTIVE.findall(hooks.with_others(hooks.SOURCE, page))
    assert found[0] == "glasshouse.rules.Gradient"
    assert len(found) == len(set(found)) >= 12
    assert {"glasshouse.rules.Sos", "glasshouse.rules.AbstractRule"} < set(found)
    assert "glasshouse.rules.Sos\n    options:" in hooks.with_others(hooks.SOURCE, page)


def test_entries_of_the_gallery_are_cards_of_their_own(monkeypatch):
    hooks = loaded("_hooks")
    cards = [
        hooks.card(name, "Words.", f"{name}.svg", "page.md", "[page](page.md)") for name in "ab"
    ]
    monkeypatch.setitem(hooks.GALLERIES, "studies", cards)
    page = hooks.on_page_markdown(hooks.GALLERY.format("studies"), None, None, None)
    shown = markdown.markdown(page, extensions=["md_in_html", "attr_list"])
    assert shown.count("<li>") == shown.count("<img") == 2


def test_what_a_build_leaves_for_later_is_said_where_it_would_be(monkeypatch):
    hooks = loaded("_hooks")
    monkeypatch.setattr(hooks, "LATER", {"manipulation", "memory"})
    page, figures = hooks.example_page(ROOT / "examples" / "manipulation.py")
    assert page.count(hooks.NOT_PLAYED) == 1
    assert "![manipulation.svg](manipulation.svg)" in page
    assert list(figures) == ["manipulation.svg"]
    drawn, summary = hooks.study_results("memory", {"map"})
    assert hooks.NOT_PLAYED in drawn["report.html"].decode()
    assert (set(drawn), summary) == ({"map.svg", "report.html"}, {})
    monkeypatch.setattr(hooks, "LATER", {"manipulations"})
    with pytest.raises(Exception, match="'manipulations', which is no example"):
        hooks.on_pre_build(None)


def test_formulas_become_mathml():
    pytest.importorskip("latex2mathml")
    hooks = loaded("_hooks")
    html = r'<p><span class="arithmatex">\(a &lt; \kappa_C\)</span></p>'
    found = hooks.to_mathml(html)
    assert "arithmatex" not in found
    assert "<math" in found
    assert "&#x003BA;" in found or "κ" in found
    assert 'display="block"' in hooks.to_mathml(r'<div class="arithmatex">\[x\]</div>')


def test_pages_load_nothing_from_elsewhere():
    pytest.importorskip("mkdocs")
    loads = loaded("_hooks").LOADED
    assert loads.findall('<script src="https://a.example/b.js"></script>')
    assert loads.findall('<link rel="stylesheet" href="//a.example/b.css">')
    assert not loads.findall('<a href="https://a.example">a</a><img src="../b.svg">')
