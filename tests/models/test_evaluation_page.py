import json
import re

import pytest

from models.evaluation_page import as_page
from tests.models.test_label_evaluation import SURE, figures, row, said


@pytest.fixture(scope="module")
def page():
    rows = [row("question"), row("complaint"), row("praise"), row()] * 10
    made = [said(question=0.9), said(question=0.7), said(praise=0.8), said()] * 10
    return as_page(figures(rows, made, thresholds=SURE, draws=50), about="40 messages <of nobody>")


def without_scripts(page):
    return re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


def test_the_page_needs_nothing_from_elsewhere(page):
    own = without_scripts(page)
    assert not re.search(r"(?:src|href)\s*=", own)
    assert "default-src 'none'" in own
    assert "Plotly" in page


def test_no_place_is_left_unfilled(page):
    assert not re.search(r"\{\{[A-Z]+\}\}", without_scripts(page))


def test_what_was_measured_on_is_told_and_escaped(page):
    assert "40 messages &lt;of nobody&gt;. Model m/c." in page


def test_every_chart_has_its_data_a_description_and_a_table(page):
    charts = json.loads(re.search(r'id="charts">(.*?)</script>', page, flags=re.DOTALL)[1])
    assert set(charts) == {"risk", "calibration"}
    own = without_scripts(page)
    for name in charts:
        assert re.search(rf'id="{name}" role="img" aria-label="[^"]+"', own)
    assert own.count("<table>") == own.count("<caption>") == 3


def test_rows_that_do_not_decide_every_label_make_a_page_too():
    rows, made = [row("question", known={"question"})] * 5, [said(question=0.9)] * 5
    assert 'id="risk"' not in without_scripts(as_page(figures(rows, made, draws=50), about="five"))
