-- A table of ours: how much of each ledger of spent credits the balances of the keys already reflect. The reference ignores it.

CREATE TABLE `credit_settlements` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `ledger_id` TEXT NOT NULL,
  `key_id` TEXT NOT NULL,
  `settled` INTEGER NOT NULL,
  `updated_at` INTEGER NOT NULL
);
CREATE UNIQUE INDEX `credit_settlements_ledger_id_unique` ON `credit_settlements` (`ledger_id`);
CREATE INDEX `credit_settlements_updated_at_idx` ON `credit_settlements` (`updated_at`);
