"""The repository keeps its own rules."""

import pytest
from tools.check_all import RULES, main


@pytest.mark.slow  # `python3 run.py check` asks the same every day
@pytest.mark.parametrize("name", RULES)
def test_the_repository_keeps_the_rule(name):
    assert [str(found) for found in RULES[name]()] == []


def test_one_rule_alone(capsys):
    assert main(["names"]) == 0
    assert "0 of 1 broken" in capsys.readouterr().out
