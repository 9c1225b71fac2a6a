"""`glasshouse games`: the catalogue."""

from glasshouse.cli.options import JsonOption, print_json, print_table

NAME = "games"


def command(as_json: JsonOption = False) -> None:
    """List the games of the catalogue: parameters, payoff conditions, sources."""
    from glasshouse.games.registry import CATALOGUE

    if as_json:
        print_json(
            [
                {
                    "name": game.name,
                    "title": game.title,
                    "parameters": game.defaults,
                    "condition": game.condition,
                    "source": game.source,
                }
                for game in CATALOGUE.values()
            ]
        )
        return
    rows = []
    for game in CATALOGUE.values():
        parameters = ",".join(f"{name}={value:g}" for name, value in game.defaults.items())
        rows.append((game.name, parameters, game.condition, game.source))
    print_table(rows, ("GAME", "PARAMETERS", "CONDITION", "SOURCE"))
