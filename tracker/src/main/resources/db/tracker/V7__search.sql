-- Search finds runs by name, by status and among the deleted ones, and orders them by name and by their end.

create index run_name on run (experiment_id, name);
create index run_end on run (experiment_id, end_time);
create index run_status on run (experiment_id, status);
create index run_deleted on run (experiment_id) where deleted_at is not null;
