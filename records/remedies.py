"""What the sender does about a refused or held row: one sentence for each rule of REFUSAL_RULES."""

from typing import Any

from django.utils.translation import gettext_lazy as _

REMEDIES: dict[str, Any] = {
    "row_unreadable": _(
        "Give the row as many cells as the header has columns; put quotation marks around text with a comma "
        "or a line break."
    ),
    "value_missing": _(
        "Fill the column in. A subject needs its unified social credit code, a natural person the number of a document."
    ),
    "value_too_long": _(
        "Shorten the text to the length of the column; what the decision says at length stays in the decision."
    ),
    "value_not_in_list": _("Write one of the values of the column exactly as the format lists them."),
    "date_invalid": _("Write the day like 2026-03-01, with four digits for the year and without a time."),
    "number_invalid": _(
        "Write the amount in units of 10,000 yuan, in digits, without commas or a unit: 50,000 yuan is 5."
    ),
    "identity_number_refused": _(
        "Take the identity number out of this column. It belongs into the column for the number of a natural "
        "person's document only."
    ),
    "code_malformed": _(
        "Compare the code with the licence, character by character; the letters I, O, S, V and Z never occur."
    ),
    "subject_not_in_register": _(
        "Check the code. If it is right, the registration authority has not yet handed the subject in; ask "
        "it, then send the row again."
    ),
    "subject_name_mismatch": _(
        "Write the name as the register has it, or check whether the code belongs to another subject."
    ),
    "fine_amount_missing": _("Fill in the amount of the fine, in 10,000 yuan."),
    "validity_order": _("Compare the days with the document: first the decision, then the beginning, then the end."),
    "date_in_future": _("Correct the day, or send the row once that day has come."),
    "decided_after_recorded": _("Correct the day of the decision, or send the row once the decision is made."),
    "basis_mismatch": _("Make the row say what the document says; name and code must belong to the same authority."),
    "basis_type_not_allowed": _(
        "Name a catalogue item that rests on this kind of document, or leave the column empty for the national item."
    ),
    "body_not_authorised": _(
        "Check the authority's code and the day. A body that is not registered is entered by the account keepers first."
    ),
    "authority_not_sender": _(
        "Send only decisions of your own body and of those below it; others are sent by the body that made them."
    ),
    "catalogue_item_not_in_force": _(
        "Name the item whose edition was in force on the day of the decision; the catalogue page lists the editions."
    ),
    "outside_catalogue": _(
        "Name an item of the catalogue that covers this kind of act, or leave the column empty. What no item "
        "covers may not be recorded."
    ),
    "catalogue_item_other_region": _("Name a national item or one of the authority's own region."),
    "no_power_for_item": _("Name an item for which the authority has the power by its list of powers."),
    "not_collecting_department": _("Leave the fact to the department that collects this item."),
    "personal_field_not_in_catalogue": _(
        "Do not hand in natural persons under this item; name one that covers personal information, if there is one."
    ),
    "act_kind_switched_off": _(
        "Hand in acts of this kind only once the region has decided to publish them and the rule keeper has "
        "switched them on."
    ),
    "exemption_without_citation": _(
        "Cite the law or administrative regulation as key:article of the legal library, in force that day, "
        "or leave the column empty."
    ),
    "publication_period_unknown": _("Fill in the last day of publication that your department has set."),
    "differs_from_record": _(
        "If the record held is wrong, send the row with op=correct and a reason. If not, correct the row."
    ),
    "already_held_by_other_sender": _("Do not send it again. If it is wrong, tell the department that handed it in."),
    "basis_not_effective": _("Wait until the stay of the document is lifted, then send the correction."),
    "nothing_to_correct": _("Check the number, the authority and the counterpart. A new fact is sent with op=add."),
    "reason_missing": _("Say in the column reason why it is corrected or withdrawn."),
    "restored_on_same_facts": _(
        "Do not send it again. A new decision on the matter has a number of its own and is handed in under it."
    ),
    "identity_number_in_text": _(
        "Nothing need be sent. A second officer reads the text; to be quicker, send it without the number "
        "and with op=correct."
    ),
    "person_name_in_text": _(
        "Nothing need be sent. A second officer reads the text; to be quicker, send it without the name and "
        "with op=correct."
    ),
    "tolerance_review_needed": _("Nothing need be sent. A second officer reviews the fact in writing."),
}


UNKNOWN = _("Compare the row with the document and the format. If it is right, tell the portal the name of the rule.")


def remedy(rule: str) -> Any:
    """How to put right what this rule refused, as a lazy sentence. A constraint of the database has none of its own."""
    return REMEDIES.get(rule, UNKNOWN)
