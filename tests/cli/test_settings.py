"""A mistake in the settings is refused with its file, its line, and what would be right."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.sla import Metric
from bot.errors import SettingsError
from bot.settings import (
    SAMPLE_VARIABLES,
    Settings,
    parse_duration,
    parse_settings,
    read_environment,
    read_settings,
)


def refusal(text: str) -> str:
    with pytest.raises(SettingsError) as raised:
        parse_settings(text)
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("brand: [", "config.yaml:1: expected the node content, but found '<stream end>'"),
        ("brand:\n\tname: x", "config.yaml:2: found character '\\t' that cannot start any token"),
        ("- brand", "config.yaml:1: expected settings by name, as in 'brand:', not ['brand']"),
        ("just words", "config.yaml:1: expected settings by name, as in 'brand:', not 'just words'"),
        ("polcy: {}", "config.yaml:1: unknown setting 'polcy'; did you mean 'policy'?"),
        (
            "store:\n  path: x\n  durabilty: full",
            "config.yaml:3: unknown setting 'store.durabilty'; did you mean 'durability'?",
        ),
        ("store:\n  zzz: 1", "config.yaml:2: unknown setting 'store.zzz'; known are path, durability"),
        ("model:\n  threads: many", "config.yaml:2: 'model.threads': must be a whole number (found 'many')"),
        ("model:\n  threads: 1.5", "config.yaml:2: 'model.threads': must be a whole number (found 1.5)"),
        ("model: {threads: 0}", "config.yaml:1: 'model.threads': must be greater than or equal to 1 (found 0)"),
        ("model: {threads: 65}", "config.yaml:1: 'model.threads': must be less than or equal to 64 (found 65)"),
        (
            "model:\n  confidence:\n    praise: sure",
            "config.yaml:3: 'model.confidence.praise': must be a number (found 'sure')",
        ),
        (
            "model:\n  confidence:\n    praise: 1.1",
            "config.yaml:3: 'model.confidence.praise': must be less than or equal to 1 (found 1.1)",
        ),
        (
            "model:\n  label_map:\n    LABEL_0: rant",
            (
                "config.yaml:3: 'model.label_map.LABEL_0': "
                "must be 'question', 'complaint', 'praise' or 'other' (found 'rant')"
            ),
        ),
        (
            "model:\n  languages:\n    no: {classifier: a/b}",
            (
                "config.yaml:2: 'model.languages': YAML reads no as false; write 'no', in quotes, for Norwegian "
                "(found {False: {'classifier': 'a/b'}})"
            ),
        ),
        (
            "model:\n  languages:\n    German: {classifier: a/b}",
            (
                "config.yaml:2: 'model.languages': 'German' is no language; write its code in small letters, "
                "as in en or de (found {'German': {'classifier': 'a/b'}})"
            ),
        ),
        (
            "model:\n  languages:\n    de:\n      classifier: a/b",
            "config.yaml:3: 'model.languages.de.label_map': must be given (found {'classifier': 'a/b'})",
        ),
        (
            "model:\n  languages:\n    de: {classifier: a/b, label_map: {}, confidence: {question: 0.9}}",
            (
                "config.yaml:3: unknown setting 'model.languages.de.confidence.question'; "
                "known are complaint, praise, praise_alone, other"
            ),
        ),
        (
            "brand: {languages: en}",
            "config.yaml:1: 'brand.languages': must be a list, as in [en, de] (found 'en')",
        ),
        ("brand: {name: 5}", "config.yaml:1: 'brand.name': must be a text; write it in quotes (found 5)"),
        (
            "brand:\n  variables:\n    hours: [9, 18]",
            "config.yaml:3: 'brand.variables.hours': must be a text, a number, true or false (found [9, 18])",
        ),
        ("brand: Acme", "config.yaml:1: 'brand': must be settings by name (found 'Acme')"),
        (
            "channels: {api: {enabled: perhaps}}",
            "config.yaml:1: 'channels.api.enabled': must be true or false (found 'perhaps')",
        ),
        (
            "store: {durability: none}",
            "config.yaml:1: 'store.durability': must be 'full' or 'normal' (found 'none')",
        ),
        (
            "policy:\n  targets:\n    reply_time: 15m",
            "config.yaml:3: unknown name 'policy.targets.reply_time'; did you mean 'next_reply_time'?",
        ),
        (
            "policy:\n  targets:\n    patience: 15m",
            "config.yaml:3: unknown name 'policy.targets.patience'; known are " + ", ".join(Metric),
        ),
        (
            "policy:\n  targets:\n    first_reply_time: 0m",
            "config.yaml:3: 'policy.targets.first_reply_time': must be longer than zero (found '0m')",
        ),
        (
            "limits: {assess_within: 15}",
            (
                "config.yaml:1: 'limits.assess_within': "
                "15 is no duration; write a number and a unit, as in 30s, 15m, 24h or 7d (found 15)"
            ),
        ),
        (
            "limits: {assess_within: 2 weeks}",
            (
                "config.yaml:1: 'limits.assess_within': "
                "'2 weeks' is no duration; write a number and a unit, as in 30s, 15m, 24h or 7d (found '2 weeks')"
            ),
        ),
        (
            "conversation:\n  reopen_window: 999999999999d",
            (
                "config.yaml:2: 'conversation.reopen_window': "
                "'999999999999d' is longer than 100 years (found '999999999999d')"
            ),
        ),
        ("limits:\n  batch: 1\n  batch: 2", "config.yaml:3: 'batch' stands here a second time"),
    ],
)
def test_each_kind_of_mistake_is_told_in_one_line(text: str, told: str) -> None:
    assert refusal(text) == told


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    told = refusal("zzz: 1\nlimits:\n  batch: 0\nbrand:\n  nam: x").splitlines()
    assert [line.split(":")[1] for line in told] == ["1", "3", "5"]


def test_a_section_without_any_setting_in_it_keeps_all_defaults() -> None:
    assert parse_settings("limits:\n  # batch: 1\nbrand:") == parse_settings("")


@pytest.mark.parametrize(
    ("text", "long"),
    [
        ("250ms", timedelta(milliseconds=250)),
        ("30s", timedelta(seconds=30)),
        (" 1.5 h ", timedelta(minutes=90)),
        ("7d", timedelta(days=7)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, long: timedelta) -> None:
    assert parse_duration(text) == long


@pytest.mark.parametrize("wrong", ["", "15", "-1m", "m", "1w", "1,5h", None, True])
def test_nothing_else_is_a_duration(wrong: object) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(wrong)


def test_the_sample_templates_have_their_words_whatever_else_is_set() -> None:
    assert parse_settings("brand: {name: Acme}").brand.variables == SAMPLE_VARIABLES
    own = parse_settings("brand: {variables: {phone: '1'}}").brand.variables
    assert own == {**SAMPLE_VARIABLES, "phone": "1"}


def test_a_brand_with_its_own_templates_never_speaks_with_the_samples_words() -> None:
    assert parse_settings("templates: mine").brand.variables == {}


def test_the_same_defaults_hold_in_code_and_in_an_empty_file() -> None:
    assert Settings.model_validate({}) == parse_settings("")


def test_a_missing_file_names_the_variable_that_names_another(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"gone\.yaml: there is no such file; name another one in HEED_CONFIG"):
        read_settings(tmp_path / "gone.yaml")


def test_a_folder_or_a_file_of_bytes_is_no_settings(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(tmp_path)
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(tmp_path / "bytes.yaml")


@pytest.mark.parametrize(
    ("port", "told"),
    [
        ("abc", "environment: PORT='abc': must be a whole number"),
        ("70000", "environment: PORT='70000': must be less than or equal to 65535"),
        ("-1", "environment: PORT='-1': must be greater than or equal to 0"),
    ],
)
def test_a_port_that_is_none_is_told_with_its_variable(
    port: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(SettingsError) as raised:
        read_environment()
    assert str(raised.value) == told


def test_an_empty_variable_counts_as_one_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORT", "HEED_CONFIG", "HEED_API_TOKEN", "HEED_METRICS_TOKEN", "HEED_SECRET"):
        monkeypatch.setenv(name, "")
    environment = read_environment()
    assert (environment.port, environment.config) == (8080, None)
    assert (environment.api_token, environment.metrics_token, environment.secret) == (None, None, None)


def test_a_secret_shows_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEED_API_TOKEN", "hush-hush")
    assert "hush" not in repr(read_environment())
