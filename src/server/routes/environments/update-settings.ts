import Joi from 'joi';
import type {
  BuildPatch,
  HealthcheckSetting,
  RegionSetting,
  RuntimePatch,
} from '../../../services/environments/settings-patch.ts';
import { bearerOperation } from '../../operation.ts';
import { buildSettings, regionSettings, runtimeSettings } from '../../schemas/environment-settings.ts';
import { appReference, environmentReference, projectReference } from '../../schemas/resources.ts';
import { authorizeOnEnvironment, type EnvironmentBody } from './environment-access.ts';

type HealthcheckBody = Pick<HealthcheckSetting, 'method' | 'path'> & Partial<HealthcheckSetting>;

export interface UpdateSettingsBody extends EnvironmentBody, BuildPatch, Omit<RuntimePatch, 'healthcheck'> {
  readonly healthcheck?: HealthcheckBody | null;
  readonly regions?: readonly RegionSetting[];
}

export const updateSettings = bearerOperation<UpdateSettingsBody>({
  name: 'environments.updateSettings',
  summary: 'Change the settings of an environment',
  description: [
    'Changes the settings that are given, for deployments to come, and leaves the others as they are. Deployments that run keep what they were made with.',
    '',
    'What one instance may take, and how many there may be, is bounded by the limits of the workspace. `regions` replaces the list of regions as a whole.',
  ].join('\n'),
  permissions: ['environment.*.update_environment'],
  request: Joi.object({
    project: projectReference(),
    app: appReference(),
    environment: environmentReference(),
    ...buildSettings(),
    ...runtimeSettings(),
    regions: regionSettings(),
  }),
  response: Joi.object({}),
  errors: ['unkey:data:environment_not_found'],
  examples: {
    request: {
      project: 'payments',
      app: 'api',
      environment: 'production',
      port: 8080,
      healthcheck: { method: 'GET', path: '/health' },
    },
    response: {},
  },

  async handle({ principal, client, services, log }, body) {
    const located = await services.environments.findLatest(principal.workspaceId, body);
    authorizeOnEnvironment(principal, located, body, 'update_environment', log);
    const { project, app, environment, regions, healthcheck, ...settings } = body;
    const { dockerfile, rootDirectory, buildCommand, watchPaths, autoDeploy, ...runtime } = settings;
    await services.environments.updateSettings({ principal, client }, located.environment, {
      build: { dockerfile, rootDirectory, buildCommand, watchPaths, autoDeploy },
      runtime: { ...runtime, healthcheck: healthcheck && withDefaults(healthcheck) },
      regions,
    });
    return { data: {} };
  },
});

function withDefaults(healthcheck: HealthcheckBody): HealthcheckSetting {
  return {
    method: healthcheck.method,
    path: healthcheck.path,
    intervalSeconds: healthcheck.intervalSeconds ?? 10,
    timeoutSeconds: healthcheck.timeoutSeconds ?? 5,
    failureThreshold: healthcheck.failureThreshold ?? 3,
    initialDelaySeconds: healthcheck.initialDelaySeconds ?? 0,
  };
}
