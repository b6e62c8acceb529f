"""Which record of a person a row is about."""

import numpy as np
import pyarrow as pa
import pytest
from tests.pipeline.ingest.workshop import write_csv

from zhiyan.pipeline.ingest.people import CLAIM_SCHEMA, Scope, party_keys

LEADS = ["进线时间", "线索编号", "手机号", "姓名", "渠道"]
PHONE = "13912345678"


def keys_of(*rows, system="crm"):
    """Return the key of each row, given as lists of (type, value) or (type, value, quality)."""
    found = [
        {
            "row": row, "id_type": id_type, "value": value, "quality": (*rest, "ok")[0],
            "verified": False, "rank": rank,
        }
        for row, claims in enumerate(rows)
        for rank, (id_type, value, *rest) in enumerate(claims)
    ]  # fmt: skip
    table = pa.Table.from_pylist(found, schema=CLAIM_SCHEMA)
    systems = pa.array([system] * len(rows))
    scope = Scope(system=systems, clinic=pa.nulls(len(rows), pa.string()))
    return party_keys(table, len(rows), scope).to_pylist()


def test_a_number_of_the_source_names_the_record_whatever_else_the_row_has():
    a, b, c = keys_of(
        [("phone", "1"), ("his_no", "his|c1|7"), ("name", "n")],
        [("his_no", "his|c1|7")],
        [("his_no", "his|c1|8"), ("phone", "1"), ("name", "n")],
    )
    assert a == b != c


@pytest.mark.parametrize("contact", ["phone", "email"])
def test_a_contact_names_nobody_alone(contact):
    mother, again, daughter, nameless = keys_of(
        [(contact, "1"), ("name", "王桂兰")],
        [("name", "王桂兰"), (contact, "1")],
        [(contact, "1"), ("name", "李晓雨")],
        [(contact, "1")],
    )
    assert mother == again
    assert len({mother, daughter, nameless}) == 3


def test_a_birthdate_parts_records_on_one_contact_too():
    keys = keys_of(
        [("phone", "1"), ("name", "n"), ("birthdate", "1960-01-01")],
        [("phone", "1"), ("name", "n"), ("birthdate", "1990-01-01")],
        [("phone", "1"), ("name", "n")],
    )
    assert len(set(keys)) == 3


def test_the_same_identifier_twice_in_a_row_is_one():
    once, twice = keys_of([("phone", "1")], [("phone", "1"), ("phone", "1")])
    assert once == twice


def test_numbers_that_are_no_good_count_only_together_with_others():
    masked, other, name = keys_of(
        [("platform_uid", "p", "masked"), ("name", "王**", "masked")],
        [("platform_uid", "p", "masked"), ("name", "李**", "masked")],
        [("name", "王芳")],
    )
    assert masked != other
    assert name is None


def test_systems_never_share_a_record():
    assert keys_of([("phone", "1")]) != keys_of([("phone", "1")], system="sms")


def test_many_rows_at_once_are_named_each_by_its_own():
    numbers = np.random.default_rng(3).integers(0, 40, 500).tolist()
    keys = keys_of(*[[("phone", str(n % 5)), ("name", str(n // 5))] for n in numbers])
    for one, key in zip(numbers, keys, strict=True):
        assert key == f"crm|name={one // 5}|phone={one % 5}"


def test_leads_of_two_persons_on_one_phone_are_two_records(desk, tmp_path):
    rows = [
        ["2026-01-05 10:00:00", "XS1", PHONE, "王桂兰", "美团"],
        ["2026-01-06 10:00:00", "XS2", PHONE, "李晓雨", "新氧"],
        ["2026-01-07 10:00:00", "XS3", PHONE, "王桂兰", "抖音"],
    ]
    desk.take(write_csv(tmp_path / "线索.csv", [LEADS, *rows]))
    first, second, third = (
        row["party_id"] for row in desk.rows("SELECT party_id FROM event.lead ORDER BY lead_no")
    )
    assert first == third != second
    named = desk.rows(
        """SELECT party_id FROM identity.observation WHERE id_type = 'name'
        GROUP BY party_id HAVING count(DISTINCT token) > 1"""
    )
    assert named == []
