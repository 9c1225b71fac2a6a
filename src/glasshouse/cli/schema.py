"""`glasshouse schema`: the JSON schema of study files."""

from glasshouse.cli.options import print_json


def command() -> None:
    """Print the JSON schema of study files, for editors that check and complete TOML."""
    from glasshouse.study.template import schema

    print_json(schema())
