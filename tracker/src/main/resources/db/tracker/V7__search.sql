-- Search finds runs by name, by status and among the deleted ones, and orders them by name and by their end.

create index run_name on run (experiment_id, name);
create index run_end on run (experiment_id, end_time);
create index run_status on run (experiment_id, status);
create index run_deleted on run (experiment_id) where deleted_at is not null;

-- PostgreSQL reads an index of an expression never without the table; of a column it does. A search then touches a thousand
-- neighbours in the index instead of a thousand pages of the table.

drop index param_value;
alter table param add column beginning text generated always as (left(value, 128)) stored;
create index param_value on param (experiment_id, key, beginning, run);

drop index tag_value;
alter table tag add column beginning text generated always as (left(value, 128)) stored;
create index tag_value on tag (experiment_id, key, beginning, run);
