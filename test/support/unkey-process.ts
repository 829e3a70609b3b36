// Runs the executable as its users do: a process of its own, nothing of this process's settings but PATH.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { secretWatch } from './secret-watch.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/unkey', import.meta.url));
const READY_TIMEOUT_MS = 60_000;

/** Commands whose very purpose is to print a secret, or to hand on what an API answers. Nothing else may, and none to stderr. */
const PRINTS_SECRETS: readonly (readonly string[])[] = [
  ['api', 'keys', 'create-key'],
  ['api', 'keys', 'get-key'],
  ['api', 'keys', 'reroll-key'],
  ['api', 'apis', 'list-keys'],
  ['api', 'environments', 'list-environment-variables'],
  ['bootstrap'],
  ['dev'],
  ['root-key', 'create'],
  ['root-key', 'rotate'],
  ['vault', 'generate-master-key'],
];
/** Environment variables whose values are secrets. */
const SECRET_VARIABLE = /(?:TOKEN|SECRET|PASSWORD|MASTER_KEY|API_KEY|ROOT_KEY)$/;

export interface UnkeyOptions {
  /** The script to run instead of the launcher: the compiled program, which the launcher of a checkout passes over. */
  readonly program?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface Outcome {
  /** null when a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface UnkeyProcess {
  readonly pid: number;
  /** Resolves with the first line on stdout. @throws Error, with stderr, when the process ends without one. */
  firstLine(): Promise<string>;
  /** What it has written to stdout so far. */
  stdout(): string;
  /** What it has written to stderr so far. */
  stderr(): string;
  /** Sends the signal and resolves when the process is gone. */
  end(signal: NodeJS.Signals): Promise<Outcome>;
  /** Resolves when the process is gone. */
  readonly ended: Promise<Outcome>;
}

/** Starts `unkey …` and returns at once. */
export function startUnkey(args: readonly string[], options: UnkeyOptions = {}): UnkeyProcess {
  const program = options.program ?? LAUNCHER;
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: options.cwd,
    env: { PATH: process.env.PATH ?? '', NO_COLOR: '1', ...options.env },
  });
  for (const [name, value] of Object.entries(options.env ?? {})) {
    if (SECRET_VARIABLE.test(name)) secretWatch.keep(`the value of ${name}`, value);
  }
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} could not be started`);

  let stdout = '';
  let stderr = '';
  const line = Promise.withResolvers<string>();
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    const end = stdout.indexOf('\n');
    if (end !== -1) line.resolve(stdout.slice(0, end));
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const ended = new Promise<Outcome>((resolve) => {
    child.once('close', (code, signal) => {
      watchOutput(args, { stdout, stderr });
      resolve({ code, signal, stdout, stderr });
    });
  });
  return {
    pid,
    ended,
    stdout: () => stdout,
    stderr: () => stderr,
    firstLine: () =>
      Promise.race([
        line.promise,
        ended.then((outcome) => {
          throw new Error(`unkey ${args.join(' ')} ended with ${outcome.code}: ${outcome.stderr}`);
        }),
      ]),
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

function watchOutput(
  args: readonly string[],
  { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
): void {
  const words = args.slice(args.findIndex((arg) => !arg.startsWith('-')));
  const name = `unkey ${words.slice(0, 3).join(' ')}`;
  secretWatch.look(`stderr of ${name}`, stderr);
  if (words[1] === 'generate-master-key') secretWatch.keep('a master key', stdout);
  const isMeantTo = PRINTS_SECRETS.some((command) => command.every((word, index) => words[index] === word));
  if (!isMeantTo) secretWatch.look(`stdout of ${name}`, stdout);
}

/** Runs `unkey …` to its end. */
export function runUnkey(args: readonly string[], options: UnkeyOptions = {}): Promise<Outcome> {
  return startUnkey(args, options).ended;
}

/** The one line that `unkey dev --json` prints once it accepts requests. */
export interface DevAccess {
  readonly url: string;
  readonly rootKey: string;
  readonly workspaceId: string;
  readonly apiId: string;
}

export interface DevServer extends DevAccess {
  readonly process: UnkeyProcess;
}

/** Starts `unkey dev --port 0 --json …` and resolves once it accepts requests. */
export async function startDev(args: readonly string[] = [], options: UnkeyOptions = {}): Promise<DevServer> {
  const started = startUnkey(['dev', '--port', '0', '--json', ...args], options);
  const line = await started.firstLine();
  if (!line.startsWith('{"url":')) {
    const { stdout, stderr } = await started.end('SIGTERM');
    throw new Error(`unkey dev did not start: ${stdout}${stderr}`);
  }
  return { ...(JSON.parse(line) as DevAccess), process: started };
}

/**
 * Resolves once the server at `url` says that it has started.
 *
 * @throws Error, with the server's stderr, when it ends first or takes longer than a minute.
 */
export async function untilStarted(server: UnkeyProcess, url: string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let gone = false;
  server.ended.then(() => {
    gone = true;
  });
  while (!(await answersOk(`${url}/health/startup`))) {
    if (gone || Date.now() > deadline) throw new Error(`the server did not start: ${server.stderr()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function answersOk(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
