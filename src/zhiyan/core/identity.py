"""Customers: the identifiers of a person and how far each is trusted.

A *party* is one record of a person in one source (a HIS file, a WeCom contact, a platform buyer).
Events hang on parties. A *customer* is the set of parties known to be one person (OneID).
"""

from enum import StrEnum


class IdType(StrEnum):
    """Kinds of identifiers, in the order of trust in which they link parties."""

    UNIONID = "unionid"
    ID_CARD = "id_card"
    HIS_NO = "his_no"
    MEMBER_NO = "member_no"
    EXTERNAL_USERID = "external_userid"
    OPENID = "openid"
    PLATFORM_UID = "platform_uid"
    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"
    BIRTHDATE = "birthdate"


#: Types that mean the same person only within a scope: his_no within source and clinic, the
#: others within their source. The scope is part of the text that becomes the token.
SCOPED = frozenset(
    {IdType.HIS_NO, IdType.MEMBER_NO, IdType.EXTERNAL_USERID, IdType.OPENID, IdType.PLATFORM_UID}
)

#: Types that a family or an assistant may share: they link only where nothing contradicts, and name
#: no record by themselves.
CONTACT_KEYS = (IdType.EMAIL, IdType.PHONE)

#: Types that never link by themselves; they confirm or contradict a phone.
SECOND_KEYS = frozenset({IdType.NAME, IdType.BIRTHDATE})


class Quality(StrEnum):
    """What an identifier is good for; only OK may link parties."""

    OK = "ok"
    VIRTUAL = "virtual"  # privacy or virtual number that expires
    LANDLINE = "landline"
    PATTERN = "pattern"  # 13800138000, 11111111111 and the like
    PLACEHOLDER = "placeholder"  # 李女士, VIP客户, 1900-01-01
    MASKED = "masked"  # 138****8000, 王**


def public_id(customer_id: int) -> str:
    """Return the printable form of a customer id: ``C`` and 16 hexadecimal digits."""
    return f"C{customer_id:016X}"


def parse_public_id(text: str) -> int | None:
    """Return the number behind a printable customer id, or None if it is not one."""
    digits = text.strip().upper()
    if len(digits) != 17 or digits[0] != "C":
        return None
    try:
        return int(digits[1:], 16)
    except ValueError:
        return None
