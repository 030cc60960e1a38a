"""The formats of what is handed in: columns of the national format, the sender's own columns, one row, one fault.

Names and lengths of the columns: the 2018 data standard of licences and penalties (regulation.md 6.3).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from django.utils.functional import lazy
from django.utils.translation import gettext_lazy, override

from casework.tables import csv_lines
from catalogs.states import PenaltyType
from records.states import ActKind, Phase

# Sentences are told in the language of whoever reads them, so they are translated late.
said = lazy(lambda sentence, values: str(sentence) % values, str)

FORMAT_VERSION = "2018.1"

ColumnType = Literal["text", "code", "date", "money_wan", "enum", "identity"]


@dataclass(frozen=True)
class Column:
    """One column of a format. `values`: what an enum may hold, written as in the national format.

    `says`: what every act says, whatever its format calls the column; `row.number` is the value of the column that says
    "number".
    """

    name: str
    label: Any
    type: ColumnType = "text"
    required: bool = False
    max_length: int | None = None
    values: tuple[str, ...] | None = None
    disclosed: bool = False
    many: bool = False  # several values of the enum, with ; or 、
    says: str = ""


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
LICENCE_KINDS = {
    "普通": "ordinary", "特许": "franchise", "认可": "recognition", "核准": "approval", "登记": "registration", "其他": "other",
}  # fmt: skip
LICENCE_KINDS |= {f"{n:02}": kind for n, kind in enumerate(list(LICENCE_KINDS.values()), start=1)}  # 01 to 06
LICENCE_STATES = {"有效": "valid", "无效": "invalid", "1": "valid", "2": "invalid"}
LONG_TERM = date(2099, 12, 31)  # how the national format writes that a licence has no last day
OTHER_ACTS = {
    "行政强制": ActKind.COMPULSION, "行政确认": ActKind.CONFIRMATION, "行政征收": ActKind.LEVY, "行政给付": ActKind.PAYMENT,
    "行政裁决": ActKind.ADJUDICATION, "行政补偿": ActKind.COMPENSATION, "行政奖励": ActKind.REWARD,
    "行政监督检查": ActKind.INSPECTION,
}  # fmt: skip
PHASES = {"事前": Phase.BEFORE, "事中": Phase.DURING, "事后": Phase.AFTER}
ORGANISATION, NATURAL_PERSON, SOLE_TRADER = "法人及非法人组织", "自然人", "个体工商户"
COUNTERPARTS = (ORGANISATION, NATURAL_PERSON, SOLE_TRADER)
OPERATIONS = ("add", "correct", "withdraw")

PENALTIES = (
    Column("cf_xdr_mc", gettext_lazy("Name of the counterpart"), required=True, max_length=200, disclosed=True,
           says="name"),
    Column("cf_xdr_lb", gettext_lazy("Class of the counterpart"), "enum", required=True, values=COUNTERPARTS,
           says="counterpart"),
    Column("cf_xdr_shxym", gettext_lazy("Unified social credit code"), "code", max_length=18, disclosed=True,
           says="unified_code"),
    Column("cf_xdr_gszc", gettext_lazy("Business registration number"), max_length=50),
    Column("cf_xdr_zzjg", gettext_lazy("Organisation code"), max_length=32),
    Column("cf_xdr_swdj", gettext_lazy("Tax registration number"), max_length=32),
    Column("cf_xdr_sydw", gettext_lazy("Public-institution certificate number"), max_length=120),
    Column("cf_xdr_shzz", gettext_lazy("Social-organisation certificate number"), max_length=50),
    Column("cf_frdb", gettext_lazy("Legal representative"), max_length=50, says="representative"),
    Column("cf_fr_zjlx", gettext_lazy("Legal representative: type of document"), max_length=64),
    Column("cf_fr_zjhm", gettext_lazy("Legal representative: number of document"), "identity", max_length=32),
    Column("cf_xdr_zjlx", gettext_lazy("Natural person: type of document"), max_length=64, says="person_document"),
    Column("cf_xdr_zjhm", gettext_lazy("Natural person: number of document"), "identity", max_length=64,
           says="person_number"),
    Column("cf_wsh", gettext_lazy("Number of the decision"), required=True, max_length=128, disclosed=True,
           says="number"),
    Column("cf_wfxw", gettext_lazy("Unlawful conduct"), required=True, max_length=2000, disclosed=True),
    Column("cf_sy", gettext_lazy("Facts"), required=True, max_length=8000, disclosed=True),
    Column("cf_yj", gettext_lazy("Grounds"), required=True, max_length=4000, disclosed=True),
    Column("cf_cflb", gettext_lazy("Types of penalty"), "enum", required=True, max_length=200, disclosed=True,
           values=tuple(PENALTY_TYPES), many=True),
    Column("cf_nr", gettext_lazy("Content of the penalty"), required=True, max_length=8000, disclosed=True),
    Column("cf_nr_fk", gettext_lazy("Fine (10,000 yuan)"), "money_wan", disclosed=True),
    Column("cf_nr_wfff", gettext_lazy("Confiscated (10,000 yuan)"), "money_wan", disclosed=True),
    Column("cf_nr_zkdx", gettext_lazy("Licences suspended or revoked"), max_length=200, disclosed=True),
    Column("cf_jdrq", gettext_lazy("Day of the decision"), "date", required=True, disclosed=True, says="decided_on"),
    Column("cf_yxq", gettext_lazy("Penalty in effect until"), "date", disclosed=True),
    Column("cf_gsjzq", gettext_lazy("Last day of publication"), "date", disclosed=True, says="last_day"),
    Column("cf_cfjg", gettext_lazy("Authority"), required=True, max_length=200, disclosed=True, says="authority"),
    Column("cf_cfjgdm", gettext_lazy("Authority: unified social credit code"), "code", required=True, max_length=18,
           disclosed=True, says="authority_code"),
    Column("cf_sjly", gettext_lazy("Source of the data"), max_length=200),
    Column("cf_sjlydm", gettext_lazy("Source of the data: unified social credit code"), "code", max_length=18),
    Column("bz", gettext_lazy("Remarks"), max_length=2000, says="remarks"),
)  # fmt: skip

# Neither the standard of licences nor that of other acts has a column for the department's own last day (SHR-10).
LAST_DAY = Column("public_until", gettext_lazy("Last day of publication"), "date", disclosed=True, says="last_day")

# The source gives few lengths; where it gives none, that of the same column of the penalties holds.
LICENCES = (
    Column("xk_xdr_mc", gettext_lazy("Name of the counterpart"), required=True, max_length=200, disclosed=True,
           says="name"),
    Column("xk_xdr_lb", gettext_lazy("Class of the counterpart"), "enum", required=True, values=COUNTERPARTS,
           says="counterpart"),
    Column("xk_xdr_shxym", gettext_lazy("Unified social credit code"), "code", max_length=18, disclosed=True,
           says="unified_code"),
    Column("xk_xdr_gszc", gettext_lazy("Business registration number"), max_length=50),
    Column("xk_xdr_zzjg", gettext_lazy("Organisation code"), max_length=32),
    Column("xk_xdr_swdj", gettext_lazy("Tax registration number"), max_length=32),
    Column("xk_xdr_sydw", gettext_lazy("Public-institution certificate number"), max_length=120),
    Column("xk_xdr_shzz", gettext_lazy("Social-organisation certificate number"), max_length=50),
    Column("xk_frdb", gettext_lazy("Legal representative"), max_length=50, says="representative"),
    Column("xk_fr_zjlx", gettext_lazy("Legal representative: type of document"), max_length=64),
    Column("xk_fr_zjhm", gettext_lazy("Legal representative: number of document"), "identity", max_length=32),
    Column("xk_xdr_zjlx", gettext_lazy("Natural person: type of document"), max_length=64, says="person_document"),
    Column("xk_xdr_zjhm", gettext_lazy("Natural person: number of document"), "identity", max_length=64,
           says="person_number"),
    Column("xk_xkws", gettext_lazy("Title of the decision"), required=True, max_length=200, disclosed=True, says="title"),
    Column("xk_wsh", gettext_lazy("Number of the decision"), required=True, max_length=128, disclosed=True,
           says="number"),
    Column("xk_xklb", gettext_lazy("Licence kind"), "enum", required=True, disclosed=True, values=tuple(LICENCE_KINDS)),
    Column("xk_xkzs", gettext_lazy("Name of the certificate"), max_length=200, disclosed=True),
    Column("xk_xkbh", gettext_lazy("Number of the licence"), max_length=128, disclosed=True),
    Column("xk_nr", gettext_lazy("Content of the licence"), required=True, max_length=8000, disclosed=True),
    Column("xk_jdrq", gettext_lazy("Day of the decision"), "date", required=True, disclosed=True, says="decided_on"),
    Column("xk_yxqz", gettext_lazy("Valid from"), "date", required=True, disclosed=True),
    Column("xk_yxqzi", gettext_lazy("Valid until (2099-12-31: long term)"), "date", required=True, disclosed=True),
    Column("xk_xkjg", gettext_lazy("Authority"), required=True, max_length=200, disclosed=True, says="authority"),
    Column("xk_xkjgdm", gettext_lazy("Authority: unified social credit code"), "code", required=True, max_length=18,
           disclosed=True, says="authority_code"),
    Column("xk_zt", gettext_lazy("State of the licence"), "enum", required=True, disclosed=True,
           values=tuple(LICENCE_STATES)),
    Column("xk_lydw", gettext_lazy("Source of the data"), max_length=200),
    Column("xk_lydwdm", gettext_lazy("Source of the data: unified social credit code"), "code", max_length=18),
    Column("bz", gettext_lazy("Remarks"), max_length=2000, says="remarks"),
    LAST_DAY,
)  # fmt: skip

# The eight other kinds have no national format that we know of: what the clock and the page need, under plain names.
OTHERS = (
    Column("act_kind", gettext_lazy("Kind of act"), "enum", required=True, disclosed=True, values=tuple(OTHER_ACTS)),
    Column("name", gettext_lazy("Name of the counterpart"), required=True, max_length=200, disclosed=True, says="name"),
    Column("counterpart", gettext_lazy("Class of the counterpart"), "enum", required=True, values=COUNTERPARTS,
           says="counterpart"),
    Column("unified_code", gettext_lazy("Unified social credit code"), "code", max_length=18, disclosed=True,
           says="unified_code"),
    Column("representative", gettext_lazy("Legal representative"), max_length=50, says="representative"),
    Column("person_document", gettext_lazy("Natural person: type of document"), max_length=64, says="person_document"),
    Column("person_number", gettext_lazy("Natural person: number of document"), "identity", max_length=64,
           says="person_number"),
    Column("title", gettext_lazy("Title of the decision"), max_length=200, disclosed=True, says="title"),
    Column("number", gettext_lazy("Number of the decision"), required=True, max_length=128, disclosed=True,
           says="number"),
    Column("content", gettext_lazy("Content"), required=True, max_length=8000, disclosed=True),
    Column("decided_on", gettext_lazy("Day of the decision"), "date", required=True, disclosed=True, says="decided_on"),
    Column("authority", gettext_lazy("Authority"), required=True, max_length=200, disclosed=True, says="authority"),
    Column("authority_code", gettext_lazy("Authority: unified social credit code"), "code", required=True,
           max_length=18, disclosed=True, says="authority_code"),
    Column("bz", gettext_lazy("Remarks"), max_length=2000, says="remarks"),
    LAST_DAY,
)  # fmt: skip

# The sender's own columns, optional everywhere (api.md 5.1; the last five are ours, docs/decisions/0005).
SENDER = (
    Column("op", gettext_lazy("Operation"), "enum", values=OPERATIONS),
    Column("source_id", gettext_lazy("The sender's own key"), max_length=64),
    Column("reason", gettext_lazy("Reason of a correction or withdrawal"), max_length=2000),
    Column("query_receipt", gettext_lazy("Number of the query receipt"), max_length=40),
    Column("catalogue_item", gettext_lazy("Catalogue item"), max_length=30),
    Column("source_public_on", gettext_lazy("Published at the source on"), "date"),
    Column("exempt_basis", gettext_lazy("Exempt from publication by"), max_length=130),
    Column("business_secret", gettext_lazy("Columns that hold a business secret"), max_length=200),
    Column("phase", gettext_lazy("Phase of supervision"), "enum", values=tuple(PHASES)),
)
FORMATS: dict[str, tuple[Column, ...]] = {"penalties": PENALTIES, "licences": LICENCES, "other_acts": OTHERS}
SAYS = {kind: {column.says: column.name for column in columns if column.says} for kind, columns in FORMATS.items()}


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
class Row:
    """One row of a format, typed. `faults` are faults of its shape; values that failed are None.

    What every act says is read by its common name (`row.number`), all else by the name of its column (`row.cf_sy`).
    """

    n: int
    kind: str  # a key of FORMATS
    values: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    cells: dict[str, str] = field(default_factory=dict)  # as they were handed in, by column; empty ones are left out

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked by copy and pickle before there are values
            raise AttributeError(name)
        try:
            return self.values[SAYS[self.kind].get(name, name)]
        except KeyError:
            raise AttributeError(name) from None

    def column(self, says: str) -> str:
        """The column of this row's format that says it, as faults name it."""
        return SAYS[self.kind][says]

    @property
    def title(self) -> str | None:
        """The title of the decision, where the format has a column for it."""
        return self.values.get(SAYS[self.kind].get("title", ""))

    @property
    def is_natural_person(self) -> bool:
        return bool(self.counterpart == NATURAL_PERSON)


@dataclass
class Source:
    """Rows of a file, read one by one, and the columns that were passed over."""

    rows: Iterator[Row]
    skipped: list[str]


# Columns of prose: a personal number in them is found by the guard of public texts, and no other column may hold one.
PROSE = frozenset({"cf_wfxw", "cf_sy", "cf_yj", "cf_nr", "cf_nr_zkdx", "xk_nr", "content", "bz"})

# What tells one fact from another: enough for a withdrawal.
KEY_COLUMNS = {
    kind: {says[name] for name in ("name", "counterpart", "number", "authority_code")} for kind, says in SAYS.items()
}
KEY_COLUMNS["other_acts"].add("act_kind")  # it leads to the catalogue item


def template_csv(kind: str) -> str:
    """An empty file of this format: the byte-order mark and the header, every column of the format and of the sender.

    Explanations stand beside it (`explained`), never in it: whatever follows the header would be judged as a row.
    """
    return "".join(csv_lines((column.name for column in (*FORMATS[kind], *SENDER)), ()))


def explained(kind: str) -> list[tuple[Column, Any]]:
    """Each column of a template with a sentence on what may stand in it."""
    return [(column, what_stands_in(column)) for column in (*FORMATS[kind], *SENDER)]


def what_stands_in(column: Column) -> Any:
    if column.values:
        sentence = gettext_lazy("Several of these, with “;” between: %(values)s") if column.many else gettext_lazy(
            "One of: %(values)s"
        )  # fmt: skip
        return said(sentence, {"values": "、".join(column.values)})
    if column.type == "date":
        return gettext_lazy("A day, written like 2026-03-01")
    if column.type == "money_wan":
        return gettext_lazy("An amount in 10,000 yuan with at most six decimals, digits only")
    if column.type == "code":
        return gettext_lazy("A unified social credit code of 18 characters, as text and not as a number")
    if column.type == "identity":
        return gettext_lazy("The number of an identity document, as text; it is sealed and never shown")
    return said(gettext_lazy("Text of at most %(n)s characters"), {"n": column.max_length})
