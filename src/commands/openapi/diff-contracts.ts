import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../../lib/json.ts';
import { buildOpenApiDocument } from '../../server/docs/openapi-document.ts';
import type { AnyOperation } from '../../server/operation.ts';
import { type Change, changeLog } from './change.ts';
import { readContractFile, UnreadableContract } from './contract-file.ts';
import { type DocumentOperation, documentOperations } from './document-operations.ts';
import { diffOperations } from './operation-diff.ts';

/** What makes a comparison fail: a breaking change, any change, nothing. */
export type FailOn = 'breaking' | 'any' | 'none';

export interface DiffOptions {
  /** File of the older contract. */
  readonly before: string;
  /** File of the newer one; the served contract when left out. */
  readonly after?: string | undefined;
  readonly operations: readonly AnyOperation[];
  /** `breaking` when left out. */
  readonly failOn?: FailOn | undefined;
}

export type DiffOutcome =
  | { readonly exitCode: 0 | 1; readonly changes: readonly Change[] }
  /** An input could not be read. */
  | { readonly exitCode: 2; readonly problem: string };

/** Classes every difference between two contracts, those that break callers first. */
export function diffContracts(options: DiffOptions): DiffOutcome {
  const { before, after, operations, failOn = 'breaking' } = options;
  let documents: [unknown, unknown];
  try {
    documents = [
      readDocument(before),
      after === undefined ? buildOpenApiDocument(operations) : readDocument(after),
    ];
  } catch (error) {
    if (error instanceof UnreadableContract) return { exitCode: 2, problem: error.message };
    throw error;
  }
  const changes = diffDocuments(...documents);
  const failed = changes.some(
    (change) => failOn === 'any' || (failOn === 'breaking' && change.class === 'breaking'),
  );
  return { exitCode: failed ? 1 : 0, changes };
}

function readDocument(file: string): unknown {
  const contract = readContractFile(file);
  const [complaint] = contract.complaints;
  if (complaint !== undefined) {
    throw new UnreadableContract(`${file}:${complaint.line}:${complaint.column} ${complaint.message}`);
  }
  const { document } = contract;
  if (!isObject(document) || typeof document.openapi !== 'string' || !isObject(document.paths)) {
    throw new UnreadableContract(`${file} is not an OpenAPI document`);
  }
  return document;
}

const ORDER: readonly Change['class'][] = ['breaking', 'compatible', 'docs-only'];

/** Every difference between two documents: breaking ones first, then in the order of the newer document. */
export function diffDocuments(before: unknown, after: unknown): Change[] {
  const changes: Change[] = [];
  const [was, is] = [before, after].map(
    (document) => new Map(documentOperations(document).map((each) => [each.route, each])),
  ) as [Map<string, DocumentOperation>, Map<string, DocumentOperation>];

  for (const [route, { operation, path }] of was) {
    if (is.has(route)) continue;
    changeLog(nameOf(operation, route), changes).add('breaking', path, 'operation removed');
  }
  for (const [route, { operation, path }] of is) {
    const log = changeLog(nameOf(operation, route), changes);
    const old = was.get(route);
    if (old === undefined) log.add('compatible', path, 'operation added');
    else {
      diffOperations(
        { document: before, value: old.operation, path: old.path },
        { document: after, value: operation, path },
        log,
      );
    }
  }
  const log = changeLog('', changes);
  for (const member of ['info', 'servers', 'tags']) {
    const [old, now] = [before, after].map((document) => (isObject(document) ? document[member] : undefined));
    if (!isDeepStrictEqual(old, now)) log.add('docs-only', [member], `${member} changed`);
  }
  return changes.toSorted((a, b) => ORDER.indexOf(a.class) - ORDER.indexOf(b.class));
}

function nameOf(operation: DocumentOperation['operation'], route: string): string {
  return typeof operation.operationId === 'string' ? operation.operationId : route;
}
