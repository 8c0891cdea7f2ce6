-- When it was last given another chance: from then on its timeout counts anew.
alter table pipeline_run add column retried_at timestamptz;
