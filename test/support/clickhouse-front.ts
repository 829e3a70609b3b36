// Stands in for a ClickHouse server where none can be had: the real client speaks HTTP to it, the embedded engine in a
// process of its own does the work. See clickhouse-front-process.ts for what it does not do.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FromFront, FrontFault, FrontRequest, FrontUser, ToFront } from './clickhouse-front-protocol.ts';

const PROGRAM = fileURLToPath(new URL('clickhouse-front-process.ts', import.meta.url));

/** Has all rights. */
const ADMIN: FrontUser = { name: 'default', password: 'front-secret', readonly: false };

export interface ClickHouseFront {
  /** Address with user and password of an account with all rights. */
  readonly url: string;
  /** The same without user and password. */
  readonly origin: string;
  /** Answers like this from now on; resolves when it does. */
  fault(fault: FrontFault): Promise<void>;
  /** The requests since the start, pings apart. */
  requests(): Promise<readonly FrontRequest[]>;
  /** Ends the process on the spot, as a crash would. */
  kill(): Promise<void>;
  /** Brings it up again after `kill`, on the same port and data. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** Starts a front; resolves when it answers. */
export async function startClickHouseFront(
  options: { readonly users?: readonly FrontUser[] } = {},
): Promise<ClickHouseFront> {
  const directory = mkdtempSync(join(tmpdir(), 'unkey-clickhouse-front-'));
  const users = [ADMIN, ...(options.users ?? [])];
  let running = await start(0);
  const { port } = running;

  async function start(wanted: number): Promise<{ readonly child: ChildProcess; readonly port: number }> {
    const child = fork(PROGRAM, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const answer = await ask(child, { type: 'start', options: { directory, port: wanted, users } });
    if (answer.type !== 'listening')
      throw new Error(`the ClickHouse front did not start: ${describe(answer)}`);
    return { child, port: answer.port };
  }
  const kill = async () => {
    const gone = once(running.child, 'exit');
    running.child.kill('SIGKILL');
    await gone;
  };

  return {
    url: `http://${ADMIN.name}:${ADMIN.password}@127.0.0.1:${port}/default`,
    origin: `http://127.0.0.1:${port}`,
    kill,
    async fault(fault) {
      const answer = await ask(running.child, { type: 'fault', fault });
      if (answer.type !== 'done') throw new Error(`the ClickHouse front refused: ${describe(answer)}`);
    },
    async requests() {
      const answer = await ask(running.child, { type: 'requests' });
      if (answer.type !== 'requests') throw new Error(`the ClickHouse front refused: ${describe(answer)}`);
      return answer.requests;
    },
    async restart() {
      running = await start(port);
    },
    async stop() {
      if (running.child.exitCode === null && running.child.signalCode === null) await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function ask(child: ChildProcess, message: ToFront): Promise<FromFront> {
  const answered = new AbortController();
  const { signal } = answered;
  const answer = once(child, 'message', { signal });
  const gone = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`the ClickHouse front ended with code ${code}`);
  });
  child.send(message);
  try {
    const [first] = await Promise.race([answer, gone]);
    return first as FromFront;
  } finally {
    await Promise.allSettled([answer, gone, answered.abort()]);
  }
}

function describe(answer: FromFront): string {
  return answer.type === 'failed' ? answer.message : answer.type;
}
