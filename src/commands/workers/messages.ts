// What the primary process and its workers tell each other over Node's IPC channel. The channel clones structures, so a
// message may hold whatever `structuredClone` takes; secrets travel here and not in the workers' arguments.
import type { ServerConfig } from '../../config/server-config.ts';
import type { MetricsSnapshot } from '../../server/metrics/snapshot.ts';
import type { ClusterMember, InvalidationMessage } from '../../services/cluster/cluster.ts';
import type { CliErrorOptions } from '../cli/cli-error.ts';
import type { StopSignal } from '../cli/io.ts';

/** What a worker is to run; the first message that it gets. */
export interface WorkerOrder {
  readonly kind: 'order';
  /** The primary's configuration, with the worker's own instance id. */
  readonly config: ServerConfig;
  /** All workers of this service, this one included. */
  readonly workers: readonly ClusterMember[];
  /** How the setting of the port is called where the service was started. */
  readonly portSetting: string;
  /** Whether debug lines are wanted whatever the configured level is. */
  readonly verbose: boolean;
}

/** News for or from other processes: what a cache dropped. */
export interface ClusterNews {
  readonly kind: 'cluster-news';
  readonly message: InvalidationMessage;
}

export type ToWorker =
  | WorkerOrder
  | ClusterNews
  | { readonly kind: 'reload' }
  | { readonly kind: 'verbosity'; readonly verbose: boolean }
  | { readonly kind: 'metrics-request'; readonly id: number }
  | { readonly kind: 'stop'; readonly signal: StopSignal }
  | { readonly kind: 'stop-now'; readonly signal: StopSignal };

/** An expected failure of a worker's start, for the primary to end with. */
export type WorkerFailure = Pick<CliErrorOptions, 'exitCode' | 'code' | 'title' | 'detail' | 'hint'>;

export type FromWorker =
  | ClusterNews
  /** The worker listens on the channel and waits for its order. */
  | { readonly kind: 'ready' }
  /** The worker accepts requests. */
  | { readonly kind: 'serving'; readonly url: string }
  | { readonly kind: 'failed'; readonly failure: WorkerFailure }
  | { readonly kind: 'metrics'; readonly id: number; readonly snapshot: MetricsSnapshot };

/** The message of one kind. */
export type OfKind<Message extends { readonly kind: string }, Kind extends Message['kind']> = Extract<
  Message,
  { readonly kind: Kind }
>;
