// Every series of the product: names, labels and buckets are the contract of the operations chapter (section metrics),
// where dashboards and alerts find them.

export type LabelSet = Readonly<Record<string, string>>;

export interface Series {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
  readonly buckets?: readonly number[];
  /** Values of labels that are known beforehand; every combination exists from the start with value 0. */
  readonly known?: Readonly<Record<string, readonly string[]>>;
  /** Label sets beside those combinations that exist from the start, too. */
  readonly alsoKnown?: readonly LabelSet[];
  /** How the gauges of several workers make one; added up unless said. Counters and histograms are always added up. */
  readonly merge?: 'max' | 'min';
}

const LATENCY = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2, 3, 5, 10];
const BODY_BYTES = [100, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];
const BATCH_ITEMS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];

const HTTP_LABELS = ['method', 'path', 'status'];
const VERIFICATION_STATES = [
  'VALID',
  'NOT_FOUND',
  'WORKSPACE_NOT_FOUND',
  'WORKSPACE_DISABLED',
  'DISABLED',
  'EXPIRED',
];
const KEY_TYPES = ['key', 'root_key'];
const ORIGIN_OPS = ['fetch_cold', 'fetch_stale', 'fetch_strict', 'sync'];
const SQL_OPERATIONS = ['exec', 'prepare', 'query', 'query_row', 'begin', 'commit', 'rollback'];
const REPLICAS = ['rw', 'ro'];
const OUTCOME = ['success', 'error'];
const VAULT_OPERATIONS = ['encrypt', 'encrypt_bulk', 'decrypt', 'decrypt_bulk'];
const POOLS = ['lan', 'wan'];
const RELAYS = ['lan_to_wan', 'wan_to_lan'];
/** Queues between requests and what is done behind their back, and those of them that are taken away in batches. */
const BATCHES = ['api_requests', 'key_verifications', 'ratelimits'];
const BUFFERS = [...BATCHES, 'ratelimit_replays'];
/** Where spent credits wait to be written back. Callers wait for room in it; it drops nothing. */
const PATIENT_BUFFER = 'usagelimiter_replays';
const BATCH_TRIGGERS = ['size_limit', 'time_interval', 'close'];
const BREAKERS = [
  'clickhouse_analytics',
  'clickhouse_insert',
  'ratelimit_global_push',
  'ratelimitOrigin',
  'usagelimiter_db_writes',
  'usagelimiter_redis',
  'vault',
];
const JOBS = [
  'key-refill',
  'key-last-used',
  'audit-export',
  'audit-cleanup',
  'global-counters-cleanup',
  'credit-settlements-cleanup',
];
const BREAKER_STATES = ['open', 'halfopen', 'closed'];
const CACHES = [
  'api_to_key_auth_row',
  'clickhouse_analytics_connection',
  'clickhouse_setting',
  'live_api_by_id',
  'portal_session',
  'ratelimit_namespace',
  'vault_data_keys',
  'verification_key_by_hash',
  'workspace_by_org_id',
  'workspace_limits',
];
const REMOVALS = ['removed', 'expired', 'evicted'];
const DEPENDENCIES = ['database', 'redis', 'clickhouse', 'vault', 'control', 'storage'];

function counter(help: string, labels: string[] = [], known?: Series['known']): Series {
  return { type: 'counter', help, labels, ...(known === undefined ? {} : { known }) };
}

function gauge(help: string, labels: string[] = [], known?: Series['known']): Series {
  return { type: 'gauge', help, labels, ...(known === undefined ? {} : { known }) };
}

/** A gauge of which several workers show the greatest, or the smallest, value: a state or an age, not an amount. */
function extreme(merge: 'max' | 'min', series: Series): Series {
  return { ...series, merge };
}

function histogram(
  help: string,
  buckets: readonly number[],
  labels: string[] = [],
  known?: Series['known'],
): Series {
  return { type: 'histogram', help, buckets, labels, ...(known === undefined ? {} : { known }) };
}

export const SERIES: Readonly<Record<string, Series>> = {
  unkey_build_info: extreme(
    'max',
    gauge('What is running; always 1', ['service', 'version', 'revision', 'goversion', 'build_time']),
  ),
  unkey_config_info: extreme('max', gauge('Hash of the effective configuration; always 1', ['hash'])),

  unkey_http_requests_total: counter('HTTP requests answered', HTTP_LABELS),
  unkey_http_requests_errors_total: counter(
    'HTTP requests answered with a status of 500 or above',
    HTTP_LABELS,
  ),
  unkey_http_request_latency_seconds: histogram('Time from routing to reply', LATENCY, HTTP_LABELS),
  unkey_http_request_body_size_bytes: histogram('Size of request bodies', BODY_BYTES, HTTP_LABELS),
  unkey_inflight_requests: gauge('HTTP requests being served'),
  unkey_ready: extreme('min', gauge('1 while /health/ready answers 200')),
  unkey_draining: extreme('max', gauge('1 while the server is shutting down')),
  unkey_internal_panics_total: counter('Bugs caught while serving a request', ['caller', 'path']),

  unkey_key_verifications_total: counter('Keys loaded, by their state', ['type', 'code'], {
    type: KEY_TYPES,
    code: VERIFICATION_STATES,
  }),
  unkey_key_verification_errors_total: counter('Keys that could not be loaded', ['type'], {
    type: KEY_TYPES,
  }),

  unkey_ratelimit_decisions_total: counter('Rate-limit decisions', ['workspace_id', 'source', 'outcome']),
  unkey_ratelimit_windows: gauge('Rate-limit windows held in memory'),
  unkey_ratelimit_windows_created_total: counter('Rate-limit windows created'),
  unkey_ratelimit_windows_evicted_total: counter('Rate-limit windows evicted'),
  unkey_ratelimit_cas_exhausted_total: counter(
    'Counter updates that lost every race: none does, as one thread makes them one after the other',
  ),
  unkey_ratelimit_strict_mode_activations_total: counter('Times strict mode was raised', ['workspace_id']),
  unkey_ratelimit_origin_operations_total: counter('Calls of the counter origin', ['op'], { op: ORIGIN_OPS }),
  unkey_ratelimit_origin_latency_seconds: histogram(
    'Duration of calls of the counter origin',
    LATENCY,
    ['op'],
    {
      op: ORIGIN_OPS,
    },
  ),
  unkey_ratelimit_origin_errors_total: counter('Failed calls of the counter origin', ['op', 'reason'], {
    op: ORIGIN_OPS,
    reason: ['circuit_open', 'timeout', 'other'],
  }),
  unkey_ratelimit_global_push_total: counter('Counter rows published to other regions'),
  unkey_ratelimit_global_push_errors_total: counter('Failed publications to other regions'),
  unkey_ratelimit_global_pull_rows_applied_total: counter('Counter rows imported from other regions'),
  unkey_ratelimit_global_pull_errors_total: counter('Failed imports from other regions'),
  unkey_ratelimit_global_entries_created_total: counter('Windows created by an import'),
  unkey_ratelimit_global_pull_rows_last_poll: extreme('max', gauge('Rows seen by the last import')),

  unkey_usagelimiter_decisions_total: counter('Credit decisions', ['source', 'outcome'], {
    source: ['redis', 'db'],
    outcome: ['allowed', 'denied'],
  }),
  unkey_usagelimiter_replay_operations_total: counter('Credit writes replayed to the store', ['status'], {
    status: OUTCOME,
  }),
  unkey_usagelimiter_replay_latency_seconds: histogram('Duration of replayed credit writes', LATENCY),

  unkey_cache_reads_total: counter('Cache lookups', ['resource', 'hit'], {
    resource: CACHES,
    hit: ['true', 'false'],
  }),
  unkey_cache_writes: gauge('Cache writes', ['resource'], { resource: CACHES }),
  unkey_cache_size: gauge('Entries in the cache', ['resource'], { resource: CACHES }),
  unkey_cache_capacity: gauge('Most entries that the cache holds', ['resource'], { resource: CACHES }),
  unkey_cache_deleted_total: counter('Cache entries removed', ['resource', 'reason'], {
    resource: CACHES,
    reason: REMOVALS,
  }),
  unkey_cache_revalidations_total: counter('Background refreshes of stale entries', ['resource'], {
    resource: CACHES,
  }),
  unkey_cache_reads_errors_total: counter('Failed loads of missing entries', ['resource'], {
    resource: CACHES,
  }),
  unkey_cache_revalidations_errors_total: counter('Failed background refreshes', ['resource'], {
    resource: CACHES,
  }),
  unkey_cache_stale_served_total: counter('Stale entries served', ['resource'], { resource: CACHES }),
  unkey_cache_invalidation_lag_seconds: extreme('max', gauge('Age of the last invalidation received', [])),

  unkey_cluster_membership_events_total: counter('Gossip nodes that joined or left', ['event_type'], {
    event_type: ['join', 'leave'],
  }),
  unkey_cluster_members_count: extreme('max', gauge('Gossip nodes, this one included', ['pool', 'region'])),
  unkey_cluster_bridge_status: extreme('max', gauge('1 while this node connects its region with the others')),
  unkey_cluster_bridge_transitions_total: counter(
    'Times this node became, or ceased to be, the bridge',
    ['transition'],
    {
      transition: ['promoted', 'demoted'],
    },
  ),
  unkey_cluster_broadcasts_total: counter('Gossip messages of this node sent', ['pool'], { pool: POOLS }),
  unkey_cluster_broadcast_errors_total: counter(
    'Gossip messages of this node that could not be sent',
    ['pool'],
    {
      pool: POOLS,
    },
  ),
  unkey_cluster_messages_received_total: counter('Gossip messages of other nodes', [
    'pool',
    'direction',
    'payload_type',
  ]),
  unkey_cluster_message_latency_seconds: histogram(
    'Time from sending to receiving a gossip message',
    LATENCY,
    ['direction', 'source_region', 'destination_region'],
  ),
  unkey_cluster_message_unmarshal_errors_total: counter('Gossip messages that could not be read', ['pool'], {
    pool: POOLS,
  }),
  unkey_cluster_relays_total: counter('Gossip messages passed on by the bridge', ['direction'], {
    direction: RELAYS,
  }),
  unkey_cluster_relay_errors_total: counter(
    'Gossip messages that the bridge could not pass on',
    ['direction'],
    {
      direction: RELAYS,
    },
  ),
  unkey_cluster_seed_join_attempts_total: counter('Attempts to join the gossip seeds', ['pool', 'status'], {
    pool: POOLS,
    status: OUTCOME,
  }),
  unkey_cluster_messages_skipped_same_region_total: counter(
    'Gossip messages of the own region heard from others',
  ),
  unkey_cache_clustering_invalidations_sent_total: counter('Cache invalidations told to other nodes', [
    'cache_name',
    'action',
  ]),
  unkey_cache_clustering_invalidations_received_total: counter('Cache invalidations heard from other nodes', [
    'cache_name',
    'action',
    'status',
  ]),
  unkey_cache_clustering_broadcast_errors_total: counter('Cache invalidations that could not be told'),

  unkey_database_operations_total: counter('Database operations', ['replica', 'operation', 'status'], {
    replica: REPLICAS,
    operation: SQL_OPERATIONS,
    status: OUTCOME,
  }),
  unkey_database_operations_errors_total: counter('Failed database operations', ['replica', 'operation'], {
    replica: REPLICAS,
    operation: SQL_OPERATIONS,
  }),
  unkey_database_operations_latency_seconds: histogram(
    'Duration of database operations',
    LATENCY,
    ['replica', 'operation', 'status'],
    { replica: REPLICAS, operation: SQL_OPERATIONS, status: OUTCOME },
  ),
  unkey_schema_version: extreme('max', gauge('Newest migration applied', ['store'])),

  unkey_circuitbreaker_requests_total: counter('Calls through a circuit breaker', ['service', 'action'], {
    service: BREAKERS,
    action: BREAKER_STATES,
  }),
  unkey_circuitbreaker_errors_total: counter(
    'Failed calls through a circuit breaker',
    ['service', 'action'],
    {
      service: BREAKERS,
      action: BREAKER_STATES,
    },
  ),

  unkey_vault_operations_total: counter('Calls of the Vault', ['operation', 'status'], {
    operation: VAULT_OPERATIONS,
    status: OUTCOME,
  }),
  unkey_vault_operations_latency_seconds: histogram(
    'Duration of calls of the Vault',
    LATENCY,
    ['operation'],
    {
      operation: VAULT_OPERATIONS,
    },
  ),

  unkey_buffer_state_total: counter('Items offered to a buffer', ['name', 'state'], {
    name: [...BUFFERS, PATIENT_BUFFER],
    state: ['buffered', 'dropped', 'closed'],
  }),
  unkey_buffer_errors_total: counter('Items that a buffer refused', ['name', 'state'], {
    name: BUFFERS,
    state: ['dropped', 'closed'],
  }),
  unkey_buffer_size_percentage: {
    ...extreme(
      'max',
      gauge('How full a buffer is, 0 to 1', ['name', 'drop'], { name: BUFFERS, drop: ['true'] }),
    ),
    alsoKnown: [{ name: PATIENT_BUFFER, drop: 'false' }],
  },
  unkey_batch_size_distribution: histogram('Items per batch', BATCH_ITEMS, ['name', 'trigger'], {
    name: BATCHES,
    trigger: BATCH_TRIGGERS,
  }),
  unkey_batch_operations_total: counter('Batches flushed', ['name', 'trigger', 'status'], {
    name: BATCHES,
    trigger: BATCH_TRIGGERS,
    status: OUTCOME,
  }),
  unkey_batch_items_processed_total: counter('Items flushed', ['name'], { name: BATCHES }),
  unkey_batch_items_processed_errors_total: counter('Items that could not be flushed', ['name'], {
    name: BATCHES,
  }),

  unkey_analytics_insert_retries_total: counter(
    'Batches of analytics rows sent again after a failed try',
    ['table'],
    { table: ['api_requests_raw_v2', 'key_verifications_raw_v2', 'ratelimits_raw_v2'] },
  ),
  unkey_audit_export_undecodable_total: counter(
    'Audit events that an export could not read and left pending, counted by each export',
  ),

  unkey_job_runs_total: counter('Runs of background jobs', ['job', 'status'], {
    job: JOBS,
    status: [...OUTCOME, 'aborted'],
  }),
  unkey_job_last_success_timestamp_seconds: extreme(
    'max',
    gauge('When a background job last succeeded', ['job']),
  ),

  unkey_dependency_up: extreme(
    'min',
    gauge('1 when the dependency answered its last check', ['dependency'], {
      dependency: DEPENDENCIES,
    }),
  ),
  unkey_dependency_configured: extreme(
    'max',
    gauge(
      '1 for a dependency that this process has; only of these does unkey_dependency_up tell something',
      ['dependency'],
      { dependency: DEPENDENCIES },
    ),
  ),
  unkey_event_loop_lag_seconds: extreme('max', gauge('Delay of the event loop, mean since the last scrape')),
  resources_cpu_percent: extreme('max', gauge('CPU use of the host, 0 to 100')),
  resources_memory_percent: extreme('max', gauge('Memory use of the host, 0 to 100')),
};

/** Every label set that a series has from the start; a single empty one for a series without labels. */
export function knownLabelSets(series: Series): LabelSet[] {
  const more = series.alsoKnown ?? [];
  let sets: LabelSet[] = [{}];
  for (const label of series.labels ?? []) {
    const values = series.known?.[label];
    if (values === undefined) return [...more];
    sets = sets.flatMap((set) => values.map((value) => ({ ...set, [label]: value })));
  }
  return [...sets, ...more];
}
