import csv
import io

import pytest

from lulc_engine.reports.csv_table import csv_text


def cells(*values):
    return next(csv.reader(io.StringIO(csv_text([values]))))


@pytest.mark.parametrize(
    "text",
    ["=1+1", '=HYPERLINK("http://x")', "+A1", "-A1", "@SUM(1)", "\t=1", "\r=1", "  =1", '"=1',
     "'=1", "＝1", "＠a"],  # noqa: RUF001 - full-width on purpose
)  # fmt: skip
def test_formulas_are_disarmed(text):
    assert cells(text)[0].startswith("'")


@pytest.mark.parametrize(
    "text", ["water", "a=b", "2-3", "-1.5", "+3e-4", "Wald, Wiese", 'a "b" c', ""]
)
def test_other_text_stays_as_it_is(text):
    assert cells("x", text)[1] == text


def test_numbers_keep_all_digits_and_signs():
    assert cells(-1, 0.1 + 0.2, 70000, None) == ["-1", repr(0.1 + 0.2), "70000", ""]


def test_one_line_per_row():
    text = csv_text([["a\nb\x00c", 1], ["d", 2]])
    assert text == "a\\nb\\x00c,1\r\nd,2\r\n"
