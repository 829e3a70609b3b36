// No secret may appear in what the product writes. Test support hands out secrets that can be told from anything else, and
// gives everything that is written to this watch: log lines of servers in the process of a test, output of commands that a
// test starts, and in the end (scripts/test.ts) the output of the whole run.

/** In every secret that tests choose themselves. */
const MARK = 'm4rkedS3cret';

/** A secret of tests: a token, a password. Nothing that is written may hold it. */
export function markedSecret(name: string): string {
  return `${name}-${MARK}`;
}

/** What is a secret by its form alone. */
const FORMS: readonly (readonly [what: string, form: RegExp])[] = [
  ['a marked secret', new RegExp(MARK)],
  ['a root key', /\bunkey_[1-9A-HJ-NP-Za-km-z]{20,}\b/],
  ['a JSON web token', /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/],
];

/** What secrets without a form are looked for by; shorter texts occur by chance. */
const TOKEN = /\w{16,}/g;

/** Which secret was found, without it, and where. */
export interface Leak {
  readonly what: string;
  readonly where: string;
  /** What surrounds it. */
  readonly excerpt: string;
}

export interface SecretWatch {
  /** Takes note of a secret that has no form of its own, before or after it is written. Too short ones are passed over. */
  keep(what: string, secret: string): void;
  /** Takes note of what somebody has written. */
  look(where: string, text: string): void;
  /** What was written and should not have been. */
  leaks(): readonly Leak[];
}

export function createSecretWatch(): SecretWatch {
  const secrets = new Map<string, string>();
  /** Where each text that might be a secret was written first. */
  const seen = new Map<string, string>();
  const found: Leak[] = [];
  return {
    keep(what, secret) {
      const token = longestToken(secret);
      if (token !== undefined) secrets.set(token, what);
    },
    look(where, text) {
      for (const [what, form] of FORMS) {
        const match = form.exec(text);
        if (match !== null) found.push({ what, where, excerpt: around(text, match.index, match[0].length) });
      }
      for (const [token] of text.matchAll(TOKEN)) if (!seen.has(token)) seen.set(token, where);
    },
    leaks: () => [
      ...found,
      ...[...secrets].flatMap(([token, what]) => {
        const where = seen.get(token);
        return where === undefined ? [] : [{ what, where, excerpt: `${token.slice(0, 6)}…` }];
      }),
    ],
  };
}

function longestToken(secret: string): string | undefined {
  return [...secret.matchAll(TOKEN)].map(([token]) => token).sort((a, b) => b.length - a.length)[0];
}

function around(text: string, at: number, length: number): string {
  const before = text.slice(Math.max(0, at - 60), at);
  return `${before}[SECRET]${text.slice(at + length, at + length + 60)}`;
}

/** One line that tells of a leak. */
export function describeLeak({ what, where, excerpt }: Leak): string {
  return `${what} was written to ${where}: ${JSON.stringify(excerpt)}`;
}

/** The watch over this process; test/support/secret-guard.ts fails the test file with what it has found. */
export const secretWatch = createSecretWatch();
