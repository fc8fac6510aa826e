"""``heed check`` names each problem with its remedy and ends with status 1; where all is sound, with 0."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.stores.sqlite.schema import STEPS
from models.manifest import SHIPPED
from tests.cli.conftest import ROOT, Command

Configured = Callable[[str], Path]


def problems(out: str) -> list[str]:
    """Return each problem and its remedy."""
    lines = out.splitlines()
    return [
        f"{line.removeprefix('problem').strip()} | {lines[number + 1].strip()}"
        for number, line in enumerate(lines)
        if line.startswith("problem")
    ]


def test_the_shipped_settings_are_sound_and_checking_makes_nothing(heed: Command) -> None:
    done = heed("check")
    assert (done.code, problems(done.out), done.err) == (0, [], "")
    for told in ("settings are sound", "templates are sound", "model loads", "will be made", "Channel webchat"):
        assert told in done.out
    assert list(Path.cwd().iterdir()) == []


def test_a_store_that_is_there_is_looked_at(heed: Command, store_with_a_message: Path) -> None:
    done = heed("check")
    assert done.code == 0
    assert f"The store var/heed.sqlite is sound (schema {len(STEPS)}, 0 conversations wait)." in done.out


def test_every_mistake_in_the_settings_is_a_problem(heed: Command, configured: Configured) -> None:
    path = configured("polcy: {}\nlimits: {batch: 0}\n")
    done = heed("check")
    assert done.code == 1
    assert problems(done.out) == [
        (
            f"{path}:1: unknown setting 'polcy'; did you mean 'policy'? | "
            "docs/configuration.md tells what may stand there."
        ),
        (
            f"{path}:2: 'limits.batch': must be greater than or equal to 1 (found 0) | "
            "docs/configuration.md tells what may stand there."
        ),
    ]
    assert "2 problems to mend." in done.err


def test_a_broken_template_is_named_with_file_and_line(heed: Command, configured: Configured) -> None:
    shutil.copytree(ROOT / "handlers" / "templates", "mine")
    broken = Path("mine/delivery.yaml")
    broken.write_text(broken.read_text(encoding="utf-8") + "\nnot: [closed\n", encoding="utf-8")
    configured("templates: mine")
    done = heed("check")
    assert done.code == 1
    [problem] = problems(done.out)
    assert problem.startswith("delivery.yaml:")
    assert problem.endswith("Mend the file in mine; docs/templates.md shows how.")


def test_a_variable_that_the_brand_does_not_set_is_a_problem(heed: Command, configured: Configured) -> None:
    shutil.copytree(ROOT / "handlers" / "templates", "mine")
    configured("templates: mine")
    done = heed("check")
    assert done.code == 1
    assert "unknown variable brand." in problems(done.out)[0]


@pytest.mark.parametrize("file", ["model.int8.onnx", "tokenizer.json", "manifest.json"])
def test_damaged_weights_are_a_problem(heed: Command, configured: Configured, file: str) -> None:
    shutil.copytree(SHIPPED, "weights")
    with Path("weights", file).open("r+b") as weights:
        weights.seek(100)
        weights.write(b"\0damaged\0")
    configured("model: {weights: weights}")
    done = heed("check")
    assert done.code == 1
    [problem] = problems(done.out)
    assert problem.startswith(f"weights/{file} is damaged")
    assert problem.endswith("Heed does not start without a model.")


def test_weights_that_are_not_there_are_a_problem(heed: Command, configured: Configured) -> None:
    configured("model: {weights: nowhere}")
    [problem] = problems(heed("check").out)
    assert problem.startswith("nowhere/manifest.json is missing")


def test_a_file_that_is_no_store_is_a_problem(heed: Command, configured: Configured) -> None:
    Path("store.sqlite").write_bytes(b"no database at all, but long enough" * 100)
    configured("store: {path: store.sqlite}")
    done = heed("check")
    assert done.code == 1
    [problem] = problems(done.out)
    assert problem.startswith("store.sqlite is damaged or not a store of Heed")
    assert problem.endswith("Restore a backup with 'heed restore FILE', or name another path.")


def test_a_key_that_can_be_guessed_is_a_problem(heed: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEED_SECRET", "swordfish")
    done = heed("check")
    assert done.code == 1
    assert problems(done.out)[0].startswith("HEED_SECRET has fewer than 16 characters")
    assert "swordfish" not in done.out + done.err


def test_a_place_that_cannot_hold_a_store_is_a_problem(heed: Command, configured: Configured) -> None:
    Path("file").write_text("in the way", encoding="utf-8")
    configured("store: {path: file/heed.sqlite}")
    assert "cannot be made there" in problems(heed("check").out)[0]


def test_a_webhook_without_its_secret_is_a_problem(heed: Command, configured: Configured) -> None:
    configured("channels: {api: {webhook: https://shop.example/heed}}")
    done = heed("check")
    assert done.code == 1
    assert problems(done.out) == [
        (
            "channels.api.webhook is set and HEED_WEBHOOK_SECRET is not. | "
            "Set it to the secret that the receiver checks, as whsec_ and base64."
        )
    ]


def test_addresses_and_secrets_that_are_none_are_problems(
    heed: Command, configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured("channels: {api: {webhook: shop.example}, webchat: {origins: [https://shop.example/page]}}")
    monkeypatch.setenv("HEED_WEBHOOK_SECRET", "short and secret")
    monkeypatch.setenv("HEED_PUBLIC_URL", "https://talk.shop.example/heed")
    done = heed("check")
    assert done.code == 1
    assert [problem.split(" | ")[0] for problem in problems(done.out)] == [
        "channels.api.webhook: 'shop.example' is no address.",
        "HEED_WEBHOOK_SECRET: the webhook's secret is 'whsec_' and 24 to 64 bytes in base64 (not shown here)",
        "channels.webchat.origins: chat origin: 'https://shop.example/page' is no origin; write one like 'https://shop.example'",
        (
            "HEED_PUBLIC_URL: chat origin: 'https://talk.shop.example/heed' is no origin; "
            "write one like 'https://shop.example'"
        ),
    ]
    assert "short and secret" not in done.out + done.err


def test_listening_to_the_world_without_https_is_worth_a_note(
    heed: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST", "0.0.0.0")
    done = heed("check")
    assert done.code == 0
    assert "Heed will listen on 0.0.0.0 and HEED_PUBLIC_URL names no https address." in done.out


def test_a_variable_that_cannot_be_read_is_told_in_one_line(
    heed: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "abc")
    done = heed("check")
    assert (done.code, done.err) == (1, "heed: environment: PORT='abc': must be a whole number\n")


STAFFED = """
agents: [{name: alex, role: lead, discord: 11}, {name: sam}, {name: kim, discord: 12}]
teams: {support: {members: [alex, sam], discord: 300}, press: }
"""


def test_teams_are_told_in_a_line_with_what_they_lack(heed: Command, configured: Configured) -> None:
    configured(STAFFED)
    done = heed("check")
    assert (done.code, done.err) == (0, "")
    for told in (
        "Teams: support (alex, sam), press (nobody). In no team: kim.",
        "The team 'press' has no members: its conversations concern everybody.",
        "A desk on Discord is named and DISCORD_TOKEN is not set: it stays closed.",
        "Without an id on Discord, so without the desk there: sam.",
        "Conversations of no team, press show on no desk on Discord, only at /desk.",
    ):
        assert told in done.out


def test_with_a_default_channel_no_conversation_is_without_a_desk(heed: Command, configured: Configured) -> None:
    configured(STAFFED + "desk: {discord: {channel: 301}}\n")
    out = heed("check").out
    assert "Without an id on Discord" in out
    assert "show on no desk" not in out


def test_without_a_desk_on_discord_nobody_needs_an_id_there(heed: Command, configured: Configured) -> None:
    configured("agents: [{name: sam}]")
    out = heed("check").out
    assert "Teams: none. In no team: sam." in out
    assert "Discord, so without" not in out


def test_a_team_that_is_not_there_is_a_problem(heed: Command, configured: Configured) -> None:
    path = configured("teams: {care: }\nroutes: [{team: car}]\n")
    done = heed("check")
    assert done.code == 1
    [problem] = problems(done.out)
    assert problem.startswith(f"{path}:2: 'routes': there is no team 'car' under 'teams'; did you mean 'care'?")
