"""Every problem code of the API (api.md 1.10): its status, its title, what it means and what to do, in Chinese and English.

The code and status are contract; so are the titles. `/api/v1/problems/{code}/` reads this table, and so does every error.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Words:
    """The same sentence in both languages of the API."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        return self.en if language == "en" else self.zh

    def as_json(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}


@dataclass(frozen=True)
class ProblemType:
    """One row of the table."""

    code: str
    status: int
    title: Words
    meaning: Words
    what_to_do: Words


_READ_SCHEMA = (
    "请按接口说明（/api/v1/schema/）改正后重试。",
    "Put it right as the schema (/api/v1/schema/) says, then try again.",
)
_ASK_AGAIN = ("请稍后按 Retry-After 重试。", "Try again after the time that Retry-After names.")
_ASK_OPERATOR = ("请与本站联系取得相应授权。", "Ask the operator of this portal for the right.")

# code, status, title, meaning, what to do; each text first in Chinese.
_ROWS: Final[tuple[tuple[str, int, tuple[str, str], tuple[str, str], tuple[str, str]], ...]] = (
    ("unknown_parameter", 400, ("不认识的参数", "Unknown parameter"),
     ("请求中有本接口没有的参数。参数只会被采用或者拒绝，不会被忽略。",
      "The request holds a parameter that this call does not have. A parameter is honoured or refused, never ignored."),
     ("去掉该参数，或者改用 allowed 中列出的参数。", "Take it out, or use one of those listed in allowed.")),
    ("parameter_missing", 400, ("缺少参数", "Parameter missing"),
     ("缺少本接口必需的参数。", "A parameter that this call needs is missing."), _READ_SCHEMA),
    ("parameter_empty", 400, ("参数为空", "Parameter empty"),
     ("参数写了名称，但没有值。", "The parameter is named but has no value."),
     ("填写值，或者去掉该参数。", "Give it a value or take it out.")),
    ("parameter_invalid", 400, ("参数值不合法", "Parameter not valid"),
     ("参数的值不在允许的范围内，或者写法不对。", "The value is outside what is allowed, or not written as it must be."),
     _READ_SCHEMA),
    ("parameter_repeated", 400, ("参数重复", "Parameter given twice"),
     ("只能给一个值的参数出现了两次。", "A parameter that takes one value was given twice."),
     ("只保留一个。", "Keep one of them.")),
    ("parameter_conflict", 400, ("参数互相矛盾", "Parameters contradict each other"),
     ("这些参数不能同时使用。", "These parameters cannot be used together."), _READ_SCHEMA),
    ("sort_not_allowed", 400, ("不支持的排序", "Sort not offered"),
     ("本接口不提供这种排序。", "This call does not offer that order."),
     ("改用 allowed 中列出的排序。", "Use one of the orders listed in allowed.")),
    ("cursor_invalid", 400, ("游标无效", "Cursor not valid"),
     ("游标被改动过，或者与筛选条件、排序不符。", "The cursor was altered, or belongs to other filters or another order."),
     ("不带游标，从第一页重新开始。", "Start again from the first page, without a cursor.")),
    ("calendar_year_unknown", 400, ("该年度工作日安排尚未公布", "The working days of that year are not announced"),
     ("计算需要的年度，其节假日安排尚未公布或者未录入。年度不作推定。",
      "The sum needs a year whose notice of holidays is not announced or not held. No year is guessed."),
     ("换用 calendar.known_years 中的日期，或者等待通知公布。", "Use days of calendar.known_years, or wait for the notice.")),
    ("body_invalid", 400, ("正文无法解析", "Body cannot be read"),
     ("请求正文不是规定的格式，或者键有重复。",
      "The body is not in the form asked for, or a key stands in it twice."), _READ_SCHEMA),
    ("unknown_field", 400, ("不认识的字段", "Unknown field"),
     ("正文中有本接口没有的字段。", "The body holds a field that this call does not have."),
     ("去掉该字段。", "Take it out.")),
    ("field_missing", 400, ("缺少字段", "Field missing"),
     ("正文缺少必需的字段。", "The body lacks a field that is needed."), _READ_SCHEMA),
    ("field_invalid", 400, ("字段值不合法", "Field not valid"),
     ("字段的值不在允许的范围内，或者写法不对。", "The value is outside what is allowed, or not written as it must be."),
     _READ_SCHEMA),
    ("code_malformed", 400, ("统一社会信用代码有误", "Unified social credit code is not valid"),
     ("代码不是规定的写法，或者校验不通过。代码不会被悄悄改正。",
      "The code is not written as it must be, or does not check out. It is never repaired silently."),
     ("与营业执照核对；code_check 说明哪一项检查没有通过。",
      "Compare it with the licence; code_check names the check that failed.")),
    ("identity_number_refused", 400, ("不接受身份证件号码", "Identity numbers are not accepted"),
     ("请求中有身份证件号码形式的内容。它没有被查询、记录或者重复。",
      "The request holds something in the shape of an identity number. It was not looked up, logged or repeated."),
     ("自然人不能在此查询。请使用统一社会信用代码。", "Persons cannot be looked up here. Use a unified social credit code.")),
    ("column_missing", 400, ("缺少列", "Column missing"),
     ("文件缺少必需的列。", "The file lacks a column that is needed."), _READ_SCHEMA),
    ("column_unknown", 400, ("不认识的列", "Column unknown"),
     ("文件中有格式规定以外的列。", "The file holds a column that the format does not have."),
     ("删去该列，或者以 x_ 开头命名，使其被跳过。", "Take it out, or begin its name with x_ so that it is skipped.")),
    ("file_unreadable", 400, ("文件无法读取", "File cannot be read"),
     ("文件的格式或者编码不对。", "The file is not in the form or encoding asked for."), _READ_SCHEMA),
    ("file_empty", 400, ("文件无数据", "File holds no rows"),
     ("文件没有数据行。", "The file holds no rows."), _READ_SCHEMA),
    ("idempotency_key_missing", 400, ("缺少幂等键", "Idempotency key missing"),
     ("此调用必须带 Idempotency-Key。", "This call must carry an Idempotency-Key."),
     ("为每个操作生成一个新的键；重试同一操作时使用同一个键。",
      "Draw a new key for each act; send the same key when you repeat it.")),
    ("acting_officer_missing", 400, ("缺少经办人标识", "Acting officer missing"),
     ("此调用必须带 Acting-Officer，或者其写法不对。",
      "This call must carry Acting-Officer, or it is not written as it must be."),
     ("填写本单位的人员编号，不要写姓名。", "Give your own staff number, no name.")),
    ("purpose_missing", 400, ("缺少查询用途", "Purpose missing"),
     ("查询非公开信息必须写明用途。", "A query of what is not public names its purpose."), _READ_SCHEMA),
    ("credentials_not_accepted_here", 400, ("此处不接受凭证", "Credentials are not accepted here"),
     ("公开站点不接受任何凭证，以免凭证进入公共缓存。",
      "The public origin takes no credentials, lest one ends in a shared cache."),
     ("去掉 Authorization，或者改用机关接口站点；使用过的凭证请更换。",
      "Take Authorization out, or use the agency origin; replace the key that you sent.")),
    ("webhook_url_refused", 400, ("回调地址不被接受", "Webhook address refused"),
     ("回调地址不是可以使用的公网 https 地址。", "The address is no public https address that may be used."), _READ_SCHEMA),
    ("credentials_missing", 401, ("需要凭证", "Credentials needed"),
     ("此调用需要凭证。", "This call needs credentials."),
     ("以 Authorization: Bearer 发送您的密钥。", "Send your key as Authorization: Bearer.")),
    ("credentials_invalid", 401, ("凭证无效", "Credentials not valid"),
     ("凭证不存在、已过期、已撤销或者写法不对；不作区分。",
      "The key is unknown, expired, revoked or malformed; we do not say which."),
     ("核对密钥；公开接口不需要密钥。", "Check the key; public calls need none.")),
    ("scope_missing", 403, ("超出授权范围", "Outside the scope"),
     ("该密钥没有此调用的授权。", "The key does not cover this call."), _ASK_OPERATOR),
    ("purpose_not_granted", 403, ("未获该用途授权", "Purpose not granted"),
     ("该密钥没有以此用途查询的授权。", "The key may not query for that purpose."), _ASK_OPERATOR),
    ("not_allowed", 403, ("无权办理", "Not allowed"),
     ("您无权办理此事项。", "You may not do this."), _ASK_OPERATOR),
    ("not_a_government_body", 403, ("仅限政府部门", "For government bodies only"),
     ("此调用仅限政府部门。", "This call is for government bodies only."), _ASK_OPERATOR),
    ("decision_needs_person", 403, ("须由登录人员作出决定", "A decision needs a signed-in person"),
     ("密钥只能报送事实和结果，不能作出决定。", "A key reports facts and findings; it does not decide."),
     ("由有权人员登录办理。", "Let an officer sign in and decide.")),
    ("not_found", 404, ("未找到", "Not found"),
     ("没有这个地址，或者该信息不在公示中；两者是同一个回答。",
      "There is no such address, or the information is not on show; the two are one answer."),
     ("核对地址；已经结束公示的信息请从自己的库中删除。",
      "Check the address; drop from your own files what is no longer on show.")),
    ("subject_not_found", 404, ("未登记该代码", "Code not in the register"),
     ("代码有效，但本站没有收录这个主体。这不表示它没有记录。",
      "The code is valid, but the register does not hold it. That does not mean that there is no record."),
     ("向主体登记地的信用网站查询。", "Ask the credit website of the place of registration.")),
    ("method_not_allowed", 405, ("方法不支持", "Method not supported"),
     ("此地址不支持该方法；Allow 列出支持的方法。",
      "The address does not take that method; Allow lists those it takes."), _READ_SCHEMA),
    ("not_acceptable", 406, ("无可用格式", "No such format"),
     ("Accept 排除了本接口的全部格式。", "Accept excludes every form that this call has."),
     ("在 Accept 中加入 application/json。", "Let Accept include application/json.")),
    ("uri_too_long", 414, ("地址过长", "Address too long"),
     ("地址超过允许的长度。", "The address is longer than allowed."),
     ("减少筛选条件；一次查询许多代码请使用批量接口。", "Use fewer filters; for many codes use the batch call.")),
    ("unsupported_media_type", 415, ("内容类型不支持", "Content type not supported"),
     ("正文的 Content-Type 不在支持之列。", "The Content-Type of the body is not one that this call takes."), _READ_SCHEMA),
    ("range_not_satisfiable", 416, ("范围无效", "Range not satisfiable"),
     ("请求的字节范围不存在。", "The range of bytes asked for does not exist."),
     ("不带 Range 重新请求。", "Ask again without Range.")),
    ("wrong_state", 409, ("当前状态不允许", "Not possible in this state"),
     ("该事项目前的状态不允许此操作；current 说明允许什么。",
      "The matter's present state does not allow this; current says what is allowed."),
     ("重新读取该事项后再决定。", "Read the matter again, then decide.")),
    ("idempotency_in_progress", 409, ("前次请求处理中", "First request still running"),
     ("同一幂等键的前次请求还在处理。", "The first request with this key is still running."), _ASK_AGAIN),
    ("cursor_expired", 410, ("游标过期,请从快照重新开始", "Cursor too old: restart from a snapshot"),
     ("游标早于保留的最早变更。", "The cursor is older than the oldest change kept."),
     ("按 restart 重新装载快照，再从那里继续。", "Load the snapshot that restart names, then read on from there.")),
    ("moved_on", 412, ("数据已变化,请重新读取", "It has moved on: read again"),
     ("If-Match 与当前版本不符。", "If-Match does not fit the present version."),
     ("重新读取后再操作。", "Read it again, then act.")),
    ("batch_too_large", 413, ("批量超限", "Batch too large"),
     ("条数超过上限；limit 说明上限和收到的条数。", "There are more rows than the limit; limit names both numbers."),
     ("分成几批发送。", "Send it in parts.")),
    ("body_too_large", 413, ("正文过大", "Body too large"),
     ("请求正文超过允许的大小。", "The body is larger than allowed."),
     ("分成几批发送。", "Send it in parts.")),
    ("gate_refused", 422, ("不符合现行规则,不予受理", "Refused by the rules in force"),
     ("现行规则不允许；refusal 指明是哪一条。拒绝记入问责登记。",
      "The rules in force refuse; refusal names the rule. The refusal stands in the accountability register."),
     ("按 refusal 的说明改正，或者不再报送。", "Put it right as refusal says, or do not send it.")),
    ("idempotency_key_reused", 422, ("幂等键已用于其他请求", "Idempotency key used before"),
     ("同一幂等键曾用于另一个请求。", "The same key was used for another request."),
     ("为新的操作生成新的键。", "Draw a new key for a new act.")),
    ("officer_unknown", 422, ("经办人未登记", "Officer not enrolled"),
     ("经办人标识没有在本站登记。", "The acting officer is not enrolled here."), _ASK_OPERATOR),
    ("rate_limited", 429, ("请求过于频繁", "Too many requests"),
     ("超过了请求限额；limit 和 RateLimit 头说明限额。",
      "The limit is exceeded; limit and the RateLimit header name it."), _ASK_AGAIN),
    ("internal_error", 500, ("内部错误", "Internal error"),
     ("本站出错。没有作出任何决定，也没有改变任何数据。",
      "Something failed here. Nothing was decided and nothing was changed."),
     ("稍后重试；反映问题时请提供 instance 中的编号。", "Try again later; when you report it, give the number in instance.")),
    ("unavailable", 503, ("暂不可用", "Unavailable"),
     ("数据库或者本站暂时不能回答。", "The database or the portal cannot answer for the moment."), _ASK_AGAIN),
    ("registration_failed", 503, ("查询登记失败", "The query could not be registered"),
     ("查询未能登记，因此没有返回任何数据。", "The query could not be registered, so no data were given."), _ASK_AGAIN),
)  # fmt: skip

PROBLEMS: Final[dict[str, ProblemType]] = {
    code: ProblemType(code, status, Words(*title), Words(*meaning), Words(*what_to_do))
    for code, status, title, meaning, what_to_do in _ROWS
}
