"""The settings: ``config.yaml`` for what a brand decides, the environment for secrets and addresses.

A mistake is refused with file, line, the wrong name or value, and what would be right.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.domain.rooms import Attention
from bot.domain.sla import Metric
from bot.errors import SettingsError

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*$")

#: The longest duration, in seconds: beyond it a date is no date any more.
_LONGEST = 100 * 365 * 86_400

#: What would have been right, by the kind of pydantic's complaint. Other complaints keep pydantic's words.
_RIGHT = {
    "tuple_type": "must be a list, as in [en, de]",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be a text; write it in quotes",
    "path_type": "must be a path",
    "model_type": "must be settings by name",
    "model_attributes_type": "must be settings by name",
    "mapping_type": "must be settings by name",
}


def parse_duration(value: object) -> timedelta:
    """Return a duration written as ``15m`` (ms, s, m, h or d). Raises ValueError for anything else."""
    if isinstance(value, timedelta):
        return value
    found = _DURATION.match(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{value!r} is no duration; write a number and a unit, as in 30s, 15m, 24h or 7d")
    seconds = float(found[1]) * _UNITS[found[2]]
    if seconds > _LONGEST:
        raise ValueError(f"{value!r} is longer than 100 years")
    return timedelta(seconds=seconds)


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than zero")
    return value


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Positive = Annotated[timedelta, BeforeValidator(lambda value: _positive(parse_duration(value)))]
Share = Annotated[float, Field(ge=0, le=1)]


def _text_or_number(value: object) -> object:
    if not isinstance(value, str | int | float):
        raise ValueError("must be a text, a number, true or false")  # noqa: TRY004  # pydantic reports ValueErrors
    return value


Variable = Annotated[str | int | float | bool, BeforeValidator(_text_or_number)]


def _language(value: object) -> object:
    if not isinstance(value, str) or re.fullmatch(r"[a-z]{2,3}", value) is None:
        raise ValueError(f"{value!r} is no language; write its code in small letters, as in en or de")
    return value


def _address(value: object) -> object:
    if not isinstance(value, str) or (value and re.match(r"https?://[^/\s]+", value) is None):
        raise ValueError(f"{value!r} is no address; it begins with https:// or http://")
    return value


def _named(value: object) -> object:
    if not str(value).strip():
        raise ValueError("names no file")
    return value


Language = Annotated[str, BeforeValidator(_language)]
Address = Annotated[str, BeforeValidator(_address)]
NamedFile = Annotated[Path, BeforeValidator(_named)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, value: object) -> object:
        """Take a name with nothing under it, as when every line is a comment, for one left out."""
        return {} if value is None else value


class BrandSettings(_Section):
    """Who the bot speaks for. ``variables`` are what the templates may say about the brand."""

    name: str = Field(default="Fern & Forge", min_length=1)
    languages: tuple[Language, ...] = Field(default=("en",), min_length=1)
    variables: Mapping[str, Variable] = Field(default_factory=dict)


class StoreSettings(_Section):
    """Where everything is kept. ``full``: a commit survives a power cut; ``normal``: a killed process."""

    path: NamedFile = Path("var/heed.sqlite")
    durability: Literal["full", "normal"] = "full"


class ConfidenceSettings(_Section):
    """How sure the bot must be before it acts by itself; below, a human looks.

    Labels that are left out are as sure as ``model.risk`` asks, for weights with kept thresholds.
    """

    question: Share | None = None
    template: Share = 0.85
    margin: Share = 0.06
    verbatim: Share = 0.95
    complaint: Share | None = None
    praise: Share | None = None
    praise_alone: Share = 0.8
    other: Share | None = None
    unasked: Share = 0.9
    unasked_template: Share = 0.93


class ModelSettings(_Section):
    """Which model reads the messages: the shipped one, or any Hugging Face classifier with a label map.

    ``weights``: a folder that ``heed train`` made, in the shipped weights' stead. ``risk``: the share of wrong
    automatic decisions, silence included, that the brand accepts.
    """

    classifier: str = "shipped"
    weights: Path | None = None
    label_map: Mapping[str, Literal["question", "complaint", "praise", "other"]] = Field(default_factory=dict)
    risk: Annotated[float, Field(gt=0, lt=1)] = 0.05
    threads: int = Field(default=2, ge=1, le=64)
    confidence: ConfidenceSettings = ConfidenceSettings()


class PolicySettings(_Section):
    """By when staff want to have answered. ``warn_at`` is the share of the target at which they are warned."""

    name: str = "standard"
    targets: Mapping[Metric, Positive] = Field(
        default_factory=lambda: {
            Metric.FIRST_REPLY: timedelta(minutes=15),
            Metric.NEXT_REPLY: timedelta(minutes=15),
        }
    )
    warn_at: Annotated[float, Field(gt=0, lt=1)] = 0.8


class ConversationSettings(_Section):
    """How long things last."""

    silence_resolves_after: Positive = timedelta(hours=24)
    reopen_window: Positive = timedelta(days=7)
    claim_lifetime: Positive = timedelta(minutes=30)
    send_within: Positive = timedelta(minutes=5)
    late_after: Positive = timedelta(minutes=10)


class LimitSettings(_Section):
    """Bounds that keep Heed on its feet."""

    assess_within: Positive = timedelta(minutes=2)
    most_queued: int = Field(default=20_000, ge=100)
    messages_per_minute: int = Field(default=20, ge=1)
    workers: int = Field(default=2, ge=1, le=16)
    batch: int = Field(default=32, ge=1, le=500)


class WebchatSettings(_Section):
    """The chat page. ``origins``: sites that may embed it, as ``https://shop.example``.

    ``greeting`` and ``introduction`` stand on the empty page, ``suggestions`` are questions to begin with.
    """

    enabled: bool = True
    origins: tuple[str, ...] = ()
    greeting: str = Field(default="Hi! How can we help?", min_length=1)
    introduction: str = "We answer at once where we can. A person takes over where we can't."
    suggestions: tuple[str, ...] = ()


class ApiSettings(_Section):
    """Other systems as channels. With a ``webhook`` answers are pushed there, else they are fetched."""

    enabled: bool = True
    webhook: str = ""


def _platform_id(value: object) -> object:
    whole = isinstance(value, str | int) and not isinstance(value, bool)
    if not whole or re.fullmatch(r"-?\d{1,20}", str(value)) is None:
        raise ValueError(f"{value!r} is no id of the platform; write its number, as in 1100000000000000001")
    return str(value)


PlatformId = Annotated[str, BeforeValidator(_platform_id)]


class RoomSettings(_Section):
    """One room and what the bot takes there for meant for the brand; in all others that is what names the bot.

    ``patience``: how long others have the first word, under ``unanswered``.
    """

    id: PlatformId
    attention: Attention = Attention.UNANSWERED
    patience: Positive = timedelta(minutes=5)


def _once(rooms: tuple[RoomSettings, ...]) -> tuple[RoomSettings, ...]:
    known: set[str] = set()
    for room in rooms:
        if room.id in known:
            raise ValueError(f"room {room.id} stands here twice; keep one of them")
        known.add(room.id)
    return rooms


Rooms = Annotated[tuple[RoomSettings, ...], AfterValidator(_once)]


class DiscordSettings(_Section):
    """Discord, with DISCORD_TOKEN in the environment. ``api`` and ``gateway``: where a proxy stands between."""

    rooms: Rooms = ()
    api: Address = "https://discord.com/api/v10"
    gateway: str = Field(default="wss://gateway.discord.gg/", pattern=r"^wss?://\S+$")


class TelegramSettings(_Section):
    """Telegram, with TELEGRAM_TOKEN in the environment. ``api``: where a Bot API server of one's own runs."""

    rooms: Rooms = ()
    updates: Literal["poll", "webhook"] = "poll"
    api: Address = "https://api.telegram.org"


class ChannelSettings(_Section):
    """Where customers write."""

    webchat: WebchatSettings = WebchatSettings()
    api: ApiSettings = ApiSettings()
    discord: DiscordSettings = DiscordSettings()
    telegram: TelegramSettings = TelegramSettings()


class AgentSettings(_Section):
    """Somebody on staff, by the ids that they have on platforms: what they write there is a human's answer."""

    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\s].*[^\s]$|^[^\s]$")
    discord: PlatformId | None = None
    telegram: PlatformId | None = None


class OperationsSettings(_Section):
    """What watches Heed itself. ``heartbeat`` is an address pinged after each clean audit."""

    heartbeat: Address = ""
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"


#: What the sample brand's templates say about it, as long as no other templates are named.
SAMPLE_VARIABLES: Mapping[str, str] = {
    "website": "fernandforge.example",
    "hours": "Monday to Saturday, 9 am to 6 pm",
    "email": "hello@fernandforge.example",
    "phone": "555 0142",
}


class Settings(_Section):
    """Everything in ``config.yaml``."""

    brand: BrandSettings = BrandSettings()
    templates: Path | None = None
    store: StoreSettings = StoreSettings()
    model: ModelSettings = ModelSettings()
    policy: PolicySettings = PolicySettings()
    conversation: ConversationSettings = ConversationSettings()
    limits: LimitSettings = LimitSettings()
    channels: ChannelSettings = ChannelSettings()
    agents: tuple[AgentSettings, ...] = ()
    operations: OperationsSettings = OperationsSettings()

    @model_validator(mode="after")
    def _each_agent_is_one_person(self) -> Settings:
        """Refuse a platform's id that two agents claim, and a name that stands there twice."""
        for what in ("name", "discord", "telegram"):
            ids = [value for agent in self.agents if (value := getattr(agent, what)) is not None]
            if twice := next((value for value in ids if ids.count(value) > 1), None):
                raise ValueError(f"agents: the {what} {twice!r} stands there twice; it names one person")
        return self

    @model_validator(mode="before")
    @classmethod
    def _let_the_sample_speak(cls, value: object) -> object:
        """Give the sample templates their variables, where the brand does not set them itself."""
        if not isinstance(value, dict) or value.get("templates") is not None:
            return value
        brand = value.get("brand") or {}
        given = (brand.get("variables") or {}) if isinstance(brand, dict) else None
        if not isinstance(given, dict):
            return value
        return {**value, "brand": {**brand, "variables": {**SAMPLE_VARIABLES, **given}}}


class Environment(BaseSettings):
    """What comes from the environment: addresses and secrets. An empty variable counts as one not set."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, populate_by_name=True, env_ignore_empty=True)

    host: str = Field(default="127.0.0.1", validation_alias="HOST")
    port: int = Field(default=8080, ge=0, le=65535, validation_alias="PORT")
    config: Path | None = Field(default=None, validation_alias="HEED_CONFIG")
    public_url: str = Field(default="", validation_alias="HEED_PUBLIC_URL")
    api_token: SecretStr | None = Field(default=None, validation_alias="HEED_API_TOKEN")
    secret: SecretStr | None = Field(default=None, validation_alias="HEED_SECRET")
    identity_secret: SecretStr | None = Field(default=None, validation_alias="HEED_CHAT_IDENTITY_SECRET")
    webhook_secret: SecretStr | None = Field(default=None, validation_alias="HEED_WEBHOOK_SECRET")
    discord_token: SecretStr | None = Field(default=None, validation_alias="DISCORD_TOKEN")
    telegram_token: SecretStr | None = Field(default=None, validation_alias="TELEGRAM_TOKEN")
    metrics_token: SecretStr | None = Field(default=None, validation_alias="HEED_METRICS_TOKEN")


def read_environment() -> Environment:
    """Return what the environment says. Raises SettingsError naming the variable and its value."""
    try:
        return Environment()
    except ValidationError as error:
        first = error.errors()[0]
        message = _RIGHT.get(first["type"]) or first["msg"].replace("Input should", "must")
        raise SettingsError(f"environment: {first['loc'][0]}={first['input']!r}: {message}") from None


def read_settings(path: Path) -> Settings:
    """Read ``config.yaml``. Raises SettingsError with every mistake on a line of its own."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(f"{path}: there is no such file; name another one in HEED_CONFIG") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from None
    return parse_settings(text, name=str(path))


def parse_settings(text: str, *, name: str = "config.yaml") -> Settings:
    """Return the settings in a YAML text. Raises SettingsError, see ``read_settings``."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise SettingsError(f"{name}{_yaml_mistake(error)}") from None
    if not isinstance(content, dict):
        raise SettingsError(f"{name}:1: expected settings by name, as in 'brand:', not {content!r}")
    mistakes = [(line, f"{name}:{line}: '{key}' stands here a second time") for line, key in _repeated(root)]
    try:
        settings = Settings.model_validate(content)
    except ValidationError as error:
        mistakes += [_mistake(dict(mistake), root, name) for mistake in error.errors()]
    if mistakes:
        raise SettingsError("\n".join(text for _, text in sorted(mistakes, key=itemgetter(0))))
    return settings


def _yaml_mistake(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f":{mark.line + 1}: {problem}" if mark else f": {problem}"


def _mistake(mistake: dict[str, Any], root: yaml.Node | None, name: str) -> tuple[int, str]:
    """Return the line of a mistake in the file, 0 where it has none, and what is wrong in words."""
    line = _line(root, tuple(mistake["loc"])) or 0
    return line, f"{name}:{line}: {_complaint(mistake)}" if line else f"{name}: {_complaint(mistake)}"


def _complaint(mistake: dict[str, Any]) -> str:
    location = tuple(mistake["loc"])
    key = ".".join(str(part) for part in location if part != "[key]")
    if mistake["type"] == "extra_forbidden":
        return f"unknown setting '{key}'{_nearest(location)}"
    if "[key]" in location:
        return f"unknown name '{key}'{_hint(str(location[-2]), [metric.value for metric in Metric])}"
    message = str(mistake["msg"]).removeprefix("Value error, ").replace("Input should", "must")
    return f"'{key}': {_RIGHT.get(mistake['type'], message)} (found {mistake['input']!r})"


def _nearest(location: tuple[Any, ...]) -> str:
    """Return a hint at the known key that is nearest to an unknown one."""
    model: type[BaseModel] = Settings
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        if field is None or not isinstance(field.annotation, type):
            return ""
        model = field.annotation
    known = list(model.model_fields)
    return _hint(str(location[-1]), known)


def _hint(wrong: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(wrong, known, n=1, cutoff=0.5)
    return f"; did you mean '{near[0]}'?" if near else f"; known are {', '.join(known)}"


def _line(root: yaml.Node | None, location: tuple[Any, ...]) -> int | None:
    """Return the line of a setting in the file, or of the nearest thing around it."""
    found: yaml.Node | None = root
    line = None
    for part in location:
        step = next((both for both in _children(found) if both[0].value == str(part)), None)
        if step is None:
            break
        line, found = step[0].start_mark.line + 1, step[1]
    return line


def _repeated(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Yield the line and name of each setting that stands twice in one place: YAML would keep the last."""
    seen: set[str] = set()
    for key, below in _children(node):
        if key.value in seen:
            yield key.start_mark.line + 1, key.value
        seen.add(key.value)
        yield from _repeated(below)


def _children(node: yaml.Node | None) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from (pair for pair in node.value if isinstance(pair[0], yaml.ScalarNode))
