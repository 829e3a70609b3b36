import type { DocumentPath } from './contract-file.ts';

export type Severity = 'error' | 'warning';

/** What a rule complains about, before it is known where in the file that stands. */
export interface Complaint {
  readonly severity: Severity;
  readonly rule: string;
  readonly path: DocumentPath;
  readonly message: string;
}

export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly severity: Severity;
  readonly rule: string;
  readonly message: string;
}

/** `file:line:col severity rule message`. Source: OAS-1 of the operations chapter. */
export function formatFinding({ file, line, column, severity, rule, message }: Finding): string {
  return `${file}:${line}:${column} ${severity} ${rule} ${message}`;
}
