-- Traces: what an application did for one request, as spans that call each other, and what people and judges say of it.

create table trace (
  number            bigint generated always as identity primary key,
  id                text not null unique collate "C",
  experiment_id     bigint not null references experiment (id) on delete cascade,
  client_request_id text,
  request_time      timestamptz not null,
  -- milliseconds
  duration          bigint,
  state             text not null,
  request_preview   text,
  response_preview  text,
  metadata          jsonb not null default '{}',
  tags              jsonb not null default '{}',
  -- whether a client said how the trace as a whole is; spans that come later do not change that
  finalized         boolean not null default false
);
create index trace_time on trace (experiment_id, request_time desc, id);
create index trace_source_run on trace ((metadata ->> 'mlflow.sourceRun')) where metadata ? 'mlflow.sourceRun';
create index trace_session on trace ((metadata ->> 'mlflow.trace.session')) where metadata ? 'mlflow.trace.session';

create table span (
  trace     bigint not null references trace (number) on delete cascade,
  id        text not null collate "C",
  parent_id text,
  name      text not null,
  type      text not null,
  status    text not null,
  -- nanoseconds of the epoch
  started   bigint not null,
  ended     bigint,
  -- tokens and money, for the sums of the trace
  usage     json,
  cost      json,
  model     text,
  provider  text,
  -- name, attributes, events and links as JSON: what is shown and searched as text. Not jsonb, which forgets the order of keys.
  content   text not null,
  primary key (trace, id)
);

create table trace_run (
  trace bigint not null references trace (number) on delete cascade,
  run   bigint not null references run (number) on delete cascade,
  primary key (trace, run)
);
create index trace_run_run on trace_run (run);

create table trace_prompt (
  trace  bigint not null references trace (number) on delete cascade,
  -- name/version
  prompt text not null,
  primary key (trace, prompt)
);
create index trace_prompt_prompt on trace_prompt (prompt);

create table assessment (
  id          text primary key collate "C",
  trace       bigint not null references trace (number) on delete cascade,
  name        text not null,
  kind        text not null check (kind in ('feedback', 'expectation', 'issue')),
  value       json not null,
  error       json,
  source_type text not null,
  source_id   text not null,
  span_id     text,
  rationale   text,
  metadata    jsonb not null default '{}',
  -- the assessment that this one corrects
  overrides   text,
  valid       boolean not null default true,
  created_at  timestamptz not null,
  updated_at  timestamptz not null
);
create index assessment_trace on assessment (trace, created_at, id);
create index assessment_name on assessment (name, trace);
create index assessment_session on assessment ((metadata ->> 'mlflow.trace.session')) where metadata ? 'mlflow.trace.session';

-- Evaluation datasets -------------------------------------------------------------------------------------------------

create table evaluation_dataset (
  id         text primary key collate "C",
  name       text not null,
  digest     text not null,
  tags       jsonb not null default '{}',
  schema     json,
  profile    json,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  created_by text,
  updated_by text
);
create index evaluation_dataset_created on evaluation_dataset (created_at desc, id);

create table evaluation_dataset_experiment (
  dataset       text not null references evaluation_dataset (id) on delete cascade,
  experiment_id bigint not null references experiment (id) on delete cascade,
  primary key (dataset, experiment_id)
);
create index evaluation_dataset_experiment_experiment on evaluation_dataset_experiment (experiment_id);

create table evaluation_record (
  id           text primary key collate "C",
  dataset      text not null references evaluation_dataset (id) on delete cascade,
  -- of the inputs: a record of the same inputs replaces this one
  digest       text not null,
  inputs       json not null,
  outputs      json,
  expectations json,
  tags         json not null default '{}',
  source       json,
  source_id    text,
  source_type  text,
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  created_by   text,
  updated_by   text,
  unique (dataset, digest)
);
create index evaluation_record_page on evaluation_record (dataset, created_at, id);

-- Scorers ---------------------------------------------------------------------------------------------------------------

create table scorer (
  id            text primary key,
  experiment_id bigint not null references experiment (id) on delete cascade,
  name          text not null,
  unique (experiment_id, name)
);
create table scorer_version (
  scorer     text not null references scorer (id) on delete cascade,
  version    int not null,
  serialized text not null,
  created_at timestamptz not null,
  primary key (scorer, version)
);
