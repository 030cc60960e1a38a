"""Which passwords are none: too common, the user's own name, patterns of the keyboard (D12). No rules of composition."""

import re
import unicodedata
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LONGEST = 128
# What Chinese users string together beside Django's twenty thousand: words, love numbers, cities, rows of keys.
FAVOURITES = (
    "woaini", "woaiwo", "woaizhongguo", "aini", "wodemima", "mima", "nihao", "wangyi", "zhongguo", "china", "beijing", "shanghai",
    "shenzhen", "guangzhou", "qinghe", "cenzhou", "xinyong", "jianguan", "shichang", "admin", "administrator", "guanliyuan",
    "root", "password", "passw0rd", "p@ssw0rd", "p@ssword", "portal", "credit", "taobao", "alibaba", "tencent", "wechat",
    "weixin", "huawei", "xiaomi", "asdfghjkl", "asdf", "qwertyuiop", "qwerty", "qwer", "zxcvbnm", "zxcv", "1qaz", "2wsx", "3edc",
    "4rfv", "5tgb", "6yhn", "7ujm", "qazwsx", "qaz", "wsx", "edc", "abcdefg", "abcd", "abc", "aaa", "zzz", "iloveyou", "love",
    "hello", "welcome", "laopo", "laogong", "baobei", "baobao", "mama", "baba", "fuck", "tiancai", "gongxi", "facai", "xiexie",
    "5201314", "1314520", "520", "521", "1314", "147258369", "159357", "147", "258", "369", "666", "888", "168", "110", "119",
    "0123456789", "123456789", "12345678", "1234567", "123456", "12345", "1234", "123", "987654321", "87654321", "7654321",
    "654321", "54321", "4321", "321",
)  # fmt: skip
FAVOURITE = re.compile("|".join(re.escape(word) for word in sorted(FAVOURITES, key=len, reverse=True)))
WEAK = re.compile(r"[\W\d_]|(.)\1{2,}")  # digits, marks, one character again and again
LEAST_OWN = 4


def normalise(password: str) -> str:
    """One spelling for what different keyboards send (NFKC)."""
    return unicodedata.normalize("NFKC", password)


class CommonPasswords(CommonPasswordValidator):
    """Django's list, ours, whatever is longer than anybody types, and the user's own name in it."""

    def validate(self, password: str, user: Any = None) -> None:
        folded = password.casefold()
        name = getattr(user, "username", "").casefold()
        if len(password) > LONGEST:
            raise ValidationError(_("A password has at most %(longest)s characters.") % {"longest": LONGEST})
        super().validate(password, user)
        if len(WEAK.sub("", FAVOURITE.sub("", folded))) < LEAST_OWN:
            raise ValidationError(_("This password is too common."), code="password_too_common")
        if name and name in folded:
            raise ValidationError(_("The user name has no place in the password."))
