-- Audit events on their way to the analytics store.

CREATE TABLE `clickhouse_outbox` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `version` varchar(64) NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `event_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `payload` json NOT NULL,
  `created_at` bigint NOT NULL,
  `deleted_at` bigint unsigned DEFAULT NULL,
  PRIMARY KEY (`pk`),
  KEY `clickhouse_outbox_deleted_at_version_pk_idx` (`deleted_at`, `version`, `pk`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
