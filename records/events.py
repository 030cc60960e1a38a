"""What the audit events of facts say in a plain sentence. Values of the event stand in %(…)s."""

from django.utils.translation import gettext_lazy as _

SENTENCES = {
    # facts, documents, the clock
    "act.taken_in": _("Taken in as %(public_id)s, version %(version)s."),
    "act.corrected": _(
        "Corrected: version %(version)s of %(public_id)s takes the place of version %(replaces_version)s."
    ),
    "act.withdrawn": _("Withdrawn; it left every public surface at once and does not come back on the same document."),
    "act.text_cleared": _("A second person read the held text and cleared it for publication."),
    "document.registered": _("The document %(number)s was registered."),
    "document.took_effect": _("The document took effect."),
    "document.stayed": _("A court or reconsideration body stayed the document; what rests on it is not shown."),
    "document.stay_lifted": _("The stay of the document ended; it has effect again."),
    "document.annulled": _("The document was annulled; what rested on it was withdrawn with it."),
    "record.took_effect": _("The untrustworthiness record took effect."),
    "record.withdrawn": _("The untrustworthiness record was withdrawn."),
    "record.expired": _("The untrustworthiness record expired with its publication."),
    "publication.opened": _("Its publication began as “%(after)s”."),
    "publication.counted": _("The last day to publish was counted: %(due_on)s."),
    "publication.published": _("Published in time."),
    "publication.published_late": _("Published late; the mark stays."),
    "publication.aggregated": _("Public both at the department and here."),
    "publication.overdue": _("The last day to publish passed without publication."),
    "publication.exempted": _("Exempted from publication by citation of a law."),
    "publication.ended": _("Its publication ended; nothing of it is shown any longer."),
    "batch.taken_in": _("A delivery was taken in."),
    # single facts at a desk: taking off, corrections, drafts and reviews
    "hide.ordered": _("Taken off every public surface at once (%(what)s); a second person decides until %(due_on)s."),
    "hide.upheld": _("A second person upheld the hide; it stays off until somebody releases it."),
    "hide.undone": _("A second person undid the hide; what it covered shows again."),
    "hide.lapsed": _("Nobody upheld the hide in time; what it covered shows again."),
    "hide.released": _("The hide was released."),
    "hide.late": _(
        "Nobody decided on the hide in time; it stays, and stands before the superior body since %(late_since)s."
    ),
    "hide.counted": _("The last day to decide on the hide was counted: %(due_on)s."),
    "act.correction_proposed": _("A correction was proposed; a second person decides."),
    "act.correction_rejected": _("The proposed correction was rejected; the fact stays as it is."),
    "batch.correction_proposed": _(
        "A correction of one fact was handed in and judged; nothing was written to the fact."
    ),
    "batch.correction_confirmed": _("A second person confirmed the correction; the corrected version stands."),
    "batch.correction_rejected": _("The correction was rejected or given up; what was proposed is erased."),
    "record.drafted": _("An untrustworthiness record was drafted."),
    "record.to_be_reviewed": _("It is flagged: a second officer reviews it in writing first."),
    "record.may_be_recorded": _("A second officer found in writing that it may be recorded."),
    "record.not_recorded": _("A second officer found in writing that it is not recorded."),
    "item_review.opened": _("Its catalogue item has ended; somebody says whether the record stays."),
    "item_review.kept": _("After its item's end the record stays."),
    "item_review.withdrawn": _("After its item's end the record was withdrawn."),
    # the intake desk: deliveries in quarantine, and what two officers do with a whole delivery
    "batch.received": _("A file with %(rows)s rows was handed in; its rows rest sealed."),
    "batch.checked": _("The dry run ended; nothing was written."),
    "batch.row_corrected": _("Row %(row)s was corrected in quarantine and judged again."),
    "batch.rows_discarded": _("%(rows)s refused rows were given up and emptied."),
    "batch.taking_in": _("An officer had the rows taken in that passed."),
    "batch.abandoned": _("The delivery was given up before anything went in."),
    "batch.quarantine_emptied": _("%(rows)s rows were emptied out of quarantine."),
    "batch.handed_over": _("The delivery went to another officer's desk."),
    "batch.goes_on_at": _("The body was merged; the delivery goes on at its successor."),
    "batch.history_confirmed": _(
        "A second person agreed that it is a first load of history; the dry run is made anew."
    ),
    "batch.withdrawn": _("Everything the delivery brought was withdrawn."),
    "batch_step.proposed": _("An act on the whole delivery was proposed; a second person decides."),
    "batch_step.confirmed": _("A second person agreed to what was proposed for the delivery."),
    "batch_step.rejected": _("A second person did not agree; the delivery stays as it is."),
    "batch_step.taken_back": _("What was proposed for the delivery was taken back by its author."),
    "batch_step.lapsed": _("What was proposed lapsed because the delivery was given up."),
    # the clock desk and circulars
    "publication.recounted": _(
        "The holiday notice was revised: the last day moved from %(due_on_before)s to %(due_on)s."
    ),
    "circular.issued": _("A circular on timeliness was written; it is to be answered by %(answer_by)s."),
    "circular.answered": _("The circular was answered."),
}
