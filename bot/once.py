"""What is done once and by hand: ask all sources, train, take a model back, migrate.

Each is told a `stop` and returns the exit status; what went wrong is one line that says what to
do.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import timedelta

from bot import ending
from bot.house import (
    CannotStart,
    House,
    configure_logs,
    open_database,
    open_house,
    training_encoder,
)
from bot.jobs.ingest import Pace
from bot.jobs.retrain import NEW_MODEL, REFUSED, Refused, TooFewPapers, retrain
from bot.settings import Settings
from recommender.factors import FactorsUnavailable, FitFactors
from recommender.model import Model
from storage import encoders, model_store
from storage.errors import (
    DatabaseIsNewer,
    DatabaseRefuses,
    ModelFilesMissing,
    NoEarlierModel,
    StorageUnavailable,
)


async def ingest_once(settings: Settings, stop: asyncio.Event) -> int:
    """Ask every source once and say what came."""
    configure_logs(settings, to_file=False)
    try:
        # Asked by hand, sources are asked now; arXiv's three seconds and its silences hold.
        async with open_house(settings, stop, Pace(restart=timedelta())) as house:
            result = await ending.unless(stop, house.ingest.run_once(house.clock()))
    except (CannotStart, StorageUnavailable) as error:
        print(error, file=sys.stderr)
        return 1
    if result is None:
        return _stopped()
    print(f"{result.new} new papers, {result.updated} updated.")
    return 0


def _stopped() -> int:
    print("Stopped before the end; what was stored stays.", file=sys.stderr)
    return 1


async def retrain_once(
    settings: Settings, stop: asyncio.Event, *, quiet: bool, force: bool = False
) -> int:
    """Train, evaluate and publish a model; return the status, REFUSED for one that is worse."""
    try:
        configure_logs(settings, to_file=quiet, name="retrain.log")
        async with open_house(settings, stop) as house:
            with _progress(is_shown=not quiet and sys.stderr.isatty()) as tell:
                model = await ending.unless(stop, _retrained(house, tell, force=force))
    except Refused as refused:
        if not quiet:
            print(f"Not published. {refused}", file=sys.stderr)
            print("`paperlark retrain --force` publishes it all the same.", file=sys.stderr)
        return REFUSED
    except (CannotStart, FactorsUnavailable, StorageUnavailable, TooFewPapers) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"DATA_DIR: the model cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    if model is None:
        return _stopped()
    if quiet:
        return 0
    print(f"Model {model.version} is live. Running processes pick it up by themselves.")
    for name, value in model.metrics.items():
        print(f"  {name}: {value}")
    return 0


async def roll_back_once(settings: Settings, stop: asyncio.Event) -> int:
    """Make the model live again that was so before."""
    try:
        configure_logs(settings, to_file=False)
        async with open_house(settings, stop) as house:
            swapped = await ending.unless(stop, _rolled_back(house))
    except (CannotStart, StorageUnavailable, NoEarlierModel, ModelFilesMissing) as error:
        print(error, file=sys.stderr)
        return 1
    if swapped is None:
        return _stopped()
    back, taken = swapped
    print(
        f"Model {back.version} is live again, in place of {taken.version}. "
        "Running processes pick it up by themselves."
    )
    return 0


async def _rolled_back(house: House) -> tuple[model_store.Model, model_store.Model]:
    folder = house.settings.data_dir
    back, taken = await model_store.roll_back(house.database, folder, Model.from_arrays)
    await house.state.announce(NEW_MODEL, back.version)
    return back, taken


@contextmanager
def _progress(*, is_shown: bool) -> Iterator[Callable[[str, float], None] | None]:
    """Yield what draws how far training is, None where nobody looks."""
    if not is_shown:
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("training", total=1.0)
        yield lambda what, done: bar.update(task, description=what, completed=done)


@asynccontextmanager
async def _engine(settings: Settings) -> AsyncIterator[FitFactors | None]:
    """Yield what learns the factors; None for implicit. Raises FactorsUnavailable."""
    if settings.retrain_engine == "implicit":
        yield None
        return
    from bot.jobs.spark_factors import spark

    stack = ExitStack()
    try:
        # Spark takes ten seconds to start, and the program must end within five.
        yield await asyncio.to_thread(stack.enter_context, spark(settings.spark_master))
    finally:
        await asyncio.to_thread(stack.close)


async def _retrained(
    house: House, tell: Callable[[str, float], None] | None, *, force: bool
) -> model_store.Model:
    settings = house.settings
    if tell is not None:
        tell("loading the text encoder", 0.0)
    encoder = await asyncio.to_thread(training_encoder, settings)
    async with _engine(settings) as fit_factors:
        model = await retrain(
            house.database,
            settings.data_dir,
            encoder,
            house.clock(),
            tell,
            wanted=settings.text_encoder,
            load_encoder=lambda name: encoders.load(name, settings.data_dir / encoders.FOLDER),
            fit_factors=fit_factors,
            force=force,
        )
    await house.state.announce(NEW_MODEL, model.version)
    return model


async def migrate_once(settings: Settings, stop: asyncio.Event) -> int:
    """Bring the database up to this release."""
    configure_logs(settings, to_file=False)
    try:
        database = open_database(settings)
        try:
            await ending.unless(stop, database.migrate())
        finally:
            await database.dispose()
    except (CannotStart, DatabaseIsNewer, DatabaseRefuses, StorageUnavailable) as error:
        print(error, file=sys.stderr)
        return 1
    if stop.is_set():
        return _stopped()
    print("The database is up to date.")
    return 0
