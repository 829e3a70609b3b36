/** Exit codes, identical across commands. Source: the operations chapter, G-2. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  config: 3,
  denied: 4,
  notFound: 5,
  conflict: 6,
  limited: 7,
  unreachable: 8,
  schema: 9,
  interrupted: 130,
  terminated: 143,
} as const;

/** What `unkey --help` prints about them. */
export const EXIT_MEANINGS: readonly (readonly [codes: string, meaning: string])[] = [
  ['0', 'done; checks passed'],
  ['1', 'failed for any reason not below; a check failed'],
  ['2', 'usage: unknown command or flag, missing or malformed value'],
  ['3', 'configuration unreadable or invalid'],
  ['4', 'not authenticated or not permitted'],
  ['5', 'the named thing does not exist'],
  ['6', 'conflict or failed precondition'],
  ['7', 'rate limited'],
  ['8', 'dependency or server unreachable, timed out, or failing'],
  ['9', 'schema not at the needed version'],
  ['130 / 143', 'ended by SIGINT / SIGTERM (commands other than servers)'],
];
