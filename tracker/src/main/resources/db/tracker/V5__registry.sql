-- What MLflow's registry keeps of models and versions, and the webhooks that hear of changes.

alter table registered_model
  -- versions are counted up for ever: a deleted version's number is not given again
  add column last_version int not null default 0,
  add column tags jsonb not null default '{}';
update registered_model m set last_version =
  coalesce((select max(version) from model_version v where v.name = m.name), 0);

alter table model_version
  add column source text,
  -- where the source's files are, when the source names a model or run by id
  add column storage_location text,
  add column run_link text,
  add column description text,
  add column stage text not null default 'None',
  add column status text not null default 'READY',
  add column status_message text,
  add column user_id text,
  add column tags jsonb not null default '{}',
  add column updated_at timestamptz;
update model_version set source = 'models:/' || model_id, updated_at = created_at,
  storage_location = (select artifact_uri from logged_model l where l.id = model_id);
-- A version that a client made may come from anywhere: it need not be a logged model with known files.
alter table model_version
  alter column source set not null,
  alter column updated_at set not null,
  alter column updated_at set default now(),
  alter column model_id drop not null,
  alter column run_id drop not null,
  alter column flavor drop not null,
  alter column digest drop not null,
  alter column size drop not null,
  alter column files drop not null,
  drop constraint model_version_name_fkey,
  add foreign key (name) references registered_model (name) on delete cascade on update cascade;
create index model_version_run on model_version (run_id);
create index model_version_model on model_version (model_id);
create index model_version_updated on model_version (updated_at desc, name, version desc);

alter table model_alias
  drop constraint model_alias_name_version_fkey,
  add foreign key (name, version) references model_version (name, version) on delete cascade on update cascade;

-- A client may say that a run of another server made a model.
alter table logged_model drop constraint logged_model_run_id_fkey;

-- Webhooks -----------------------------------------------------------------------------------------------------------

create table webhook (
  id          uuid primary key,
  number      bigint generated always as identity unique,
  name        text not null,
  description text,
  url         text not null,
  -- [{"entity": "MODEL_VERSION", "action": "CREATED"}, …]
  events      jsonb not null,
  -- encrypted with the server's key
  secret      bytea,
  status      text not null default 'ACTIVE',
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);

-- What each webhook is to be told: written in the transaction of the change itself, kept as a log after it was sent.
create table webhook_delivery (
  id              uuid primary key default gen_random_uuid(),
  number          bigint generated always as identity unique,
  webhook_id      uuid not null references webhook (id) on delete cascade,
  entity          text not null,
  action          text not null,
  data            jsonb not null,
  created_at      timestamptz not null default now(),
  -- PENDING, DELIVERED, FAILED
  state           text not null default 'PENDING',
  attempts        int not null default 0,
  next_attempt_at timestamptz not null default now(),
  response_status int,
  response_body   text,
  error           text,
  finished_at     timestamptz
);
create index webhook_delivery_due on webhook_delivery (next_attempt_at) where state = 'PENDING';
create index webhook_delivery_log on webhook_delivery (webhook_id, number desc);
