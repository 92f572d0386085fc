"""The example of the config."""

import re
import tomllib
from pathlib import Path

import pytest

from crmsync import config, crm, example
from crmsync.crms import hubspot, salesforce
from crmsync.records import Result
from crmsync.toml import Section

FILE = Path(__file__).parents[1] / "config.example.toml"


@pytest.fixture
def uncommented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> config.Config:
    """The example with every setting in use and every secret set."""
    text = re.sub(r"^#(?=\S)", "", FILE.read_text(), flags=re.MULTILINE)
    for name in re.findall(r'"env:(\w+)"', text):
        monkeypatch.setenv(name, "https://example.com/a-secret")
    (tmp_path / "sf-private-key.pem").write_text("a key")
    (tmp_path / "config.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    return config.load(tmp_path / "config.toml")


def test_example_is_what_the_settings_say() -> None:
    """The file is made from the settings classes; `python -m crmsync.example > config.example.toml` renews it."""
    assert FILE.read_text() == example.text()


def test_example_parses_as_it_stands() -> None:
    """A copy of it is a config without a CRM."""
    assert config.load(FILE).crm == {}


def test_example_passes_the_strict_config_when_uncommented(uncommented: config.Config) -> None:
    """Every key of both kinds of CRM is known and takes the value shown."""
    main, hub = uncommented.crm["main"], uncommented.crm["hub"]
    assert config.read_options(salesforce.Settings, main).api_version
    assert config.read_options(hubspot.Settings, hub).api_version


def test_example_shows_every_result_and_kind(uncommented: config.Config) -> None:
    """No result and no CRM is forgotten."""
    assert sorted(each.kind for each in uncommented.crm.values()) == crm.kinds()
    assert all(set(each.fields) == set(Result) for each in uncommented.crm.values())


def test_example_has_every_table_of_the_config() -> None:
    """A part that is added to the settings stands in the file by itself."""
    tables = {name for name, field in config.Config.model_fields.items() if isinstance(field.default, Section)}
    assert set(tomllib.loads(FILE.read_text())) == tables
