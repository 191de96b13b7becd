"""Invented personal names for the demonstration city.

A name is put together by chance from the lists below, so it belongs to nobody in particular.
Surnames are weighted roughly as in the south of Guangdong. The characters are chosen so that names
of leaders and of the best-known artists do not come out. A few long, rare and non-Han names are
sprinkled in because lists, seals and PDF fonts break on exactly those.
"""

from random import Random

# surname, weight
SURNAMES: tuple[tuple[str, int], ...] = (
    ("陈", 96), ("李", 84), ("黄", 78), ("梁", 66), ("张", 52), ("林", 44), ("吴", 42), ("谭", 34),
    ("余", 32), ("伍", 30), ("冯", 30), ("周", 30), ("何", 28), ("刘", 28), ("关", 24), ("罗", 24),
    ("谢", 22), ("邓", 22), ("区", 20), ("叶", 20), ("甄", 18), ("容", 18), ("朱", 18), ("王", 18),
    ("吕", 16), ("赵", 16), ("苏", 16), ("麦", 14), ("许", 14), ("郑", 14), ("蔡", 14), ("曾", 14),
    ("杨", 14), ("温", 12), ("汤", 12), ("莫", 12), ("潘", 12), ("钟", 12), ("胡", 12), ("邝", 12),
    ("聂", 10), ("岑", 10), ("卢", 10), ("阮", 10), ("任", 10), ("徐", 10), ("马", 10), ("高", 8),
    ("方", 8), ("施", 8), ("司徒", 8), ("邹", 8), ("雷", 8), ("郭", 8), ("孔", 6), ("曹", 6),
    ("袁", 6), ("唐", 6), ("彭", 6), ("江", 6), ("欧阳", 5), ("冼", 5), ("卓", 5), ("严", 5),
    ("欧", 4), ("尹", 4), ("龚", 4), ("古", 4), ("陶", 3), ("上官", 1), ("诸葛", 1), ("尉迟", 1),
)  # fmt: skip

FIRST_CHARACTERS = "嘉俊志文伟建永海子思诗婉雅慧淑美秀玉静欣颖浩宇梓锦耀荣卓健振世宏景柏绍惠佩凤月春秋彩立艺"
SECOND_CHARACTERS = "华辉君轩琪怡敏芳婷珊仪莹娟萍红兰燕英锋林森斌彬毅恒坚康宁峰洋铭源生光添权成良信达朗涵"
SINGLE_CHARACTERS = "敏伟婷静磊艳娟明莹颖琳琪洁雪辉鹏波凯斌霞朗桦欣"

RARE_SURNAMES = ("亓", "逄", "昝", "仝", "佘", "禤", "乜", "亓官")
RARE_CHARACTERS = "䶮翀垚喆犇赟彧祎"

NON_HAN_GIVEN = ("阿依努尔", "古丽巴哈尔", "艾尼瓦尔", "麦尔丹")
NON_HAN_FATHER = ("买买提", "吐尔逊", "阿卜杜拉", "艾合买提")

_SURNAME_LIST = [surname for surname, _ in SURNAMES]
_SURNAME_WEIGHTS = [weight for _, weight in SURNAMES]

# One name in so many is rare, and every fourth of those is non-Han.
RARE_EVERY = 61


def draw_name(random: Random, position: int) -> str:
    """Return an invented name for the person at ``position``, counted from 0.

    The position only decides whether the name is a rare one, so that a city of a hundred people
    already has one with ``·``. Namesakes happen, as they do in life.
    """
    if position % RARE_EVERY == RARE_EVERY // 2:
        if position // RARE_EVERY % 4 == 0:
            return f"{random.choice(NON_HAN_GIVEN)}·{random.choice(NON_HAN_FATHER)}"
        return random.choice(RARE_SURNAMES) + random.choice(RARE_CHARACTERS)
    (surname,) = random.choices(_SURNAME_LIST, _SURNAME_WEIGHTS)
    if random.random() < 0.14:
        return surname + random.choice(SINGLE_CHARACTERS)
    return surname + random.choice(FIRST_CHARACTERS) + random.choice(SECOND_CHARACTERS)


def is_from_lists(name: str) -> bool:
    """Tell whether the name can only be one put together from the lists of this file."""
    if "·" in name:
        given, _, father = name.partition("·")
        return given in NON_HAN_GIVEN and father in NON_HAN_FATHER
    for surname in (*_SURNAME_LIST, *RARE_SURNAMES):
        given = name.removeprefix(surname)
        if given == name or not given:
            continue
        if len(given) == 1 and given in SINGLE_CHARACTERS + RARE_CHARACTERS:
            return True
        if len(given) == 2 and given[0] in FIRST_CHARACTERS and given[1] in SECOND_CHARACTERS:
            return True
    return False
