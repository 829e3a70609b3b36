-- APIs, keyspaces, keys and what a key is linked to.

CREATE TABLE `apis` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `name` TEXT COLLATE NOCASE NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `ip_whitelist` TEXT COLLATE NOCASE,
  `auth_type` TEXT,
  `key_auth_id` TEXT,
  `created_at_m` INTEGER NOT NULL DEFAULT 0,
  `updated_at_m` INTEGER,
  `deleted_at_m` INTEGER,
  `delete_protection` INTEGER DEFAULT 0
);
CREATE UNIQUE INDEX `apis_id_unique` ON `apis` (`id`);
CREATE UNIQUE INDEX `apis_key_auth_id_unique` ON `apis` (`key_auth_id`);
CREATE INDEX `apis_workspace_id_idx` ON `apis` (`workspace_id`);
CREATE INDEX `apis_project_id_idx` ON `apis` (`project_id`);

CREATE TABLE `key_auth` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `created_at_m` INTEGER NOT NULL DEFAULT 0,
  `updated_at_m` INTEGER,
  `deleted_at_m` INTEGER,
  `store_encrypted_keys` INTEGER NOT NULL DEFAULT 0,
  `default_prefix` TEXT COLLATE NOCASE,
  `default_bytes` INTEGER DEFAULT 16,
  `size_approx` INTEGER NOT NULL DEFAULT 0,
  `size_last_updated_at` INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX `key_auth_id_unique` ON `key_auth` (`id`);
CREATE INDEX `key_auth_project_id_idx` ON `key_auth` (`project_id`);

CREATE TABLE `keys` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `key_auth_id` TEXT NOT NULL,
  `hash` TEXT NOT NULL,
  `start` TEXT COLLATE NOCASE NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `for_workspace_id` TEXT,
  `name` TEXT COLLATE NOCASE,
  `identity_id` TEXT,
  `meta` TEXT,
  `expires` TEXT,
  `created_at_m` INTEGER NOT NULL DEFAULT 0,
  `updated_at_m` INTEGER,
  `deleted_at_m` INTEGER,
  `refill_day` INTEGER,
  `refill_amount` INTEGER,
  `last_refill_at` TEXT,
  `enabled` INTEGER NOT NULL DEFAULT 1,
  `remaining_requests` INTEGER,
  `environment` TEXT COLLATE NOCASE,
  `last_used_at` INTEGER NOT NULL DEFAULT 0,
  `pending_migration_id` TEXT
);
CREATE UNIQUE INDEX `keys_id_unique` ON `keys` (`id`);
CREATE UNIQUE INDEX `keys_hash_unique` ON `keys` (`hash`);
CREATE INDEX `keys_workspace_id_idx` ON `keys` (`workspace_id`);
CREATE INDEX `keys_for_workspace_id_idx` ON `keys` (`for_workspace_id`);
CREATE INDEX `keys_pending_migration_id_idx` ON `keys` (`pending_migration_id`);
CREATE INDEX `keys_key_auth_id_deleted_at_m_id_idx` ON `keys` (`key_auth_id`, `deleted_at_m`, `id`);
CREATE INDEX `keys_key_auth_id_deleted_at_m_last_used_at_idx` ON `keys` (`key_auth_id`, `deleted_at_m`, `last_used_at`);
CREATE INDEX `keys_identity_id_key_auth_id_id_idx` ON `keys` (`identity_id`, `key_auth_id`, `id`);
CREATE INDEX `keys_refill_amount_deleted_at_m_idx` ON `keys` (`refill_amount`, `deleted_at_m`);

CREATE TABLE `encrypted_keys` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `workspace_id` TEXT NOT NULL,
  `key_id` TEXT NOT NULL,
  `created_at` INTEGER NOT NULL DEFAULT 0,
  `updated_at` INTEGER,
  `encrypted` TEXT COLLATE NOCASE NOT NULL,
  `encryption_key_id` TEXT COLLATE NOCASE NOT NULL
);
CREATE UNIQUE INDEX `encrypted_keys_key_id_unique` ON `encrypted_keys` (`key_id`);

CREATE TABLE `key_migrations` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `algorithm` TEXT NOT NULL
);
CREATE UNIQUE INDEX `key_migrations_id_unique` ON `key_migrations` (`id`);
CREATE UNIQUE INDEX `key_migrations_id_workspace_id_unique` ON `key_migrations` (`id`, `workspace_id`);

CREATE TABLE `keys_permissions` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `key_id` TEXT NOT NULL,
  `permission_id` TEXT NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `created_at_m` INTEGER NOT NULL DEFAULT 0,
  `updated_at_m` INTEGER
);
CREATE UNIQUE INDEX `keys_permissions_key_id_permission_id_unique` ON `keys_permissions` (`key_id`, `permission_id`);
CREATE UNIQUE INDEX `keys_permissions_key_id_permission_id_workspace_id_unique` ON `keys_permissions` (`key_id`, `permission_id`, `workspace_id`);

CREATE TABLE `keys_roles` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `key_id` TEXT NOT NULL,
  `role_id` TEXT NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `created_at_m` INTEGER NOT NULL DEFAULT 0,
  `updated_at_m` INTEGER
);
CREATE UNIQUE INDEX `keys_roles_key_id_role_id_unique` ON `keys_roles` (`key_id`, `role_id`);
CREATE UNIQUE INDEX `keys_roles_role_id_key_id_workspace_id_unique` ON `keys_roles` (`role_id`, `key_id`, `workspace_id`);
