// `node scripts/supply-chain/secrets.ts`: fails when a tracked file holds what looks like a real secret, and says where without
// showing it.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Shapes that nothing has by chance. */
const RULES: Readonly<Record<string, RegExp>> = {
  'private key': /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----(?:\s|\\n)*(?:[A-Za-z0-9+/=]|\s|\\n){100,}/g,
  'root key of Unkey': /\bunkey_[1-9A-HJ-NP-Za-km-z]{20,24}\b/g,
  'AWS access key': /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  'GitHub token': /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})\b/g,
  'GitLab token': /\bglpat-[A-Za-z0-9_-]{20,}/g,
  'npm token': /\bnpm_[A-Za-z0-9]{36}\b/g,
  'Slack token': /\bxox[abeoprs]-[A-Za-z0-9-]{20,}/g,
  'Stripe key': /\b[rs]k_live_[A-Za-z0-9]{24,}\b/g,
  'Google API key': /\bAIza[A-Za-z0-9_-]{35}\b/g,
  'JSON Web Token': /\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}/g,
  'password in a URL':
    /\b(?:mysql|rediss?|clickhouse|https?):\/\/[^\s:@/'"`$<{]+:(?=[^\s@'"`$]*\d)(?=[^\s@'"`$]*[A-Z])(?=[^\s@'"`$]*[a-z])[^\s@/'"`$]{16,}@/g,
};

/** SHA-256 of samples in tests and documents: looked at, and nobody's. */
const SAMPLES = new Set([
  // Root keys that no database ever had: test/e2e/sdk.test.ts, test/unit/cli/auth.test.ts.
  '57c79001416ff7b86a0cf5aef2c8cc8b9825685e40f791eace5b274f847ec01f',
  'b0e06f8ef219b2ac17f96da424efbc06fb51fd2039acc18d40fe25efb9589837',
]);

/** A file with more than this is data. */
const MAX_BYTES = 2 * 1024 * 1024;

export interface Finding {
  readonly line: number;
  readonly rule: string;
  /** SHA-256 of what was found, for the list of samples. */
  readonly fingerprint: string;
}

/** What looks like a secret in a text and is no known sample. */
export function secretsIn(text: string): Finding[] {
  return Object.entries(RULES).flatMap(([rule, pattern]) =>
    [...text.matchAll(pattern)]
      .map(({ 0: found, index }) => ({
        line: text.slice(0, index).split('\n').length,
        rule,
        fingerprint: createHash('sha256').update(found).digest('hex'),
      }))
      .filter(({ fingerprint }) => !SAMPLES.has(fingerprint)),
  );
}

/** `path:line: rule (fingerprint)` of everything found in the files that Git tracks in `folder`. */
export function secretsInTracked(folder: string): string[] {
  const listed = execFileSync('git', ['ls-files', '-z'], { cwd: folder, encoding: 'utf8' });
  return listed
    .split('\0')
    .filter((path) => path !== '' && isText(join(folder, path)))
    .flatMap((path) =>
      secretsIn(readFileSync(join(folder, path), 'utf8')).map(
        ({ line, rule, fingerprint }) => `${path}:${line}: ${rule} (${fingerprint})`,
      ),
    );
}

/** A regular file of a readable size; one that is tracked and deleted is none. */
function isText(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true && found.size <= MAX_BYTES;
}

if (import.meta.main) {
  const found = secretsInTracked(ROOT);
  for (const each of found) process.stderr.write(`${each}\n`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
