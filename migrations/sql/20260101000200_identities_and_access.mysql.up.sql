-- Identities, the limits of keys and identities, permissions and roles.

CREATE TABLE `identities` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `external_id` varchar(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `project_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `environment` varchar(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL DEFAULT 'default',
  `meta` json DEFAULT NULL,
  `deleted` tinyint(1) NOT NULL DEFAULT 0,
  `created_at` bigint NOT NULL,
  `updated_at` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `identities_id_unique` (`id`),
  UNIQUE KEY `identities_workspace_id_external_id_deleted_unique` (`workspace_id`, `external_id`, `deleted`),
  KEY `identities_project_id_idx` (`project_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `ratelimits` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `name` varchar(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `created_at` bigint NOT NULL,
  `updated_at` bigint DEFAULT NULL,
  `key_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs DEFAULT NULL,
  `identity_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs DEFAULT NULL,
  `limit` bigint unsigned NOT NULL,
  `duration` bigint unsigned NOT NULL,
  `auto_apply` tinyint(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `ratelimits_id_unique` (`id`),
  UNIQUE KEY `ratelimits_key_id_name_unique` (`key_id`, `name`),
  UNIQUE KEY `ratelimits_identity_id_name_unique` (`identity_id`, `name`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `permissions` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `project_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `name` varchar(512) NOT NULL,
  `slug` varchar(128) NOT NULL,
  `description` varchar(512) DEFAULT NULL,
  `created_at_m` bigint NOT NULL DEFAULT 0,
  `updated_at_m` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `permissions_id_unique` (`id`),
  UNIQUE KEY `permissions_workspace_id_slug_unique` (`workspace_id`, `slug`),
  KEY `permissions_project_id_idx` (`project_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `roles` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `project_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `name` varchar(512) NOT NULL,
  `description` varchar(512) DEFAULT NULL,
  `created_at_m` bigint NOT NULL DEFAULT 0,
  `updated_at_m` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `roles_id_unique` (`id`),
  UNIQUE KEY `roles_name_workspace_id_unique` (`name`, `workspace_id`),
  KEY `roles_workspace_id_idx` (`workspace_id`),
  KEY `roles_project_id_idx` (`project_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `roles_permissions` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `role_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `permission_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `created_at_m` bigint NOT NULL DEFAULT 0,
  `updated_at_m` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `roles_permissions_role_id_permission_id_workspace_id_unique` (`role_id`, `permission_id`, `workspace_id`),
  UNIQUE KEY `roles_permissions_permission_id_role_id_unique` (`permission_id`, `role_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
