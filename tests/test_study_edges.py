"""Studies that people get wrong, or write in unusual ways: one line each, no traceback."""

import itertools
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from glasshouse.errors import InputError
from glasshouse.study import prepare, read_study
from glasshouse.study.report.figures import study_figures
from glasshouse.study.report.page import report_html
from glasshouse.study.spec.axes import RangeSpec
from glasshouse.study.spec.imported import code_file, load_function
from glasshouse.study.spec.toml import parse_study
from glasshouse.study.store import compute
from glasshouse.study.words.headlines import brief

GAME = '[game]\nname = "chicken"\n'
HALF = "def f(params, seen):\n    return [jnp.array([0.5, 0.5]) for _ in params]\n"
NUMBERS = itertools.count()


@pytest.fixture
def place(tmp_path, monkeypatch) -> Iterator[Path]:
    """A folder on the path; what is imported from it does not outlive the test."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    for name in set(sys.modules) - before:  # their sources are gone with the folder
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def custom(function: str) -> str:
    return f'{GAME}[semantics]\nkind = "custom"\nfunction = {function}\n[sweep]\n'


def refusal(text: str, folder: Path = Path()) -> str:
    """What is said of a study that cannot be: one line."""
    with pytest.raises(InputError) as refused:
        prepare(parse_study(text), folder)
    said = str(refused.value)
    assert "\n" not in said
    return said


@pytest.mark.parametrize("function", [".x:f", "x..y:f", "a b:f", "x-y:f", "a\\u0000.py:f", ":f"])
def test_names_that_are_none(function):
    said = refusal(custom(f'"{function}"'))
    assert said.startswith("key 'semantics.function': must be 'file.py:name'")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import jax\n@jax.jit\ndef f(params, seen):\n    raise KeyError('x')\n", "in line 4: Key"),
        (
            "import jax\n@jax.jit\ndef f(params, seen):\n    return params[7]\n",
            "in line 4: IndexError: tuple index out of range",
        ),
        (
            "class F:\n    def __call__(self, params, seen):\n        return 1 / 0\nf = F()\n",
            "ZeroD",
        ),
        ("class F:\n    __hash__ = None\n    def __call__(self, p, s): ...\nf = F()\n", "hashed"),
        ("def f(params, seen):\n    raise SystemExit(3)\n", "in line 2: SystemExit: 3"),
        ("def f(params, seen:\n", "SyntaxError"),
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(4)\n", "SystemExit: 4"),
        ("raise ValueError('one\\ntwo')\n", "ValueError: one"),
    ],
)
def test_functions_that_fail(place, source, said):
    module = f"failing_{next(NUMBERS)}"
    (place / f"{module}.py").write_text(source)
    for function in (f"{module}.py:f", f"{module}:f"):
        found = refusal(custom(f'"{function}"'), place)
        assert found.startswith("key 'semantics.function': ")
        assert said in found


def test_numpy_in_a_function_is_named(place):
    source = (
        "import numpy as np\ndef f(params, seen):\n    return [np.array([p, 1 - p]) for p in {}]"
    )
    (place / "own.py").write_text(source.format("map(np.exp, params)"))
    assert "in line 3" in refusal(custom('"own.py:f"'), place)
    assert refusal(custom('"own.py:f"'), place).endswith("write it with jax.numpy, not numpy")
    (place / "own.py").write_text("import math\ndef f(params, seen):\n    math.exp(params[0])\n")
    assert refusal(custom('"own.py:f"'), place).endswith("write it with jax.numpy, not numpy")


def test_builtins_and_siblings_are_refused(tmp_path):
    assert "no signature found" in refusal(custom('"builtins:max"'))
    (tmp_path / "helper_beside.py").write_text("")
    for line in ("import helper_beside", "from . import helper_beside"):
        (tmp_path / "own.py").write_text(line)
        assert "keep all it needs in its one file" in refusal(custom('"own.py:f"'), tmp_path)
    assert "for a file beside the study write 'own.py:" in refusal(custom('"nowhere.own:f"'))


def test_files_that_cannot_be_read():
    with pytest.raises(InputError, match="cannot be read"):
        load_function("a\0.py:f", Path())


def test_helpers_of_a_module_are_inputs(place):
    (place / "helper_one.py").write_text("import helper_two\nimport json\n")
    (place / "helper_two.py").write_text("HALF = 0.5\n")
    (place / "with_helper.py").write_text(f"import jax.numpy as jnp\nimport helper_one\n{HALF}")
    study = parse_study(custom('"with_helper:f"'))
    names = ["helper_one.py", "helper_two.py", "with_helper.py"]
    expected = {name: (place / name).read_bytes() for name in names}
    assert dict(prepare(study).inputs) == expected
    assert dict(prepare(study).inputs) == expected  # all are loaded by now
    # The same from a file beside the study, whose helpers something else has loaded.
    (place / "beside.py").write_text(f"import jax.numpy as jnp\nimport helper_one\n{HALF}")
    found = prepare(parse_study(custom('"beside.py:f"')), place).inputs
    assert sorted(found) == ["beside.py", *names[:2]]


def test_whole_packages_are_inputs(place):
    package = place / "own_package"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "inner" / "__init__.py").write_text("from .deep import X as X\n")
    (package / "inner" / "deep.py").write_text("X = 1\n")
    (package / "other.py").write_text("")
    (package / "computed.py").write_text("")
    (package / "late.py").write_text("")
    source = (
        "import importlib\nimport jax.numpy as jnp\nfrom own_package.inner import X\n"
        "importlib.import_module('own_package.' + 'computed')\n"
        "def f(params, seen):\n    from . import late\n"
        "    return [jnp.array([0.5, 0.5]) for _ in params]\n"
    )
    (package / "rule.py").write_text(source)
    __import__("own_package.other")
    found = prepare(parse_study(custom('"own_package.rule:f"'))).inputs
    assert sorted(found) == [
        "own_package.computed.py",
        "own_package.inner.deep.py",
        "own_package.inner.py",
        "own_package.late.py",
        "own_package.other.py",
        "own_package.py",
        "own_package.rule.py",
    ]


def test_modules_found_by_computed_names_are_inputs(place):
    (place / "computed_helper.py").write_text("")
    (place / "site-packages").mkdir()
    (place / "site-packages" / "installed_helper.py").write_text("")
    sys.path.insert(0, str(place / "site-packages"))  # syspath_prepend restores the whole list
    source = "import importlib, installed_helper\nimportlib.import_module('computed_' + 'helper')\n"
    (place / "computing.py").write_text(source)
    assert sorted(code_file("computing:f", place)) == ["computed_helper.py", "computing.py"]


def test_namesakes_keep_both_files(place):
    (place / "same").mkdir()
    (place / "namesake.py").write_text("X = 1\n")
    (place / "same" / "namesake.py").write_text("import namesake\ndef f(params, seen): ...\n")
    found = code_file("same/namesake.py:f", place)
    assert found == {
        "namesake.py": place / "same" / "namesake.py",
        "imported.namesake.py": place / "namesake.py",
    }


def test_installed_modules_are_no_inputs(tmp_path):
    """In a fresh process, where what a file imports is loaded for the first time."""
    code = (
        "import sys, pathlib; from glasshouse.study.spec.imported import code_file;"
        "file = pathlib.Path(sys.argv[1]);"
        "print([*code_file('own.py:f', file)], [*code_file('scipy.special:expit', file)])"
    )
    source = "import scipy.stats, wave, glasshouse.plots, glasshouse.semantics.affine\n"
    (tmp_path / "own.py").write_text(source)
    run = [sys.executable, "-c", code, str(tmp_path)]
    printed = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "['own.py'] ['scipy.special.py']"


def test_two_spellings_of_a_key_are_not_two_axes():
    text = f'{GAME}[sweep]\n"semantics.coupling" = [0.1]\nsemantics.coupling = [0.2]\n'
    assert "sweep names semantics.coupling twice" in refusal(text)
    swapped = f'{GAME}[sweep]\nsemantics.coupling = [0.2]\n"semantics.coupling" = [0.1]\n'
    assert "sweep names semantics.coupling twice" in refusal(swapped)


def test_unquoted_keys_named_as_those_of_ranges():
    start = f"{GAME}[learning]\nstart = [[0.0, 0.0]]\n[sweep]\n"
    both = (
        'learning.start.0.0 = [0.1, 0.2]\n"learning.start.0.1" = { start = 0, stop = 1, count = 3 }'
    )
    axes = parse_study(start + both).axes
    assert [tuple(axis) for axis in axes] == [
        ("learning.start.0.0", (0.1, 0.2)),
        ("learning.start.0.1", (0.0, 0.5, 1.0)),
    ]
    assert "learning.start" in refusal(start + "learning.start = [0.1]")
    for wrong in ('{ start = "a", stop = 1.0, count = 3 }', "{ stop = 1.0 }"):
        assert "key 'sweep.semantics.coupling.start'" in refusal(
            f"{GAME}[sweep]\nsemantics.coupling = {wrong}"
        )


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (0.0, 1e-310),
        (0.0, 5e-323),
        (-1e308, 1.5e308),
        (1 / 3, 2 / 3),
        (0.1234567890123456, 0.9876543210987654),
        (-1.0, 1.0),
    ],
)
def test_ends_of_ranges_are_exact(start, stop):
    values = RangeSpec(start=start, stop=stop, count=11 if stop > 1e-322 else 3).values()
    assert (values[0], values[-1]) == (start, stop)
    assert np.all(values[1:] > values[:-1])
    ideal = [float(start) * (1 - k / 10) + stop * (k / 10) for k in range(11)]
    if len(values) == 11:
        scale = max(abs(start), stop)
        assert values / scale == pytest.approx(np.array(ideal) / scale, abs=1e-12)


def test_values_of_ranges_are_what_people_write():
    assert RangeSpec(start=0.0, stop=0.7, count=8).values().tolist() == [
        0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7,
    ]  # fmt: skip
    for count in range(4, 40):  # one of them would give -0.0
        values = RangeSpec(start=-0.1, stop=(count - 2) / 10, count=count).values()
        assert str(float(values[1])) == "0.0"
    with pytest.raises(ValueError, match="coincide"):
        RangeSpec(start=1 + 0.6e-12, stop=1 + 0.95e-12, count=3)  # the middle would be the largest


def test_byte_order_marks_are_fine(tmp_path):
    (tmp_path / "pd.toml").write_bytes(b"\xef\xbb\xbf" + GAME.encode())
    assert read_study(tmp_path / "pd.toml") == parse_study(GAME)


@pytest.mark.parametrize(
    "payoffs", ["[[3]]", "[[[1], [2]], [[3], [4]]]", "[[[[1]]], [[[1]]], [[[1]]]]"]
)
def test_games_without_a_choice(payoffs):
    said = refusal(f"[game]\npayoffs = {payoffs}\n")
    assert said.startswith("key 'game.payoffs': player ")
    assert "at least two actions" in said


def test_whole_numbers_beyond_floats():
    assert "must be a finite number" in refusal(f"[game]\npayoffs = [[1, 2], [3, 1{'0' * 400}]]\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--payoffs", ""], "must be as many rows as columns"),
        (["--payoffs", "3 0; 5 1", "--game", "chicken"], "not both"),
        (["--payoffs", "3 0; 5 1", "--game", "prisoners_dilemma"], "not both"),
        (["--payoffs", "nan 0; 5 1"], "must all be finite"),
        (["--payoffs", "3 0; inf 1"], "must all be finite"),
        (["--payoffs", "3"], "payoffs '3' are of one action: give at least two actions"),
        (["--payoffs", "1e308 0; 0 -1e308"], "payoffs reach 1e+308"),
        (["--game", "prisoners_dilemma:T=1e308"], "payoffs reach 1e+308"),
        (["--game", ""], "unknown game"),
    ],
)
def test_new_refuses(call, tmp_path, words, said):
    code, _, printed = call("new", str(tmp_path / "x.toml"), *words)
    assert code == 2
    assert len(printed.splitlines()) == 1
    assert said in printed
    assert not (tmp_path / "x.toml").exists()


def test_new_quotes_what_it_prints(call, tmp_path):
    (tmp_path / "pd.nfg").write_text('NFG 1 R "pd" { "a" "b" } { 2 2 }\n\n3 3 5 0 0 5 1 1\n')
    study = tmp_path / "my own.toml"
    code, printed, _ = call("new", str(study), "--game", str(tmp_path / "pd.nfg"))
    assert code == 0
    assert f"glasshouse run '{study}'" in printed
    text = study.read_text("utf-8")
    assert "glasshouse run 'my own.toml'" in text.splitlines()[0]
    assert tomllib.loads(text)["game"] == {"file": "pd.nfg"}
    assert "prisoners_dilemma" in call("new", "--help")[1]


THREE = """
[game]
name = "prisoners_dilemma"
[semantics]
coupling = 0.5
bound = 3.0
[learning]
starts = 6
steps = 20
[analysis]
portrait = false
certify = false
boundary_test = false
tied = false
[sweep]
"semantics.coupling" = [0.2, 0.4, 0.6, 0.8]
"game.parameters.T" = [4.0, 5.0]
"""
BOUNDS = (2.0, 3.0, 4.0, 5.0)


@pytest.fixture(scope="module")
def of_three_axes():
    return compute(prepare(parse_study(f'{THREE}"semantics.bound" = {list(BOUNDS)}\n')))


def test_three_axes_have_every_column_and_row_the_first_running_fastest(of_three_axes):
    result = of_three_axes
    keys = ["semantics.coupling", "game.parameters.T", "semantics.bound"]
    assert result.table.column_names[:3] == keys
    assert result.to_dict()["axes"] == keys
    rows = list(zip(*(result.column(key) for key in keys), strict=True))
    axes = (BOUNDS, (4.0, 5.0), (0.2, 0.4, 0.6, 0.8))
    assert rows == [(k, t, m) for m, t, k in itertools.product(*axes)]


def test_every_sheet_of_three_axes_is_the_study_of_two(of_three_axes):
    alone = compute(prepare(parse_study(THREE)))  # at bound 3, the second of the values
    sheet = of_three_axes.table.slice(8, 8).drop_columns("semantics.bound").to_pydict()
    for name, column in alone.table.to_pydict().items():
        assert sheet[name] == (pytest.approx(column) if isinstance(column[0], float) else column)
    slices = of_three_axes.slices[2:4]
    assert [s.values for s in slices] == [(4.0, 3.0), (5.0, 3.0)]
    for one, other in zip(slices, alone.slices, strict=True):
        found = one.to_dict()
        assert found.pop("further") == [3.0]
        assert found.pop("between") == other.to_dict()["between"]
        assert found == pytest.approx({k: v for k, v in other.to_dict().items() if k in found})
        assert one.predicted == pytest.approx(one.first_movement, abs=0.05)


def test_claims_about_three_axes_count_points(of_three_axes):
    movement, outcome = of_three_axes.to_dict()["claims"][:2]
    assert "at 8 of 8 pairs of T and bound M" in movement
    assert re.search(r"at \d+ of 32 points", outcome)
    assert brief(of_three_axes).endswith("32 points")


def test_maps_of_three_axes_are_drawn_at_values_of_the_third(of_three_axes):
    figures = [figure for figure in study_figures(of_three_axes) if figure.name.startswith("map")]
    assert [figure.name for figure in figures] == ["map_1", "map_2", "map_3"]
    at = [f"Outcomes over coupling and T at bound M = {m}" for m in (2, 3, 5)]
    assert [figure.title for figure in figures] == at
    assert [figure.figure.axes[0].get_title() for figure in figures] == [
        f"at bound M = {m}" for m in (2, 3, 5)
    ]
    mesh = figures[1].figure.axes[0].collections[0].get_array()
    shown = of_three_axes.column("mean_cooperation")[8:16]
    np.testing.assert_array_equal(np.asarray(mesh).ravel(), shown)
    page = report_html(of_three_axes, figures, {})
    assert page.count("<td") > 32 * 3
    assert "Switches at each value of the other axes" in page


def test_a_look_ahead_as_first_axis_has_thresholds():
    rule = THREE.replace("[learning]", '[learning]\nrule = "lola"').replace(
        "tied = false", "tied = false\noutcomes = false"
    )
    axes = {"semantics.coupling": "[0.45, 0.47]", "learning.look_ahead": "[0.0, 0.5, 1.0, 2.0]"}
    text = rule[: rule.index("[sweep]")] + "[sweep]\n"
    first, last = (
        compute(prepare(parse_study(text + "".join(f'"{k}" = {axes[k]}\n' for k in keys))))
        for keys in (sorted(axes), sorted(axes, reverse=True))
    )
    margins = first.column("first_movement_margin").reshape(2, 4)
    others = last.column("first_movement_margin").reshape(4, 2)
    np.testing.assert_allclose(margins.T, others, rtol=1e-12)
    assert [s.moves for s in first.slices] == ["up to a value"] * 2
    for line, margin in zip(first.slices, margins, strict=True):
        x = first.axes[0].values
        assert line.first_movement is not None
        assert np.interp(line.first_movement, x, margin) == pytest.approx(0.0, abs=1e-12)
    claim = first.to_dict()["claims"][0]
    assert "toward cooperation below a look-ahead α of about 0.3441 to 0.6463 at" in claim
    assert "at 2 of 2 values of coupling" in claim
