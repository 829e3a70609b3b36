-- Projects, which own what a workspace holds, and customer portals.

CREATE TABLE `projects` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `name` TEXT COLLATE NOCASE NOT NULL,
  `slug` TEXT COLLATE NOCASE NOT NULL,
  `depot_project_id` TEXT COLLATE NOCASE,
  `delete_protection` INTEGER DEFAULT 0,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER
);
CREATE UNIQUE INDEX `projects_id_unique` ON `projects` (`id`);
CREATE UNIQUE INDEX `projects_workspace_id_slug_unique` ON `projects` (`workspace_id`, `slug`);

CREATE TABLE `portals` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `slug` TEXT COLLATE NOCASE NOT NULL,
  `app_id` TEXT,
  `key_auth_id` TEXT,
  `enabled` INTEGER NOT NULL DEFAULT 1,
  `logo_url` TEXT COLLATE NOCASE,
  `primary_color` TEXT COLLATE NOCASE,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER
);
CREATE UNIQUE INDEX `portals_id_unique` ON `portals` (`id`);
CREATE UNIQUE INDEX `portals_app_id_unique` ON `portals` (`app_id`);
CREATE UNIQUE INDEX `portals_key_auth_id_unique` ON `portals` (`key_auth_id`);
CREATE UNIQUE INDEX `portals_workspace_id_slug_unique` ON `portals` (`workspace_id`, `slug`);

CREATE TABLE `portal_sessions` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `portal_id` TEXT NOT NULL,
  `external_id` TEXT NOT NULL,
  `scopes` TEXT NOT NULL,
  `preview` INTEGER NOT NULL DEFAULT 0,
  `exchange_code_hash` TEXT NOT NULL,
  `exchange_code_expires_at` INTEGER NOT NULL,
  `access_token_hash` TEXT,
  `access_token_created_at` INTEGER,
  `access_token_expires_at` INTEGER,
  `revoked_at` INTEGER,
  `return_url` TEXT COLLATE NOCASE,
  `created_at` INTEGER NOT NULL
);
CREATE UNIQUE INDEX `portal_sessions_id_unique` ON `portal_sessions` (`id`);
CREATE UNIQUE INDEX `portal_sessions_exchange_code_hash_unique` ON `portal_sessions` (`exchange_code_hash`);
CREATE UNIQUE INDEX `portal_sessions_access_token_hash_unique` ON `portal_sessions` (`access_token_hash`);
CREATE INDEX `portal_sessions_workspace_id_idx` ON `portal_sessions` (`workspace_id`);
CREATE INDEX `portal_sessions_external_id_idx` ON `portal_sessions` (`external_id`);
CREATE INDEX `portal_sessions_exchange_code_expires_at_idx` ON `portal_sessions` (`exchange_code_expires_at`);
CREATE INDEX `portal_sessions_access_token_expires_at_idx` ON `portal_sessions` (`access_token_expires_at`);
