-- A table of ours: how much of each ledger of spent credits the balances of the keys already reflect. The reference ignores it.

CREATE TABLE `credit_settlements` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `ledger_id` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `key_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `settled` bigint unsigned NOT NULL,
  `updated_at` bigint NOT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `credit_settlements_ledger_id_unique` (`ledger_id`),
  KEY `credit_settlements_updated_at_idx` (`updated_at`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
