// The secrets of a configuration, to make sure that none is in what is given away.
import type { EffectiveSetting, LoadedConfig } from '../../config/load.ts';
import { MASK, maskConnectionString } from '../../config/redact.ts';

/** Shorter ones would be found in ordinary words; nobody is protected by them. */
const SHORTEST = 4;

/** Every secret of the settings in force: tokens, keys, and the passwords of connection strings. */
export function secretsOf({ settings }: LoadedConfig): string[] {
  const found = settings.flatMap((entry) => [...secretsOfSetting(entry)]);
  // The longest first: one may be part of another.
  return [...new Set(found)]
    .filter((secret) => secret.length >= SHORTEST)
    .sort((a, b) => b.length - a.length);
}

function* secretsOfSetting({ setting, value }: EffectiveSetting): Generator<string> {
  if (setting.kind === 'entries') {
    for (const entry of Array.isArray(value) ? value : []) yield* stringsIn(entry?.secrets);
  } else if (setting.secret === 'connection') {
    yield* passwordsOf(String(value ?? ''));
  } else if (setting.secret !== undefined) {
    yield* stringsIn(value);
  }
}

function* stringsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (Array.isArray(value)) for (const item of value) yield* stringsIn(item);
}

/** What is masked of a connection string, as it is written and as it is meant. */
function* passwordsOf(text: string): Generator<string> {
  const [before = '', ...after] = maskConnectionString(text).split(MASK);
  const last = after.at(-1);
  if (last === undefined) return;
  const password = text.slice(before.length, text.length - last.length);
  yield password;
  if (URL.canParse(text)) yield decodeURIComponent(new URL(text).password);
}

/** A text with each of the secrets replaced, also where JSON or TOML has escaped it. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
    .reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
}
