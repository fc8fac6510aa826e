"""Looks at everything that Heed needs before it runs, and says what is missing and how to mend it."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from bot.calendars import read_calendars
from bot.channels.api.channel import ApiChannel
from bot.channels.api.webhook import Secret
from bot.channels.discord.channel import CAPABILITIES as DISCORD
from bot.channels.discord.permissions import allowed
from bot.channels.discord.setup import inspect as inspect_discord
from bot.channels.telegram.channel import CAPABILITIES as TELEGRAM
from bot.channels.telegram.setup import inspect as inspect_telegram
from bot.channels.webchat.channel import CAPABILITIES as WEBCHAT
from bot.channels.webchat.origins import Origins
from bot.checking_examples import at_odds, few_examples
from bot.checking_staff import check_staff, desks_by_setting
from bot.desk.discord.setup import inspect as inspect_desk
from bot.errors import HeedError, ModelError, SettingsError, TemplateError
from bot.platforms import room_rules, telegram_webhook
from bot.ports import Capabilities
from bot.records import Found, Severity
from bot.rulebook import rules_of
from bot.settings import Environment, Settings
from bot.wiring import SAMPLE_TEMPLATES, SHIPPED_CLASSIFIER, brand_of, languages_read, load_assessor, open_store
from handlers.brand import Brand
from models.kept_thresholds import read_thresholds
from models.manifest import SHIPPED

#: What a platform may be able to do, in words.
FLAGS = {
    "idempotent_sends": "repeating sends safely",
    "sees_edits": "seeing edits",
    "sees_deletions": "seeing deletions",
    "edits_sends": "changing what was sent",
    "deletes_sends": "taking back what was sent",
    "largest_file": "sending files along",
    "shows_typing": "showing typing",
    "backfills": "fetching what was missed",
}

#: A key that signs sessions is no shorter than this.
SHORT_SECRET = 16

#: Less free disk than this is worth a word, in bytes.
LITTLE_DISK = 500 * 1024 * 1024


def _ok(text: str) -> Found:
    return Found(severity=Severity.OK, text=text)


def _note(text: str, remedy: str) -> Found:
    return Found(severity=Severity.NOTE, text=text, remedy=remedy)


def _problem(text: str, remedy: str) -> Found:
    return Found(severity=Severity.PROBLEM, text=text, remedy=remedy)


async def check_everything(environment: Environment, read: Callable[[], Settings]) -> list[Found]:
    """Return what was found, in the order in which it is best mended. Changes nothing."""
    try:
        settings = read()
    except SettingsError as error:
        remedy = "docs/configuration.md tells what may stand there."
        return [_problem(line, remedy) for line in str(error).splitlines()]
    brand, told = _templates(settings)
    found = [_ok("The settings are sound."), *_rules(settings), *check_staff(settings, environment), *told]
    found += [finding async for finding in _model(settings, brand)]
    found += [finding async for finding in _store(settings)]
    found += [*_credentials(settings, environment)]
    found += [finding async for finding in _platforms(settings, environment)]
    return [*found, *_capabilities()]


def _rules(settings: Settings) -> Iterator[Found]:
    """Look at calendars, policies and routes, as they would be used now and without earlier copies of files."""
    try:
        calendars = read_calendars(settings, None, today=datetime.now(UTC).date())
        rules = rules_of(settings, named=calendars.by_name)
    except SettingsError as error:
        yield _problem(str(error), "docs/calendars.md and docs/configuration.md tell what may stand there.")
        return
    counted = ", ".join(calendars.by_name) or "none: clocks count day and night"
    yield _ok(f"Policies: {', '.join(policy.name for policy in rules.policies)}. Calendars: {counted}.")
    for problem in calendars.problems:
        yield _note(problem, "Put the file right.")


def _templates(settings: Settings) -> tuple[Brand | None, list[Found]]:
    """Return the brand, unless its templates are broken, and what is to be said of them."""
    folder = settings.templates or SAMPLE_TEMPLATES
    try:
        brand = brand_of(settings)
    except ModelError:  # the model's own check tells it
        return None, []
    except (TemplateError, SettingsError) as error:
        return None, [_problem(str(error), f"Mend the file in {folder}; docs/templates.md shows how.")]
    found = [_ok(f"{len(brand.catalogue.templates)} templates are sound (version {brand.catalogue.version}).")]
    if settings.templates is None:
        found.append(
            _note(
                "The sample brand's templates are in use.",
                "Copy handlers/templates, make it yours and name it under 'templates' in config.yaml.",
            )
        )
    return brand, [*found, *_expired(brand), *few_examples(brand.catalogue)]


def _expired(brand: Brand) -> Iterator[Found]:
    today = datetime.now(UTC).date()
    for template in brand.catalogue.templates.values():
        if not template.live(today):
            yield _note(
                f"{template.place.file}:{template.place.line}: the template '{template.id}' expired on "
                f"{template.expires}.",
                "Give it a later date, or delete it: until then its questions go to a human.",
            )


async def _model(settings: Settings, brand: Brand | None) -> AsyncIterator[Found]:
    try:
        assessor = await load_assessor(settings)
    except ModelError as error:
        yield _problem(str(error), "Heed does not start without a model.")
        return
    versions = assessor.versions
    try:
        at_issue = [] if brand is None else await at_odds(assessor, brand.catalogue)
    except ModelError as error:
        yield _problem(str(error), "Heed does not start with a model that fails.")
        return
    finally:
        await assessor.close()
    yield _ok(f"The model loads (version {versions.model}, calibration {versions.calibration}).")
    for found in _languages(settings):
        yield found
    for finding in at_issue:
        yield finding
    for found in _promise(settings):
        yield found


def _languages(settings: Settings) -> Iterator[Found]:
    """Say of each language that the brand wants answered which model reads it, if any."""
    own = settings.model.languages
    for language in sorted(set(settings.brand.languages) - languages_read(settings) - own.keys()):
        yield _note(
            f"No model reads {language}, which brand.languages names: such messages go to a human.",
            f"Name a model under model.languages.{language}, or take {language} out; docs/models.md tells how.",
        )
    for language, model in own.items():
        proved = [name for name, value in model.confidence.model_dump().items() if value is not None]
        yield _ok(f"Messages in {language} are read by {model.classifier}; no template answers them.")
        if not proved:
            yield _note(
                f"Whatever {model.classifier} says of a message in {language}, a human decides.",
                f"Set thresholds under model.languages.{language}.confidence once you know how often it is right.",
            )


def _promise(settings: Settings) -> Iterator[Found]:
    """Say what is proved of automatic decisions, and why so few are taken where hardly any can be."""
    model = settings.model
    try:
        kept = read_thresholds(model.weights or SHIPPED, risk=model.risk)
    except ModelError as error:
        yield _problem(str(error), "Heed does not start without them; docs/models.md tells about thresholds.")
        return
    if kept is None or model.classifier != SHIPPED_CLASSIFIER:
        yield _note(
            "Nothing is proved of this model's automatic decisions.",
            "Label messages of yours and run 'heed thresholds --keep'.",
        )
    elif kept.risk.bound is None or kept.why:
        yield _note(f"The bot decides less alone than it might: {' '.join(kept.why)}.", "See docs/models.md.")
    else:
        yield _ok(f"Of what the bot decides alone at most {kept.risk.bound:.1%} is wrong, for messages as tested.")


async def _store(settings: Settings) -> AsyncIterator[Found]:
    path = settings.store.path
    if not path.exists():
        yield (
            _ok(f"The store {path} will be made when Heed first runs.")
            if _writable(path)
            else _problem(
                f"The store {path} cannot be made there.",
                "Make the folder writable for this user, or name another path under 'store' in config.yaml.",
            )
        )
    else:
        yield await _existing(settings, path)
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    if free < LITTLE_DISK:
        yield _note(
            f"Only {free // 2**20} MiB are free where the store lies.",
            "Make room: with a full disk messages are refused, and senders have to repeat them.",
        )


async def _existing(settings: Settings, path: Path) -> Found:
    try:
        store = await open_store(settings)
        try:
            facts = await store.facts()
        finally:
            await store.close()
    except HeedError as error:
        return _problem(str(error), "Restore a backup with 'heed restore FILE', or name another path.")
    waiting = facts.conversations.get("escalated", 0)
    return _ok(f"The store {path} is sound (schema {facts.schema_version}, {waiting} conversations wait).")


def _writable(path: Path) -> bool:
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    return folder.is_dir() and os.access(folder, os.W_OK)


def _credentials(settings: Settings, environment: Environment) -> Iterator[Found]:
    if environment.api_token is None:
        yield _note(
            "The API is closed: HEED_API_TOKEN is not set.",
            "Set it to a long random text when other systems shall send messages.",
        )
    if environment.secret is None:
        yield _note(
            "Sessions are signed with a key that Heed makes beside the store.",
            "Set HEED_SECRET when several machines serve one brand, or when the disk does not last.",
        )
    elif len(environment.secret.get_secret_value()) < SHORT_SECRET:
        yield _problem(
            f"HEED_SECRET has fewer than {SHORT_SECRET} characters: it can be guessed.",
            "Set it to a long random text, as 'openssl rand -hex 32' gives one.",
        )
    yield from _addresses(settings, environment)
    outside = environment.host not in {"127.0.0.1", "localhost", "::1"}
    if outside and not environment.public_url.startswith("https://"):
        yield _note(
            f"Heed will listen on {environment.host} and HEED_PUBLIC_URL names no https address.",
            "Put a server that speaks https in front and name its address there, so that cookies stay private.",
        )


def _addresses(settings: Settings, environment: Environment) -> Iterator[Found]:
    """Look at what ``heed run`` would refuse: addresses and the secret of the webhook."""
    webhook, secret = settings.channels.api.webhook, environment.webhook_secret
    if webhook and secret is None:
        yield _problem(
            "channels.api.webhook is set and HEED_WEBHOOK_SECRET is not.",
            "Set it to the secret that the receiver checks, as whsec_ and base64.",
        )
    if webhook and not webhook.startswith(("https://", "http://")):
        yield _problem(f"channels.api.webhook: {webhook!r} is no address.", "Write one that starts with https://.")
    if secret is not None:
        yield from _refused(lambda: Secret(secret.get_secret_value()), "HEED_WEBHOOK_SECRET")
    yield from _refused(lambda: Origins(settings.channels.webchat.origins), "channels.webchat.origins")
    yield from _refused(lambda: Origins(own=environment.public_url.rstrip("/") or None), "HEED_PUBLIC_URL")


def _refused(make: Callable[[], object], name: str) -> Iterator[Found]:
    try:
        make()
    except SettingsError as error:
        yield _problem(f"{name}: {error}", "docs/configuration.md tells what may stand there.")


async def _discord(settings: Settings, token: str) -> list[Found]:
    """Look at Discord as customers' channel, and as staff's desk where it is one."""
    api, desks = settings.channels.discord.api, desks_by_setting(settings)
    found = await inspect_discord(token=token, rules=room_rules(settings, "discord"), api=api, desk=bool(desks))
    if desks:
        found += await inspect_desk(token=token, desks=desks, allowed=allowed, api=api)
    return found


async def _platforms(settings: Settings, environment: Environment) -> AsyncIterator[Found]:
    """Ask the platforms whose token is set what is missing there."""
    discord, telegram = environment.discord_token, environment.telegram_token
    if discord is None:
        yield _note("Discord is off: DISCORD_TOKEN is not set.", "docs/discord.md sets it up in five minutes.")
    else:
        for found in await _discord(settings, discord.get_secret_value().strip()):
            yield found
    if telegram is None:
        yield _note("Telegram is off: TELEGRAM_TOKEN is not set.", "docs/telegram.md sets it up in five minutes.")
        return
    try:
        address = telegram_webhook(settings, environment)
    except SettingsError as error:
        yield _problem(str(error), "docs/telegram.md tells both ways.")
        return
    for found in await inspect_telegram(
        token=telegram.get_secret_value().strip(),
        rules=room_rules(settings, "telegram"),
        api=settings.channels.telegram.api,
        webhook_url=address,
    ):
        yield found


def _capabilities() -> Iterator[Found]:
    for capabilities in (WEBCHAT, ApiChannel().capabilities, DISCORD, TELEGRAM):
        yield _ok(f"Channel {capabilities.name}: {describe(capabilities)}.")


def describe(capabilities: Capabilities) -> str:
    """Return what a platform can do in one line."""
    flags = [words if getattr(capabilities, name) else f"not {words}" for name, words in FLAGS.items()]
    how = "answers are pushed" if capabilities.mode == "push" else "answers are fetched"
    line = ", ".join([how, *flags, f"texts up to {capabilities.longest_text} characters"])
    instead = [f"{FLAGS[name]}: {sentence}" for name, sentence in capabilities.instead.items()]
    return "; ".join([line, *instead])
