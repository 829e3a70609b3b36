import type { CliError } from './cli-error.ts';
import { createStyle, type Style, wantsColour } from './colour.ts';
import type { CliIo } from './io.ts';
import { type Progress, silentProgress, startProgress } from './progress.ts';

export type OutputFormat = 'human' | 'json' | 'yaml' | 'table' | 'csv';

export interface OutputSettings {
  readonly format: OutputFormat;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly noColour: boolean;
}

/** Where a command writes. Data goes to stdout, everything else to stderr. */
export interface Output {
  readonly format: OutputFormat;
  readonly quiet: boolean;
  /** Colours for what `result` prints. */
  readonly style: Style;
  /** The command's data: `document` in JSON mode, the text of `human` else. Once per run. */
  result(document: unknown, human: (style: Style) => string): void;
  /** Data that is already text (a script, a TOML file); a final newline is added when missing. */
  text(data: string): void;
  /** A line for people on stderr; silent under --quiet. */
  note(line: string): void;
  warn(line: string): void;
  /** Only with --verbose. */
  debug(line: string): void;
  /** Signs of life on stderr for work that may exceed two seconds. */
  progress(): Progress;
  /** Reports a failure: text on stderr and, in JSON mode when nothing was printed yet, the error document on stdout. */
  failure(error: CliError): void;
}

/** The JSON error document of G-4. */
function errorDocument(error: CliError): object {
  return {
    error: {
      code: error.code,
      title: error.title,
      detail: error.detail,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.requestId === undefined ? {} : { requestId: error.requestId }),
      ...(error.docs === undefined ? {} : { docs: error.docs }),
    },
  };
}

function errorText(error: CliError, style: Style): string {
  const label = style.red('error:');
  // A usage error is one line, whatever it has to say (G-10).
  if (error.code === 'usage') {
    const hint = error.hint === undefined ? '' : `${/[.?!]$/.test(error.detail) ? '' : '.'} ${error.hint}`;
    return `${label} ${error.detail}${hint}\n`;
  }
  const lines = error.detail.includes('\n')
    ? [`${label} ${error.title}`, ...error.detail.split('\n').map((line) => `  ${line}`)]
    : [`${label} ${error.title}: ${error.detail}`];
  if (error.hint !== undefined) lines.push(`hint: ${error.hint}`);
  if (error.requestId !== undefined) lines.push(`request id: ${error.requestId}`);
  if (error.docs !== undefined) lines.push(`docs: ${error.docs}`);
  return `${lines.join('\n')}\n`;
}

const withNewline = (text: string) => (text === '' || text.endsWith('\n') ? text : `${text}\n`);

export function createOutput(io: CliIo, settings: OutputSettings): Output {
  const style = createStyle(wantsColour(io.stdout, io.env, settings.noColour));
  const errorStyle = createStyle(wantsColour(io.stderr, io.env, settings.noColour));
  let printed = false;
  const print = (text: string) => {
    printed = true;
    io.stdout.write(withNewline(text));
  };
  return {
    format: settings.format,
    quiet: settings.quiet,
    style,
    result(document, human) {
      if (settings.format !== 'json') return print(human(style));
      if (printed) throw new Error('a command may print one JSON document only');
      print(JSON.stringify(document, undefined, 2));
    },
    text: print,
    note(line) {
      if (!settings.quiet) io.stderr.write(`${line}\n`);
    },
    warn(line) {
      if (!settings.quiet) io.stderr.write(`${errorStyle.yellow('warning:')} ${line}\n`);
    },
    debug(line) {
      if (settings.verbose && !settings.quiet) io.stderr.write(`${errorStyle.dim(`debug: ${line}`)}\n`);
    },
    progress: () => (settings.quiet ? silentProgress : startProgress(io.stderr, () => performance.now())),
    failure(error) {
      io.stderr.write(errorText(error, errorStyle));
      if (settings.format === 'json' && !printed) print(JSON.stringify(errorDocument(error), undefined, 2));
    },
  };
}
