"""The fields of a measure beyond source, filter and window in words."""

import pytest
from tests.lang.definitions import load, tag

from zhiyan.lang.narrowed import narrowing

HEAD = "kind: rule\ntype: int\nsource: visit\n"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("aggregate: count(*)", ()),
        ("latest: 2\naggregate: count(*)", (("latest", "2"),)),
        (
            "since: {source: appointment, where: status = 'no_show'}\naggregate: count(*)",
            (("since", "appointment where status = 'no_show'"),),
        ),
        (
            (
                "follow: {source: consult, within: 48h, without: {source: visit}}\n"
                "aggregate: count(case when followed then 1 end)"
            ),
            (("follow", "consult within 48h without visit"),),
        ),
        (
            (
                "per: visit_no\ninner: {occurred_at: max(occurred_at)}\nhaving: visit_no is not null\n"
                "latest: 3\naggregate: count(*)"
            ),
            (
                ("per", "visit_no"),
                ("inner", "occurred_at = max(occurred_at)"),
                ("having", "not visit_no is null"),
                ("latest", "3"),
            ),
        ),
        (
            "session: 30min\ninner: {n: count(*)}\naggregate: max(n)",
            (("session", "30min"), ("inner", "n = count(*)")),
        ),
    ],
)
def test_every_field_is_told(tmp_path, body, told):
    catalogue = load(tmp_path, tag("t", HEAD + body, sensitivity="S3"))
    assert narrowing(catalogue.tags["t"].measures[0]) == told
