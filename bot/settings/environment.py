"""What comes from the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsError
from bot.settings.mistakes import right


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
        raise SettingsError(f"environment: {first['loc'][0]}={first['input']!r}: {right(first)}") from None
