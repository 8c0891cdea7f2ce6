-- Deliveries are claimed webhook by webhook, so that one that never answers does not hold up the others.
drop index webhook_delivery_due;
create index webhook_delivery_due on webhook_delivery (webhook_id, next_attempt_at) where state = 'PENDING';
create index webhook_delivery_finished on webhook_delivery (finished_at) where state <> 'PENDING';

-- What is deleted for good some time after it was deleted.
create index run_deleted_at on run (deleted_at) where deleted_at is not null;
create index logged_model_deleted_at on logged_model (deleted_at) where deleted_at is not null;
