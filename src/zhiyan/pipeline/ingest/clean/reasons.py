"""Why a cell cannot be read: a closed list of codes, each with its explanation."""

from enum import StrEnum


class Reason(StrEnum):
    """Reason codes of quarantined cells."""

    AMBIGUOUS_DATE = "ambiguous_date"
    BAD_BOOL = "bad_bool"
    BAD_CHECKSUM = "bad_checksum"
    BAD_DATE = "bad_date"
    BAD_EMAIL = "bad_email"
    BAD_ID = "bad_id"
    BAD_ID_CARD = "bad_id_card"
    BAD_INT = "bad_int"
    BAD_MONEY = "bad_money"
    BAD_PHONE = "bad_phone"
    BAD_PLACE = "bad_place"
    DIGITS_LOST = "digits_lost"
    INCOMPLETE_DATE = "incomplete_date"
    LUNAR_DATE = "lunar_date"
    NOT_WHOLE = "not_whole"
    OUT_OF_RANGE = "out_of_range"
    TOO_MANY_DECIMALS = "too_many_decimals"
    UNMAPPED_CODE = "unmapped_code"


#: What each reason means, in Chinese, for the report.
REASON_ZH: dict[Reason, str] = {
    Reason.AMBIGUOUS_DATE: "日期的年月日顺序无法判定",
    Reason.BAD_BOOL: "不是“是/否”",
    Reason.BAD_CHECKSUM: "证件号校验位不符",
    Reason.BAD_DATE: "不是日期或日期不存在",
    Reason.BAD_EMAIL: "不是邮箱地址",
    Reason.BAD_ID: "不是编号",
    Reason.BAD_ID_CARD: "不是身份证号",
    Reason.BAD_INT: "不是整数",
    Reason.BAD_MONEY: "不是金额",
    Reason.BAD_PHONE: "不是电话号码",
    Reason.BAD_PLACE: "不是地名",
    Reason.DIGITS_LOST: "科学计数法丢失了数字",
    Reason.INCOMPLETE_DATE: "日期缺少年、月或日",
    Reason.LUNAR_DATE: "农历日期",
    Reason.NOT_WHOLE: "带小数，不是整数",
    Reason.OUT_OF_RANGE: "数值超出范围",
    Reason.TOO_MANY_DECIMALS: "金额超过两位小数",
    Reason.UNMAPPED_CODE: "代码表里没有这个值",
}
