// Queries of the control plane.

import * as domains from '../../../src/storage/sql/queries/control/custom-domains.ts';
import * as deletion from '../../../src/storage/sql/queries/control/deletion.ts';
import * as target from '../../../src/storage/sql/queries/control/deployment-target.ts';
import * as deployments from '../../../src/storage/sql/queries/control/deployments.ts';
import * as jobs from '../../../src/storage/sql/queries/control/jobs.ts';
import * as placement from '../../../src/storage/sql/queries/control/placement.ts';
import * as routes from '../../../src/storage/sql/queries/control/routes.ts';
import * as steps from '../../../src/storage/sql/queries/control/steps.ts';
import * as tenancy from '../../../src/storage/sql/queries/control/tenancy.ts';
import type { Examples } from './example.ts';

type Of = (table: string) => string;

const routeTarget = (of: Of) => ({
  id: of('deployments'),
  projectId: of('projects'),
  appId: of('apps'),
  environmentId: of('environments'),
});

const DOMAIN = { workspaceId: 'workspaces_0', domain: 'domain2' };

export const CONTROL_EXAMPLES = {
  'control/custom-domains.ts': {
    holdsPlace: (tx, of) => domains.holdsPlace(tx, { ...routeTarget(of), workspaceId: of('workspaces') }),
    lockDomainLimit: (tx, of) => domains.lockDomainLimit(tx, of('workspaces')),
    countCustomDomains: (tx) => domains.countCustomDomains(tx, 'workspaces_3'),
    findNamedDomain: (tx) => domains.findNamedDomain(tx, DOMAIN.workspaceId, DOMAIN.domain),
    findCustomDomain: (tx, of) => domains.findCustomDomain(tx, of('custom_domains')),
    holdCustomDomain: (tx, of) => domains.holdCustomDomain(tx, of('custom_domains')),
    listOtherHolders: (tx) => domains.listOtherHolders(tx, { ...DOMAIN, workspaceId: 'workspaces_3' }),
    listVerifiedDomains: (tx, of) => domains.listVerifiedDomains(tx, of('apps')),
    recordCheck: (tx) =>
      domains.recordCheck(tx, {
        pk: 8,
        status: 'verified',
        cnameVerified: true,
        ownershipVerified: true,
        error: null,
        now: 1,
      }),
    failCustomDomain: (tx) => domains.failCustomDomain(tx, { pk: 8, error: 'e', now: 1 }),
    resetVerification: (tx) => domains.resetVerification(tx, { pk: 8, invocationId: 'i', now: 1 }),
    deleteCustomDomain: (tx) => domains.deleteCustomDomain(tx, 8),
  } satisfies Examples<typeof domains>,
  'control/deletion.ts': {
    findDoomedProject: (tx, of) => deletion.findDoomedProject(tx, of('projects')),
    holdProject: (tx, of) => deletion.holdProject(tx, of('projects')),
    findDoomedApp: (tx, of) => deletion.findDoomedApp(tx, of('apps')),
    listDoomedApps: (tx, of) => deletion.listDoomedApps(tx, of('projects')),
    listDoomedEnvironments: (tx, of) => deletion.listDoomedEnvironments(tx, of('apps')),
    cancelDeployments: (tx, of) => deletion.cancelDeployments(tx, of('environments'), 1),
    deleteEnvironment: (tx, of) => deletion.deleteEnvironment(tx, of('environments')),
    deleteApp: (tx, of) => deletion.deleteApp(tx, of('apps')),
    deleteProject: (tx, of) => deletion.deleteProject(tx, of('projects')),
  } satisfies Examples<typeof deletion>,
  'control/deployment-target.ts': {
    findDeploymentTarget: (tx) =>
      target.findDeploymentTarget(tx, {
        projectId: 'projects_0',
        appId: 'apps_0',
        environmentSlug: 'slug2',
      }),
    listSecrets: (tx, of) => target.listSecrets(tx, of('apps'), of('environments')),
    findRecordedSource: (tx, of) => target.findRecordedSource(tx, of('apps'), of('deployments')),
  } satisfies Examples<typeof target>,
  'control/deployments.ts': {
    findRunnableDeployment: (tx, of) => deployments.findRunnableDeployment(tx, of('deployments')),
    listEnvironmentDeployments: (tx, of) => deployments.listEnvironmentDeployments(tx, of('environments')),
    holdApp: (tx, of) => deployments.holdApp(tx, of('apps')),
    changeStatus: (tx, of) =>
      deployments.changeStatus(tx, { id: of('deployments'), from: 'ready', to: 'failed', now: 1 }),
    markStopped: (tx, of) => deployments.markStopped(tx, { id: of('deployments'), now: 1 }),
    setDesiredState: (tx, of) =>
      deployments.setDesiredState(tx, { id: of('deployments'), desiredState: 'stopped', now: 1 }),
    setImage: (tx, of) => deployments.setImage(tx, { id: of('deployments'), image: 'i', now: 1 }),
    supersedeWaiting: (tx, of) =>
      deployments.supersedeWaiting(tx, {
        id: of('deployments'),
        appId: of('apps'),
        environmentId: of('environments'),
        gitBranch: 'branch1',
        now: 1,
      }),
    listRunningSiblings: [
      (tx, of) =>
        deployments.listRunningSiblings(tx, {
          id: of('deployments'),
          environmentId: of('environments'),
          gitBranch: 'branch2',
        }),
      (tx, of) =>
        deployments.listRunningSiblings(tx, {
          id: of('deployments'),
          environmentId: of('environments'),
          gitBranch: null,
        }),
    ],
    setCurrentDeployment: (tx, of) =>
      deployments.setCurrentDeployment(tx, {
        appId: of('apps'),
        deploymentId: of('deployments'),
        isRolledBack: false,
        now: 1,
      }),
    findCurrentDeploymentId: (tx, of) => deployments.findCurrentDeploymentId(tx, of('apps')),
  } satisfies Examples<typeof deployments>,
  'control/jobs.ts': {
    listRunnableControlJobs: (tx) => jobs.listRunnableControlJobs(tx, { now: 5000, limit: 10 }),
    takeControlJob: (tx) =>
      jobs.takeControlJob(tx, {
        pk: 8,
        objectKey: 'object_key7',
        owner: 'o',
        expiresAt: 2,
        now: 1,
      }),
    renewControlJob: (tx) => jobs.renewControlJob(tx, { pk: 8, owner: 'o', expiresAt: 2 }),
    returnControlJob: (tx) => jobs.returnControlJob(tx, { pk: 8, owner: 'o', runAt: 1, attempts: 1 }),
    finishControlJob: (tx) => jobs.finishControlJob(tx, { pk: 8, owner: 'o' }),
    deleteControlJob: (tx) => jobs.deleteControlJob(tx, 8),
    hasUnbegunControlJob: (tx) => jobs.hasUnbegunControlJob(tx, { kind: 'kind7', objectKey: 'object_key7' }),
    cancelControlJobs: (tx) =>
      jobs.cancelControlJobs(tx, { kind: 'kind7', objectKey: 'object_key7', now: 1 }),
  } satisfies Examples<typeof jobs>,
  'control/placement.ts': {
    listPlacements: (tx, of) => placement.listPlacements(tx, of('apps'), of('environments')),
    listTopology: (tx, of) => placement.listTopology(tx, of('deployments')),
    replaceTopology: (tx, of) =>
      placement.replaceTopology(tx, { id: of('deployments'), workspaceId: of('workspaces') }, [], 1),
    lockAllocationLimits: (tx, of) => placement.lockAllocationLimits(tx, of('workspaces')),
    listAllocations: (tx, of) =>
      placement.listAllocations(tx, { id: of('deployments'), workspaceId: of('workspaces') }),
  } satisfies Examples<typeof placement>,
  'control/routes.ts': {
    pointRoutes: (tx, of) =>
      routes.pointRoutes(
        tx,
        routeTarget(of),
        [{ id: 'new', hostname: 'fully_qualified_domain_name7', sticky: 'live' }],
        1,
      ),
    moveTraffic: (tx, of) => routes.moveTraffic(tx, routeTarget(of), 1),
    listEnvironmentRoutes: (tx, of) => routes.listEnvironmentRoutes(tx, of('environments')),
    deleteRoute: (tx) =>
      routes.deleteRoute(tx, { projectId: 'projects_7', hostname: 'fully_qualified_domain_name7' }),
  } satisfies Examples<typeof routes>,
  'control/steps.ts': {
    beginStep: (tx, of) =>
      steps.beginStep(tx, { ...routeTarget(of), workspaceId: of('workspaces') }, 'queued', 1),
    endSteps: (tx, of) => steps.endSteps(tx, { id: of('deployments'), error: null, now: 1 }),
  } satisfies Examples<typeof steps>,
  'control/tenancy.ts': {
    workspaceExists: (tx, of) => tenancy.workspaceExists(tx, of('workspaces')),
    findFirstRegion: (tx) => tenancy.findFirstRegion(tx),
  } satisfies Examples<typeof tenancy>,
};
