-- A table of ours: what the control plane has taken on and not finished, so that it outlives the process. The reference ignores it.

CREATE TABLE `control_jobs` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `kind` varchar(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `object_key` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `payload` json NOT NULL,
  `run_at` bigint NOT NULL,
  `attempts` int unsigned NOT NULL DEFAULT 0,
  `owner` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs DEFAULT NULL,
  `lease_expires_at` bigint NOT NULL DEFAULT 0,
  `created_at` bigint NOT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `control_jobs_id_unique` (`id`),
  KEY `control_jobs_object_key_idx` (`object_key`),
  KEY `control_jobs_run_at_idx` (`run_at`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
