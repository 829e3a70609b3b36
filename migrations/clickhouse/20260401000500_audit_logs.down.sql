DROP TABLE IF EXISTS audit_logs_raw_v1;
