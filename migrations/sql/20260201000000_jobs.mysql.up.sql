-- Tables of ours: who runs a background job, and how far it got. The reference ignores them.

CREATE TABLE `job_leases` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `name` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `owner` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `expires_at` bigint NOT NULL,
  `updated_at` bigint NOT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `job_leases_name_unique` (`name`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `job_state` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `job` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `name` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `value` json NOT NULL,
  `updated_at` bigint NOT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `job_state_job_name_unique` (`job`, `name`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
