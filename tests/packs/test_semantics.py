"""Tag values that a clinic would check by hand, computed by the real engine."""

from datetime import date, timedelta

import pytest
from tests.packs.clinic import NOW, Clinic, ago, birthday, compute_together

SCENARIOS = []


def scenario(build):
    """Register what happens to the customers of one test; all are computed together."""
    SCENARIOS.append(build)
    return build


@pytest.fixture(scope="module")
def found():
    """Return the tags of a scenario's customers, by its own numbers."""
    together = compute_together(Clinic(), SCENARIOS)
    return together.__getitem__


@scenario
def somebody_new(clinic):
    clinic.add("profile", 1, ago(10))


def test_somebody_without_facts_has_neutral_values(found):
    empty = found(somebody_new)[1]
    assert empty["valid_customer"] is True
    assert (empty["net_spend_12m"], empty["paid_order_cnt_12m"]) == (0, 0)
    assert (empty["lifecycle_stage"], empty["rfm_segment"]) == ("prospect", "na")
    assert (empty["due_status"], empty["age_band"], empty["city_tier"]) == ("na",) + (
        "unknown",
    ) * 2
    assert empty["minor_flag"] is None
    assert empty["refund_rate"] is None
    assert (empty["consent_general"], empty["do_not_contact"]) == ("none", False)
    assert empty["reachable_channels"] == []
    assert empty["contraindicated_items"] == []


@scenario
def money_is_cash_with_refunds_and_without_stored_value(clinic):
    clinic.buy(1, ago(20), 1000)
    clinic.add("payment", 1, ago(10), amount_fen=-30_000, tender="wechat", is_refund=True)
    clinic.add("payment", 1, ago(9), amount_fen=500_000, tender="cash", order_no="CARD1")
    clinic.add("payment", 1, ago(8), amount_fen=88_800, tender="stored_value")
    clinic.add("payment", 1, ago(7), amount_fen=5_000, tender="coupon")
    clinic.add("payment", 1, ago(6), amount_fen=5_000, tender="points")
    clinic.add("payment", 1, ago(400), amount_fen=20_000, tender=None)
    clinic.add("payment", 2, ago(5), amount_fen=-100, tender="wechat")


def test_money_is_cash_with_refunds_and_without_stored_value(found):
    tags = found(money_is_cash_with_refunds_and_without_stored_value)
    assert tags[1]["net_spend_12m"] == 100_000 - 30_000 + 500_000
    assert tags[1]["net_spend_lifetime"] == 590_000
    assert tags[1]["refund_rate"] == pytest.approx(30_000 / 600_000)
    assert tags[2]["net_spend_12m"] == 0


@scenario
def gifts_tests_and_refunded_orders_are_no_purchases(clinic):
    clinic.buy(1, ago(300), 900, order_no="A")
    clinic.buy(1, ago(200), 500, order_no="B")
    clinic.buy(1, ago(200), 100, order_no="B")
    clinic.buy(1, ago(50), 0, order_no="C", is_gift=True)
    clinic.buy(1, ago(40), 0.01, order_no="D", is_test=True)
    clinic.buy(1, ago(30), 700, order_no="E", status="refunded", closed_at=ago(20))
    clinic.buy(1, ago(25), 700, order_no="F", status="partly_refunded", closed_at=ago(20))
    clinic.buy(1, ago(3), 700, order_no="G", status="refunded", closed_at=NOW + timedelta(days=1))


def test_gifts_tests_and_refunded_orders_are_no_purchases(found):
    tags = found(gifts_tests_and_refunded_orders_are_no_purchases)[1]
    assert tags["paid_order_cnt_12m"] == 4  # A, B, F, and G whose refund lies ahead
    assert tags["last_paid_date"] == date(2026, 11, 19)
    assert tags["second_purchase_done"] is True
    assert tags["purchase_freq_level"] == "mid"


@scenario
def windows_are_half_open(clinic):
    clinic.buy(1, ago(365), 100)
    clinic.buy(2, ago(365, hours=0.001), 100)
    clinic.buy(3, NOW, 100)


def test_windows_are_half_open(found):
    found = found(windows_are_half_open)
    assert [found[n]["paid_order_cnt_12m"] for n in (1, 2, 3)] == [1, 0, 0]


@scenario
def a_cycle_is_told_by_the_item_that_is_least_overdue(clinic):
    clinic.add("treatment", 1, ago(200), item_code="IN01")  # 120 days
    clinic.add("treatment", 1, ago(45), item_code="EN01")  # 30 days
    clinic.add("treatment", 1, ago(80), item_code="EN01")
    clinic.add("treatment", 1, ago(1), item_code="SU01")  # no cycle
    clinic.add("treatment", 2, ago(24), item_code="EN01")
    clinic.add("treatment", 3, ago(39), item_code="EN01")
    clinic.add("treatment", 4, ago(75), item_code="EN01")
    clinic.add("treatment", 5, ago(23), item_code="EN01")


def test_a_cycle_is_told_by_the_item_that_is_least_overdue(found):
    tags = found(a_cycle_is_told_by_the_item_that_is_least_overdue)
    assert tags[1]["cycle_overdue_ratio"] == 1.5
    assert tags[1]["due_status"] == "overdue"
    assert tags[1]["due_items"] == ["EN01", "IN01"]
    assert tags[1]["rfm_r"] == 4
    assert [tags[n]["due_status"] for n in (2, 3, 4, 5)] == ["due", "overdue", "lapsed", "not_due"]
    assert tags[4]["due_items"] is None


#: Days ago of purchases, of visits, and the stage that follows; one customer each.
STAGES = (
    ([], [3], "prospect"),
    ([90.5], [], "new"),
    ([91, 60], [], "growing"),
    ([300], [180], "active"),
    ([300], [], "silent"),
    ([365.5], [], "silent"),
    ([366], [], "dormant"),
    ([540.9], [], "dormant"),
    ([541], [], "lost"),
    ([500, 90], [], "reactivated"),
    ([500, 100], [], "growing"),
    ([], [800, 10], "reactivated"),
    ([400, 35], [], "growing"),
    ([401, 35], [], "reactivated"),
)


@scenario
def life_stages(clinic):
    for customer, (bought, visited, _) in enumerate(STAGES):
        for days in bought:
            clinic.buy(customer, ago(days), 100)
        for days in visited:
            clinic.add("visit", customer, ago(days), effective=True)


@pytest.mark.parametrize("customer", range(len(STAGES)))
def test_lifecycle_is_the_first_stage_that_fits(found, customer):
    assert found(life_stages)[customer]["lifecycle_stage"] == STAGES[customer][2]


@scenario
def an_ineffective_visit_is_no_activity(clinic):
    clinic.add("visit", 1, ago(5), effective=False)


def test_an_ineffective_visit_is_no_activity(found):
    assert found(an_ineffective_visit_is_no_activity)[1]["days_since_last_activity"] is None


@scenario
def the_next_appointment_is_booked_and_ahead(clinic):
    booked = {"status": "booked"}
    clinic.add("appointment", 1, ago(5), appt_at=ago(1), **booked)
    clinic.add("appointment", 1, ago(5), appt_at=NOW + timedelta(days=9, hours=20), **booked)
    clinic.add("appointment", 1, ago(5), appt_at=NOW + timedelta(days=12), **booked)
    clinic.add(
        "appointment", 1, ago(5), appt_at=NOW + timedelta(days=2),
        status="cancelled", status_at=ago(1),
    )  # fmt: skip


def test_the_next_appointment_is_booked_and_ahead(found):
    assert found(the_next_appointment_is_booked_and_ahead)[1]["next_appt_date"] == date(2026, 12, 1)


@scenario
def no_shows_leave_cancellations_out(clinic):
    outcomes = ["no_show", "arrived", "arrived", *["cancelled_by_clinic"] * 5, "cancelled"]
    for number, status in enumerate(outcomes):
        at = ago(20 + number)
        clinic.add("appointment", 1, ago(60), appt_at=at, status=status, status_at=at)
    clinic.add("appointment", 2, ago(60), appt_at=ago(3), status="no_show", status_at=ago(3))


def test_no_shows_leave_cancellations_out(found):
    tags = found(no_shows_leave_cancellations_out)
    assert (tags[1]["no_show_level"], tags[1]["appt_freq_level"]) == ("often", "mid")
    assert tags[2]["no_show_level"] == "unknown"


@scenario
def consent_is_what_the_latest_event_says(clinic):
    for customer, actions in {1: "granted withdrawn", 2: "granted", 3: "granted stale"}.items():
        for number, action in enumerate(actions.split()):
            clinic.add("consent", customer, ago(9 - number), purpose="base", action=action)
    clinic.add("consent", 2, ago(5), purpose="marketing", channel="sms", action="granted")
    clinic.add("consent", 2, ago(5), purpose="marketing", channel="wecom", action="granted")
    clinic.add("touch", 2, ago(2), channel="sms", opted_out_at=ago(1))
    clinic.add("wecom_contact", 2, ago(9), relation="active")
    clinic.identify(2, "phone", "p2")


def test_consent_is_what_the_latest_event_says(found):
    tags = found(consent_is_what_the_latest_event_says)
    assert [tags[n]["consent_general"] for n in (1, 2, 3)] == ["withdrawn", "granted", "stale"]
    assert tags[2]["consent_marketing"] == ["sms=withdrawn", "wecom=granted"]
    assert tags[2]["reachable_channels"] == ["wecom"]
    assert tags[2]["contactability"] == "multi"


@scenario
def a_refusal_empties_the_channels(clinic):
    clinic.add("wecom_contact", 1, ago(9), relation="active")
    clinic.add("consent", 1, ago(5), purpose="marketing", channel="wecom", action="granted")
    clinic.add("complaint", 1, ago(4), type="service", no_contact=True, status="open")


def test_a_refusal_empties_the_channels(found):
    tags = found(a_refusal_empties_the_channels)[1]
    assert (tags["do_not_contact"], tags["open_complaint"]) == (True, True)
    assert tags["reachable_channels"] == []


@scenario
def gates_close_when_their_case_is_closed(clinic):
    for customer, closed in ((1, ago(1)), (2, NOW + timedelta(days=1)), (3, None)):
        state = {"closed_at": closed, "status": "closed" if closed else "open"}
        clinic.add("complaint", customer, ago(9), type="medical", **state)
        clinic.add("adverse_event", customer, ago(9), **state)


def test_gates_close_when_their_case_is_closed(found):
    tags = found(gates_close_when_their_case_is_closed)
    assert [tags[n]["open_complaint"] for n in (1, 2, 3)] == [False, True, True]
    assert [tags[n]["adverse_event_open"] for n in (1, 2, 3)] == [False, True, True]
    assert {tags[n]["complaint_level"] for n in (1, 2, 3)} == {"medical"}


@scenario
def touches_count_marketing_only_and_fatigue_resets(clinic):
    for days in (1, 2, 8, 20, 29):
        clinic.add("touch", 1, ago(days), channel="sms", **{"class": "marketing"})
    clinic.add("touch", 1, ago(3), channel="sms", **{"class": "service"})
    clinic.add("touch", 1, ago(30.01), channel="sms", **{"class": "marketing"})
    for days in (9, 8, 7, 6):
        clinic.add("touch", 2, ago(days), channel="sms", **{"class": "marketing"})
    clinic.add("touch", 2, ago(8.5), channel="sms", clicked_at=ago(8), **{"class": "marketing"})


def test_touches_count_marketing_only_and_fatigue_resets(found):
    tags = found(touches_count_marketing_only_and_fatigue_resets)
    assert (tags[1]["touch_cnt_7d"], tags[1]["touch_cnt_30d"]) == (2, 5)
    assert tags[1]["fatigue_level"] == "high"
    assert tags[2]["fatigue_level"] == "mid"


@scenario
def staff_and_test_accounts_have_no_business_tags(clinic):
    clinic.add("profile", 1, ago(9), is_test=True)
    clinic.add("profile", 2, ago(9), customer_type="staff")
    clinic.add("profile", 3, ago(9), customer_type="corporate")
    clinic.buy(4, ago(3), 0.01, is_test=True)
    for customer in (1, 2, 3):
        clinic.buy(customer, ago(5), 10_000)


def test_staff_and_test_accounts_have_no_business_tags(found):
    tags = found(staff_and_test_accounts_have_no_business_tags)
    assert [tags[n]["customer_type"] for n in (1, 2, 3, 4)] == [
        "test",
        "staff",
        "corporate",
        "test",
    ]
    assert [tags[n]["valid_customer"] for n in (1, 2, 3, 4)] == [False, False, True, False]
    assert [tags[n]["net_spend_12m"] for n in (1, 2, 3)] == [None, None, 1_000_000]
    assert tags[3]["customer_value_level"] == "mid"


@scenario
def ages_and_minors(clinic):
    days = {1: birthday(18), 2: birthday(18, -1), 3: birthday(14, -1), 4: date(1900, 1, 1)}
    for customer, birthdate in days.items():
        clinic.add("profile", customer, ago(9), birthdate=birthdate)
    clinic.add("consent", 2, ago(8), purpose="guardian", action="granted")


def test_ages_and_minors(found):
    tags = found(ages_and_minors)
    assert [tags[n]["age"] for n in (1, 2, 3, 4)] == [18, 17, 13, None]
    assert [tags[n]["age_band"] for n in (1, 2, 3, 4)] == ["18_24", "14_17", "u14", "unknown"]
    assert [tags[n]["minor_flag"] for n in (1, 2, 3, 4)] == [False, True, True, None]
    assert [tags[n]["under14_flag"] for n in (1, 2, 3, 4)] == [False, False, True, None]
    assert [tags[n]["guardian_consent"] for n in (1, 2, 3, 4)] == ["na", "signed", "none", None]
    assert [tags[n]["birthday_soon"] for n in (1, 2, 3, 4)] == [True, True, True, None]
    assert tags[4]["fake_profile_suspect"] is True


@scenario
def shared_phones_do_not_reach_anybody(clinic):
    for customer, persons in ((1, 1), (2, 2), (3, 3), (4, 5)):
        clinic.identify(customer, "phone", f"t{customer}", persons)


def test_shared_phones_do_not_reach_anybody(found):
    tags = found(shared_phones_do_not_reach_anybody)
    assert [tags[n]["phone_shared"] for n in (1, 2, 3, 4)] == ["no", "pair", "many", "many"]
    assert [tags[n]["contactability"] for n in (1, 2, 3, 4)] == ["phone_only"] * 3 + ["none"]


@scenario
def cards_keep_sessions_and_money_apart(clinic):
    later = NOW + timedelta(days=100)
    course = {"card_no": "C1", "type": "course", "item_code": "EN01", "total_sessions": 5}
    clinic.add("card", 1, ago(90), **course, principal_fen=500_000, expire_at=later)
    clinic.add("card_txn", 1, ago(90), card_no="C1", card_type="course", type="topup", sessions=5,
               amount_fen=500_000)  # fmt: skip
    for days in (60, 30):
        clinic.add("card_txn", 1, ago(days), card_no="C1", card_type="course", type="use",
                   sessions=-1, amount_fen=-100_000)  # fmt: skip
    clinic.add("card", 1, ago(80), card_no="S1", type="stored_value", principal_fen=1_000_000,
               gift_fen=100_000, expire_at=later)  # fmt: skip
    clinic.add("card_txn", 1, ago(9), card_no="S1", card_type="stored_value", type="use",
               amount_fen=-850_000, gift_fen=0)  # fmt: skip
    clinic.add("card", 2, ago(900), **{**course, "card_no": "C2"}, expire_at=ago(1))


def test_cards_keep_sessions_and_money_apart(found):
    tags = found(cards_keep_sessions_and_money_apart)
    assert tags[1]["course_progress"] == pytest.approx(0.4)
    assert tags[1]["unused_sessions"] == 3
    assert tags[1]["unearned_amount"] == 300_000 + 150_000
    assert tags[1]["stored_value_balance_level"] == "low"
    assert (tags[2]["course_progress"], tags[2]["unused_sessions"]) == (None, 0)


@scenario
def preferences_follow_weight_and_age(clinic):
    clinic.add("treatment", 1, ago(5), item_code="EN01", doctor="D1")
    clinic.add("treatment", 1, ago(700), item_code="IN01", doctor="D1")
    clinic.buy(1, ago(5), 100, item_code="IN07")
    clinic.add("web_event", 1, ago(1), type="view", item_code="SU01")
    for _ in range(2):
        clinic.add("web_event", 1, ago(1), type="cart", item_code="DE01")


def test_preferences_follow_weight_and_age(found):
    tags = found(preferences_follow_weight_and_age)[1]
    assert tags["item_pref_top1"] == "EN01"
    assert tags["category_pref"] == ["energy", "injection"]
    assert tags["browse_item_interest"] == ["DE01"]
    assert tags["doctor_pref"] == "D1"
    assert tags["invasiveness_pref"] == "injectable"
    assert tags["cart_abandoned"] is True


@scenario
def safety_flags_exclude_items_until_lifted_or_expired(clinic):
    clinic.add("medical_flag", 1, ago(100), flag="pregnant", present=True)
    clinic.add("medical_flag", 2, ago(100), flag="pregnant", present=True)
    clinic.add("medical_flag", 2, ago(10), flag="not_pregnant", present=True)
    clinic.add("medical_flag", 3, ago(301), flag="pregnant", present=True)
    clinic.add("medical_flag", 4, ago(1000), flag="keloid", present=True)
    clinic.add("medical_flag", 5, ago(9), flag="allergy", detail="lidocaine", present=True)
    clinic.add("medical_flag", 5, ago(8), flag="allergy", detail="latex", present=True)
    clinic.add("medical_flag", 5, ago(7), flag="allergy", detail="latex", present=False)


def test_safety_flags_exclude_items_until_lifted_or_expired(found):
    tags = found(safety_flags_exclude_items_until_lifted_or_expired)
    states = [tags[n]["pregnancy_lactation"] for n in (1, 2, 3, 4)]
    assert states == ["pregnant", "none", "unknown", "unknown"]
    assert "IN01" in tags[1]["contraindicated_items"]
    assert "DE01" not in tags[1]["contraindicated_items"]
    assert (tags[2]["contraindicated_items"], tags[3]["contraindicated_items"]) == ([], [])
    assert "SU01" in tags[4]["contraindicated_items"]
    assert tags[4]["keloid_history"] is True
    assert tags[5]["allergy_flag"] == ["lidocaine"]


@scenario
def treating_too_often_is_seen(clinic):
    for days in (40, 28, 28):  # EN01: shortest interval 21, 60 % of it 12.6 days
        clinic.add("treatment", 1, ago(days), item_code="EN01")
    for days in (40, 27):
        clinic.add("treatment", 2, ago(days), item_code="EN01")
    for days in (10, 130):  # IN04: once a year
        clinic.add("treatment", 3, ago(days), item_code="IN04")


def test_treating_too_often_is_seen(found):
    tags = found(treating_too_often_is_seen)
    assert [tags[n]["overtreatment_alert"] for n in (1, 2, 3)] == [True, False, True]


@scenario
def what_people_enter_goes_before_the_source(clinic):
    clinic.add("consult", 1, ago(9), intent="c")
    clinic.add("consult", 2, ago(9), intent="c")
    clinic.add("manual_tag", 1, ago(2), tag="intent_level", value="a")
    expired = {"expires_at": ago(1)}
    clinic.add("manual_tag", 2, ago(2), tag="intent_level", value="a", **expired)


def test_what_people_enter_goes_before_the_source(found):
    tags = found(what_people_enter_goes_before_the_source)
    assert [tags[n]["intent_level"] for n in (1, 2)] == ["a", "c"]


@scenario
def models_speak_through_scores(clinic):
    for customer, score in ((1, 700_000), (2, 399_999)):
        clinic.buy(customer, ago(20), 50)
        clinic.add("model_score", customer, ago(2), tag="churn_risk_score", score_ppm=score)
        clinic.add("model_score", customer, ago(2), tag="clv_12m_pred", score_ppm=12_345_678_900)
    clinic.add("model_score", 1, ago(2), tag="uplift_bucket", score_ppm=-50_000)
    clinic.add("model_score", 1, ago(2), tag="persona_anti_age", score_ppm=500_000)


def test_models_speak_through_scores(found):
    tags = found(models_speak_through_scores)
    assert [tags[n]["churn_risk_level"] for n in (1, 2)] == ["high", "low"]
    assert tags[1]["clv_12m_pred"] == 1_234_500
    assert (tags[1]["uplift_bucket"], tags[2]["uplift_bucket"]) == ("do_not_disturb", "na")
    assert (tags[1]["persona_group"], tags[2]["persona_group"]) == ("anti_age", "unassigned")


@scenario
def the_prepaid_window_knows_earlier_service(clinic):
    course = {"type": "course", "item_code": "EN01", "total_sessions": 3}
    clinic.add("card", 1, ago(6.9), **course)
    clinic.add("card", 2, ago(3), **course)
    clinic.add("treatment", 2, ago(30), item_code="EN01")
    clinic.add("card", 3, ago(7), **course)
    clinic.add("card_txn", 4, ago(2), card_type="stored_value", type="topup", amount_fen=100)


def test_the_prepaid_window_knows_earlier_service(found):
    tags = found(the_prepaid_window_knows_earlier_service)
    assert [tags[n]["prepaid_cooling_off"] for n in (1, 2, 3, 4)] == [True, False, False, True]
