import { describe, expect, it } from 'vitest';
import { createSubscribers } from '../../../src/services/cluster/subscribers.ts';
import { recordingLogger } from '../support/recorders.ts';

describe('subscribers', () => {
  it('none: a message goes nowhere', () => {
    const log = recordingLogger();
    createSubscribers<number>(log).deliver(1);
    expect(log.lines).toEqual([]);
  });

  it('one and two: each hears every message, in the order of subscription', () => {
    const subscribers = createSubscribers<number>(recordingLogger());
    const heard: string[] = [];
    subscribers.add((n) => void heard.push(`first ${n}`));
    subscribers.deliver(1);
    subscribers.add((n) => void heard.push(`second ${n}`));
    subscribers.deliver(2);
    expect(heard).toEqual(['first 1', 'first 2', 'second 2']);
    subscribers.clear();
    subscribers.deliver(3);
    expect(heard).toHaveLength(3);
  });

  it('one that throws is logged and keeps nobody from the message', () => {
    const log = recordingLogger();
    const subscribers = createSubscribers<number>(log);
    const heard: number[] = [];
    subscribers.add(() => {
      throw new Error('broken');
    });
    subscribers.add((n) => void heard.push(n));
    subscribers.deliver(1);
    expect(heard).toEqual([1]);
    expect(log.lines).toMatchObject([{ level: 'error', fields: { err: new Error('broken') } }]);
  });
});
