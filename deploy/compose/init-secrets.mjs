// Makes the secrets of compose.yaml, on the first start only: each in a file of its own that only its reader may read. Those of
// the Vault go to the folder argv[3], all others to argv[2]. A file that is there stays as it is, so a start that was cut
// short is completed by the next.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, vaultFolder] = process.argv.slice(2);

/** Who reads a file inside its container: the images of MySQL and ClickHouse do it as root before they step down. */
const ROOT = 0;
const REDIS = 999;
const UNKEY = 65532;

/** Returns what the file holds, after writing what `make` gives if there is no such file. */
function secret(file, owner, make) {
  if (!existsSync(file)) {
    const temporary = `${file}.new`;
    writeFileSync(temporary, make(), { mode: 0o400 });
    chownSync(temporary, owner, owner);
    renameSync(temporary, file);
  }
  return readFileSync(file, 'utf8');
}

const shared = (name, owner, make) => secret(join(folder, name), owner, make);
const ofVault = (name, make) => secret(join(vaultFolder, name), UNKEY, make);
const password = () => randomBytes(24).toString('hex');

chmodSync(folder, 0o755);
shared('mysql-root-password', ROOT, password);
const mysql = shared('mysql-password', ROOT, password);
const clickhouse = shared('clickhouse-password', ROOT, password);
const redisConf = shared('redis.conf', REDIS, () => `requirepass ${password()}\n`);
const redis = redisConf.replace('requirepass ', '').trim();

shared('database-dsn', UNKEY, () => `unkey:${mysql}@tcp(mysql:3306)/unkey?parseTime=true`);
shared('redis-url', UNKEY, () => `redis://:${redis}@redis:6379`);
shared('clickhouse-url', UNKEY, () => `http://unkey:${clickhouse}@clickhouse:8123/default`);
shared('root-key', UNKEY, () => `unkey_${password()}`);

chmodSync(vaultFolder, 0o755);
shared('control-token', UNKEY, password);
const token = shared('vault-token', UNKEY, password);
ofVault('bearer-token', () => token);
ofVault('master-key', () =>
  execFileSync('unkey', ['vault', 'generate-master-key'], { stdio: ['ignore', 'pipe', 'inherit'] }),
);
