"""What the store keeps, as tables: the one description that queries, migrations and checks are made from.

An upload is a *submission*; while it is not read nobody knows how many claims its papers make. Papers are
kept by their document id, which comes from their bytes, and claims by theirs, which comes from their
invoices: reading the same bytes again finds what is there and never makes a second claim of it.

Rows that tell what happened (`events`, `field_changes`, `decisions`, `claim_revisions`, `amendments`,
`opinions`, `disclosures`, `account_changes`, `thresholds`) are only ever added. Published rows and frozen
documents are kept as the text that was written, to the byte.
Columns of claims beside their record are what queues, filters and progress ask for.
"""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from pipeline.store.column_types import Fen, Moment

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

NUMBERED = BigInteger().with_variant(Integer, "sqlite")
"""A running number; on SQLite only a column of type INTEGER counts by itself."""

submissions = Table(
    "submissions",
    METADATA,
    Column("id", String, primary_key=True),  # U- and a part of the hash of what was sent
    Column("source", String, nullable=False),  # folder, online, api
    Column("reference", String, index=True),  # the sender's own
    Column("for_claim", String, index=True),  # whose missing papers it brings, where the sender says so
    Column("state", String, nullable=False),  # held, received, reading, read, failed
    Column("failure", Text),  # why it failed, or why it was not read the last time
    Column("received_at", Moment, nullable=False),
    Column("read_at", Moment),
    Column("read_by", String),  # version of the reader
    Column("pages", Integer, nullable=False, default=0),
    Column("lease_holder", String),
    Column("lease_until", Moment),
    Column("attempts", Integer, nullable=False, default=0),
    Index("ix_submissions_state_received_at", "state", "received_at", "id"),
)

submission_files = Table(
    "submission_files",
    METADATA,
    Column("submission_id", ForeignKey(submissions.c.id), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),  # of the original in the store of bytes
    Column("size", BigInteger, nullable=False),
)

unread = Table(  # what of a submission could not be read, as rows of errors.jsonl
    "unread",
    METADATA,
    Column("submission_id", ForeignKey(submissions.c.id), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("file", Text, nullable=False),
    Column("page", Integer),
    Column("code", String, nullable=False),
    Column("message", Text, nullable=False),
)

papers = Table(
    "papers",
    METADATA,
    Column("document_id", String, primary_key=True),
    Column("submission_id", ForeignKey(submissions.c.id), nullable=False, index=True),
    Column("sha256", String(64), nullable=False, index=True),  # by it papers that come again are known
    Column("document_type", String, nullable=False),
    Column("subtype", String),
    Column("status", String, nullable=False),
    Column("revision", Integer, nullable=False, default=1),
    Column("frozen", Text, nullable=False),  # pipeline.store.freeze, with fields, boxes and candidates
    Column("record", Text, nullable=False),  # the row of documents.jsonl as it stands now
)

claims = Table(
    "claims",
    METADATA,
    Column("id", String, primary_key=True),
    Column("submission_id", ForeignKey(submissions.c.id), nullable=False, index=True),
    Column("state", String, nullable=False),
    Column(
        "version", Integer, nullable=False, default=1
    ),  # raised by every change: who saves names the one seen
    Column("revision", Integer, nullable=False, default=1),  # of the record
    Column("status", String, nullable=False),  # what the machine thinks of it: accepted, review, incomplete …
    Column("idempotency_key", String, nullable=False),
    Column("insured_name", String),
    Column("id_number", String, index=True),
    Column("insurance_no", String),
    Column("hospital_name", String),
    Column("case_type", String, nullable=False),
    Column("visit_kind", String, nullable=False),
    Column("visit_from", Date),
    Column("visit_to", Date),
    Column("office", String),  # who entered it: an employer, a street office, a desk
    Column("reference", String, index=True),  # the sender's own
    Column("declared", Fen),  # 申报金额
    Column("settled", Fen),  # 报销金额
    Column("bank_name", String),
    Column("bank_account", String),  # shown masked
    Column("payout_low", Fen),  # of the dry run
    Column("payout_high", Fen),
    Column("risk", Fen, nullable=False, default=Decimal(0)),  # money at risk: what the queue is ordered by
    Column("urgent", Boolean, nullable=False, default=False),
    Column("wants_second", Boolean, nullable=False, default=False),
    Column("open_blocks", Integer, nullable=False, default=0),
    Column("open_reviews", Integer, nullable=False, default=0),
    Column("missing", Integer, nullable=False, default=0),
    Column("amendment", Integer, nullable=False, default=0),  # the number of the latest one, 0: none
    Column("received_at", Moment, nullable=False),
    Column("accepted_on", Date),  # 受理: the day on which nothing was missing any more
    Column("settle_by", Date),  # 30 or 20 working days later
    Column("entered_at", Moment),
    Column("handed_over_at", Moment),
    Column("settled_at", Moment),
    Column("paid_at", Moment),
    Column("changed_at", Moment, nullable=False),
    Column("assigned_to", String),
    Column("postponed_until", Moment),
    Column("lease_holder", String),
    Column("lease_until", Moment),
    # The row of claims.jsonl as it stands now; last, for SQLite walks over a long value to what is behind.
    Column("record", Text, nullable=False),
    # A list is walked along one of these (pipeline.store.queries).
    Index("ix_claims_queue", "state", "urgent", "risk", "id"),
    Index("ix_claims_state_received_at", "state", "received_at", "id"),
    Index("ix_claims_state_settle_by", "state", "settle_by", "id"),
    Index("ix_claims_settle_by_state", "settle_by", "state"),
    Index("ix_claims_received_at_id", "received_at", "id"),
    # With the state, so that what is asked of one state is told from the index alone.
    Index("ix_claims_insured_name_received_at", "insured_name", "received_at", "id", "state"),
    Index("ix_claims_office_received_at", "office", "received_at", "id", "state"),
    Index("ix_claims_hospital_name_received_at", "hospital_name", "received_at", "id", "state"),
    Index("ix_claims_assigned_to_received_at", "assigned_to", "received_at", "id", "state"),
)

claim_revisions = Table(
    "claim_revisions",
    METADATA,
    Column("claim_id", ForeignKey(claims.c.id), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("who", String, nullable=False),
    Column("why", Text, nullable=False),
    Column("record", Text, nullable=False),
)

claim_papers = Table(
    "claim_papers",
    METADATA,
    Column("claim_id", ForeignKey(claims.c.id), primary_key=True),
    Column("document_id", ForeignKey(papers.c.document_id), primary_key=True, index=True),
    Column("ordinal", Integer, nullable=False),
)

bills = Table(  # so that a bill is paid once (R-DUP-1)
    "bills",
    METADATA,
    Column("claim_id", ForeignKey(claims.c.id), primary_key=True),
    Column("document_id", String, primary_key=True),
    Column("invoice_code", String, nullable=False),
    Column("invoice_number", String, nullable=False),
    Index("ix_bills_invoice_number_invoice_code", "invoice_number", "invoice_code"),
)

bill_serials = Table(  # numbers that a bill keeps when it is exchanged (R-DUP-2)
    "bill_serials",
    METADATA,
    Column("claim_id", String, primary_key=True),
    Column("document_id", String, primary_key=True),
    Column("serial", String, primary_key=True, index=True),
)

checks = (
    Table(  # of the present revision; `overridden_*` outlive it as long as the check fails in the same way
        "checks",
        METADATA,
        Column("claim_id", ForeignKey(claims.c.id), primary_key=True),
        Column("ordinal", Integer, primary_key=True),
        Column("rule", String, nullable=False),
        Column("outcome", String, nullable=False),
        Column("severity", String, nullable=False),
        Column("message", Text, nullable=False),
        Column("fields", Text, nullable=False),  # JSON list of paths
        Column("overridden_by", String),
        Column("overridden_at", Moment),
        Column("override_reason", Text),
    )
)

review_items = Table(  # fields that wait, or waited, for a person
    "review_items",
    METADATA,
    Column("id", NUMBERED, primary_key=True, autoincrement=True),
    Column("claim_id", ForeignKey(claims.c.id), nullable=False),
    Column("document_id", String, nullable=False),
    Column("path", String, nullable=False),  # fields.total_amount, line_items[3].amount
    Column("state", String, nullable=False),  # open, closed
    Column("confidence", Float),
    Column("opened_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("closed_by", String),
    Column("answer", String),  # confirmed, corrected, illegible, not_present, not_applicable
    UniqueConstraint("claim_id", "document_id", "path"),
)

field_changes = Table(
    "field_changes",
    METADATA,
    Column("id", NUMBERED, primary_key=True, autoincrement=True),
    Column("claim_id", ForeignKey(claims.c.id), nullable=False),
    Column("document_id", String, nullable=False),
    Column("path", String, nullable=False),
    Column("old", Text),
    Column("new", Text),
    Column("old_status", String),
    Column("new_status", String),
    Column("who", String, nullable=False),
    Column("role", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("why", Text, nullable=False),
    Column("seconds", Float),  # how long it took a person
    Column("version", Integer),  # of the claim, which the change made; several may be made in one go
    Column("undoes", Integer),  # the version whose changes it takes back
    Column("frozen", Text),  # pipeline.store.freeze: what stood there, so that it can be taken back
    Index("ix_field_changes_claim_id_id", "claim_id", "id"),
    Index("ix_field_changes_at", "at"),  # what people answered since a day
)

decisions = Table(
    "decisions",
    METADATA,
    Column("id", NUMBERED, primary_key=True, autoincrement=True),
    Column("claim_id", ForeignKey(claims.c.id), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("stage", String, nullable=False),  # the state in which it was taken
    Column("event", String, nullable=False),
    Column("who", String, nullable=False),
    Column("role", String, nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("reason", Text, nullable=False),
)

amendments = Table(
    "amendments",
    METADATA,
    Column("claim_id", ForeignKey(claims.c.id), primary_key=True),
    Column("number", Integer, primary_key=True),  # 1, 2, …
    Column("kind", String, nullable=False),  # pipeline.life.AmendmentKind
    Column("of_revision", Integer, nullable=False),  # what was handed over
    Column("opened_at", Moment, nullable=False),
    Column("opened_by", String, nullable=False),
    Column("reason", Text, nullable=False),
)

events = Table(
    "events",
    METADATA,
    Column("id", NUMBERED, primary_key=True, autoincrement=True),
    Column("claim_id", ForeignKey(claims.c.id), nullable=False),
    Column("at", Moment, nullable=False),
    Column("who", String, nullable=False),
    Column("role", String, nullable=False),
    Column("event", String, nullable=False),
    Column("from_state", String),
    Column("to_state", String, nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_events_claim_id_id", "claim_id", "id"),
    Index("ix_events_at", "at"),  # what happened on a day
)

outbox = Table(  # what must reach somebody outside, exactly once in effect
    "outbox",
    METADATA,
    Column("id", NUMBERED, primary_key=True, autoincrement=True),
    Column("kind", String, nullable=False),  # hand_over, amendment, webhook
    Column("claim_id", ForeignKey(claims.c.id), index=True),  # empty: about an upload
    Column("target", String, nullable=False),  # engine, or the webhook's id
    Column("message_id", String, nullable=False, unique=True),  # the idempotency key
    Column("payload", Text, nullable=False),
    Column("state", String, nullable=False),  # waiting, begun, answered, parked, cancelled
    Column("attempts", Integer, nullable=False, default=0),  # in a row without an answer
    Column("trying_since", Moment),  # the first of them; empty: there is none
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("lease_until", Moment),
    Column("answered_at", Moment),
    Column("answer", Text),
    Column("error", Text),
    Column("batch_id", String, index=True),
    Index("ix_outbox_kind_state_due_at", "kind", "state", "due_at", "id"),  # in the order in which it is sent
)

hand_off_batches = Table(  # 报盘: which claims went in which file
    "hand_off_batches",
    METADATA,
    Column("id", String, primary_key=True),
    Column("office", String, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("file_name", String),
    Column("sha256", String(64)),
    Column("claims", Integer, nullable=False),
    Column("amount", Fen, nullable=False),
    Column("state", String, nullable=False),  # gathered, written, answered
    Column("answered_at", Moment),
)

settlements = Table(  # the embedded engine's own book; year-to-date figures are its sums
    "settlements",
    METADATA,
    Column("message_id", String, primary_key=True),
    Column("claim_id", String, nullable=False, index=True),
    Column("person", String, nullable=False),
    Column("year", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("policy_set", String, nullable=False),
    Column("answer", Text, nullable=False),  # as it was given, with its pipeline.settlement.record
    Column("fund_payment", Fen, nullable=False),
    Column("replaced_by", String),  # the message of the amendment that put another in its place
    Index("ix_settlements_person_year", "person", "year"),
)

webhooks = Table(
    "webhooks",
    METADATA,
    Column("id", String, primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("events", Text, nullable=False),  # JSON list; empty: all
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
)

api_tokens = Table(
    "api_tokens",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("digest", LargeBinary(32), nullable=False, unique=True),  # SHA-256 of the token, which is random
    Column("scopes", Text, nullable=False),  # JSON list
    Column("claim_id", ForeignKey(claims.c.id)),  # the one claim that a claimant's token opens
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
)

# ---------------------------------------------------------------- people at work

accounts = Table(
    "accounts",
    METADATA,
    Column("name", String, primary_key=True),  # what one signs in with, and what stands beside changes
    Column("shown_as", String, nullable=False),
    Column("role", String, nullable=False),  # pipeline.life.Role, of people
    Column("password", Text, nullable=False),  # Argon2id, with its parameters
    Column("language", String, nullable=False, default="zh"),
    Column("must_change", Boolean, nullable=False, default=False),  # the password is somebody else's choice
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
)

account_changes = Table(  # who did what to an account
    "account_changes",
    METADATA,
    Column("id", NUMBERED, primary_key=True, autoincrement=True),
    Column("account", ForeignKey(accounts.c.name), nullable=False, index=True),
    Column("what", String, nullable=False),  # created, role, password, disabled, enabled, sessions_ended
    Column("told", String, nullable=False),  # the new role, where that is what changed
    Column("who", String, nullable=False),
    Column("at", Moment, nullable=False),
)

sessions = Table(
    "sessions",
    METADATA,
    Column("digest", LargeBinary(32), primary_key=True),  # SHA-256 of what the cookie holds, which is random
    Column("account", ForeignKey(accounts.c.name), nullable=False, index=True),
    Column("csrf", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

disclosures = Table(  # who had masked values of a person shown, and why
    "disclosures",
    METADATA,
    Column("id", NUMBERED, primary_key=True, autoincrement=True),
    Column("claim_id", ForeignKey(claims.c.id), nullable=False, index=True),
    Column("who", String, nullable=False),
    Column("role", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("why", Text, nullable=False),
)

pages = Table(  # upright pictures of pages and the words on them, for people to look at
    "pages",
    METADATA,
    Column("sha256", String(64), primary_key=True),  # of the file, or of the file inside an archive
    Column("number", Integer, primary_key=True),
    Column(
        "ordinal", Integer, primary_key=True, default=0
    ),  # of several papers on the page, from 1; 0: all of it
    Column("submission_id", ForeignKey(submissions.c.id), nullable=False, index=True),
    Column("width", Integer, nullable=False),  # of the frame in which words and boxes are told, in pixels
    Column("height", Integer, nullable=False),
    Column("picture", String(64)),  # hash of the WebP among the originals; empty: it could not be kept
    Column("words", Text, nullable=False),  # JSON: [[text, x0, y0, x1, y1, confidence], …]
)

page_turns = Table(  # how a person turned a page that reading had the wrong way up
    "page_turns",
    METADATA,
    Column("sha256", String(64), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("degrees", Integer, nullable=False),  # clockwise, 0 to 270
    Column("who", String, nullable=False),
    Column("at", Moment, nullable=False),
)

drafts = Table(  # what a person has typed and not yet confirmed
    "drafts",
    METADATA,
    Column("claim_id", ForeignKey(claims.c.id), primary_key=True),
    Column("account", ForeignKey(accounts.c.name), primary_key=True),
    Column("document_id", String, primary_key=True),
    Column("path", String, primary_key=True),
    Column("text", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

opinions = (
    Table(  # what somebody says of a value without seeing what others said: blind second, third, planted
        "opinions",
        METADATA,
        Column("id", NUMBERED, primary_key=True, autoincrement=True),
        Column("claim_id", ForeignKey(claims.c.id), nullable=False),
        Column("document_id", String, nullable=False),
        Column("path", String, nullable=False),
        Column("purpose", String, nullable=False),  # second, third, planted, accepted
        Column("revision", Integer, nullable=False),  # of the claim, when it was asked
        Column("kind", String, nullable=False),  # value, illegible, not_present, not_applicable
        Column("text", Text, nullable=False),
        Column("shown", Text),  # what stood there for others, in its published form
        Column("agrees", Boolean, nullable=False),
        Column("who", String, nullable=False),
        Column("role", String, nullable=False),
        Column("at", Moment, nullable=False),
        Column("seconds", Float),
        Index("ix_opinions_claim_id_id", "claim_id", "id"),
        Index("ix_opinions_purpose_at", "purpose", "at"),
    )
)

probes = Table(  # values that were drawn to be asked about once more: accepted unseen, or of known answer
    "probes",
    METADATA,
    Column("id", NUMBERED, primary_key=True, autoincrement=True),
    Column("claim_id", ForeignKey(claims.c.id), nullable=False),
    Column("document_id", String, nullable=False),
    Column("path", String, nullable=False),
    Column("purpose", String, nullable=False),  # accepted, planted
    Column("kind", String, nullable=False),  # of field, as confidence groups them
    Column("confidence", Float),
    Column("answer", Text),  # the known answer of a planted one
    Column("drawn_at", Moment, nullable=False),
    Column("answered_at", Moment),
    Column("was_right", Boolean),
    UniqueConstraint("claim_id", "document_id", "path", "purpose"),
    Index("ix_probes_purpose_answered_at", "purpose", "answered_at"),
)

thresholds = Table(  # each change of the error that is aimed at, and what it rests on
    "thresholds",
    METADATA,
    Column("id", NUMBERED, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("target", Float, nullable=False),  # wrong per accepted field
    Column("asked", Integer, nullable=False),
    Column("wrong", Integer, nullable=False),
    Column("bound", Float, nullable=False),  # upper, 95 %
    Column("why", Text, nullable=False),
)

day_sums = Table(  # of each day that is over, so that nobody counts a year of claims to draw a line
    "day_sums",
    METADATA,
    Column("day", Date, primary_key=True),  # of the office
    Column("of", String, primary_key=True),  # all, field, hospital, source, reviewer
    Column("name", String, primary_key=True),  # which of them
    Column("figure", String, primary_key=True),  # pipeline.review.figures.Figure
    Column("number", Integer, nullable=False),  # how many
    Column("middle", Float),  # the median, where the figure is a duration, in minutes
)

# ---------------------------------------------------------------- what comes in

upload_keys = Table(  # Idempotency-Key: the same request again is the same upload
    "upload_keys",
    METADATA,
    Column("caller", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("body", String(64), nullable=False),  # hash of what was sent with it
    Column("submission_id", ForeignKey(submissions.c.id), nullable=False),
    Column("at", Moment, nullable=False),
)

page_progress = Table(  # how far the reading of a submission is
    "page_progress",
    METADATA,
    Column("submission_id", ForeignKey(submissions.c.id), primary_key=True),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),  # pages known so far
    Column("at", Moment, nullable=False),
)

batches = Table(  # batches of stacks, as batches.jsonl tells them
    "batches",
    METADATA,
    Column("id", String, primary_key=True),
    Column("submission_id", ForeignKey(submissions.c.id), nullable=False, index=True),
    Column("number", String, index=True),
    Column("outcome", String, nullable=False),  # closed, held
    Column("released_by", String),  # who let a held one go on
    Column("released_at", Moment),
    Column("release_reason", Text),
    Column("received_at", Moment, nullable=False, index=True),
    Column("record", Text, nullable=False),
)

watched_files = Table(  # what lies in the watch folder, and what became of it
    "watched_files",
    METADATA,
    Column("path", Text, primary_key=True),  # relative to the folder
    Column("size", BigInteger, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    Column("state", String, nullable=False),  # growing, taken, failed
    Column("seen_at", Moment, nullable=False),  # when size and time were first those
    Column("submission_id", ForeignKey(submissions.c.id)),
    Column("failure", Text),
)

page_edits = Table(  # what a person did to the pages of a submission before it was read again
    "page_edits",
    METADATA,
    Column("id", NUMBERED, primary_key=True, autoincrement=True),
    Column("submission_id", ForeignKey(submissions.c.id), nullable=False, index=True),
    Column("made", ForeignKey(submissions.c.id)),  # the submission that it became
    Column("plan", Text, nullable=False),  # JSON: files of pages, each with its turn
    Column("who", String, nullable=False),
    Column("at", Moment, nullable=False),
)
