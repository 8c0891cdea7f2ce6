-- The versions of the pipelines that it calls without naming one: {"name": version}.
alter table pipeline_version add column pins text not null default '{}';
