create table schedule (
  number     bigint generated always as identity primary key,
  name       text not null unique,
  spec       jsonb not null,
  paused     boolean not null,
  -- the first time that was not dealt with yet; null when there is none, or while it is paused
  next_at    timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index schedule_next on schedule (next_at) where next_at is not null;

create table backfill (
  number     bigint generated always as identity primary key,
  id         uuid not null unique,
  -- as it was asked for, and with what it took over from a schedule
  asked      jsonb not null,
  spec       jsonb not null,
  pipeline   text not null,
  state      text not null,
  created_at timestamptz not null,
  ended_at   timestamptz
);
create index backfill_running on backfill (number) where state = 'RUNNING';

create table trigger (
  number     bigint generated always as identity primary key,
  name       text not null unique,
  spec       jsonb not null,
  -- what it listens for: hook, model-version, model-alias, dataset-version, run-ended
  event      text not null,
  paused     boolean not null,
  -- encrypted with the server's key
  secret     bytea,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

-- Occasions to start a run, those to come and those settled.
create table fire (
  number      bigint generated always as identity primary key,
  schedule    bigint references schedule (number) on delete cascade,
  backfill    bigint references backfill (number) on delete cascade,
  trigger     bigint references trigger (number) on delete cascade,
  -- what makes it this occasion and no other; the run's idempotency key
  key         text not null unique,
  time        timestamptz not null,
  -- where it stands for several times: the last, and how many
  until       timestamptz,
  times       int not null default 1,
  -- what to start: {"pipeline": …, "version": …, "params": …, "priority": …, "origin": …}
  wanted      jsonb,
  state       text not null,
  -- when to start it; null while it is held back
  due_at      timestamptz,
  -- not after this
  deadline_at timestamptz,
  code        text,
  reason      text,
  errors      jsonb,
  run_id      uuid,
  at          timestamptz,
  created_at  timestamptz not null
);
create index fire_schedule on fire (schedule, number desc) where schedule is not null;
create index fire_backfill on fire (backfill, number desc) where backfill is not null;
create index fire_trigger on fire (trigger, number desc) where trigger is not null;
create index fire_due on fire (due_at) where state = 'PLANNED' and due_at is not null;
create index fire_at on fire (at) where at is not null;
create index pipeline_run_scheduled on pipeline_run (pipeline, scheduled_at) where scheduled_at is not null;

-- Ends of runs that triggers listen for. Written with the end itself, so that none is missed, and
-- only while a trigger listens.
create table run_end (
  number   bigint generated always as identity primary key,
  run_id   uuid not null,
  -- a run that is retried ends again
  revision bigint not null,
  pipeline text not null,
  version  int not null,
  state    text not null,
  at       timestamptz not null
);
create function note_run_end() returns trigger language plpgsql as $$
begin
  if exists (select from orchestrator.trigger where event = 'run-ended' and not paused) then
    insert into orchestrator.run_end (run_id, revision, pipeline, version, state, at)
      values (new.id, new.revision, new.pipeline, new.version, new.state, coalesce(new.ended_at, now()));
  end if;
  return null;
end $$;
create trigger run_ended after update of state on pipeline_run for each row
  when (new.state in ('SUCCEEDED', 'FAILED', 'CANCELLED') and old.state is distinct from new.state)
  execute function note_run_end();
