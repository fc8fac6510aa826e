"""The log tells what happened and where, never what somebody wrote."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bot.errors import StoreUnavailable
from bot.logs import told
from tests.cli.conftest import WARNINGS


def fail_over(text: str, kind: type[Exception] = ValueError) -> str:
    with pytest.raises(kind) as raised:
        choke_on(text.upper(), kind)
    return told((raised.type, raised.value, raised.tb))


def choke_on(words: str, kind: type[Exception]) -> None:
    try:
        {}[words]
    except KeyError as first:
        raise kind(words) from first


def test_a_traceback_shows_the_place_but_not_the_words() -> None:
    log = fail_over("my card number")
    assert "builtins.KeyError" in log
    assert "which led to" in log
    assert log.endswith("builtins.ValueError")
    assert "in fail_over" in log
    assert "CARD" not in log


def test_what_the_store_says_is_told_because_it_quotes_nobody() -> None:
    assert fail_over("the store is full", StoreUnavailable).endswith(
        "bot.errors.StoreUnavailable: THE STORE IS FULL"
    )


def test_each_error_of_a_group_is_told() -> None:
    group = ExceptionGroup("both", [ValueError("hush"), OSError("disk")])
    log = told((type(group), group, None))
    assert "builtins.ValueError\n" in log
    assert log.endswith("builtins.OSError: disk")
    assert "hush" not in log


SCRIPT = """
import logging, structlog
from bot.logs import set_up_logs
set_up_logs({form!r}, "info")
log = structlog.get_logger("test")
secret_words = "a customer's words"
log.debug("unseen")
log.info("seen", messages=3)
try:
    raise ValueError(secret_words)
except ValueError:
    log.exception("failed", loop="worker")
    logging.getLogger("library").exception("failed too")
"""


def lines(form: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, *WARNINGS, "-c", SCRIPT.format(form=form)], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    assert "a customer" not in done.stderr.replace('secret_words = "a customer', "")
    return done.stderr.splitlines()


def test_json_logs_are_json_on_every_line_also_those_of_libraries() -> None:
    first, second, third = (json.loads(line) for line in lines("json"))
    assert (first["event"], first["level"], first["messages"]) == ("seen", "info", 3)
    assert (second["event"], second["loop"]) == ("failed", "worker")
    assert second["exception"].endswith("builtins.ValueError")
    assert (third["event"], third["logger"]) == ("failed too", "library")
    assert third["exception"].endswith("builtins.ValueError")


def test_text_logs_show_no_local_variables() -> None:
    log = "\n".join(lines("text"))
    assert "seen" in log
    assert "unseen" not in log
    assert "messages=3" in log
    assert "library: failed too" in log
    assert log.count("builtins.ValueError") == 2


COMMAND = """
import sys, structlog
from bot.cli import app, main

@app.command()
def fail():
    words = "secret".upper()
    structlog.get_logger("test").info("seen")
    try:
        raise ValueError(words)
    except ValueError:
        structlog.get_logger("test").exception("failed")

sys.argv = ["heed", "fail"]
main()
"""


def test_no_command_logs_local_variables_or_between_its_results() -> None:
    done = subprocess.run([sys.executable, *WARNINGS, "-c", COMMAND], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert "builtins.ValueError" in done.stderr
    assert "seen" not in done.stderr
    assert "SECRET" not in done.stderr
