import { MigrationError } from '../../migrations/migration-error.ts';

/** Keeps two migrators of one analytics store apart. */
export interface MigrationLock {
  /**
   * Runs `work` while nobody else does.
   * @param timeoutMs how long to wait for the lock
   * @throws MigrationError `lock-timeout` when it is not gained in time
   */
  hold<T>(timeoutMs: number, work: (held: HeldLock) => Promise<T>): Promise<T>;
  /** Whether somebody holds it now. */
  isHeld(): Promise<boolean>;
}

export interface HeldLock {
  /** @throws MigrationError when the lock may have gone to somebody else */
  assert(): void;
}

export function lockTimeout(timeoutMs: number): MigrationError {
  return new MigrationError(
    'lock-timeout',
    `another migration holds the lock of the analytics store; waited ${timeoutMs} ms`,
  );
}
