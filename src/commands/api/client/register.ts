// `unkey api <group> <verb>`: one command for each declared operation.
import type { Command } from 'commander';
import type { AnyOperation } from '../../../server/operation.ts';
import type { CliContext, Register } from '../../cli/context.ts';
import { annotate } from '../../cli/notes.ts';
import { decapitalised, examplesOf } from './examples.ts';
import { addVerbOptions } from './options.ts';
import { runVerb, type VerbFlags } from './run-verb.ts';
import { type Verb, verbOf } from './verb.ts';

/** A command module with a verb for every operation. Expects `unkey api` to be registered. */
export function apiClient(operations: readonly AnyOperation[]): Register {
  return (program, cli) => {
    const api = childNamed(program, 'api');
    if (api === undefined) throw new Error("the verbs of 'unkey api' need that command");
    for (const operation of operations) {
      const verb = verbOf(operation);
      const groups = verb.words.slice(0, -1);
      registerVerb(groups.reduce(groupIn, api), verb, cli);
    }
  };
}

function childNamed(parent: Command, name: string): Command | undefined {
  return parent.commands.find((command) => command.name() === name);
}

function groupIn(parent: Command, name: string): Command {
  return (
    childNamed(parent, name) ?? parent.command(name).description(`call the ${name} operations of a server`)
  );
}

function registerVerb(group: Command, verb: Verb, cli: CliContext): void {
  const { summary, description } = verb.operation;
  const command = group.command(verb.words.at(-1) ?? '').description(decapitalised(summary));
  annotate(command, {
    // What follows the first paragraph is for the reference of the API.
    remarks: description.split('\n\n')[0] ?? '',
    examples: examplesOf(verb),
    ...(verb.verdict === undefined
      ? {}
      : {
          exitCodes: [
            ['0', 'answered, whatever it says; with --exit-code only a yes'],
            ['1', 'refused by the server; with --exit-code also a no'],
          ],
        }),
  });
  addVerbOptions(command, verb);
  command.action(cli.action<VerbFlags>((invocation) => runVerb(verb, invocation)));
}
