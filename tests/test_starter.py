"""A new workspace."""

import stat
from pathlib import Path

import pytest

from crmsync import config, starter, workspace
from crmsync.errors import BadConfig


def test_init_makes_a_workspace_that_loads(tmp_path: Path) -> None:
    """The config, the models and the jobs of a new workspace pass the strict reading."""
    starter.init(tmp_path / "new")
    assert config.load(tmp_path / "new" / "config.toml").crm == {}
    assert (list(workspace.models(tmp_path / "new")), len(workspace.jobs(tmp_path / "new"))) == (["close"], 4)


def test_init_keeps_the_config_to_its_owner(tmp_path: Path) -> None:
    """Nobody else reads the config, and git leaves it alone."""
    starter.init(tmp_path / "new")
    assert stat.S_IMODE((tmp_path / "new" / "config.toml").stat().st_mode) == 0o600
    assert "config.toml" in (tmp_path / "new" / ".gitignore").read_text().splitlines()


def test_init_refuses_a_folder_in_use(tmp_path: Path) -> None:
    """Nothing of somebody's own is ever overwritten."""
    (tmp_path / "mine.txt").touch()
    with pytest.raises(BadConfig, match="E127"):
        starter.init(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_init_tells_a_place_that_cant_be(tmp_path: Path) -> None:
    """A folder below a file is one line."""
    (tmp_path / "file").touch()
    with pytest.raises(BadConfig, match=r"E128 .*not a directory"):
        starter.init(tmp_path / "file" / "new")
