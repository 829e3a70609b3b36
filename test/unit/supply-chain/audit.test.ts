import { expect, it } from 'vitest';
import { auditExitCode, verdictOf } from '../../../scripts/supply-chain/audit.ts';

const answer = (...severities: string[]): string =>
  JSON.stringify({
    vulnerabilities: Object.fromEntries(
      severities.map((severity, i) => [`p${i}`, { name: `p${i}`, severity, range: '<1.2.3' }]),
    ),
    metadata: { vulnerabilities: {} },
  });

it('passes what is clean, and names what is of little weight', () => {
  expect(verdictOf(answer())).toEqual({ kind: 'clean', lines: [] });
  const verdict = verdictOf(answer('low', 'moderate'));
  expect(verdict).toEqual({ kind: 'clean', lines: ['low: p0 <1.2.3', 'moderate: p1 <1.2.3'] });
  expect(auditExitCode(verdict, true)).toBe(0);
});

it.each(['high', 'critical'])('fails on a %s vulnerability', (severity) => {
  const verdict = verdictOf(answer('low', severity));
  expect(verdict.kind).toBe('vulnerable');
  expect(auditExitCode(verdict, false)).toBe(1);
});

it.each([
  ['an error', '{"message":"405 Method Not Allowed","statusCode":405}', '405 Method Not Allowed'],
  ['nothing', '', 'npm audit gave no answer'],
  ['no JSON', '<html>', 'npm audit gave no answer'],
])('does not take %s for a clean bill', (_, stdout, line) => {
  const verdict = verdictOf(stdout);
  expect(verdict).toEqual({ kind: 'unanswered', lines: [line] });
  expect(auditExitCode(verdict, false)).toBe(0);
  expect(auditExitCode(verdict, true)).toBe(1);
});
