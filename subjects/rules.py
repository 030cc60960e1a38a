"""What a row of the register must be before it is taken in."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from casework.errors import Refused
from subjects.codes import check_code, sentence
from subjects.states import RegistrationStatus, SubjectType


@dataclass(frozen=True)
class NameRow:
    """A name other than the current one, with its days."""

    name: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class RegisterRow:
    """One subject as the register gives it."""

    unified_code: str
    name: str
    type: str
    region: str
    registration_status: str = "active"
    registration_authority: str = ""  # its unified code
    registered_on: date | None = None
    ended_on: date | None = None
    name_valid_from: date | None = None
    former_names: tuple[NameRow, ...] = ()
    trade_names: tuple[NameRow, ...] = ()
    former_codes: Mapping[str, date] = field(default_factory=dict)  # code → its last day
    legal_representative: str = ""


def check_can_register(row: RegisterRow, *, regions: Container[str]) -> None:
    """Refuse a row whose code is wrong or whose vocabulary is unknown (SUB-01 to SUB-03, SUB-09)."""
    for code in (row.unified_code, *row.former_codes):
        check = check_code(code)
        if not check.is_valid:
            raise Refused(sentence(check), rule="code_malformed", rows=["SUB-02"], data_class="subjects")
    wrong = {
        "name": not row.name.strip(),
        "type": row.type not in SubjectType.values,
        "region": row.region not in regions,
        "registration_status": row.registration_status not in RegistrationStatus.values,
        "ended_on": bool(row.ended_on and row.registered_on and row.ended_on < row.registered_on),
    }
    for column, is_wrong in wrong.items():
        if is_wrong:
            raise Refused(
                _("The register's value for “%(column)s” of %(code)s is not valid.")
                % {"column": column, "code": row.unified_code},
                rule="value_not_in_list", rows=["REC-18"], field=column, data_class="subjects",
                keys={"unified_code": row.unified_code},
            )  # fmt: skip
    if row.unified_code in row.former_codes:
        raise Refused(
            _("%(code)s cannot be the former code of itself.") % {"code": row.unified_code},
            rule="former_code_of_itself", rows=["SUB-01"], data_class="subjects",
        )  # fmt: skip
