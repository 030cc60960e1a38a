"""The types of the API (api.md 2) as JSON Schema, for the OpenAPI document. Tests hold every answer against them.

Every field is always present; null means none or not applicable. A client must bear fields that it does not know, so the
types do not forbid more; the tests do.
"""

from collections.abc import Iterable
from typing import Any, Final

from casework.problem_table import PROBLEMS
from disclosure.vocabulary import OPEN, VOCABULARIES

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
INT: Final[Schema] = {"type": "integer"}
BOOL: Final[Schema] = {"type": "boolean"}
DAY: Final[Schema] = {"type": "string", "format": "date"}
INSTANT: Final[Schema] = {"type": "string", "format": "date-time"}
URL: Final[Schema] = {"type": "string", "format": "uri-reference"}
MONEY: Final[Schema] = {"type": "string", "pattern": r"^[0-9]+\.[0-9]{2}$"}
CODE: Final[Schema] = {"type": "string", "pattern": "^[0-9A-HJ-NPQRTUWXY]{18}$"}
REGION: Final[Schema] = {"type": "string", "pattern": "^[0-9]{6}$"}
ID: Final[Schema] = {"type": "string", "pattern": "^[a-z]{3}_[0-9A-Za-z]{12,32}$"}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def thing(**fields: Schema) -> Schema:
    """An object with all these fields. A name that Python keeps for itself ends with an underscore here."""
    named = {name.rstrip("_"): schema for name, schema in fields.items()}
    return {"type": "object", "properties": named, "required": list(named)}


def many(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def one_of(vocabulary: str) -> Schema:
    """The codes of a vocabulary; an open one may grow within version 1."""
    return TEXT if vocabulary in OPEN else {"type": "string", "enum": list(VOCABULARIES[vocabulary])}


def words(*codes: str) -> Schema:
    return {"type": "string", "enum": list(codes)}


def page(schema: Schema) -> Schema:
    """A page of a list: follow `next` until it is null."""
    total = thing(value=INT, relation=words("exact", "at_least"))
    return thing(results=many(schema), next=or_null(URL), total=total, as_of=INSTANT)


def counts(names: Iterable[str]) -> Schema:
    return thing(**dict.fromkeys(names, INT))


BOTH_LANGUAGES = thing(zh=TEXT, en=TEXT)
CONFIDENCE = one_of("confidence")
SUBJECT_NAMED = thing(unified_code=CODE, name=TEXT)
MARK = or_null(thing(since=DAY))
EDITION: dict[str, Schema] = {
    "edition": INT, "state": one_of("edition_state"), "in_force_from": DAY, "in_force_to": or_null(DAY),
    "announced_on": or_null(DAY), "published_in": or_null(TEXT), "confidence": CONFIDENCE,
}  # fmt: skip

TYPES: dict[str, Schema] = {
    "Authority": thing(
        unified_code=CODE, name=TEXT, kind=one_of("agency_kind"), level=one_of("agency_level"), region=REGION
    ),
    "Basis": thing(
        instrument=TEXT, number=or_null(TEXT), article=or_null(TEXT), in_force_from=or_null(DAY),
        in_force_to=or_null(DAY), confidence=CONFIDENCE, kind=one_of("basis_kind"),
    ),
    "CodeCheck": thing(
        given=or_null(TEXT), normalised=or_null(TEXT), failed_check=or_null(one_of("failed_check")), position=or_null(INT),
        normalised_is_valid=BOOL, normalisations=many(one_of("normalisations")),
    ),
    "Freshness": thing(**dict.fromkeys(("register", "records", "listings", "measures"), or_null(INSTANT))),
    "Counts": thing(by_class=counts(VOCABULARIES["class"]), adverse=counts(VOCABULARIES["severity"])),
    "StatusListing": thing(
        id=ID, field=TEXT, field_name=TEXT, local_only=BOOL, region=or_null(REGION), designating_department=ref("Authority"),
        decision_number=TEXT, listed_on=DAY, last_day=or_null(DAY), under_verification=MARK,
    ),
    "StatusMeasure": thing(
        id=ID, measure_item=TEXT, edition=INT, name=TEXT, class_=words("mandatory", "recommended"), effect=TEXT,
        type=words("administrative", "market", "industry", "social"), implementing_department=ref("Authority"),
        region=or_null(REGION), starts_on=DAY, last_day=or_null(DAY), rests_on=thing(listings=many(ID), records=many(ID)),
    ),
    "Status": thing(
        unified_code=CODE, current_code=or_null(CODE), status=one_of("status"), reason=or_null(one_of("reason")),
        name=or_null(TEXT), registration_status=or_null(one_of("registration_status")), warnings=many(one_of("warnings")),
        on=DAY, as_of=INSTANT, freshness=ref("Freshness"), counts=or_null(ref("Counts")), lists=many(ref("StatusListing")),
        measures_in_force=many(ref("StatusMeasure")),
        under_verification=many(thing(object=one_of("verified_object"), id=ID, since=DAY)),
        links=or_null(thing(subject=URL, records=URL, listings=URL, measures=URL)),
    ),
    "SubjectName": thing(
        name=TEXT, kind=one_of("name_kind"), valid_from=or_null(DAY), valid_to=or_null(DAY), source=TEXT
    ),
    "Subject": thing(
        unified_code=CODE, name=TEXT, names=many(ref("SubjectName")),
        former_codes=many(thing(unified_code=CODE, valid_to=DAY)), category={"type": "string", "pattern": "^[0-9A-Y]{2}$"},
        type=one_of("subject_type"), region=REGION, registration_authority=or_null(ref("Authority")),
        registration_status=one_of("registration_status"), registered_on=or_null(DAY), ended_on=or_null(DAY),
        status=words("listed", "adverse_records", "no_public_record"), counts=ref("Counts"), warnings=many(one_of("warnings")),
        source=thing(name=TEXT, received_at=INSTANT), as_of=INSTANT, freshness=ref("Freshness"),
        links=thing(self=URL, status=URL, records=URL, listings=URL, measures=URL, page=URL),
    ),
    "SubjectHit": thing(
        unified_code=CODE, name=TEXT, type=one_of("subject_type"), region=REGION,
        registration_status=one_of("registration_status"), listed=BOOL,
        match=or_null(
            thing(
                why=one_of("why"), field=one_of("match_field"), text=TEXT,
                highlights=many({"type": "array", "items": INT, "minItems": 2, "maxItems": 2}),
                other_name=or_null(ref("SubjectName")),
            )
        ),
        links=thing(self=URL, status=URL),
    ),
    "FacetValue": thing(value=TEXT, count=INT, relation=words("exact", "at_least")),
    "PenaltyContent": thing(
        conduct=or_null(TEXT), facts=or_null(TEXT), grounds=or_null(TEXT), penalty_types=many(one_of("penalty_types")),
        decision=or_null(TEXT), fine=or_null(MONEY), confiscated=or_null(MONEY), certificates=or_null(TEXT),
        effective_until=or_null(DAY),
    ),
    "LicenceContent": thing(
        licence_kind=one_of("licence_kind"), certificate=or_null(TEXT), licence_number=or_null(TEXT), content=or_null(TEXT),
        valid_from=or_null(DAY), valid_to=or_null(DAY), long_term=BOOL, state=one_of("licence_state"),
    ),
    "OtherContent": thing(summary=or_null(TEXT)),
    "RecordClock": thing(
        platform=one_of("platform"), regime=one_of("regime"), counts_from=DAY, earliest_repair_on=or_null(DAY),
        last_day=or_null(DAY), unrepairable=or_null(ref("Basis")),
    ),
    "Record": thing(
        id=ID, kind=one_of("kind"), class_=one_of("class"), adverse=BOOL, severity=or_null(one_of("severity")),
        field=or_null(TEXT), phase=or_null(one_of("phase")), subject=or_null(SUBJECT_NAMED),
        counterpart=or_null(thing(kind=words("natural_person"), name_masked=TEXT)), region=REGION,
        catalogue_item=thing(code=TEXT, edition=INT, name=TEXT), determining_department=ref("Authority"),
        collecting_department=ref("Authority"),
        document=thing(
            type=one_of("basis_type"), title=or_null(TEXT), number=TEXT, issuer=TEXT, decided_on=DAY, effective_on=or_null(DAY)
        ),
        legal_basis=many(ref("Basis")),
        content={"anyOf": [ref("PenaltyContent"), ref("LicenceContent"), ref("OtherContent")]}, withheld=many(TEXT),
        disclosure=thing(
            published_on=DAY, due_on=or_null(DAY), late=BOOL, last_day=or_null(DAY),
            channel=thing(name=TEXT, url=or_null(TEXT), published_on=or_null(DAY)), clocks=many(ref("RecordClock")),
        ),
        under_verification=MARK, version=INT, corrected_on=or_null(DAY),
        links=thing(self=URL, subject=or_null(URL), object=or_null(URL), repair=or_null(URL)),
    ),
    "CatalogueItem": thing(
        **EDITION, code=TEXT, name=TEXT, name_en=or_null(TEXT), level=one_of("item_level"), region=or_null(REGION),
        category={"type": "integer", "minimum": 1, "maximum": 13}, kind=one_of("kind"), content=TEXT,
        legal_basis=many(ref("Basis")), collecting_department=TEXT,
        share=thing(allowed=BOOL, scope=many(TEXT), lawfulness=TEXT, necessity=TEXT),
        disclose=thing(allowed=BOOL, lawfulness=TEXT, necessity=TEXT), basis_types=many(one_of("basis_type")),
        personal_information=BOOL,
        periods=many(
            thing(
                severity=one_of("severity"), regime=TEXT, minimum_months=or_null(INT), maximum_months=or_null(INT),
                basis=or_null(ref("Basis")),
            )
        ),
        links=thing(self=URL, editions=URL),
    ),
    "WorkingDays": thing(
        from_=DAY, days=or_null(INT), months=or_null(INT), until=or_null(DAY), count=one_of("day_counting"), rolling=BOOL,
        agency=or_null(CODE), result=DAY, unrolled=DAY, working_days=or_null(INT), calendar_days=INT,
        years=many(thing(year=INT, source=TEXT)),
        sum=many(
            thing(
                date=DAY, weekday={"type": "integer", "minimum": 1, "maximum": 7}, kind=one_of("day_kind"),
                name=or_null(TEXT), counted=BOOL, n=or_null(INT),
            )
        ),
    ),
    "About": thing(
        api=words("v1"), release=TEXT, origin=words("all", "public", "agency"), demo=BOOL, timezone=words("Asia/Shanghai"),
        today=DAY, now=INSTANT, calendar_years=many(INT), freshness=ref("Freshness"),
        limits=many(thing(policy=TEXT, quota=INT, window_s=INT)),
        feed=thing(oldest=or_null(TEXT), newest=or_null(TEXT), kept_days=or_null(INT)),
    ),
    "ProblemType": thing(
        code=words(*PROBLEMS), status=INT, titles=BOTH_LANGUAGES, meaning=BOTH_LANGUAGES, what_to_do=BOTH_LANGUAGES
    ),
    "Alive": thing(status=words("ok")),
    "Readiness": thing(
        status=words("ok", "failing"),
        checks=thing(
            database=words("ok", "failing"), reader_role=words("ok", "failing"), queue=words("ok", "late"),
            sweeps=words("ok", "late"), calendar=words("ok", "next_year_missing", "failing"),
        ),
    ),
    "Problem": thing(
        type=URL, title=TEXT, status=INT, detail=TEXT, instance={"type": "string", "pattern": "^urn:uuid:"},
        code=words(*PROBLEMS), titles=BOTH_LANGUAGES,
        errors=many(
            thing(
                code=words(*PROBLEMS), in_=or_null(words("path", "query", "header", "body")), name=or_null(TEXT),
                pointer=or_null(TEXT), message=TEXT, given=or_null(TEXT), allowed=or_null(many(TEXT)),
            )
        ),
    ),
}  # fmt: skip

# Objects that some problems carry beside; absent from the others.
TYPES["Problem"]["properties"] |= {
    "code_check": ref("CodeCheck"),
    "calendar": thing(year=INT, known_years=many(INT)),
    "refusal": thing(rule=TEXT, rows=many(TEXT), field=or_null(TEXT), message=TEXT, basis=or_null(ref("Basis"))),
    "current": thing(state=or_null(TEXT), allowed=many(TEXT)),
    "limit": thing(policy=TEXT, quota=INT, received=or_null(INT)),
}
TYPES |= {f"{name}Page": page(ref(name)) for name in ("Record", "CatalogueItem", "ProblemType")}
TYPES["SubjectHitPage"] = page(ref("SubjectHit"))
TYPES["SubjectHitPage"]["properties"] |= {
    "query": thing(
        q=or_null(TEXT), interpreted_as=one_of("interpreted_as"), normalised=or_null(TEXT),
        code_check=or_null(ref("CodeCheck")),
    ),
    "facets": or_null({"type": "object", "additionalProperties": many(ref("FacetValue"))}),
}  # fmt: skip
TYPES["SubjectHitPage"]["required"] += ["query", "facets"]
