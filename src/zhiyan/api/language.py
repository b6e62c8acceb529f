"""Which language a client asks for."""

import re


def prefers_chinese(accepted: str) -> bool:
    """Tell from an ``Accept-Language`` header whether Chinese is wanted more than English.

    Languages of the same weight count in their order. Without a header English is told.
    """
    weights: dict[str, float] = {}
    for entry in accepted.lower().split(","):
        name, _, weight = entry.partition(";q=")
        value = float(weight) if re.fullmatch(r"[01](\.\d{1,3})?", weight.strip()) else 1.0
        weights.setdefault(name.strip().partition("-")[0], value)
    known = [language for language in weights if language in {"zh", "en"} and weights[language]]
    return max(known, key=weights.__getitem__, default="en") == "zh"
