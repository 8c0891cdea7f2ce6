create sequence outbox_number;
create table outbox (
  number     bigint primary key,
  topic      text not null,
  key        text not null,
  payload    bytea not null,
  created_at timestamptz not null default now()
);

-- What is new in the catalog and was not told yet. Written with the change itself, whoever makes it.
create table catalog_event (
  number     bigint generated always as identity primary key,
  id         uuid not null default gen_random_uuid(),
  at         timestamptz not null default now(),
  -- MODEL_VERSION, MODEL_ALIAS, DATASET_VERSION
  kind       text not null,
  name       text not null,
  run_id     text,
  version    int,
  alias      text,
  digest     text,
  experiment text
);

create function note_model_version() returns trigger language plpgsql as $$
begin
  insert into tracker.catalog_event (kind, name, run_id, version)
    values ('MODEL_VERSION', new.name, new.run_id, new.version);
  return null;
end $$;
create trigger model_version_created after insert on model_version for each row
  when (new.tags -> 'mlflow.prompt.is_prompt' is null)
  execute function note_model_version();

create function note_model_alias() returns trigger language plpgsql as $$
begin
  insert into tracker.catalog_event (kind, name, run_id, version, alias)
    select 'MODEL_ALIAS', v.name, v.run_id, v.version, new.alias
    from tracker.model_version v
    where v.name = new.name and v.version = new.version and v.tags -> 'mlflow.prompt.is_prompt' is null;
  return null;
end $$;
create trigger model_alias_made after insert on model_alias for each row
  execute function note_model_alias();
create trigger model_alias_moved after update of version on model_alias for each row
  when (old.version is distinct from new.version)
  execute function note_model_alias();

-- Whoever works with a dataset logs it too, in an experiment of his own: that is no new version.
create index dataset_version on dataset (name, digest);
create function note_dataset_version() returns trigger language plpgsql as $$
begin
  insert into tracker.catalog_event (kind, name, digest, experiment)
    select 'DATASET_VERSION', new.name, new.digest, e.name
    from tracker.experiment e where e.id = new.experiment_id and not exists (
      select from tracker.dataset d
      where d.name = new.name and d.digest = new.digest and d.id <> new.id);
  return null;
end $$;
create trigger dataset_version_seen after insert on dataset for each row
  execute function note_dataset_version();
