import type { Command } from 'commander';
import { addConfigOptions, addSettingOptions, settingFlags } from '../cli/config-options.ts';
import type { CliContext } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';

export function register(program: Command, cli: CliContext): void {
  const config = program.command('config').description('show and check the configuration of the server');
  registerPrint(config, cli);
  registerValidate(config, cli);
  registerSchema(config, cli);
}

function registerPrint(config: Command, cli: CliContext): void {
  const print = config.command('print').description('print the settings in force, without secrets');
  addSettingOptions(addConfigOptions(print)).option('--origin', 'show where each value came from');
  annotate(print, {
    remarks: 'The output is a configuration file once the secrets (***) are put back.',
    outputs: ['human', 'json', 'yaml'],
    examples: [
      ['unkey config print', 'what `unkey api serve` would run with'],
      ['unkey config print --origin', 'and where each value came from'],
    ],
  });
  print.action(
    cli.action<{ origin?: boolean }>(async ({ options, output, loadConfig }) => {
      const loaded = await loadConfig({ profile: 'tool', flags: settingFlags({ ...options }) });
      const { settingsDocument, settingsToml } = await import('./present.ts');
      const document = settingsDocument(loaded, options.origin ?? false);
      if (output.format === 'yaml') {
        const { stringify } = await import('yaml');
        output.text(stringify(document));
      } else {
        output.result(document, () => settingsToml(loaded, options.origin ?? false));
      }
    }),
  );
}

function registerValidate(config: Command, cli: CliContext): void {
  const validate = config
    .command('validate')
    .description('check the configuration of the server without connecting to anything');
  addSettingOptions(addConfigOptions(validate));
  annotate(validate, {
    remarks: 'Unknown keys and unset variables are errors here; all problems are reported at once.',
    examples: [
      ['unkey config validate', 'the file that `unkey api serve` would find'],
      ['unkey config validate --config unkey.example.toml', 'a file by its name'],
    ],
    exitCodes: [
      ['0', 'valid'],
      ['3', 'not valid'],
    ],
  });
  validate.action(
    cli.action(async ({ options, output, loadConfig }) => {
      const loaded = await loadConfig({ profile: 'serve', strict: true, flags: settingFlags(options) });
      output.result({ valid: true, warnings: loaded.warnings }, () => 'the configuration is valid');
    }),
  );
}

function registerSchema(config: Command, cli: CliContext): void {
  const schema = config.command('schema').description('print the JSON Schema of the configuration file');
  annotate(schema, {
    examples: [['unkey config schema > unkey.schema.json', 'for an editor that checks TOML']],
  });
  schema.action(
    cli.action(async ({ output }) => {
      const { serverJsonSchema } = await import('../../config/json-schema.ts');
      output.text(JSON.stringify(serverJsonSchema(), undefined, 2));
    }),
  );
}
