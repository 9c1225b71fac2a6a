"""`python -m glasshouse`: the command line without its script."""

from glasshouse.cli.main import main

if __name__ == "__main__":
    main()
