"""What happened to an account, a body or a division, told to the apps above within the same transaction.

`changed.send(sender=Model, kind=…, key=…, before=…, after=…, cause=step)`; keys are primary keys, `cause` is the AccountStep.

    kind             key           before           after                        the receivers above
    user.closed      the user      the user         successor's key or None      move his open work to the successor
    posting.ended    the posting   the user         successor's key or None      the same, for the work of that body
    agency.merged    the agency    the agency       the successor's key          let open work go on at the successor
    agency.renamed   the agency    the old name     the new name
    region.changed   the code      the code         the successor's code

A receiver calls one verb. When it cannot let the change stand (open work and no successor), it raises `Refused` with the
rule `open_work`: the whole act is undone, and the sentence says what is open. Rows concerned are locked already.
"""

from django.dispatch import Signal

changed = Signal()

USER_CLOSED, POSTING_ENDED = "user.closed", "posting.ended"
AGENCY_MERGED, AGENCY_RENAMED, REGION_CHANGED = "agency.merged", "agency.renamed", "region.changed"
