"""The tables of the first release, and the full-text index over the papers."""

import string
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# FTS5 keeps only its index and reads the text from `papers`; triggers hold the two together.
# Counts and days change often and are not text, hence UPDATE OF.
SQLITE_TEXT = (
    """
    CREATE VIRTUAL TABLE papers_text USING fts5(
        title, authors, abstract,
        content = 'papers', content_rowid = 'id',
        tokenize = 'porter unicode61 remove_diacritics 2'
    )
    """,
    """
    CREATE TRIGGER papers_text_insert AFTER INSERT ON papers BEGIN
        INSERT INTO papers_text (rowid, title, authors, abstract)
        VALUES (new.id, new.title, new.authors, new.abstract);
    END
    """,
    """
    CREATE TRIGGER papers_text_delete AFTER DELETE ON papers BEGIN
        INSERT INTO papers_text (papers_text, rowid, title, authors, abstract)
        VALUES ('delete', old.id, old.title, old.authors, old.abstract);
    END
    """,
    """
    CREATE TRIGGER papers_text_update AFTER UPDATE OF title, authors, abstract ON papers BEGIN
        INSERT INTO papers_text (papers_text, rowid, title, authors, abstract)
        VALUES ('delete', old.id, old.title, old.authors, old.abstract);
        INSERT INTO papers_text (rowid, title, authors, abstract)
        VALUES (new.id, new.title, new.authors, new.abstract);
    END
    """,
)


def upgrade() -> None:
    op.create_table(
        "models",
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("encoder", sa.String(length=64), nullable=False),
        sa.Column("trained", MOMENT, nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_models")),
    )
    op.create_index(
        "uq_models_live",
        "models",
        ["is_live"],
        unique=True,
        postgresql_where=sa.text("is_live"),
        sqlite_where=sa.text("is_live"),
    )

    op.create_table(
        "papers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("abstract", sa.Text(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("comment", sa.Text()),
        sa.Column("journal_ref", sa.Text()),
        sa.Column("doi", sa.Text()),
        sa.Column("links", sa.JSON(), nullable=False),
        sa.Column("upvotes", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("published", MOMENT),
        sa.Column("announced", sa.Date(), nullable=False),
        sa.Column("first_seen", MOMENT, nullable=False),
        sa.Column("changed", MOMENT, nullable=False),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_papers")),
        sa.UniqueConstraint("key", name=op.f("uq_papers_key")),
    )
    op.create_index(op.f("ix_papers_announced_id"), "papers", ["announced", "id"])
    op.create_index(op.f("ix_papers_changed"), "papers", ["changed"])

    op.create_table(
        "sources",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("watermark", sa.Text()),
        sa.Column("etag", sa.Text()),
        sa.Column("last_success", MOMENT),
        sa.Column("last_error", sa.Text()),
        sa.Column("last_error_at", MOMENT),
        sa.Column("next_try", MOMENT),
        sa.Column("next_allowed", MOMENT),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sources")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("zone", sa.String(length=64)),
        sa.Column("push_at", sa.Time(), nullable=False),
        sa.Column("push_days", sa.Integer(), nullable=False),
        sa.Column("picks", sa.Integer(), nullable=False),
        sa.Column("is_pushed", sa.Boolean(), nullable=False),
        sa.Column("is_quiet", sa.Boolean(), nullable=False),
        sa.Column("paused_until", MOMENT),
        sa.Column("surprise", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("push_account_id", sa.Integer()),
        sa.Column("next_push_at", MOMENT),
        sa.Column("next_push_day", sa.Date()),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("last_seen", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_index(op.f("ix_users_next_push_at"), "users", ["next_push_at"])

    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=False),
        sa.Column("chat", sa.String(length=64)),
        sa.Column("unreachable", sa.Text()),
        sa.Column("last_used", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_accounts_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint(
            "platform", "external_id", name=op.f("uq_accounts_platform_external_id")
        ),
    )
    op.create_index(op.f("ix_accounts_user_id"), "accounts", ["user_id"])

    op.create_table(
        "follows",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_follows_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "kind", "text", name=op.f("pk_follows")),
    )
    op.create_table(
        "links",
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("joined_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["joined_id"], ["users.id"], name=op.f("fk_links_joined_id_users")),
        sa.ForeignKeyConstraint(["kept_id"], ["users.id"], name=op.f("fk_links_kept_id_users")),
        sa.PrimaryKeyConstraint("kept_id", "joined_id", name=op.f("pk_links")),
    )
    op.create_table(
        "mutes",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_mutes_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "kind", "text", name=op.f("pk_mutes")),
    )
    op.create_table(
        "topics",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_topics_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "text", name=op.f("pk_topics")),
    )
    op.create_table(
        "deliveries",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account_id", sa.Integer()),
        sa.Column("due", MOMENT, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("claimed_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("next_try", MOMENT),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.Column("model", sa.String(length=64)),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_deliveries_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_deliveries_user_id_users")
        ),
        sa.PrimaryKeyConstraint("user_id", "day", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_state_next_try"), "deliveries", ["state", "next_try"])

    op.create_table(
        "impressions",
        sa.Column("id", LONG, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer()),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("shown_at", MOMENT, nullable=False),
        sa.Column("place", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date()),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("propensity", sa.Double(), nullable=False),
        sa.Column("is_exploring", sa.Boolean(), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_impressions_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_impressions_paper_id_papers")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_impressions_user_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_impressions")),
    )
    op.create_index(op.f("ix_impressions_user_id_paper_id"), "impressions", ["user_id", "paper_id"])

    op.create_table(
        "votes",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_votes_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["users.id"], name=op.f("fk_votes_group_id_users")),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_votes_paper_id_papers")),
        sa.PrimaryKeyConstraint("group_id", "paper_id", "account_id", name=op.f("pk_votes")),
    )
    op.create_table(
        "feedback",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("impression_id", LONG),
        sa.Column("verdict", sa.String(length=16)),
        sa.Column("saved_at", MOMENT),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_feedback_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["impression_id"],
            ["impressions.id"],
            name=op.f("fk_feedback_impression_id_impressions"),
        ),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_feedback_paper_id_papers")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_feedback_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "paper_id", name=op.f("pk_feedback")),
    )
    op.create_index(op.f("ix_feedback_user_id_saved_at"), "feedback", ["user_id", "saved_at"])

    op.create_table(
        "feedback_log",
        sa.Column("id", LONG, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("impression_id", LONG),
        sa.Column("event", sa.String(length=100), nullable=False),
        sa.Column("verdict_before", sa.String(length=16)),
        sa.Column("verdict_after", sa.String(length=16)),
        sa.Column("saved_before", MOMENT),
        sa.Column("saved_after", MOMENT),
        sa.Column("undoes", LONG),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_feedback_log_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["impression_id"],
            ["impressions.id"],
            name=op.f("fk_feedback_log_impression_id_impressions"),
        ),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_feedback_log_paper_id_papers")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_feedback_log_user_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback_log")),
        sa.UniqueConstraint("account_id", "event", name=op.f("uq_feedback_log_account_id_event")),
    )
    op.create_index(op.f("ix_feedback_log_user_id_id"), "feedback_log", ["user_id", "id"])

    dialect = op.get_bind().dialect.name
    for statement in SQLITE_TEXT if dialect == "sqlite" else _postgres_text():
        op.execute(statement)


def _postgres_text() -> tuple[str, ...]:
    """A generated column: PostgreSQL itself keeps it current.

    `unaccent` would need an extension and is not immutable, so a map takes off the marks, of
    texts that have any: the map is long. Punctuation becomes spaces, or else "GPT-4" would be
    indexed as "gpt" and "-4".
    """
    accented = [chr(c) for c in range(0xC0, 0x250)]
    bases = [unicodedata.normalize("NFKD", c)[0] for c in accented]
    pairs = [(a, b) for a, b in zip(accented, bases, strict=True) if b.isascii() and b.isalpha()]
    marks, plain = ("".join(side) for side in zip(*pairs, strict=True))
    punctuation = string.punctuation.replace("'", "''")
    spaces = " " * len(string.punctuation)

    def weighed(column: str, weight: str) -> str:
        bare = (
            f"CASE WHEN octet_length({column}) = length({column}) THEN {column}"
            f" ELSE translate({column}, '{marks}', '{plain}') END"
        )
        spaced = f"translate({bare}, '{punctuation}', '{spaces}')"
        return f"setweight(to_tsvector('english', {spaced}), '{weight}')"

    vector = " || ".join(
        [weighed("title", "A"), weighed("authors::text", "B"), weighed("abstract", "C")]
    )
    return (
        f"ALTER TABLE papers ADD COLUMN papers_text tsvector GENERATED ALWAYS AS ({vector}) STORED",
        "CREATE INDEX papers_text_index ON papers USING gin (papers_text)",
    )


def downgrade() -> None:
    for table in (
        "feedback_log",
        "feedback",
        "votes",
        "impressions",
        "deliveries",
        "topics",
        "mutes",
        "links",
        "follows",
        "accounts",
        "users",
        "sources",
        "papers",
        "models",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "sqlite":
        op.drop_table("papers_text")
