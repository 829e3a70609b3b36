import type { DocumentPath } from './contract-file.ts';
import { pointerOf } from './json-pointer.ts';

/** What a change means for those who call the API today. */
export type ChangeClass = 'breaking' | 'compatible' | 'docs-only';

export interface Change {
  readonly class: ChangeClass;
  /** operationId, or the route where it has none; empty for what belongs to no operation. */
  readonly operation: string;
  /** Where: in the new document, or in the old one for what is gone. */
  readonly pointer: string;
  readonly message: string;
}

/** Collects the changes of one operation. */
export interface ChangeLog {
  add(kind: ChangeClass, path: DocumentPath, message: string): void;
}

export function changeLog(operation: string, changes: Change[]): ChangeLog {
  return {
    add(kind, path, message) {
      changes.push({ class: kind, operation, pointer: pointerOf(path), message });
    },
  };
}
