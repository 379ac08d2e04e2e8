-- A note that was written without a connection keeps the time of its writing (`at`); this is when it reached us. Null: at once.
set local lock_timeout = '3s';
alter table lead_notes add column stored_at timestamptz;
