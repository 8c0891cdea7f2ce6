-- Named semaphores over all pipelines. What is taken of one is never counted here: it is what the
-- attempts that are launched or run say they take.
create table pool (
  name        text primary key,
  slots       int not null,
  description text
);

-- The pools that the latest version's tasks take from: ["gpu-license"].
alter table pipeline add column pools text not null default '[]';

-- What it takes while it is launched or runs: {"gpu-license": 2}; null for nothing.
alter table attempt add column pools jsonb;
drop index attempt_queued;
create index attempt_queued on attempt (priority desc, created_at, id)
  where state = 'QUEUED' and pools is null;
create index attempt_pool_queued on attempt (priority desc, created_at, id)
  where state = 'QUEUED' and pools is not null;
create index attempt_pool_taken on attempt (id)
  where state in ('LAUNCHING', 'RUNNING') and pools is not null;

-- Runs that were deleted, for whoever has something of them beside the database: a folder is only
-- deleted for a run that is known to be gone, not for one that this database never had.
create table deleted_run (
  id uuid primary key,
  at timestamptz not null default now()
);
create index deleted_run_age on deleted_run (at);
create function note_deleted_run() returns trigger language plpgsql as $$
begin
  insert into orchestrator.deleted_run (id) values (old.id) on conflict do nothing;
  return null;
end $$;
create trigger run_deleted after delete on pipeline_run for each row
  execute function note_deleted_run();
