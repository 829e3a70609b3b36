import { expect, it } from 'vitest';
import { createIpcCluster } from '../../../src/commands/workers/ipc-cluster.ts';
import type { FromWorker, ToWorker } from '../../../src/commands/workers/messages.ts';
import type { WorkerChannel } from '../../../src/commands/workers/worker-channel.ts';
import type { ClusterMember, InvalidationMessage } from '../../../src/services/cluster/cluster.ts';
import { recordingLogger } from '../support/recorders.ts';

const news: InvalidationMessage = {
  kind: 'cache-invalidation',
  cacheName: 'key',
  keys: ['a'],
  sentAt: 1,
  sourceInstance: 'ins-w2',
};

function connected() {
  const listeners = new Map<string, (message: never) => void>();
  const sent: FromWorker[] = [];
  const channel: Pick<WorkerChannel, 'on' | 'send'> = {
    on: (kind, listener) => void listeners.set(kind, listener),
    send: async (message) => void sent.push(message),
  };
  const members: ClusterMember[] = [{ nodeId: 'ins-w1', region: 'r', pool: 'lan' }];
  const log = recordingLogger();
  return {
    cluster: createIpcCluster({ channel, members, log }),
    hear: (message: ToWorker) => listeners.get(message.kind)?.(message as never),
    sent,
    members,
    log,
  };
}

it('sends what it broadcasts to the primary, and does not hear it itself', async () => {
  const { cluster, sent, members } = connected();
  const heard: InvalidationMessage[] = [];
  cluster.subscribe((message) => heard.push(message));
  await cluster.broadcast(news);
  expect(sent).toEqual([{ kind: 'cluster-news', message: news }]);
  expect(heard).toEqual([]);
  expect(cluster.members()).toEqual(members);
});

it('hands on what others say, to every subscriber whatever another one throws', () => {
  const { cluster, hear, log } = connected();
  const heard: InvalidationMessage[] = [];
  cluster.subscribe(() => {
    throw new Error('broken');
  });
  cluster.subscribe((message) => heard.push(message));
  hear({ kind: 'cluster-news', message: news });
  expect(heard).toEqual([news]);
  expect(log.lines).toMatchObject([{ level: 'error' }]);
});

it('neither hears nor says anything once it is closed', async () => {
  const { cluster, hear, sent } = connected();
  const heard: InvalidationMessage[] = [];
  cluster.subscribe((message) => heard.push(message));
  await cluster.close();
  hear({ kind: 'cluster-news', message: news });
  await cluster.broadcast(news);
  expect([heard, sent]).toEqual([[], []]);
});
