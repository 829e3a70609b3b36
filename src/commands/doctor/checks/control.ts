// The control plane, asked as the API asks it: over the same client, with the same token.
import { isEmbedded } from '../../../config/adapters.ts';
import type { ServerConfig } from '../../../config/server-config.ts';
import { ControlPlaneError } from '../../../services/control/control-plane.ts';
import { createRemoteControlPlane } from '../../../services/control/remote-control-plane.ts';
import { type CheckGroup, fail, ok, skippedCheck } from '../check.ts';

export function controlChecks({ control }: { readonly control: ServerConfig['control'] }): CheckGroup {
  if (control === undefined || isEmbedded(control.url)) {
    const why = control === undefined ? 'control.url is not set' : 'the control plane runs inside the server';
    return { checks: [skippedCheck('control.connect', why)] };
  }
  const client = createRemoteControlPlane(control);
  return {
    checks: [
      {
        id: 'control.connect',
        remedy: 'check control.url, control.token, and that the control plane runs',
        run: async (signal) => {
          try {
            await client.ping(signal);
            await client.authenticate(signal);
          } catch (error) {
            if (!(error instanceof ControlPlaneError) || error.code !== 'unauthenticated') throw error;
            return fail(
              'the token was refused',
              'set control.token to the bearer_token of the control plane',
            );
          }
          return ok('answers, and knows the token');
        },
      },
    ],
    close: async () => client.close(),
  };
}
