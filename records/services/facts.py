"""Verbs on single facts: documents and what rests on them, withdrawal, clearing, exemption."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Agency, User
from accounts.permissions import Permission
from casework.actors import Actor
from casework.audit import move, record
from casework.errors import Refused, WrongState
from casework.four_eyes import check_another_human, check_has_reason
from casework.hints import hint
from casework.locks import hold
from casework.models import Attachment
from casework.verbs import verb
from catalogs.models import CatalogueItem, Provision
from catalogs.rules import Catalogue, check_basis
from catalogs.states import ANNOUNCED, NeedsBasis, Severity
from records import rules
from records.models import AdministrativeAct, BasisDocument, Publication, Record, ToleranceReview
from records.office_rules import acting_body, check_is_officer
from records.services.writing import IMPACT, UNNAMED_FIELD, new_id
from records.states import Act, Clock, Document, Occasion, Phase, Tolerance, Untrustworthiness
from subjects.models import Subject
from subjects.rules import check_no_own_relation

LIVE = (Untrustworthiness.EFFECTIVE, Untrustworthiness.UNDER_VERIFICATION)


def hold_subject(subject_id: int | None) -> None:
    """Lock the subject concerned; a natural person's acts concern none."""
    hold(Subject.objects.filter(pk__in=[subject_id] if subject_id else []))


@verb
def register_document(
    *,
    document_type: str,
    number: str,
    issuer: Agency,
    subject_id: int,
    decided_on: date,
    effective_on: date,
    conduct: str,
    by: Actor,
    title: str = "",
    allowed_by: Provision | None = None,
    file: Attachment | None = None,
    on: date,
) -> BasisDocument:
    """Register a basis document (SM-4). It carries records only from the day on which it takes effect."""
    rules.check_may_take_in(by, agency=issuer, on=on)
    rules.check_can_rest_on(document_type, allowed_by=allowed_by, on=decided_on)
    if not issuer.may_determine:
        raise Refused(
            _("%(name)s may not determine conduct.") % {"name": issuer}, rule="body_not_authorised", rows=["REC-06"]
        )
    hold_subject(subject_id)
    document = BasisDocument.objects.create(
        type=document_type, title=title, number=number, issuer=issuer, subject_id=subject_id, conduct=conduct,
        decided_on=decided_on, effective_on=effective_on, allowed_by=allowed_by, file=file,
    )  # fmt: skip
    record(document, "document.registered", by=by, after=document.state, number=number)
    return document


@verb
def take_effect(document_id: int, *, by: Actor, on: date) -> BasisDocument:
    """The document takes effect on its day (SM-4)."""
    document = locked_document(document_id)
    if on < document.effective_on:
        raise Refused(
            _("%(number)s takes effect on %(day)s.") % {"number": document.number, "day": document.effective_on},
            rule="basis_not_effective", rows=["REC-01"],
        )  # fmt: skip
    move(document, Document.EFFECTIVE, event="document.took_effect", by=by)
    return document


@verb
def record_untrustworthiness(
    document_id: int,
    *,
    item_code: str,
    nature: str,
    severity: str,
    field: str,
    sender: Agency,
    by: Actor,
    on: date,
    phase: str = Phase.AFTER,
    occasion: str = "",
    flags: Collection[str] = (),
) -> Record:
    """Record untrustworthy conduct on a document in effect (REC-01 to REC-06, REC-15): the same gate as any row's.

    What is flagged waits for the tolerance review of a second officer (REC-09 to REC-11).
    """
    document = locked_document(document_id)
    rules.check_may_take_in(by, agency=sender, on=on)
    made = draft(
        document, item_code=item_code, nature=nature, severity=severity, field=field, phase=phase, occasion=occasion,
        flags=flags, sender=sender, by=by,
    )  # fmt: skip
    take_up(made, by=by)
    return made


def draft(
    document: BasisDocument, *, item_code: str, nature: str, severity: str, field: str, phase: str, occasion: str,
    flags: Collection[str], sender: Agency, by: Actor,
) -> Record:  # fmt: skip
    """Write the draft of a record, inside a verb that holds the subject: the item in force on the day of the decision, the
    issuer's power for it, the document's kind (REC-02, REC-04, REC-06, CAT-01, CAT-15)."""
    _check_choices(severity=(severity, Severity), phase=(phase, Phase), occasion=(occasion or None, Occasion))
    for flag in flags:
        _check_choices(flags=(flag, Tolerance))
    if document.subject is None:
        raise Refused(
            _("Untrustworthiness of natural persons is not recorded here."),
            rule="outside_catalogue", rows=["CAT-16"], data_class="untrustworthiness",
        )  # fmt: skip
    item = item_for(document, item_code, sender=sender)
    if Record.objects.filter(subject=document.subject, document=document, item=item).exists():
        raise Refused(
            _("This document has been recorded for this subject and item before."),
            rule="differs_from_record", rows=["SHR-02"], data_class="untrustworthiness",
        )  # fmt: skip
    made = Record.objects.create(
        public_id=new_id("rec"), subject=document.subject, document=document, item=item, region_id=sender.region_id,
        determining_department=document.issuer, field=field or item.field or UNNAMED_FIELD, nature=nature,
        severity=severity, impact=IMPACT[Severity(severity)], decided_on=document.decided_on,
        determined_at=timezone.now(), phase=phase, occasion=occasion, flags=sorted(flags),
        prepared_by=by if isinstance(by, User) else None, state=Untrustworthiness.DRAFT,
    )  # fmt: skip
    made.refresh_from_db()  # the human behind the account is the trigger's
    record(made, "record.drafted", by=by, after=made.state, flags=made.flags, occasion=occasion, document=document.uuid)
    return made


def item_for(document: BasisDocument, item_code: str, *, sender: Agency) -> CatalogueItem:
    """The catalogue item under which this document may carry a record, or a refusal."""
    catalogue = Catalogue(CatalogueItem.objects.filter(state__in=ANNOUNCED))
    item = catalogue.item(item_code, on=document.decided_on, region=sender.region_id)
    if document.type not in item.basis_types:
        raise Refused(
            _("Catalogue item %(code)s does not rest on such a document.") % {"code": item_code},
            rule="basis_type_not_allowed", rows=["REC-02"], data_class="untrustworthiness",
        )  # fmt: skip
    rules.check_can_record_under(item, issuer=document.issuer, sender=sender)
    if not item.adverse:
        raise Refused(
            _("Catalogue item %(code)s does not cover untrustworthy conduct.") % {"code": item_code},
            rule="outside_catalogue", rows=["CAT-01", "CAT-17"], data_class="untrustworthiness",
        )  # fmt: skip
    return item


def take_up(made: Record, *, by: Actor) -> None:
    """SM-5, from DRAFT: into effect on a document in effect, or into the tolerance review that a flag asks for (INV-09)."""
    if made.flags and not ToleranceReview.objects.filter(record=made).exists():
        move(made, Untrustworthiness.TOLERANCE_REVIEW, event="record.to_be_reviewed", by=by)
        return
    if made.document.state != Document.EFFECTIVE:
        raise Refused(
            _("%(number)s is not in effect; a record must rest on a legally effective document.")
            % {"number": made.document.number},
            rule="basis_not_effective", rows=["REC-01"], data_class="untrustworthiness",
        )  # fmt: skip
    move(made, Untrustworthiness.EFFECTIVE, event="record.took_effect", by=by)


def _check_choices(**given: tuple[str | None, Any]) -> None:
    """Closed lists: what is no member is refused, whichever door it came by."""
    for name, (value, choices) in given.items():
        if value is not None and value not in choices.values:
            raise Refused(_("A value is none of those that the list holds."), rule="value_not_in_list", field=name)


@verb
def withdraw(act_id: int, *, by: Actor, on: date, reason: str) -> AdministrativeAct:
    """A department's program, or the operator, withdraws a fact that should not stand. It leaves every public surface at once
    and never comes back on the same document; the file keeps its trail (REC-08). At a desk it takes two officers
    (`hides.withdraw_hidden`)."""
    act = AdministrativeAct.objects.select_related("collecting_department").get(pk=act_id)
    if isinstance(by, User):
        raise Refused(
            _("An officer's withdrawal takes two: take the fact off every page now, and another withdraws it for good."),
            rule="second_person_needed", rows=["REC-08"],
        )  # fmt: skip
    rules.check_may_change(by, Permission.CORRECT, of=act.collecting_department, on=on)
    rules.check_may_take_in(by, agency=act.collecting_department, on=on)
    hold_subject(act.subject_id)
    return withdraw_in_transaction(act_id, by=by, reason=reason)


def withdraw_in_transaction(act_id: int, *, by: Actor, reason: str) -> AdministrativeAct:
    """The withdrawal itself, inside a verb that holds the subject."""
    if not reason:
        raise Refused(_("A correction or withdrawal needs a reason."), rule="reason_missing", rows=["REC-08"])
    locked = AdministrativeAct.objects.select_for_update(of=("self",), no_key=True)
    act = locked.select_related("subject", "person").get(pk=act_id)
    move(act, Act.WITHDRAWN, event="act.withdrawn", by=by, reason=reason)
    for made in Record.objects.filter(act=act, state__in=LIVE).select_related("subject"):
        move(made, Untrustworthiness.WITHDRAWN, event="record.withdrawn", by=by, reason=reason, verification_since=None)
    publication = Publication.objects.select_related("act__subject", "act__person").get(act=act)
    if publication.state != Clock.ENDED:
        move(publication, Clock.ENDED, event="publication.ended", by=by, reason=reason)
    return act


def check_may_rule(document: BasisDocument, *, by: Actor, on: date) -> None:
    """Who may record what became of a document: its issuer, a body above it, or a court (SM-4)."""
    acting_body(by, Permission.RULE_ON_DOCUMENT, of=document.issuer, on=on, or_court=True)


def check_is(document: BasisDocument, *states: Document) -> None:
    if document.state not in states:
        raise WrongState(
            _("%(number)s is “%(state)s”; this can be done while it is: %(states)s.")
            % {
                "number": document.number,
                "state": document.get_state_display(),
                "states": "、".join(str(s.label) for s in states),
            }
        )


def resting_on(document: BasisDocument) -> tuple[list[AdministrativeAct], list[Record]]:
    """What loses effect with a document: the acts that rest on any version of it, and the records without an act."""
    same = BasisDocument.objects.filter(
        issuer=document.issuer, number=document.number, subject=document.subject, person=document.person
    )
    acts = AdministrativeAct.objects.filter(document__in=same, state=Act.EFFECTIVE).select_related("subject", "item")
    bare = Record.objects.filter(document__in=same, act=None, state__in=LIVE).select_related("subject", "item")
    return list(acts.order_by("pk")), list(bare.order_by("pk"))


@verb
def stay_document(document_id: int, *, order: Attachment, order_number: str, by: Actor, on: date) -> BasisDocument:
    """A court or reconsideration body stays the document: what rests on it is not shown until the stay is lifted (SM-4)."""
    document = locked_document(document_id)
    check_may_rule(document, by=by, on=on)
    check_is(document, Document.EFFECTIVE)
    for each in _every_version(document, Document.EFFECTIVE):
        move(
            each, Document.STAYED, event="document.stayed", by=by, reason=order_number, order=order,
            order_number=order_number,
        )  # fmt: skip
    return document


@verb
def lift_stay(
    document_id: int, *, by: Actor, on: date, reason: str, order: Attachment | None = None, order_number: str = ""
) -> BasisDocument:
    """The stay ends and the document has effect again. At a desk the order that ends it is attached (SM-4)."""
    document = locked_document(document_id)
    check_may_rule(document, by=by, on=on)
    check_is(document, Document.STAYED)
    ended_by = {"order": order, "order_number": order_number} if order else {}
    for each in _every_version(document, Document.STAYED):
        move(each, Document.EFFECTIVE, event="document.stay_lifted", by=by, reason=reason, **ended_by)
    return document


@verb
def annul_document(
    document_id: int, *, order: Attachment, order_number: str, by: Actor, on: date, reason: str
) -> BasisDocument:
    """The issuer, a court or a reconsideration body annuls the document: whatever rests on it is withdrawn in the same
    transaction (REC-12, INV-07; Penalty Law art. 48)."""
    document = locked_document(document_id)
    check_may_rule(document, by=by, on=on)
    check_is(document, Document.EFFECTIVE, Document.STAYED)
    versions = _every_version(document, Document.EFFECTIVE, Document.STAYED)
    for each in versions:
        move(
            each,
            Document.ANNULLED,
            event="document.annulled",
            by=by,
            reason=reason,
            order=order,
            order_number=order_number,
        )
    for act in AdministrativeAct.objects.filter(document__in=versions, state=Act.EFFECTIVE):
        withdraw_in_transaction(act.pk, by=by, reason=reason)
    for made in Record.objects.filter(document__in=versions, act=None, state__in=LIVE).select_related("subject"):
        move(made, Untrustworthiness.WITHDRAWN, event="record.withdrawn", by=by, reason=reason, verification_since=None)
    return document


def check_may_clear(act: AdministrativeAct, *, by: Actor, on: date) -> None:
    """A second person of the department that handed it in, or above it; never who prepared the text (SHR-06, D6)."""
    acting_body(check_is_officer(by), Permission.CLEAR_TEXT, of=act.collecting_department, on=on)
    check_another_human(by, act.prepared_by_identity_id)
    check_no_own_relation(by, act.subject, act.person, on=on)


def check_is_held(publication: Publication) -> None:
    if publication.hold not in rules.HOLDS:
        raise WrongState(_("%(act)s does not wait for its text to be cleared.") % {"act": publication.act})


@verb
def clear_text(act_id: int, *, by: User, on: date, reason: str) -> AdministrativeAct:
    """A second person has read a held text and clears it: it may be shown as it stands (SHR-06). Minors stay closed."""
    act = AdministrativeAct.objects.select_related("subject", "person", "collecting_department").get(pk=act_id)
    check_may_clear(act, by=by, on=on)
    hold_subject(act.subject_id)
    publication = Publication.objects.select_for_update(of=("self",)).select_related("act").get(act=act)
    check_is_held(publication)
    check_has_reason(reason)
    shown = rules.public_part(act.content, act.withheld)
    AdministrativeAct.objects.filter(pk=act.pk).update(content_public=shown, text_cleared_by=by)
    Publication.objects.filter(pk=publication.pk).update(hold="")
    record(act, "act.text_cleared", by=by, reason=reason)
    hint("records.catch_up", publication.pk)  # shown in a moment; without the hint, at the next sweep
    return act


def check_can_exempt(publication: Publication, *, by: Actor, on: date) -> None:
    """The determining department exempts, before the last day, what is not public yet (SM-6, PUB-06)."""
    acting_body(by, Permission.EXEMPT, of=publication.act.determining_department, on=on)
    check_no_own_relation(by, publication.act.subject, publication.act.person, on=on)
    if publication.state != Clock.PENDING:
        raise WrongState(
            _("The publication is “%(state)s”; only what is still to be published can be exempted.")
            % {"state": publication.get_state_display()}
        )


@verb
def exempt(publication_id: int, *, provision: Provision, by: Actor, on: date) -> Publication:
    """Exempt an act from publication by citing the law or administrative regulation that provides otherwise (PUB-06)."""
    publication = Publication.objects.select_related("act__subject", "act__person", "act__determining_department").get(
        pk=publication_id
    )
    hold_subject(publication.act.subject_id)
    check_can_exempt(publication, by=by, on=on)
    check_basis(NeedsBasis.PUBLICATION_EXEMPTION, [provision], on=publication.act.decided_on)
    move(publication, Clock.EXEMPT, event="publication.exempted", by=by, exempt_by=provision)
    return publication


def locked_document(document_id: int) -> BasisDocument:
    """The document, its subject locked first."""
    hold_subject(BasisDocument.objects.values_list("subject_id", flat=True).get(pk=document_id))
    return (
        BasisDocument.objects.select_for_update(of=("self",), no_key=True)
        .select_related("subject", "person", "issuer")
        .get(pk=document_id)
    )


def _every_version(document: BasisDocument, *states: Document) -> list[BasisDocument]:
    """The document itself, whatever its state, and every other version of it in one of these states.

    What a court does to a decision it does to all versions of it that were handed in: a correction never escapes a stay or
    an annulment, whichever version the caller had before him.
    """
    versions = (
        BasisDocument.objects.select_for_update(of=("self",), no_key=True)
        .select_related("subject", "person", "issuer")
        .filter(issuer=document.issuer, number=document.number, subject=document.subject, person=document.person)
        .order_by("version")
    )
    return [document, *(each for each in versions if each != document and each.state in states)]
