-- Artifacts are files by path, whoever they belong to: what MLflow's clients put below a run's, a model's or any other
-- artifact location.

-- The path of a location within this server; a location elsewhere stays as it is, which no path of a request can be.
create function artifact_root(uri text) returns text language sql immutable strict parallel safe as
  $$ select rtrim(regexp_replace(uri, '^mlflow-artifacts:(//[^/]*)?/*', ''), '/') $$;

alter table artifact rename to old_artifact;
alter table old_artifact rename constraint artifact_pkey to old_artifact_pkey;
create table artifact (
  path       text collate "C" primary key,
  digest     text not null,
  size       bigint not null,
  media_type text not null,
  created_at timestamptz not null default now()
);
insert into artifact
  select artifact_root(r.artifact_uri) || '/' || a.path, a.digest, a.size, a.media_type, a.created_at
  from old_artifact a join run r on r.id = a.run_id;
drop table old_artifact;
insert into artifact
  select artifact_root(m.artifact_uri) || '/' || f.path, f.digest, f.size, 'application/octet-stream', m.created_at
  from logged_model m, jsonb_to_recordset(m.files) as f (path text, digest text, size bigint)
  on conflict do nothing;
create index artifact_digest on artifact (digest);

-- Uploads in parts that are not complete. A part is a blob of its own until all are joined.
create table artifact_upload (
  id         text primary key,
  path       text not null,
  created_at timestamptz not null
);
create table artifact_upload_part (
  upload_id  text not null references artifact_upload (id) on delete cascade,
  number     int not null,
  digest     text not null,
  size       bigint not null,
  primary key (upload_id, number)
);
