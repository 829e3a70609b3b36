-- A table of ours: what the control plane has taken on and not finished, so that it outlives the process. The reference ignores it.

CREATE TABLE `control_jobs` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `kind` TEXT NOT NULL,
  `object_key` TEXT NOT NULL,
  `payload` TEXT NOT NULL,
  `run_at` INTEGER NOT NULL,
  `attempts` INTEGER NOT NULL DEFAULT 0,
  `owner` TEXT,
  `lease_expires_at` INTEGER NOT NULL DEFAULT 0,
  `created_at` INTEGER NOT NULL
);
CREATE UNIQUE INDEX `control_jobs_id_unique` ON `control_jobs` (`id`);
CREATE INDEX `control_jobs_object_key_idx` ON `control_jobs` (`object_key`);
CREATE INDEX `control_jobs_run_at_idx` ON `control_jobs` (`run_at`);
