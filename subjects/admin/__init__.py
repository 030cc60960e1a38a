"""The register, looks at what is not public, persons and consents in the back office."""

from subjects.admin import persons, queries
from subjects.admin.looks import LookPage
from subjects.admin.register import subject_or_404

__all__ = ["LookPage", "persons", "queries", "subject_or_404"]
