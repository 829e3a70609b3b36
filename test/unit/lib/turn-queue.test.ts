import { expect, it } from 'vitest';
import { currentRequestScope, runInRequestScope } from '../../../src/lib/request-scope.ts';
import { createTurnQueue } from '../../../src/lib/turn-queue.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('does the work after what runs now, a few items a turn, in order', async () => {
  const done: number[] = [];
  const queue = createTurnQueue<number>(2, (item) => done.push(item));
  for (const item of [1, 2, 3, 4, 5]) queue.add(item);
  expect(done).toEqual([]);
  await turn();
  expect(done).toEqual([1, 2]);
  queue.add(6);
  await turn();
  expect(done).toEqual([1, 2, 3, 4]);
  await turn();
  expect(done).toEqual([1, 2, 3, 4, 5, 6]);
});

it('takes what the work itself hands over in a later turn', async () => {
  const done: number[] = [];
  const queue = createTurnQueue<number>(10, (item) => {
    done.push(item);
    if (item < 3) queue.add(item + 1);
  });
  queue.add(1);
  await turn();
  expect(done).toEqual([1]);
  await turn();
  await turn();
  expect(done).toEqual([1, 2, 3]);
});

it('works for no request, whichever handed the item over', async () => {
  const scopes: unknown[] = [];
  const queue = createTurnQueue<string>(1, () => scopes.push(currentRequestScope()));
  const scope = { requestId: 'req_1', route: 'POST /', signal: new AbortController().signal, timings: [] };
  runInRequestScope(scope, () => queue.add('item'));
  await turn();
  expect(scopes).toEqual([undefined]);
});
