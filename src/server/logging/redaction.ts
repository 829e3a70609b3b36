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

/** Top of the line, and two levels down. */
const PARENTS = ['', '*', '*.*'];

/** The `redact` option of pino. */
export const redaction = {
  paths: PARENTS.flatMap((parent) => SECRET_FIELDS.map((field) => `${parent}["${field}"]`)),
  censor: '[REDACTED]',
};
