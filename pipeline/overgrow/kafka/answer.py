"""Kafka's admin client, whose answers are values or named errors. Called by all that asks a cluster."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from overgrow import errors


class Admin:
    """The admin client of one cluster. `timeout`: seconds for each question."""

    def __init__(self, bootstrap: str, *, timeout: float) -> None:
        self.bootstrap = bootstrap
        self.timeout = timeout
        # What librdkafka would print about a lost connection reaches the caller as an error.
        self.client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0, "error_cb": _reported_by_the_call})

    def answer(self, future: Future[Any], what: str, *none_if: int) -> Any:  # noqa: ANN401  untyped client
        """What was asked for; None for the error codes `none_if`. Raises UnreachableError, ConfigurationError."""
        try:
            return future.result(timeout=self.timeout + 5)
        except KafkaException as error:
            cause = error.args[0]
            if cause.code() in none_if:
                return None
            text = f"cannot {what} at {self.bootstrap}: {cause.name()}: {cause.str()}"
            # Negative codes are the client's own: it could not ask, or got no answer in time.
            if cause.code() < 0 or cause.retriable():
                raise errors.UnreachableError(text) from error
            raise errors.ConfigurationError(text) from error
        except TimeoutError as error:
            raise errors.UnreachableError(f"cannot {what} at {self.bootstrap}: no answer") from error


def _reported_by_the_call(_error: object) -> None:
    """Connection errors in the background; the call that meets them raises."""
