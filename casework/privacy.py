"""Personal data: sealed boxes, look-up digests, masks (PIPL arts. 28, 51; 国办发〔2020〕49号 4, 14).

The only module that touches cryptography. Two rings of keys stand in files, never in the database and never in the
public face: boxes are opened with one, look-up digests made with the other. The first line of a ring writes, the others
only read; `manage.py rotate_keys` moves everything to the first.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from casework.actors import SYSTEM, Actor
from casework.audit import record
from casework.errors import Refused

AES_GCM, SM4_GCM = 1, 2  # the first byte of a box
NONCE, TAG = 12, 16
IDENTITY = "identity"  # the table sealed.identity


class Document(models.TextChoices):
    """Which document a number stands in."""

    RESIDENT_IDENTITY = "resident_identity", gettext_lazy("resident identity card")
    PASSPORT = "passport", gettext_lazy("passport")
    HONG_KONG_MACAO_PERMIT = "hong_kong_macao_permit", gettext_lazy("Hong Kong and Macao residents' travel permit")
    TAIWAN_PERMIT = "taiwan_permit", gettext_lazy("Taiwan residents' travel permit")
    PERMANENT_RESIDENCE = "permanent_residence", gettext_lazy("foreigner's permanent residence card")


class Purpose(models.TextChoices):
    """What a full number may be read for. The list is closed: whoever reads must name one (SEC-01, SEC-02)."""

    DETERMINATION = "determination", gettext_lazy("determination of a case")
    SERVICE = "service", gettext_lazy("service of a paper")
    OBJECTION = "objection", gettext_lazy("verification of an objection")
    REPAIR = "repair", gettext_lazy("credit repair")
    COURT = "court", gettext_lazy("review or court proceedings")
    OWN_REQUEST = "own_request", gettext_lazy("request of the person concerned")


WITHOUT_CASE = {Purpose.OWN_REQUEST}


class Unreadable(Exception):
    """A box that does not open: damaged, in another's place, or under a key that is not in the ring. Says no more."""


# --- Rings ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Key:
    id: int
    secret: bytes = field(repr=False)


def ring(setting: str) -> tuple[Key, ...]:
    """The keys of one ring, the writing one first."""
    path = str(getattr(settings, setting, "") or "")
    if not path:
        raise ImproperlyConfigured(f"{setting} is not set: this process holds no keys for personal data.")
    return _read_ring(setting, path)


@lru_cache(maxsize=32)
def _read_ring(setting: str, path: str) -> tuple[Key, ...]:
    """Read a ring file: lines `<key id>:<base64 of 32 bytes>`. The sentences name the line, never what stands in it."""
    try:
        lines = Path(path).read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{setting}: the key file {path} cannot be read ({type(error).__name__}).") from None
    keys: list[Key] = []
    for number, line in enumerate(lines, start=1):
        key_id, _colon, encoded = line.partition(":")
        try:
            secret = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            secret = b""
        if not re.fullmatch("[0-9]{1,3}", key_id) or not 1 <= int(key_id) <= 255 or len(secret) != 32:
            raise ImproperlyConfigured(
                f"{setting}: entry {number} of {path} is not `<key id 1 to 255>:<base64 of 32 bytes>`."
            )
        keys.append(Key(int(key_id), secret))
    if not keys:
        raise ImproperlyConfigured(f"{setting}: the key file {path} holds no key.")
    if len({key.id for key in keys}) < len(keys) or len({key.secret for key in keys}) < len(keys):
        raise ImproperlyConfigured(f"{setting}: {path} holds a key or a key id twice.")
    return tuple(keys)


def draw_key(key_id: int) -> str:
    """A fresh line for a ring file."""
    return f"{key_id}:{base64.b64encode(os.urandom(32)).decode()}"


# --- Boxes ------------------------------------------------------------------------------------------------------------


@sensitive_variables()
def seal(plain: str, *, table: str, person: UUID, kind: str) -> bytes:
    """Seal a text: suite ‖ key id ‖ nonce ‖ ciphertext. Bound to table, person and kind: a box in another's place fails."""
    key = ring("PORTAL_BOX_RING_FILE")[0]
    suite = SM4_GCM if _is_sm() else AES_GCM
    head, nonce = bytes([suite, key.id]), os.urandom(NONCE)
    about = _about(head, table, person, kind)
    if suite == AES_GCM:
        return head + nonce + AESGCM(key.secret).encrypt(nonce, plain.encode(), about)
    encryptor = Cipher(algorithms.SM4(_sm4_key(key)), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(about)
    return head + nonce + encryptor.update(plain.encode()) + encryptor.finalize() + encryptor.tag


@sensitive_variables()
def open_box(box: bytes, *, table: str, person: UUID, kind: str) -> str:
    """The text of a box, of either suite and of any key in the ring. Raises `Unreadable`."""
    box = bytes(box)
    if len(box) < 2 + NONCE + TAG:
        raise Unreadable("This box is too short.")
    head, nonce, ciphertext = box[:2], box[2 : 2 + NONCE], box[2 + NONCE :]
    key = next((key for key in ring("PORTAL_BOX_RING_FILE") if key.id == head[1]), None)
    if key is None:
        raise Unreadable(f"Key {head[1]} is not in the ring.")
    about = _about(head, table, person, kind)
    try:
        if head[0] == AES_GCM:
            return AESGCM(key.secret).decrypt(nonce, ciphertext, about).decode()
        if head[0] == SM4_GCM:
            mode = modes.GCM(nonce, ciphertext[-TAG:])
            decryptor = Cipher(algorithms.SM4(_sm4_key(key)), mode).decryptor()
            decryptor.authenticate_additional_data(about)
            return (decryptor.update(ciphertext[:-TAG]) + decryptor.finalize()).decode()
    except InvalidTag:
        raise Unreadable("This box was changed or stands in another's place.") from None
    raise Unreadable(f"Suite {head[0]} is unknown.")


def _about(head: bytes, table: str, person: UUID, kind: str) -> bytes:
    """What a box is bound to. Lengths first, so that no two places share a text."""
    name, sort = table.encode(), kind.encode()
    return head + person.bytes + bytes([len(name)]) + name + bytes([len(sort)]) + sort


@sensitive_variables()
def _sm4_key(key: Key) -> bytes:
    """SM4 takes 16 bytes; derived, so that the two suites never share key material."""
    return HKDFExpand(algorithm=hashes.SHA256(), length=16, info=b"credit-portal sm4-gcm").derive(key.secret)


def _is_sm() -> bool:
    crypto = getattr(settings, "PORTAL_CRYPTO", "aes")
    if crypto not in {"aes", "sm"}:
        raise ImproperlyConfigured(f"PORTAL_CRYPTO is {crypto!r}; write aes or sm.")
    return bool(crypto == "sm")


# --- Look-up digests and tags -----------------------------------------------------------------------------------------


@sensitive_variables()
def look_up_digests(value: str, kind: str) -> list[tuple[int, bytes]]:
    """(key id, digest) of a number under every key it may stand under; the first is the one to store.

    The number is not recoverable without the ring. Both algorithms are asked, so that a change of PORTAL_CRYPTO loses nobody.
    """
    message = kind.encode() + b"\x00" + normalise(value).encode()
    keys = ring("PORTAL_DIGEST_RING_FILE")
    first = _is_sm()
    return [(key.id, _hmac(key, message, sm=sm)) for sm in (first, not first) for key in keys]


@sensitive_variables()
def normalise(number: str) -> str:
    """A number as everybody would write it: no full width, no blanks, no invisible marks, capital letters."""
    folded = unicodedata.normalize("NFKC", number).upper()
    return "".join(c for c in folded if not c.isspace() and unicodedata.category(c) not in {"Cc", "Cf"})


@sensitive_variables()
def tag(number: str, scope: str) -> str:
    """Five characters that tell namesakes apart within one scope (a catalogue item's edition) and nowhere else.

    Computed at writing and stored. Not reversible without the key; two scopes give unlike tags, so nothing can be linked.
    """
    message = scope.encode() + b"\x00" + normalise(number).encode()
    digest = _hmac(ring("PORTAL_TAG_KEY_FILE")[0], message, sm=_is_sm())
    return base64.b32encode(digest)[:5].decode()


@sensitive_variables()
def _hmac(key: Key, message: bytes, *, sm: bool) -> bytes:
    if not sm:
        return hmac.digest(key.secret, message, hashlib.sha256)
    mac = HMAC(key.secret, hashes.SM3())
    mac.update(message)
    return mac.finalize()


# --- The sealed store -------------------------------------------------------------------------------------------------


@sensitive_variables()
def keep(person: UUID, number: str, *, kind: Document = Document.RESIDENT_IDENTITY) -> None:
    """Seal the number of a person's document. Keeping the same number twice is no error; another's number is refused."""
    holder = find(number, kind=kind)
    if holder == person:
        return
    taken = Refused(
        _("This document is already held, or this person already has one of this kind."), rule="identity_already_held"
    )
    if holder is not None:  # perhaps under another key, which the constraint cannot see
        raise taken
    digest_key, digest = look_up_digests(number, kind)[0]
    box = seal(normalise(number), table=IDENTITY, person=person, kind=kind)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO sealed.identity (person, kind, box, digest_key, digest) VALUES (%s, %s, %s, %s, %s)",
                [person, kind.value, box, digest_key, digest],
            )
    except IntegrityError:  # its text quotes values, so it goes no further
        raise taken from None


@sensitive_variables()
def find(number: str, *, kind: Document = Document.RESIDENT_IDENTITY) -> UUID | None:
    """The person who holds this number, if we know one. An office function: the public face has no ring (RSP-10)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person FROM unnest(%s::bytea[]) AS digest, sealed.find(digest) AS person WHERE person IS NOT NULL",
            [[digest for _key, digest in look_up_digests(number, kind)]],
        )
        row = cursor.fetchone()
    return row[0] if row else None


@dataclass(frozen=True)
class _Line:
    """What the audit asks of a case, for a line on somebody's own chain."""

    chain: UUID
    ref: str


def check_can_reveal(purpose: str, case: str) -> None:
    """A full number is read for a purpose of the list, and for a case where the purpose has one (SEC-01, SEC-07)."""
    if purpose not in Purpose.values:
        raise Refused(
            _("Name a purpose of the list."), rule="purpose_missing", rows=("SEC-01", "SEC-02"), field="purpose"
        )
    if not case and purpose not in WITHOUT_CASE:
        raise Refused(_("Name the case this is needed for."), rule="case_missing", rows=("SEC-07",), field="case")


@sensitive_variables()
def reveal(person: UUID, *, by: Actor, purpose: str, case: str = "", reason: str = "") -> dict[str, str]:
    """The full numbers of one person, by kind of document. Whether `by` may ask is checked by the caller.

    The query is committed first, in a transaction of its own on the reader's chain; only then does the database hand out
    the boxes. Inside a verb this fails, because the line could still be rolled back.
    """
    check_can_reveal(purpose, case)
    with transaction.atomic(durable=True):
        line = _Line(chain=by.uuid, ref=f"person:{person}")
        query = record(line, "privacy.identity_read", by=by, reason=reason, purpose=str(purpose), matter=case)
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, box FROM sealed.read(%s, %s)", [person, query])
        rows = cursor.fetchall()
    return {kind: open_box(box, table=IDENTITY, person=person, kind=kind) for kind, box in rows}


# --- Rotation ---------------------------------------------------------------------------------------------------------


@dataclass
class Rotation:
    """What one run did. `left` names the boxes that stay under an old key: damaged, or two persons under one number."""

    moved: int = 0
    left: list[str] = field(default_factory=list)


def check_can_rotate() -> None:
    """Both rings must begin with the keys that the owner of the database announced (`rotate_keys --announce`)."""
    writing = tuple(ring(name)[0].id for name in ("PORTAL_BOX_RING_FILE", "PORTAL_DIGEST_RING_FILE"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT box_key, digest_key FROM sealed.announced()")
        if cursor.fetchone() != writing:
            raise Refused(
                f"The rings write with keys {writing[0]} (boxes) and {writing[1]} (digests), which the owner has not "
                f"announced. As the owner: manage.py rotate_keys --announce {writing[0]} {writing[1]}",
                rule="keys_not_announced",
            )


def rotate(*, batch: int = 500) -> Rotation:
    """Move every box and digest to the first keys of the rings, a batch per transaction. Safe to repeat and to interrupt."""
    check_can_rotate()
    done, run = Rotation(), uuid4()
    for rows in _stale(run, batch):
        with transaction.atomic():
            for person, kind, box in rows:
                try:
                    done.moved += _move_box(person, kind, box)
                except (Unreadable, IntegrityError):
                    done.left.append(f"{person} {kind}")
    return done


def _stale(run: UUID, batch: int) -> Iterator[list[tuple[UUID, str, bytes]]]:
    last = (UUID(int=0), "")
    while True:
        with transaction.atomic(durable=True):
            line = _Line(chain=SYSTEM.uuid, ref=f"rotation:{run}")
            query = record(line, "privacy.keys_rotated", by=SYSTEM, after_person=str(last[0]))
        with connection.cursor() as cursor:
            cursor.execute("SELECT person, kind, box FROM sealed.stale(%s, %s, %s, %s, %s)", [run, query, *last, batch])
            rows = cursor.fetchall()
        if not rows:
            return
        last = rows[-1][:2]
        yield rows


@sensitive_variables()
def _move_box(person: UUID, kind: str, box: bytes) -> bool:
    """Re-seal one box. False if another run was quicker."""
    number = open_box(box, table=IDENTITY, person=person, kind=kind)
    digest_key, digest = look_up_digests(number, kind)[0]
    fresh = seal(number, table=IDENTITY, person=person, kind=kind)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT sealed.reseal(%s, %s, %s, %s, %s, %s)", [person, kind, box, fresh, digest_key, digest])
        (moved,) = cursor.fetchone()
    return bool(moved)


# --- Masks and what a number tells ------------------------------------------------------------------------------------

COMPOUND_SURNAMES = frozenset(  # pairs, simplified and traditional
    re.findall(
        "..",
        "欧阳歐陽上官司马司馬诸葛諸葛东方東方皇甫尉迟尉遲公孙公孫慕容令狐长孙長孫宇文轩辕軒轅司徒司空夏侯"
        "南宫南宮西门西門端木百里呼延澹台澹臺公冶宗政濮阳濮陽淳于单于單于太叔申屠仲孙仲孫钟离鍾離闾丘閭丘"
        "鲜于鮮于赫连赫連拓跋独孤獨孤万俟闻人聞人公羊谷梁穀梁梁丘左丘东郭東郭南门南門即墨亓官司寇子车子車"
        "颛孙顓孫巫马巫馬公西漆雕乐正樂正壤驷壤駟公良夹谷夾谷宰父段干微生羊舌第五贺兰賀蘭纳兰納蘭完颜完顏"
        "叶赫葉赫耶律爱新愛新哥舒斛律宿勤沙陀达奚達奚褚师褚師东野東野北宫北宮",
    )
)
NUMBER_WITHHELD = gettext_lazy("The document number is withheld as the law requires.")


def mask_name(name: str) -> str:
    """The name of a natural person as strangers may see it: surname and two stars, whatever the length (SHR-08).

    Names that are not Chinese keep their first letter. No digit ever shows, and nothing at all when there is no letter.
    """
    letters = "".join(c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c)[0] == "L")
    if len(letters) > 2 and letters[:2] in COMPOUND_SURNAMES:
        return letters[:2] + "**"
    return letters[:1].upper() + "**"


@sensitive_variables()
def birth_date(identity_number: str) -> date | None:
    """The birth date in a resident identity number (18 characters, or 15 until 1999); None for any other number."""
    number = normalise(identity_number)
    if re.fullmatch(r"[1-9][0-9]{16}[0-9X]", number):
        digits = number[6:14]
    elif re.fullmatch(r"[1-9][0-9]{14}", number):
        digits = "19" + number[6:12]
    else:
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def age_on(birth: date, day: date) -> int:
    """Full years of age on a day. A year is full from the day after the birthday (法释〔2006〕1号 art. 2, from memory):
    on the birthday itself a minor still is one."""
    return day.year - birth.year - ((day.month, day.day) <= (birth.month, birth.day))
