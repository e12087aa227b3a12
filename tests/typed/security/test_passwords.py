"""Passwords: hashes, threads, and the same work for who does not exist."""

import asyncio
import logging
import threading
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerificationError

from rawasgi.app import App
from rawasgi.exceptions import HTTPException
from rawasgi.responses import JSONResponse
from rawasgi.typed.security.passwords import Passwords, decoy
from tests.drive import exchange, http, on_a_loop

CHEAP: dict[str, Any] = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}


class Counting(PasswordHasher):
    """Notes each hash that it works on, and on which thread."""

    def __init__(self, **more):
        super().__init__(**{**CHEAP, **more})
        self.work = []

    def hash(self, password, **more):
        self.work.append((threading.current_thread(), None))
        return super().hash(password, **more)

    def verify(self, hashed, password):
        self.work.append((threading.current_thread(), extract_parameters(hashed)))
        return super().verify(hashed, password)


@on_a_loop
async def test_a_password_belongs_to_its_hash():
    """Each hash has a salt of its own; any text is a password, half a surrogate pair and NUL included."""
    passwords = Passwords(PasswordHasher(**CHEAP))
    for password in ("enchantress", "", "é\0", "\ud800", "x" * 100_000):
        kept = await passwords.hash(password)
        assert await passwords.hash(password) != kept
        assert kept.startswith("$argon2id$v=19$m=8,t=1,p=1$")
        assert await passwords.verify(password, kept) is True
        assert await passwords.verify(password + "x", kept) is False


@on_a_loop
async def test_the_work_is_done_on_threads():
    """The loop goes on meanwhile."""
    hasher = Counting()
    passwords = Passwords(hasher)
    await passwords.verify("a", await passwords.hash("a"))
    assert len(hasher.work) == 2
    assert all(thread is not threading.current_thread() for thread, _ in hasher.work)


@on_a_loop
async def test_no_more_run_at_once_than_were_granted():
    """The third of three waits on the loop until one of the others is done, and takes no thread."""
    running, peak, gate, two = 0, [], threading.Event(), asyncio.Event()
    tell = asyncio.get_running_loop().call_soon_threadsafe

    class Gated(PasswordHasher):
        def verify(self, hashed, password):
            nonlocal running
            running += 1
            peak.append(running)
            if running == 2:
                tell(two.set)
            gate.wait(10)
            running -= 1
            return True

    passwords = Passwords(Gated(**CHEAP), at_once=2)
    tasks = [asyncio.create_task(passwords.verify("a", None)) for _ in range(3)]
    await two.wait()
    gate.set()
    assert await asyncio.gather(*tasks) == [True] * 3
    assert max(peak) == 2


def test_one_object_serves_several_loops():
    """An app that is started twice, as tests do, waits on the loop that runs."""
    passwords = Passwords(PasswordHasher(**CHEAP), at_once=1)

    async def crowd():
        return await asyncio.gather(*(passwords.verify("a", None) for _ in range(3)))

    assert [asyncio.run(crowd()), asyncio.run(crowd())] == [[False] * 3] * 2


@on_a_loop
async def test_a_client_that_leaves_frees_its_turn():
    """A verification that is cancelled while it waits, or while it runs, is no longer counted."""
    passwords = Passwords(PasswordHasher(**CHEAP), at_once=1)
    for turns in range(4):
        tasks = [asyncio.create_task(passwords.verify("a", None)) for _ in range(2)]
        for _ in range(turns):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert await passwords.verify("a", None) is False


def test_old_parameters_are_seen():
    """A hash of ours needs nothing; one of other parameters, or of another kind, is to be made anew."""
    passwords = Passwords(PasswordHasher(**CHEAP))
    assert passwords.needs_rehash(PasswordHasher(**CHEAP).hash("a")) is False
    assert passwords.needs_rehash(PasswordHasher(**{**CHEAP, "time_cost": 2}).hash("a")) is True
    assert passwords.needs_rehash("$2b$12$abcdefghijklmnopqrstuv") is True


@pytest.mark.parametrize("more", [{}, {"hash_len": 20, "salt_len": 9, "time_cost": 2}])
def test_the_decoy_is_a_hash_like_ours_that_no_password_has(more):
    """It is parsed, worked on and found different; each object has its own."""
    hasher = PasswordHasher(**{**CHEAP, **more})
    made = decoy(hasher)
    assert extract_parameters(made) == extract_parameters(hasher.hash("a"))
    assert Passwords(hasher).compare(b"", made) is False
    assert decoy(hasher) != made


def test_it_wants_at_least_one_turn():
    """ValueError for none."""
    with pytest.raises(ValueError, match=r"^at_once is a number of calls, not 0$"):
        Passwords(at_once=0)


def test_what_fails_for_another_reason_is_raised():
    """No memory is not the password's fault, and no loop of trying again."""

    class Poor(PasswordHasher):
        def verify(self, hashed, password):
            raise VerificationError("Memory allocation error")

    passwords = Passwords(Poor(**CHEAP))
    for hashed in (PasswordHasher(**CHEAP).hash("a"), passwords.decoy):
        with pytest.raises(VerificationError, match=r"^Memory allocation error$"):
            passwords.compare(b"a", hashed)


@on_a_loop
async def test_who_exists_cannot_be_found_out(caplog):
    """An unknown user, a wrong password and a hash that is broken: the same answer after the same work, counted."""
    hasher = Counting()
    passwords, app = Passwords(hasher), App()
    users = {"ada": PasswordHasher(**CHEAP).hash("enchantress"), "bob": "!", "eve": "$argon2id$v=19$m=8,t=1,p=1$é$é"}

    @app.post("/token")
    async def login(request):
        form = await request.form()
        if not await passwords.verify(form["password"], users.get(form["username"])):
            raise HTTPException(400, "Incorrect username or password")
        return JSONResponse({"access_token": form["username"]})

    async def answer_and_work(username, password="wrong"):
        hasher.work.clear()
        body = f"username={username}&password={password}".encode()
        scope = http("POST", "/token", headers=[("content-type", "application/x-www-form-urlencoded")])
        sent = await exchange(app, scope, [{"type": "http.request", "body": body}])
        return sent, [parameters for _, parameters in hasher.work]

    refused, work = await answer_and_work("ada")
    assert (refused[0]["status"], len(work)) == (400, 1)
    assert await answer_and_work("nobody") == (refused, work)
    assert await answer_and_work("") == (refused, work)
    with caplog.at_level(logging.ERROR, "rawasgi.security"):
        for broken in ("bob", "eve"):
            sent, more = await answer_and_work(broken)
            assert (sent, more[-1:]) == (refused, work)
    assert len(caplog.records) == 2
    assert "é" not in caplog.text
    sent, more = await answer_and_work("ada", "enchantress")
    assert (sent[0]["status"], more) == (200, work)
