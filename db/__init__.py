"""The only room that speaks SQL: PostgreSQL started, migrated, asked and told.

The door is `db.database.Database`: one noun beside the other over one pool. Rows come out in the
words of the music (`db.rows`); which libraries a user may see is part of every statement that reads
music. Nothing is imported here, because the processes that read tags need `db.rows` and no more.
"""

__all__ = ["database", "rows"]
