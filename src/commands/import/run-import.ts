// One run of `unkey import keys`: opens what it needs, sends the rows, and says what became of them.
import { resolve } from 'node:path';
import { usageError } from '../cli/cli-error.ts';
import type { Invocation } from '../cli/context.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { Progress } from '../cli/progress.ts';
import { confirm } from '../cli/prompt.ts';
import { parseColumnMap } from './column-map.ts';
import { connect, type Server } from './connect.ts';
import { createCsvReader } from './csv-records.ts';
import type { Delivery } from './deliver.ts';
import { openFailureReport } from './failure-report.ts';
import { withAdvice } from './import-failure.ts';
import type { ImportFlags } from './import-flags.ts';
import { formatOf, type Input, openInput } from './input.ts';
import { NOTHING_DONE, removeJournal } from './journal.ts';
import { createJsonLineReader } from './json-line-records.ts';
import { Ledger } from './ledger.ts';
import { type Resumption, resumption } from './resume.ts';
import { compileRowReader, isFailure, type KeyRow } from './rows.ts';
import { sayResult } from './say-result.ts';
import { sendRows } from './send-rows.ts';
import { refuseSharedFiles } from './shared-files.ts';

type ImportInvocation = Invocation<ImportFlags, readonly [file: string]>;

/** A run that sends nothing begins at the first row and leaves no journal. */
const FROM_THE_START: Resumption = { journal: undefined, start: NOTHING_DONE };

/**
 * @returns the exit code: 1 when rows failed
 * @throws CliError for a mistake on the line, an unusable file, and a server that cannot be reached or refuses the import
 */
export async function runImport(invocation: ImportInvocation): Promise<number> {
  const { io, options, output, signal, args } = invocation;
  const [name] = args;
  refuseContradictions(name, options);
  await refuseSharedFiles(io, name, options);
  const format = formatOf(name, options.format);
  const columns = parseColumnMap(options.map ?? []);
  const input = await openInput(io, name);
  const server = options.dryRun === true ? undefined : await agreedServer(invocation, input);
  const { journal, start } =
    server === undefined
      ? FROM_THE_START
      : await resumption(input, { apiUrl: server.apiUrl, cwd: io.cwd }, options, output);
  const report =
    options.failures === undefined
      ? undefined
      : await openFailureReport(resolve(io.cwd, options.failures), start.reported);
  const ledger = new Ledger({ start, journal, report });
  const progress = output.progress();
  const readRow = compileRowReader();
  let hexHashes = false;
  try {
    await sendRows({
      input,
      reader: format === 'csv' ? createCsvReader(columns) : createJsonLineReader(columns),
      read(record) {
        const row = readRow(record);
        hexHashes ||= !isFailure(row) && row.hash.length === HEX_LENGTH;
        return row;
      },
      ledger,
      deliver: (keys) => deliver(server, keys, signal, progress),
      progress,
      options,
      signal,
      now: () => performance.now(),
    });
  } catch (error) {
    progress.done(`stopped; rows done: ${ledger.totals.rows}`);
    throw withAdvice(error);
  } finally {
    await report?.close();
  }
  if (signal.aborted) {
    progress.done(`stopped; rows done: ${ledger.totals.rows}`);
    return EXIT.interrupted;
  }
  progress.done(`rows done: ${ledger.totals.rows}`);
  if (journal !== undefined) await removeJournal(journal.path);
  const { totals, examples } = ledger;
  sayResult(output, {
    totals,
    dryRun: server === undefined,
    examples,
    report: options.failures,
    hexHashes,
  });
  return totals.failed > 0 ? EXIT.failed : EXIT.done;
}

const HEX_LENGTH = 64;

function refuseContradictions(name: string, options: ImportFlags): void {
  if (name !== '-') return;
  if (options.rootKey === '-') throw usageError("only one of FILE and --root-key can read stdin ('-')");
  if (options.state !== undefined) throw usageError('stdin can be read once only, so that --state is no use');
}

/** The server, once somebody has said yes to it. */
async function agreedServer({ io, options, output }: ImportInvocation, input: Input): Promise<Server> {
  const server = await connect(io, options);
  for (const warning of server.warnings) output.warn(warning);
  const question = `Import the keys of ${input.name} into ${options.api} at ${server.apiUrl}?`;
  await confirm(io, question, options.yes ?? false, 'nothing was imported');
  return server;
}

/** Without a server every valid row counts as one that would be imported. */
async function deliver(
  server: Server | undefined,
  keys: readonly KeyRow[],
  signal: AbortSignal,
  progress: Progress,
): Promise<Delivery> {
  if (server === undefined) return { imported: keys.length, alreadyThere: [], refused: [] };
  return server.deliver(keys, signal, (pauseMs, reason) => {
    progress.update(`${reason}; trying again in ${pauseMs / 1000} s`);
  });
}
