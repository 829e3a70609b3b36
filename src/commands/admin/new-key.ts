// Handing a freshly made key over, once: to a file, or to stdout (RK-3).

import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { CliError } from '../cli/cli-error.ts';
import type { Invocation } from '../cli/context.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { fileExists, fileInTheWay } from './private-file.ts';
import { beginSecretFile } from './secret-file.ts';

export interface KeyOutputFlags {
  readonly outputFile?: string;
  readonly force?: boolean;
}

/** Adds `--output-file` and `--force`. */
export function addKeyOutputOptions(command: Command): Command {
  return command
    .addOption(new Option('--output-file <path>', 'write the key to this file (mode 0600) instead of stdout'))
    .addOption(new Option('--force', 'overwrite the output file'));
}

/** What making a key led to. */
export interface KeyOutcome {
  readonly keyId: string;
  /** The secret; undefined when no key was made, or the caller knows it. */
  readonly key: string | undefined;
  /** The member of the JSON document that holds the key. */
  readonly keyMember: 'key' | 'rootKey';
  /** For JSON, without the key itself. */
  readonly document: Readonly<Record<string, unknown>>;
  /** For people, without the key itself: label and value. */
  readonly lines: readonly (readonly [label: string, value: string])[];
}

type KeyInvocation = Pick<Invocation, 'io' | 'output'> & { readonly options: KeyOutputFlags };

/**
 * Makes a key and hands it over. The output file is begun before the key is made; `wouldMakeKey` decides whether a file
 * that is there already is in the way.
 * @throws CliError exit 6 when the file exists and may not be overwritten, exit 1 when it cannot be written
 */
export async function handOverKey(
  invocation: KeyInvocation,
  steps: {
    readonly wouldMakeKey: () => Promise<boolean>;
    readonly makeKey: () => Promise<KeyOutcome>;
  },
): Promise<void> {
  const { io, options } = invocation;
  if (options.outputFile === undefined) {
    printOutcome(invocation, await steps.makeKey());
    return;
  }
  const path = resolve(io.cwd, options.outputFile);
  if (options.force !== true && (await fileExists(path)) && (await steps.wouldMakeKey()))
    throw fileInTheWay(path);
  const file = await beginSecretFile(io.cwd, options.outputFile);
  let outcome: KeyOutcome;
  try {
    outcome = await steps.makeKey();
  } catch (error) {
    await file.discard();
    throw error;
  }
  if (outcome.key === undefined) {
    await file.discard();
    printOutcome(invocation, outcome);
    return;
  }
  try {
    await file.commit(outcome.key);
  } catch (cause) {
    throw new CliError({
      exitCode: EXIT.failed,
      code: 'key_not_handed_over',
      title: 'key not handed over',
      detail: `${outcome.keyId} was made, but ${path} could not be written, so nobody knows the key`,
      hint: `unkey root-key revoke ${outcome.keyId}`,
      cause,
    });
  }
  printOutcome(invocation, {
    ...outcome,
    key: undefined,
    document: { ...outcome.document, outputFile: path },
    lines: [...outcome.lines, ['written to', path]],
  });
}

/** JSON: one document. A terminal: a labelled block. A pipe: the key alone, the rest on stderr. */
function printOutcome({ io, output }: Pick<KeyInvocation, 'io' | 'output'>, outcome: KeyOutcome): void {
  const { key, keyMember, document, lines } = outcome;
  const width = Math.max(...lines.map(([label]) => label.length), 'root key'.length) + 2;
  const block = lines.map(([label, value]) => `${label.padEnd(width)}${value}`);
  if (output.format === 'json') {
    output.result(key === undefined ? document : { ...document, [keyMember]: key }, () => '');
  } else if (!io.stdout.isTTY) {
    for (const line of block) output.note(line);
    if (key !== undefined) output.text(key);
  } else {
    output.result(document, (style) =>
      [
        ...block,
        ...(key === undefined
          ? []
          : [
              `${'root key'.padEnd(width)}${style.bold(key)}`,
              style.yellow('Store it now: it is shown this once.'),
            ]),
      ].join('\n'),
    );
  }
}
