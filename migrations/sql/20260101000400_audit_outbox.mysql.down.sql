DROP TABLE `clickhouse_outbox`;
