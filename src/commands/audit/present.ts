// Audit events as text: lines for people, JSON lines and CSV for programs.
import { stringifyJson } from '../../lib/json.ts';
import type { AuditParty, AuditRecord } from '../../services/audit/audit-record.ts';
import type { Style } from '../cli/colour.ts';
import { csvCell, printable } from '../cli/plain-text.ts';

/** How one event is written, without the newline at its end, and what stands above all of them. */
export interface RecordFormat {
  readonly head: string | undefined;
  write(record: AuditRecord): string;
}

export const JSON_LINES: RecordFormat = { head: undefined, write: stringifyJson };

const CSV_COLUMNS: readonly (readonly [name: string, value: (record: AuditRecord) => string])[] = [
  ['event_id', (record) => record.event_id],
  ['time', (record) => new Date(record.time).toISOString()],
  ['workspace_id', (record) => record.workspace_id],
  ['source', (record) => record.source],
  ['event', (record) => record.event],
  ['description', (record) => record.description],
  ['actor_type', ({ actor }) => actor.type],
  ['actor_id', ({ actor }) => actor.id],
  ['actor_name', ({ actor }) => actor.name ?? ''],
  ['actor_meta', ({ actor }) => (actor.meta === undefined ? '' : stringifyJson(actor.meta))],
  ['targets', ({ targets }) => stringifyJson(targets)],
  ['remote_ip', (record) => record.remote_ip ?? ''],
  ['user_agent', (record) => record.user_agent ?? ''],
  ['correlation_id', (record) => record.correlation_id ?? ''],
  ['meta', ({ meta }) => (meta === undefined ? '' : stringifyJson(meta))],
];

/** RFC 4180, with times in RFC 3339 and lists as JSON. */
export const CSV: RecordFormat = {
  head: CSV_COLUMNS.map(([name]) => name).join(','),
  write: (record) => CSV_COLUMNS.map(([, value]) => csvCell(value(record))).join(','),
};

/** One line that names time, event, actor and targets, and says what happened. */
export function textLines(style: Style): RecordFormat {
  return {
    head: undefined,
    write(record) {
      const targets = record.targets.map(partyText).join(' ');
      return [
        style.dim(new Date(record.time).toISOString()),
        record.workspace_id,
        style.bold(record.event),
        `${style.dim('by')} ${partyText(record.actor)}`,
        ...(targets === '' ? [] : [`${style.dim('on')} ${targets}`]),
        style.dim(`- ${printable(record.description)}`),
      ].join(' ');
    },
  };
}

function partyText({ type, id, name }: AuditParty): string {
  const text = `${type}:${id}`;
  return printable(name === undefined || name === id ? text : `${text} (${name})`);
}
