-- Of a chunk with many points: the lowest and the highest of each part, packed as the points are. Charts of
-- long metrics are drawn from these. Chunks from before have none and are read whole.
alter table metric_chunk add column overview bytea;

-- Small chunks live until they are merged: the room they leave must be used again soon.
alter table metric_chunk set (
  autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0, autovacuum_vacuum_insert_threshold = -1,
  toast.autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_vacuum_cost_delay = 0,
  toast.autovacuum_vacuum_insert_threshold = -1);
