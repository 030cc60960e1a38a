"""The migrations of `records` as they stand, and two of a release to come."""

from pathlib import Path

from records import migrations

__path__ = [str(Path(__file__).parent), *migrations.__path__]
