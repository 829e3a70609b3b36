// `npm run audit`: asks the package registry for known vulnerabilities of what is shipped. Fails on a high or critical one. A registry
// that does not answer the question has answered nothing: that is said, and is no failure unless AUDIT_REQUIRED=1.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TIMEOUT_MS = 60_000;
const FAILING = ['high', 'critical'];

interface AuditAnswer {
  readonly message?: string;
  readonly metadata?: { readonly vulnerabilities: Readonly<Record<string, number>> };
  readonly vulnerabilities?: Readonly<
    Record<string, { readonly name: string; readonly severity: string; readonly range: string }>
  >;
}

export type Verdict =
  | { readonly kind: 'clean' | 'vulnerable'; readonly lines: readonly string[] }
  | { readonly kind: 'unanswered'; readonly lines: readonly string[] };

/** What `npm audit --json` said. */
export function verdictOf(stdout: string): Verdict {
  const answer = parsed(stdout);
  if (answer?.metadata === undefined) {
    return { kind: 'unanswered', lines: [answer?.message ?? 'npm audit gave no answer'] };
  }
  const found = Object.values(answer.vulnerabilities ?? {});
  const lines = found.map(({ name, severity, range }) => `${severity}: ${name} ${range}`);
  const fails = found.some(({ severity }) => FAILING.includes(severity));
  return { kind: fails ? 'vulnerable' : 'clean', lines };
}

function parsed(stdout: string): AuditAnswer | undefined {
  try {
    return JSON.parse(stdout) as AuditAnswer;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The exit code for a verdict. */
export function auditExitCode({ kind }: Verdict, required: boolean): number {
  return kind === 'vulnerable' || (kind === 'unanswered' && required) ? 1 : 0;
}

if (import.meta.main) {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  const verdict = verdictOf(stdout ?? '');
  const headlines = {
    clean: 'no high or critical vulnerability is known of what is shipped',
    vulnerable: 'vulnerable packages are shipped:',
    unanswered: 'NOT AUDITED: the registry did not answer the question:',
  };
  process.stdout.write(`${[headlines[verdict.kind], ...verdict.lines].join('\n')}\n`);
  process.exitCode = auditExitCode(verdict, process.env.AUDIT_REQUIRED === '1');
}
