"""The page of an atlas: its table, the atlas of shaping, and a section for each game."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from glasshouse.games.ordinal import ORDINAL_ACTIONS, SYMMETRIC_NAMES
from glasshouse.study.atlas.pictures import shaping_map, symbol
from glasshouse.study.atlas.words import (
    alternative,
    atlas_headline,
    facts_said,
    profile_said,
    transparency_said,
)
from glasshouse.study.report.blocks import Facts, element, joined
from glasshouse.study.report.template import page_template
from glasshouse.study.words.names import upper


def atlas_html(content: Mapping[str, Any]) -> str:
    """The atlas as the text of one HTML file that needs nothing beside itself."""
    couplings, places = content["couplings"], content["places"]
    by_index = {entry["index"]: entry for entry in content["games"]}
    return page_template("atlas.html.jinja").render(
        title=content["title"],
        lead=f"{upper(atlas_headline(content))}.",
        counts=list(_counts(content["counts"])),
        convention=content["convention"],
        source=content["source"],
        settings=content["settings"],
        last=_last(couplings),
        shaping_last=_last(content["shaping"]["couplings"]),
        version=content["versions"]["glasshouse"],
        symbols=[symbol(entry, couplings, places) for entry in content["games"]],
        head=_head(),
        rows=list(_rows(by_index, couplings, places)),
        shaping=list(_shaping(content["shaping"], by_index, places)),
        look_aheads=content["shaping"]["look_aheads"],
        games=[_section(entry, couplings, places) for entry in content["games"]],
    )


def _last(couplings: Sequence[float]) -> str:
    return f"{couplings[-1]:g}" if couplings else ""


def _head() -> list[str]:
    """By what the column player is paid, from left to right."""
    return [short for best in (False, True) for short, _ in SYMMETRIC_NAMES[best]]


def _rows(
    by_index: Mapping[str, Mapping[str, Any]],
    couplings: Sequence[float],
    places: Sequence[Sequence[int]],
) -> Iterator[tuple[str, Markup]]:
    """The cells of each row of the table, from above: layers 4 and 3, then 1 and 2."""
    for best, layers in ((True, (4, 3)), (False, (1, 2))):
        for row in range(6, 0, -1):
            cells = [
                _cell(by_index.get(f"g{layer}{row}{column}"), couplings, places)
                for layer in layers
                for column in range(1, 7)
            ]
            yield SYMMETRIC_NAMES[best][row - 1][0], joined(cells)


def _cell(
    entry: Mapping[str, Any] | None,
    couplings: Sequence[float],
    places: Sequence[Sequence[int]],
) -> Markup:
    if entry is None:
        return element("td")
    base, index = entry["base"], entry["index"]
    kinds = {
        "symmetric": entry["symmetric"],
        "worse": base["only_equilibrium_is_inferior"],
        "without": not base["pure_equilibria"],
        "edge": entry["column"] == 1 and entry["layer"] in (2, 3),
    }
    marks = "!" * kinds["worse"] + "~" * kinds["without"]
    shown = element("span", entry["short"], f" {marks}" if marks else "")
    picture = drawn_picture(index, alternative(entry, couplings, places))
    kind = " ".join(name for name, holds in kinds.items() if holds) or None
    return element("td", element("a", picture, shown, href=f"#{index}"), class_=kind)


def drawn_picture(index: str, alt: str) -> Markup:
    """A game's picture, with what it shows in words."""
    use = element("use", href=f"#p-{index}")
    return element("svg", use, class_="shares", role="img", aria_label=alt)


def _counts(counts: Mapping[str, Any]) -> Iterator[str]:
    none, one, two = counts["pure_equilibria"]
    nobody, either, both = counts["players_with_dominant_action"]
    yield (
        f"{counts['games']} games, {counts['up_to_swapping_players']} up to swapping the players, "
        f"{counts['symmetric']} of them symmetric"
    )
    yield f"{none} without pure equilibrium, {one} with one, {two} with two"
    yield (
        f"a dominant action for both players in {both}, for one in {either}, for nobody in {nobody}"
    )
    yield (
        f"{counts['only_equilibrium_is_inferior']} whose only equilibrium is such that both prefer "
        "another profile (!)"
    )


def _section(
    entry: Mapping[str, Any], couplings: Sequence[float], places: Sequence[Sequence[int]]
) -> dict[str, Any]:
    said = (*facts_said(entry), *transparency_said(entry, places))
    return {
        "index": entry["index"],
        "name": upper(entry["name"]),
        "matrix": _matrix(entry),
        "picture": drawn_picture(entry["index"], alternative(entry, couplings, places)),
        "facts": Facts((*said, ("Beside it", _beside(entry)))),
        "command": "glasshouse check ordinal:layer={layer},row={row},column={column}".format(
            **entry
        ),
    }


def _matrix(entry: Mapping[str, Any]) -> Markup:
    """The payoffs as Robinson and Goforth print them: first is up, and right."""
    row_paid, column_paid = entry["payoffs"]
    equilibria = entry["base"]["pure_equilibria"]

    def cell(a: int, b: int) -> Markup:
        mark = [a, b] in equilibria
        paid = f"{row_paid[a][b]:g}, {column_paid[a][b]:g}"
        return element("td", paid, element("span", " E", class_="mark") if mark else "")

    head = element(
        "tr", element("th"), *(element("th", x, scope="col") for x in ("second", "first"))
    )
    lines = (
        element("tr", element("th", ORDINAL_ACTIONS[a], scope="row"), cell(a, 1), cell(a, 0))
        for a in (0, 1)
    )
    return element("table", element("thead", head), element("tbody", *lines), class_="payoffs")


def _beside(entry: Mapping[str, Any]) -> Markup:
    """Links to the games that a swap leads to, and to the same with players swapped."""
    links = [(name, index) for name, index in entry["swaps"].items()]
    if not entry["symmetric"]:
        links.append(("players swapped", entry["reflected"]))
    return joined((joined((f"{name} ", element("a", x, href=f"#{x}"))) for name, x in links), ", ")


def _shaping(
    shaping: Mapping[str, Any],
    by_index: Mapping[str, Mapping[str, Any]],
    places: Sequence[Sequence[int]],
) -> Iterator[dict[str, Any]]:
    """A map for each symmetric game: the share of runs that end where the quantity wants them."""
    ends, grid = shaping["look_aheads"], shaping["couplings"]
    for found in shaping["games"]:
        entry = by_index[found["index"]]
        targets = [places.index(p) for p in entry["target_profiles"]]
        shares = [[sum(cell[k] for k in targets) for cell in line] for line in found["shares"]]
        said = " or ".join(map(profile_said, entry["target_profiles"]))
        corners = ", ".join(
            f"{shares[row][column]:.0%} at α = {ends[row]:g} and κ = {grid[column]:g}"
            for row in (0, -1)
            for column in (0, len(shares[0]) // 2, -1)
        )
        yield {
            "index": entry["index"],
            "name": upper(entry["name"]),
            "target": said,
            "alt": f"{upper(entry['name'])}: of runs, ended nearest to {said} {corners}",
            "map": shaping_map(shares),
        }
