import { fileURLToPath } from 'node:url';
import { isObject } from '../../lib/json.ts';
import { buildOpenApiDocument } from '../../server/docs/openapi-document.ts';
import type { AnyOperation } from '../../server/operation.ts';
import { renderContract } from './bundle-contract.ts';
import { type ContractFile, readContractFile, UnreadableContract } from './contract-file.ts';
import { exampleComplaints } from './example-rules.ts';
import type { Complaint, Finding, Severity } from './findings.ts';
import {
  operationComplaints,
  operationIdComplaints,
  routeComplaints,
  tagComplaints,
} from './operation-rules.ts';
import { referenceComplaints, structureComplaints, unusedComponentComplaints } from './structure-rules.ts';

/** The contract that ships with this package. */
const COMMITTED_CONTRACT = fileURLToPath(new URL('../../../openapi/openapi.yaml', import.meta.url));

export interface ValidateOptions {
  readonly operations: readonly AnyOperation[];
  /** The contract that ships with this package when left out. */
  readonly file?: string | undefined;
  /** The least severity that makes the contract fail; `error` when left out. */
  readonly failOn?: Severity | undefined;
}

export interface ValidateOutcome {
  readonly exitCode: 0 | 1;
  readonly file: string;
  /** In the order of the file. */
  readonly findings: readonly Finding[];
}

/** Checks a contract on disk against OpenAPI 3.1, the rules of the house, and the operations that are served. */
export async function validateContract(options: ValidateOptions): Promise<ValidateOutcome> {
  const { operations, file = COMMITTED_CONTRACT, failOn = 'error' } = options;
  let contract: ContractFile;
  try {
    contract = readContractFile(file);
  } catch (error) {
    if (!(error instanceof UnreadableContract)) throw error;
    const { message } = error;
    return {
      exitCode: 1,
      file,
      findings: [{ file, line: 1, column: 1, severity: 'error', rule: 'unreadable', message }],
    };
  }
  const findings = (await findingsOf(contract, operations)).toSorted(
    (a, b) => a.line - b.line || a.column - b.column,
  );
  const failed = findings.some(({ severity }) => severity === 'error' || failOn === 'warning');
  return { exitCode: failed ? 1 : 0, file, findings };
}

async function findingsOf(contract: ContractFile, operations: readonly AnyOperation[]): Promise<Finding[]> {
  const { file, document, complaints } = contract;
  if (complaints.length > 0) {
    return complaints.map((complaint) => ({ file, severity: 'error', rule: 'syntax', ...complaint }));
  }
  const structure = await structureComplaints(document);
  const references = referenceComplaints(document);
  const found: Complaint[] = [
    ...structure,
    ...references,
    ...unusedComponentComplaints(document),
    ...operationComplaints(document),
    ...operationIdComplaints(document),
    ...tagComplaints(document),
    ...routeComplaints(document, operations),
    // A schema with a reference to nowhere cannot judge an example, and has been complained about.
    ...(isObject(document) && references.length === 0 ? exampleComplaints(document) : []),
  ];
  return [
    ...found.map(({ path, ...complaint }) => ({ file, ...contract.locate(path), ...complaint })),
    ...staleness(contract, operations),
  ];
}

/** The file is what `unkey openapi bundle` would write now. */
function staleness({ file, text }: ContractFile, operations: readonly AnyOperation[]): Finding[] {
  const format = text.trimStart().startsWith('{') ? 'json' : 'yaml';
  const fresh = renderContract(buildOpenApiDocument(operations), format);
  if (text === fresh) return [];
  const freshLines = fresh.split('\n');
  const line = text.split('\n').findIndex((each, index) => each !== freshLines[index]) + 1;
  return [
    {
      file,
      line: Math.max(line, 1),
      column: 1,
      severity: 'error',
      rule: 'stale',
      message: "the file differs from the served contract from here on; write it with 'unkey openapi bundle'",
    },
  ];
}
