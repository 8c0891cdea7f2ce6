create table pipeline (
  name           text primary key,
  number         bigint generated always as identity,
  description    text,
  latest_version int not null,
  created_at     timestamptz not null,
  updated_at     timestamptz not null
);
create unique index pipeline_number on pipeline (number desc);

create table pipeline_version (
  pipeline   text not null references pipeline (name),
  version    int not null,
  digest     text not null,
  source     text not null,
  files      text not null,
  created_at timestamptz not null,
  primary key (pipeline, version)
);

create table pipeline_run (
  id               uuid primary key,
  -- grows with each run; what lists page by
  number           bigint generated always as identity,
  pipeline         text not null,
  version          int not null,
  state            text not null,
  message          text,
  params           jsonb not null,
  tracked_run_id   text not null,
  revision         bigint not null default 0,
  -- something happened that the engine has not decided on yet
  attention        boolean not null default true,
  cancel_requested boolean not null default false,
  idempotency_key  text unique,
  request_digest   text,
  created_at       timestamptz not null,
  started_at       timestamptz,
  ended_at         timestamptz,
  foreign key (pipeline, version) references pipeline_version (pipeline, version)
);
create unique index pipeline_run_number on pipeline_run (number desc);
create index pipeline_run_pipeline on pipeline_run (pipeline, number desc);
create index pipeline_run_attention on pipeline_run (number) where attention;

create table task (
  run_id          uuid not null references pipeline_run (id) on delete cascade,
  name            text not null,
  position        int not null,
  kind            text not null,
  needs           text[] not null,
  state           text not null,
  reason          text,
  outputs         jsonb not null default '{}',
  user_failures   int not null default 0,
  system_failures int not null default 0,
  retry_at        timestamptz,
  started_at      timestamptz,
  ended_at        timestamptz,
  primary key (run_id, name)
);
create index task_retry on task (retry_at) where state = 'RETRYING';

create table attempt (
  id             uuid primary key,
  run_id         uuid not null,
  task           text not null,
  number         int not null,
  state          text not null,
  tracked_run_id text not null,
  inputs         jsonb not null,
  stop_requested boolean not null default false,
  failure        text,
  exit_code      int,
  code           text,
  message        text,
  created_at     timestamptz not null,
  started_at     timestamptz,
  ended_at       timestamptz,
  unique (run_id, task, number),
  foreign key (run_id, task) references task (run_id, name) on delete cascade
);
create index attempt_active on attempt (created_at) where state in ('LAUNCHING', 'RUNNING');

-- What attempts reported and the engine has not decided on yet; the key makes a repeated report one.
create table report (
  attempt_id uuid not null,
  seq        bigint not null,
  run_id     uuid not null references pipeline_run (id) on delete cascade,
  message    bytea not null,
  handled    boolean not null default false,
  primary key (attempt_id, seq)
);
create index report_open on report (run_id) where not handled;

create table transition (
  run_id     uuid not null references pipeline_run (id) on delete cascade,
  revision   bigint not null,
  at         timestamptz not null,
  task       text,
  attempt    int,
  from_state text,
  to_state   text not null,
  reason     text,
  primary key (run_id, revision)
);

create sequence outbox_number;
create table outbox (
  number     bigint primary key,
  topic      text not null,
  key        text not null,
  payload    bytea not null,
  created_at timestamptz not null default now()
);

create table consumer_offset (
  topic       text not null,
  partition   int not null,
  next_offset bigint not null,
  primary key (topic, partition)
);

create table dead_letter (
  id            bigint generated always as identity primary key,
  topic         text not null,
  partition     int not null,
  record_offset bigint not null,
  key           text,
  payload       bytea,
  reason        text not null,
  created_at    timestamptz not null default now()
);
