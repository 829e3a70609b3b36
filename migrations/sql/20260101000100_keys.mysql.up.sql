-- APIs, keyspaces, keys and what a key is linked to.

CREATE TABLE `apis` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `name` varchar(256) NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `project_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `ip_whitelist` varchar(512) DEFAULT NULL,
  `auth_type` enum('key', 'jwt') DEFAULT NULL,
  `key_auth_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs DEFAULT NULL,
  `created_at_m` bigint NOT NULL DEFAULT 0,
  `updated_at_m` bigint DEFAULT NULL,
  `deleted_at_m` bigint DEFAULT NULL,
  `delete_protection` tinyint(1) DEFAULT 0,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `apis_id_unique` (`id`),
  UNIQUE KEY `apis_key_auth_id_unique` (`key_auth_id`),
  KEY `apis_workspace_id_idx` (`workspace_id`),
  KEY `apis_project_id_idx` (`project_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `key_auth` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `project_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `created_at_m` bigint NOT NULL DEFAULT 0,
  `updated_at_m` bigint DEFAULT NULL,
  `deleted_at_m` bigint DEFAULT NULL,
  `store_encrypted_keys` tinyint(1) NOT NULL DEFAULT 0,
  `default_prefix` varchar(8) DEFAULT NULL,
  `default_bytes` int DEFAULT 16,
  `size_approx` int NOT NULL DEFAULT 0,
  `size_last_updated_at` bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `key_auth_id_unique` (`id`),
  KEY `key_auth_project_id_idx` (`project_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `keys` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `key_auth_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `hash` varchar(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `start` varchar(256) NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `for_workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs DEFAULT NULL,
  `name` varchar(256) DEFAULT NULL,
  `identity_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs DEFAULT NULL,
  `meta` text DEFAULT NULL,
  `expires` datetime(3) DEFAULT NULL,
  `created_at_m` bigint NOT NULL DEFAULT 0,
  `updated_at_m` bigint DEFAULT NULL,
  `deleted_at_m` bigint DEFAULT NULL,
  `refill_day` tinyint DEFAULT NULL,
  `refill_amount` bigint unsigned DEFAULT NULL,
  `last_refill_at` datetime(3) DEFAULT NULL,
  `enabled` tinyint(1) NOT NULL DEFAULT 1,
  `remaining_requests` bigint unsigned DEFAULT NULL,
  `environment` varchar(256) DEFAULT NULL,
  `last_used_at` bigint unsigned NOT NULL DEFAULT 0,
  `pending_migration_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `keys_id_unique` (`id`),
  UNIQUE KEY `keys_hash_unique` (`hash`),
  KEY `keys_workspace_id_idx` (`workspace_id`),
  KEY `keys_for_workspace_id_idx` (`for_workspace_id`),
  KEY `keys_pending_migration_id_idx` (`pending_migration_id`),
  KEY `keys_key_auth_id_deleted_at_m_id_idx` (`key_auth_id`, `deleted_at_m`, `id`),
  KEY `keys_key_auth_id_deleted_at_m_last_used_at_idx` (`key_auth_id`, `deleted_at_m`, `last_used_at`),
  KEY `keys_identity_id_key_auth_id_id_idx` (`identity_id`, `key_auth_id`, `id`),
  KEY `keys_refill_amount_deleted_at_m_idx` (`refill_amount`, `deleted_at_m`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `encrypted_keys` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `key_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `created_at` bigint NOT NULL DEFAULT 0,
  `updated_at` bigint DEFAULT NULL,
  `encrypted` varchar(1024) NOT NULL,
  `encryption_key_id` varchar(256) NOT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `encrypted_keys_key_id_unique` (`key_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `key_migrations` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `algorithm` enum('sha256', 'github.com/seamapi/prefixed-api-key') NOT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `key_migrations_id_unique` (`id`),
  UNIQUE KEY `key_migrations_id_workspace_id_unique` (`id`, `workspace_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `keys_permissions` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `key_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `permission_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `created_at_m` bigint NOT NULL DEFAULT 0,
  `updated_at_m` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `keys_permissions_key_id_permission_id_unique` (`key_id`, `permission_id`),
  UNIQUE KEY `keys_permissions_key_id_permission_id_workspace_id_unique` (`key_id`, `permission_id`, `workspace_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `keys_roles` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `key_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `role_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `created_at_m` bigint NOT NULL DEFAULT 0,
  `updated_at_m` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `keys_roles_key_id_role_id_unique` (`key_id`, `role_id`),
  UNIQUE KEY `keys_roles_role_id_key_id_workspace_id_unique` (`role_id`, `key_id`, `workspace_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
