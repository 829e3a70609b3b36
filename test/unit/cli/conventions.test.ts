// The conventions that every command shares, tried on commands made for the purpose.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CliError } from '../../../src/commands/cli/cli-error.ts';
import type { CliContext, Register } from '../../../src/commands/cli/context.ts';
import { EXIT } from '../../../src/commands/cli/exit-codes.ts';
import { annotate, fromEnv } from '../../../src/commands/cli/notes.ts';
import { confirm } from '../../../src/commands/cli/prompt.ts';
import { runCli } from '../../../src/commands/cli/run.ts';
import { addSecretFlags, readSecret } from '../../../src/commands/cli/secret-flag.ts';
import { duration, integer, list } from '../../../src/commands/cli/values.ts';
import { Fault } from '../../../src/lib/fault.ts';
import { DatabaseError } from '../../../src/storage/sql/database.ts';
import { type MemoryIoOptions, memoryIo } from '../../support/cli-io.ts';

/** A tree with one command, `unkey thing do`, whose action is the test's. */
function tree(action: (cli: CliContext, command: Command) => void): Register {
  return (program, cli) => {
    const group = program.command('thing').description('things');
    const command = group.command('do').description('do a thing');
    annotate(command, { examples: [['unkey thing do', 'does it']] });
    action(cli, command);
  };
}

async function run(argv: string[], module: Register, options: MemoryIoOptions = {}) {
  const io = memoryIo(options);
  const code = await runCli(argv, io, [module]);
  return { code, out: io.out(), err: io.err() };
}

const throwing = (error: unknown) =>
  tree((cli, command) =>
    command.action(
      cli.action(async () => {
        throw error;
      }),
    ),
  );

const printing = tree((cli, command) =>
  command.action(
    cli.action(async ({ output }) => {
      output.note('a note');
      output.debug('a detail');
      output.warn('a warning');
      output.result({ a: 1 }, (style) => style.green('one'));
    }),
  ),
);

describe('mistakes on the command line', () => {
  const nothing = tree((cli, command) => {
    command.option('--with-flag <value>', 'a flag').action(cli.action(async () => undefined));
  });

  it.each([
    [['thnig'], "unknown command 'thnig' for 'unkey'; did you mean 'thing'? Run 'unkey --help'"],
    [['thing', 'dp'], "unknown command 'dp' for 'unkey thing'; did you mean 'do'? Run 'unkey thing --help'"],
    [['frobnicate'], "unknown command 'frobnicate' for 'unkey'. Run 'unkey --help'"],
    [
      ['thing', 'do', '--wih-flag=x'],
      "unknown flag '--wih-flag' for 'unkey thing do'; did you mean '--with-flag'? Run 'unkey thing do --help'",
    ],
    [
      ['thing', 'do', '--qiet'],
      "unknown flag '--qiet' for 'unkey thing do'; did you mean '--quiet'? Run 'unkey thing do --help'",
    ],
    [['thing', 'do', '--json=1'], "the flag '--json' takes no value. Run 'unkey thing do --help'"],
    [['thing', 'do', '--output', 'xml'], "--output takes human, json, got 'xml'"],
    [
      ['help', 'thing', 'dp'],
      "unknown command 'dp' for 'unkey thing'; did you mean 'do'? Run 'unkey thing --help'",
    ],
  ])('%j ends with 2 and one line', async (argv, message) => {
    expect(await run(argv, nothing)).toEqual({ code: EXIT.usage, out: '', err: `error: ${message}\n` });
  });

  it.each([[['thing', 'do', '--with-flag']], [['thing', 'do', 'extra']]])('%j ends with 2', async (argv) => {
    const { code, out, err } = await run(argv, nothing);
    expect([code, out, err.trimEnd().split('\n').length]).toEqual([EXIT.usage, '', 1]);
  });

  it.each([[[]], [['thing']]])('%j without a verb prints help on stderr and ends with 2', async (argv) => {
    const { code, out, err } = await run(argv, nothing);
    expect([code, out]).toEqual([EXIT.usage, '']);
    expect(err).toContain('Commands:');
  });

  it('are one JSON document in JSON mode', async () => {
    for (const argv of [
      ['thnig', '--json'],
      ['thing', '--json'],
      ['thing', 'do', '--bogus', '--output', 'json'],
    ]) {
      const { code, out } = await run(argv, nothing);
      expect(code).toBe(EXIT.usage);
      expect(JSON.parse(out)).toMatchObject({ error: { code: 'usage' } });
    }
  });
});

describe('help', () => {
  it.each([
    [['thing', 'do', '--help']],
    [['thing', 'do', '-h']],
    [['help', 'thing', 'do']],
    [['thing', 'help', 'do']],
    [['thing', 'do', '--bogus', '--help']],
  ])('%j is on stdout with exit 0', async (argv) => {
    const { code, out, err } = await run(argv, printing);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(
      /^do a thing\n\nUsage: unkey thing do \[flags\]\n\nExamples:\n {2}# does it\n {2}unkey thing do\n/,
    );
  });

  it('tells of each flag its default, environment name, choices and whether it is required', async () => {
    const module = tree((cli, command) =>
      command
        .addOption(fromEnv(new Option('--size <n>', 'how big').default(3), 'UNKEY_SIZE'))
        .addOption(new Option('--colour <c>', 'which').choices(['red', 'blue']).makeOptionMandatory())
        .action(cli.action(async () => undefined)),
    );
    const { out } = await run(['thing', 'do', '--help'], module, { columns: 100 });
    expect(out).toContain('how big (env UNKEY_SIZE; default 3)');
    expect(out).toContain('which (one of red, blue; required)');
  });

  it('of the root lists the exit codes', async () => {
    const { out } = await run(['--help'], printing);
    expect(out).toContain('Exit codes:');
    expect(out).toContain('130 / 143');
  });

  it('fits the terminal', async () => {
    const { out } = await run(['thing', 'do', '--help'], printing, { terminal: true, columns: 60 });
    const tooLong = out.split('\n').filter((line) => line.length > 60);
    expect(tooLong).toEqual([]);
  });
});

describe('output', () => {
  it('keeps data on stdout and everything else on stderr', async () => {
    const { out, err } = await run(['thing', 'do'], printing);
    expect([out, err]).toEqual(['one\n', 'a note\nwarning: a warning\n']);
  });

  it('is the document and nothing else in JSON mode, wherever the flag stands', async () => {
    for (const argv of [
      ['thing', 'do', '--json'],
      ['--output', 'json', 'thing', 'do'],
      ['thing', '--json', 'do'],
    ]) {
      const { out } = await run(argv, printing);
      expect(JSON.parse(out)).toEqual({ a: 1 });
    }
    expect(JSON.parse((await run(['thing', 'do'], printing, { env: { UNKEY_OUTPUT: 'json' } })).out)).toEqual(
      { a: 1 },
    );
  });

  it('is less with --quiet and more with --verbose', async () => {
    expect((await run(['thing', 'do', '--quiet'], printing)).err).toBe('');
    expect((await run(['thing', 'do', '--verbose'], printing)).err).toContain('debug: a detail');
    expect((await run(['thing', 'do', '--debug'], printing)).err).toContain('debug: a detail');
  });

  it.each<[string, MemoryIoOptions, string[], boolean]>([
    ['a terminal', { terminal: true }, [], true],
    ['no terminal', {}, [], false],
    ['NO_COLOR', { terminal: true, env: { NO_COLOR: '1' } }, [], false],
    ['an empty NO_COLOR', { terminal: true, env: { NO_COLOR: '' } }, [], true],
    ['TERM=dumb', { terminal: true, env: { TERM: 'dumb' } }, [], false],
    ['FORCE_COLOR without a terminal', { env: { FORCE_COLOR: '1' } }, [], true],
    ['--no-color over FORCE_COLOR', { terminal: true, env: { FORCE_COLOR: '1' } }, ['--no-color'], false],
  ])('with %s is coloured accordingly', async (_name, options, flags, coloured) => {
    const { out } = await run(['thing', 'do', ...flags], printing, options);
    expect(out.includes('\u001b')).toBe(coloured);
  });
});

describe('failures', () => {
  const conflict = new CliError({
    exitCode: EXIT.conflict,
    code: 'taken',
    title: 'taken',
    detail: 'the slug is taken',
    hint: 'choose another',
    requestId: 'req_1',
  });

  it('are told on stderr with title, detail, hint and request id', async () => {
    expect(await run(['thing', 'do'], throwing(conflict))).toEqual({
      code: EXIT.conflict,
      out: '',
      err: 'error: taken: the slug is taken\nhint: choose another\nrequest id: req_1\n',
    });
  });

  it('are one document on stdout in JSON mode', async () => {
    const { out } = await run(['thing', 'do', '--json'], throwing(conflict));
    expect(JSON.parse(out)).toEqual({
      error: {
        code: 'taken',
        title: 'taken',
        detail: 'the slug is taken',
        hint: 'choose another',
        requestId: 'req_1',
      },
    });
  });

  it('after the document leave stdout as it is', async () => {
    const module = tree((cli, command) =>
      command.action(
        cli.action(async ({ output }) => {
          output.result({ done: 1 }, () => '');
          throw conflict;
        }),
      ),
    );
    const { code, out } = await run(['thing', 'do', '--json'], module);
    expect([code, JSON.parse(out)]).toEqual([EXIT.conflict, { done: 1 }]);
  });

  it.each([
    [new Fault('unkey:data:key_not_found', { public: 'no such key' }), EXIT.notFound],
    [new Fault('unkey:application:precondition_failed', { public: 'x' }), EXIT.conflict],
    [new Fault('unkey:authorization:insufficient_permissions', { public: 'x' }), EXIT.denied],
    [new Fault('unkey:application:service_unavailable', { public: 'x' }), EXIT.unreachable],
    [new DatabaseError('gone'), EXIT.unreachable],
    [new TypeError('a bug'), EXIT.failed],
  ])('%o ends with %i', async (error, code) => {
    expect((await run(['thing', 'do'], throwing(error))).code).toBe(code);
  });

  it('that nobody expected show no secret, and their stack only with --verbose', async () => {
    const error = new Error('cannot reach mysql://u:s3cret@db/unkey');
    for (const flags of [[], ['--verbose'], ['--json']]) {
      const { out, err } = await run(['thing', 'do', ...flags], throwing(error));
      expect(out + err).not.toContain('s3cret');
      expect(err.includes('conventions.test.ts')).toBe(flags[0] === '--verbose');
    }
  });
});

describe('values', () => {
  const echo = tree((cli, command) =>
    command
      .addOption(fromEnv(new Option('--size <n>', 'x').argParser(integer(1, 9)), 'UNKEY_SIZE'))
      .addOption(new Option('--wait <d>', 'x').argParser(duration))
      .addOption(fromEnv(new Option('--tags <t>', 'x').argParser(list), 'UNKEY_TAGS'))
      .action(
        cli.action<{ size?: number; wait?: number; tags?: string[] }>(async ({ options, output }) => {
          const { size, wait, tags } = options;
          output.result({ size, wait, tags }, () => '');
        }),
      ),
  );
  const values = async (argv: string[], env = {}) =>
    JSON.parse((await run(['thing', 'do', '--json', ...argv], echo, { env })).out) as unknown;

  it('come from the flag, else from the environment', async () => {
    expect(await values(['--size', '3', '--wait', '1m'], { UNKEY_SIZE: '4' })).toEqual({
      size: 3,
      wait: 60_000,
    });
    expect(await values([], { UNKEY_SIZE: '4', UNKEY_TAGS: '' })).toEqual({ size: 4 });
  });

  it('of a list add up over flags and replace the environment', async () => {
    expect(await values(['--tags', 'a, b', '--tags', 'c'], { UNKEY_TAGS: 'z' })).toEqual({
      tags: ['a', 'b', 'c'],
    });
  });

  it.each([[['--size', '0']], [['--size', 'x']], [['--wait', '5']]])('%j is a usage error', async (flags) => {
    expect((await run(['thing', 'do', ...flags], echo)).code).toBe(EXIT.usage);
  });

  it('that are malformed in the environment name the variable, and matter to their command alone', async () => {
    const { code, err } = await run(['thing', 'do'], echo, { env: { UNKEY_SIZE: 'x' } });
    expect([code, err.includes('UNKEY_SIZE')]).toEqual([EXIT.usage, true]);
    expect((await run(['thing', 'do', '--help'], echo, { env: { UNKEY_SIZE: 'x' } })).code).toBe(0);
  });

  it('may be the word help', async () => {
    expect((await run(['thing', 'do', '--tags', 'help', '--json'], echo)).out).toContain('"help"');
  });
});

describe('secrets', () => {
  const SOURCE = { flag: 'root-key', env: 'UNKEY_ROOT_KEY', description: 'the key' } as const;
  const module = tree((cli, command) =>
    addSecretFlags(command, SOURCE).action(
      cli.action(async ({ io, options, output }) =>
        output.text((await readSecret(io, options, SOURCE)) ?? 'none'),
      ),
    ),
  );

  it('come from a flag, stdin or a file, without the newline at its end', async () => {
    expect((await run(['thing', 'do', '--root-key', 'k'], module)).out).toBe('k\n');
    expect((await run(['thing', 'do', '--root-key', '-'], module, { stdin: 'from stdin\n' })).out).toBe(
      'from stdin\n',
    );
    const folder = await mkdtemp(join(tmpdir(), 'unkey-secret-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'key');
    await writeFile(file, 'from a file\n');
    expect((await run(['thing', 'do', '--root-key-file', file], module)).out).toBe('from a file\n');
    expect((await run(['thing', 'do'], module, { env: { UNKEY_ROOT_KEY: 'e' } })).out).toBe('e\n');
    expect((await run(['thing', 'do'], module)).out).toBe('none\n');
  });

  it('in a file that is not there end with 3 and the reason', async () => {
    const { code, err } = await run(['thing', 'do', '--root-key-file', 'nowhere'], module);
    expect([code, err]).toEqual([EXIT.config, expect.stringContaining('ENOENT')]);
  });

  it('given twice are refused', async () => {
    const both = { UNKEY_ROOT_KEY: 'a', UNKEY_ROOT_KEY_FILE: '/f' };
    const { code, err } = await run(['thing', 'do'], module, { env: both });
    expect([code, err]).toEqual([
      EXIT.config,
      expect.stringContaining('UNKEY_ROOT_KEY and UNKEY_ROOT_KEY_FILE'),
    ]);
    expect((await run(['thing', 'do', '--root-key', 'a', '--root-key-file', 'b'], module)).code).toBe(
      EXIT.usage,
    );
  });
});

describe('questions', () => {
  const asking = tree((cli, command) =>
    command.option('-y, --yes', 'do it').action(
      cli.action<{ yes?: boolean }>(async ({ io, options, output }) => {
        await confirm(io, 'Delete it?', options.yes ?? false, 'nothing was deleted');
        output.result({ deleted: true }, () => 'deleted');
      }),
    ),
  );

  it('are answered by --yes or on the terminal', async () => {
    expect((await run(['thing', 'do', '-y'], asking)).out).toBe('deleted\n');
    expect((await run(['thing', 'do'], asking, { terminal: true, stdin: 'y\n' })).out).toBe('deleted\n');
  });

  it('answered with no end with 1, with one document in JSON mode', async () => {
    const human = await run(['thing', 'do'], asking, { terminal: true, stdin: '\n' });
    expect([human.code, human.out]).toEqual([EXIT.failed, '']);
    expect(human.err).toContain('nothing was deleted');
    const json = await run(['thing', 'do', '--json'], asking, { terminal: true, stdin: 'n\n' });
    expect(JSON.parse(json.out)).toMatchObject({ error: { code: 'declined' } });
  });

  it('without a terminal end with 2 and name the flag', async () => {
    const { code, err } = await run(['thing', 'do'], asking);
    expect([code, err]).toEqual([EXIT.usage, expect.stringContaining('--yes')]);
  });
});

describe('the end from outside', () => {
  const hanging = tree((cli, command) =>
    command.action(
      cli.action(async ({ signal }) => {
        await new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        );
      }),
    ),
  );

  it.each([
    ['SIGINT', EXIT.interrupted],
    ['SIGTERM', EXIT.terminated],
  ] as const)('by %s aborts the handler and ends with %i', async (signal, code) => {
    const io = memoryIo();
    const running = runCli(['thing', 'do'], io, [hanging]);
    await new Promise((resolve) => setImmediate(resolve));
    io.signal(signal);
    expect([await running, io.err()]).toEqual([code, `error: interrupted: stopped by ${signal}\n`]);
  });

  it('leaves one document on stdout in JSON mode', async () => {
    const io = memoryIo();
    const running = runCli(['thing', 'do', '--json'], io, [hanging]);
    await new Promise((resolve) => setImmediate(resolve));
    io.signal('SIGINT');
    expect([await running, JSON.parse(io.out())]).toMatchObject([130, { error: { code: 'interrupted' } }]);
  });

  it('by a broken pipe is quiet', async () => {
    const io = memoryIo();
    const running = runCli(['thing', 'do'], io, [hanging]);
    await new Promise((resolve) => setImmediate(resolve));
    io.breakPipe();
    expect([await running, io.err()]).toEqual([0, '']);
  });

  it('does not touch a server, which listens for itself', async () => {
    const io = memoryIo();
    const seen: string[] = [];
    const server = tree((cli, command) =>
      command.action(
        cli.action(
          async ({ io: own }) => {
            await new Promise<void>((resolve) => {
              own.onSignal((signal) => {
                seen.push(signal);
                resolve();
              });
            });
            return 0;
          },
          { server: true },
        ),
      ),
    );
    const running = runCli(['thing', 'do'], io, [server]);
    await new Promise((resolve) => setImmediate(resolve));
    io.breakPipe();
    io.signal('SIGTERM');
    expect([await running, seen]).toEqual([0, ['SIGTERM']]);
  });
});
