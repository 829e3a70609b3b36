// Where scenarios run: one backend, with an installation, a load generator and servers that are started for each of them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from './generator/job.ts';
import { embeddedInstallation, type Installation, serversInstallation } from './installation.ts';
import { startGenerator } from './load.ts';
import { type Backend, type Plan, WARM_KEYS } from './plan.ts';
import { pin } from './processes.ts';
import { startServers } from './servers.ts';
import { endLaunched, type Subject, type SubjectOptions, startSubject } from './subject.ts';
import type { Worker } from './worker.ts';

/** Cores, where processes are pinned. */
const SERVER_CORE = 0;
const GENERATOR_CORE = 1;

export interface Bed {
  readonly backend: Backend;
  readonly plan: Plan;
  /** Whether what is measured and the generator have a core of their own each. */
  readonly pinned: boolean;
  /** For files; removed with the bed. */
  readonly folder: string;
  /** With {@link WARM_KEYS} keys and those that the plan calls cold when embedded, without any on servers. */
  readonly installation: Installation;
  readonly generator: Worker<Job>;
  /** Starts the server of a scenario, which stops it. */
  startSubject(options?: SubjectOptions): Promise<Subject>;
  /** Keeps a floor where servers are kept. */
  pinServer(pid: number): void;
  close(): Promise<void>;
}

/** Prepares one backend. @returns undefined, after saying why, where this machine cannot have it */
export async function openBed(backend: Backend, plan: Plan): Promise<Bed | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-bench-'));
  const cleanup: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
  const undoAll = async () => {
    for (const undo of cleanup.splice(0).reverse()) await undo();
  };
  let closing: Promise<void> | undefined;
  // Once, whoever asks: a signal, and the scenario that fails because of it.
  const close = () => (closing ??= undoAll());
  cleanup.push(closeOnSignals(close));
  try {
    if (backend === 'servers') {
      const servers = await startServers();
      if (servers === undefined) {
        await close();
        return undefined;
      }
      cleanup.push(() => servers.stop());
    }
    const installation = await (backend === 'servers' ? serversInstallation() : embedded(folder, plan));
    cleanup.push(() => installation.remove());
    const generator = startGenerator();
    cleanup.push(() => generator.stop());
    // Beside MySQL and Redis nobody has a core alone.
    const pinned = plan.pinned && backend === 'embedded';
    if (pinned) pin(generator.pid, GENERATOR_CORE);
    const pinServer = (pid: number): void => {
      if (pinned) pin(pid, SERVER_CORE);
    };
    return {
      backend,
      plan,
      pinned,
      folder,
      installation,
      generator,
      async startSubject(options = {}) {
        const subject = await startSubject(installation, folder, { workers: plan.workers, ...options });
        pinServer(subject.pid);
        return subject;
      },
      pinServer,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** MySQL and Redis have process groups of their own: a Ctrl-C does not reach them. @returns what undoes it */
function closeOnSignals(close: () => Promise<void>): () => void {
  const onSignal = (): void => {
    endLaunched()
      .then(close)
      .finally(() => process.exit(130));
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  return () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
}

function embedded(folder: string, plan: Plan): Promise<Installation> {
  return embeddedInstallation(folder, WARM_KEYS + plan.coldKeys * (plan.rounds + 1));
}
