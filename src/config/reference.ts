// The generated part of docs/configuration.md.
import type { Setting } from './catalogue.ts';

const code = (text: string) => `\`${text.replaceAll('|', '\\|')}\``;

function tomlValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, item]) => `${key} = ${tomlValue(item)}`)
      .join(', ')} }`;
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function environment(setting: Setting): string {
  const names = setting.envNames.map(code);
  return setting.secret === undefined ? names.join(', ') : `${names.join(', ')} (also \`…_FILE\`)`;
}

/** Every setting as a row: key, type, default, environment names, example, meaning. */
export function settingsTable(catalogue: readonly Setting[]): string {
  const rows = catalogue.map((setting) => [
    code(setting.path),
    setting.kind,
    setting.default === undefined ? '–' : code(tomlValue(setting.default)),
    environment(setting),
    code(tomlValue(setting.example)),
    setting.description,
  ]);
  const header = ['Key', 'Type', 'Default', 'Environment', 'Example', 'Meaning'];
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
