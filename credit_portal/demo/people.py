"""Invented people. Rare surnames and made-up given names; identity numbers of a division that never existed."""

from datetime import date
from random import Random

from casework.privacy import COMPOUND_SURNAMES

DIVISION = "990101"  # assigned to nobody, ever
SURNAMES = "禤仉佴亓郄逄仝丌缑亢爨戢厍钭鄞晁笪澹麹郏"
COMPOUND = sorted(name for name in ("澹台", "公冶", "闾丘", "亓官", "颛孙", "巫马") if name in COMPOUND_SURNAMES)
GIVEN = ("砚秋", "鹿鸣", "听澜", "拾穗", "望舒", "疏影", "枕书", "问渠", "栖迟", "牧云", "知白", "守拙", "扶光", "沉璧", "观澜",
         "踏歌", "衔蝉", "煮雪", "听松", "归棹", "岫", "芷", "樨", "黛")  # fmt: skip
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"


def name(random: Random) -> str:
    """A name as nobody bears it, one in eight with a compound surname."""
    surname = random.choice(COMPOUND) if random.random() < 0.125 else random.choice(SURNAMES)
    return surname + random.choice(GIVEN)


def identity_number(born_on: date, sequence: int) -> str:
    """A number with the right check digit that cannot be anybody's."""
    first17 = f"{DIVISION}{born_on:%Y%m%d}{sequence:03d}"
    return first17 + CHECKS[sum(int(digit) * weight for digit, weight in zip(first17, WEIGHTS, strict=True)) % 11]
