"""The config file: what it may say, and in which line a fault is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crmsync.config import CONFIG_VARIABLE, BesidePath, Config, Secret, load, read_options
from crmsync.errors import BadConfig
from crmsync.records import Result
from crmsync.toml import Section

HIDDEN = "s3cret-word"
WHOLE = """
[store]
url = "sqlite:///data/crmsync.db"

[crm.main]
kind = "salesforce"
client_id = "env:CRMSYNC_TEST_ID"

[[crm.main.milestones]]
object = "Milestone__c"
name = "Name"

[[crm.main.milestones]]
object = "Task"
name = "Subject"

[crm.main.fields]
probability = "Probability__c"
close_date = "Close__c"

[crm.hub]
kind = "hubspot"

[push]
first = "send"
"""


class Options(Section):
    """The keys of a made-up kind of CRM."""

    token: Secret | None = None
    ca_file: BesidePath = ""
    look_back_s: int = 600


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a config file and gives its path."""

    def write(text: str) -> Path:
        file = tmp_path / "config.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.fixture
def read(written: Callable[[str], Path]) -> Callable[[str], Config]:
    """Reads a config of that text."""
    return lambda text: load(written(text))


def refused(read: Callable[[str], object], text: str) -> str:
    """The one line that refuses a text, from the file's name on."""
    with pytest.raises(BadConfig) as fault:
        read(text)
    told = str(fault.value)
    return f"{fault.value.code} {told[told.index('config.toml') :]}" if "config.toml" in told else told


def test_load_reads_what_stands_there(read: Callable[[str], Config]) -> None:
    """Every part of the file arrives; what isn't said is the default."""
    config = read(WHOLE)
    main = config.crm["main"]
    assert [source.object for source in main.milestones] == ["Milestone__c", "Task"]
    assert main.fields == {Result.PROBABILITY: "Probability__c", Result.CLOSE_DATE: "Close__c"}
    assert (config.push.first, main.options) == ("send", {"client_id": "env:CRMSYNC_TEST_ID"})


def test_load_of_an_empty_file_is_all_defaults(read: Callable[[str], Config]) -> None:
    """Nothing has to be said: the first plan then waits for approval."""
    config = read("")
    assert (config.crm, config.push.first) == ({}, "approve")


def test_load_finds_the_file_by_argument_variable_or_place(
    written: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The argument counts before the variable, and that before the current folder."""
    here, named = written("[push]\nfirst = 'send'"), tmp_path / "other.toml"
    named.write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(CONFIG_VARIABLE, raising=False)
    assert load().push.first == "send"
    monkeypatch.setenv(CONFIG_VARIABLE, str(named))
    assert (load().file, load(here).file) == (named, here)


def test_load_says_what_to_do_without_a_file(tmp_path: Path) -> None:
    """A missing file is the first thing that a newcomer meets."""
    with pytest.raises(
        BadConfig, match=r"E101 .*none\.toml: no such file -> crmsync init DIR, or name one with --config"
    ):
        load(tmp_path / "none.toml")


@pytest.mark.parametrize(("content", "line"), [(b"\xff\xfe\x00", 1), (b"[store]\nurl = '\xe4'", 2)])
def test_load_refuses_what_isnt_text(tmp_path: Path, content: bytes, line: int) -> None:
    """A file in another encoding is told with its line, not guessed."""
    (tmp_path / "config.toml").write_bytes(content)
    with pytest.raises(BadConfig, match=rf"E101 .*config\.toml:{line}: not a text in UTF-8 -> save it as UTF-8"):
        load(tmp_path / "config.toml")


def test_load_refuses_a_folder(tmp_path: Path) -> None:
    """A folder in place of the file is one line, too."""
    with pytest.raises(BadConfig, match="E101"):
        load(tmp_path)


def test_load_takes_the_mark_that_windows_editors_write(tmp_path: Path) -> None:
    """A byte order mark at the beginning belongs to nobody's key."""
    file = tmp_path / "config.toml"
    file.write_bytes(b"\xef\xbb\xbf[push]\r\nfirst = 'send'\r\n")
    assert load(file).push.first == "send"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[store]\nurl = \n", 2),
        ("[store\n", 1),
        ("a = 1\n\na = 2\n", 3),
        ("[push]\n[store]\nurl = 'x", 3),
        ("x = [1,\n2\n", 3),
    ],
)
def test_load_names_the_line_that_isnt_toml(read: Callable[[str], Config], text: str, line: int) -> None:
    """The fault leads to the line, also when the text simply ends."""
    assert refused(read, text).startswith(f"E102 config.toml:{line}: not valid TOML: ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[push]\nfrist = 'send'", "2: push.frist: unknown key -> did you mean first?"),
        ("[pus]\n", "1: pus: unknown key -> did you mean push?"),
        ("\n[zzz]\n", "2: zzz: unknown key -> one of: store, retention, push, log, metrics, alerts, ping, engine, crm"),
        ("[push]\nfirst = 'maybe'", "2: push.first: no such value -> 'approve' or 'send'"),
        ("[store]\nurl = 3", "2: store.url: no text -> a text, in quotes"),
        ("crm = 3", "1: crm: no table -> keys with values, below a [header]"),
        ("[crm]\nmain = 3", "2: crm.main: no table -> keys with values, below a [header]"),
        ("[crm.main]\n\nlook = 1", "1: crm.main.kind: missing -> add it"),
        ('[alerts]\nurls = "env:X"', "2: alerts.urls: a list, in square brackets"),
        ('[metrics]\nlisten = "9464"', "2: metrics.listen: host and port, such as"),
        ('[metrics]\nlisten = "127.0.0.1:99999"', "2: metrics.listen: host and port, such as"),
    ],
)
def test_load_names_line_key_and_remedy(read: Callable[[str], Config], text: str, told: str) -> None:
    """A fault leads to its line, names the whole key, and offers the nearest one that there is."""
    assert refused(read, text).startswith(f"E103 config.toml:{told}")


def test_our_own_field_is_not_graded(read: Callable[[str], Config]) -> None:
    """What we say ourselves is no rival, in whatever letters its name is written."""
    told = refused(read, WHOLE.replace("[crm.hub]", "[crm.hub]\nfields = {risk = 'our_risk'}\ngraded = ['Our_Risk']"))
    assert told == (
        "E103 config.toml:23: crm.hub.graded: Our_Risk holds our own risk -> name a field that the CRM or a vendor fills"
    )


def test_load_names_the_right_one_of_several_sources(read: Callable[[str], Config]) -> None:
    """A fault in the second of two milestone sources leads to the second."""
    text = WHOLE.replace('name = "Subject"', 'name = "Subject"\ndue = "ActivityDate"')
    assert refused(read, text).startswith(
        "E103 config.toml:16: crm.main.milestones.1.due: unknown key -> did you mean due_on?"
    )


def test_load_names_the_source_that_lacks_a_key(read: Callable[[str], Config]) -> None:
    """What is missing has no line: its table has."""
    told = refused(read, WHOLE.replace('name = "Subject"', ""))
    assert told.startswith("E103 config.toml:13: crm.main.milestones.1.name: missing -> add it")


def test_load_offers_the_nearest_result(read: Callable[[str], Config]) -> None:
    """A slip in a result's name is as good as any other unknown key."""
    told = refused(read, WHOLE.replace("close_date =", "close_dat ="))
    assert told == "E103 config.toml:19: crm.main.fields.close_dat: unknown key -> did you mean close_date?"


def test_load_refuses_two_results_in_one_field(read: Callable[[str], Config]) -> None:
    """Each write would undo the other."""
    told = refused(read, WHOLE.replace("Close__c", "Probability__c"))
    assert told == "E103 config.toml:17: crm.main.fields: two results go to one CRM field"


def test_load_isnt_led_astray_by_comments(read: Callable[[str], Config]) -> None:
    """A key that is commented out is not the line of the fault."""
    assert ":4: push.first" in refused(read, "# [push]\n# first = 'x'\n[push] # first = 'send'\nfirst = 'maybe'")


def test_only_crm_gives_one_or_all(read: Callable[[str], Config]) -> None:
    """`--crm NAME` picks one; a name that isn't there lists those that are."""
    config = read(WHOLE)
    assert [crm.name for crm in config.only_crm(None)] == ["main", "hub"]
    assert [crm.name for crm in config.only_crm("hub")] == ["hub"]
    with pytest.raises(BadConfig, match=r"E104 .*no CRM 'man' -> one of: main, hub"):
        config.only_crm("man")


def test_only_crm_needs_a_crm(read: Callable[[str], Config]) -> None:
    """Without any CRM there is nothing to do, and the fault says what to add."""
    with pytest.raises(BadConfig, match=r"E104 .*no CRM is configured -> add a \[crm.NAME\] table"):
        read("").only_crm(None)


def test_where_leads_to_a_key_of_a_crm(read: Callable[[str], Config]) -> None:
    """A room can name the line behind a fault that only the CRM knows of."""
    main = read(WHOLE).crm["main"]
    lines = [
        main.where(key).rpartition(":")[2] for key in ("kind", "milestones", "milestones.1.object", "fields", "absent")
    ]
    assert lines == ["6", "9", "14", "17", "5"]


def options(read: Callable[[str], Config], line: str) -> Options:
    """The options of a CRM that has one line of them."""
    return read_options(Options, read(f"[crm.main]\nkind = 'made-up'\n{line}\n").crm["main"])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("tokn = 'env:X'", "crm.main.tokn: unknown key -> did you mean token?"),
        ("milestone = 3", "crm.main.milestone: unknown key -> did you mean milestones?"),
        ("look_back_s = '600'", "crm.main.look_back_s: a number, without quotes"),
        ("look_back_s = true", "crm.main.look_back_s: a number, without quotes"),
        ("look_back_s = 9999999999999999999", "crm.main.look_back_s: a number of this size can't be meant"),
        ('ca_file = "a\\u0000b"', "crm.main.ca_file: there is a control character in it"),
        ("token = 'pasted'", "crm.main.token: a secret is a reference: env:NAME or file:PATH"),
        ("token = 3", "crm.main.token: a secret is a reference: env:NAME or file:PATH"),
        (
            "token = 'env:CRMSYNC_TEST_UNSET'",
            "crm.main.token: environment variable CRMSYNC_TEST_UNSET is not set or empty",
        ),
    ],
)
def test_read_options_names_line_and_key(read: Callable[[str], Config], line: str, told: str) -> None:
    """The keys of one kind of CRM are checked like all others."""
    assert refused(lambda text: options(read, text), line).startswith(f"E103 config.toml:3: {told}")


def test_secret_comes_from_the_environment(read: Callable[[str], Config], monkeypatch: pytest.MonkeyPatch) -> None:
    """`env:NAME` is looked up when the config is read; blanks around it are no part of it."""
    monkeypatch.setenv("CRMSYNC_TEST_TOKEN", f"  {HIDDEN}\n")
    token = options(read, "token = 'env:CRMSYNC_TEST_TOKEN'").token
    assert token is not None
    assert token.get_secret_value() == HIDDEN


def test_secret_comes_from_a_file_beside_the_config(read: Callable[[str], Config], tmp_path: Path) -> None:
    """`file:PATH` is relative to the config, whatever the current folder is, and its last line break is no part of it."""
    (tmp_path / "token.txt").write_text(f"{HIDDEN}\n")
    token = options(read, "token = 'file:token.txt'").token
    assert token is not None
    assert token.get_secret_value() == HIDDEN


def test_secret_from_a_file_that_cant_be_read_is_told(read: Callable[[str], Config], tmp_path: Path) -> None:
    """The fault says where it was looked for."""
    told = refused(lambda text: options(read, text), "token = 'file:none.txt'")
    assert told.endswith(f"crm.main.token: file {tmp_path}/none.txt can't be read (FileNotFoundError)")


@pytest.mark.parametrize("content", ["", " \n", "„quoted“", '"quoted"', "'quoted'\n", "quoted\nX-Header: quoted"])
def test_secret_that_cant_be_one_is_refused(read: Callable[[str], Config], tmp_path: Path, content: str) -> None:
    """An empty file, or one with quotes or more than one line, is told before the CRM refuses it; its text isn't."""
    (tmp_path / "token.txt").write_text(content, encoding="utf-8")
    told = refused(lambda text: options(read, text), "token = 'file:token.txt'")
    assert "crm.main.token: file" in told
    assert "quoted" not in told


def test_secret_is_never_shown(read: Callable[[str], Config], monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the settings nor the config tell it when printed."""
    monkeypatch.setenv("CRMSYNC_TEST_TOKEN", HIDDEN)
    found = options(read, "token = 'env:CRMSYNC_TEST_TOKEN'")
    config = read("[store]\npassword = 'env:CRMSYNC_TEST_TOKEN'")
    assert HIDDEN not in f"{found} {found!r} {found.model_dump()} {config} {config!r} {config.model_dump_json()}"


@pytest.mark.parametrize("line", [f"token = '{HIDDEN}'", f"look_back_s = '{HIDDEN}'", f"token = ['{HIDDEN}']"])
def test_fault_never_repeats_a_value(read: Callable[[str], Config], line: str) -> None:
    """A secret that was pasted at the wrong place stays out of logs."""
    assert HIDDEN not in refused(lambda text: options(read, text), line)


def test_options_are_not_part_of_a_crms_own_text(read: Callable[[str], Config]) -> None:
    """A token that somebody pasted isn't shown by printing the config."""
    config = read(f"[crm.main]\nkind = 'made-up'\ntoken = '{HIDDEN}'\n")
    assert HIDDEN not in f"{config} {config!r}"


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("sqlite:///crmsync.db", "sqlite:///{folder}/crmsync.db"),
        ("sqlite:///data/x.db?cache=shared", "sqlite:///{folder}/data/x.db?cache=shared"),
        ("sqlite:////var/x.db", "sqlite:////var/x.db"),
        ("sqlite:///~/x.db", "sqlite:///{home}/x.db"),
        ("postgresql+psycopg:///x?host=/run", "postgresql+psycopg:///x?host=/run"),
    ],
)
def test_store_url_is_seen_from_the_config(read: Callable[[str], Config], tmp_path: Path, url: str, meant: str) -> None:
    """A relative SQLite file stands beside the config, so that a job started elsewhere opens the same store."""
    assert read(f"[store]\nurl = '{url}'").store.url == meant.format(folder=tmp_path, home=Path.home())


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///?cache=shared"])
def test_store_url_without_a_file_is_refused(read: Callable[[str], Config], url: str) -> None:
    """A store in memory would forget every receipt at the end of the run."""
    told = refused(read, f"[store]\nurl = '{url}'")
    assert told.startswith("E103 config.toml:2: store.url: names no file; what is stored would be gone at the end")


@pytest.mark.parametrize("url", ["", "crmsync.db", "mysql://x/y", "sqlite:crmsync.db"])
def test_store_url_of_an_unknown_database_is_refused(read: Callable[[str], Config], url: str) -> None:
    """What no driver could open is told with its line, before anything runs."""
    assert refused(read, f"[store]\nurl = '{url}'").startswith(
        "E103 config.toml:2: store.url: a database URL begins with"
    )


@pytest.mark.parametrize(
    "url", [f"oracle://u:{HIDDEN}@x/y", f"postgresql://u:{HIDDEN}@x:port/y", f"postgresql://u:a/{HIDDEN}@x"]
)
def test_store_url_that_is_refused_shows_no_password(read: Callable[[str], Config], url: str) -> None:
    """A password that stands in a malformed URL stays out of the fault."""
    told = refused(read, f"[store]\nurl = '{url}'")
    assert (told.startswith("E103 config.toml:2: store.url: "), HIDDEN in told) == (True, False)


@pytest.mark.parametrize("name", ["Probability__c FROM User", "x'y", "a;b", "é__c", ""])
def test_names_of_fields_cant_become_part_of_a_query(read: Callable[[str], Config], name: str) -> None:
    """A field's name goes into queries as it stands, so it may be nothing but a name."""
    told = refused(read, f"[crm.main]\nkind = 'salesforce'\n[crm.main.fields]\nprobability = \"{name}\"")
    assert told.startswith("E103 config.toml:4: crm.main.fields.probability: ")


def test_store_url_is_beside_the_config_by_default(read: Callable[[str], Config], tmp_path: Path) -> None:
    """Also when the file says nothing about the store."""
    assert read("").store.url == f"sqlite:///{tmp_path}/crmsync.db"


def test_load_by_a_relative_path_gives_absolute_ones(
    written: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that changes its folder later still opens the same store."""
    written("")
    monkeypatch.chdir(tmp_path)
    assert load(Path("config.toml")).store.url == f"sqlite:///{tmp_path}/crmsync.db"


@pytest.mark.parametrize(("path", "meant"), [("ca.pem", "{folder}/ca.pem"), ("/etc/ca.pem", "/etc/ca.pem"), ("", "")])
def test_beside_path_is_seen_from_the_config(
    read: Callable[[str], Config], tmp_path: Path, path: str, meant: str
) -> None:
    """A certificate beside the config is found from everywhere; none stays none."""
    assert options(read, f"ca_file = '{path}'").ca_file == meant.format(folder=tmp_path)


def test_config_cant_be_changed(read: Callable[[str], Config]) -> None:
    """What was read stays as it was read."""
    with pytest.raises(ValueError, match="frozen"):
        read("").push.first = "send"  # type: ignore[misc]


def test_writable_leaves_out_what_may_only_be_read(read: Callable[[str], Config]) -> None:
    """A CRM that may only be read has no targets, and is passed over where all are meant."""
    config = read(WHOLE.replace('kind = "salesforce"', 'kind = "salesforce"\nread_only = true'))
    assert ([crm.name for crm in config.writable(None)], config.crm["main"].fields) == (["hub"], {})
    with pytest.raises(BadConfig, match=r"E213 .*config\.toml:7: main may only be read"):
        config.writable("main")


@pytest.mark.parametrize(("days", "told"), [(0, ""), (14, ""), (13, "0, or 14 and more"), (-1, "at least 0")])
def test_retention_leaves_a_score_its_week(tmp_path: Path, days: int, told: str) -> None:
    """Fewer days would take away what the change in a week is told by; 0 keeps everything."""
    file = tmp_path / "config.toml"
    file.write_text(f"[retention]\nscores_days = {days}\n")
    said = ""
    try:
        load(file)
    except BadConfig as fault:
        said = str(fault)
    assert (told in said, bool(said)) == (True, bool(told))
