"""The last judge of a fact: what rests on a document equals it, and both were lawful on the day."""

from typing import Any

import pgtrigger

from casework.triggers import Firm


class RestsOnDocument(Firm):
    """An act or record that is in effect rests on a document in effect, equals it, and its catalogue item was in force.

    REC-01, REC-04, CAT-01, CAT-04, INV-02, INV-04, INV-05, INV-08. In a first load of history, what was decided before the first
    edition of an item rests on the first (design part 6). `FOR SHARE` waits for an annulment under way.
    """

    when, operation = pgtrigger.Before, pgtrigger.Insert | pgtrigger.UpdateOf("state")
    condition = pgtrigger.Q(new__state="effective")

    def __init__(self) -> None:
        super().__init__(name="rests_on_document")

    def get_declare(self, model: Any) -> list[tuple[str, str]]:
        return [("doc", "public.records_basisdocument"), ("item", "public.catalogs_catalogueitem")]

    def get_func(self, model: Any) -> str:
        table = model._meta.db_table
        person = "NEW.person_id" if any(f.name == "person" for f in model._meta.fields) else "NULL::bigint"

        def refuse(rule: str, sentence: str) -> str:
            return (
                f"RAISE EXCEPTION '{table}: {sentence}' USING ERRCODE = 'check_violation', "
                f"CONSTRAINT = '{rule}', TABLE = '{table}';"
            )

        # Names of this module and of the model only.
        return f"""
            SELECT * INTO doc FROM public.records_basisdocument WHERE id = NEW.document_id FOR SHARE;
            IF doc.state IS DISTINCT FROM 'effective' THEN
              {refuse("basis_not_effective", "its document is not in effect")}
            END IF;
            IF (doc.subject_id, doc.person_id, doc.decided_on)
               IS DISTINCT FROM (NEW.subject_id, {person}, NEW.decided_on) THEN
              {refuse("basis_mismatch", "it differs from its document")}
            END IF;
            SELECT * INTO item FROM public.catalogs_catalogueitem WHERE id = NEW.item_id;
            -- Before the first edition of an item the first one rules, in a first load of history only.
            IF item.state NOT IN ('in_force', 'superseded', 'retired')
               OR NEW.decided_on > coalesce(item.in_force_to, 'infinity')
               OR NEW.decided_on < item.in_force_from AND NOT (doc.is_history AND NOT EXISTS (
                 SELECT FROM public.catalogs_catalogueitem e
                 WHERE e.code = item.code AND e.in_force_from < item.in_force_from)) THEN
              {refuse("catalogue_item_not_in_force", "its catalogue item was not in force on that day")}
            END IF;
            IF item.region_id IS NOT NULL
               AND left(NEW.region_id, length(rtrim(item.region_id, '0')) + length(rtrim(item.region_id, '0')) % 2)
               <> left(item.region_id, length(rtrim(item.region_id, '0')) + length(rtrim(item.region_id, '0')) % 2) THEN
              {refuse("catalogue_item_other_region", "its catalogue item belongs to another region")}
            END IF;
            RETURN NEW;"""  # noqa: S608


class ReviewedIfFlagged(Firm):
    """A record flagged minor, force majeure or minor-unintentional takes effect only after another human's written review.

    INV-09. Flags are never taken off again once the record is reviewed or in effect.
    """

    when, operation = pgtrigger.Before, pgtrigger.Insert | pgtrigger.Update

    def __init__(self) -> None:
        super().__init__(name="reviewed_if_flagged")

    def get_func(self, model: Any) -> str:
        table = model._meta.db_table
        error = f"USING ERRCODE = 'check_violation', CONSTRAINT = 'tolerance_review_missing', TABLE = '{table}'"
        return f"""
            IF TG_OP = 'UPDATE' AND OLD.state <> 'draft' AND NEW.flags IS DISTINCT FROM OLD.flags THEN
              RAISE EXCEPTION '{table}: its flags stay' {error};
            END IF;
            IF NEW.state = 'effective' AND cardinality(NEW.flags) > 0 AND NOT EXISTS (
                 SELECT FROM public.records_tolerancereview t WHERE t.record_id = NEW.id AND t.may_record
                   AND t.reviewed_by_identity_id IS DISTINCT FROM NEW.prepared_by_identity_id) THEN
              RAISE EXCEPTION '{table}: a flagged record needs a written review by another' {error};
            END IF;
            RETURN NEW;"""  # noqa: S608
