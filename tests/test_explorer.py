"""The explorer's server: whom it turns away, what it refuses, whether its numbers are right."""

import base64
import contextlib
import http.client
import json
import re
import tomllib

import jax.monitoring
import numpy as np
import pytest
import websockets
from tests.explorers import (
    ask,
    assert_ctrl_c_ends,
    heard,
    running,
    started,
    until,
    visiting,
)
from websockets.sync.client import connect
from websockets.typing import Origin

import glasshouse as gh
from glasshouse.analysis.phase.plane import Plane, field_grid
from glasshouse.analysis.phase.rest_points import plane_rest_points
from glasshouse.analysis.predictions import predict
from glasshouse.dynamics import Learning, Rest, Starts
from glasshouse.errors import InputError
from glasshouse.explorer import frames
from glasshouse.explorer.along import first_switch_frame
from glasshouse.explorer.building import (
    offered_rules,
    presets,
    rule_of,
    scene_of_game,
    scene_of_study,
    shown_game,
)
from glasshouse.explorer.content import page_files
from glasshouse.explorer.desk import Newest
from glasshouse.explorer.exported import Precomputed, exported_page
from glasshouse.explorer.protocol import LONGEST_QUESTION, Scene, read_answer, read_question
from glasshouse.explorer.script import script_of

PD = {"payoffs": [[[3.0, 0.0], [5.0, 1.0]], [[3.0, 5.0], [0.0, 1.0]]]}
HEADERS = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
HEADERS |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}


@pytest.fixture(scope="module")
def server():
    with running() as found:
        yield found


def status(server, path: str, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    with contextlib.closing(connection):
        connection.putrequest("GET", path, skip_host=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        with connection.getresponse() as response:
            return response.status


@pytest.mark.parametrize("path", ["/", "/socket"])
def test_foreign_hosts_and_origins_are_turned_away(server, path):
    own = {"Host": f"127.0.0.1:{server.port}", "Origin": f"http://127.0.0.1:{server.port}"}
    more = HEADERS if path == "/socket" else {}
    assert status(server, path, {**own, **more}) == (101 if more else 200)
    for wrong in (
        {"Host": "evil.example"},
        {"Host": f"evil.example:{server.port}"},
        {"Host": "127.0.0.1:1"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": f"https://127.0.0.1:{server.port}"},
        {"Origin": "http://127.0.0.1:1"},
    ):
        assert status(server, path, {**own, **wrong, **more}) == 403, wrong
    without = {"Host": own["Host"], **more}
    assert status(server, path, without) == (403 if more else 200), "a socket has an origin"


def test_nothing_but_the_page_is_read(server):
    own = {"Host": f"localhost:{server.port}"}
    assert status(server, "/main.js", own) == 200
    for path in (
        "/../desk.py",
        "/%2e%2e/desk.py",
        "/..%2fdesk.py",
        "//etc/passwd",
        "/main.js/../x",
    ):
        assert status(server, path, own) == 404, path


def test_a_page_may_load_what_is_its_own_and_nothing_else(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", "/")
        with connection.getresponse() as response:
            policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "*" not in policy
    assert f"connect-src 'self' ws://127.0.0.1:{server.port};" in policy
    for path, (content, _) in page_files().items():
        text = content.decode().replace("http://www.w3.org/", "")
        assert not [x for x in ("http://", "https://", "style=", "onclick=") if x in text], path


QUESTION = {"number": 1, "scene": PD, "parts": ["portrait"]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (json.dumps({**QUESTION, "scene": {**PD, "bound": float("nan")}}), "scene.bound"),
        (json.dumps({**QUESTION, "scene": {**PD, "bound": float("inf")}}), "scene.bound"),
        (json.dumps({**QUESTION, "scene": {**PD, "bound": 1e9}}), "less than or equal to 20"),
        (json.dumps({**QUESTION, "scene": {**PD, "bound": "3"}}), "scene.bound"),
        (json.dumps({**QUESTION, "scene": {**PD, "coupling": [0.1]}}), "scene.coupling"),
        (json.dumps({**QUESTION, "scene": {**PD, "starts": [[0, 2]]}}), "scene.starts.0.1"),
        (json.dumps({**QUESTION, "scene": {**PD, "starts": [[0, 0]] * 13}}), "scene.starts"),
        (json.dumps({**QUESTION, "scene": {**PD, "path": "/etc"}}), "unknown key 'scene.path'"),
        (json.dumps({**QUESTION, "scene": {**PD, "rule": "lolla"}}), "unknown rule 'lolla'"),
        (json.dumps({**QUESTION, "scene": {"payoffs": [[[1, 1], [1, 1]]] * 2}}), "are equal"),
        (json.dumps({**QUESTION, "parts": ["shell"]}), "parts.0"),
        (json.dumps({**QUESTION, "number": -1}), "number"),
        ("[" * 5000, "JSON"),
        ("{", "JSON"),
        (b"\0\1", "text in JSON"),
    ],
)
def test_what_is_no_question_is_refused_in_one_line(server, text, said):
    with visiting(server) as page:
        assert heard(page)[0]["kind"] == "hello"
        page.send(text)
        header, _ = heard(page)
        assert header["kind"] == "error"
        assert said in header["message"]
        assert "\n" not in header["message"]
        ask(page, PD, 7, "study")  # and the conversation goes on
        assert until(page, "study")[0]["number"] == 7


def test_a_refusal_names_the_question_that_it_is_about(server):
    """So that a page knows an old one from a new one."""
    flat = {**PD, "payoffs": [[[1.0, 1.0], [1.0, 1.0]]] * 2}
    with visiting(server) as page:
        assert heard(page)[0]["kind"] == "hello"
        ask(page, flat, 7)
        header, _ = heard(page)
        assert (header["kind"], header["number"]) == ("error", 7)
        page.send("{")
        header, _ = heard(page)
        assert (header["kind"], header["number"]) == ("error", None)


def test_long_messages_end_the_conversation(server):
    with visiting(server) as page:
        heard(page)
        page.send("x" * (LONGEST_QUESTION + 1))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            page.recv(timeout=60)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
    with pytest.raises(InputError, match="at most 65536 bytes"):
        read_question("x" * (LONGEST_QUESTION + 1))


@pytest.mark.parametrize("count", [10, pytest.param(50, marks=pytest.mark.slow)])
def test_many_pages_and_one_that_never_reads(server, count):
    with contextlib.ExitStack() as stack:
        silent = stack.enter_context(visiting(server))
        for number in range(200):
            ask(silent, PD, number, "portrait")
        pages = [stack.enter_context(visiting(server)) for _ in range(count)]
        for page in pages:
            ask(page, PD, 3)
        for page in pages:
            assert until(page, "portrait")[0]["number"] == 3


def test_the_newest_question_wins(server):
    async def last() -> bool:
        newest = Newest()
        newest.put("one")
        newest.put("two")
        return await newest.take() == "two" and not newest.waits

    import asyncio

    assert asyncio.run(last())
    with visiting(server) as page:
        for number in range(40):
            ask(page, {**PD, "coupling": [number / 40, 0.2]}, number)
        seen = []
        while not seen or seen[-1] != 39:
            header, _ = until(page, "portrait")
            seen.append(header["number"])
        assert seen == sorted(seen)


GAMES = ("prisoners_dilemma", "stag_hunt", "chicken", "battle_of_the_sexes")
MORE_GAMES = ("coordination", "deadlock", "donation", "harmony", "hawk_dove", "matching_pennies")
MORE_GAMES += ("snowdrift", "ordinal")
COUPLINGS = (0.0, 0.3, 0.7)
MORE_COUPLINGS = (-0.5, 1.0, 1.6)
slow = pytest.mark.slow

A_CURVE = ("stag_hunt", 1.0)
"""Rest points form a curve there."""

SCENES = [
    pytest.param(game, coupling, marks=[] if by_day else slow)
    for game in (*GAMES, *MORE_GAMES)
    for coupling in (*COUPLINGS, *MORE_COUPLINGS)
    for by_day in [(game in GAMES and coupling in COUPLINGS) or (game, coupling) == A_CURVE]
]


def scene_at(game: str, coupling: float, **more) -> Scene:
    found = scene_of_game(gh.load_game(game))
    return found.model_copy(update={"coupling": (coupling, coupling), **more})


def assert_same_points(scene: Scene, header: dict) -> None:
    plane = Plane(shown_game(scene), rule_of(scene))
    wanted = plane_rest_points(plane, field_grid(plane.game, 257, plane.rule))
    assert header["continuum"] == wanted.continuum
    if wanted.continuum:
        return
    assert len(header["points"]) == len(wanted.points)
    for found, point in zip(header["points"], wanted.points, strict=True):
        assert found["params"] == pytest.approx(point.params, abs=1e-8)
        assert found["cooperation"] == pytest.approx(point.cooperation, abs=1e-8)
        assert found["payoffs"] == pytest.approx(point.payoffs, abs=1e-7)
        names = ("place", "stability", "index")
        assert [found[x] for x in names] == [getattr(point, x) for x in names]


@pytest.mark.parametrize(("game", "coupling"), SCENES)
def test_rest_points_are_the_librarys(server, game, coupling):
    scene = scene_at(game, coupling)
    with visiting(server) as page:
        ask(page, scene.model_dump(), 1)
        header, arrays = until(page, "portrait")
    assert_same_points(scene, header)
    plane = Plane(shown_game(scene), rule_of(scene))
    grid = field_grid(plane.game, 65, plane.rule)
    drawn = arrays["relative"].reshape(65, 65, 2)
    np.testing.assert_allclose(drawn, grid.relative, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(
    ("rule", "access"),
    [
        ("lola", {"kind": "full"}),
        pytest.param("sos", {"kind": "full"}, marks=slow),
        pytest.param("gradient", {"kind": "one_sided", "readers": (0,)}, marks=slow),
        pytest.param("gradient", {"kind": "probabilistic", "probability": 0.6}, marks=slow),
        pytest.param("gradient", {"kind": "noisy", "scale": 0.7}, marks=slow),
    ],
)
def test_rest_points_under_other_rules_and_access_are_the_librarys(server, rule, access):
    scene = Scene.model_validate(
        {**PD, "rule": rule, "look_ahead": 0.6, "coupling": (0.5, 0.2), "access": access},
        strict=False,
    )
    with visiting(server) as page:
        ask(page, scene.model_dump(), 1)
        header, _ = until(page, "portrait")
    assert_same_points(scene, header)


@slow
@pytest.mark.parametrize("game", [*GAMES, *MORE_GAMES])
def test_switches_and_shares_are_the_librarys(server, game):
    """Shares at all six couplings; switches once, for they are of all couplings."""
    with visiting(server) as page:
        ask(page, scene_at(game, 0.7).model_dump(), 0, "switches")
        found, _ = until(page, "switches", complete=True)
        shares = []
        for number, coupling in enumerate((*COUPLINGS, *MORE_COUPLINGS), 1):
            ask(page, scene_at(game, coupling).model_dump(), number, "basins")
            shares.append(until(page, "basins", number=number)[0]["shares"])
    wanted = predict(gh.LogisticFamily(gh.load_game(game), bound=3.0))
    for name, switch in (
        ("first", wanted.first_movement),
        ("measured", wanted.measured_first_movement),
        ("long", wanted.long_run_switch),
        ("equilibrium", wanted.equilibrium),
    ):
        if switch is None:
            assert found[name] is None
            continue
        assert found[name]["holds"] == switch.holds
        if switch.value is None:
            assert found[name]["value"] is None
        else:
            assert found[name]["value"] == pytest.approx(switch.value, rel=1e-12)
    learning = Learning(steps=20_000, stop=Rest(), starts=Starts(256))
    for coupling, told in zip((*COUPLINGS, *MORE_COUPLINGS), shares, strict=True):
        family = gh.LogisticFamily(gh.load_game(game), bound=3.0)
        (outcomes,) = gh.generic_outcomes([family(coupling)], learning=learning)
        for name in ("cooperation", "exploitation", "defection", "at_rest"):
            assert told[name]["count"] == getattr(outcomes, name).count, coupling


def test_first_movement_and_basins_of_the_dilemma():
    """3/7 by hand (Hamilton's rule at p = ½); at κ = 0 nobody cooperates in the end."""
    scene = scene_at("prisoners_dilemma", 0.0)
    header, _ = read_answer(first_switch_frame(scene, 1))
    assert header["first"]["value"] == pytest.approx(3 / 7, abs=1e-8)
    assert header["closed"]["neutral"]["value"] == pytest.approx(3 / 7, rel=1e-12)
    header, arrays = read_answer(frames.basins_frame(scene, 2))
    assert header["areas"] == [0, 0, 0, 1, 0]
    assert header["shares"]["defection"]["count"] == header["shares"]["at_rest"]["count"] == 256
    assert (arrays["shading"] == 3).all()


def test_the_first_coupling_is_how_player_1_reads_player_2():
    scene = scene_at("stag_hunt", 0.0).model_copy(update={"coupling": (0.8, 0.0)})
    game = shown_game(scene)
    wanted = [1 / (1 + np.exp(-0.8 * 2.0)), 1 / (1 + np.exp(-2.0))]
    assert game.cooperation((0.0, 2.0)) == pytest.approx(wanted, rel=1e-12)


def test_moving_a_slider_compiles_nothing():
    compiled = []

    def listen(event: str, duration_secs: float, **more: str | int) -> None:
        compiled.extend([event] * ("backend_compile" in event))

    jax.monitoring.register_event_duration_secs_listener(listen)
    one = scene_at("prisoners_dilemma", 0.3)
    frames.portrait_frame(one, 1)
    before = len(compiled)
    for change in (
        {"coupling": (0.1, 0.9)},
        {"payoffs": scene_at("stag_hunt", 0.0).payoffs},
        {"bound": 5.0},
        {"step_size": 0.33},
        {"starts": ((0.1, 0.2), (0.3, 0.4))},
    ):
        frames.portrait_frame(one.model_copy(update=change), 2)
    assert len(compiled) == before


def test_a_scene_is_a_study_and_comes_back_from_it(tmp_path):
    scene = Scene.model_validate(
        {
            **PD,
            "title": "Mine",
            "coupling": (0.25, 0.75),
            "bound": 2.5,
            "step_size": 0.2,
            "rule": "lola",
            "look_ahead": 0.5,
            "access": {"kind": "probabilistic", "probability": 0.75},
        },
        strict=False,
    )
    header, _ = read_answer(frames.study_frame(scene, 1))
    assert tomllib.loads(header["text"])["semantics"]["bound"] == 2.5
    file = tmp_path / "mine.toml"
    file.write_text(header["text"], "utf-8")
    assert scene_of_study(str(file)) == scene


def test_what_is_not_shown_is_said(tmp_path):
    with pytest.raises(InputError, match="two players with two actions each: try"):
        scene_of_game(gh.load_game("rock_paper_scissors"))
    with pytest.raises(InputError, match="shows payoffs between -1000 and 1000"):
        scene_of_game(gh.load_game(np.array(PD["payoffs"]) * 1e5))
    file = tmp_path / "repeated.toml"
    for key, value in (("noise", 0.01), ("unit", '"sum"'), ("discount", 0.999)):
        again = {"discount": 0.9, key: value}
        said = ", ".join(f"{name} = {x}" for name, x in again.items())
        file.write_text(f'[game]\nname = "prisoners_dilemma"\nrepeated = {{ {said} }}\n')
        with pytest.raises(InputError, match=rf"key 'game\.repeated\.{key}': the explorer does"):
            scene_of_study(str(file))


def test_presets_and_rules_are_offered():
    assert {"prisoners_dilemma", "stag_hunt", "matching_pennies"} <= {p.name for p in presets()}
    offered = offered_rules()
    assert next(iter(offered)) == "gradient"
    assert offered["lola"].looks_ahead
    assert not offered["gradient"].looks_ahead


def test_ctrl_c_ends_it_at_once():
    """While it loads the library, and compiles."""
    with started() as (process, _):
        assert_ctrl_c_ends(process)


@slow
def test_ctrl_c_ends_it_at_once_while_it_computes_for_two_pages():
    with started() as (process, address), contextlib.ExitStack() as stack:
        origin = Origin(address.rstrip("/"))
        socket = f"{address.replace('http', 'ws')}socket"
        pages = [stack.enter_context(connect(socket, origin=origin)) for _ in range(2)]
        for page in pages:
            ask(page, PD, 1)
            until(page, "portrait")
            ask(page, PD, 2, "basins", "equilibria", "switches")
        assert_ctrl_c_ends(process)
        with pytest.raises(websockets.ConnectionClosed):
            until(pages[0], "nothing more")


def test_the_curve_the_boundary_test_and_the_proof_are_the_librarys(server):
    """From the corner, and from the rest point nearest to a place."""
    scene = scene_at("stag_hunt", 0.3).model_copy(update={"leaver": 1, "coupling": (0.3, 0.1)})
    with visiting(server) as page:
        for number, near in enumerate([None, (-2.9, -2.8)]):
            asked = scene.model_copy(update={"near": near})
            ask(page, asked.model_dump(), number, "deviation", "proof")
            header, arrays = until(page, "deviation", number=number)
            proof, _ = until(page, "proof", number=number)
            game = shown_game(scene)
            profile = (3.0, 3.0) if near is None else (-3.0, -3.0)
            assert tuple(header["profile"]) == tuple(proof["profile"]) == profile
            best = gh.best_deviation(game, profile, 1)
            assert header["gain"] == pytest.approx(best.gain, abs=1e-12)
            assert header["best"][0] == pytest.approx(best.best, abs=1e-9)
            assert header["boundary"]["passes"] is gh.boundary_test(game).passes is True
            paid = [float(game.payoffs((profile[0], t))[1]) for t in arrays["curve"][::50, 0]]
            assert arrays["curve"][::50, 1] == pytest.approx(paid, abs=1e-12)
            assert proof["verdict"] == gh.certify(game, profile, proof["epsilon"]).verdict
            assert proof["verdict"] == "certified"


def test_a_corner_that_is_left_is_refuted_and_equilibria_are_counted(server):
    """The dilemma at κ = 0: no pair of cooperators holds, and (−3, −3) alone is an equilibrium."""
    scene = scene_at("prisoners_dilemma", 0.0)
    with visiting(server) as page:
        ask(page, scene.model_dump(), 1, "deviation", "proof", "equilibria")
        header, _ = until(page, "deviation")
        proof, _ = until(page, "proof")
        found, _ = until(page, "equilibria")
    p = 1 / (1 + np.exp(-3.0))
    paid = [3 * x * p + 5 * (1 - x) * p + (1 - x) * (1 - p) for x in (p, 1 - p)]
    assert header["gains"]
    assert header["best"][0] == -3.0
    assert header["gain"] == pytest.approx(paid[1] - paid[0], rel=1e-12)
    assert header["boundary"]["passes"] is False
    assert proof["verdict"] == "refuted"
    assert (found["count"], found["total"]) == ("exactly", 1)
    assert found["points"][0]["params"] == [-3.0, -3.0]


def test_a_scene_is_a_script(server):
    """Of each rule and kind of access: what it makes is what is shown."""
    kinds = [{"kind": "full"}, {"kind": "one_sided", "readers": (1,)}, {"kind": "noisy"}]
    kinds += [{"kind": "probabilistic", "probability": 0.25}]
    rules = list(offered_rules())
    for rule, access in [(r, kinds[k % 4]) for k, r in enumerate([*rules, *rules[:4]])]:
        scene = Scene.model_validate(
            {**PD, "title": 'My "own"\\', "rule": rule, "coupling": (0.25, 0.5), "access": access},
            strict=False,
        )
        made: dict = {"__name__": "imported"}
        exec(compile(script_of(scene), "scene.py", "exec"), made)
        for name, wanted in (("shown", shown_game(scene)), ("rule", rule_of(scene))):
            assert jax.tree.structure(made[name]) == jax.tree.structure(wanted)
            pairs = zip(jax.tree.leaves(made[name]), jax.tree.leaves(wanted), strict=True)
            assert all(np.array_equal(a, b) for a, b in pairs)


def test_the_papers_games_are_named_as_such():
    paper = {p.name: p for p in presets() if p.group}
    assert [p.label for p in paper.values()][-1] == "Prisoner's dilemma 4, 3.5, 2, 0"
    mild = paper["prisoners_dilemma_mild"].payoffs
    assert mild == [[[3.5, 0.0], [4.0, 2.0]], [[3.5, 4.0], [0.0, 2.0]]]
    assert "fixed" not in offered_rules()


def test_pages_do_not_disturb_each_other(server):
    with visiting(server) as one, visiting(server) as other:
        for number in range(5):
            ask(one, {**PD, "coupling": [0.1 * number, 0.0]}, number)
            ask(other, scene_at("stag_hunt", 0.1 * number).model_dump(), 100 + number)
        heard_by_one, heard_by_other = (
            until(page, "portrait", number=number)[0] for page, number in ((one, 4), (other, 104))
        )
    assert_same_points(
        Scene.model_validate({**PD, "coupling": (0.4, 0.0)}, strict=False), heard_by_one
    )
    assert_same_points(scene_at("stag_hunt", 0.4), heard_by_other)


def test_an_exported_page_holds_all_and_allows_nothing_else():
    scene = scene_at("stag_hunt", 0.3).model_copy(update={"title": "</script><b>"})
    ends = [scene.model_copy(update={"coupling": (x, x)}) for x in (-1.0, 2.0)]
    portraits = tuple(frames.portrait_frame(end, 1) for end in ends)
    held = Precomputed((-1.0, 2.0), portraits, (b"", b""), b"")
    page = exported_page(scene, held)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy[1]
    assert "<b>" not in page
    assert not re.search(r"""(?:src|href)=|https?://(?!www\.w3\.org/)""", page)
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])  # pyright: ignore
    header, _ = read_answer(base64.b64decode(data["portraits"][1]))
    assert_same_points(scene.model_copy(update={"coupling": (2.0, 2.0)}), header)
