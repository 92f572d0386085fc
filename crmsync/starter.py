"""A new workspace: the models, jobs and notebooks to begin with, and a config with every key.

The repository's own workspace is the starter. A wheel carries it in `crmsync/starter/`.
"""

import shutil
from pathlib import Path

from crmsync.errors import BadConfig

FOLDERS = ("models", "jobs", "notebooks")
EXAMPLE = "config.example.toml"
PACKAGE = Path(__file__).parent
IGNORED = "# what holds secrets or data\nconfig.toml\nsandbox-secrets/\n*.pem\n*.db\n*.db-*\nreports/\n"


def source() -> Path:
    """Where the starter is: in the installed package, else in the source checkout."""
    installed = PACKAGE / "starter"
    return installed if installed.is_dir() else PACKAGE.parent


def init(folder: Path) -> list[str]:
    """Makes a workspace and gives the files made. Raises BadConfig E127 when the folder isn't empty, E128 when it can't be made."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadConfig(
            "E127", "is there already and isn't an empty folder", where=str(folder), remedy="name a new one"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in FOLDERS:
            if (source() / name).is_dir():
                shutil.copytree(source() / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        config = folder / "config.toml"
        config.touch(mode=0o600)
        config.write_text((source() / EXAMPLE).read_text(encoding="utf-8"), encoding="utf-8")
        (folder / ".gitignore").write_text(IGNORED, encoding="utf-8")
    except (OSError, shutil.Error) as error:
        reason = (getattr(error, "strerror", None) or type(error).__name__).lower()
        raise BadConfig(
            "E128", f"can't be made ({reason})", where=str(folder), remedy="a place that you may write to"
        ) from None
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def next_steps(folder: Path) -> list[str]:
    """The commands to paste next."""
    return [
        f"cd {folder}",
        "${EDITOR:-vi} config.toml    # add a [crm.NAME] table",
        "crmsync check",
        "crmsync fields --create",
        "crmsync pull",
        "crmsync train",
        "crmsync score",
        "crmsync stage",
        "crmsync push --dry-run",
    ]
