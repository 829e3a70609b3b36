import { describe, expect, it } from 'vitest';
import { errorChain, Fault, faultCode, internalDetail, publicDetail } from '../../../src/lib/fault.ts';

const driverError = new Error('ECONNREFUSED 10.0.0.7');
const inner = new Fault('unkey:application:service_unavailable', {
  public: 'The store is away.',
  internal: 'select failed',
  cause: driverError,
});
const silent = new Fault('unkey:application:unexpected_error', { cause: inner });
const outer = new Fault('unkey:data:key_not_found', { public: 'No such key.', cause: silent });

describe('a chain of faults', () => {
  it('is coded by its outermost fault', () => {
    expect(faultCode(outer)).toBe('unkey:data:key_not_found');
    expect(faultCode(new Error('wrapped', { cause: inner }))).toBe('unkey:application:service_unavailable');
  });

  it('tells the caller the public messages, outermost first, and nothing of the driver', () => {
    expect(publicDetail(outer)).toBe('No such key. The store is away.');
    expect(publicDetail(driverError)).toBe('');
  });

  it('tells the operator everything', () => {
    expect(internalDetail(outer)).toBe(
      'err:unkey:data:key_not_found: err:unkey:application:unexpected_error: select failed: ECONNREFUSED 10.0.0.7',
    );
    expect(internalDetail('thrown text')).toBe('thrown text');
  });

  it('names the code to the operator where there is no internal message, not what callers are told', () => {
    expect(internalDetail(new Fault('unkey:data:api_not_found', { public: 'No such API.' }))).toBe(
      'err:unkey:data:api_not_found',
    );
  });

  it('has no code when no link is a fault', () => {
    expect(faultCode(driverError)).toBeUndefined();
    expect(faultCode(undefined)).toBeUndefined();
  });

  it('ends where it would run in a circle', () => {
    const first = new Error('first');
    const second = new Error('second', { cause: first });
    first.cause = second;
    expect(errorChain(first)).toEqual([first, second]);
  });
});
