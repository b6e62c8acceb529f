"""Routes: each answers what the workspace knows, in its public form."""

from dataclasses import replace

import pytest
from tests.api.client import Client
from tests.api.clinic import CUSTOMERS, PHONE, Clinic
from tests.api.clinic_tags import TAGS

from zhiyan.api import create_app
from zhiyan.core.identity import public_id


def test_overview_counts_and_freshness(api):
    body = api.get("/api/overview").json()
    assert body["customers"] == CUSTOMERS
    assert body["snapshot"]["age_days"] == 2
    assert body["snapshot"]["as_of"] == "2026-11-20T16:00:00Z"
    assert [one["import_id"] for one in body["imports"]] == [2, 1]
    for one in body["imports"]:
        parts = one["accepted"] + one["duplicates"] + one["quarantined"] + one["dropped"]
        assert parts == one["rows_read"]


def test_highlights_follow_the_order_of_their_domain_and_add_up(api):
    for one in api.get("/api/overview").json()["highlights"]:
        bars = one["spread"]["bars"]
        order = [value.value for value in TAGS[one["code"]].values]
        assert [bar["value"]["value"] for bar in bars] == [
            value for value in order if value in {bar["value"]["value"] for bar in bars}
        ]
        assert sum(bar["customers"] for bar in bars) == one["spread"]["known"]


def test_taxonomies_are_views_on_the_same_tags(api):
    lines = {one["code"]: one["tags"] for one in api.get("/api/taxonomies").json()}
    assert lines == {"industry": len(TAGS), "document_a": 4, "document_c": 2}
    tree = api.get("/api/tags", params={"taxonomy": "document_c"}).json()
    assert [group["code"] for group in tree["groups"]] == ["status"]  # the empty group is left out
    codes = [tag["code"] for tag in tree["groups"][0]["tags"]]
    assert codes == ["lifecycle_stage", "due_status"]


def test_default_tree_holds_every_tag_once_with_coverage(api):
    def codes(group):
        return [t["code"] for t in group["tags"]] + [c for g in group["groups"] for c in codes(g)]

    tree = api.get("/api/tags").json()
    found = [code for group in tree["groups"] for code in codes(group)]
    assert sorted(found) == sorted(TAGS)
    gender = tree["groups"][0]["groups"][0]["tags"][0]
    assert gender["coverage"] == gender["known"] / CUSTOMERS < 1


def test_tag_says_its_rule_in_both_languages(api):
    body = api.get("/api/tags/customer_value_level").json()
    first, *_, last = body["definition"]["cases"]
    assert first["when"] == {
        "zh": "近12月净消费 ≥ 高价值门槛(¥30,000)",
        "en": "Net spend 12m ≥ high-value threshold (¥30,000)",
    }
    assert (last["when"], last["then"]["zh"]) == (None, "未消费")
    assert [one["code"] for one in body["depends_on"]] == ["net_spend_12m"]
    assert [one["code"] for one in body["segments"]] == ["silent_high_value"]
    assert body["freshness"] == {
        "as_of": "2026-11-20T16:00:00Z", "age_days": 2, "limit_days": 3, "fresh": True,
    }  # fmt: skip


def test_tag_of_money_has_bins_that_add_up_and_a_formula(api):
    body = api.get("/api/tags/net_spend_12m").json()
    assert sum(one["customers"] for one in body["spread"]["bins"]) == body["spread"]["known"]
    assert body["definition"]["formula"]["zh"] == "已付金额 − 已退金额"
    assert {one["code"] for one in body["used_by"]} >= {"customer_value_level", "vip_tier"}
    assert body["definition"]["measures"][0]["words"]["zh"].startswith("近 365 天 · 收付款 · ")


def test_tag_past_its_limit_is_not_fresh(api):
    assert api.get("/api/tags/touch_cnt_30d").json()["freshness"]["fresh"] is False


def test_a_tag_that_the_snapshot_lacks_is_shown_without_a_spread(monkeypatch):
    clinic = Clinic()
    newest, *others = clinic.snapshots()
    lost = TAGS["item_pref"].code
    less = replace(newest, tags={c: f for c, f in newest.tags.items() if c != lost})
    whole = clinic.distribution

    def spread(code: str) -> object:
        assert code != lost, "the snapshot cannot tell it"
        return whole(code)

    monkeypatch.setattr(clinic, "snapshots", lambda: (less, *others))
    monkeypatch.setattr(clinic, "distribution", spread)
    api = Client(create_app(clinic, static=None))
    assert api.get(f"/api/tags/{lost}").json()["spread"] is None
    assert api.get("/api/tags/touch_cnt_30d").json()["spread"]
    assert api.get("/api/overview").status_code == 200


def test_list_values_have_their_names(api):
    bars = api.get("/api/tags/item_pref").json()["spread"]["bars"]
    assert {bar["value"]["zh"] for bar in bars} == {"水光针", "光子嫩肤", "除皱(眉间)", "热玛吉"}


def test_segments_in_words(api):
    first = api.get("/api/segments").json()[0]
    assert first["words"]["zh"] == (
        "生命周期阶段 属于 沉默客户、休眠客户 且 客户价值 属于 高价值、中价值"
    )


def test_pages_of_customers_meet_without_gap_or_overlap(api, clinic):
    seen, after = [], ""
    while after is not None:
        page = api.get("/api/customers", params={"after": after, "limit": 100}).json()
        seen += [one["id"] for one in page["customers"]]
        after = page["next"]
    assert seen == [public_id(one) for one in clinic.ids]


def test_customer_is_found_by_id_and_by_phone(api, clinic):
    wanted = public_id(clinic.ids[9])
    by_id = api.get("/api/customers", params={"query": wanted.lower()}).json()
    assert [one["id"] for one in by_id["customers"]] == [wanted]
    by_phone = api.get("/api/customers", params={"query": PHONE}).json()
    assert by_phone["total"] == 2
    assert PHONE not in str(by_phone)


def test_customers_of_an_expression_are_as_many_as_counted(api):
    where = "lifecycle_stage = 'silent'"
    counted = api.count(where).json()["matched"]
    assert api.get("/api/customers", params={"where": where}).json()["total"] == counted


def test_profile_groups_every_tag_once(api, clinic):
    body = api.get(f"/api/customers/{public_id(clinic.ids[1])}").json()
    cells = [cell for group in body["groups"] for cell in group["tags"]]
    assert sorted(cell["code"] for cell in cells) == sorted(TAGS)
    assert body["known"] == sum(cell["value"]["value"] is not None for cell in cells)
    flag = next(cell for cell in cells if cell["code"] == "pregnancy_lactation")
    assert (flag["sensitivity"], flag["marketing_use"]) == ("S4", "never")


def test_evidence_names_the_deciding_clause_and_the_flip(api, clinic):
    body = api.get(
        f"/api/customers/{public_id(clinic.ids[3])}/evidence/customer_value_level"
    ).json()
    chosen = [one for one in body["clauses"] if one["chosen"]]
    assert [one["then"]["value"] for one in chosen] == [body["value"]["value"]]
    after = body["clauses"][body["clauses"].index(chosen[0]) + 1 :]
    assert all(not one["reached"] for one in after)
    assert chosen[0]["inputs"][0]["is_tag"] is True
    assert body["flip"]["value"]["zh"] == "低价值"


def test_evidence_rows_are_printed_in_the_business_zone(api, clinic):
    body = api.get(f"/api/customers/{public_id(clinic.ids[3])}/evidence/net_spend_12m").json()
    counted = body["counted"][0]
    assert [one["name"]["zh"] for one in counted["columns"]] == [
        "发生时间",
        "门店",
        "金额(退款为负)",
    ]
    when, clinic_code, amount = counted["rows"][0]
    assert (when["zh"], when["value"]) == ("2026-11-08 18:00", "2026-11-08T10:00:00Z")
    assert (clinic_code["zh"], amount["zh"]) == ("sh_xuhui", "¥1,280")


@pytest.mark.parametrize(
    "where", ["wecom_friend", "age >= 30 or gender = 'm'", "item_pref is null", "due_reachable"]
)
def test_audience_counts_add_up(api, where):
    body = api.count(where).json()
    assert body["matched"] + body["not_matched"] + body["unknown"] == body["total"] == CUSTOMERS
    for one in body["clauses"]:
        assert one["matched"] + one["not_matched"] + one["unknown"] == CUSTOMERS


def test_audience_counts_each_condition_alone(api):
    body = api.count("lifecycle_stage = 'silent' and wecom_friend").json()
    assert [one["text"] for one in body["clauses"]] == [
        "lifecycle_stage = 'silent'",
        "wecom_friend",
    ]
    assert all(one["matched"] >= body["matched"] for one in body["clauses"])


def test_wrong_expression_tells_every_problem_at_its_place(api):
    answer = api.count("lifecycle_stge = 'x' and wecom_frend")
    assert answer.status_code == 422
    problems = answer.json()["problems"]
    assert {(one["code"], one["column"]) for one in problems} == {("ZY202", 1), ("ZY202", 26)}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/tags/no_such_tag", 404, "ZY602"),
        ("/api/tags?taxonomy=document_z", 404, "ZY602"),
        ("/api/customers/C0000000000000000", 404, "ZY602"),
        ("/api/customers/not-an-id", 422, "ZY603"),
        ("/api/customers/C0000000000000000/evidence/age", 404, "ZY602"),
        ("/api/customers?limit=1000", 422, "ZY603"),
        ("/api/customers?after=nonsense", 404, "ZY602"),
        ("/api/customers?where=nope", 422, "ZY202"),
        ("/api/nothing", 404, "ZY602"),
    ],
)
def test_failures_have_one_form(api, path, status, code):
    answer = api.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == {"code", "message", "where", "hint", "problems"}


def test_nothing_can_be_written(api):
    for path in ("/api/overview", "/api/customers", "/api/tags/age"):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert api.call(method, path).status_code == 405


def test_before_the_first_compute_there_are_counts_but_no_charts():
    api = Client(create_app(Clinic(computed=False), static=None))
    body = api.get("/api/overview").json()
    assert (body["snapshot"], body["highlights"], body["customers"]) == (None, [], CUSTOMERS)
    detail = api.get("/api/tags/age").json()
    assert (detail["spread"], detail["coverage"], detail["freshness"]["fresh"]) == (
        None,
        None,
        None,
    )
    assert api.get("/api/health").json() == {"status": "ok", "snapshot_id": None}
