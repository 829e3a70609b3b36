// The entry of a worker process, which `unkey api serve --workers` starts.
import { processIo } from './commands/cli/io.ts';
import { runWorker } from './commands/workers/run-worker.ts';
import { processChannel } from './commands/workers/worker-channel.ts';

process.exit(await runWorker(processIo(), processChannel()));
