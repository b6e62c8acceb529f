"""What happens in the group: streams of rows, each a function of its number alone.

A *stream* is an endless sequence of occasions in the order of time: a session of page views, a visit
with all that is sold and paid in it, a message. Occasion and customer follow from the number by
hashing, so that any stretch can be made again, in any order, alone. A *kind's rows* hang on a stream:
``per`` rows an occasion, kept with a probability, with columns as SQL over these names:

    i row number, s occasion, c customer (0, 1, ... in the order in which they joined), t moment,
    n customers of the group
"""

from dataclasses import dataclass

#: Deterministic draws. ``u``: 0 to 1. ``zipf``: 0 to n - 1, small ones often. ``joined``: how many
#: customers there are at a share of the time. ``drawn``: who comes; four of ten times somebody
#: new, else anybody, with 1/rank activity within every thousand.
MACROS = (
    "u(i, name) := (hash(hash(i, name)) >> 11)::DOUBLE / 9007199254740992",
    "zipf(i, name, n) := floor(pow(n, u(i, name)))::BIGINT - 1",
    "pick(i, name, list) := list[1 + floor(u(i, name) * len(list))::BIGINT]",
    "often(i, name, list) := list[1 + least(zipf(i, name, len(list) + 1), len(list) - 1)]",
    "joined(share, n) := greatest(1, floor(n * (0.3 + 0.7 * least(share, 1)))::BIGINT)",
    """drawn(s, name, m) := CASE WHEN u(s, name || 'how') < 0.4
        THEN m - 1 - floor(pow(u(s, name || 'new'), 2) * m / 8)::BIGINT
        ELSE (floor(u(s, name || 'block') * ceil(m / 1000)) * 1000
            + (zipf(s, name || 'rank', 1000) * 617
                + hash(floor(u(s, name || 'block') * ceil(m / 1000))) % 1000) % 1000
        )::BIGINT % m END""",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Occasions: so many for each customer on average."""

    name: str
    each: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of one event kind; columns that are not named are null."""

    kind: str
    stream: Stream
    values: dict[str, str]
    per: int = 1
    share: float = 1.0
    seconds: int = 0
    key: str = ""


WEB = Stream(name="web", each=7.5)
CARE = Stream(name="care", each=2.5)
BOOKING = Stream(name="booking", each=2.0)
CHAT = Stream(name="chat", each=1.0)
TOUCH = Stream(name="touch", each=3.0)
OFFICE = Stream(name="office", each=1.0)

ITEM = "often({}, 'item', $items)"
CLINIC = "pick(c, 'clinic', $clinics)"
STAFF = "'E' || floor(u({}, 'staff') * 40)::INTEGER"
NUMBER = "'{}' || i"


def later(days: float, draw: str = "later") -> str:
    """Return a moment up to so many days after t."""
    return f"t + to_seconds(floor(u(i, '{draw}') * {round(days * 86400)}))"


ROWS = (
    Rows(kind="web_event", stream=WEB, per=4, seconds=40, key="message_id", values={
        "message_id": NUMBER.format("w"), "app": "often(s, 'app', ['mini_program', 'official_account', 'web', 'live'])",
        "type": "often(i, 'type', ['view', 'video', 'search', 'favorite', 'cart', 'share', 'book'])",
        "page": "'/p/' || zipf(i, 'page', 200)", "item_code": f"CASE WHEN u(i, 'has') < 0.7 THEN {ITEM.format('i')} END",
        "topic": "often(i, 'topic', ['skin', 'laser', 'filler', 'care', 'hair', 'dental', 'spa', 'body', 'price', 'doctor'])",
        "form": "often(i, 'form', ['image', 'video', 'text', 'live'])", "seconds": "1 + zipf(i, 'seconds', 600)",
        "session": "'s' || s", "campaign": "CASE WHEN u(s, 'ad') < 0.1 THEN 'c' || zipf(s, 'campaign', 40) END",
    }),
    Rows(kind="visit", stream=CARE, key="visit_no", values={
        "visit_no": NUMBER.format("v"), "visit_type": "often(s, 'visit', ['treatment', 'return', 'repurchase', 'check', 'first'])",
        "receptionist": STAFF.format("s"), "effective": "u(s, 'effective') < 0.95",
    }),
    Rows(kind="order_line", stream=CARE, per=2, seconds=1, key="order_no", values={
        "order_no": "'o' || s", "line_no": "1 + i % 2", "item_code": ITEM.format("i"), "item_name": "'项目'",
        "qty": "1 + zipf(i, 'qty', 6)", "list_fen": "(10 + zipf(i, 'price', 20000)) * 1000",
        "net_fen": "(10 + zipf(i, 'price', 20000)) * (600 + zipf(i, 'off', 400))",
        "is_gift": "u(i, 'gift') < 0.03", "is_test": "u(s, 'test') < 0.002",
        "channel": "often(s, 'sold', ['store', 'mini_program', 'platform'])", "sales_staff": STAFF.format("s"),
        "closed_at": f"CASE WHEN u(s, 'closed') < 0.06 THEN {later(30)} END",
        "status": "CASE WHEN u(s, 'closed') < 0.06 THEN pick(s, 'ending', ['refunded', 'void', 'partly_refunded']) ELSE 'paid' END",
        "basis": "'order'",
    }),
    Rows(kind="payment", stream=CARE, key="payment_no", values={
        "payment_no": NUMBER.format("p"), "order_no": "'o' || s",
        "tender": "often(s, 'tender', ['wechat', 'alipay', 'stored_value', 'card', 'cash', 'installment', 'coupon'])",
        "amount_fen": "(10 + zipf(s, 'paid', 20000)) * (CASE WHEN u(s, 'refund') < 0.04 THEN -700 ELSE 1400 END)",
        "is_refund": "u(s, 'refund') < 0.04", "matched": "u(s, 'refund') < 0.03", "basis": "'receipt'",
    }),
    Rows(kind="treatment", stream=CARE, share=0.8, seconds=3600, key="treatment_no", values={
        "treatment_no": NUMBER.format("t"), "item_code": ITEM.format("s"), "item_name": "'项目'", "sessions": "1",
        "earned_fen": "(10 + zipf(s, 'earned', 9000)) * 1000", "doctor": STAFF.format("s"), "nurse": STAFF.format("i + 1"),
        "brand": "'b' || zipf(s, 'brand', 12)", "card_no": "CASE WHEN u(s, 'carded') < 0.2 THEN 'k' || c END",
    }),
    Rows(kind="points_txn", stream=CARE, share=0.4, key="txn_no", values={
        "txn_no": NUMBER.format("pt"), "points": "zipf(s, 'points', 3000) - CASE WHEN u(s, 'use') < 0.2 THEN 800 ELSE 0 END",
        "expire_at": "t + to_days(400)",
    }),
    Rows(kind="card", stream=CARE, share=0.1, key="card_no", values={
        "card_no": "'k' || c", "type": "often(c, 'card', ['course', 'stored_value'])", "item_code": ITEM.format("c"),
        "total_sessions": "6", "principal_fen": "600000", "gift_fen": "30000", "expire_at": "t + to_days(500)",
    }),
    Rows(kind="card_txn", stream=CARE, share=0.2, key="txn_no", values={
        "txn_no": NUMBER.format("kt"), "card_no": "'k' || c", "card_type": "often(c, 'card', ['course', 'stored_value'])",
        "type": "often(s, 'move', ['use', 'topup', 'refund'])", "sessions": "-1", "amount_fen": "-50000", "gift_fen": "0",
    }),
    Rows(kind="member_level", stream=CARE, share=0.1, key="grant_no", values={
        "grant_no": NUMBER.format("ml"), "tier": "often(s, 'tier', ['basic', 'silver', 'gold', 'black'])",
    }),
    Rows(kind="appointment", stream=BOOKING, key="appointment_no", values={
        "appointment_no": NUMBER.format("a"), "appt_at": later(21, "ahead"), "item_code": ITEM.format("s"),
        "doctor": STAFF.format("s"), "channel": "often(s, 'booked', ['online', 'phone', 'desk'])",
        "status_at": f"CASE WHEN u(s, 'told') < 0.97 THEN {later(21, 'ahead')} END",
        "status": "CASE WHEN u(s, 'told') < 0.97 THEN often(s, 'status', ['arrived', 'no_show', 'cancelled', 'rescheduled', 'cancelled_by_clinic']) END",
    }),
    Rows(kind="wecom_event", stream=CHAT, per=3, seconds=90, key="message_no", values={
        "message_no": NUMBER.format("m"), "type": "often(i, 'said', ['message', 'like', 'comment', 'group_join', 'group_leave'])",
        "direction": "pick(i, 'way', ['in', 'out'])", "staff": STAFF.format("c"),
    }),
    Rows(kind="touch", stream=TOUCH, key="touch_no", values={
        "touch_no": NUMBER.format("x"), "campaign": "'c' || zipf(i, 'campaign', 40)",
        "channel": "often(i, 'by', ['wecom', 'sms', 'mp_msg', 'call', 'email', 'oa'])",
        "class": "often(i, 'class', ['marketing', 'service', 'info'])", "delivered_at": "t + to_seconds(5)",
        "opened_at": f"CASE WHEN u(i, 'opened') < 0.3 THEN {later(1)} END",
        "clicked_at": f"CASE WHEN u(i, 'opened') < 0.1 THEN {later(1)} END",
        "replied_at": f"CASE WHEN u(i, 'replied') < 0.05 THEN {later(1)} END",
        "opted_out_at": f"CASE WHEN u(i, 'out') < 0.002 THEN {later(1)} END",
    }),
    Rows(kind="coupon", stream=TOUCH, share=0.15, key="coupon_no", values={
        "coupon_no": NUMBER.format("q"), "batch": "'b' || zipf(i, 'batch', 30)", "value_fen": "10000",
        "new_customer": "u(i, 'new') < 0.2", "expire_at": "t + to_days(30)",
        "used_at": f"CASE WHEN u(i, 'used') < 0.3 THEN {later(20)} END",
    }),
    Rows(kind="lead", stream=OFFICE, share=0.3, key="lead_no", values={
        "lead_no": NUMBER.format("l"), "channel": "often(i, 'from', ['meituan', 'xhs', 'douyin', 'walk_in', 'referral'])",
        "item_code": ITEM.format("i"), "staff": STAFF.format("i"), "stage_at": later(10),
        "stage": "often(i, 'stage', ['contacted', 'qualified', 'booked', 'visited', 'won', 'closed'])", "lawful_source": "'self'",
    }),
    Rows(kind="consult", stream=OFFICE, share=0.5, key="consult_no", values={
        "consult_no": NUMBER.format("n"), "type": "often(i, 'consult', ['onsite', 'online', 'phone', 'doctor'])", "staff": STAFF.format("i"),
        "item_code": ITEM.format("i"), "concerns": "[pick(i, 'concern', ['acne', 'aging', 'spots', 'shape'])]",
        "intent": "pick(i, 'intent', ['a', 'b', 'c', 'd'])", "quoted_fen": "(10 + zipf(i, 'quoted', 9000)) * 1000",
        "result": "often(i, 'result', ['won', 'lost', 'open'])",
        "lost_reason": "CASE WHEN u(i, 'lost') < 0.3 THEN pick(i, 'why', ['price', 'doubt', 'timing', 'compare']) END",
    }),
    Rows(kind="followup", stream=OFFICE, share=0.5, key="followup_no", values={
        "followup_no": NUMBER.format("f"), "type": "often(i, 'follow', ['invite', 'postop', 'care', 'win_back'])", "due_at": "t + to_days(3)",
        "done_at": f"CASE WHEN u(i, 'done') < 0.8 THEN {later(5)} END",
        "result": "CASE WHEN u(i, 'done') < 0.8 THEN often(i, 'call', ['booked', 'think', 'no_answer', 'refused', 'done', 'invalid']) END",
        "staff": STAFF.format("i"),
    }),
    Rows(kind="survey", stream=OFFICE, share=0.2, key="survey_no", values={
        "survey_no": NUMBER.format("sv"), "answered_at": f"CASE WHEN u(i, 'answered') < 0.5 THEN {later(5)} END",
        "score": "CASE WHEN u(i, 'answered') < 0.5 THEN 5 - zipf(i, 'score', 5) END",
        "nps": "CASE WHEN u(i, 'answered') < 0.5 THEN 10 - zipf(i, 'nps', 10) END",
        "preferred_channel": "CASE WHEN u(i, 'answered') < 0.3 THEN pick(i, 'by', ['wecom', 'sms', 'call']) END",
        "interests": "[pick(i, 'like', ['travel', 'sport', 'music', 'food'])]",
    }),
    Rows(kind="complaint", stream=OFFICE, share=0.02, key="complaint_no", values={
        "complaint_no": NUMBER.format("cp"), "type": "often(i, 'complaint', ['service', 'price', 'medical', 'regulator'])",
        "severity": "often(i, 'severe', ['low', 'mid', 'high'])", "no_contact": "u(i, 'leave') < 0.1",
        "closed_at": f"CASE WHEN u(i, 'closed') < 0.9 THEN {later(30)} END", "status": "CASE WHEN u(i, 'closed') < 0.9 THEN 'closed' END",
    }),
    Rows(kind="review", stream=OFFICE, share=0.05, key="review_no", values={
        "review_no": NUMBER.format("r"), "score": "5 - zipf(i, 'score', 5)", "platform": "'meituan'",
    }),
    Rows(kind="campaign_member", stream=OFFICE, share=0.2, key="member_no", values={
        "member_no": NUMBER.format("cm"), "campaign": "'c' || zipf(i, 'campaign', 40)",
        "attended_at": f"CASE WHEN u(i, 'came') < 0.4 THEN {later(14)} END",
    }),
    Rows(kind="referral", stream=OFFICE, share=0.06, key="referral_no", values={
        "referral_no": NUMBER.format("rf"), "referee_paid_at": f"CASE WHEN u(i, 'paid') < 0.5 THEN {later(40)} END",
    }),
    Rows(kind="medical_flag", stream=OFFICE, share=0.03, key="flag_no", values={
        "flag_no": NUMBER.format("mf"), "flag": "pick(i, 'flag', ['pregnant', 'lactating', 'allergy', 'keloid', 'implant', 'sunburn'])",
        "present": "u(i, 'present') < 0.9", "detail": "'x' || zipf(i, 'detail', 9)",
    }),
    Rows(kind="skin_test", stream=OFFICE, share=0.15, key="test_no", values={
        "test_no": NUMBER.format("sk"), "skin_type": "pick(i, 'skin', ['dry', 'oily', 'combo', 'neutral', 'sensitive'])", "valid": "u(i, 'valid') < 0.95",
    }),
    Rows(kind="adverse_event", stream=OFFICE, share=0.005, key="event_no", values={
        "event_no": NUMBER.format("ae"), "item_code": ITEM.format("i"), "severity": "often(i, 'severe', ['low', 'mid', 'high'])",
        "closed_at": f"CASE WHEN u(i, 'closed') < 0.9 THEN {later(30)} END", "status": "CASE WHEN u(i, 'closed') < 0.9 THEN 'closed' END",
    }),
    Rows(kind="rights_request", stream=OFFICE, share=0.004, key="request_no", values={
        "request_no": NUMBER.format("rr"), "type": "pick(i, 'right', ['access', 'delete', 'restrict'])", "due_at": "t + to_days(15)",
        "closed_at": f"CASE WHEN u(i, 'closed') < 0.9 THEN {later(15)} END", "status": "CASE WHEN u(i, 'closed') < 0.9 THEN 'done' END",
    }),
    Rows(kind="model_score", stream=OFFICE, share=0.3, key="score_no", values={
        "score_no": NUMBER.format("ms"), "tag": "pick(i, 'tag', ['churn_risk_score', 'campaign_response_score', 'clv_12m_pred'])",
        "model": "'m1'", "score_ppm": "floor(u(i, 'score') * 1000000)::BIGINT",
    }),
    Rows(kind="legal_case", stream=OFFICE, share=0.001, key="case_no", values={"case_no": NUMBER.format("lc")}),
    Rows(kind="task", stream=OFFICE, share=0.1, key="task_no", values={
        "task_no": NUMBER.format("tk"), "type": "'call'", "due_at": "t + to_days(2)", "done_at": f"CASE WHEN u(i, 'done') < 0.9 THEN {later(3)} END",
        "staff": STAFF.format("i"),
    }),
)  # fmt: skip

#: Rows of the customer files: ``i`` is the party, ``t`` when it was first seen.
JOINING = (
    Rows(kind="profile", stream=OFFICE, key="file_key", values={
        "file_key": NUMBER.format("file"), "gender": "often(c, 'gender', ['female', 'male'])",
        "birthdate": "DATE '1970-01-01' + floor(u(c, 'born') * 14300)::INTEGER", "province": "pick(c, 'province', ['上海', '浙江', '江苏'])", "postal_code": "200000 + zipf(c, 'district', 40) * 100", "city": "often(c, 'city', ['上海', '杭州', '苏州', '南京'])",
        "district": "'d' || zipf(c, 'district', 40)", "distance_m": "500 + zipf(c, 'far', 40000)",
        "occupation": "often(c, 'work', ['office', 'self_employed', 'student', 'media', 'homemaker', 'other'])",
        "education": "often(c, 'school', ['bachelor', 'college', 'postgrad', 'senior_or_below'])", "marital": "pick(c, 'wed', ['single', 'married', 'other'])",
        "income_band": "CASE WHEN u(c, 'told') < 0.4 THEN pick(c, 'income', ['lt8k', '8_15k', '15_30k', 'gt30k']) END",
        "customer_type": "CASE WHEN u(c, 'staff') < 0.002 THEN 'staff' ELSE 'person' END",
        "origin": "often(c, 'origin', ['walk_in', 'meituan', 'xhs', 'douyin', 'referral'])", "home_clinic": CLINIC,
        "interests": "[pick(c, 'like', ['travel', 'sport', 'music', 'food'])]", "is_test": "u(c, 'test') < 0.001",
        "pseudo_name": "u(c, 'nick') < 0.05", "fake_phone": "u(c, 'fake') < 0.01", "kol": "u(c, 'kol') < 0.002",
    }),
    Rows(kind="consent", stream=OFFICE, share=0.9, key="consent_no", values={
        "consent_no": NUMBER.format("cb"), "purpose": "'base'", "action": "'granted'", "notice_version": "'v1'",
    }),
    Rows(kind="consent", stream=OFFICE, share=0.7, key="consent_no", values={
        "consent_no": NUMBER.format("ck"), "purpose": "'marketing'", "channel": "often(c, 'by', ['wecom', 'sms', 'call'])",
        "action": "often(c, 'agrees', ['granted', 'withdrawn', 'stale'])", "notice_version": "'v1'",
    }),
    Rows(kind="consent", stream=OFFICE, share=0.5, key="consent_no", values={
        "consent_no": NUMBER.format("cs"), "purpose": "'sensitive'", "action": "'granted'", "notice_version": "'v1'",
    }),
    Rows(kind="wecom_contact", stream=OFFICE, share=0.6, key="relation_key", values={
        "relation_key": NUMBER.format("wc"), "staff": STAFF.format("c"), "add_way": "'scan'",
        "deleted_at": f"CASE WHEN u(i, 'gone') < 0.1 THEN {later(200)} END", "relation": "CASE WHEN u(i, 'gone') < 0.1 THEN 'deleted' END",
    }),
    Rows(kind="consent", stream=OFFICE, share=0.01, key="consent_no", values={
        "consent_no": NUMBER.format("cc"), "purpose": "'contact'", "action": "pick(c, 'leave', ['withdrawn', 'granted'])",
    }),
    Rows(kind="assignment", stream=OFFICE, share=0.5, key="assignment_no", values={"assignment_no": NUMBER.format("as"), "staff": STAFF.format("c")}),
    Rows(kind="household", stream=OFFICE, share=0.05, values={"household_no": "'h' || c // 3", "relation": "'family'"}),
    Rows(kind="holdout", stream=OFFICE, share=0.05, key="holdout_no", values={
        "holdout_no": NUMBER.format("ho"), "scope": "pick(c, 'scope', ['global', 'program'])", "until": "t + to_days(900)",
    }),
)  # fmt: skip
