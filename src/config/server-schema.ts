// The configuration file of the server, as one Joi schema. Names, types, defaults, environment names, documentation and
// the JSON Schema are all read off it. Source: the configuration section of the HTTP contract.
import Joi from 'joi';
import { authEntrySchemas } from './auth-schema.ts';
import {
  address,
  clickhouseOrChdbUrl,
  clickhouseUrl,
  databaseUrl,
  domain,
  duration,
  httpOrEmbeddedUrl,
  httpOriginOrEmbedded,
  httpUrl,
  label,
  meta,
  port,
  ratio,
  redisUrl,
  text,
  workerCount,
} from './setting-kinds.ts';

/** How a file refers to an environment variable. */
const variable = (name: string) => `$\{${name}}`;

export const serverSchema = Joi.object({
  instance_id: text()
    .description('name of this process in logs; generated (`ins_…`) when empty')
    .example('ins_eu1'),
  platform: label().default('').description('label in logs').example('aws'),
  image: label().default('').description('label; unused').example('unkey:1'),
  http_port: port(1).default(7070).description('port of the API').example(7070),
  region: label()
    .max(48)
    .default('unknown')
    .description('name of the region, in logs, analytics and rate limits across regions')
    .example('eu-central-1'),
  redis_url: redisUrl()
    .meta(meta({ secret: 'connection' }))
    .description(
      'counters; required by `api serve`. `memory:` keeps them in this process, `?cluster=true` makes the host a node of a Redis Cluster',
    )
    .example(variable('REDIS_URL')),
  max_request_body_size: Joi.number()
    .integer()
    .default(10_485_760)
    .description('bytes; 0 means the default, a negative number no limit')
    .example(10_485_760),
  portal_base_url: httpUrl()
    .default('https://portal.unkey.com')
    .description('where portal sessions are opened')
    .example('https://portal.example.com'),
  database: Joi.object({
    primary: databaseUrl()
      .meta(meta({ secret: 'connection' }))
      .description('relational store; required by `api serve`')
      .example(`unkey:${variable('DATABASE_PASSWORD')}@tcp(db:3306)/unkey?parseTime=true`),
    readonly_replica: databaseUrl()
      .meta(meta({ secret: 'connection', aliases: ['UNKEY_DATABASE_REPLICA'] }))
      .description('store for reads; the primary when empty, refused with SQLite')
      .example(`unkey:${variable('DATABASE_PASSWORD')}@tcp(replica:3306)/unkey?parseTime=true`),
  }),
  clickhouse: Joi.object({
    url: clickhouseOrChdbUrl()
      .meta(meta({ secret: 'connection' }))
      .description('analytics; without it analytics writes are dropped')
      .example(`clickhouse://unkey:${variable('CLICKHOUSE_PASSWORD')}@clickhouse:9000/default`),
    analytics_url: clickhouseUrl()
      .meta(meta({ secret: 'connection' }))
      .description('analytics queries of workspaces; needs a vault, and is not needed with `chdb:`')
      .example('http://clickhouse:8123/default'),
  }),
  tls: Joi.object({
    disabled: Joi.boolean().default(false).description('accepted for compatibility, ignored').example(false),
    cert_file: text().description('PEM certificate; together with `key_file`').example('/etc/unkey/tls.crt'),
    key_file: text().description('PEM private key; together with `cert_file`').example('/etc/unkey/tls.key'),
  }),
  vault: Joi.object({
    url: httpOrEmbeddedUrl()
      .meta(meta({ secret: 'connection' }))
      .description('vault for recoverable keys; `embedded:` runs one in this process')
      .example('http://vault:8060'),
    token: text()
      .meta(meta({ secret: 'hidden' }))
      .description('bearer token of the vault')
      .example(variable('VAULT_TOKEN')),
    encryption: Joi.object({
      master_key: text()
        .meta(meta({ secret: 'hidden' }))
        .description('master key of the embedded vault (`unkey dev generate-master-key`)')
        .example(variable('VAULT_MASTER_KEY')),
      previous_master_key: text()
        .meta(meta({ secret: 'hidden' }))
        .description('master key before the last change')
        .example(variable('VAULT_PREVIOUS_MASTER_KEY')),
    }),
    storage: Joi.object({
      disk: Joi.object({
        path: text().description('directory of the embedded vault').example('/var/lib/unkey/vault'),
      }),
      s3: Joi.object({
        url: httpUrl().description('S3 endpoint of the embedded vault').example('https://s3.example.com'),
        bucket: text().description('S3 bucket').example('unkey-vault'),
        access_key_id: text().description('S3 access key id').example('unkey'),
        access_key_secret: text()
          .meta(meta({ secret: 'hidden' }))
          .description('S3 access key secret')
          .example(variable('S3_SECRET')),
      }),
    }),
  }),
  control: Joi.object({
    url: httpOrEmbeddedUrl()
      .meta(meta({ secret: 'connection', aliases: ['UNKEY_CTRL_URL'] }))
      .description('control plane; together with `token`. `embedded:` runs one in this process')
      .example('http://control:7091'),
    token: text()
      .meta(meta({ secret: 'hidden', aliases: ['UNKEY_CTRL_TOKEN'] }))
      .description('bearer token of the control plane')
      .example(variable('CONTROL_TOKEN')),
    runner: Joi.object({
      command: Joi.array()
        .items(text())
        .description(
          'executable, and its arguments, that runs deployments for the embedded control plane; without it they are only recorded',
        )
        .example(['/usr/local/bin/run-with-docker']),
      timeout: duration()
        .default('30m')
        .description('how long one call of the executable may take')
        .example('30m'),
    }),
    domain: domain()
      .description(
        'domain under which the embedded control plane gives deployments their hostnames; none without it',
      )
      .example('apps.example.com'),
    regions: Joi.array()
      .items(label().max(64))
      .description('regions that the embedded control plane makes at start, for new apps to be placed in')
      .example(['eu-central-1']),
    require_plan: Joi.boolean()
      .default(false)
      .description('whether the embedded control plane refuses deployments of workspaces without a plan')
      .example(true),
  }),
  restate: Joi.object({
    url: httpOriginOrEmbedded()
      .meta(meta({ secret: 'connection' }))
      .description(
        'workflow ingress; together with `api_key`. `embedded:` hands jobs to the control plane in this process',
      )
      .example('http://restate:8080'),
    api_key: text()
      .pattern(/^\S(?:[\s\S]*\S)?$/)
      .messages({ 'string.pattern.base': 'must not begin or end with white space' })
      .meta(meta({ secret: 'hidden' }))
      .description('API key of the workflow ingress')
      .example(variable('RESTATE_API_KEY')),
  }),
  github: Joi.object({
    app_name: text().description('GitHub App that github.installApp links to').example('my-app'),
    app_id: Joi.number().integer().min(0).default(0).description('id of the GitHub App').example(12_345),
    private_key_pem: text()
      .meta(meta({ secret: 'hidden' }))
      .description('private key of the GitHub App')
      .example(variable('GITHUB_PRIVATE_KEY')),
  }),
  pprof: Joi.object({
    username: text()
      .description('user of `/debug/pprof`; served when user and password are set')
      .example('ops'),
    password: text()
      .meta(meta({ secret: 'hidden' }))
      .description('password of `/debug/pprof`')
      .example(variable('PPROF_PASSWORD')),
    port: port(0).default(6060).description('accepted for compatibility, unused').example(6060),
  }),
  observability: Joi.object({
    tracing: Joi.object({
      sample_rate: ratio()
        .default(0.25)
        .description('share of traces kept; without the section nothing is exported')
        .example(0.1),
    }),
    logging: Joi.object({
      sample_rate: ratio()
        .default(1)
        .description('share of ordinary requests logged; without the section none, only failed and slow ones')
        .example(0.01),
      slow_threshold: duration()
        .default('1s')
        .description('requests slower than this are always logged')
        .example('500ms'),
      level: Joi.string()
        .valid('debug', 'info', 'warn', 'error', 'warning')
        .default('info')
        .meta(meta({ aliases: ['UNKEY_LOG_LEVEL'] }))
        .description('lowest level logged')
        .example('info'),
      format: Joi.string()
        .valid('json', 'logfmt', 'pretty')
        .description('how log lines look; `pretty` on a terminal and `json` elsewhere when absent')
        .example('json'),
    }),
    metrics: Joi.object({
      prometheus_port: port(0)
        .default(0)
        .description('port of `/metrics`; 0 or no section opens none')
        .example(9090),
    }),
  }),
  server: Joi.object({
    host: text()
      .default('0.0.0.0')
      .description('listen address; `unkey dev` uses 127.0.0.1')
      .example('0.0.0.0'),
    workers: workerCount()
      .default(1)
      .description('processes of `api serve` that share the port; `"auto"` starts one per core')
      .example(4),
    startup_timeout: duration()
      .default('60s')
      .description('how long to wait for the database at start')
      .example('60s'),
    drain_delay: duration()
      .default('5s')
      .description(
        'how long to keep serving after a stop signal, for balancers to notice; 0 on a terminal when absent',
      )
      .example('5s'),
    drain_timeout: duration()
      .default('30s')
      .description('how long requests in flight may take to finish')
      .example('30s'),
    trusted_proxies: Joi.array()
      .items(address())
      .description(
        'peers whose X-Forwarded-For is believed, as addresses and CIDR ranges; absent trusts every peer',
      )
      .example(['10.0.0.0/8']),
  }),
  health: Joi.object({
    critical: Joi.array()
      .items(Joi.string().valid('database', 'redis', 'clickhouse', 'vault', 'control'))
      .default([])
      .description(
        'dependencies whose failure turns readiness to 503: database, redis, clickhouse, vault, control',
      )
      .example(['database']),
  }),
  jobs: Joi.object({
    enabled: Joi.boolean()
      .default(true)
      .description(
        'run background jobs; false where the worker of another installation serves the same database',
      )
      .example(true),
  }),
  gossip: Joi.object({
    bind_addr: text().default('0.0.0.0').description('listen address (TCP)').example('0.0.0.0'),
    lan_port: port(1).default(7946).description('TCP port for the nodes of this region').example(7946),
    wan_port: port(1)
      .default(7947)
      .description('TCP port for other regions; listened on while this node is the bridge of its region')
      .example(7947),
    lan_seeds: Joi.array()
      .items(text())
      .default([])
      .description('nodes of this region to join: `host` or `host:port`; a name stands for all its addresses')
      .example(['unkey-gossip']),
    wan_seeds: Joi.array()
      .items(text())
      .default([])
      .description('nodes of other regions to join: `host` or `host:port`')
      .example(['gossip.us.example.com']),
    wan_advertise_addr: text()
      .default('')
      .description('address or host name at which other regions reach this node')
      .example('gossip.eu.example.com'),
    secret_key: text()
      .min(32)
      .max(128)
      .pattern(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/)
      .messages({
        'string.min': 'must be 32 to 128 characters of base64',
        'string.max': 'must be 32 to 128 characters of base64',
        'string.pattern.base': 'must be 32 to 128 characters of base64',
      })
      .meta(meta({ secret: 'hidden' }))
      .description(
        'base64 of the key shared by all nodes, 24 or 32 bytes (`openssl rand -base64 32`); required with the section',
      )
      .example(variable('GOSSIP_SECRET_KEY')),
  }),
  auth: Joi.array()
    .items(authEntrySchemas.jwt, authEntrySchemas.portal_session, authEntrySchemas.root_key)
    .meta(meta({ secret: 'hidden' }))
    .description(
      'accepted credentials, in order; at least one entry. In the environment: the same as a JSON array',
    )
    .example([{ type: 'root_key' }, { type: 'portal_session' }]),
});
