// Bodies that are cheap to send: nested without end, or full of names. What they cost grows with their length and no faster.
import { expect, it } from 'vitest';
import type { AnyOperation } from '../../../src/server/operation.ts';
import { operations } from '../../../src/server/routes/registry.ts';
import {
  compileRequestValidator,
  type RequestOutcome,
} from '../../../src/server/validation/request-validator.ts';

const MEBIBYTE = 1024 * 1024;

const bodied = operations.filter(({ request }) => request !== undefined);

function validatorOf(operation: AnyOperation): (text: string) => RequestOutcome {
  const validator = compileRequestValidator(operation);
  return (text) =>
    validator.validate({
      authorization: 'Bearer x',
      portalSession: undefined,
      contentType: 'application/json',
      body: Buffer.from(text),
      path: operation.path,
    });
}

function operationNamed(name: string): AnyOperation {
  const found = operations.find((operation) => operation.name === name);
  if (found === undefined) throw new Error(`there is no operation ${name}`);
  return found;
}

it.each(bodied)('$name refuses a body that nests without end, closed or not', (operation) => {
  const validate = validatorOf(operation);
  for (const [open, close] of [
    ['[', ']'],
    ['{"meta":', '}'],
    ['[{"a":', '}]'],
  ] as const) {
    for (const text of [open.repeat(100_000), `${open.repeat(100_000)}1${close.repeat(100_000)}`]) {
      const outcome = validate(text);
      expect(outcome.ok).toBe(false);
      expect(outcome.ok || outcome.errors).toMatchObject([{ location: 'requestBody' }]);
    }
  }
});

/** Objects of many names, by what these are like. */
const CROWDS: Readonly<Record<string, (index: number) => string>> = {
  'different names': (index) => `name${index}`,
  'names that are numbers': (index) => String(index * 65_536),
  // Java, and engines that hash likewise, put all of these into one place.
  'names that collide elsewhere': (index) =>
    Array.from({ length: 20 }, (_, bit) => ((index >> bit) & 1 ? 'Aa' : 'BB')).join(''),
  'one name, again and again': () => 'name',
  'names of prototypes': (index) => `__proto__${index % 2 === 0 ? '' : index}`,
};

function crowd(nameOf: (index: number) => string, bytes: number): string {
  const members: string[] = [];
  for (let length = 2; length < bytes; ) {
    const member = `${JSON.stringify(nameOf(members.length))}:1`;
    members.push(member);
    length += member.length + 1;
  }
  return `{${members.join(',')}}`;
}

it.each(Object.entries(CROWDS))('takes an object of %s, and tells little of it', (title, nameOf) => {
  const validate = validatorOf(operationNamed('identities.createIdentity'));
  // The first crowd fills the largest body that the server takes.
  const text = crowd(nameOf, title === 'different names' ? 10 * MEBIBYTE - 100 : MEBIBYTE);
  const outcome = validate(`{"externalId":"abc","meta":${text}}`);
  if (title === 'one name, again and again') expect(outcome.ok).toBe(true);
  else
    expect(outcome.ok || outcome.errors).toEqual([
      { location: '/properties/meta/maxProperties', message: expect.any(String) },
    ]);
});

it('reads a member called __proto__ as a member, and no prototype is touched', () => {
  const outcome = validatorOf(operationNamed('identities.createIdentity'))(
    '{"externalId":"abc","meta":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}',
  );
  if (!outcome.ok) throw new Error(outcome.detail);
  const { meta } = outcome.body as { meta: object };
  expect(Object.keys(meta)).toEqual(['__proto__', 'constructor']);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  expect(Object.getPrototypeOf(meta)).toBe(Object.prototype);
});
