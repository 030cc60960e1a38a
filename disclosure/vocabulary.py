"""Words for the codes of the REST API: every enum of the contract that pages and calls use, in Chinese and in English.

Data carry codes; this table says what they mean, for the pages (filter `label`) and for `/api/v1/vocabularies/`. A vocabulary
bears the name of the field it stands in. English labels begin small, so that they fit into a sentence.
"""

from typing import Final

Words = tuple[str, str]  # Chinese, English

ACT_KINDS: Final[dict[str, Words]] = {
    "licence": ("行政许可", "administrative licence"),
    "penalty": ("行政处罚", "administrative penalty"),
    "compulsion": ("行政强制", "administrative compulsion"),
    "confirmation": ("行政确认", "administrative confirmation"),
    "levy": ("行政征收", "administrative levy"),
    "payment": ("行政给付", "administrative payment"),
    "adjudication": ("行政裁决", "administrative adjudication"),
    "compensation": ("行政补偿", "administrative compensation"),
    "reward": ("行政奖励", "administrative reward"),
    "inspection": ("行政监督检查", "administrative inspection"),
}

VOCABULARIES: Final[dict[str, dict[str, Words]]] = {
    "status": {
        "listed": ("已列入严重失信主体名单", "on a serious list"),
        "adverse_records": ("有公示中的失信信息", "adverse records on show"),
        "no_public_record": ("没有公示中的失信信息", "no adverse record on show"),
        "unknown": ("无法判断", "cannot tell"),
    },
    "reason": {"not_in_register": ("本站没有收录这个主体", "not in the register")},
    "registration_status": {
        "active": ("存续", "active"),
        "revoked": ("吊销", "licence revoked"),
        "deregistered": ("注销", "deregistered"),
        "moved_out": ("迁出", "moved out"),
        "other": ("其他", "other"),
    },
    "subject_type": {
        "legal_person": ("法人", "legal person"),
        "unincorporated": ("非法人组织", "unincorporated organisation"),
        "state_body": ("机关事业单位", "state organ or public institution"),
    },
    "name_kind": {
        "current": ("现用名", "current name"),
        "former": ("曾用名", "former name"),
        "trade": ("字号", "trade name"),
    },
    "kind": {
        **ACT_KINDS,
        "untrustworthiness": ("失信记录", "untrustworthiness record"),
        "honour": ("诚实守信荣誉", "honour for trustworthiness"),
        "abnormal_operation": ("经营异常", "abnormal operation"),
        "serious_list": ("严重失信主体名单", "serious list entry"),
        "pledge": ("信用承诺", "credit pledge"),
        "evaluation": ("信用评价", "credit evaluation"),
        "judgment": ("司法判决", "judicial ruling"),
        "complaint": ("投诉信息", "complaint"),
        "voluntary": ("自愿提供的信息", "voluntary information"),
        "talk": ("约谈", "regulatory talk"),
        "other": ("其他信息", "other information"),
    },
    "act_kind": ACT_KINDS,
    "class": {
        "administration": ("行政管理", "administrative acts"),
        "untrustworthiness": ("失信记录", "untrustworthiness records"),
        "honours": ("诚实守信", "honours"),
        "serious_list": ("严重失信名单", "serious lists"),
        "abnormal_operations": ("经营异常", "abnormal operations"),
        "pledges": ("信用承诺", "credit pledges"),
        "evaluations": ("信用评价", "evaluations"),
        "judgments": ("司法判决", "judicial rulings"),
        "other": ("其他", "other"),
    },
    "severity": {"minor": ("轻微", "minor"), "ordinary": ("一般", "ordinary"), "serious": ("严重", "serious")},
    "phase": {
        "before": ("事前", "before the fact"),
        "during": ("事中", "in the process"),
        "after": ("事后", "after the fact"),
    },
    "domain": {
        "food": ("食品", "food"),
        "drugs": ("药品", "drugs"),
        "special_equipment": ("特种设备", "special equipment"),
        "work_safety": ("安全生产", "work safety"),
        "fire_safety": ("消防", "fire safety"),
    },
    "agency_kind": {
        "lead_unit": ("联席会议牵头单位", "lead unit of the joint conference"),
        "member_unit": ("联席会议成员单位", "member unit of the joint conference"),
        "competent_department": ("主管部门", "competent department"),
        "local_lead_unit": ("地方牵头单位", "local lead unit"),
        "judicial_organ": ("司法机关", "judicial organ"),
    },
    "agency_level": {
        "national": ("国家级", "national"),
        "province": ("省级", "provincial"),
        "prefecture": ("设区的市级", "prefectural"),
        "county": ("县级", "county"),
        "below_county": ("县级以下", "below county"),
    },
    "basis_kind": {
        "law": ("法律", "law"),
        "admin_reg": ("行政法规", "administrative regulation"),
        "central_policy": (
            "党中央、国务院政策文件",
            "policy document of the Party Central Committee and the State Council",
        ),
        "sc_decision": ("国务院决定、命令", "decision or order of the State Council"),
        "local_reg": ("地方性法规", "local regulation"),
        "dept_rule": ("部门规章", "departmental rules"),
        "mou": ("合作备忘录", "memorandum of cooperation"),
        "normative": ("规范性文件", "normative document"),
    },
    "basis_type": {
        "judgment": ("生效裁判文书", "effective judicial ruling"),
        "arbitration": ("仲裁文书", "arbitral award"),
        "penalty": ("行政处罚决定", "administrative penalty decision"),
        "adjudication": ("行政裁决", "administrative adjudication decision"),
        "other_act": ("其他行政行为决定", "other administrative decision"),
        "other_document": (
            "法律法规或者党中央、国务院政策文件规定的其他文书",
            "other document allowed by law or central policy",
        ),
    },
    "confidence": {
        "verified": ("已核对原文", "checked against the text"),
        "from_memory": ("待核对", "verify before use"),
    },
    "penalty_types": {
        "warning": ("警告", "warning"),
        "criticism": ("通报批评", "circulated criticism"),
        "fine": ("罚款", "fine"),
        "confiscation": ("没收违法所得、非法财物", "confiscation"),
        "suspension_of_licence": ("暂扣许可证件", "suspension of a licence"),
        "downgrade": ("降低资质等级", "downgrading of qualification"),
        "revocation_of_licence": ("吊销许可证件", "revocation of a licence"),
        "restriction_of_business": ("限制开展生产经营活动、责令停产停业", "restriction or suspension of business"),
        "closure": ("责令关闭", "order to close"),
        "restriction_of_profession": ("限制从业", "restriction of profession"),
        "detention": ("行政拘留", "administrative detention"),
        "other": ("其他处罚", "other penalty"),
    },
    "licence_kind": {
        "ordinary": ("普通", "ordinary"),
        "franchise": ("特许", "franchise"),
        "recognition": ("认可", "recognition"),
        "approval": ("核准", "approval"),
        "registration": ("登记", "registration"),
        "other": ("其他", "other"),
    },
    "licence_state": {"valid": ("有效", "valid"), "invalid": ("无效", "not valid")},
    "platform": {
        "credit_china": ("信用中国", "Credit China"),
        "necips": ("国家企业信用信息公示系统", "National Enterprise Credit Information Publicity System"),
    },
    "regime": {
        "R0": ("发改办财金〔2019〕527号", "NDRC General Office 2019 No. 527"),
        "R1": ("国家发展改革委令第58号", "NDRC Order 58"),
        "R2": ("国市监信规〔2021〕3号和市场监管总局令第45号", "SAMR 2021 No. 3 with Order 45"),
        "R3": (
            "国办发〔2025〕22号和国家发展改革委令第36号",
            "State Council General Office 2025 No. 22 with NDRC Order 36",
        ),
        "R4": ("市场监管总局令第107号", "SAMR Order 107"),
    },
    "counts_from": {
        "decision": ("决定之日", "day of the decision"),
        "publication": ("公示之日", "day of publication"),
        "document": ("文书认定之日", "day of the document"),
    },
    "clock_kind": {
        "statutory": ("法定期限", "fixed by law"),
        "configured": ("本站设定的期限", "set by this portal"),
        "extended": ("延长后的期限", "extended"),
    },
    "category": {
        "1": ("登记注册基本信息", "basic registration information"),
        "2": ("司法裁判及执行信息", "judicial rulings and enforcement"),
        "3": ("行政管理信息", "administrative management"),
        "4": ("职称和职业信息", "professional titles and occupations"),
        "5": ("经营（活动）异常名录（状态）信息", "abnormal operations"),
        "6": ("严重失信主体名单信息", "lists of seriously untrustworthy subjects"),
        "7": ("合同履行信息", "contract performance"),
        "8": ("信用承诺及履行情况信息", "credit pledges and their performance"),
        "9": ("信用评价结果信息", "results of credit evaluation"),
        "10": ("遵守法律法规情况信息", "observance of laws and regulations"),
        "11": ("诚实守信相关荣誉信息", "honours for trustworthiness"),
        "12": ("知识产权信息", "intellectual property"),
        "13": ("经营主体自愿提供的信用信息", "information given voluntarily"),
    },
    "item_level": {"national": ("全国基础目录", "national"), "local": ("地方补充目录", "local supplementary")},
    "edition_state": {
        "in_force": ("现行有效", "in force"),
        "superseded": ("已被新版代替", "superseded"),
        "retired": ("已停用", "retired"),
    },
    "share_scope": {
        "departments": ("政府部门", "government departments"),
        "judicial_organs": ("司法机关", "judicial organs"),
        "credit_reporting": ("征信机构", "credit reporting institutions"),
        "financial_institutions": ("金融机构", "financial institutions"),
        "associations": ("行业协会商会", "industry associations and chambers of commerce"),
    },
    "day_kind": {
        "working_day": ("工作日", "working day"),
        "makeup_working_day": ("调休上班", "make-up working day"),
        "weekend": ("周末", "weekend"),
        "statutory_holiday": ("节假日放假", "statutory holiday"),
        "local_extra_holiday": ("地方特别放假", "local extra holiday"),
        "local_extra_working_day": ("地方特别上班", "local extra working day"),
    },
    "day_counting": {"working": ("工作日", "working days"), "calendar": ("自然日", "calendar days")},
    "verified_object": {
        "record": ("记录", "record"),
        "listing": ("名单条目", "list entry"),
        "measure": ("措施", "measure"),
    },
    "why": {
        "exact_code": ("代码相同", "the code is the same"),
        "exact_name": ("名称相同", "the name is the same"),
        "prefix": ("名称以此开头", "the name begins so"),
        "contains": ("名称包含", "the name contains it"),
        "former_name": ("其他名称", "another name"),
        "pinyin": ("拼音", "pinyin"),
        "one_character_error": ("差一个字", "one character differs"),
    },
    "match_field": {
        "unified_code": ("统一社会信用代码", "unified social credit code"),
        "former_code": ("曾用代码", "former code"),
        "registration_number": ("注册号", "registration number"),
        "organisation_code": ("组织机构代码", "organisation code"),
        "name": ("名称", "name"),
        "former_name": ("曾用名", "former name"),
        "trade_name": ("字号", "trade name"),
        "pinyin": ("拼音", "pinyin"),
        "pinyin_initials": ("拼音首字母", "initials of the pinyin"),
    },
    "interpreted_as": {
        "name": ("名称", "name"),
        "unified_code": ("统一社会信用代码", "unified social credit code"),
        "registration_number": ("注册号", "registration number"),
        "organisation_code": ("组织机构代码", "organisation code"),
        "none": ("没有检索词", "nothing asked"),
    },
    "failed_check": {
        "length": ("不是18位", "not 18 characters"),
        "placeholder": ("占位代码", "placeholder"),
        "character_set": ("含有代码不用的字符", "holds a character that codes do not use"),
        "registration_department": ("第1位不是登记管理部门代码", "position 1 is no registration department"),
        "category": ("第2位不是该部门的机构类别代码", "position 2 is no category of that department"),
        "division": ("第3至8位不是数字", "positions 3 to 8 are not digits"),
        "check_character": ("第18位校验字符不符", "the check character does not fit"),
        "form": ("书写不规范", "not written in the exact form"),
    },
    "normalisations": {
        "full_width": ("全角改为半角", "full width made half width"),
        "white_space": ("去掉空格", "white space dropped"),
        "hyphens": ("去掉连字符", "hyphens dropped"),
        "upper_case": ("小写改为大写", "made upper case"),
    },
    "warnings": {
        "subject_identifier_check": (
            "第9至17位与组织机构代码规则不符，请向登记机关核对",
            "positions 9 to 17 do not fit the rule for organisation codes",
        ),
    },
}

# Values may be added within version 1 of the API; clients must accept ones they do not know.
OPEN: Final = frozenset({"kind", "domain"})


def word(vocabulary: str, value: object, *, chinese: bool) -> str:
    """What a code says in one language; an unknown value of an open vocabulary says itself."""
    words = VOCABULARIES[vocabulary].get(str(value))
    return str(value) if words is None else words[0 if chinese else 1]
