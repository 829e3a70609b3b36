// Keys that come, change and go.
import { dataOf, type Exchange, isInDoubt, type LoadRequest } from '../../exchange.ts';
import { KeyRecord, type KeyState } from '../../ledger/key-record.ts';
import type { LoadContext, Operation } from '../load-context.ts';

const YOUNG_KEYS = 300;

export const createKey: Operation = ({ ledger, apiId }) => ({
  kind: 'createKey',
  operation: 'keys.createKey',
  body: { apiId, prefix: 'soak', meta: { made: 'by the load' } },
  settle: (exchange) => {
    const made = madeKey(exchange);
    if (made !== undefined) ledger.keys.push(new KeyRecord(made.keyId, made.key));
  },
});

export const createRecoverableKey: Operation = ({ ledger, apiId }) => ({
  kind: 'createKey, recoverable',
  operation: 'keys.createKey',
  body: { apiId, recoverable: true },
  settle: (exchange) => {
    const made = madeKey(exchange);
    if (made !== undefined) ledger.recoverable.push(made);
  },
});

export const readRecoverableKey: Operation = ({ ledger, random, violations, faults }) => {
  if (ledger.recoverable.length === 0) return undefined;
  const { keyId, key } = random.pick(ledger.recoverable);
  return {
    kind: 'getKey, decrypted',
    operation: 'keys.getKey',
    body: { keyId, decrypt: true },
    settle: (exchange) => {
      const data = dataOf(exchange);
      if (data === undefined) return;
      // The text is left out while the Vault is away; a wrong one is never right.
      const isTold = data.plaintext !== undefined;
      const mayBeAway = faults.touches(exchange.sentAt, exchange.endedAt, ['rotate-vault']);
      violations.check('secrets', isTold ? data.plaintext === key : mayBeAway, () =>
        isTold ? `${keyId} was decrypted to another text` : `${keyId} was not decrypted by ${exchange.life}`,
      );
    },
  };
};

export const disableKey: Operation = (context) =>
  changeKey(context, 'live', 'disabled', (keyId) => ({
    kind: 'updateKey',
    operation: 'keys.updateKey',
    body: { keyId, enabled: false },
  }));

export const deleteKey: Operation = (context) =>
  changeKey(context, context.random.pick(['live', 'disabled']), 'deleted', (keyId) => ({
    kind: 'deleteKey',
    operation: 'keys.deleteKey',
    body: { keyId },
  }));

export const addRoles: Operation = ({ ledger, random }) => {
  const record = ledger.pickKey(random, YOUNG_KEYS);
  const roles = ledger.roles.recentPresent(20);
  if (record === undefined || record.state === 'deleted' || roles.length === 0) return undefined;
  const role = random.pick(roles);
  // Held until it is answered, so that nobody deletes what it is given to.
  const { version } = record;
  record.beginChange();
  return {
    kind: 'addRoles',
    operation: 'keys.addRoles',
    body: { keyId: record.keyId, roles: [role] },
    settle: (exchange) => {
      record.unchanged();
      if (dataOf(exchange) !== undefined && record.version === version + 1) record.roles.add(role);
    },
  };
};

function changeKey(
  { ledger, random }: LoadContext,
  from: KeyState,
  to: KeyState,
  request: (keyId: string) => Omit<LoadRequest, 'settle'>,
): LoadRequest | undefined {
  const record = ledger.pickKey(random, YOUNG_KEYS);
  if (record === undefined || record.state !== from) return undefined;
  record.beginChange();
  return {
    ...request(record.keyId),
    settle: (exchange) => {
      if (dataOf(exchange) !== undefined) record.changed(to, exchange.endedAt);
      // One in doubt stays unsure for ever.
      else if (!isInDoubt(exchange)) record.unchanged();
    },
  };
}

function madeKey(exchange: Exchange): { readonly keyId: string; readonly key: string } | undefined {
  const data = dataOf(exchange);
  return data === undefined ? undefined : { keyId: String(data.keyId), key: String(data.key) };
}
