-- Whether a backfill was cancelled with the runs that it started: one that starts at this very
-- moment is cancelled too.
alter table backfill add column runs_cancelled boolean not null default false;
