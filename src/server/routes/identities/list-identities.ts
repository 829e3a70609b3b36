import Joi from 'joi';
import { idsOf } from '../../../lib/rows.ts';
import { identityView } from '../../../services/identities/identity-view.ts';
import { bearerOperation } from '../../operation.ts';
import { IDENTITY_EXAMPLE, identityData } from '../../schemas/identity.ts';
import {
  type PageBody,
  pageCursor,
  pageLimit,
  pageRequest,
  pageSearch,
  paginationOf,
} from '../../schemas/paging.ts';
import { authorizeIdentityReading } from './identity-permissions.ts';

export const listIdentities = bearerOperation<PageBody>({
  name: 'identities.listIdentities',
  summary: 'List identities',
  description: [
    'Lists the identities of the workspace page by page, in a stable order, each with its metadata and rate limits.',
    '',
    'To read on, send `pagination.cursor` of the answer as `cursor`. There is no further page when it is absent.',
    '',
    'A root key that may read some identities only gets the pages that hold nothing else; one identity that it may not read refuses the page.',
  ].join('\n'),
  permissions: ['identity.*.read_identity'],
  request: Joi.object({
    limit: pageLimit(),
    cursor: pageCursor().example('id_4vTqLw9Zs'),
    search: pageSearch('id or external id').example('user_'),
  }),
  response: Joi.array().items(identityData().description('An identity.')),
  paginated: true,
  errors: [],
  examples: { request: { limit: 50 }, response: [IDENTITY_EXAMPLE] },

  async handle({ principal, services, log }, body) {
    const page = await services.identities.list(principal.workspaceId, pageRequest(body));
    authorizeIdentityReading(principal, idsOf(page.items), undefined, log);
    return { data: page.items.map(identityView), pagination: paginationOf(page.nextCursor) };
  },
});
