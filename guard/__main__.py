"""`python -m guard`: the same as `release-guard`, where the console script is not on the path."""

from guard.cli.main import run

if __name__ == "__main__":
    run()
