"""Clean cells: named parsers from text columns to typed columns, with a reason for each failure."""

from zhiyan.pipeline.ingest.clean.cards import parse_id_card
from zhiyan.pipeline.ingest.clean.codes import (
    CODE_TABLES,
    parse_bool,
    parse_code,
    parse_codes,
    parse_staff,
)
from zhiyan.pipeline.ingest.clean.column import Parsed, Parser
from zhiyan.pipeline.ingest.clean.dates import parse_date, parse_datetime
from zhiyan.pipeline.ingest.clean.names import parse_name, parse_nickname, parse_remark_name
from zhiyan.pipeline.ingest.clean.numbers import parse_int, parse_money
from zhiyan.pipeline.ingest.clean.options import NULL_WORDS, ParseOptions, parse_options
from zhiyan.pipeline.ingest.clean.phones import parse_phone
from zhiyan.pipeline.ingest.clean.places import parse_city, parse_district, parse_province
from zhiyan.pipeline.ingest.clean.reasons import REASON_ZH, Reason
from zhiyan.pipeline.ingest.clean.scan import mask, scan_sensitive
from zhiyan.pipeline.ingest.clean.texts import (
    parse_email,
    parse_free_text,
    parse_native_id,
    parse_text,
)

#: Every parser that a mapping may name.
PARSERS: dict[str, Parser] = {
    "text": parse_text,
    "free_text": parse_free_text,
    "native_id": parse_native_id,
    "code": parse_code,
    "codes": parse_codes,
    "staff": parse_staff,
    "clinic": parse_staff,
    "int": parse_int,
    "money": parse_money,
    "bool": parse_bool,
    "date": parse_date,
    "datetime": parse_datetime,
    "phone": parse_phone,
    "name": parse_name,
    "nickname": parse_nickname,
    "remark_name": parse_remark_name,
    "id_card": parse_id_card,
    "email": parse_email,
    "province": parse_province,
    "city": parse_city,
    "district": parse_district,
}

__all__ = [
    "CODE_TABLES",
    "NULL_WORDS",
    "PARSERS",
    "REASON_ZH",
    "ParseOptions",
    "Parsed",
    "Parser",
    "Reason",
    "mask",
    "parse_options",
    "scan_sensitive",
]
