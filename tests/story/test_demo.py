"""The demo at a small size, and the notebooks on the store that it leaves."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from crmsync import demo
from crmsync.errors import BadConfig
from crmsync.terminal import Terminal

DEALS = 700
NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo of two laws, ended."""
    folder = tmp_path_factory.mktemp("story") / "demo"
    assert demo.run(folder, terminal=Terminal(), deals=DEALS, laws=("milestones", "nothing")) == 0
    return folder


def test_demo_leaves_a_report_that_needs_nobody(made: Path) -> None:
    """The page holds its plots, tells its deals, names both laws, and loads nothing from elsewhere."""
    page = (made / demo.REPORT).read_text(encoding="utf-8")
    assert page.count("<svg") == 5
    assert "milestones:" in page
    assert "nothing:" in page
    assert f"{DEALS} made-up deals" in page
    assert not [word for word in ("<script", "<link", "src=", "@import") if word in page]


def test_demo_is_made_anew_in_its_own_folder_only(made: Path, tmp_path: Path) -> None:
    """Somebody's folder is never emptied."""
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(BadConfig, match="E127"):
        demo.run(tmp_path, terminal=Terminal())
    assert (tmp_path / "mine.txt").exists()
    assert (made / demo.MARK).exists()


@pytest.fixture
def workspace(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo's workspace as a notebook finds it."""
    monkeypatch.setenv("CRMSYNC_CONFIG", str(made / "config.toml"))
    return made


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_notebook_runs_from_question_to_decision(file: Path, workspace: Path) -> None:
    """Every cell runs, something is drawn, and the last one prints a decision."""
    notebook = nbformat.read(file, as_version=4)
    NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(workspace)}}).execute()
    assert notebook.cells[0].source.startswith("# ")
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert any(output.get("text", "").startswith("Decision:") for output in outputs)
