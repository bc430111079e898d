# SPDX-License-Identifier: Apache-2.0
"""oslo.messaging's fake://, changed: messages are JSON, as with a broker, and wake their reader."""

from __future__ import annotations

import threading
import time
from typing import Any, Optional

from oslo_messaging._drivers import base, impl_fake
from oslo_serialization import jsonutils

_delivered = threading.Condition()


def install() -> None:
    """Change the fake driver of this process; must be called before the first transport is made."""
    impl_fake.FakeExchange = _Exchange
    impl_fake.FakeIncomingMessage = _IncomingMessage
    impl_fake.FakeListener = _Listener


def _through_json(message: Any) -> Any:
    # fake:// passes objects as they are. A tuple would stay one and reach SQL as IN (('id',),).
    return jsonutils.loads(jsonutils.dumps(message))


class _Exchange(impl_fake.FakeExchange):
    def deliver_message(self, topic, ctxt, message, *arguments, **options):  # type: ignore
        super().deliver_message(
            topic, _through_json(ctxt), _through_json(message), *arguments, **options
        )
        with _delivered:
            _delivered.notify_all()


class _IncomingMessage(impl_fake.FakeIncomingMessage):
    def reply(self, reply: Any = None, failure: Any = None) -> None:
        super().reply(_through_json(reply), failure)


class _Listener(impl_fake.FakeListener):
    # The original polls every 50 ms, in each of some forty threads.
    @base.batch_poll_helper
    def poll(self, timeout: Optional[float] = None) -> Optional[impl_fake.FakeIncomingMessage]:
        deadline = None if timeout is None else time.monotonic() + timeout
        with _delivered:
            while not self._stopped.is_set():
                message = self._take()
                if message is not None:
                    return message
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    break
                _delivered.wait(left)
        return None

    def _take(self) -> Optional[impl_fake.FakeIncomingMessage]:
        for target in self._targets:
            exchange = self._exchange_manager.get_exchange(target.exchange)
            ctxt, message, reply_q, requeue = exchange.poll(target, self._pool)
            if message is not None:
                return _IncomingMessage(ctxt, message, reply_q, requeue)
        return None

    def stop(self) -> None:
        super().stop()
        with _delivered:
            _delivered.notify_all()
