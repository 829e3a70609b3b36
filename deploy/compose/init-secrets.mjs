// Makes the secrets of compose.yaml in the folder argv[2], on the first start only: each in a file of its own that only
// its reader may read. A file that is there stays as it is, so a start that was cut short is completed by the next.
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];

/** Who reads a file inside its container: the images of MySQL and ClickHouse do it as root before they step down. */
const ROOT = 0;
const REDIS = 999;
const UNKEY = 65532;

/** Returns what the file holds, after writing what `make` gives if there is no such file. */
function secret(name, owner, make) {
  const file = join(folder, name);
  if (!existsSync(file)) {
    const temporary = `${file}.new`;
    writeFileSync(temporary, make(), { mode: 0o400 });
    chownSync(temporary, owner, owner);
    renameSync(temporary, file);
  }
  return readFileSync(file, 'utf8');
}

const password = () => randomBytes(24).toString('hex');

chmodSync(folder, 0o755);
secret('mysql-root-password', ROOT, password);
const mysql = secret('mysql-password', ROOT, password);
const clickhouse = secret('clickhouse-password', ROOT, password);
const redisConf = secret('redis.conf', REDIS, () => `requirepass ${password()}\n`);
const redis = redisConf.replace('requirepass ', '').trim();

secret('database-dsn', UNKEY, () => `unkey:${mysql}@tcp(mysql:3306)/unkey?parseTime=true`);
secret('redis-url', UNKEY, () => `redis://:${redis}@redis:6379`);
secret('clickhouse-url', UNKEY, () => `http://unkey:${clickhouse}@clickhouse:8123/default`);
secret('root-key', UNKEY, () => `unkey_${password()}`);
