# SPDX-License-Identifier: Apache-2.0
"""The bodies of requests to our rules: JSON, and no deeper than a rule in a list."""

from __future__ import annotations

from typing import Any, Dict

from neutron.api.v2 import base
from neutron_lib import exceptions

from networking_netem.domain.rule_types import TIMELINE
from networking_netem.server import seam, starts

JSON = "application/json"
MAX_DEPTH = 16
"""The most levels of arrays and objects in a body; a list of rules has 3. Neutron copies a body by
recursion (oslo.db's retries), so about 300 levels would end as a server error."""


class NotJson(exceptions.BadRequest):
    message = "The Content-Type of the body must be " + JSON + ", not %(content_type)s"


class TooDeep(exceptions.BadRequest):
    message = "The body must nest arrays and objects at most %(levels)s levels deep"


class NotAnObject(exceptions.BadRequest):
    message = "The body must be a JSON object"


class Deserializer(seam.JSONDeserializer):
    """Neutron's deserializer, but it refuses what is nested too deep or is no object.

    Neutron answers with a server error when the body of a PUT is an array (17-29).
    """

    def deserialize(self, datastring: bytes, action: str = "default") -> Dict[str, Any]:
        try:
            parsed: Dict[str, Any] = super().deserialize(datastring, action)
        except RecursionError:  # Python's parser gives up at about 1000 levels
            raise TooDeep(levels=MAX_DEPTH) from None
        if _deeper_than(MAX_DEPTH, parsed["body"]):
            raise TooDeep(levels=MAX_DEPTH)
        if not isinstance(parsed["body"], dict):
            raise NotAnObject()
        return parsed


class Controller(base.Controller):
    """Neutron's controller, but it refuses a body whose Content-Type is not JSON.

    A start in so many milliseconds becomes the instant that it means.
    """

    def create(self, request: Any, **kwargs: Any) -> Any:
        _refuse_other_than_json(request)
        return super().create(request, **self._started(kwargs))

    def update(self, request: Any, id: str, **kwargs: Any) -> Any:
        _refuse_other_than_json(request)
        return super().update(request, id, **self._started(kwargs))

    def _started(self, kwargs: Dict[str, Any]) -> Dict[str, Any]:
        if self._resource != TIMELINE.member:
            return kwargs
        return {**kwargs, "body": starts.with_start(kwargs.get("body"))}


def _refuse_other_than_json(request: Any) -> None:
    """Raise `NotJson` for another Content-Type; Neutron would read any body as JSON."""
    if "Content-Type" in request.headers and request.content_type != JSON:
        raise NotJson(content_type=request.content_type or "empty")


def _deeper_than(levels: int, body: Any) -> bool:
    """Whether `body` nests arrays and objects more than `levels` deep, found without recursion."""
    level = [body]
    for _ in range(levels + 1):
        nested = [each for each in level if isinstance(each, (dict, list))]
        level = [child for each in nested for child in _children(each)]
        if not nested:
            return False
    return True


def _children(container: Any) -> Any:
    return container.values() if isinstance(container, dict) else container
