-- Standalone rate limiting: namespaces, overrides, counters shared between regions.

CREATE TABLE `ratelimit_namespaces` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `name` TEXT NOT NULL,
  `created_at_m` INTEGER NOT NULL DEFAULT 0,
  `updated_at_m` INTEGER,
  `deleted_at_m` INTEGER
);
CREATE UNIQUE INDEX `ratelimit_namespaces_id_unique` ON `ratelimit_namespaces` (`id`);
CREATE UNIQUE INDEX `ratelimit_namespaces_workspace_id_name_unique` ON `ratelimit_namespaces` (`workspace_id`, `name`);
CREATE INDEX `ratelimit_namespaces_project_id_idx` ON `ratelimit_namespaces` (`project_id`);

CREATE TABLE `ratelimit_overrides` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `namespace_id` TEXT NOT NULL,
  `identifier` TEXT NOT NULL,
  `limit` INTEGER NOT NULL,
  `duration` INTEGER NOT NULL,
  `created_at_m` INTEGER NOT NULL DEFAULT 0,
  `updated_at_m` INTEGER,
  `deleted_at_m` INTEGER
);
CREATE UNIQUE INDEX `ratelimit_overrides_id_unique` ON `ratelimit_overrides` (`id`);
CREATE UNIQUE INDEX `ratelimit_overrides_namespace_id_identifier_unique` ON `ratelimit_overrides` (`namespace_id`, `identifier`);

CREATE TABLE `ratelimit_global_counters` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `workspace_id` TEXT NOT NULL,
  `namespace` TEXT NOT NULL,
  `identifier` TEXT NOT NULL,
  `duration_ms` INTEGER NOT NULL,
  `sequence` INTEGER NOT NULL,
  `region` TEXT NOT NULL,
  `count` INTEGER NOT NULL,
  `expires_at` INTEGER NOT NULL,
  `updated_at` INTEGER NOT NULL
);
CREATE UNIQUE INDEX `ratelimit_global_counters_window_unique` ON `ratelimit_global_counters` (`workspace_id`, `namespace`, `identifier`, `duration_ms`, `sequence`, `region`);
CREATE INDEX `ratelimit_global_counters_expires_at_idx` ON `ratelimit_global_counters` (`expires_at`);
