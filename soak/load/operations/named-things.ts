// Identities and roles that come and go, and are looked for.
import { dataOf, isInDoubt, type LoadRequest } from '../../exchange.ts';
import type { NamedRecords } from '../../ledger/named-records.ts';
import type { LoadContext, Operation } from '../load-context.ts';

/** How requests name one kind of thing. */
interface Thing {
  readonly kind: string;
  readonly article: string;
  readonly records: (context: LoadContext) => NamedRecords;
  readonly create: string;
  readonly get: string;
  readonly remove: string;
  /** The field of the name when it is made, and when it is looked for. */
  readonly madeBy: string;
  readonly foundBy: string;
}

const IDENTITY: Thing = {
  kind: 'identity',
  article: 'an',
  records: ({ ledger }) => ledger.identities,
  create: 'identities.createIdentity',
  get: 'identities.getIdentity',
  remove: 'identities.deleteIdentity',
  madeBy: 'externalId',
  foundBy: 'identity',
};

const ROLE: Thing = {
  kind: 'role',
  article: 'a',
  records: ({ ledger }) => ledger.roles,
  create: 'permissions.createRole',
  get: 'permissions.getRole',
  remove: 'permissions.deleteRole',
  madeBy: 'name',
  foundBy: 'role',
};

const YOUNG = 50;
/** Roles that keys may be given are not deleted. */
const ROLES_KEPT = 20;

export const createIdentity: Operation = (context) => create(context, IDENTITY);
export const getIdentity: Operation = (context) => find(context, IDENTITY);
export const deleteIdentity: Operation = (context) => remove(context, IDENTITY, 0);
export const createRole: Operation = (context) => create(context, ROLE);
export const getRole: Operation = (context) => find(context, ROLE);
export const deleteRole: Operation = (context) => remove(context, ROLE, ROLES_KEPT);

export const updateIdentity: Operation = ({ ledger, random }) => {
  const names = ledger.identities.recentPresent(YOUNG);
  if (names.length === 0) return undefined;
  return {
    kind: 'update an identity',
    operation: 'identities.updateIdentity',
    body: { identity: random.pick(names), meta: { visits: random.integer(1, 1_000) } },
    expected: [404],
    settle: () => undefined,
  };
};

function create(context: LoadContext, thing: Thing): LoadRequest {
  const records = thing.records(context);
  const name = `${thing.kind}_${records.size}`;
  records.set(name, 'unsure');
  return {
    kind: `create ${thing.article} ${thing.kind}`,
    operation: thing.create,
    body: { [thing.madeBy]: name },
    settle: (exchange) => {
      if (dataOf(exchange) !== undefined) records.set(name, 'present');
      else if (!isInDoubt(exchange)) records.set(name, 'absent');
    },
  };
}

function remove(context: LoadContext, thing: Thing, kept: number): LoadRequest | undefined {
  const records = thing.records(context);
  const name = records.recentPresent(YOUNG + kept)[kept + context.random.integer(0, YOUNG)];
  if (name === undefined) return undefined;
  records.set(name, 'unsure');
  return {
    kind: `delete ${thing.article} ${thing.kind}`,
    operation: thing.remove,
    body: { [thing.foundBy]: name },
    settle: (exchange) => {
      if (dataOf(exchange) !== undefined) records.set(name, 'absent');
      else if (!isInDoubt(exchange)) records.set(name, 'present');
    },
  };
}

function find(context: LoadContext, thing: Thing): LoadRequest | undefined {
  const records = thing.records(context);
  const name = records.youngSure(context.random, YOUNG);
  if (name === undefined) return undefined;
  const presence = records.get(name);
  return {
    kind: `get ${thing.article} ${thing.kind}`,
    operation: thing.get,
    body: { [thing.foundBy]: name },
    expected: [404],
    settle: ({ outcome, life }) => {
      // A change that began meanwhile may or may not show.
      if (outcome.kind !== 'answered' || records.get(name) !== presence) return;
      const isFound = outcome.status === 200;
      if (!isFound && outcome.status !== 404) return;
      context.violations.check(
        'writes',
        isFound === (presence === 'present'),
        () => `${name} is ${presence} and ${life} answered ${outcome.status}`,
      );
    },
  };
}
