"""The phase portrait in motion: what a page holds, and what it shows when its slider moves."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib import animation as films
from PIL import Image
from tests.test_report_browser import browser  # noqa: F401 - a fixture

import glasshouse as gh
from glasshouse.analysis.phase.portrait import OUTCOMES, phase_portrait
from glasshouse.dynamics import Learning
from glasshouse.errors import InputError
from glasshouse.study import Study
from glasshouse.study.drawing import animate, save_animation
from glasshouse.study.drawing.film import check_film
from glasshouse.study.drawing.motion import Animation, Mark
from glasshouse.study.drawing.paths import SIDE, frame_paths, share_paths

RECTANGLE = re.compile(r"M(\d+) (\d+)h(\d+)v(\d+)h-\3z")

VALUES = (0.2, 0.5, 1.0)


@pytest.fixture(scope="module")
def animation() -> Animation:
    """Three coarse frames."""
    family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
    small = {"resolution": 17, "trajectories": 4, "cells": 8, "learning": Learning(steps=400)}
    return Animation(
        game="Prisoner's <dilemma>",
        players=("Ada <1>", "Ben"),
        key="semantics.coupling",
        name="coupling",
        symbol="κ",
        label="coupling",
        values=VALUES,
        portraits=tuple(phase_portrait(family(x), **small) for x in VALUES),
        marks=(Mark(0.25, "κ_D", "$\\kappa_D$", "by hand"), Mark(0.27, "x", "x", "measured")),
        held="",
    )


@pytest.fixture(scope="module")
def page(animation, tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("motion") / "pd.html"
    saved = save_animation(animation, file)
    assert saved.size == file.stat().st_size < 200_000
    return file


def test_the_shading_of_a_frame_covers_the_plane_as_the_portrait_does(animation):
    for portrait in animation.portraits:
        paths = frame_paths(portrait)
        painted = np.full((SIDE, SIDE), -1)
        for k, path in enumerate(paths["shading"]):
            for found in RECTANGLE.finditer(path):
                x, y, width, height = map(int, found.groups())
                assert (painted[y : y + height, x : x + width] == -1).all()
                painted[y : y + height, x : x + width] = k
            assert RECTANGLE.sub("", path) == ""
        middles = (np.arange(len(portrait.shading)) + 0.5) * SIDE / len(portrait.shading)
        places = middles.astype(int)
        np.testing.assert_array_equal(
            painted[np.ix_(SIDE - 1 - places, places)], portrait.shading.T
        )


def test_runs_and_rest_points_lie_where_the_portrait_has_them(animation):
    for portrait in animation.portraits:
        paths = frame_paths(portrait)
        for run, path in zip(paths["runs"], portrait.trajectories, strict=True):
            ends = np.reshape(run, (-1, 2))[[0, -1]]
            wanted = np.stack([path[[0, -1], 0] + 3, 3 - path[[0, -1], 1]], 1) / 6 * SIDE
            np.testing.assert_allclose(ends, wanted, atol=0.51)
        stable = [p for p in portrait.rest_points if p.stability == "stable"]
        saddles = [p for p in portrait.rest_points if p.stability == "saddle"]
        assert paths["points"][0].count("M") == len(stable)
        assert paths["points"][2].count("M") == len(saddles)


def test_areas_of_shares_add_to_the_whole():
    lower, upper = share_paths([np.array([0.25, 0.5]), np.array([0.75, 0.5])], 1000, 100)
    assert lower == "M0 100.0L1000 100.0L1000 50.0L0 75.0Z"
    assert upper == "M0 75.0L1000 50.0L1000 0.0L0 0.0Z"


def test_the_page_holds_every_frame_and_loads_nothing(page, animation):
    text = page.read_text("utf-8")
    assert "http" not in text
    assert "<dilemma>" not in text
    (data,) = re.findall(r'<script type="application/json" id="frames">(.*?)</script>', text)
    frames = json.loads(data)
    assert [frame["at"] for frame in frames] == ["κ = 0.2", "κ = 0.5", "κ = 1"]
    for frame, portrait in zip(frames, animation.portraits, strict=True):
        for name, said in zip(OUTCOMES, frame["shares"], strict=True):
            assert abs(float(said.strip("<>%")) / 100 - portrait.shares[name]) <= 0.01


READING = """() => ({
  now: document.getElementById("now").textContent,
  said: document.getElementById("slider").getAttribute("aria-valuetext"),
  title: document.getElementById("picture-title").textContent,
  runs: document.querySelector("#picture .runs").getAttribute("d"),
  movers: document.querySelector("#picture .movers").getAttribute("d"),
  button: document.getElementById("play").textContent,
  marks: [...document.querySelectorAll(".marks li")].map(x => {
    const box = x.getBoundingClientRect();
    return [box.left, box.right, box.top, box.bottom];
  }),
  scrolls: document.documentElement.scrollWidth,
})"""


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_the_slider_moves_the_frame_and_the_button_plays(browser, page, motion):  # noqa: F811
    view = browser.new_page(
        viewport={"width": 390, "height": 800}, color_scheme="dark", reduced_motion=motion
    )
    messages, requests = [], []
    view.on("console", lambda message: messages.append(message.text))
    view.on("pageerror", lambda error: messages.append(str(error)))
    view.on("request", lambda request: requests.append(request.url))
    view.goto(page.as_uri())
    first = view.evaluate(READING)
    assert first["now"] == first["title"] == "κ = 0.2"
    assert first["scrolls"] <= 390
    (a, b) = first["marks"]
    assert a[1] <= b[0] or b[1] <= a[0] or a[3] <= b[2] or b[3] <= a[2], "labels overlap"
    view.focus("#slider")
    view.keyboard.press("ArrowRight")
    second = view.evaluate(READING)
    assert second["now"] == second["title"] == "κ = 0.5"
    assert second["said"].startswith("κ = 0.5: ")
    assert second["runs"] != first["runs"]
    assert second["movers"] == ""
    view.click("#play")
    playing = view.evaluate(READING)
    assert playing["button"] == "Pause"
    assert bool(playing["movers"]) == (motion == "no-preference")
    view.wait_for_function("document.getElementById('play').textContent === 'Play'")
    assert view.evaluate(READING)["now"] == "κ = 1"
    assert messages == []
    assert requests == [page.as_uri()]
    view.close()


def test_a_film_has_a_frame_for_each_value(animation, tmp_path):
    file = tmp_path / "pd.gif"
    save_animation(animation, file)
    with Image.open(file) as film:
        assert getattr(film, "n_frames", 1) == len(VALUES)


@pytest.mark.parametrize(
    ("game", "options", "said"),
    [
        ("public_goods", {}, "shows two players"),
        ("stag_hunt", {"frames": 1}, "from 2 to 200"),
        ("stag_hunt", {"between": (1.0, 0.5)}, "is not below"),
        ("stag_hunt", {"along": "bound"}, "--between 0 1"),
        ("stag_hunt", {"along": "learning.steps", "between": (1.0, 9.0)}, "does not depend"),
        ("stag_hunt", {"along": "coupling", "at": {"coupling": 0.5}}, "cannot be held and grow"),
    ],
)
def test_what_cannot_move_is_said(game, options, said):
    with pytest.raises(InputError, match=re.escape(said)):
        animate(Study.model_validate({"game": {"name": game}}), **options)


def test_films_need_a_suffix_that_is_known_and_mp4_its_program(tmp_path):
    with pytest.raises(InputError, match=r"\.html, \.gif or \.mp4"):
        check_film(tmp_path / "film.mov")
    if not films.FFMpegWriter.isAvailable():
        with pytest.raises(InputError, match="ffmpeg"):
            check_film(tmp_path / "film.mp4")
