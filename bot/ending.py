"""How a process ends: soon after it is told to, whatever it is at.

A coroutine can be cancelled; a thread that computes, or waits for an answer, cannot, and the
interpreter would wait for it. Nothing that a thread of ours is at need be finished: what is
kept is kept by transactions. So whoever is late is left behind.
"""

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

import structlog

log = structlog.get_logger()

T = TypeVar("T")

LONGEST = 4.2  # seconds from the signal until a program that has not ended is left
_THREADS = 0.3  # seconds that threads have afterwards


def run(program: Callable[[asyncio.Event], Coroutine[Any, Any, int]]) -> int:
    """Run a program and return its exit status; SIGTERM and SIGINT set the event it is given.

    Within five seconds of the signal the process has ended: by `os._exit`, because taking a
    large program apart in order takes a second that a busy machine does not have, and
    because the program or one of its threads may still be at work.
    """
    return asyncio.run(_run(program))


async def _run(program: Callable[[asyncio.Event], Coroutine[Any, Any, int]]) -> int:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    threads = ThreadPoolExecutor(thread_name_prefix="work")
    loop.set_default_executor(threads)
    running, told = asyncio.create_task(program(stop)), asyncio.create_task(stop.wait())
    await asyncio.wait({running, told}, return_when=asyncio.FIRST_COMPLETED)
    if not running.done():
        await asyncio.wait({running}, timeout=LONGEST)
    told.cancel()
    status = _status(running)
    threads.shutdown(wait=False, cancel_futures=True)
    if not running.done() or _is_computing():
        log.info("left_unfinished")
        stop.set()
    if stop.is_set():
        logging.shutdown()
        with suppress(OSError):  # nobody may read it any more
            sys.stdout.flush()
        os._exit(status)
    return status


def with_input(stop: asyncio.Event) -> None:
    """Set `stop` when standard input ends: a pipe that a parent holds and never writes to.

    So a child that somebody waits for goes with them, even when they could not say goodbye.
    """
    loop, handle = asyncio.get_running_loop(), sys.stdin.fileno()

    def ended() -> None:
        loop.remove_reader(handle)
        stop.set()

    loop.add_reader(handle, ended)


def _status(running: asyncio.Task[int]) -> int:
    """Return how a program ended; a process catches once, at the top."""
    if not running.done():
        return 0
    error = running.exception()
    if error is not None:
        log.critical("process.broke", exc_info=error)
        return 1
    return running.result()


def _is_computing() -> bool:
    """Return whether threads that the interpreter would wait for go on after a moment."""
    end = time.monotonic() + _THREADS
    others = [t for t in threading.enumerate() if not t.daemon and t is not threading.main_thread()]
    for thread in others:
        thread.join(max(0.0, end - time.monotonic()))
    return any(thread.is_alive() for thread in others)


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Return what `work` returns, or None once `stop` is set; the work is given up then."""
    if stop.is_set():
        work.close()
        return None
    task, told = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, told}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        told.cancel()
        await asyncio.gather(task, told, return_exceptions=True)


async def rest(stop: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until `stop` is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
