"""Forbidden tags in disguise: pinyin, synonyms, English, punctuation, formulas; honest names pass."""

from tests.lang.definitions import tag, write
from tests.packs.clinic import PACKS, catalogue

from zhiyan.errors import DefinitionError
from zhiyan.lang.load import load_catalogue

DISGUISES = {
    "yanzhi_score": "beauty_score", "yan_zhi": "beauty_score", "faceScore": "beauty_score",
    "beautyscore": "beauty_score", "颜·值": "beauty_score", "颜 值 档": "beauty_score",
    "长相打分": "beauty_score", "Looks rating": "beauty_score", "ｙａｎｚｈｉ": "beauty_score",
    "ugliness": "negative_appearance", "歪瓜裂枣": "negative_appearance",
    "family_wealth": "loan_capacity", "家庭财富": "loan_capacity", "jiating_caifu": "loan_capacity",
    "net_worth_band": "loan_capacity", "收入推断": "loan_capacity", "credit_rating2": "loan_capacity",
    "贷款额度": "loan_capacity", "zhengxin": "loan_capacity",
    "pregnancy_likelihood": "pregnancy_prediction", "是否有孕推断": "pregnancy_prediction",
    "HIV": "infectious_disease", "ＨＩＶ": "infectious_disease", "艾滋病": "infectious_disease",
    "depressed": "mental_state", "抑郁症": "mental_state", "整容上瘾": "mental_state",
    "diagnoses": "diagnosis_detail", "病理报告": "diagnosis_detail",
    "sexual_preference": "sexual_life", "性倾向": "sexual_life",
    "回族": "religion_ethnicity", "religious_belief": "religion_ethnicity",
    "党派倾向": "political", "political_leaning": "political",
    "案底": "specific_identity", "prison_record": "specific_identity",
    "好骗客户": "impulse_buyer", "sucker": "impulse_buyer", "jiucai": "impulse_buyer",
    "可多收钱": "price_gouge", "charge_more": "price_gouge",
    "faceembedding": "face_template", "人脸识别": "face_template",
    "gpsTrack": "gps_track", "手机定位轨迹": "gps_track", "location_history_30d": "gps_track",
    "teenager_leads": "minor_target", "学生党潜客": "minor_target",
    "kids_school": "child_info", "孩子学校班级": "child_info",
    "husband_job": "partner_info", "老公职业": "partner_info",
    "wechat_chat_history": "chat_content", "聊天全文": "chat_content",
    "phone_transcript": "call_record_text", "录音全文": "call_record_text",
    "买来的画像": "bought_data", "third_party_data": "bought_data",
    "competitors_clients": "competitor_patient", "别家客户": "competitor_patient",
    "idcard": "id_number", "身份证后四位": "id_number",
    "bankcard_no": "bank_card", "信用卡号": "bank_card",
    "穷人": "free_text_insult", "事儿多": "free_text_insult", "jipin": "free_text_insult",
}  # fmt: skip
BODY = "kind: manual\ntype: enum\nvalues: {a: {zh: 甲, en: A}}\n"


def refusals(folder, text, pack="medical_aesthetics"):
    own = write(folder, {"tags/t.yaml": "tags:\n" + text, "pack.yaml": "{}"})
    try:
        load_catalogue([PACKS / pack, own])
    except DefinitionError as error:
        return [p for p in error.problems if p.code == "ZY235"]
    return []


def named(code="t", zh="普通", body=BODY):
    text = tag(code, body).replace(f"{code}名", zh).replace(f'"{code} name"', '"Plain"')
    return text.replace("[behaviour, booking]", "[behaviour]")


def test_every_forbidden_tag_is_tried():
    codes = {entry.code for entry in catalogue("medical_aesthetics").forbidden}
    assert set(DISGUISES.values()) == codes
    assert len(codes) == 25


def test_disguises_are_refused(tmp_path):
    tags = "".join(named(f"t{number}", name) for number, name in enumerate(DISGUISES))
    found = refusals(tmp_path, tags)
    told = {p.message.split("'")[1]: p.message.split("(")[1].split(" ")[0] for p in found}
    assert told == {f"t{n}": entry for n, entry in enumerate(DISGUISES.values())}


def test_codes_are_refused_like_names(tmp_path):
    codes = [name for name in DISGUISES if name.isascii() and name.islower() and " " not in name]
    found = refusals(tmp_path, "".join(named(code) for code in codes))
    assert len(found) == len(codes)


HIDDEN = (
    (
        "kind: rule\ntype: text\nmeasures:\n  n: {source: order_line, aggregate: sum(net_fen)}\n"
        "value: case when n > yuan(100000) then '身家' else 'x' end"
    ),
    (
        "kind: rule\ntype: bool\nmeasures:\n  family_wealth: {source: order_line, aggregate: sum(net_fen)}\n"
        "value: family_wealth > yuan(100000)"
    ),
    "kind: manual\ntype: enum\nvalues: {a: {zh: 甲, en: A, meaning: 人傻钱多}}",
    "kind: manual\ntype: enum\nvalues: {gullible: {zh: 甲, en: A}}",
)


def test_a_plain_name_does_not_hide_what_the_rule_says(tmp_path):
    tags = "".join(named(f"t{number}", body=body) for number, body in enumerate(HIDDEN))
    found = refusals(tmp_path, tags)
    assert sorted(p.message.split("'")[1] for p in found) == ["t0", "t1", "t2", "t3"]


def test_honest_names_pass(tmp_path):
    names = (
        "消费能力", "面部项目偏好", "表面麻醉次数", "轻微不适", "近期咨询意向", "储值余额", "到店距离",
        "Surface score", "Card share", "Credit of stored value", "Track record of visits",
        "Poor response", "Beauty salon visits", "Spread (std)", "学生优惠券", "生日关怀", "婚姻状况",
        "亲友同行", "价格敏感", "术后回访", "心仪项目", "体重管理", "贵宾通道", "会员卡等级", "已怀孕自述",
    )  # fmt: skip
    tags = "".join(named(f"t{number}", name) for number, name in enumerate(names))
    assert [p.message for p in refusals(tmp_path, tags)] == []
