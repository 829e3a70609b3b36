import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/lib/error-codes.ts';
import { Fault } from '../../../src/lib/fault.ts';
import type { Resolver } from '../../../src/services/auth/authenticator.ts';
import { createAuthenticator } from '../../../src/services/auth/chain.ts';
import type { Principal } from '../../../src/services/auth/principal.ts';

const principal: Principal = {
  version: 'v1',
  type: 'API_KEY',
  subject: { id: 'key_1', name: 'root key', type: 'rootkey' },
  workspaceId: 'ws_1',
  permissions: [],
  source: { kind: 'rootKey', keyId: 'key_1', keyspaceId: 'ks_1' },
};

const resolver = (resolve: Resolver['resolve']): Resolver => ({ kind: 'jwt', resolve });
const yielding = resolver(() => Promise.resolve(undefined));
const accepting = resolver(() => Promise.resolve(principal));
const failing = (code: ErrorCode, name: string = code): Resolver =>
  resolver(() => Promise.reject(new Fault(code, { public: name })));

const authenticate = async (resolvers: Resolver[], authorization?: string): Promise<Principal> =>
  createAuthenticator(resolvers).authenticate({ authorization, portalSession: undefined });

describe('the resolver chain', () => {
  it('takes the first principal and asks nobody after it', async () => {
    const untouchable = resolver(() => Promise.reject(new Error('must not be asked')));
    expect(await authenticate([yielding, accepting, untouchable])).toBe(principal);
  });

  it('takes what is there at once like what comes later', async () => {
    const refusing = resolver(() => {
      throw new Fault('unkey:authorization:forbidden');
    });
    expect(await authenticate([resolver(() => undefined), refusing, resolver(() => principal)])).toBe(
      principal,
    );
    await expect(
      authenticate([failing('unkey:authentication:key_not_found'), refusing, yielding]),
    ).rejects.toMatchObject({ code: 'unkey:authorization:forbidden' });
  });

  it('goes on after a refusal', async () => {
    expect(await authenticate([failing('unkey:application:service_unavailable'), accepting])).toBe(principal);
  });

  const mild: ErrorCode = 'unkey:data:workspace_not_found';
  const authentication: ErrorCode = 'unkey:authentication:key_not_found';
  const authorization: ErrorCode = 'unkey:authorization:forbidden';
  it.each<[ErrorCode[], ErrorCode]>([
    [[authentication, authorization], authorization],
    [[authorization, authentication], authorization],
    [[authorization, 'unkey:application:unexpected_error'], 'unkey:application:unexpected_error'],
    [['unkey:application:service_unavailable', authorization], 'unkey:application:service_unavailable'],
    [[mild, authentication], authentication],
    [[mild], mild],
  ])('reports the most severe of %j', async (codes, expected) => {
    await expect(authenticate(codes.map((code) => failing(code)))).rejects.toMatchObject({ code: expected });
  });

  it('reports the first of equal severity', async () => {
    const first = failing('unkey:authentication:malformed', 'first');
    const second = failing('unkey:authentication:key_not_found', 'second');
    await expect(authenticate([first, second])).rejects.toMatchObject({ publicMessage: 'first' });
    await expect(authenticate([second, first])).rejects.toMatchObject({ publicMessage: 'second' });
  });

  it('judges a wrapped fault by its outermost code, and an uncoded error as the mildest', async () => {
    const uncoded = resolver(() => Promise.reject(new Error('driver')));
    await expect(authenticate([uncoded, failing(authentication)])).rejects.toMatchObject({
      code: authentication,
    });
    await expect(authenticate([uncoded])).rejects.toThrow('driver');
  });

  it.each([
    [undefined, 'missing'],
    ['Bearer tok', 'missing'],
    ['Basic Zm9v', 'malformed'],
    ['Bearer ', 'malformed'],
  ])('with %j, when every resolver yields or there is none, answers %s', async (header, expected) => {
    for (const resolvers of [[yielding], []]) {
      await expect(authenticate(resolvers, header)).rejects.toMatchObject({
        code: `unkey:authentication:${expected}`,
      });
    }
  });
});
