alter table pipeline_run
  -- higher first
  add column priority          int not null default 0,
  add column paused            boolean not null default false,
  -- why everything is to stop: CANCEL, TIMEOUT or KILL
  add column stop              text,
  -- when the run must be looked at even if nothing happens
  add column wake_at           timestamptz,
  -- the time it was planned for; null for one that somebody started
  add column scheduled_at      timestamptz,
  -- what started it: {"by": "schedule", …}
  add column origin            jsonb not null default '{}',
  add column outputs           jsonb not null default '{}',
  -- of a run that is a task of another
  add column parent_run_id     uuid references pipeline_run (id) on delete cascade,
  add column parent_attempt_id uuid,
  add column depth             int not null default 0;
update pipeline_run set stop = 'CANCEL' where cancel_requested;
alter table pipeline_run drop column cancel_requested, drop column attention;
create index pipeline_run_wake on pipeline_run (wake_at) where wake_at is not null;
create index pipeline_run_parent on pipeline_run (parent_run_id) where parent_run_id is not null;
create index pipeline_run_open on pipeline_run (pipeline, state, number) where state in ('QUEUED', 'RUNNING');
-- Whatever was under way is looked at once.
update pipeline_run set wake_at = now() where state in ('QUEUED', 'RUNNING');

alter table task
  -- the task this is an instance of, and which
  add column group_name      text,
  add column index           int not null default 0,
  -- kept as text, for the order of the axes
  add column item            json,
  add column condition_false boolean not null default false,
  -- the attempt whose outputs it took
  add column cached_from     uuid;
alter table task rename column retry_at to due_at;
drop index task_retry;
create index task_instances on task (run_id, group_name, index) where group_name is not null;

alter table attempt
  add column priority     int not null default 0,
  -- what the outputs depend on; null for an attempt that is not to be cached
  add column cache_key    text,
  -- who launches it: a server's id, or 'engine' for a call of a pipeline; null once, for those of an earlier version
  add column server       text,
  add column heartbeat_at timestamptz;
drop index attempt_active;
update attempt set state = 'QUEUED' where state = 'LAUNCHING';
create index attempt_queued on attempt (priority desc, created_at, id) where state = 'QUEUED';
create index attempt_active on attempt (created_at) where state in ('LAUNCHING', 'RUNNING');

-- What happened to a run and was not decided on yet.
create table inbox (
  number  bigint generated always as identity primary key,
  run_id  uuid not null references pipeline_run (id) on delete cascade,
  -- REPORT of an attempt, CANCEL by the run that called it, LOOK for no reason of its own
  kind    text not null,
  message bytea not null
);
create index inbox_run on inbox (run_id, number);
insert into inbox (run_id, kind, message)
  select run_id, 'REPORT', message from report where not handled order by attempt_id, seq;
drop table report;

-- Outputs by what they depend on.
create table cache_entry (
  key        text primary key,
  attempt_id uuid not null,
  run_number bigint not null,
  task       text not null,
  outputs    jsonb not null,
  created_at timestamptz not null
);
create index cache_entry_age on cache_entry (created_at);
