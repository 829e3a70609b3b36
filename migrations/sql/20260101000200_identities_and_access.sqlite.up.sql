-- Identities, the limits of keys and identities, permissions and roles.

CREATE TABLE `identities` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `external_id` TEXT NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `environment` TEXT NOT NULL DEFAULT 'default',
  `meta` TEXT,
  `deleted` INTEGER NOT NULL DEFAULT 0,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER
);
CREATE UNIQUE INDEX `identities_id_unique` ON `identities` (`id`);
CREATE UNIQUE INDEX `identities_workspace_id_external_id_deleted_unique` ON `identities` (`workspace_id`, `external_id`, `deleted`);
CREATE INDEX `identities_project_id_idx` ON `identities` (`project_id`);

CREATE TABLE `ratelimits` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `name` TEXT NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER,
  `key_id` TEXT,
  `identity_id` TEXT,
  `limit` INTEGER NOT NULL,
  `duration` INTEGER NOT NULL,
  `auto_apply` INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX `ratelimits_id_unique` ON `ratelimits` (`id`);
CREATE UNIQUE INDEX `ratelimits_key_id_name_unique` ON `ratelimits` (`key_id`, `name`);
CREATE UNIQUE INDEX `ratelimits_identity_id_name_unique` ON `ratelimits` (`identity_id`, `name`);

CREATE TABLE `permissions` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `name` TEXT COLLATE NOCASE NOT NULL,
  `slug` TEXT COLLATE NOCASE NOT NULL,
  `description` TEXT COLLATE NOCASE,
  `created_at_m` INTEGER NOT NULL DEFAULT 0,
  `updated_at_m` INTEGER
);
CREATE UNIQUE INDEX `permissions_id_unique` ON `permissions` (`id`);
CREATE UNIQUE INDEX `permissions_workspace_id_slug_unique` ON `permissions` (`workspace_id`, `slug`);
CREATE INDEX `permissions_project_id_idx` ON `permissions` (`project_id`);

CREATE TABLE `roles` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `name` TEXT COLLATE NOCASE NOT NULL,
  `description` TEXT COLLATE NOCASE,
  `created_at_m` INTEGER NOT NULL DEFAULT 0,
  `updated_at_m` INTEGER
);
CREATE UNIQUE INDEX `roles_id_unique` ON `roles` (`id`);
CREATE UNIQUE INDEX `roles_name_workspace_id_unique` ON `roles` (`name`, `workspace_id`);
CREATE INDEX `roles_workspace_id_idx` ON `roles` (`workspace_id`);
CREATE INDEX `roles_project_id_idx` ON `roles` (`project_id`);

CREATE TABLE `roles_permissions` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `role_id` TEXT NOT NULL,
  `permission_id` TEXT NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `created_at_m` INTEGER NOT NULL DEFAULT 0,
  `updated_at_m` INTEGER
);
CREATE UNIQUE INDEX `roles_permissions_role_id_permission_id_workspace_id_unique` ON `roles_permissions` (`role_id`, `permission_id`, `workspace_id`);
CREATE UNIQUE INDEX `roles_permissions_permission_id_role_id_unique` ON `roles_permissions` (`permission_id`, `role_id`);
