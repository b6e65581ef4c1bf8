"""Reading, computing and writing at the same time: threads and bounded queues."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from lulc_engine.rasters.files import gdal_settings

Job = TypeVar("Job")
Result = TypeVar("Result")
Found = TypeVar("Found")

_POLL_S = 0.1


class ReadAhead(Generic[Job, Result]):
    """Iterates over ``(job, read(job))``, with reads running ahead in a thread.

    GDAL and torch release Python's lock, so a thread is enough and nothing is copied between
    processes. ``read`` runs in that thread alone: a dataset handle belongs to one thread.

    Args:
        jobs: what to read, in order.
        read: reads one job; an exception is raised again in the consumer.
        depth: how many results may wait.
    """

    def __init__(self, jobs: Iterable[Job], read: Callable[[Job], Result], depth: int = 3) -> None:
        self._jobs, self._read = jobs, read
        self._results: queue.Queue[tuple[Job, Result] | BaseException | None] = queue.Queue(depth)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="reader", daemon=True)

    def __iter__(self) -> Iterator[tuple[Job, Result]]:
        self._thread.start()
        try:
            while True:
                item = self._results.get()
                if item is None:
                    return
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self._stop.set()
            self._thread.join()

    def _work(self) -> None:
        try:
            with gdal_settings():
                for job in self._jobs:
                    if self._stop.is_set():
                        return
                    self._put((job, self._read(job)))
            self._put(None)
        except BaseException as err:  # noqa: BLE001 - handed to the consumer, which raises it
            self._put(err)

    def _put(self, item: tuple[Job, Result] | BaseException | None) -> None:
        while not self._stop.is_set():
            try:
                self._results.put(item, timeout=_POLL_S)
                return
            except queue.Full:
                continue


def in_order(
    items: Iterable[tuple[Job, Result]], compute: Callable[[Result], Found], streams: int
) -> Iterator[tuple[Job, Result, Found]]:
    """Yield ``(job, read, compute(read))`` in order, with several computed at once.

    One more is under way than there are streams, so that none waits while the consumer writes.

    Args:
        items: what was read for each job.
        compute: called from ``streams`` threads; an exception is raised again here.
        streams: how many are computed at once.
    """
    waiting: deque[tuple[Job, Result, Future[Found]]] = deque()
    with ThreadPoolExecutor(streams, thread_name_prefix="compute") as pool:
        try:
            for job, read in items:
                waiting.append((job, read, pool.submit(compute, read)))
                if len(waiting) > streams:
                    job, read, found = waiting.popleft()
                    yield job, read, found.result()
            while waiting:
                job, read, found = waiting.popleft()
                yield job, read, found.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
