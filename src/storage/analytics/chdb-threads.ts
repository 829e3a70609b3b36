// Threads of the engine, below those that answer requests. On a machine that is busy the engine then writes when nobody
// waits for a processor, instead of every request waiting its turn behind the engine's threads.
import { readdirSync, readFileSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';

/**
 * Steps below the process. Ten leave a thread a tenth of what a request's has where both want a processor: enough for the
 * engine to keep up on a machine that is never idle, and to let go soon of what others wait for.
 */
const STEPS = 10;

/** What Linux tells of the threads of this process; other systems have no such directory, and no priorities of threads. */
const THREADS = '/proc/self/task';

/** Node's own, which it may start at any time. Libuv's run what requests wait for too, such as SQLite. */
const NODE_THREADS = /^(MainThread|node|V8Worker|libuv-worker|WorkerThread|DelayedTaskSche|SignalInspector)$/;

/** The threads that the engine starts. */
export interface EngineThreads {
  /**
   * Lowers the priority of those that were not there before. To be called again after statements: the engine starts threads
   * as it needs them. Does nothing where threads have no priorities, and leaves alone what the system refuses.
   */
  lower(): void;
}

/** To be called before the engine is opened. */
export function engineThreads(): EngineThreads {
  const known = new Set(threadIds());
  return {
    lower() {
      const priority = Math.min(constants.priority.PRIORITY_LOW, getPriority() + STEPS);
      for (const id of threadIds()) {
        if (known.has(id) || isOfNode(id)) continue;
        known.add(id);
        try {
          setPriority(Number(id), priority);
        } catch {
          // It has ended meanwhile, or the system does not allow it: then it keeps the priority that it has.
        }
      }
    },
  };
}

function threadIds(): readonly string[] {
  try {
    return readdirSync(THREADS);
  } catch {
    return [];
  }
}

/** Also true of a thread that has ended meanwhile. */
function isOfNode(id: string): boolean {
  try {
    return NODE_THREADS.test(readFileSync(`${THREADS}/${id}/comm`, 'utf8').trimEnd());
  } catch {
    return true;
  }
}
