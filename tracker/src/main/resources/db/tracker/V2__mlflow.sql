-- What MLflow's protocol keeps of experiments and runs. Rows of a run are keyed by its number, which is a third of its id's
-- size; params, tags and metrics carry their run's experiment, so that one index serves a filter or an order within it.

-- Experiments --------------------------------------------------------------------------------------------------------

alter table experiment
  add column artifact_location text,
  add column deleted_at timestamptz,
  add column updated_at timestamptz;
update experiment set artifact_location = 'mlflow-artifacts:/' || id, updated_at = created_at;
alter table experiment
  alter column artifact_location set not null,
  alter column updated_at set not null,
  alter column updated_at set default now();
-- A deleted experiment keeps its name.

create table experiment_tag (
  experiment_id bigint not null references experiment (id) on delete cascade,
  key           text not null collate "C",
  value         text not null,
  primary key (experiment_id, key)
);

-- Clients take for granted that experiment 0 is there and called Default.
update experiment set name = 'Default (' || id || ')' where name = 'Default' and id <> 0;
insert into experiment (id, name, artifact_location) overriding system value values (0, 'Default', 'mlflow-artifacts:/0')
  on conflict do nothing;

-- Runs ---------------------------------------------------------------------------------------------------------------

alter table run
  add column user_id text not null default '',
  add column deleted_at timestamptz,
  add column artifact_uri text;
update run set
  artifact_uri = 'mlflow-artifacts:/' || experiment_id || '/' || id || '/artifacts',
  experiment_id = case
    when (select name from experiment e where e.id = experiment_id) = 'Default (' || experiment_id || ')' then 0
    else experiment_id end;
delete from experiment e where name = 'Default (' || id || ')' and not exists (select from run where experiment_id = e.id);
alter table run alter column artifact_uri set not null;
create index run_start on run (experiment_id, start_time desc, id);
create index run_parent on run (parent_run_id) where parent_run_id is not null;

alter table param rename to old_param;
alter table old_param rename constraint param_pkey to old_param_pkey;
create table param (
  run           bigint not null,
  key           text not null collate "C",
  value         text not null,
  experiment_id bigint not null
);
insert into param select r.number, p.key, p.value, r.experiment_id from old_param p join run r on r.id = p.run_id;
alter table param
  add primary key (run, key),
  add foreign key (run) references run (number) on delete cascade;
drop table old_param;
-- An index entry holds at most some 2,700 bytes; a value may have 6,000 characters.
create index param_value on param (experiment_id, key, left(value, 128), run);

alter table tag rename to old_tag;
alter table old_tag rename constraint tag_pkey to old_tag_pkey;
create table tag (
  run           bigint not null,
  key           text not null collate "C",
  value         text not null,
  experiment_id bigint not null
);
insert into tag select r.number, t.key, t.value, r.experiment_id from old_tag t join run r on r.id = t.run_id;
alter table tag
  add primary key (run, key),
  add foreign key (run) references run (number) on delete cascade;
drop table old_tag;
create index tag_value on tag (experiment_id, key, left(value, 128), run);

-- Datasets -----------------------------------------------------------------------------------------------------------

create table dataset (
  id            bigint generated always as identity primary key,
  experiment_id bigint not null references experiment (id) on delete cascade,
  name          text not null,
  digest        text not null,
  source_type   text not null,
  source        text not null,
  schema        text,
  profile       text,
  -- bytes and rows, where a pipeline counted them
  size          bigint,
  rows          bigint,
  unique (experiment_id, name, digest)
);
create table run_dataset (
  run     bigint not null references run (number) on delete cascade,
  dataset bigint not null references dataset (id) on delete cascade,
  -- what it was used for: the tag mlflow.data.context of MLflow's clients
  context text not null default '',
  tags    jsonb not null default '{}',
  primary key (run, dataset, context)
);
create index run_dataset_dataset on run_dataset (dataset);
insert into dataset (experiment_id, name, digest, source_type, source, size, rows)
  select r.experiment_id, d.name, d.digest, 'blob', d.digest, max(d.size), max(d.rows)
  from dataset_input d join run r on r.id = d.run_id group by 1, 2, 3;
insert into run_dataset (run, dataset, context, tags)
  select r.number, s.id, d.role, jsonb_build_object('mlflow.data.context', d.role)
  from dataset_input d join run r on r.id = d.run_id
  join dataset s on s.experiment_id = r.experiment_id and s.name = d.name and s.digest = d.digest;
drop table dataset_input;

-- Models -------------------------------------------------------------------------------------------------------------

alter table logged_model
  add column experiment_id bigint,
  add column model_type text,
  add column status text not null default 'LOGGED_MODEL_READY',
  add column status_message text,
  add column artifact_uri text,
  add column tags jsonb not null default '{}',
  add column updated_at timestamptz,
  add column deleted_at timestamptz;
update logged_model m set
  experiment_id = r.experiment_id, updated_at = m.created_at,
  artifact_uri = 'mlflow-artifacts:/' || r.experiment_id || '/models/' || m.id || '/artifacts'
  from run r where r.id = m.run_id;
-- A model that a client logged has no flavor and files of its own until they are uploaded.
alter table logged_model
  alter column experiment_id set not null,
  alter column artifact_uri set not null,
  alter column updated_at set not null,
  alter column updated_at set default now(),
  alter column run_id drop not null,
  alter column flavor drop not null,
  alter column digest drop not null,
  alter column size drop not null,
  alter column files drop not null;
create index logged_model_experiment on logged_model (experiment_id, created_at desc, id);

alter table model_metric
  add column dataset_name text not null default '',
  add column dataset_digest text not null default '';
alter table model_metric drop constraint model_metric_pkey;
alter table model_metric add primary key (model_id, key, run_id, dataset_name, dataset_digest);

-- Which models a run read and made.
create table run_model (
  run       bigint not null references run (number) on delete cascade,
  model_id  text not null,
  direction text not null check (direction in ('INPUT', 'OUTPUT')),
  step      bigint not null default 0,
  primary key (run, direction, model_id)
);
insert into run_model (run, model_id, direction)
  select r.number, m.id, 'OUTPUT' from logged_model m join run r on r.id = m.run_id;
