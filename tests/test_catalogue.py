"""The page of what is tried: complete, and true to the tests."""

from pathlib import Path

import pytest

from tests import catalogue
from tests.catalogue import FAILED, NOT_RUN, PAGE, PASSED, SKIPPED, Row

RUN = """<testsuites><testsuite>
<testcase classname="tests.test_x" name="test_a[1]"/>
<testcase classname="tests.test_x" name="test_a[2]"><failure message="no">no</failure></testcase>
<testcase classname="tests.test_x" name="test_b"><skipped message="no"/></testcase>
<testcase classname="tests.crms.test_y" name="test_c"/>
</testsuite></testsuites>"""


def test_catalogue_has_each_number_once() -> None:
    """No way to go wrong is forgotten, and none stands twice."""
    assert sorted(number for row in catalogue.rows() for number in row.covers) == sorted(catalogue.numbers())


def test_catalogue_names_a_test_or_a_reason() -> None:
    """Every row has one of the two."""
    assert [row.number for row in catalogue.rows() if bool(row.tests) == bool(row.left_out)] == []


def test_catalogue_names_tests_that_exist() -> None:
    """A test that was renamed or removed is missed here."""
    assert [test for row in catalogue.rows() for test in row.tests if not catalogue.exists(test)] == []


def test_exists_misses_a_test_that_isnt_there() -> None:
    """Neither a wrong name nor a wrong file passes."""
    here = "tests/test_catalogue.py::test_exists_misses_a_test_that_isnt_there"
    assert [catalogue.exists(test) for test in (here, f"{here}x", here.replace("_catalogue", "_x"))] == [
        True,
        False,
        False,
    ]


def test_page_is_what_the_catalogue_says() -> None:
    """Nobody edits it by hand, and it follows the catalogue."""
    assert PAGE.read_text() == catalogue.render(catalogue.rows(), catalogue.results_on(PAGE))


def test_results_of_a_run_are_the_worst_of_each_test(tmp_path: Path) -> None:
    """One case that failed is a test that failed."""
    (tmp_path / "run.xml").write_text(RUN)
    found = catalogue.results_of(tmp_path / "run.xml")
    assert found == {
        "tests/test_x.py::test_a": FAILED,
        "tests/test_x.py::test_b": SKIPPED,
        "tests/crms/test_y.py::test_c": PASSED,
    }


@pytest.mark.parametrize("ended", [PASSED, FAILED, SKIPPED, NOT_RUN])
def test_page_gives_back_the_results_that_it_shows(tmp_path: Path, ended: str) -> None:
    """So that the page can be written anew without a run."""
    test, page = "tests/test_x.py::test_a", tmp_path / "page.md"
    page.write_text(catalogue.render([Row("N01", "it rains", (test, "tests/test_x.py::test_b"))], {test: ended}))
    assert catalogue.results_on(page) == {test: ended, "tests/test_x.py::test_b": NOT_RUN}
