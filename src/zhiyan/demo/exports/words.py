"""Code values as the exports of the systems write them."""

CHANNEL = {
    "soyoung": "新氧",
    "meituan": "美团",
    "douyin": "抖音来客",
    "xhs": "小红书",
    "tmall": "天猫",
    "referral": "老带新",
    "walk_in": "自然到店",
    "wecom": "企微私域",
    "feed_ads": "信息流",
    "b2b": "异业渠道",
    "other": "其他",
}
SEX = {"female": "女", "male": "男"}
OCCUPATION = {
    "office": "职场",
    "student": "学生",
    "self_employed": "自由职业",
    "media": "自媒体",
    "homemaker": "全职家庭",
    "other": "其他",
}
MARITAL = {"single": "未婚", "married": "已婚", "other": "其他"}
CUSTOMER = {"person": "个人", "corporate": "企业", "staff": "员工"}
BOOKED_BY = {"online": "线上", "phone": "电话", "desk": "前台"}
APPOINTMENT = {
    "booked": "已约",
    "arrived": "到店",
    "no_show": "爽约",
    "rescheduled": "改约",
    "cancelled": "客户取消",
    "cancelled_by_clinic": "院方取消",
}
VISIT = {
    "first": "初诊",
    "return": "复诊",
    "check": "复查",
    "treatment": "治疗",
    "repurchase": "再消费",
}
CONSULT = {"online": "网咨", "phone": "电话", "onsite": "现场", "doctor": "面诊"}
CONCERN = {
    "anti_age": "抗衰",
    "pigment": "色斑",
    "acne": "痘肌",
    "hydration": "补水",
    "pores": "毛孔",
    "contour": "轮廓",
    "body": "塑形",
    "hair_removal": "脱毛",
    "hair_loss": "脱发",
    "eye_nose": "眼鼻",
    "dental": "口腔",
    "scar": "疤痕",
    "postpartum": "产后",
}
INTENT = {"a": "A", "b": "B", "c": "C", "d": "D"}
CONSULT_RESULT = {"won": "成交", "lost": "未成交", "open": "跟进中"}
LOST = {
    "price": "价格",
    "doubt": "顾虑",
    "timing": "时间",
    "family": "家人",
    "unsuitable": "不适合",
    "compare": "对比",
    "other": "其他",
}
LINE_STATUS = {
    "paid": "已收款",
    "partly_refunded": "部分退款",
    "refunded": "已退款",
    "void": "作废",
}
TENDER = {
    "wechat": "微信",
    "alipay": "支付宝",
    "card": "银行卡",
    "cash": "现金",
    "platform": "平台核销",
    "stored_value": "储值",
    "installment": "分期",
    "coupon": "代金券",
    "points": "积分",
    "other": "其他",
}
CARD = {"course": "疗程卡", "stored_value": "储值卡"}
MOVEMENT = {
    "topup": "充值",
    "use": "消费",
    "refund": "退卡",
    "transfer": "转卡",
    "expire": "过期",
}
FOLLOW = {"invite": "邀约", "postop": "术后", "care": "关怀", "win_back": "召回", "other": "其他"}
CALL = {"invite": "邀约", "care": "回访", "win_back": "召回"}
STEP = {"d1": "D1", "d3": "D3", "d7": "D7", "d30": "D30"}
FOLLOW_RESULT = {
    "booked": "已预约",
    "think": "考虑中",
    "refused": "拒绝",
    "no_answer": "未接",
    "invalid": "空号",
    "done": "已完成",
}
LEAVING = {
    "price": "价格",
    "result": "效果",
    "service": "服务",
    "staff_left": "顾问离职",
    "moved": "搬迁",
    "need_met": "需求已满足",
    "health": "健康",
    "competitor": "竞品",
}
PURPOSE = {
    "base": "基础服务",
    "sensitive": "医疗健康",
    "marketing": "营销",
    "profiling": "画像",
    "publicity": "肖像公开",
    "guardian": "监护人",
    "contact": "联系",
    "source": "来源",
}
WAY = {
    "wecom": "企微",
    "sms": "短信",
    "call": "电话",
    "email": "邮件",
    "mp_msg": "小程序",
    "oa": "公众号",
}
ACTION = {"granted": "同意", "withdrawn": "撤回", "stale": "失效"}
FLAG = {
    "pregnant": "怀孕",
    "lactating": "哺乳",
    "not_pregnant": "未孕",
    "anticoagulant": "抗凝",
    "keloid": "瘢痕体质",
    "photosensitive": "光敏",
    "allergy": "过敏",
    "neuromuscular": "神经肌肉病",
    "implant": "植入物",
    "infection": "感染",
    "low_immunity": "免疫低下",
    "sunburn": "暴晒",
}
LEVEL = {"low": "轻", "mid": "中", "high": "重"}
OPEN = {"open": "处理中", "closed": "已结案"}
SKIN = {"dry": "干性", "oily": "油性", "combo": "混合", "neutral": "中性", "sensitive": "敏感"}
HOLD = {"active": "保全中", "closed": "已解除"}
RIGHT = {
    "access": "查阅",
    "copy": "复制",
    "correct": "更正",
    "delete": "删除",
    "tag_delete": "删除标签",
    "restrict": "限制",
    "explain": "解释",
}
RIGHT_STATUS = {"open": "处理中", "done": "已办结", "refused": "已拒绝"}
KIN = {
    "self": "本人",
    "mother": "母亲",
    "daughter": "女儿",
    "spouse": "配偶",
    "companion": "同行",
}
COMPLAINT = {"medical": "医疗", "regulator": "监管", "service": "服务", "price": "价格"}
TOUCH_CLASS = {"marketing": "营销", "service": "服务", "info": "信息"}
SCOPE = {"global": "全局", "program": "项目"}
LEAD = {
    "raw": "新线索",
    "contacted": "已联系",
    "qualified": "有效",
    "booked": "已预约",
    "visited": "已到店",
    "won": "已成交",
    "closed": "已关闭",
}
INVALID = {
    "wrong_number": "空号",
    "duplicate": "重复",
    "no_intent": "无意向",
    "too_far": "距离远",
}
LAWFUL = {"self": "自有", "platform": "平台", "referral": "转介"}
TIER = {"black": "黑金", "gold": "金卡", "silver": "银卡", "basic": "普通", "none": "无"}
INTEREST = {
    "sport": "运动",
    "music": "音乐",
    "travel": "旅行",
    "fashion": "时尚",
    "food": "美食",
    "parenting": "亲子",
    "art": "艺术",
    "pets": "宠物",
}
PACKAGE = {
    "PK01": "焕肤套餐",
    "PK02": "新客体验套餐",
    "PK03": "年度养护套餐",
    "PK04": "节日礼遇套餐",
}
