"""The tables. Rows stay in this package; dataclasses leave it.

Promises live here as constraints: one paper for each key, one standing opinion for each
reader and paper, one delivery for each reader and local day, one effect for each event.
"""

from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    Time,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Moment(TypeDecorator[datetime]):
    """An aware UTC moment on every database; SQLite keeps no zone, so it is put back on."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a zone: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# A million readers make two thousand million impressions a year; SQLite's integers are long anyhow.
Long = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: Moment,
        date: Date,
        time: Time,
        str: Text,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[int]: JSON,
        list[dict[str, Any]]: JSON,
    }


class PaperRow(Base):
    """One paper over all its versions and sources. Full text: `papers_text`, see the migration."""

    __tablename__ = "papers"
    __table_args__ = (Index(None, "announced", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)  # arxiv:2301.12652, no version
    title: Mapped[str]
    abstract: Mapped[str]
    authors: Mapped[list[str]]
    categories: Mapped[list[str]]
    comment: Mapped[str | None]
    journal_ref: Mapped[str | None]
    doi: Mapped[str | None] = mapped_column(index=True)  # in lower case
    links: Mapped[list[dict[str, Any]]]  # [{"kind": "code", "url": "…"}]
    upvotes: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    published: Mapped[datetime | None]
    announced: Mapped[date]
    first_seen: Mapped[datetime]
    changed: Mapped[datetime] = mapped_column(index=True)  # so that processes can read what is new
    is_withdrawn: Mapped[bool] = mapped_column(default=False)
    is_sample: Mapped[bool] = mapped_column(default=False)


class SourceRow(Base):
    """Where a source stands. One polite client for all of a service: `next_allowed` is shared."""

    __tablename__ = "sources"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    watermark: Mapped[str | None]  # the newest announcement day taken in, ISO
    etag: Mapped[str | None]
    last_success: Mapped[datetime | None]
    last_error: Mapped[str | None]
    last_error_at: Mapped[datetime | None]
    next_try: Mapped[datetime | None]
    next_allowed: Mapped[datetime | None]  # no request of any process before this moment


class UserRow(Base):
    """A person, or a group that reads as one. No names, and no number that was another's before."""

    __tablename__ = "users"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), default="person")  # or "group"
    zone: Mapped[str | None] = mapped_column(String(64))  # IANA; None until known, then UTC holds
    push_at: Mapped[time] = mapped_column(default=time(8, 0))  # local
    push_days: Mapped[int] = mapped_column(default=0b0011111)  # bit 0 is Monday
    picks: Mapped[int] = mapped_column(default=5)
    is_pushed: Mapped[bool] = mapped_column(default=True)
    is_quiet: Mapped[bool] = mapped_column(default=False)
    # Whether a day without new papers brings older unseen ones, or only a line.
    is_filled: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    paused_until: Mapped[datetime | None]
    surprise: Mapped[int] = mapped_column(default=2)
    language: Mapped[str] = mapped_column(String(16), default="en")
    # Whether they named it with /language; otherwise it follows what their platform says.
    is_language_chosen: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    push_account_id: Mapped[int | None]  # where /schedule was last given, else last used
    scheduled_at: Mapped[datetime | None]  # when /schedule was last given
    next_push_at: Mapped[datetime | None] = mapped_column(index=True)  # None: nothing is owed
    next_push_day: Mapped[date | None]  # the local day that next_push_at is for
    created: Mapped[datetime]
    last_seen: Mapped[datetime]


class AccountRow(Base):
    """One account on one platform. `user_id` is whose taste it speaks for."""

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("platform", "external_id"),
        Index(None, "platform", "unreachable"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    platform: Mapped[str] = mapped_column(String(16))
    external_id: Mapped[str] = mapped_column(String(64))
    chat: Mapped[str | None] = mapped_column(String(64))  # where a digest can be sent
    unreachable: Mapped[str | None]  # why not: "blocked", "dms_closed", …
    last_used: Mapped[datetime]
    # Whether Telegram's menu offers them what is for operators alone.
    has_operator_menu: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class FeedbackRow(Base):
    """The opinion that stands. A bookmark stands beside the verdict, not in its place."""

    __tablename__ = "feedback"
    __table_args__ = (Index(None, "user_id", "saved_at"), Index(None, "paper_id", "verdict"))

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    impression_id: Mapped[int | None] = mapped_column(
        Long, ForeignKey("impressions.id"), index=True
    )
    verdict: Mapped[str | None] = mapped_column(String(16))
    saved_at: Mapped[datetime | None]
    at: Mapped[datetime]


class FeedbackLogRow(Base):
    """Every change of an opinion, append-only: the past of /undo, and training's memory."""

    __tablename__ = "feedback_log"
    __table_args__ = (
        UniqueConstraint("account_id", "event"),
        Index(None, "user_id", "id"),
    )

    id: Mapped[int] = mapped_column(Long, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"))
    impression_id: Mapped[int | None] = mapped_column(
        Long, ForeignKey("impressions.id"), index=True
    )
    event: Mapped[str] = mapped_column(String(100))  # the platform's id: acted on once
    verdict_before: Mapped[str | None] = mapped_column(String(16))
    verdict_after: Mapped[str | None] = mapped_column(String(16))
    saved_before: Mapped[datetime | None]
    saved_after: Mapped[datetime | None]
    undoes: Mapped[int | None] = mapped_column(Long)  # the log row that this one takes back
    at: Mapped[datetime]


class ImpressionRow(Base):
    """What was shown to whom, where, at which rank, and why. Append-only; also what is "seen"."""

    __tablename__ = "impressions"
    __table_args__ = (Index(None, "user_id", "paper_id"),)

    id: Mapped[int] = mapped_column(Long, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"))
    shown_at: Mapped[datetime]
    place: Mapped[str] = mapped_column(String(16))  # one of `impressions.Place`
    day: Mapped[date | None]  # of the delivery it belongs to
    rank: Mapped[int]
    score: Mapped[float]
    parts: Mapped[list[dict[str, Any]]]
    propensity: Mapped[float]
    is_exploring: Mapped[bool]
    model: Mapped[str] = mapped_column(String(64))


class DeliveryRow(Base):
    """The outbox. The key is the promise: one digest for each reader and local day."""

    __tablename__ = "deliveries"
    __table_args__ = (Index(None, "state", "next_try"), Index(None, "day", "state"))

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)  # the local day for which it is due
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    due: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16))  # claimed sending sent empty failed unknown
    reason: Mapped[str | None]  # why failed, empty or unknown, in a word
    claimed_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    next_try: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    nonce: Mapped[str] = mapped_column(String(32))
    messages: Mapped[list[dict[str, Any]]]  # [{"chat": "…", "message": "…"}]
    # What happened to it, in order: [{"at": "…", "what": "put off", "why": "busy"}]
    steps: Mapped[list[dict[str, Any]]] = mapped_column(server_default=text("'[]'"))
    model: Mapped[str | None] = mapped_column(String(64))


class GroupRow(Base):
    """What a group or channel has beside a reader's settings: its user is of the kind "group"."""

    __tablename__ = "groups"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    home: Mapped[str | None] = mapped_column(String(64), index=True)  # the server on Discord
    categories: Mapped[list[str]]  # the only ones it reads; all of them when empty
    has_votes: Mapped[bool] = mapped_column(default=True)
    has_threads: Mapped[bool] = mapped_column(default=False)
    # Which administrator changed something last: they are told why nothing can be sent.
    admin_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)


class VoteRow(Base):
    """One vote for each member on a group's card."""

    __tablename__ = "votes"

    group_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, index=True)
    verdict: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]


class LinkRow(Base):
    """Two readers joined into one, so that undo can split them again."""

    __tablename__ = "links"

    kept_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    joined_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    at: Mapped[datetime]


class LinkedAccountRow(Base):
    """An account that speaks for another reader than the one it made, and goes home at a split."""

    __tablename__ = "linked_accounts"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    home_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)


class LinkCodeRow(Base):
    """A one-time code by which another account may join; kept as a keyed hash."""

    __tablename__ = "link_codes"

    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    expires: Mapped[datetime] = mapped_column(index=True)


class LinkGuessRow(Base):
    """A code that was tried and was none, so that guessing can be slowed."""

    __tablename__ = "link_guesses"

    id: Mapped[int] = mapped_column(Long, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    at: Mapped[datetime] = mapped_column(index=True)


class NoteRow(Base):
    """What a reader wrote on a paper. The only words of people that are kept: never in a log."""

    __tablename__ = "notes"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    text: Mapped[str] = mapped_column(String(1000))
    at: Mapped[datetime]


class BanRow(Base):
    """An account that gets no answer, as a keyed hash: it outlives /forget and names nobody."""

    __tablename__ = "bans"

    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]


class SecretRow(Base):
    """What keyed hashes of this installation are made with; drawn at first use."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(String(64))


class PresenceRow(Base):
    """Under which name the bot is found on a platform, as its process there last saw it."""

    __tablename__ = "presences"

    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    confirmed: Mapped[datetime]


class DailyCountRow(Base):
    """How many accounts of a platform were new, or were there, on one UTC day."""

    __tablename__ = "daily_counts"

    day: Mapped[date] = mapped_column(primary_key=True)
    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    what: Mapped[str] = mapped_column(String(16), primary_key=True)  # new, active
    n: Mapped[int]


class LikeCountRow(Base):
    """How many picks of a model were shown on one UTC day, and how many of those are liked."""

    __tablename__ = "like_counts"

    day: Mapped[date] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(64), primary_key=True)
    is_exploring: Mapped[bool] = mapped_column(primary_key=True)
    shown: Mapped[int] = mapped_column(default=0)
    liked: Mapped[int] = mapped_column(default=0)


class TallyRow(Base):
    """Up to which row of a table that only grows its figures have been counted."""

    __tablename__ = "tallies"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    upto: Mapped[int] = mapped_column(Long)


class BroadcastRow(Base):
    """What an operator says to all readers. The words go when it ends."""

    __tablename__ = "broadcasts"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    state: Mapped[str] = mapped_column(String(16), index=True)  # draft sending done cancelled
    pace: Mapped[int]  # messages a second
    total: Mapped[int]  # readers it could reach when it began
    upto: Mapped[int] = mapped_column(default=0)  # the last user it was claimed for
    made_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    next_claim: Mapped[datetime | None]  # no process claims more of it before


class BroadcastSendRow(Base):
    """One broadcast to one reader. The key is the promise: never twice."""

    __tablename__ = "broadcast_sends"
    __table_args__ = (Index(None, "broadcast_id", "state", "next_try"),)

    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcasts.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    state: Mapped[str] = mapped_column(String(16))  # claimed sending sent failed unknown
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime]
    next_try: Mapped[datetime | None]


class TopicRow(Base):
    """What a reader told us in words."""

    __tablename__ = "topics"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    text: Mapped[str] = mapped_column(String(500), primary_key=True)
    at: Mapped[datetime]


class FollowRow(Base):
    """An author, word or category whose papers a reader always wants."""

    __tablename__ = "follows"
    __table_args__ = (Index(None, "kind", "text"),)  # which categories are followed at all

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    text: Mapped[str] = mapped_column(String(200), primary_key=True)
    at: Mapped[datetime]


class MuteRow(Base):
    """An author, word or category that a reader never wants."""

    __tablename__ = "mutes"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    text: Mapped[str] = mapped_column(String(200), primary_key=True)
    at: Mapped[datetime]


class InterestRow(Base):
    """What a reader said of an interest, kept with the likes it was said of.

    Interests are found anew after every like; the one that these papers are in is meant.
    """

    __tablename__ = "interests"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    # The most typical of its papers stands for it, on buttons too.
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"), primary_key=True)
    papers: Mapped[list[int]]
    standing: Mapped[str] = mapped_column(String(16))  # kept, boosted, muted, forgotten
    name: Mapped[str] = mapped_column(String(60))  # the reader's own, or empty
    at: Mapped[datetime]


class ModelRow(Base):
    """A trained model. At most one is live."""

    __tablename__ = "models"
    __table_args__ = (
        Index(
            "uq_models_live",
            "is_live",
            unique=True,
            postgresql_where=text("is_live"),
            sqlite_where=text("is_live"),
        ),
    )

    version: Mapped[str] = mapped_column(String(64), primary_key=True)
    encoder: Mapped[str] = mapped_column(String(64))
    trained: Mapped[datetime]
    metrics: Mapped[dict[str, Any]]
    folder: Mapped[str]  # relative to DATA_DIR
    is_live: Mapped[bool] = mapped_column(default=False)
    # Taken back by an operator; never gone back to.
    is_rolled_back: Mapped[bool] = mapped_column(default=False, server_default=false())


class TrainingRow(Base):
    """A training that came to its end, whether or not a model was published."""

    __tablename__ = "trainings"

    version: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)  # its beginning
    wanted: Mapped[str] = mapped_column(String(64))  # the encoder that was configured
    encoder: Mapped[str] = mapped_column(String(64))  # the one that could be had
    is_published: Mapped[bool]
    why: Mapped[str]  # what the gate said
    metrics: Mapped[dict[str, Any]]
