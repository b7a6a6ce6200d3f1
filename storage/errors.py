"""What storage may refuse, by what the caller should do.

StorageError
├── StorageUnavailable   the database is away, or locked for too long: nothing was stored; ask again
├── DatabaseRefuses      wrong password, no such database, no database at all: mend DATABASE_URL
├── DatabaseIsNewer      a later release has migrated this database: start that release instead
├── ModelFilesMissing    the live model's files are not in DATA_DIR: retrain, or share DATA_DIR
└── NoEarlierModel       there is no model to go back to: retrain
"""


class StorageError(Exception):
    """Something that is kept could not be reached or used."""


class StorageUnavailable(StorageError):
    """The database is away or busy for too long; the transaction did not happen."""


class DatabaseRefuses(StorageError):
    """The database is there and will never let us in like this."""


class DatabaseIsNewer(StorageError):
    """The database was migrated by a later release than this one."""


class ModelFilesMissing(StorageError):
    """A model is live, but its files are not there, or cannot be read."""


class NoEarlierModel(StorageError):
    """No model is kept that was live before the one that is live now."""
