"""Maps: planted regions are found as promised, one that is missed is bounded, and settling is
learning."""

import numpy as np
import pytest

import glasshouse as gh
from glasshouse import InputError
from glasshouse.analysis import Audit, generic_outcomes, outcome_map, periods
from glasshouse.analysis.maps.pieces import Assembled, MapPlan, assembled, audited, controlled
from glasshouse.analysis.maps.refine import Patch, lattice, refined
from glasshouse.analysis.outcomes.generic import seen
from glasshouse.dynamics import Learning, Rest, Starts, learn, settle
from glasshouse.dynamics.batch import stack
from glasshouse.dynamics.games import Games
from glasshouse.dynamics.settling import _stretches
from glasshouse.rules import Lola, NoisyView, Optimistic, Seeing

SHAPE = (400, 500)
ROWS, COLUMNS = np.indices(SHAPE)


def ellipse(row, column):
    """24 cells wide and 8 high."""
    return ((COLUMNS - column) / 12) ** 2 + ((ROWS - row) / 4) ** 2 <= 1


def sliver(row, column):
    """200 × 2 cells."""
    return (abs(ROWS - row - 0.5) < 1) & (column <= COLUMNS) & (column + 200 > COLUMNS)


def planted(*regions):
    """Three starts; each region is of other codes for one of them."""
    codes = np.zeros((*SHAPE, 3), np.uint16)
    codes[300 + 20 * np.sin(ROWS / 40) < COLUMNS, 0] = 3  # a boundary across everything
    for k, region in enumerate(regions):
        codes[region, k % 3] = 1
    return codes


class Counted:
    """Looks cells up in a plane, and counts them."""

    def __init__(self, codes, coarse=8):
        self.codes, self.coarse, self.asked = codes, coarse, 0

    def __call__(self, cells):
        self.asked += len(cells)
        return self.codes[cells[:, 0], cells[:, 1]], np.ones((len(cells), 1))

    def engine(self, pieces):
        """Pieces of a plan, as `assembled` asks for them."""
        for piece in pieces:
            corner = np.array([piece.tile.rows[0], piece.tile.columns[0]])
            if piece.fills:
                yield refined(
                    piece.tile.shape,
                    self.coarse,
                    lambda cells, corner=corner: self(cells + corner),
                    known=piece.known,
                    asked=piece.asked,
                )
            else:
                found = Patch(*(x.copy() for x in piece.known))
                rows, columns = piece.asked.T
                found.codes[rows, columns], found.numbers[rows, columns] = self(
                    piece.asked + corner
                )
                yield found


@pytest.mark.parametrize(
    "region",
    [
        ellipse(80, 120),  # its middle is a point of the lattice
        ellipse(83, 117),  # its side is
        sliver(103, 41),  # a row of the lattice runs through it
        ellipse(256, 258),  # across the corner of four tiles
        sliver(255, 150),  # along one seam and across another
    ],
)
def test_a_region_that_holds_a_point_of_the_lattice_is_found_whole(region):
    codes = planted(region)
    points = np.ix_(lattice(SHAPE[0], 8), lattice(SHAPE[1], 8))
    assert region[points].any()
    look = Counted(codes)
    whole = refined(SHAPE, 8, look)
    assert (whole.codes == codes).all()
    assert look.asked == whole.computed.sum() < codes[..., 0].size / 8
    tiled = Counted(codes)
    pieces = assembled(Assembled(MapPlan(SHAPE), 3, 1), tiled.engine)
    assert pieces.there.all()
    assert (pieces.codes == codes).all()


def test_one_between_the_points_may_be_missed_and_the_audit_says_how_much_is():
    region = sliver(105, 41)
    assert not region[np.ix_(lattice(SHAPE[0], 8), lattice(SHAPE[1], 8))].any()
    look = Counted(planted(region))
    plan = MapPlan(SHAPE, audit=20_000, seed=1)
    whole = assembled(Assembled(plan, 3, 1), look.engine)
    missed = (whole.codes != look.codes).any(axis=-1)
    # What crosses the boundary is found from there on; the rest of this one does not touch it.
    assert (missed == region).all()
    audit = audited(whole, look.engine)
    assert audit is not None
    assert audit.left == (~whole.computed).sum()
    assert audit.cells == 20_000
    assert 0 < audit.wrong < 100
    assert missed.sum() / audit.left <= audit.bound < 2 * missed.sum() / audit.left
    assert all(region[tuple(place)] for place in audit.places)
    again = audited(whole, look.engine)
    assert again is not None
    assert (again.places == audit.places).all()  # by the seed
    mended = controlled(whole, look.engine)
    assert mended is not None
    assert (mended.places == audit.places).all()
    assert (whole.codes == look.codes).all()  # what it has hit is found whole


@pytest.mark.parametrize(("cells", "wrong"), [(3000, 0), (3000, 4), (50, 49)])
def test_the_bound_is_the_share_at_which_so_few_would_be_wrong_once_in_twenty(cells, wrong):
    from scipy.stats import binom  # here: each process of the tests would load it for this one

    bound = Audit(cells, wrong, 10**6, np.zeros((wrong, 2), int)).bound
    assert binom.cdf(wrong, cells, bound) == pytest.approx(0.05, abs=1e-9)
    assert Audit(7, 7, 10, np.zeros((7, 2), int)).bound == 1
    assert Audit(10, 1, 10, np.zeros((1, 2), int)).bound == 0.1  # all were looked at


@pytest.mark.parametrize("coarse", [7, 200])
def test_the_lattice_goes_on_across_seams(coarse):
    region = (abs(ROWS - 37 * 7) < 2) & (abs(COLUMNS - 38 * 7) < 2)  # about a point beyond a seam
    if coarse == 200:
        region = (abs(ROWS - 200) < 2) & (abs(COLUMNS - 400) < 2)
    codes = region[..., None].astype(np.uint16)
    look = Counted(codes, coarse)
    whole = assembled(Assembled(MapPlan(SHAPE, coarse), 1, 1), look.engine)
    assert (whole.codes == codes).all()


@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (1, 1), (3, 2), (9, 9)])
def test_small_planes_are_planes_too(shape):
    codes = (np.indices(shape).sum(axis=0) > 7)[..., None].astype(np.uint16)
    found = refined(shape, 8, lambda at: (codes[at[:, 0], at[:, 1]], np.zeros((len(at), 1))))
    assert (found.codes == codes).all()


def test_runs_are_looked_at_ever_more_seldom_and_take_no_step_too_many():
    for steps, every in ((6000, 100), (250, 100), (99, 100), (100, 100), (1, 7)):
        stretches = _stretches(steps, every)
        assert sum(length * times for length, times in stretches) == steps
    assert _stretches(6000, 100)[:4] == [(100, 1), (100, 2), (100, 4), (100, 8)]


@pytest.mark.parametrize("rule", [None, Lola(1.0), Optimistic()])
def test_settled_runs_end_where_learning_ends(rule):
    family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), 3.0)
    games = [family(k) for k in (0.1, 0.4, 0.5, 0.7, 0.9, 1.4)]
    own = {} if rule is None else {"rule": rule}
    learning = Learning(starts=Starts(20), steps=3000, **own)
    all_steps, settled = learn(games, learning, seen), settle(games, learning, seen)
    assert settled.steps.sum() < 0.8 * all_steps.steps.sum()
    rests = settled.steps < 3000
    assert (settled.residuals[rests] <= 1e-8).all()
    ends, others = (np.asarray(x.observed[0]) for x in (settled, all_steps))
    assert ((ends > 0.5) == (others > 0.5)).all()
    np.testing.assert_allclose(ends, others, atol=2e-5)
    # Those that went on to the end took the very same steps.
    np.testing.assert_allclose(ends[~rests], others[~rests], rtol=0, atol=1e-12)


def test_where_a_run_stops_does_not_depend_on_the_others():
    family = gh.LogisticFamily(gh.load_game("stag_hunt"), 3.0)
    learning = Learning(starts=Starts(5), steps=2000, stop=Rest(1e-6, every=50))
    together = settle([family(0.2), family(0.9)], learning)
    alone = settle([family(0.9)], learning)
    np.testing.assert_array_equal(together.steps[1], alone.steps[0])
    np.testing.assert_allclose(together.params[0][1], alone.params[0][0], rtol=0, atol=1e-13)


def test_rules_that_never_rest_are_refused():
    game = gh.LogisticFamily(gh.load_game("stag_hunt"), 3.0)(0.2)
    noisy = Seeing(Lola(1.0), NoisyView(0.5))
    with pytest.raises(InputError, match="never rests: runs cannot be stopped early"):
        settle([game], Learning(noisy))


def family(values=33, starts=4, **learning):
    game = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), 3.0)(0.5)

    def build(temptation):
        payoffs = [[[3, 0], [temptation, 1]], [[3, temptation], [0, 1]]]
        table = gh.NormalFormGame(payoffs, player_axis=0)
        return gh.LogisticFamily(table, 3.0)(0.5)

    return gh.Family(
        gh.Setup(game, Learning(starts=Starts(starts), steps=600, **learning)),
        gh.Axis("κ", np.linspace(0.0, 1.5, values), at=lambda s: s.game.semantics.coupling),
        gh.Axis("T", np.linspace(3.2, 7.0, 17), build=build),
    )


def test_an_adaptive_map_is_the_map():
    whole = outcome_map(family(), adaptive=False)
    found = outcome_map(family(), coarse=4, audit=50)
    assert whole.computed.all()
    assert found.computed.mean() < 0.6
    assert found.steps < 0.5 * found.steps_of_grid
    np.testing.assert_array_equal(found.codes, whole.codes)
    assert found.audit is not None
    assert found.audit.wrong == 0
    assert found.steps >= found.audit.steps > 0
    assert whole.audit is None
    assert outcome_map(family(9), audit=0).audit is None
    assert whole.guarantee == "every cell was computed"
    # The very shares that an analysis of single points finds.
    point = family().at(κ=1.5 * 17 / 32, T=3.2 + 3.8 * 5 / 16)
    (alone,) = gh.generic_outcomes([point.game], learning=point.learning)
    for name, share in (("cooperation", alone.cooperation), ("exploitation", alone.exploitation)):
        assert found.shares[f"{name}_share"][5, 17] == share.value
    columns = whole.columns()
    row = 5 * 33 + 17
    assert columns["κ"][row] == 1.5 * 17 / 32
    assert columns["mean_cooperation"][row] == pytest.approx(alone.mean_cooperation, abs=1e-6)
    assert columns["payoff_player_2"][row] == pytest.approx(alone.payoffs[1], abs=1e-5)


def test_axes_of_learning_are_axes_too():
    setup = family().setup
    axes = (
        gh.Axis("κ", [0.2, 0.5, 0.9], at=lambda s: s.game.semantics.coupling),
        gh.Axis("η", [0.05, 0.1], at=lambda s: s.learning.step_size),
    )
    found = outcome_map(gh.Family(setup, *axes), adaptive=False)
    assert "of 0.05" in found.detail
    assert "of 0.1" in found.detail
    for row, column in np.ndindex(2, 3):
        kappa, eta = axes[0].numbers[column], axes[1].numbers[row]
        point = gh.Family(setup, *axes).at(κ=kappa, η=eta)
        (alone,) = gh.generic_outcomes([point.game], learning=point.learning)
        assert found.shares["cooperation_share"][row, column] == alone.cooperation.value


def test_what_is_no_map_is_refused():
    one = gh.Family(
        family().setup, gh.Axis("κ", [0.1, 0.2], at=lambda s: s.game.semantics.coupling)
    )
    with pytest.raises(InputError, match="two axes or more, and this family has one"):
        outcome_map(one)
    with pytest.raises(
        InputError, match="a map is drawn of a Family over two axes or more, not of float"
    ):
        outcome_map(0.5)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="give learning a step_size"):
        outcome_map(family(step_size=None))


def test_maps_leave_as_xarray():
    xarray = pytest.importorskip("xarray")
    found = outcome_map(family(9, 2), coarse=4, audit=5)
    data = found.to_xarray()
    assert isinstance(data, xarray.Dataset)
    assert data["cooperation_share"].dims == ("T", "κ")
    np.testing.assert_array_equal(data["codes"], found.codes)
    picked = data["exploitation_share"].sel(κ=0.5625, T=3.2)
    assert float(picked) == found.shares["exploitation_share"][0, 3]


@pytest.mark.parametrize("analysis", [learn, settle, generic_outcomes, periods])
def test_games_held_as_arrays_are_made_no_objects(analysis, monkeypatch):
    """A map has a million: one by one they took three times as long to make as to learn in."""
    family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
    games = Games(stack([family(k / 100) for k in range(64)]), 64)
    made, make = [], Games.__getitem__

    def counted(self, index):
        made.append(index)
        return make(self, index)

    monkeypatch.setattr(Games, "__getitem__", counted)
    learning = Learning(starts=Starts(1), steps=20)
    given = {"learning": learning} if analysis is generic_outcomes else {}
    analysis(games, **given) if given else analysis(games, learning)
    assert len(made) < 8  # the first is looked at for what all are
