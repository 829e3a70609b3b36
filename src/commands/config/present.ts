// The settings in force as a document and as TOML. Nothing here prints a secret.
import { stringify } from 'smol-toml';
import type { EffectiveSetting, LoadedConfig } from '../../config/load.ts';
import { MASK, maskConnectionString } from '../../config/redact.ts';

/** Sections whose presence alone means something, so that one nobody gave must not be printed. */
const MEANINGFUL_SECTIONS = [
  'observability.tracing',
  'observability.logging',
  'observability.metrics',
  'gossip',
];

function maskedEntry(entry: unknown): unknown {
  if (typeof entry !== 'object' || entry === null) return MASK;
  return Object.fromEntries(
    Object.entries(entry).map(([field, value]) => [
      field,
      field === 'secrets' && Array.isArray(value) ? value.map(() => MASK) : value,
    ]),
  );
}

/** A setting's value as it may be shown. */
function shownValue({ setting, value }: EffectiveSetting): unknown {
  if (setting.kind === 'entries') return Array.isArray(value) ? value.map(maskedEntry) : value;
  if (setting.secret === undefined || value === undefined) return value;
  return setting.secret === 'connection' ? maskConnectionString(String(value)) : MASK;
}

function sectionOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('.')));
}

function absentSections({ settings, tables }: LoadedConfig): string[] {
  return MEANINGFUL_SECTIONS.filter(
    (section) =>
      !tables.has(section) &&
      settings.every(({ setting, origin }) => sectionOf(setting.path) !== section || origin === 'default'),
  );
}

/** Settings worth printing: those with a value, outside sections that are absent. */
function printed(loaded: LoadedConfig): EffectiveSetting[] {
  const absent = absentSections(loaded);
  return loaded.settings.filter(
    (entry) => entry.value !== undefined && !absent.includes(sectionOf(entry.setting.path)),
  );
}

/** Nested like the file; with origins flat, `path → { value, origin }`. */
export function settingsDocument(loaded: LoadedConfig, withOrigin: boolean): Record<string, unknown> {
  const entries = printed(loaded);
  if (withOrigin) {
    return Object.fromEntries(
      entries.map((entry) => [entry.setting.path, { value: shownValue(entry), origin: entry.origin }]),
    );
  }
  const document: Record<string, unknown> = {};
  for (const entry of entries) {
    const parts = entry.setting.path.split('.');
    const key = parts.pop() ?? '';
    let table = document;
    for (const part of parts) {
      table[part] ??= {};
      table = table[part] as Record<string, unknown>;
    }
    table[key] = shownValue(entry);
  }
  return document;
}

/** A dollar sign in a file begins a variable; the value in force has none left to expand. */
const escapeDollars = (value: unknown): unknown => {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$');
  if (Array.isArray(value)) return value.map(escapeDollars);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, escapeDollars(item)]));
};

function assignment(entry: EffectiveSetting, withOrigin: boolean): string {
  const key = entry.setting.path.slice(entry.setting.path.lastIndexOf('.') + 1);
  const line = stringify({ [key]: escapeDollars(shownValue(entry)) }).trimEnd();
  return withOrigin ? `${line}  # ${entry.origin}` : line;
}

/** The settings as a TOML file, section by section. */
export function settingsToml(loaded: LoadedConfig, withOrigin: boolean): string {
  const entries = printed(loaded);
  const auth = entries.find(({ setting }) => setting.kind === 'entries');
  const sections = Map.groupBy(
    entries.filter((entry) => entry !== auth),
    ({ setting }) => sectionOf(setting.path),
  );
  const blocks = [...sections].map(([section, members]) =>
    [
      ...(section === '' ? [] : [`[${section}]`]),
      ...members.map((entry) => assignment(entry, withOrigin)),
    ].join('\n'),
  );
  for (const section of absentSections(loaded)) blocks.push(`# no [${section}] section`);
  if (auth !== undefined) {
    const origin = withOrigin ? `# ${auth.origin}\n` : '';
    blocks.push(origin + stringify({ auth: escapeDollars(shownValue(auth)) }).trimEnd());
  }
  return blocks.join('\n\n');
}
