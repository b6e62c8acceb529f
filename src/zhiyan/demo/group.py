"""The clinic group: one legal entity, its clinics and its staff."""

from dataclasses import dataclass

import numpy as np

from zhiyan.demo.columns import Array
from zhiyan.demo.names import full_names

LEGAL_ENTITY = "示例知颜医疗美容集团有限公司"
CITIES = ("上海", "杭州", "南京", "成都")
CITY_CODES = ("SH", "HZ", "NJ", "CD")
PROVINCES = ("上海市", "浙江省", "江苏省", "四川省")
DISTRICTS = (
    ("静安区", "徐汇区", "浦东新区", "闵行区"),
    ("西湖区", "上城区", "滨江区", "余杭区"),
    ("鼓楼区", "玄武区", "建邺区", "江宁区"),
    ("锦江区", "青羊区", "武侯区", "高新区"),
)
ORDINALS = "一二三四五六七八"
#: City of each clinic in the order of opening; the last of the first six is the newest.
OPENED = (0, 0, 1, 1, 2, 3)
ROLES = ("doctor", "nurse", "consultant", "online", "reception", "manager")
ROLE_LETTERS = "DNCORM"
ROLE_COUNTS = (4, 5, 6, 4, 3, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """One clinic; ``modern`` clinics run the second release of the HIS, with other exports."""

    code: str
    name: str
    city: int
    share: float
    modern: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """One member of staff; ``left_on`` is NaT while she works here."""

    code: str
    name: str
    role: str
    clinic: int
    left_on: np.datetime64


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The clinics, the staff, and where in the staff list each role of each clinic begins."""

    clinics: tuple[Clinic, ...]
    staff: tuple[Staff, ...]

    @property
    def clinic_codes(self) -> tuple[str, ...]:
        """Codes by position."""
        return tuple(clinic.code for clinic in self.clinics)

    @property
    def staff_codes(self) -> tuple[str, ...]:
        """Codes by position."""
        return tuple(person.code for person in self.staff)

    def someone(self, rng: np.random.Generator, role: str, clinic: Array) -> Array:
        """Draw a member of staff of a role for each clinic position; -1 where clinic is -1."""
        per_clinic = sum(ROLE_COUNTS)
        place = ROLES.index(role)
        first = sum(ROLE_COUNTS[:place])
        drawn = rng.integers(0, ROLE_COUNTS[place], len(clinic))
        return np.where(clinic < 0, -1, clinic * per_clinic + first + drawn)


def make_group(rng: np.random.Generator, count: int, end: np.datetime64) -> Group:
    """Build a group of ``count`` clinics (at least six) with staff, some of whom have left."""
    cities = np.array([OPENED[i] if i < len(OPENED) else i % len(CITIES) for i in range(count)])
    nth = [int((cities[:i] == cities[i]).sum()) for i in range(count)]
    size = 1.0 / (1 + np.arange(count)) ** 0.45
    size[5] *= 0.25
    clinics = tuple(
        Clinic(
            code=f"{CITY_CODES[city]}{nth[i] + 1:02d}",
            name=f"{CITIES[city]}{ORDINALS[nth[i]]}院",
            city=int(city),
            share=float(size[i] / size.sum()),
            modern=i == 5,
        )
        for i, city in enumerate(cities)
    )
    return Group(clinics=clinics, staff=_make_staff(rng, clinics, end))


def _make_staff(
    rng: np.random.Generator, clinics: tuple[Clinic, ...], end: np.datetime64
) -> tuple[Staff, ...]:
    roles = [(role, nth) for role, n in zip(ROLES, ROLE_COUNTS, strict=True) for nth in range(n)]
    total = len(roles) * len(clinics)
    names = full_names(rng.integers(0, 2**31, total))
    left = rng.random(total) < 0.15
    ago = rng.integers(30, 900, total).astype("timedelta64[D]")
    return tuple(
        Staff(
            code=f"{clinics[i // len(roles)].code}-{ROLE_LETTERS[ROLES.index(role)]}{nth + 1:02d}",
            name=str(names[i]),
            role=role,
            clinic=i // len(roles),
            left_on=end - ago[i] if left[i] else np.datetime64("NaT", "D"),
        )
        for i, (role, nth) in enumerate(roles * len(clinics))
    )
