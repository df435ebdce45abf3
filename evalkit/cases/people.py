"""Which people a set of cases is about: how old, of which sex, where, insured by whom, and what kind of names.

============  ==========================================================================================
profile       ``stress`` over-samples what breaks systems (90 and more, restricted ZIP areas, odd names); each patient
              has a weight that undoes it. ``population`` follows named public tables of the US.
names         ``canary``: one sighting in an output proves a leak, for boundary tests. ``realistic``: names as they
              are (`evalkit.cases.names`).
============  ==========================================================================================

The tables are those of docs/explanation/cases.md, with their sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from evalkit.cases.randomness import pick, running_totals, weighted, whole

Profile = Literal["stress", "population"]
Names = Literal["canary", "realistic"]
Sex = Literal["F", "M"]
Payer = Literal["employer", "direct", "tricare", "medicare", "medicaid", "va", "uninsured"]


@dataclass(frozen=True, slots=True)
class People:
    """What `evalkit.cases.patients.make_patient` and every family's ``make_case`` take as ``people``."""

    profile: Profile = "stress"
    names: Names = "canary"

    def __str__(self) -> str:
        return f"{self.profile}, {self.names} names"


ADULT = 18
"""Years."""
STRESS = People()
"""The default: cases made before there was a choice are these."""
POPULATION = People("population")

RESIDENTS_BY_AGE: tuple[tuple[int, int, int, int], ...] = (
    (0, 4, 18_400_235, 9_388_285), (5, 9, 20_130_423, 10_288_218), (10, 14, 21_627_830, 11_066_169),
    (15, 19, 22_036_076, 11_241_567), (20, 24, 22_166_199, 11_265_350), (25, 29, 22_301_254, 11_229_510),
    (30, 34, 22_533_412, 11_241_831), (35, 39, 21_874_944, 10_857_087), (40, 44, 20_309_193, 10_028_183),
    (45, 49, 20_145_294, 9_920_816), (50, 54, 20_723_512, 10_176_612), (55, 59, 22_120_489, 10_759_761),
    (60, 64, 21_287_919, 10_223_302), (65, 69, 18_288_727, 8_634_739), (70, 74, 14_823_238, 6_881_732),
    (75, 79, 9_955_322, 4_475_564), (80, 84, 6_388_779, 2_721_048), (85, 101, 6_336_435, 2_286_037),
)  # fmt: skip
"""(youngest, oldest, everybody, of them male): 2020 Census, Demographic Profile DP1. The last band is "85 and over"."""
RESIDENTS_BY_STATE: Mapping[str, int] = {
    "AL": 5_024_279, "AK": 733_391, "AZ": 7_151_502, "AR": 3_011_524, "CA": 39_538_223, "CO": 5_773_714,
    "CT": 3_605_944, "DE": 989_948, "DC": 689_545, "FL": 21_538_187, "GA": 10_711_908, "HI": 1_455_271,
    "ID": 1_839_106, "IL": 12_812_508, "IN": 6_785_528, "IA": 3_190_369, "KS": 2_937_880, "KY": 4_505_836,
    "LA": 4_657_757, "ME": 1_362_359, "MD": 6_177_224, "MA": 7_029_917, "MI": 10_077_331, "MN": 5_706_494,
    "MS": 2_961_279, "MO": 6_154_913, "MT": 1_084_225, "NE": 1_961_504, "NV": 3_104_614, "NH": 1_377_529,
    "NJ": 9_288_994, "NM": 2_117_522, "NY": 20_201_249, "NC": 10_439_388, "ND": 779_094, "OH": 11_799_448,
    "OK": 3_959_353, "OR": 4_237_256, "PA": 13_002_700, "RI": 1_097_379, "SC": 5_118_425, "SD": 886_667,
    "TN": 6_910_840, "TX": 29_145_505, "UT": 3_271_616, "VT": 643_077, "VA": 8_631_393, "WA": 7_705_281,
    "WV": 1_793_716, "WI": 5_893_718, "WY": 576_851,
}  # fmt: skip
"""2020 Census, resident population of the states and the District of Columbia (apportionment table 2)."""
INSURED: Mapping[Payer, float] = {
    "employer": 0.538, "direct": 0.107, "tricare": 0.028, "medicare": 0.191, "medicaid": 0.176, "va": 0.012,
    "uninsured": 0.080,
}  # fmt: skip
"""Part of all people with each kind of coverage in 2024, not exclusive: Census Bureau, P60-288. The test that holds
`payers` against it is what it is for."""
PRIVATE, PUBLIC = 0.661, 0.355
"""Any private and any public coverage, same source."""

_CELLS: tuple[tuple[int, int, Sex], ...] = tuple(
    (youngest, oldest, sex) for youngest, oldest, _, _ in RESIDENTS_BY_AGE for sex in ("F", "M")
)
_CELL_TOTALS = running_totals([count for _, _, all_, male in RESIDENTS_BY_AGE for count in (all_ - male, male)])
_OLDEST = ((85, 89), (90, 94), (95, 101))
_OLDEST_TOTALS = running_totals([62, 28, 10])
"""How the last band falls off inside: ours, for the table says no more than 85 and over."""
_STATES = tuple(RESIDENTS_BY_STATE)
_STATE_TOTALS = running_totals(list(RESIDENTS_BY_STATE.values()))

Coverage = tuple[Payer, ...]
_COVERAGES: tuple[tuple[int, tuple[tuple[int, Coverage], ...]], ...] = (
    (18, ((491, ("employer",)), (66, ("direct",)), (31, ("tricare",)), (300, ("medicaid",)),
          (42, ("employer", "medicaid")), (70, ("uninsured",)))),
    (64, ((579, ("employer",)), (92, ("direct",)), (20, ("employer", "direct")), (23, ("tricare",)),
          (106, ("medicaid",)), (26, ("employer", "medicaid")), (42, ("medicare",)), (3, ("medicare", "medicaid")),
          (8, ("va",)), (101, ("uninsured",)))),
    (199, ((423, ("medicare",)), (233, ("medicare", "employer")), (147, ("medicare", "direct")),
           (90, ("medicare", "medicaid")), (41, ("medicare", "tricare")), (43, ("medicare", "va")),
           (3, ("employer",)), (20, ("uninsured",)))),
)  # fmt: skip
"""(oldest age, (people in 1000, what they have)). The source gives the margins; how they meet is ours, fitted."""
_DEALT = tuple(
    (oldest, tuple(coverage for share, coverage in table for _ in range(share))) for oldest, table in _COVERAGES
)


def age_and_sex(first: int, second: int, third: int) -> tuple[int, Sex]:
    """Whole years and sex of somebody of the population, from three draws."""
    youngest, oldest, sex = weighted(first, _CELLS, _CELL_TOTALS)
    if oldest > 99:
        youngest, oldest = weighted(third, _OLDEST, _OLDEST_TOTALS)
    return whole(second, youngest, oldest), sex


def age_on(born: date, day: date) -> int:
    """Age in whole years on a day; somebody born on 29 February turns older on 1 March of other years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def home_state(draw: int) -> str:
    """A state by its residents, two letters."""
    return weighted(draw, _STATES, _STATE_TOTALS)


def payers(draw: int, age: int) -> Coverage:
    """What somebody of an age is insured by, first payer first; ``("uninsured",)`` for nothing."""
    return pick(draw, next(dealt for oldest, dealt in _DEALT if age <= oldest))


def share_of_ages(youngest: int, oldest: int) -> float:
    """The part of the population from ``youngest`` to ``oldest`` years, both included; a band is cut evenly."""
    whole_population = sum(count for _, _, count, _ in RESIDENTS_BY_AGE)
    found = 0.0
    for low, high, count, _ in RESIDENTS_BY_AGE:
        if high > 99:
            parts = zip(_OLDEST, (62, 28, 10), strict=True)
            found += sum(
                count * share / 100 * _overlap(span, (youngest, oldest)) / (span[1] - span[0] + 1)
                for span, share in parts
            )
        else:
            found += count * _overlap((low, high), (youngest, oldest)) / (high - low + 1)
    return found / whole_population


def share_of_state(state: str) -> float:
    """The part of the population that lives in a state."""
    return RESIDENTS_BY_STATE[state] / sum(RESIDENTS_BY_STATE.values())


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]) + 1)
