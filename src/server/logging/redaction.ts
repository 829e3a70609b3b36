// Field names whose value never reaches a sink, wherever a log line carries them.
const SECRET_FIELDS = [
  'authorization',
  'Authorization',
  'proxy-authorization',
  'cookie',
  'Cookie',
  'set-cookie',
  'key',
  'plaintext',
  'token',
  'accessToken',
  'password',
  'secret',
];

const DEPTHS = ['', '*.', '*.*.'];

/** Options for pino: the secret fields at the top of a line and two levels down. */
export const redaction = {
  paths: DEPTHS.flatMap((depth) =>
    SECRET_FIELDS.map((field) => {
      const path = field.includes('-') ? `["${field}"]` : field;
      return field.includes('-') ? `${depth.replace(/\.$/, '')}${path}` : `${depth}${path}`;
    }),
  ),
  censor: '[REDACTED]',
};
