// Fragments of the operations that list something page by page, and the two steps around the page itself.

import Joi from 'joi';
import type { PageRequest } from '../../services/page.ts';
import type { Pagination } from '../operation.ts';
import { integer } from './integers.ts';

/** What a list operation takes that pages and searches. */
export interface PageBody {
  readonly limit?: number;
  readonly cursor?: string;
  readonly search?: string;
}

const DEFAULT_LIMIT = 100;

export function pageLimit(): Joi.NumberSchema {
  return integer(1, DEFAULT_LIMIT)
    .description(`Most items to answer. ${DEFAULT_LIMIT} when left out.`)
    .example(50);
}

/** Left without a maximum: operations differ in it. */
export function pageCursor(): Joi.StringSchema {
  return Joi.string().allow('').description('Where to read on; the start when empty or left out.');
}

/** @param members what is searched, for people: "id, name or slug" */
export function pageSearch(members: string): Joi.StringSchema {
  return Joi.string()
    .allow('')
    .max(256)
    .description(
      `Only those that contain this text in their ${members}, in any letter case. No character is a wildcard; white space around the text does not count.`,
    );
}

/** The body as services take it. */
export function pageRequest({ limit, cursor, search }: PageBody): PageRequest {
  return {
    limit: limit ?? DEFAULT_LIMIT,
    cursor: cursor || undefined,
    search: search?.trim() || undefined,
  };
}

/** @param nextCursor first id of the next page, if there is one */
export function paginationOf(nextCursor: string | undefined): Pagination {
  return nextCursor === undefined ? { hasMore: false } : { hasMore: true, cursor: nextCursor };
}
