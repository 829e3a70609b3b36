import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEPLOYMENT_STATUSES } from '../../../src/services/deployments/deployment-status.ts';
import {
  availableActions,
  type DeploymentState,
  promotionRefusal,
  rollbackRefusal,
  startRefusal,
  stopRefusal,
} from '../../../src/services/deployments/lifecycle-rules.ts';

const READY: DeploymentState = {
  id: 'd_1',
  status: 'ready',
  desiredState: 'running',
  environmentKind: 'production',
  currentDeploymentId: 'd_0',
  isRolledBack: false,
};
const PREVIEW: DeploymentState = { ...READY, environmentKind: 'preview' };

const states = fc.record<DeploymentState>({
  id: fc.constant('d_1'),
  status: fc.constantFrom(...DEPLOYMENT_STATUSES),
  desiredState: fc.constantFrom('running', 'stopped'),
  environmentKind: fc.constantFrom('production', 'preview'),
  currentDeploymentId: fc.constantFrom(null, 'd_0', 'd_1'),
  isRolledBack: fc.boolean(),
});

describe('what is offered', () => {
  test.each<[string, DeploymentState, readonly string[]]>([
    ['another one is current', READY, ['promote', 'rollback']],
    ['it is current', { ...READY, currentDeploymentId: 'd_1' }, []],
    [
      'it is current after a rollback',
      { ...READY, currentDeploymentId: 'd_1', isRolledBack: true },
      ['promote'],
    ],
    ['none is current', { ...READY, currentDeploymentId: null }, []],
    ['it is building', { ...READY, status: 'building' }, []],
    ['it is draining', { ...READY, desiredState: 'stopped' }, []],
    ['it is a running preview', PREVIEW, ['stop']],
    ['it is a draining preview', { ...PREVIEW, desiredState: 'stopped' }, []],
    ['it is a stopped preview', { ...PREVIEW, status: 'stopped', desiredState: 'stopped' }, ['start']],
    ['it is a stopped preview that is waking', { ...PREVIEW, status: 'stopped' }, ['start']],
    ['it is a failed preview', { ...PREVIEW, status: 'failed' }, []],
  ])('while %s', (_, state, actions) => {
    expect(availableActions(state)).toEqual(actions);
  });

  test('is what the operations accept, but for start', () => {
    fc.assert(
      fc.property(states, (state) => {
        const offered = availableActions(state);
        expect(offered.includes('promote')).toBe(promotionRefusal(state) === undefined);
        expect(offered.includes('rollback')).toBe(rollbackRefusal(state) === undefined);
        expect(offered.includes('stop')).toBe(stopRefusal(state) === undefined);
      }),
    );
  });
});

test('who may be rolled back to may be promoted', () => {
  fc.assert(
    fc.property(states, (state) => {
      if (rollbackRefusal(state) === undefined) expect(promotionRefusal(state)).toBeUndefined();
    }),
  );
});

test('nothing can be both started and stopped, and nothing in production can be either', () => {
  fc.assert(
    fc.property(states, (state) => {
      const accepted = [startRefusal(state), stopRefusal(state)].filter((refusal) => refusal === undefined);
      expect(accepted.length).toBeLessThanOrEqual(state.environmentKind === 'production' ? 0 : 1);
    }),
  );
});

test('a deployment can be started while it drains', () => {
  expect(startRefusal({ ...PREVIEW, desiredState: 'stopped' })).toBeUndefined();
});
