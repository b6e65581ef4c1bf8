"""Reading, computing and writing at the same time: threads and bounded queues."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from lulc_engine.rasters.files import CACHE_BYTES, gdal_settings

Job = TypeVar("Job")
Result = TypeVar("Result")
Found = TypeVar("Found")


class ReadAhead(Generic[Job, Result]):
    """Iterates over ``(job, read(job))`` in order, with reads running ahead in threads.

        with ReadAhead(jobs, read) as reads:
            for job, result in reads:

    At the end of the block no read is under way, also after an error, so that what is read from can
    be closed: GDAL does not survive the closing of a dataset that another thread reads.

    GDAL and torch release Python's lock, so threads are enough and nothing is copied between
    processes.

    Args:
        jobs: what to read, in order.
        read: reads one job, in one of the threads: where there are several it needs a dataset
            handle for each of them. An exception is raised again in the consumer.
        depth: how many results may be under way or wait.
        threads: how many are read at once.
        cache_bytes: what GDAL may keep of what it decoded, for all threads.
    """

    def __init__(
        self,
        jobs: Iterable[Job],
        read: Callable[[Job], Result],
        depth: int = 2,
        threads: int = 1,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._jobs, self._read, self._cache_bytes = jobs, read, cache_bytes
        self._depth, self._threads = max(depth, threads + 1), threads

    def __enter__(self) -> Iterator[tuple[Job, Result]]:
        self._results = self._read_all()
        return self._results

    def __exit__(self, *_: object) -> None:
        self._results.close()

    def _read_all(self) -> Generator[tuple[Job, Result], None, None]:
        waiting: deque[tuple[Job, Future[Result]]] = deque()
        with ThreadPoolExecutor(self._threads, thread_name_prefix="reader") as pool:
            try:
                for job in self._jobs:
                    waiting.append((job, pool.submit(self._read_one, job)))
                    if len(waiting) > self._depth:
                        job, found = waiting.popleft()
                        yield job, found.result()
                while waiting:
                    job, found = waiting.popleft()
                    yield job, found.result()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _read_one(self, job: Job) -> Result:
        with gdal_settings(self._cache_bytes):  # they belong to a thread
            return self._read(job)


def in_order(
    items: Iterable[tuple[Job, Result]], compute: Callable[[Result], Found], streams: int
) -> Generator[tuple[Job, Found], None, None]:
    """Yield ``(job, compute(read))`` in order, with several computed at once.

    One more is under way than there are streams, so that none waits while the consumer writes. What
    was read is given up as soon as it is computed.

    Args:
        items: what was read for each job.
        compute: called from ``streams`` threads; an exception is raised again here.
        streams: how many are computed at once.
    """
    waiting: deque[tuple[Job, Future[Found]]] = deque()
    with ThreadPoolExecutor(streams, thread_name_prefix="compute") as pool:
        try:
            for job, read in items:
                waiting.append((job, pool.submit(compute, read)))
                if len(waiting) > streams:
                    job, found = waiting.popleft()
                    yield job, found.result()
            while waiting:
                job, found = waiting.popleft()
                yield job, found.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
