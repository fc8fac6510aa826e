"""``heed run``: what it refuses before it starts, and what commands do beside it."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from bot import __version__
from tests.cli.conftest import Command, Running, end_of, program

COMMANDS = (
    "run",
    "check",
    "classify",
    "replay",
    "report",
    "train",
    "evaluate",
    "backup",
    "restore",
    "erase",
    "pause",
    "resume",
    "user",
    "thresholds",
)
COVERED = "where is my order"


def test_the_version_is_told(heed: Command) -> None:
    done = heed("--version")
    assert (done.code, done.out) == (0, f"heed {__version__}\n")


def test_help_lists_every_command_and_every_command_has_help(heed: Command) -> None:
    done = heed("--help")
    assert done.code == 0
    for name in COMMANDS:
        assert f" {name} " in done.out
        assert heed(name, "--help").code == 0


def test_without_a_command_the_help_is_shown(heed: Command) -> None:
    assert "Commands" in heed().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nonsense"], "there is no role 'nonsense'; choose of all, web, listener, worker"),
        (
            ["worker"],
            "the embedded SQLite store is for one process, so 'worker' cannot run apart: use 'heed run all'",
        ),
        (
            ["web", "listener"],
            "the embedded SQLite store is for one process, so 'web listener' cannot run apart: use 'heed run all'",
        ),
    ],
)
def test_roles_that_cannot_be_had_are_refused_with_the_reason(heed: Command, words: list[str], told: str) -> None:
    done = heed("run", *words)
    assert (done.code, done.err) == (1, f"heed: {told}\n")


def test_a_mistake_in_the_settings_keeps_heed_from_starting(heed: Command, configured) -> None:
    path = configured("brand:\n  nam: Acme\n")
    done = heed("run")
    assert (done.code, done.err) == (1, f"heed: {path}:2: unknown setting 'brand.nam'; did you mean 'name'?\n")
    assert not Path("var").exists()


def test_the_settings_beside_the_caller_are_read_when_none_are_named(heed: Command) -> None:
    Path("config.yaml").write_text("zzz: 1\n", encoding="utf-8")
    assert heed("run").err.startswith("heed: config.yaml:1: unknown setting 'zzz'; known are brand, ")


def test_a_port_that_is_none_is_refused(heed: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "abc")
    assert heed("run").err == "heed: environment: PORT='abc': must be a whole number\n"


def test_a_port_that_is_taken_is_named_with_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = end_of(program("run", PORT=str(port)))
    assert done.code == 1
    assert done.err.startswith(f"heed: PORT={port}: 127.0.0.1 cannot be listened on (")
    assert done.err.endswith("address already in use); choose another with PORT\n")
    assert "Traceback" not in done.err


def test_beside_a_running_heed(heed: Command, running: Running) -> None:
    """One long life, because starting takes seconds: every command beside it, and a clean end."""
    second = end_of(program("run"))
    holder = f"(process {running.process.pid})"
    assert (second.code, second.out) == (1, "")
    assert second.err == f"heed: another heed runs on var/heed.sqlite {holder}: stop it first\n"

    _answers_stop_and_go_on(heed, running)

    assert heed("backup", "copy.sqlite").code == 0
    refused = heed("restore", "copy.sqlite", "--yes")
    assert (refused.code, refused.err) == (
        1,
        f"heed: another heed runs on var/heed.sqlite {holder}: stop it first\n",
    )
    assert "first_response_time" in heed("report", "--period", "1h").out
    assert heed("check").code == 0
    assert heed("erase", "api:customer-1", "--yes").code == 0
    assert running.ask("GET", "/readyz")["ready"]
    _a_link_signs_in_once(running.desk)


def _answers_stop_and_go_on(heed: Command, running: Running) -> None:
    before = running.write(1, COVERED)
    [answer] = running.ask("GET", "/api/v1/answers?wait=20")["answers"]
    assert (answer["heed_conversation"], answer["kind"]) == (before, "answer")
    assert heed("pause").code == 0
    during = running.write(2, COVERED)
    said = _said_until_escalated(running, during, after=answer["cursor"])
    assert "answer" not in {each["kind"] for each in said}
    assert heed("resume").code == 0
    after = running.write(3, COVERED)
    cursor = [answer, *said][-1]["cursor"]
    [answer] = running.ask("GET", f"/api/v1/answers?wait=20&after={cursor}")["answers"]
    assert (answer["heed_conversation"], answer["kind"]) == (after, "answer")


def _said_until_escalated(running: Running, conversation: str, *, after: str) -> list[dict[str, str]]:
    """Return what the customer was told by the time a human had to look."""
    for _ in range(20):
        said = running.ask("GET", f"/api/v1/answers?wait=1&after={after}")["answers"]
        if running.ask("GET", f"/api/v1/conversations/{conversation}")["state"] == "escalated":
            return list(said)
    pytest.fail("nobody was asked to look")


def _a_link_signs_in_once(link: str) -> None:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(link, timeout=10) as page:
        assert page.url.endswith("/desk")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(link, timeout=10)
    with refused.value as answer:
        assert answer.status == 403
