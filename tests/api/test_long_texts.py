# SPDX-License-Identifier: Apache-2.0
"""What a long text costs: no more than in a request to Neutron's own rules, and a short answer."""

from __future__ import annotations

import gc
import json
import logging
import time
from typing import Any, Dict, Iterator
from urllib.parse import quote

import pytest

from networking_netem.domain.rule_types import RULE_TYPES, RuleType
from tests.support.neutron_api import Answer, NeutronApi
from tests.support.values import least

LENGTHS = [10**2, 10**3, 10**4, 10**5, 10**6]
SHAPES = {
    "digits": ("", "1", "x"),
    "decimals": ("0.", "0", "x"),
    "blanks": ("", " ", "x"),
    "signs": ("", "-", "1"),
    "exponent": ("1e", "9", ""),
    "points": ("1", ".", ""),
    "zeros": ("", "0", ".1.5"),
    "letters": ("", "a", ""),
    "NULs": ("1", "\0", ""),
    "wide digits": ("", "\uff11", "1"),
}
"""How a text begins, what fills it, and how it ends."""
LONGEST_URL = 65536
"""Characters: what Python's own HTTP server takes; Apache takes 8190, uWSGI 4096 by default."""
LONGEST_CPU_S = 0.050
LONGEST_ANSWER = 1000
STOCK = ("bandwidth_limit", "max_kbps")


@pytest.fixture(autouse=True)
def without_logs() -> Iterator[None]:
    """The test keeps no log: Neutron writes whole requests there."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(params=["reader of another project", "administrator"])
def user(api: NeutronApi, request: pytest.FixtureRequest) -> NeutronApi:
    return api if request.param == "administrator" else api.as_user("theirs", "reader")


def _rule(api: NeutronApi, policy: str, name: str, values: Dict[str, Any]) -> str:
    """Create a rule; return its path."""
    path = f"{policy}/{name}_rules"
    answer = api.post(path, {f"{name}_rule": values})
    return f"{path}/{answer.body[f'{name}_rule']['id']}"


def _requests(
    rule: str, member: str, values: Dict[str, Any], attribute: str, text: str
) -> Iterator[tuple[str, str, str]]:
    path = rule.rsplit("/", 1)[0]
    body = json.dumps({member: {**values, attribute: text}})
    yield "POST", path, body
    yield "PUT", rule, body
    filtered = f"{path}?{attribute}={quote(text)}"
    if len(filtered) < LONGEST_URL:
        yield "GET", filtered, ""


def _cost(user: NeutronApi, request: tuple[str, str, str]) -> tuple[float, Answer]:
    # A full collection takes 0.2 s over Neutron's objects, and falls on any request.
    gc.disable()
    try:
        started_s = time.thread_time()
        answer = user.send(*request)
        return time.thread_time() - started_s, answer
    finally:
        gc.enable()


@pytest.mark.parametrize("rule_type", RULE_TYPES, ids=lambda rule_type: rule_type.name)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_long_text(
    api: NeutronApi, policy: str, user: NeutronApi, rule_type: RuleType, shape: str
) -> None:
    begin, fill, end = SHAPES[shape]
    name, attribute = STOCK
    values = least(rule_type)
    rule = _rule(api, policy, rule_type.name, values)
    stock_rule = _rule(api, policy, name, {attribute: 1})
    for length in LENGTHS:
        text = begin + fill * (length - len(begin + end)) + end
        stock: Any = list(_requests(stock_rule, f"{name}_rule", {}, attribute, text))
        for each in rule_type.attributes:
            requests = list(_requests(rule, rule_type.member, values, each.name, text))
            for request, same in zip(requests, stock):
                cpu_s, answer = _cost(user, request)
                about = f"{request[0]} {each.name}, {length} characters: {answer.status}"
                assert 400 <= answer.status < 500, about
                assert len(json.dumps(answer.body)) < LONGEST_ANSWER, about
                if cpu_s > LONGEST_CPU_S:
                    stock_s, _ = _cost(user, same)
                    assert cpu_s <= 2 * stock_s, f"{about}, {cpu_s:.3f} s, stock {stock_s:.3f} s"
