"""A server that several processes use: whoever comes first starts it, whoever leaves last stops it.

Two file locks say so. The kernel drops them when a process dies, however it dies, so no count can go wrong:
`<name>.start.lock` is held while somebody starts or stops the server, `<name>.users.lock` (shared) while somebody uses it.
"""

import contextlib
import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from credit_portal.local import CannotStart

# A socket's address holds 108 bytes; PostgreSQL and Redis add the name of their socket to the folder.
LONGEST_SOCKET_FOLDER = 85


@contextlib.contextmanager
def shared(
    folder: Path, name: str, *, start: Callable[[], None], stop: Callable[[], None]
) -> Iterator[Callable[[], None]]:
    """Hold a server; yields a function that starts it again if it died meanwhile."""
    with _lock_file(folder / f"{name}.start.lock") as starting, _lock_file(folder / f"{name}.users.lock") as users:
        with _alone(starting):
            start()
            fcntl.flock(users, fcntl.LOCK_SH)

        def revive() -> None:
            with _alone(starting):
                start()

        try:
            yield revive
        finally:
            with _alone(starting), contextlib.suppress(BlockingIOError):
                # Refused while somebody else holds it: they still use the server, so it stays.
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                stop()


def socket_folder(wanted: Path, *, uid: int, gid: int) -> Path:
    """A folder (0700, of that account) for a socket: `wanted`, or one under the temporary folder if its path is too long."""
    folder = wanted
    if len(os.fsencode(wanted)) > LONGEST_SOCKET_FOLDER:
        digest = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"portal-{digest}"
    private_folder(folder, uid=uid, gid=gid)
    return folder


def private_folder(folder: Path, *, uid: int, gid: int) -> None:
    """Make a folder that only one account may enter; refuse one that somebody else put there first."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        os.chown(folder, uid, gid)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {uid, os.geteuid()}:
        raise CannotStart(f"{folder} belongs to somebody else. Remove it, or set PORTAL_VAR to a folder of your own.")
    os.chown(folder, uid, gid)
    folder.chmod(0o700)


@contextlib.contextmanager
def _alone(lock: IO[str]) -> Iterator[None]:
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)


def _lock_file(path: Path) -> IO[str]:
    try:
        return path.open("a")
    except PermissionError as error:
        raise CannotStart(f"{path} belongs to another user. Run the portal as the user who ran it first.") from error
