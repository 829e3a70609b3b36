-- Audit events on their way to the analytics store.

CREATE TABLE `clickhouse_outbox` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `version` TEXT COLLATE NOCASE NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `event_id` TEXT NOT NULL,
  `payload` TEXT NOT NULL,
  `created_at` INTEGER NOT NULL,
  `deleted_at` INTEGER
);
CREATE INDEX `clickhouse_outbox_deleted_at_version_pk_idx` ON `clickhouse_outbox` (`deleted_at`, `version`, `pk`);
