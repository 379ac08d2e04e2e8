-- Lists, search and counts of an organization with a hundred thousand leads and more (docs/decisions/0010-lists.md).
--
-- Not concurrently, since no release has run on these tables yet; from the first one on, see README.md.

set local lock_timeout = '3s';

-- What is nobody's, newest first; what is somebody's stands in leads_assignee.
create index leads_nobodys on leads (organization_id, created_at desc, id desc) where assignee_id is null;

-- What one person has to do, in order; and what is counted. Both read nothing but this index, so the planner has no better idea.
create index leads_next_of on leads (organization_id, assignee_id, (first_attempt_at is not null), next_at, id) include (snoozed_until, first_attempt_at)
    where next_at is not null;

create index leads_form on leads (organization_id, form_id, created_at desc, id desc) where form_id is not null;

-- A fifth of a table, PostgreSQL's own measure, is 200,000 leads that indexes cannot answer for by themselves.
alter table leads set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
alter table lead_tokens set (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
