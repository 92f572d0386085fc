"""Schema changes, one file each in `versions/`, numbered in order."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def settings(connection: Connection | None = None) -> Config:
    """Alembic's settings for this folder, bound to an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection) -> None:
    """Applies what is missing, inside the connection's transaction: the schema is the old one or the new one, never between."""
    command.upgrade(settings(connection), "head")
