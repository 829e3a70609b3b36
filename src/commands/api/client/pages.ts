import type { JsonObject } from '../../../lib/json.ts';
import { CliError } from '../../cli/cli-error.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import type { Envelope } from './answer.ts';

/**
 * Follows the cursors of a list and answers one envelope: the entries of all pages as `data`, the rest from the last page.
 *
 * @param pageSize entries to ask for per page, as far as the caller or the operation says
 * @param max entries after which to stop; the envelope's cursor then continues behind them
 */
export async function collectPages(
  body: JsonObject,
  { pageSize, max }: { readonly pageSize: number | undefined; readonly max: number },
  fetchPage: (body: JsonObject) => Promise<Envelope>,
): Promise<Envelope> {
  const entries: unknown[] = [];
  let cursor: string | undefined;
  for (;;) {
    const limit = Math.min(pageSize ?? Number.POSITIVE_INFINITY, max - entries.length);
    const page = await fetchPage({
      ...body,
      ...(Number.isFinite(limit) ? { limit } : {}),
      ...(cursor === undefined ? {} : { cursor }),
    });
    if (Array.isArray(page.data)) entries.push(...page.data);
    const next = page.pagination?.hasMore === true ? page.pagination.cursor : undefined;
    if (next === undefined || entries.length >= max) return { ...page, data: entries };
    if (next === cursor) throw stuck(page.meta.requestId);
    cursor = next;
  }
}

function stuck(requestId: string): CliError {
  return new CliError({
    exitCode: EXIT.failed,
    code: 'cursor_stuck',
    title: 'cursor stuck',
    detail: 'the server answered the cursor that it was asked for, so the list would never end',
    requestId,
  });
}
