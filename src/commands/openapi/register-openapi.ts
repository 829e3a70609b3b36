import { resolve } from 'node:path';
import { Argument, type Command, Option } from 'commander';
import type { AnyOperation } from '../../server/operation.ts';
import { CliError } from '../cli/cli-error.ts';
import type { CliContext, Handler } from '../cli/context.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { annotate } from '../cli/notes.ts';
import type { ContractFormat } from './bundle-contract.ts';
import type { FailOn } from './diff-contracts.ts';
import type { Severity } from './findings.ts';

/** Loads the served operations; called only by a command that runs, so that help stays quick. */
export type LoadOperations = () => Promise<readonly AnyOperation[]>;

/** Adds `unkey openapi bundle | validate | diff`. Source: OAS-1 to OAS-3 of the operations chapter. */
export function registerOpenApi(program: Command, cli: CliContext, loadOperations: LoadOperations): void {
  const group = program.command('openapi').description('the API contract: write it, check it, compare it');

  annotate(
    group
      .command('bundle')
      .description('write the OpenAPI document of this version')
      .option('-o, --output-file <file>', 'file to write; stdout when left out')
      .action(cli.action(bundle(loadOperations))),
    {
      examples: [
        ['unkey openapi bundle -o openapi/openapi.yaml', 'refresh the committed contract'],
        ['unkey openapi bundle --output json', 'print it as JSON'],
      ],
      outputs: ['human', 'yaml', 'json'],
      remarks:
        'Prints YAML unless told otherwise: the bytes that a server of this version answers at /openapi.yaml.',
    },
  );

  annotate(
    group
      .command('validate')
      .description('check a contract against OpenAPI 3.1, its own examples and the served operations')
      .addArgument(new Argument('[file]', 'contract to check').default(undefined, 'the one of this package'))
      .addOption(
        new Option('--fail-on <severity>', 'least severity that fails')
          .choices(['error', 'warning'])
          .default('error'),
      )
      .action(cli.action<ValidateFlags, [string?]>(validate(loadOperations))),
    {
      examples: [
        ['unkey openapi validate', 'check the committed contract'],
        ['unkey openapi validate api.yaml --fail-on warning', 'check a file, strictly'],
      ],
      exitCodes: [
        ['0', 'no finding at or above --fail-on'],
        ['1', 'a finding at or above --fail-on'],
      ],
    },
  );

  annotate(
    group
      .command('diff')
      .description('list what changed between two contracts, and what of it breaks callers')
      .argument('<old>', 'the older contract')
      .addArgument(new Argument('[new]', 'the newer contract').default(undefined, 'the one of this version'))
      .addOption(
        new Option('--fail-on <class>', 'what fails: breaking changes, any change, none')
          .choices(['breaking', 'any', 'none'])
          .default('breaking'),
      )
      .action(cli.action<DiffFlags, [string, string?]>(diff(loadOperations))),
    {
      examples: [
        ['unkey openapi diff released.yaml', 'compare a released contract with this version'],
        ['unkey openapi diff old.yaml new.yaml --fail-on any', 'compare two files, strictly'],
      ],
      exitCodes: [
        ['0', 'nothing at or above --fail-on'],
        ['1', 'a change at or above --fail-on'],
        ['2', 'a contract could not be read'],
      ],
    },
  );
}

interface BundleFlags {
  readonly outputFile?: string;
}

interface ValidateFlags {
  readonly failOn: Severity;
}

interface DiffFlags {
  readonly failOn: FailOn;
}

function bundle(loadOperations: LoadOperations): Handler<BundleFlags, unknown[]> {
  return async ({ options, output, io }) => {
    const { bundleContract } = await import('./bundle-contract.ts');
    const format: ContractFormat = output.format === 'json' ? 'json' : 'yaml';
    const file = options.outputFile === undefined ? undefined : resolve(io.cwd, options.outputFile);
    const operations = await loadOperations();
    const outcome = bundleContract({ operations, file, format });
    if (outcome.exitCode !== EXIT.done) {
      throw contractError(outcome.exitCode, 'contract_not_written', outcome.problem);
    }
    if (file === undefined) output.text(outcome.text);
    else {
      output.result({ file, operations: operations.length }, () => '');
      output.note(`wrote ${operations.length} operations to ${file}`);
    }
    return EXIT.done;
  };
}

function validate(loadOperations: LoadOperations): Handler<ValidateFlags, [string?]> {
  return async ({ args: [name], options, output, io }) => {
    const file = name === undefined ? undefined : resolve(io.cwd, name);
    const [{ validateContract }, { formatFinding }] = await Promise.all([
      import('./validate-contract.ts'),
      import('./findings.ts'),
    ]);
    const operations = await loadOperations();
    const outcome = await validateContract({ operations, file, failOn: options.failOn });
    output.result({ valid: outcome.exitCode === 0, file: outcome.file, findings: outcome.findings }, () =>
      outcome.findings.map(formatFinding).join('\n'),
    );
    if (outcome.findings.length === 0) {
      output.note(`${outcome.file}: ${operations.length} operations, no findings`);
    }
    return outcome.exitCode;
  };
}

function diff(loadOperations: LoadOperations): Handler<DiffFlags, [string, string?]> {
  return async ({ args, options, output, io }) => {
    const [before, after] = args.map((name) => name && resolve(io.cwd, name)) as [string, string?];
    const { diffContracts } = await import('./diff-contracts.ts');
    const operations = after === undefined ? await loadOperations() : [];
    const outcome = diffContracts({ before, after, operations, failOn: options.failOn });
    if (outcome.exitCode === 2) {
      throw contractError(outcome.exitCode, 'contract_unreadable', outcome.problem);
    }
    const { changes } = outcome;
    output.result({ changes }, () =>
      changes
        .map((change) => `${change.class} ${change.operation || '-'} ${change.pointer} ${change.message}`)
        .join('\n'),
    );
    if (changes.length === 0) output.note('the contracts do not differ');
    return outcome.exitCode;
  };
}

function contractError(exitCode: number, code: string, detail: string): CliError {
  return new CliError({ exitCode, code, title: code.replaceAll('_', ' '), detail });
}
