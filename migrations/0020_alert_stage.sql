-- Up to which stage an alert has come, so that the next one need not wait where a way has failed.
alter table alerts add column stage int not null default 0;
