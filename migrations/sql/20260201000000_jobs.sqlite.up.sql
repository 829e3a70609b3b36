-- Tables of ours: who runs a background job, and how far it got. The reference ignores them.

CREATE TABLE `job_leases` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `name` TEXT NOT NULL,
  `owner` TEXT NOT NULL,
  `expires_at` INTEGER NOT NULL,
  `updated_at` INTEGER NOT NULL
);
CREATE UNIQUE INDEX `job_leases_name_unique` ON `job_leases` (`name`);

CREATE TABLE `job_state` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `job` TEXT NOT NULL,
  `name` TEXT NOT NULL,
  `value` TEXT NOT NULL,
  `updated_at` INTEGER NOT NULL
);
CREATE UNIQUE INDEX `job_state_job_name_unique` ON `job_state` (`job`, `name`);
