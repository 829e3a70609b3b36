// A server of ours in a process of its own, which prints its URL as one JSON line once it accepts connections.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface ChildServer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** @param file the module to run. @throws Error when it ends without having said where it listens */
export async function startChildServer(file: string, args: readonly string[]): Promise<ChildServer> {
  const child: ChildProcessByStdio<null, Readable, null> = spawn(process.execPath, [file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // As the subject.
    env: { ...process.env, NODE_OPTIONS: '--max-semi-space-size=8' },
  });
  const { pid } = child;
  for await (const line of createInterface({ input: child.stdout })) {
    if (pid === undefined) break;
    const { url } = JSON.parse(line) as { url: string };
    const stop = () =>
      new Promise<void>((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      });
    return { url, pid, stop };
  }
  throw new Error(`${file} did not start`);
}
