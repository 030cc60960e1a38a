"""The first two account keepers of a new installation. Everybody after them is made by two keepers, in the office."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts import codes, events
from accounts.models import Agency, Posting, Region, User
from accounts.services import access
from accounts.services.keeping import identity_of
from casework.actors import SYSTEM
from casework.audit import record
from casework.errors import Refused
from casework.verbs import verb

KEEPERS = 2


@dataclass(frozen=True)
class FirstBody:
    """The body at which the keepers sit: a lead unit, registered with them if it is not yet."""

    unified_code: str
    name: str
    region: str
    region_name: str
    level: str


@dataclass(frozen=True)
class FirstAccess:
    """How the keeper signs in: shown once, to whoever sits at the machine."""

    user: User
    authenticator: str  # otpauth://…
    recovery_codes: list[str]


@verb
@sensitive_variables("number", "password")
def first_keeper(
    *, username: str, name: str, number: str, password: str, body: FirstBody, issuer: str, on: date
) -> FirstAccess:
    """Make one of the first two keepers at the command line. Refused once there are two (D6)."""
    held = Posting.objects.select_for_update().filter(role="account_keeper", user__is_active=True)
    if len({posting.user_id for posting in held}) >= KEEPERS:
        raise Refused(
            _("There are two account keepers already; they make every other account."),
            rule="keepers_stand",
            rows=["SEC-04"],
        )
    region, _made = Region.objects.get_or_create(code=body.region, defaults={"name": body.region_name})
    agency, made = Agency.objects.get_or_create(
        unified_code=body.unified_code,
        defaults={
            "name": body.name, "kind": Agency.Kind.LOCAL_LEAD_UNIT, "level": body.level, "region": region, "valid_from": on,
        },
    )  # fmt: skip
    if made:
        record(agency, events.AGENCY_MADE, by=SYSTEM)
    user = User(username=username, name=name, kind=User.Kind.STAFF, identity=identity_of(number))
    secret = codes.draw_secret()
    user.totp_box = access.seal_secret(user, secret)
    user.set_unusable_password()
    user.save(force_insert=True)
    access.set_password(user, password)
    Posting.objects.create(user=user, agency=agency, role="account_keeper", valid_from=on)
    record(user, events.MADE, by=SYSTEM)
    return FirstAccess(user, codes.address_for(secret, username, issuer), access.draw_recovery_codes(user))
