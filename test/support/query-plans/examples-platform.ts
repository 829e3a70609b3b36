// Queries of projects, apps, environments and deployments.
import * as apps from '../../../src/storage/sql/queries/apps.ts';
import * as targets from '../../../src/storage/sql/queries/deploy-targets.ts';
import * as deployability from '../../../src/storage/sql/queries/deployability.ts';
import * as facts from '../../../src/storage/sql/queries/deployment-facts.ts';
import * as deployments from '../../../src/storage/sql/queries/deployments-reading.ts';
import * as configuration from '../../../src/storage/sql/queries/environment-configuration.ts';
import * as settings from '../../../src/storage/sql/queries/environment-settings.ts';
import * as variables from '../../../src/storage/sql/queries/environment-variables.ts';
import * as environments from '../../../src/storage/sql/queries/environments.ts';
import * as placements from '../../../src/storage/sql/queries/placements.ts';
import * as projects from '../../../src/storage/sql/queries/projects.ts';
import * as repositories from '../../../src/storage/sql/queries/repositories.ts';
import { type Examples, idPages, PAGE } from './example.ts';

type Of = (table: string) => string;

const app = (of: Of) => ({
  workspaceId: of('workspaces'),
  projectId: of('projects'),
  appId: of('apps'),
});
const environment = (of: Of) => ({
  workspaceId: of('workspaces'),
  appId: of('apps'),
  environmentId: of('environments'),
});
const DEPLOYMENT_IDS = Array.from({ length: 100 }, (_, index) => `deployments_${index * 2}`);
const everything = { statuses: undefined, cursor: undefined, limit: PAGE };

export const PLATFORM_EXAMPLES = {
  'projects.ts': {
    findProject: (tx, of) => projects.findProject(tx, of('workspaces'), of('projects')),
    lockProject: (tx, of) => projects.lockProject(tx, of('workspaces'), of('projects')),
    listProjects: [
      (tx, of) => projects.listProjects(tx, of('workspaces'), 'hidden', idPages('projects')[0]),
      (tx, of) => projects.listProjects(tx, of('workspaces'), 'hidden', idPages('projects')[1]),
    ],
    updateProject: (tx, of) =>
      projects.updateProject(
        tx,
        of('projects'),
        { name: 'other', slug: undefined, deleteProtection: undefined },
        1,
      ),
    findProjectBySlug: (tx) => projects.findProjectBySlug(tx, 'workspaces_0', 'slug2'),
    lockProjectBySlug: (tx) => projects.lockProjectBySlug(tx, 'workspaces_0', 'slug2'),
  } satisfies Examples<typeof projects>,
  'apps.ts': {
    findApp: (tx, of) => apps.findApp(tx, app(of), of('apps')),
    findAppById: (tx, of) => apps.findAppById(tx, of('workspaces'), of('apps')),
    lockApp: (tx, of) => apps.lockApp(tx, of('apps')),
    listApps: [
      (tx, of) => apps.listApps(tx, app(of), idPages('apps')[0]),
      (tx, of) => apps.listApps(tx, app(of), idPages('apps')[1]),
    ],
    updateApp: (tx, of) => apps.updateApp(tx, of('apps'), { name: 'other' }, 1),
  } satisfies Examples<typeof apps>,
  'environments.ts': {
    findEnvironment: (tx, of) => environments.findEnvironment(tx, app(of), of('environments')),
    lockEnvironment: (tx, of) => environments.lockEnvironment(tx, of('workspaces'), of('environments')),
    listEnvironments: (tx, of) => environments.listEnvironments(tx, app(of)),
  } satisfies Examples<typeof environments>,
  'environment-settings.ts': {
    listRuntimeSettings: (tx, of) => settings.listRuntimeSettings(tx, environmentsOfApp(of)),
    listBuildSettings: (tx, of) => settings.listBuildSettings(tx, environmentsOfApp(of)),
    listRegionalSettings: (tx, of) => settings.listRegionalSettings(tx, environmentsOfApp(of)),
  } satisfies Examples<typeof settings>,
  'environment-configuration.ts': {
    updateBuildSettings: (tx, of) =>
      configuration.updateBuildSettings(tx, environment(of), { autoDeploy: true }, 1),
    updateRuntimeSettings: (tx, of) =>
      configuration.updateRuntimeSettings(tx, environment(of), { port: 1 }, 1),
  } satisfies Examples<typeof configuration>,
  'environment-variables.ts': {
    listVariables: [
      (tx, of) => variables.listVariables(tx, environment(of), { cursor: undefined, limit: PAGE }),
      (tx, of) =>
        variables.listVariables(tx, environment(of), { cursor: 'app_environment_variables_5', limit: PAGE }),
    ],
    findVariableKeys: (tx, of) => variables.findVariableKeys(tx, environment(of), ['key0', 'key3']),
    deleteVariables: (tx, of) => variables.deleteVariables(tx, environment(of), ['key0', 'key3']),
    deleteAllVariables: (tx, of) => variables.deleteAllVariables(tx, environment(of)),
  } satisfies Examples<typeof variables>,
  'placements.ts': {
    findRegions: (tx) => placements.findRegions(tx, 'platform1', ['name1', 'name2']),
    listPlacements: (tx, of) => placements.listPlacements(tx, environment(of)),
    updatePlacement: (tx, of) =>
      placements.updatePlacement(tx, environment(of), of('regions'), { replicas: 2, policyId: null }, 1),
    deleteOtherPlacements: (tx, of) => placements.deleteOtherPlacements(tx, environment(of), ['regions_9']),
    updateAutoscalingPolicy: (tx, of) =>
      placements.updateAutoscalingPolicy(
        tx,
        { id: of('horizontal_autoscaling_policies'), replicasMin: 1, replicasMax: 2 },
        1,
      ),
  } satisfies Examples<typeof placements>,
  'repositories.ts': {
    listInstallationIds: (tx, of) => repositories.listInstallationIds(tx, of('workspaces')),
    connectRepository: (tx, of) =>
      repositories.connectRepository(
        tx,
        { ...app(of), installationId: 1, repositoryId: 1, fullName: 'owner/repo' },
        1,
      ),
    disconnectRepository: (tx, of) => repositories.disconnectRepository(tx, of('apps')),
    findConnectedRepository: (tx, of) => repositories.findConnectedRepository(tx, of('apps')),
  } satisfies Examples<typeof repositories>,
  'deploy-targets.ts': {
    findAppBySlugs: (tx) => targets.findAppBySlugs(tx, 'workspaces_0', { project: 'slug0', app: 'slug2' }),
    hasKeyspace: (tx, of) => targets.hasKeyspace(tx, of('workspaces'), of('key_auth')),
  } satisfies Examples<typeof targets>,
  'deployability.ts': {
    findRuntimeNeeds: (tx, of) => deployability.findRuntimeNeeds(tx, of('apps'), of('environments')),
    hasSchedulableRegion: (tx, of) => deployability.hasSchedulableRegion(tx, of('apps'), of('environments')),
  } satisfies Examples<typeof deployability>,
  'deployments-reading.ts': {
    findDeployment: (tx, of) => deployments.findDeployment(tx, of('workspaces'), of('deployments')),
    listDeployments: [
      (tx, of) => deployments.listDeployments(tx, of('workspaces'), everything),
      (tx, of) =>
        deployments.listDeployments(tx, of('workspaces'), { ...everything, cursor: of('deployments') }),
      (tx, of) =>
        deployments.listDeployments(tx, of('workspaces'), { ...everything, projectId: of('projects') }),
      (tx, of) =>
        deployments.listDeployments(tx, of('workspaces'), {
          ...everything,
          projectId: of('projects'),
          appId: of('apps'),
          environmentId: of('environments'),
          statuses: ['ready'],
        }),
    ],
    findDeploymentState: (tx, of) => deployments.findDeploymentState(tx, of('workspaces'), of('deployments')),
    findDeploymentSource: (tx, of) =>
      deployments.findDeploymentSource(tx, of('workspaces'), of('deployments')),
    findDeploymentStatus: (tx, of) =>
      deployments.findDeploymentStatus(tx, of('workspaces'), of('deployments')),
  } satisfies Examples<typeof deployments>,
  'deployment-facts.ts': {
    listStepErrors: (tx) => facts.listStepErrors(tx, DEPLOYMENT_IDS),
    listDeploymentRegions: (tx) => facts.listDeploymentRegions(tx, DEPLOYMENT_IDS),
    listDeploymentHostnames: (tx) => facts.listDeploymentHostnames(tx, DEPLOYMENT_IDS.slice(1)),
  } satisfies Examples<typeof facts>,
};

function environmentsOfApp(of: Of) {
  return { appId: of('apps'), environmentIds: [of('environments'), 'environments_9'] };
}
