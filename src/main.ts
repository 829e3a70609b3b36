// The entry of the executable: runs the command line of this process.
import { processIo } from './commands/cli/io.ts';
import { runCli } from './commands/cli/run.ts';

const flushed = (stream: NodeJS.WriteStream) =>
  new Promise<void>((resolve) => {
    if (stream.writable) stream.write('', () => resolve());
    else resolve();
  });

const exitCode = await runCli(process.argv.slice(2), processIo());
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
// A command is over when its handler returns; sockets that still hang (a probe that timed out) must not hold it.
process.exit(exitCode);
