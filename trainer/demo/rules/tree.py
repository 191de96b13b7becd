"""The unit tree of the demonstration city, modelled on Jiangmen (江门市), Guangdong.

Names of the city, its seven counties and its 73 towns and streets are public geography (61 towns
and 12 streets, state of 2024). Departments bear the usual public names of their kind. Development
zones and farms are left out: they are not towns or streets. Which fields a department enforces
follows the public division of labour in outline; it is a demonstration, no list of powers.

A code repeats the code of its parent: ``JM-PJ-BSJD-ZF`` lies below ``JM-PJ-BSJD``, that below
``JM-PJ``, that below ``JM``. Codes are stable: they never depend on the seed or on the day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

CITY = "JM"
CITY_JUSTICE_BUREAU = "JM-SFJ"

KINDS = (
    "city",
    "county",
    "justice_bureau",
    "department",
    "township_street",
    "township_enforcement_office",
    "judicial_office",
)


@dataclass(frozen=True, slots=True)
class UnitSpec:
    """A unit (单位) of the tree.

    ``parent_code`` is None for the city alone. ``fields`` are the enforcement fields (执法领域) the
    unit enforces itself, empty for territories and supervision bodies; the first one is its main
    line. ``sort`` numbers the tree in reading order from 1.
    """

    code: str
    name: str
    short_name: str
    kind: str
    parent_code: str | None
    fields: tuple[str, ...]
    sort: int


# code part, full name, short name, fields
CITY_DEPARTMENTS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("SCJGJ", "江门市市场监督管理局", "市市场监管局", ("market",)),
    ("STHJJ", "江门市生态环境局", "市生态环境局", ("ecology",)),
    ("JTYSJ", "江门市交通运输局", "市交通运输局", ("transport",)),
    ("CSGLJ", "江门市城市管理和综合执法局", "市城管局", ("urban_mgmt",)),
    ("WGLTJ", "江门市文化广电旅游体育局", "市文广旅体局", ("culture_tourism",)),
    ("NYNCJ", "江门市农业农村局", "市农业农村局", ("agriculture",)),
    ("YJGLJ", "江门市应急管理局", "市应急管理局", ("emergency",)),
    ("ZRZYJ", "江门市自然资源局", "市自然资源局", ("natural_resources",)),
    ("WSJKJ", "江门市卫生健康局", "市卫生健康局", ("health",)),
    ("RSJ", "江门市人力资源和社会保障局", "市人社局", ("labour",)),
    ("ZJJ", "江门市住房和城乡建设局", "市住建局", ("housing",)),
    ("SLJ", "江门市水利局", "市水利局", ("water",)),
    ("XFJY", "江门市消防救援支队", "市消防救援支队", ("fire",)),
    ("GAJ", "江门市公安局", "市公安局", ("public_security",)),
    ("MZJ", "江门市民政局", "市民政局", ("civil_affairs",)),
    ("JYJ", "江门市教育局", "市教育局", ("education",)),
    ("FGJ", "江门市发展和改革局", "市发展改革局", ("energy_science", "grain")),
    ("GXJ", "江门市工业和信息化局", "市工信局", ("energy_science",)),
    ("KJJ", "江门市科学技术局", "市科技局", ("energy_science",)),
    ("TJJ", "江门市统计局", "市统计局", ("statistics",)),
    ("YBJ", "江门市医疗保障局", "市医保局", ("medical_insurance",)),
    ("CZJ", "江门市财政局", "市财政局", ("finance_audit",)),
    ("SJJ", "江门市审计局", "市审计局", ("finance_audit",)),
    ("SHWJ", "江门市商务局", "市商务局", ("market",)),
    ("SWJ", "国家税务总局江门市税务局", "市税务局", ("tax_customs",)),
    ("HG", "江门海关", "江门海关", ("tax_customs",)),
    ("HSJ", "江门海事局", "江门海事局", ("transport",)),
    ("YZGLJ", "江门市邮政管理局", "市邮政管理局", ("transport",)),
    ("YCZMJ", "江门市烟草专卖局", "市烟草专卖局", ("market",)),
    ("QXJ", "江门市气象局", "市气象局", ("emergency",)),
)

# code part, name without the county, short name, fields
COUNTY_DEPARTMENTS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("SCJGJ", "市场监督管理局", "市场监管局", ("market",)),
    ("JTYSJ", "交通运输局", "交通运输局", ("transport",)),
    ("CSGLJ", "城市管理和综合执法局", "城管局", ("urban_mgmt",)),
    ("WGLTJ", "文化广电旅游体育局", "文广旅体局", ("culture_tourism",)),
    ("YJGLJ", "应急管理局", "应急管理局", ("emergency",)),
    ("WSJKJ", "卫生健康局", "卫生健康局", ("health",)),
    ("RSJ", "人力资源和社会保障局", "人社局", ("labour",)),
    ("ZJJ", "住房和城乡建设局", "住建局", ("housing",)),
)
# The two central districts have one bureau for farming and water, and no fire or police unit of
# their own in this city; the others keep the two apart.
CENTRAL_DISTRICT_DEPARTMENTS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("NYNCJ", "农业农村和水利局", "农业农村和水利局", ("agriculture", "water")),
)
OUTER_COUNTY_DEPARTMENTS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("NYNCJ", "农业农村局", "农业农村局", ("agriculture",)),
    ("SLJ", "水利局", "水利局", ("water",)),
    ("XFJY", "消防救援大队", "消防救援大队", ("fire",)),
    ("GAJ", "公安局", "公安局", ("public_security",)),
)
CENTRAL_DISTRICTS = ("PJ", "JH")

# What towns took over differs; these two sets stand for a built-up street and a rural town.
STREET_FIELDS = ("township", "urban_mgmt", "health", "emergency")
TOWN_FIELDS = ("township", "urban_mgmt", "agriculture", "natural_resources", "emergency")

# county: code part, name; its towns and streets: code part, name
COUNTIES: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("PJ", "蓬江区", (
        ("BSJD", "白沙街道"), ("CLJD", "潮连街道"), ("HSJD", "环市街道"),
        ("TXZ", "棠下镇"), ("HTZ", "荷塘镇"), ("DRZ", "杜阮镇"),
    )),
    ("JH", "江海区", (
        ("WHJD", "外海街道"), ("LLJD", "礼乐街道"), ("JNJD", "江南街道"),
    )),
    ("XH", "新会区", (
        ("HCJD", "会城街道"), ("DZZ", "大泽镇"), ("SQZ", "司前镇"), ("LKZ", "罗坑镇"),
        ("SSZ", "双水镇"), ("YMZ", "崖门镇"), ("SDZ", "沙堆镇"), ("GJZ", "古井镇"),
        ("SJZ", "三江镇"), ("MZZ", "睦洲镇"), ("DAZ", "大鳌镇"),
    )),
    ("TS", "台山市", (
        ("TCJD", "台城街道"), ("DJZ", "大江镇"), ("SBZ", "水步镇"), ("SIJZ", "四九镇"),
        ("BSZ", "白沙镇"), ("SHZ", "三合镇"), ("CLZ", "冲蒌镇"), ("DSZ", "斗山镇"),
        ("DHZ", "都斛镇"), ("CXZ", "赤溪镇"), ("DFZ", "端芬镇"), ("GHZ", "广海镇"),
        ("HYZ", "海宴镇"), ("WCZ", "汶村镇"), ("SHJZ", "深井镇"), ("BDZ", "北陡镇"),
        ("CDZ", "川岛镇"),
    )),
    ("KP", "开平市", (
        ("SBJD", "三埠街道"), ("CSJD", "长沙街道"), ("YSZ", "月山镇"), ("SKZ", "水口镇"),
        ("STZ", "沙塘镇"), ("CCZ", "苍城镇"), ("LSZ", "龙胜镇"), ("DSZ", "大沙镇"),
        ("MGZ", "马冈镇"), ("TKZ", "塘口镇"), ("CKZ", "赤坎镇"), ("BHZ", "百合镇"),
        ("XGZ", "蚬冈镇"), ("JJZ", "金鸡镇"), ("CSZ", "赤水镇"),
    )),
    ("HS", "鹤山市", (
        ("SPJD", "沙坪街道"), ("YYZ", "雅瑶镇"), ("LKZ", "龙口镇"), ("GLZ", "古劳镇"),
        ("TYZ", "桃源镇"), ("HCZ", "鹤城镇"), ("GHZ", "共和镇"), ("ZSZ", "址山镇"),
        ("ZWZ", "宅梧镇"), ("SHZ", "双合镇"),
    )),
    ("EP", "恩平市", (
        ("ECJD", "恩城街道"), ("HBZ", "横陂镇"), ("STZ", "圣堂镇"), ("LXZ", "良西镇"),
        ("SHZ", "沙湖镇"), ("NIJZ", "牛江镇"), ("JTZ", "君堂镇"), ("DTZ", "大田镇"),
        ("NAJZ", "那吉镇"), ("DHZ", "大槐镇"), ("DCZ", "东成镇"),
    )),
)  # fmt: skip


@cache
def units() -> tuple[UnitSpec, ...]:
    """Return the whole tree in reading order, every parent before its children."""
    rows = [("", "江门市", "江门市", "city", None, ()), *_city_rows()]
    for part, name, towns in COUNTIES:
        rows.extend(_county_rows(f"{CITY}-{part}", name, part in CENTRAL_DISTRICTS))
        for town_part, town in towns:
            rows.extend(_town_rows(f"{CITY}-{part}", name, town_part, town))
    return tuple(
        UnitSpec(code or CITY, name, short_name, kind, parent, fields, sort)
        for sort, (code, name, short_name, kind, parent, fields) in enumerate(rows, start=1)
    )


@cache
def enforcement_units() -> tuple[UnitSpec, ...]:
    """Return the units that enforce in a field and so have officers, in reading order."""
    return tuple(unit for unit in units() if unit.fields)


@cache
def unit_by_code() -> dict[str, UnitSpec]:
    """Return the units under their codes; treat the dictionary as read-only."""
    return {unit.code: unit for unit in units()}


def lies_within(code: str, root: str) -> bool:
    """Tell whether the unit ``code`` is ``root`` or lies below it."""
    return code == root or code.startswith(f"{root}-")


@cache
def county_of(code: str) -> str | None:
    """Return the code of the county that holds the unit, None for the city and its own bodies."""
    for part, _, _ in COUNTIES:
        if lies_within(code, f"{CITY}-{part}"):
            return f"{CITY}-{part}"
    return None


_Row = tuple[str, str, str, str, str | None, tuple[str, ...]]


def _city_rows() -> Iterator[_Row]:
    yield CITY_JUSTICE_BUREAU, "江门市司法局", "市司法局", "justice_bureau", CITY, ()
    for part, name, short_name, fields in CITY_DEPARTMENTS:
        yield f"{CITY}-{part}", name, short_name, "department", CITY, fields


def _county_rows(code: str, county: str, central: bool) -> Iterator[_Row]:
    yield code, county, county, "county", CITY, ()
    stem = county[:-1]
    yield f"{code}-SFJ", f"{county}司法局", f"{stem}司法局", "justice_bureau", code, ()
    # Ecology and, in the three districts, land are branches of the city bureau; they belong to the
    # county's territory all the same, which is what the tree shows.
    branch = f"江门市生态环境局{stem}分局"
    yield f"{code}-STHJJ", branch, f"{stem}生态环境分局", "department", code, ("ecology",)
    if county.endswith("区"):
        name, short_name = f"江门市自然资源局{stem}分局", f"{stem}自然资源分局"
    else:
        name, short_name = f"{county}自然资源局", f"{stem}自然资源局"
    yield f"{code}-ZRZYJ", name, short_name, "department", code, ("natural_resources",)
    own = CENTRAL_DISTRICT_DEPARTMENTS if central else OUTER_COUNTY_DEPARTMENTS
    for part, name, short_name, fields in COUNTY_DEPARTMENTS + own:
        if part == "GAJ" and county.endswith("区"):
            full = f"江门市公安局{stem}分局"
            yield f"{code}-{part}", full, f"{stem}公安分局", "department", code, fields
        else:
            name, short_name = f"{county}{name}", f"{stem}{short_name}"
            yield f"{code}-{part}", name, short_name, "department", code, fields


def _town_rows(county_code: str, county: str, part: str, town: str) -> Iterator[_Row]:
    code = f"{county_code}-{part}"
    street = town.endswith("街道")
    seat = f"{county}{town}办事处" if street else f"{county}{town}人民政府"
    fields = STREET_FIELDS if street else TOWN_FIELDS
    stem = town.removesuffix("街道").removesuffix("镇")
    yield code, seat, town, "township_street", county_code, ()
    office = f"{town}综合行政执法办公室"
    yield (
        f"{code}-ZF", f"{county}{office}", f"{town}执法办",
        "township_enforcement_office", code, fields,
    )  # fmt: skip
    yield (
        f"{code}-SFS", f"{county}司法局{stem}司法所", f"{stem}司法所",
        "judicial_office", code, (),
    )  # fmt: skip
