"""The formats of what is handed in: columns of the national format, the sender's own columns, one row, one fault.

Names and lengths of the columns: the 2018 data standard of licences and penalties (regulation.md 6.3).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from django.utils.functional import lazy
from django.utils.translation import gettext_lazy, override

from catalogs.states import PenaltyType

# Sentences are told in the language of whoever reads them, so they are translated late.
said = lazy(lambda sentence, values: str(sentence) % values, str)

FORMAT_VERSION = "2018.1"

ColumnType = Literal["text", "code", "date", "money_wan", "enum", "identity"]


@dataclass(frozen=True)
class Column:
    """One column of a format. `values`: what an enum may hold, written as in the national format."""

    name: str
    label: Any
    type: ColumnType = "text"
    required: bool = False
    max_length: int | None = None
    values: tuple[str, ...] | None = None
    disclosed: bool = False
    many: bool = False  # several values of the enum, with ; or 、


PENALTY_TYPES = {
    "警告": PenaltyType.WARNING,
    "通报批评": PenaltyType.CRITICISM,
    "罚款": PenaltyType.FINE,
    "没收违法所得、没收非法财物": PenaltyType.CONFISCATION,
    "没收违法所得": PenaltyType.CONFISCATION,
    "没收非法财物": PenaltyType.CONFISCATION,
    "暂扣许可证件": PenaltyType.SUSPENSION_OF_LICENCE,
    "降低资质等级": PenaltyType.DOWNGRADE,
    "吊销许可证件": PenaltyType.REVOCATION_OF_LICENCE,
    "限制开展生产经营活动": PenaltyType.RESTRICTION_OF_BUSINESS,
    "责令停产停业": PenaltyType.RESTRICTION_OF_BUSINESS,
    "责令关闭": PenaltyType.CLOSURE,
    "限制从业": PenaltyType.RESTRICTION_OF_PROFESSION,
    "行政拘留": PenaltyType.DETENTION,
    "其他": PenaltyType.OTHER,
}
ORGANISATION, NATURAL_PERSON, SOLE_TRADER = "法人及非法人组织", "自然人", "个体工商户"
OPERATIONS = ("add", "correct", "withdraw")

PENALTIES = (
    Column("cf_xdr_mc", gettext_lazy("Name of the counterpart"), required=True, max_length=200, disclosed=True),
    Column("cf_xdr_lb", gettext_lazy("Class of the counterpart"), "enum", required=True,
           values=(ORGANISATION, NATURAL_PERSON, SOLE_TRADER)),
    Column("cf_xdr_shxym", gettext_lazy("Unified social credit code"), "code", max_length=18, disclosed=True),
    Column("cf_xdr_gszc", gettext_lazy("Business registration number"), max_length=50),
    Column("cf_xdr_zzjg", gettext_lazy("Organisation code"), max_length=32),
    Column("cf_xdr_swdj", gettext_lazy("Tax registration number"), max_length=32),
    Column("cf_xdr_sydw", gettext_lazy("Public-institution certificate number"), max_length=120),
    Column("cf_xdr_shzz", gettext_lazy("Social-organisation certificate number"), max_length=50),
    Column("cf_frdb", gettext_lazy("Legal representative"), max_length=50),
    Column("cf_fr_zjlx", gettext_lazy("Legal representative: type of document"), max_length=64),
    Column("cf_fr_zjhm", gettext_lazy("Legal representative: number of document"), "identity", max_length=32),
    Column("cf_xdr_zjlx", gettext_lazy("Natural person: type of document"), max_length=64),
    Column("cf_xdr_zjhm", gettext_lazy("Natural person: number of document"), "identity", max_length=64),
    Column("cf_wsh", gettext_lazy("Number of the decision"), required=True, max_length=128, disclosed=True),
    Column("cf_wfxw", gettext_lazy("Unlawful conduct"), required=True, max_length=2000, disclosed=True),
    Column("cf_sy", gettext_lazy("Facts"), required=True, max_length=8000, disclosed=True),
    Column("cf_yj", gettext_lazy("Grounds"), required=True, max_length=4000, disclosed=True),
    Column("cf_cflb", gettext_lazy("Types of penalty"), "enum", required=True, max_length=200, disclosed=True,
           values=tuple(PENALTY_TYPES), many=True),
    Column("cf_nr", gettext_lazy("Content of the penalty"), required=True, max_length=8000, disclosed=True),
    Column("cf_nr_fk", gettext_lazy("Fine (10,000 yuan)"), "money_wan", disclosed=True),
    Column("cf_nr_wfff", gettext_lazy("Confiscated (10,000 yuan)"), "money_wan", disclosed=True),
    Column("cf_nr_zkdx", gettext_lazy("Licences suspended or revoked"), max_length=200, disclosed=True),
    Column("cf_jdrq", gettext_lazy("Day of the decision"), "date", required=True, disclosed=True),
    Column("cf_yxq", gettext_lazy("Penalty in effect until"), "date", disclosed=True),
    Column("cf_gsjzq", gettext_lazy("Last day of publication"), "date", disclosed=True),
    Column("cf_cfjg", gettext_lazy("Authority"), required=True, max_length=200, disclosed=True),
    Column("cf_cfjgdm", gettext_lazy("Authority: unified social credit code"), "code", required=True, max_length=18,
           disclosed=True),
    Column("cf_sjly", gettext_lazy("Source of the data"), max_length=200),
    Column("cf_sjlydm", gettext_lazy("Source of the data: unified social credit code"), "code", max_length=18),
    Column("bz", gettext_lazy("Remarks"), max_length=2000),
)  # fmt: skip

# The sender's own columns, optional everywhere (api.md 5.1; the last four are ours, docs/decisions/0005).
SENDER = (
    Column("op", gettext_lazy("Operation"), "enum", values=OPERATIONS),
    Column("source_id", gettext_lazy("The sender's own key"), max_length=64),
    Column("reason", gettext_lazy("Reason of a correction or withdrawal"), max_length=2000),
    Column("query_receipt", gettext_lazy("Number of the query receipt"), max_length=40),
    Column("catalogue_item", gettext_lazy("Catalogue item"), max_length=30),
    Column("source_public_on", gettext_lazy("Published at the source on"), "date"),
    Column("exempt_basis", gettext_lazy("Exempt from publication by"), max_length=130),
    Column("business_secret", gettext_lazy("Columns that hold a business secret"), max_length=200),
)
FORMATS: dict[str, tuple[Column, ...]] = {"penalties": PENALTIES}


@dataclass(frozen=True)
class Fault:
    """Why a row is refused: one rule, one column, one sentence."""

    rule: str
    rows: tuple[str, ...]
    field: str | None
    message: Any  # a lazy sentence
    basis: dict[str, Any] | None = None
    code_check: dict[str, Any] | None = None

    def as_refusal(self) -> dict[str, Any]:
        """As it is kept: the sentence in both languages, so that it can be told to anyone later."""
        sentences = {}
        for name, language in {"message": "zh-hans", "message_en": "en"}.items():
            with override(language):
                sentences[name] = str(self.message)
        shown = {"rule": self.rule, "rows": list(self.rows), "field": self.field, **sentences, "basis": self.basis}
        return {**shown, "code_check": self.code_check} if self.code_check else shown


@dataclass
class PenaltyRow:
    """One row of the penalty format, typed. `faults` are faults of its shape; values that failed are None."""

    n: int
    values: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def is_natural_person(self) -> bool:
        return bool(self.values["cf_xdr_lb"] == NATURAL_PERSON)


@dataclass
class Source:
    """Rows of a file, read one by one, and the columns that were passed over."""

    rows: Iterator[PenaltyRow]
    skipped: list[str]


# Columns of prose: a personal number in them is found by the guard of public texts, and no other column may hold one.
PROSE = frozenset({"cf_wfxw", "cf_sy", "cf_yj", "cf_nr", "cf_nr_zkdx", "bz"})

# What tells one fact from another: enough for a withdrawal.
KEY_COLUMNS = frozenset({"cf_xdr_mc", "cf_xdr_lb", "cf_wsh", "cf_cfjgdm"})
