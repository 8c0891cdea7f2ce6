-- Experiments and runs -----------------------------------------------------------------------------------------------

create table experiment (
  id         bigint generated always as identity primary key,
  name       text not null unique,
  created_at timestamptz not null default now()
);

create table run (
  id               text primary key,
  -- grows with each run; what lists page by
  number           bigint generated always as identity,
  experiment_id    bigint not null references experiment (id),
  name             text not null,
  status           text not null,
  message          text,
  parent_run_id    text,
  pipeline         text,
  pipeline_version int,
  pipeline_run_id  text,
  task             text,
  attempt          int,
  start_time       timestamptz not null,
  end_time         timestamptz
);
create unique index run_number on run (number desc);
create index run_experiment on run (experiment_id, number desc);
create index run_pipeline_run on run (pipeline_run_id, number desc) where pipeline_run_id is not null;

-- How far each source's events of a run are stored; what makes a repeated event a no-op.
create table run_source (
  run_id   text not null,
  source   text not null,
  last_seq bigint not null,
  primary key (run_id, source)
);

create table param (
  run_id text not null references run (id) on delete cascade,
  key    text not null,
  value  text not null,
  primary key (run_id, key)
);

create table tag (
  run_id text not null references run (id) on delete cascade,
  key    text not null,
  value  text not null,
  primary key (run_id, key)
);

create table dataset_input (
  run_id text not null references run (id) on delete cascade,
  digest text not null,
  role   text not null,
  name   text not null,
  size   bigint not null,
  rows   bigint,
  primary key (run_id, digest, role)
);

-- Metrics ------------------------------------------------------------------------------------------------------------

-- The newest point and the range of each metric; min and max are null while every value is NaN.
create table metric (
  run_id         text not null references run (id) on delete cascade,
  key            text not null,
  points         bigint not null,
  last_step      bigint not null,
  last_timestamp bigint not null,
  last_value     double precision not null,
  min            double precision,
  max            double precision,
  chunks         int not null,
  primary key (run_id, key)
);

-- Points, packed; see MetricChunk for the bytes.
create table metric_chunk (
  run_id     text not null references run (id) on delete cascade,
  key        text not null,
  number     int not null,
  points     int not null,
  first_step bigint not null,
  last_step  bigint not null,
  data       bytea not null,
  primary key (run_id, key, number)
);
alter table metric_chunk alter column data set storage external;

-- Artifacts and logs -------------------------------------------------------------------------------------------------

create table artifact (
  run_id     text not null references run (id) on delete cascade,
  path       text not null,
  digest     text not null,
  size       bigint not null,
  media_type text not null,
  created_at timestamptz not null,
  primary key (run_id, path)
);

create table log_chunk (
  run_id     text not null references run (id) on delete cascade,
  first_line bigint not null,
  last_line  bigint not null,
  -- a tracking.v1.LogLines message
  data       bytea not null,
  primary key (run_id, first_line)
);

-- Models -------------------------------------------------------------------------------------------------------------

create table logged_model (
  id         text primary key,
  run_id     text not null references run (id) on delete cascade,
  name       text not null,
  flavor     text not null,
  digest     text not null,
  size       bigint not null,
  files      jsonb not null,
  params     jsonb not null,
  created_at timestamptz not null
);
create index logged_model_run on logged_model (run_id);

-- What was measured on a model, by whichever run measured it. The model's own event may come later than the first measure.
create table model_metric (
  model_id   text not null,
  key        text not null,
  run_id     text not null references run (id) on delete cascade,
  step       bigint not null,
  timestamp  bigint not null,
  value      double precision not null,
  primary key (model_id, key, run_id)
);

create table registered_model (
  name        text primary key,
  number      bigint generated always as identity,
  description text,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);
create unique index registered_model_number on registered_model (number desc);

create table model_version (
  name             text not null references registered_model (name) on delete cascade,
  version          int not null,
  model_id         text not null,
  run_id           text not null,
  flavor           text not null,
  digest           text not null,
  size             bigint not null,
  files            jsonb not null,
  pipeline         text,
  pipeline_version int,
  pipeline_run_id  text,
  idempotency_key  text unique,
  -- digest of the request that made it: the same key with another request is a mistake
  request_digest   text,
  created_at       timestamptz not null default now(),
  primary key (name, version)
);

create table model_alias (
  name    text not null,
  alias   text not null,
  version int not null,
  primary key (name, alias),
  foreign key (name, version) references model_version (name, version) on delete cascade
);

-- Ingestion ----------------------------------------------------------------------------------------------------------

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
