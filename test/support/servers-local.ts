// Starts the servers of a test run from binaries found on PATH, on free ports, with their data in temporary folders.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { markedSecret } from './secret-watch.ts';
import { mysqlReady, redisReady, type StartedServer } from './servers-ready.ts';

const PASSWORD = markedSecret('unkey-test');
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const run = promisify(execFile);

/** The first of `names` that is an executable on PATH, as a full path. */
export async function findOnPath(...names: string[]): Promise<string | undefined> {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
      const candidate = join(folder, name);
      if (await executable(candidate)) return candidate;
    }
  }
  return undefined;
}

/** @param binary a MariaDB or MySQL server. @throws Error, with the server's last words, when it does not come up. */
export async function startLocalMysql(binary: string): Promise<StartedServer> {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-test-mysql-'));
  const data = join(folder, 'data');
  const user = `--user=${userInfo().username}`;
  const installer = binary.endsWith('mariadbd') ? await findOnPath('mariadb-install-db') : undefined;
  if (installer) {
    await run(installer, ['--no-defaults', `--datadir=${data}`, user, '--skip-test-db']);
  } else {
    await run(binary, ['--no-defaults', '--initialize-insecure', `--datadir=${data}`, user]);
  }
  // Names are not resolved, so that a client on 127.0.0.1 is this root and not the passwordless root@localhost.
  const init = join(folder, 'init.sql');
  await writeFile(
    init,
    `CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY '${PASSWORD}';\nGRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;\n`,
  );
  const port = await freePort();
  const options = [
    '--no-defaults',
    `--datadir=${data}`,
    user,
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    `--socket=${join(folder, 'mysql.sock')}`,
    '--skip-name-resolve',
    `--init-file=${init}`,
    '--innodb-flush-log-at-trx-commit=2',
  ];
  const url = `mysql://root:${PASSWORD}@127.0.0.1:${port}/`;
  return supervised({ binary, options, folder, url, ready: mysqlReady });
}

/**
 * @param more options of the server beyond its port and folder
 * @throws Error, with the server's last words, when it does not come up.
 */
export async function startLocalRedis(binary: string, more: readonly string[] = []): Promise<StartedServer> {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-test-redis-'));
  const port = await freePort();
  const bound = ['--port', String(port), '--bind', '127.0.0.1'];
  const options = [...bound, '--save', '', '--appendonly', 'no', '--dir', folder, ...more];
  return supervised({ binary, options, folder, url: `redis://127.0.0.1:${port}`, ready: redisReady });
}

/** A TCP port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port was assigned');
  return address.port;
}

interface LocalServer {
  readonly binary: string;
  readonly options: readonly string[];
  readonly folder: string;
  readonly url: string;
  readonly ready: (url: string, timeoutMs: number) => Promise<void>;
}

async function supervised(server: LocalServer): Promise<StartedServer> {
  const { folder, url } = server;
  let running = launch(server);
  const stop = async () => {
    const force = setTimeout(() => running.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    // One that is paused would not see the next signal.
    running.child.kill('SIGCONT');
    running.child.kill('SIGTERM');
    await running.ended;
    clearTimeout(force);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(server, running);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    origin: server.binary,
    stop,
    kill: async () => {
      running.child.kill('SIGKILL');
      await running.ended;
    },
    restart: async () => {
      running = launch(server);
      await untilReady(server, running);
      return url;
    },
    pause: async () => void running.child.kill('SIGSTOP'),
    resume: async () => void running.child.kill('SIGCONT'),
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  readonly lastWords: () => string;
}

// The child has its own process group (detached), so that a Ctrl-C reaches the runner alone, which then stops it here.
function launch({ binary, options }: LocalServer): Running {
  const child = spawn(binary, options, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let lastWords = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString()).slice(-4_000);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return { child, ended, lastWords: () => lastWords.trim() };
}

async function untilReady({ binary, url, ready }: LocalServer, { ended, lastWords }: Running): Promise<void> {
  const death = ended.then(() => {
    throw new Error(`${binary} ended: ${lastWords()}`);
  });
  await Promise.race([ready(url, START_TIMEOUT_MS), death]);
}

async function executable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
