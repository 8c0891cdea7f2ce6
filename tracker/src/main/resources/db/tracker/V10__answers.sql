-- What calls that must not be done twice were answered, until the answer is known to have arrived.
create table answer (
  -- digest of method, address and body
  call       uuid not null,
  id         uuid not null,
  -- the server that gives the answer; null once it knows that the answer did not arrive
  server     int,
  created_at timestamptz not null default now(),
  -- JSON
  content    bytea not null,
  primary key (call, id)
);

-- An upload that was completed is remembered for as long as one that was abandoned, so that to complete it again is no error.
alter table artifact_upload add column completed boolean not null default false;
