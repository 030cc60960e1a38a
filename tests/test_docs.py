"""The pages of docs/generated are what the code says now."""

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_the_generated_pages_are_fresh() -> None:
    call_command("make_docs", check=True)
