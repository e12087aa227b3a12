"""A password in -> a hash to keep out; a password and that hash in -> whether they belong together out.

bytes > server > app > middleware > routing > [handler] > response > bytes

    passwords = Passwords()
    await passwords.hash("enchantress")               ->  $argon2id$v=19$m=65536,t=3,p=4$c2FsdA…$aGFzaA…
    await passwords.verify("enchantress", kept)       ->  True

Argon2 is slow and hungry on purpose: some 50 ms and 64 MiB a call, so that whoever steals the table cannot try many. On
the loop it would stop everybody, so it runs on a thread; and no more than `at_once` run together, since forty logins
would be 2.5 GiB. The others wait on the loop, and take no thread meanwhile.

Whoever asks for a user that does not exist must not be answered sooner: `verify(password, None)` is the same work, on a
hash that no password has. Answer both cases with the same words, too.

Spec:         https://www.rfc-editor.org/rfc/rfc9106#section-4
In FastAPI:   none, because its pages take pwdlib, without FastAPI
In Starlette: none, because it keeps no passwords
In Flask:     werkzeug.security:generate_password_hash, werkzeug.security:check_password_hash
Left out:     other hashes (bcrypt, scrypt), a pepper, limits of tries, Unicode normalisation
"""

import asyncio
import logging
import os
from base64 import b64encode
from weakref import WeakKeyDictionary

try:
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        "passwords need argon2-cffi: pip install 'rawasgi[security]'", name=missing.name
    ) from None

from rawasgi.concurrency import run_in_threadpool
from rawasgi.typed.security.comparison import in_bytes

log = logging.getLogger("rawasgi.security")


class Passwords:
    """Hashes passwords and verifies them, by default with the parameters of argon2-cffi, RFC 9106's for little memory.

    `at_once` is how many calls may run together, on one event loop.
    """

    def __init__(self, hasher: PasswordHasher | None = None, at_once: int = 4) -> None:
        if at_once < 1:
            raise ValueError(f"at_once is a number of calls, not {at_once}")
        self.hasher = hasher or PasswordHasher()
        self.at_once = at_once
        self.decoy = decoy(self.hasher)
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def hash(self, password: str) -> str:
        """A hash with a salt of its own, and its parameters in it: keep this text, and nothing else."""
        async with self.turn():
            return await run_in_threadpool(self.hasher.hash, in_bytes(password))

    async def verify(self, password: str, hashed: str | None) -> bool:
        """Whether this is the password. `hashed` is None for a user that does not exist: False, after the same work.

        A text that is no argon2 hash has no password either; it is logged as an error.
        """
        async with self.turn():
            return await run_in_threadpool(self.compare, in_bytes(password), self.decoy if hashed is None else hashed)

    def compare(self, password: bytes, hashed: str) -> bool:
        """The same, where you are on a thread already."""
        try:
            return self.hasher.verify(hashed, password)
        except VerifyMismatchError:
            return False
        except (InvalidHashError, VerificationError, UnicodeEncodeError) as error:
            if hashed == self.decoy:
                raise  # it is not the text: there is no memory left, for example
            log.error("a stored hash is none of argon2: %s", type(error).__name__)
        return self.compare(password, self.decoy)

    def needs_rehash(self, hashed: str) -> bool:
        """Whether the hash was made with other parameters than ours: then hash the password anew, now that it is there."""
        try:
            return self.hasher.check_needs_rehash(hashed)
        except InvalidHashError:
            return True

    def turn(self) -> asyncio.Semaphore:
        """Whose turn it is, on this loop."""
        loop = asyncio.get_running_loop()
        if loop not in self._turns:
            self._turns[loop] = asyncio.Semaphore(self.at_once)
        return self._turns[loop]


def decoy(hasher: PasswordHasher) -> str:
    """A hash with our parameters that no password has: random bytes where the hash would be. It costs nothing to make."""
    salt, digest = (b64encode(os.urandom(n)).decode().rstrip("=") for n in (hasher.salt_len, hasher.hash_len))
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2{hasher.type.name.lower()}$v=19${costs}${salt}${digest}"
