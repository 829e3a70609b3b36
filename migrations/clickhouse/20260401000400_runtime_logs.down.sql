DROP TABLE IF EXISTS runtime_logs_raw_v1;
