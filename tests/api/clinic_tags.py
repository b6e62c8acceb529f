"""The definitions of the clinic group beside this file."""

from zhiyan.app.reads import Group, Label, Taxonomy
from zhiyan.core.event import Sensitivity
from zhiyan.core.expression import Call, Literal, Ref, ValueType
from zhiyan.core.measure import NULL, Measure, Span, Unit, Window
from zhiyan.core.segment import Segment
from zhiyan.core.tag import MarketingUse, Tag, TagCase, TagKind, TagValue

E, I, M, D = ValueType.ENUM, ValueType.INT, ValueType.MONEY, ValueType.DECIMAL  # noqa: E741
YEAR = Window(start=Span(365, Unit.DAY))


def lit(value, kind=E):
    return Literal(value, kind)


def op(name, *args):
    return Call(name, args)


def tag(code, zh, en, type_, **more):
    more.setdefault("category", ("behaviour", "purchase"))
    more.setdefault("kind", TagKind.FACT)
    more.setdefault("otherwise", NULL)
    more.setdefault("description_zh", f"{zh}:用于分层与圈选,按截止时刻计算。")
    more.setdefault("description_en", f"{en}, as of the snapshot.")
    return Tag(
        code=code, name_zh=zh, name_en=en, type=type_, owner="运营部", fingerprint=f"fp_{code}",
        stale_after_days=more.pop("stale", 3), purposes=("service", "marketing"),
        where=f"tags/{more['category'][0]}.yaml:12", **more,
    )  # fmt: skip


def domain(**values):
    return tuple(TagValue(value=v, zh=zh, en=en) for v, (zh, en) in values.items())


def rule(code, zh, en, *, values, cases, otherwise, **more):
    return tag(
        code, zh, en, E, kind=TagKind.RULE, values=domain(**values),
        cases=tuple(TagCase(when=when, then=lit(then)) for when, then in cases),
        otherwise=lit(otherwise), **more,
    )  # fmt: skip


spend, orders, days = Ref("net_spend_12m"), Ref("paid_order_cnt_12m"), Ref("last_visit_date")
since = op("days_since", days)
_ALL = (
    tag("gender", "性别", "Gender", E, category=("basic", "people"),
        values=domain(f=("女", "Female"), m=("男", "Male"))),
    tag("age", "年龄", "Age", I, category=("basic", "people")),
    tag("first_source_channel", "首次来源渠道", "First channel", E, category=("basic", "origin"),
        values=domain(dianping=("大众点评", "Dianping"), referral=("转介绍", "Referral"),
                      douyin=("抖音", "Douyin"), walk_in=("自然到店", "Walk-in"))),
    tag("paid_order_cnt_12m", "近12月付费单数", "Paid orders 12m", I,
        measures=(Measure(name="value", source="order", type=I, window=YEAR,
                          aggregate=op("count")),)),
    tag("net_spend_12m", "近12月净消费", "Net spend 12m", M, sensitivity=Sensitivity.P2,
        measures=(Measure(name="paid", source="payment", type=M, window=YEAR,
                          where=op("=", Ref("status"), lit("success")),
                          aggregate=op("sum", Ref("amount_fen"))),
                  Measure(name="refunded", source="refund", type=M, window=YEAR,
                          aggregate=op("sum", Ref("amount_fen")))),
        otherwise=op("-", Ref("paid"), Ref("refunded"))),
    tag("last_visit_date", "最近到店日", "Last visit", ValueType.DATE, category=("behaviour", "visit"),
        measures=(Measure(name="value", source="visit", type=ValueType.DATE,
                          aggregate=op("max", op("on_day", Ref("occurred_at")))),)),
    rule("no_show_level", "爽约等级", "No-show level", category=("behaviour", "visit"),
         values={"unknown": ("样本不足", "Too few"), "rare": ("少爽约", "Rare"), "often": ("易爽约", "Often")},
         cases=((op("<", Ref("paid_order_cnt_12m"), lit(3, I)), "unknown"),
                (op(">", Ref("touch_cnt_30d"), lit(3, I)), "often")), otherwise="rare",
         depends_on=("paid_order_cnt_12m", "touch_cnt_30d")),
    tag("wecom_friend", "企微好友", "WeCom friend", ValueType.BOOL, category=("behaviour", "contact")),
    tag("item_pref", "偏好项目", "Preferred items", ValueType.LIST, category=("interest", "item"),
        sensitivity=Sensitivity.S3, consent="general+separate"),
    rule("customer_value_level", "客户价值", "Customer value", category=("value", "value"),
         sensitivity=Sensitivity.P2, depends_on=("net_spend_12m",),
         values={"high": ("高价值", "High"), "mid": ("中价值", "Mid"), "low": ("低价值", "Low"),
                 "none": ("未消费", "None")},
         cases=((op(">=", spend, Ref("param.value_high")), "high"),
                (op(">=", spend, Ref("param.value_mid")), "mid"),
                (op(">", spend, lit(0, M)), "low")), otherwise="none"),
    rule("rfm_segment", "RFM 分层", "RFM segment", category=("value", "rfm"),
         depends_on=("paid_order_cnt_12m", "net_spend_12m"),
         values={"na": ("未消费", "No order"), "champion": ("重要价值", "Champion"),
                 "big_spender": ("重要发展", "Big spender"), "promising": ("一般发展", "Promising"),
                 "need_attention": ("一般保持", "Need attention"), "hibernating": ("休眠", "Hibernating")},
         cases=((op("=", orders, lit(0, I)), "na"),
                (op("and", op(">=", orders, lit(5, I)), op("<", since, lit(180, I))), "champion"),
                (op(">=", spend, Ref("param.value_high")), "big_spender"),
                (op("<", since, lit(180, I)), "promising"),
                (op("<", since, lit(365, I)), "need_attention")), otherwise="hibernating"),
    rule("lifecycle_stage", "生命周期阶段", "Lifecycle stage", category=("lifecycle", "stage"),
         depends_on=("paid_order_cnt_12m", "last_visit_date"),
         values={"prospect": ("潜在客户", "Prospect"), "new": ("新客户", "New"),
                 "active": ("活跃客户", "Active"), "silent": ("沉默客户", "Silent"),
                 "dormant": ("休眠客户", "Dormant"), "lost": ("流失客户", "Lost")},
         cases=((op("=", orders, lit(0, I)), "prospect"), (op("<=", since, lit(90, I)), "new"),
                (op("<=", since, lit(180, I)), "active"), (op("<=", since, lit(365, I)), "silent"),
                (op("<=", since, lit(540, I)), "dormant")), otherwise="lost"),
    rule("due_status", "到期状态", "Due status", category=("lifecycle", "cycle"),
         sensitivity=Sensitivity.S3, depends_on=("cycle_overdue_ratio",),
         values={"na": ("无周期", "No cycle"), "not_due": ("未到期", "Not due"), "due": ("到期", "Due"),
                 "overdue": ("逾期", "Overdue")},
         cases=((op("is_null", Ref("cycle_overdue_ratio")), "na"),
                (op("<", Ref("cycle_overdue_ratio"), lit(0.5, D)), "not_due"),
                (op("<", Ref("cycle_overdue_ratio"), lit(1.3, D)), "due")), otherwise="overdue"),
    tag("cycle_overdue_ratio", "周期逾期比", "Cycle overdue ratio", D, category=("lifecycle", "cycle"),
        sensitivity=Sensitivity.S3),
    tag("touch_cnt_30d", "近30天触达次数", "Touches 30d", I, category=("response", "touch"), stale=1),
    rule("vip_tier", "会员等级", "Member tier", category=("value", "value"),
         values={"basic": ("普卡", "Basic"), "silver": ("银卡", "Silver"), "gold": ("金卡", "Gold")},
         cases=((op(">", spend, lit(5_000_000, M)), "gold"),
                (op(">", spend, lit(1_000_000, M)), "silver")), otherwise="basic",
         depends_on=("net_spend_12m",)),
    tag("pregnancy_lactation", "妊娠/哺乳期", "Pregnant or nursing", ValueType.BOOL,
        category=("risk", "safety"), kind=TagKind.MANUAL, sensitivity=Sensitivity.S4,
        marketing_use=MarketingUse.NEVER, priority="P0"),
    tag("consent_marketing", "营销授权", "Marketing consent", ValueType.BOOL, priority="P0",
        category=("risk", "consent"), marketing_use=MarketingUse.EXCLUDE_ONLY),
)  # fmt: skip
TAGS = {one.code: one for one in _ALL}

_GROUPS = {
    "basic": (Label("基础信息", "Basics"), {"people": Label("人口统计", "People"),
                                        "origin": Label("客户来源", "Origin")}),
    "behaviour": (Label("行为", "Behaviour"), {"purchase": Label("购买行为", "Purchase"),
                                             "visit": Label("到店与预约", "Visits"),
                                             "contact": Label("互动行为", "Contact")}),
    "interest": (Label("兴趣", "Interest"), {"item": Label("项目兴趣", "Items")}),
    "value": (Label("价值", "Value"), {"rfm": Label("RFM", "RFM"), "value": Label("客户价值", "Value")}),
    "lifecycle": (Label("生命周期", "Lifecycle"), {"stage": Label("阶段", "Stage"),
                                                "cycle": Label("周期", "Cycle")}),
    "response": (Label("营销响应", "Response"), {"touch": Label("触达", "Touches")}),
    "risk": (Label("风险与合规", "Risk"), {"safety": Label("医疗安全", "Safety"),
                                        "consent": Label("同意权利", "Consent")}),
}  # fmt: skip


def _industry() -> tuple[Group, ...]:
    return tuple(
        Group(
            code=top, name=name,
            groups=tuple(
                Group(
                    code=f"{top}.{low}", name=label,
                    tags=tuple(c for c, one in TAGS.items() if one.category == (top, low)),
                )
                for low, label in below.items()
            ),
        )
        for top, (name, below) in _GROUPS.items()
    )  # fmt: skip


TAXONOMIES = (
    Taxonomy(code="industry", name=Label("行业库", "Industry library"), groups=_industry()),
    Taxonomy(
        code="document_a", name=Label("文档A", "Document A"),
        groups=(
            Group(code="static", name=Label("静态标签", "Static tags"), tags=("gender", "age")),
            Group(code="dynamic", name=Label("动态标签", "Dynamic tags"),
                  tags=("net_spend_12m", "item_pref", "not_defined_yet")),
        ),
    ),
    Taxonomy(
        code="document_c", name=Label("文档C", "Document C"),
        groups=(
            Group(code="status", name=Label("客户状态", "Status"), tags=("lifecycle_stage", "due_status")),
            Group(code="empty", name=Label("无标签", "Empty"), tags=("not_defined_yet",)),
        ),
    ),
)  # fmt: skip


def _segment(code, zh, en, text, where):
    return Segment(
        code=code,
        name_zh=zh,
        name_en=en,
        description_zh=f"{zh}。",
        where=where,
        text=text,
        owner="运营部",
    )


SEGMENTS = {
    one.code: one
    for one in (
        _segment(
            "silent_high_value", "沉默高价值", "Silent, high value",
            "lifecycle_stage in ('silent', 'dormant') and customer_value_level in ('high', 'mid')",
            op("and",
               op("in", Ref("lifecycle_stage"), lit("silent"), lit("dormant")),
               op("in", Ref("customer_value_level"), lit("high"), lit("mid"))),
        ),
        _segment(
            "due_reachable", "到期可触达", "Due and reachable",
            "due_status = 'due' and consent_marketing and touch_cnt_30d < 4",
            op("and", op("=", Ref("due_status"), lit("due")), Ref("consent_marketing"),
               op("<", Ref("touch_cnt_30d"), lit(4, I))),
        ),
    )
}  # fmt: skip
NAMES = {
    "param.value_high": Label("高价值门槛", "high-value threshold"),
    "param.value_mid": Label("中价值门槛", "mid-value threshold"),
    "net_spend_12m.paid": Label("已付金额", "paid"),
    "net_spend_12m.refunded": Label("已退金额", "refunded"),
}
PARAMS = {"value_high": 3_000_000, "value_mid": 600_000}
HIGHLIGHTS = ("customer_value_level", "lifecycle_stage", "rfm_segment", "vip_tier")
HEADLINE = (
    "customer_value_level",
    "lifecycle_stage",
    "net_spend_12m",
    "last_visit_date",
    "due_status",
)
