"""Who may hand in, change and rule on facts, and on what documents a record may rest."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from accounts.permissions import Permission
from casework.actors import Actor
from casework.errors import NotAllowed, Refused
from catalogs.models import CatalogueItem, Provision
from catalogs.rules import check_basis
from catalogs.states import Determiner, NeedsBasis
from records.formats import said
from records.states import DocumentType


def check_may_take_in(by: Actor, *, agency: Agency, on: date) -> None:
    """Who may hand in facts for this agency: its own clerks and keys, and the operator's command line."""
    if not by.may(Permission.TAKE_IN, on=on):
        raise NotAllowed(_("This key or posting may not hand in records."), rule="scope_missing", rows=["SEC-18"])
    if by.agency_id is not None and by.agency_id != agency.pk:
        raise NotAllowed(_("You act for another body."), rule="not_allowed", rows=["SEC-18"])


def check_may_change(by: Actor, permission: Permission, *, of: Agency, on: date, or_court: bool = False) -> None:
    """Who may change what this body decided or handed in: the body itself and those above it; for the effect of a document
    (`or_court`) also a court. The portal's own clock and release job act for no body."""
    if not by.may(permission, on=on):
        raise NotAllowed(_("Your posting does not allow this."), rule="not_allowed")
    if by.agency_id is None:
        return
    body = Agency.objects.get(pk=by.agency_id)
    if not (body.stands_over(of) or (or_court and body.kind == Agency.Kind.JUDICIAL_ORGAN)):
        raise NotAllowed(_("You act for another body."), rule="not_allowed", rows=["SEC-18"])


def check_can_record_under(item: CatalogueItem, *, issuer: Agency, sender: Agency) -> None:
    """The sender hands in its own determinations and those of bodies below it, under items for which the issuer has the
    power (REC-06, CAT-15)."""
    if not sender.stands_over(issuer):
        raise Refused(
            said(_("%(sender)s may hand in its own decisions and those of bodies below it."), {"sender": sender.name}),
            rule="authority_not_sender", rows=["REC-06"], data_class="untrustworthiness",
        )  # fmt: skip
    if determiner_of(issuer) not in item.determined_by:
        raise Refused(
            said(_("%(name)s has no power for catalogue item %(code)s."), {"name": issuer.name, "code": item.code}),
            rule="no_power_for_item", rows=["CAT-15"], data_class="untrustworthiness",
        )  # fmt: skip


def determiner_of(body: Agency) -> Determiner:
    """As what a body determines conduct, in the words of the catalogue."""
    if body.kind == Agency.Kind.JUDICIAL_ORGAN:
        return Determiner.JUDICIAL_ORGAN
    return Determiner.ADMINISTRATIVE_ORGAN if body.is_administrative_organ else Determiner.AUTHORISED_ORGANISATION


def check_can_rest_on(document_type: str, *, allowed_by: Provision | None, on: date) -> None:
    """The closed set of bases (REC-02); an "other" document names the law that allows it (REC-03)."""
    if document_type not in DocumentType.values:
        raise Refused(
            said(_("“%(type)s” is no document on which a record may rest."), {"type": document_type[:40]}),
            rule="basis_type_not_allowed", rows=["REC-02"],
        )  # fmt: skip
    if document_type == DocumentType.OTHER_DOCUMENT:
        if allowed_by is None:
            raise Refused(
                _("An “other” document must name the law, regulation or central policy that allows it."),
                rule="basis_citation_missing", rows=["REC-03"],
            )  # fmt: skip
        check_basis(NeedsBasis.OTHER_DOCUMENT, [allowed_by], on=on)
