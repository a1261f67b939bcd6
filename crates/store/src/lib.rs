//! One narrow database seam, one portable SQL text, SQLite and PostgreSQL behind it.
