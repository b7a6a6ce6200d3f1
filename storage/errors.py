"""What storage may refuse, by what the caller should do.

StorageError
├── StorageUnavailable   the database is away, or locked for too long: nothing was stored; ask again
├── DatabaseRefuses      wrong password, no such database, no database at all: mend DATABASE_URL
├── DatabaseIsNewer      a later release has migrated this database: start that release instead
├── ModelFilesMissing    the live model's files are not in DATA_DIR: retrain, or share DATA_DIR
├── NoEarlierModel       there is no model to go back to: retrain
├── LiveModelChanged     another model went live since this one was compared: retrain
├── NotABackup           no backup, cut short, or damaged: take another file
├── BackupIsNewer        a later release wrote the backup: restore it with that release
└── DatabaseIsNotEmpty   restoring would replace what is kept: say so, or take an empty one
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


class LiveModelChanged(StorageError):
    """The model that was to be replaced is not the live one any more."""


class NotABackup(StorageError):
    """The file is no backup, was cut short, or is damaged."""


class BackupIsNewer(StorageError):
    """The backup was written by a later release than this one."""


class DatabaseIsNotEmpty(StorageError):
    """Something is kept already, and nobody said that it may go."""
