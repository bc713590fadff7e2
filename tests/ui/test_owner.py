import time

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from genlab.errors import GenLabError
from genlab.jobs.desk import Visitor
from genlab.ui import owner
from genlab.ui.owner import COOKIE, MIDDLEWARE, SECRET, owner_words, unlock, visitor_id_of

BROWSER = {"accept": "text/html,application/xhtml+xml"}
ANN = Visitor("ann")


@pytest.fixture
def client():
    async def page(request):
        return HTMLResponse("<p>page")

    async def data(request):
        return PlainTextResponse("data")

    routes = [Route("/", page), Route("/data", data)]
    return TestClient(Starlette(routes=routes, middleware=MIDDLEWARE))


@pytest.fixture(autouse=True)
def no_teachers(monkeypatch):
    monkeypatch.setattr(owner, "_teachers", {})
    monkeypatch.setattr(owner, "WRONG_KEY_WAIT", 0.0)


def test_a_browser_gets_an_identity_with_its_first_page_and_keeps_it(client):
    first = client.get("/", headers=BROWSER)
    cookie = first.headers["set-cookie"]
    assert SECRET.fullmatch(client.cookies[COOKIE])
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie  # the server speaks http, and the cookie would be dropped
    assert "set-cookie" not in client.get("/", headers=BROWSER).headers


def test_two_browsers_get_two_identities(client):
    other = TestClient(client.app)
    client.get("/", headers=BROWSER)
    other.get("/", headers=BROWSER)
    assert client.cookies[COOKIE] != other.cookies[COOKIE]


def test_a_page_with_an_identity_in_it_is_kept_by_no_cache(client):
    assert client.get("/", headers=BROWSER).headers["cache-control"] == "no-store"


def test_over_https_the_identity_stays_on_https(client):
    secure = TestClient(client.app, base_url="https://genlab.example")
    assert "Secure" in secure.get("/", headers=BROWSER).headers["set-cookie"]


@pytest.mark.parametrize("value", ["", "0" * 31, "Z" * 32, "' or 1=1 --", "<script>"])
def test_an_identity_that_we_did_not_make_is_replaced(client, value):
    answer = client.get("/", headers=BROWSER | {"cookie": f"{COOKIE}={value}"})
    assert COOKIE in answer.headers["set-cookie"]


def test_what_is_no_page_sets_no_cookie(client):
    assert "set-cookie" not in client.get("/data").headers


def test_the_public_identity_does_not_give_the_cookie_away():
    secret = "0123456789abcdef" * 2
    shown = visitor_id_of(secret)
    assert shown == visitor_id_of(secret)
    assert shown != visitor_id_of("f" + secret[1:])
    assert shown not in secret
    assert len(shown) == 16


def is_teacher(visitor):
    return owner._teachers.get(visitor.id, 0.0) > time.time()


def test_the_key_makes_a_teacher_of_one_visitor_until_they_leave(monkeypatch):
    monkeypatch.setenv("GENLAB_TEACHER_KEY", "chalk and talk")
    unlock("chalk and talk", ANN)
    assert is_teacher(ANN)
    assert not is_teacher(Visitor("bob"))
    owner.leave(ANN)
    assert not is_teacher(ANN)


@pytest.mark.parametrize("typed", ["", "chalk", "CHALK AND TALK", "chalk and talk ", "кредо", "\0"])
def test_any_other_key_is_refused(monkeypatch, typed):
    monkeypatch.setenv("GENLAB_TEACHER_KEY", "chalk and talk")
    with pytest.raises(GenLabError, match="not the teacher's key"):
        unlock(typed, ANN)
    assert not is_teacher(ANN)


@pytest.mark.parametrize("typed", ["", "anything"])
def test_where_no_key_is_set_none_opens_and_the_mend_is_named(monkeypatch, typed):
    monkeypatch.delenv("GENLAB_TEACHER_KEY", raising=False)
    with pytest.raises(GenLabError, match="GENLAB_TEACHER_KEY"):
        unlock(typed, ANN)
    assert not is_teacher(ANN)


def test_every_wrong_guess_costs_time(monkeypatch):
    monkeypatch.setenv("GENLAB_TEACHER_KEY", "chalk")
    monkeypatch.setattr(owner, "WRONG_KEY_WAIT", 0.05)
    began = time.monotonic()
    for guess in ("a", "b"):
        with pytest.raises(GenLabError):
            unlock(guess, ANN)
    assert time.monotonic() - began >= 0.1


def test_owners_are_named_without_their_identity():
    assert owner_words("ann", ANN) == "you"
    assert owner_words("", ANN) == "the command line"
    assert owner_words("0123456789abcdef", ANN) == "visitor 0123"
